"""The directory: a person chooses, and gets an address that answers."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.app import create_app
from aggregator.errors import StoreError
from aggregator.store.engine import Store
from tests.web.filled import SAID


def page_of(client: FlaskClient, **choice: Any) -> Any:
    """Open the directory with a form sent."""
    answer = client.get("/feeds/", query_string=choice)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    return etree.fromstring(answer.data, etree.HTMLParser(encoding="utf-8"))


def address_in(page: Any) -> str:
    """Give the address that a person copies."""
    return str(page.find(".//input[@id='address-rss']").get("value"))


def sent(page: Any) -> dict[str, list[str]]:
    """Give what the form would send as it stands."""
    form = page.find(".//form")
    values = {
        "audience": [
            o.get("value") for o in form.iter("option") if "selected" in o.keys()
        ]
    }
    for name in ("level", "category"):
        boxes = form.iterfind(f".//input[@name='{name}']")
        values[name] = [b.get("value") for b in boxes if "checked" in b.keys()]
    return values


CHOICES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "/feeds/so/all/all.rss"),
    "an audience": ({"audience": "quan-1"}, "/feeds/quan-1/all/all.rss"),
    "one of each": (
        {"audience": "quan-2", "level": "thcs", "category": "thu-moi"},
        "/feeds/quan-2/thcs/thu-moi.rss",
    ),
    "several, in any order": (
        {"level": ["thpt", "mam-non"], "category": ["van-ban", "tin-tuc"]},
        "/feeds/so/mam-non,thpt/tin-tuc,van-ban.rss",
    ),
}


@pytest.mark.parametrize(("choice", "address"), CHOICES.values(), ids=CHOICES)
def test_what_is_chosen_becomes_an_address_that_answers(
    client: FlaskClient, choice: dict[str, Any], address: str
) -> None:
    page = page_of(client, **choice)
    assert address_in(page) == f"http://tin.example{address}"
    assert client.get(address).status_code == 200
    alternate = page.find(".//link[@rel='alternate']")
    assert alternate.get("href") == address_in(page)
    again = page_of(client, **sent(page))
    assert address_in(again) == address_in(page)


def test_the_form_shows_what_was_chosen(client: FlaskClient) -> None:
    choice = {"audience": ["quan-2"], "level": ["mam-non", "thcs"], "category": []}
    assert sent(page_of(client, **choice)) == choice


NONE = {
    "audience": {"audience": "quan-3"},
    "level": {"level": "đại học"},
    "category": {"category": ["tin-tuc", "x"]},
    "hostile": {"audience": '"><script>alert(1)</script>', "level": "\x00"},
    "empty": {"audience": "", "level": "", "category": ""},
}


@pytest.mark.parametrize("choice", NONE.values(), ids=NONE)
def test_what_is_not_among_the_choices_falls_back(
    client: FlaskClient, choice: dict[str, Any]
) -> None:
    page = page_of(client, **choice)
    assert address_in(page) == "http://tin.example/feeds/so/all/all.rss"
    assert [s.text for s in page.iter("script")] == [None]


def test_every_audience_can_be_chosen_and_every_link_answers(
    client: FlaskClient,
) -> None:
    page = page_of(client)
    options = [o.get("value") for o in page.iter("option")]
    assert options == ["so", "quan-1", "phuong-ben-thanh", "quan-2"]
    links = {a.get("href") for a in page.iter("a")} - {"#main"}
    feeds = {link for link in links if link.endswith(".rss")}
    assert len(feeds) == len(SAID.authorities) * 4
    for link in links:
        path = link if link.startswith("/") else f"/feeds/{link}"
        assert client.get(path).status_code == 200, link


def test_who_ended_is_shown_with_the_day(client: FlaskClient) -> None:
    (ended,) = (o for o in page_of(client).iter("option") if o.get("value") == "quan-1")
    assert ended.text.strip() == "Phòng Giáo dục và Đào tạo Quận 1 (đến 30/06/2025)"
    (ended,) = (
        o for o in page_of(client, lang="en").iter("option") if "(" in (o.text or "")
    )
    assert ended.text.endswith("(until 30/06/2025)")


def test_a_child_stands_below_its_parent_wherever_the_file_names_it(
    filled: Store,
) -> None:
    turned = dict(reversed(SAID.authorities.items()))
    said = replace(SAID, authorities=turned)
    page = page_of(create_app(said, filled).test_client())
    first, *rest = page.iter("option")
    assert first.get("value") == "so"
    assert not first.text.startswith("\u00a0")
    assert all(option.text.startswith("\u00a0") for option in rest)


@pytest.mark.parametrize(
    ("language", "button"), [("vi", "Lấy địa chỉ"), ("en", "Get the address")]
)
def test_the_language_stays_while_one_chooses(
    client: FlaskClient, language: str, button: str
) -> None:
    page = page_of(client, lang=language, level="thcs")
    assert page.get("lang") == language
    assert page.findtext(".//button[@type='submit']") == button
    assert page.find(".//input[@name='lang']").get("value") == language
    others = [a.get("href") for a in page.iterfind(".//nav[last()]/a")]
    assert others == [f"?level=thcs&lang={name}" for name in ("vi", "en")]


@pytest.mark.parametrize("address", ["/", "/feeds"])
def test_the_bare_address_leads_to_the_directory(
    client: FlaskClient, address: str
) -> None:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200
    assert "Nguồn tin cho website trường học" in answer.text
    # NukeViet follows 301 to 303 only; so nothing here answers 307 or 308.
    assert all(step.status_code in (301, 302, 303) for step in answer.history)


def test_what_a_page_needs_is_served_here(client: FlaskClient) -> None:
    page = page_of(client)
    needs = [s.get("href") for s in page.iterfind(".//link[@rel='stylesheet']")]
    needs += [s.get("src") for s in page.iter("script")]
    assert needs
    for address in needs:
        assert urlsplit(address).netloc == ""
        with client.get(address) as answer:
            assert answer.status_code == 200


def test_the_directory_needs_no_database(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Store) -> None:
        raise StoreError("away")

    monkeypatch.setattr(Store, "read", away)
    assert client.get("/feeds/so/all/all").status_code == 503
    assert address_in(page_of(client, level="thcs")).endswith("/thcs/all.rss")
