"""Lists of feeds for readers: valid OPML, whole, and there without the store."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.store.engine import Store
from tests.web.filled import SAID
from tests.web.filled import take_away


def read(client: FlaskClient, address: str) -> Any:
    """Give the root of a list, as a parser reads it that forgives nothing."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/x-opml; charset=utf-8"
    return etree.fromstring(answer.data, etree.XMLParser(recover=False))


def test_a_selection_lists_itself_and_its_categories(client: FlaskClient) -> None:
    root = read(client, "/feeds/so/thcs/all.opml?own=1")
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "Tất cả tin – THCS – Sở"
    found = root.findall("body/outline")
    assert [each.get("xmlUrl") for each in found] == [
        f"http://tin.example/feeds/so/thcs/{name}.rss?own=1"
        for name in ("all", "tin-tuc", "thong-bao", "van-ban", "thu-moi")
    ]
    for each in found:
        assert each.get("type") == "rss"
        assert each.get("text") and each.get("text") == each.get("title")
        path = each.get("xmlUrl").removeprefix("http://tin.example")
        assert client.get(path).status_code == 200
        page = each.get("htmlUrl").removeprefix("http://tin.example")
        assert client.get(page).status_code == 200


@pytest.mark.parametrize(
    ("category", "count"), [("thu-moi", 1), ("tin-tuc,thong-bao", 3)]
)
def test_of_one_category_it_is_one(
    client: FlaskClient, category: str, count: int
) -> None:
    root = read(client, f"/feeds/so/all/{category}.opml")
    assert len(root.findall("body/outline")) == count


def test_everybody_is_a_tree(client: FlaskClient) -> None:
    root = read(client, "/feeds.opml")
    (top,) = root.findall("body/outline")
    assert top.get("text") == SAID.authorities["so"].name
    below = [
        each.get("text") for each in top.findall("outline") if not each.get("type")
    ]
    assert below == [a.name for a in SAID.authorities.values() if a.parent == "so"]
    listed = [each.get("xmlUrl") for each in root.iter("outline") if each.get("xmlUrl")]
    assert len(listed) == len(set(listed)) == 5 * len(SAID.authorities)


@pytest.mark.parametrize("address", ["/feeds.opml", "/feeds/so/all/all.opml"])
def test_it_is_the_same_bytes_with_and_without_a_store(
    client: FlaskClient, filled: Store, database: Path, address: str
) -> None:
    first = client.get(address)
    take_away(filled, database)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(address).data == first.data


def test_another_way_of_writing_it_is_moved(client: FlaskClient) -> None:
    answer = client.get("/feeds/so/thcs,mam-non/all.opml")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/feeds/so/mam-non,thcs/all.opml")
    assert client.get("/feeds/nobody/all/all.opml").status_code == 404


def test_pages_offer_it(client: FlaskClient) -> None:
    assert 'href="/feeds/so/thcs/all.opml"' in client.get("/feeds/so/thcs/all").text
    page = client.get("/feeds/?audience=so&level=thcs").text
    assert 'href="/feeds/so/thcs/all.opml"' in page
    assert 'href="/feeds.opml"' in page
