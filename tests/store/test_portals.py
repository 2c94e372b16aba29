"""Which feeds stand on one portal."""

import pytest

from aggregator.store.portals import host_of
from aggregator.store.portals import portal_of


@pytest.mark.parametrize(
    ("url", "portal"),
    [
        ("https://hcm.edu.vn/rss/thong-bao/", "hcm.edu.vn"),
        ("http://www.HCM.edu.vn/laws/rss/", "hcm.edu.vn"),
        ("https://hcm.edu.vn/thong-bao.rss", "hcm.edu.vn"),
        ("https://hcm.edu.vn/rss.aspx?kt=tb", "hcm.edu.vn"),
        ("https://hcm.edu.vn/rssphong.aspx/tt", "hcm.edu.vn"),
        ("http://127.0.0.2:8100/rss/a.xml", "127.0.0.2:8100"),
        (
            "https://edu.viettel.vn/dni-longthanh-mntuthuclachong/rss/tin",
            "edu.viettel.vn/dni-longthanh-mntuthuclachong",
        ),
        (
            "https://edu.viettel.vn/another-school/rss/tin",
            "edu.viettel.vn/another-school",
        ),
    ],
)
def test_a_portal_is_host_and_tenant(url: str, portal: str) -> None:
    assert portal_of(url) == portal


def test_the_usual_ports_are_not_part_of_a_host() -> None:
    assert host_of("https://a.example:443/x") == "a.example"
    assert host_of("http://a.example:8080/x") == "a.example:8080"
