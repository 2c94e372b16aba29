"""The page for frames: whole without script, framed by anyone, harmless."""

import base64
import hashlib
import re
from datetime import timedelta

import lxml.html
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.web.filled import Clock
from tests.web.filled import pull
from tests.widget.making import EMBED
from tests.widget.making import LONG_TITLES
from tests.widget.making import app_of
from tests.widget.making import payloads
from tests.widget.making import told


def read(answer: TestResponse) -> lxml.html.HtmlElement:
    assert answer.status_code == 200, answer.text
    return lxml.html.document_fromstring(answer.text)


def test_the_list_needs_no_script(client: FlaskClient) -> None:
    page = read(client.get(f"{EMBED}?limit=7"))
    links = page.xpath("//li/a")
    assert [link.text_content() for link in links] == list(LONG_TITLES[:7])
    assert {link.get("rel") for link in page.xpath("//a")} == {"noopener"}
    assert page.xpath("//base/@target") == ["_top"]
    assert page.get("lang") == "vi"
    rows = [" ".join(row.text_content().split()) for row in page.xpath("//li")]
    assert "Mới Tin tức 20/11/2026 Sở 2 tệp đính kèm" in rows[0]
    assert "Hạn: 30/11/2026" in rows[2]
    assert "Thời gian: 08:00 ngày 25/11/2026" in rows[3]
    assert "Địa điểm: Hội trường" in rows[3]
    assert "Số: 1161/SGDĐT-QLT Hạn: 17:00 ngày 05/12/2026" in rows[6]
    (more,) = page.xpath("//a[@class='more']")
    assert more.get("href") == "http://tin.example/feeds/so/all/all"


def test_it_speaks_english_and_dresses(client: FlaskClient) -> None:
    page = read(client.get(f"{EMBED}?lang=en&theme=dark"))
    assert (page.get("lang"), page.get("class")) == ("en", "dark")
    assert "20 Nov 2026" in page.text_content()
    assert page.xpath("//li/a/@lang")[0] == "vi"
    plain = read(client.get(f"{EMBED}?lang=xx&theme=pink"))
    assert (plain.get("lang"), plain.get("class")) == ("vi", "light")


def test_anyone_may_frame_it(client: FlaskClient) -> None:
    headers = client.get(EMBED).headers
    assert "X-Frame-Options" not in headers
    assert "frame-ancestors" not in headers["Content-Security-Policy"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_other_pages_are_not_framed_by_strangers(client: FlaskClient) -> None:
    headers = client.get("/feeds/so/all/all").headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("tag", ["style", "script"])
def test_what_stands_inside_is_allowed_by_its_hash(
    client: FlaskClient, tag: str
) -> None:
    answer = client.get(EMBED)
    (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"{tag}-src 'sha256-{digest}'" in policy


def test_it_is_not_sent_twice_but_changes_with_the_day(
    client: FlaskClient, clock: Clock
) -> None:
    first = client.get(EMBED)
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get(EMBED, headers=again).status_code == 304
    assert "max-age=60" in first.headers["Cache-Control"]
    assert first.text.count('"mark new"') == 3
    clock.now += timedelta(days=1)
    tomorrow = client.get(EMBED, headers=again)
    assert tomorrow.status_code == 200
    assert tomorrow.text.count('"mark new"') == 2
    assert tomorrow.headers["Last-Modified"] > first.headers["Last-Modified"]


def test_an_empty_selection_says_so(bare: FlaskClient) -> None:
    page = read(bare.get(EMBED))
    assert page.xpath("//li") == []
    assert page.xpath("string(//p[@class='empty'])") == "Chưa có tin mới."


REFUSED = {
    "audience": ("/embed/nowhere/all/all", 404),
    "limit": (f"{EMBED}?limit=x", 400),
}


@pytest.mark.parametrize(("address", "status"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(
    client: FlaskClient, address: str, status: int
) -> None:
    assert client.get(address).status_code == status


def test_another_order_leads_to_the_one_address(client: FlaskClient) -> None:
    answer = client.get("/embed/so/thcs,mam-non/all?theme=dark")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/embed/so/mam-non,thcs/all?theme=dark"


def test_no_attack_becomes_markup(empty: Store) -> None:
    """Every element of the page is one that the template has."""
    attacks = payloads()
    client = app_of(empty).test_client()
    known = {"html", "head", "meta", "base", "title", "link", "style", "body", "main"}
    known |= {"h1", "ul", "li", "a", "p", "span", "time", "div", "script"}
    for start in range(0, len(attacks), 200):
        some = attacks[start : start + 200]
        moment = NOW + timedelta(seconds=start)
        items = [
            told(start + n, title=attack, given=moment, link=attack)
            for n, attack in enumerate(some)
        ]
        pull(empty, "so-tin", *items, now=moment)
        page = read(client.get(f"{EMBED}?limit=200"))
        assert {element.tag for element in page.iter()} <= known
        names = {name for element in page.iter() for name in element.attrib}
        assert not {name for name in names if name.startswith("on")}
        assert len(page.xpath("//script")) == 1
        links = page.xpath("//a/@href")
        assert all(re.match("https?://", link) for link in links)
