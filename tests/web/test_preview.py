"""The editors' preview: what came in as a list with filters, and one notice's file."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from lxml import html as lxml_html

from aggregator.app import create_app
from aggregator.intake.normalize import normalize
from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Entry
from aggregator.model import Event
from aggregator.model import Item
from aggregator.model import Level
from aggregator.model import Source
from aggregator.store import dossier as stored_dossier
from aggregator.store import preview
from aggregator.store import schema
from aggregator.store.engine import Store
from aggregator.web.items import MAX_QUERY
from tests.conftest import NOW
from tests.conftest import meaning
from tests.conftest import worded
from tests.web.filled import SAID
from tests.web.filled import notice
from tests.web.filled import pull

HOUR = timedelta(hours=1)
ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", ROOT.parent / "shared/corpus"))


def page_of(client: FlaskClient, address: str, **query: Any) -> Any:
    """Open a page."""
    answer = client.get(address, query_string=query or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return lxml_html.document_fromstring(answer.data.decode())


def titles(page: Any) -> list[str]:
    """Give the titles of a list without the words they share."""
    links = page.iterfind(".//ol[@class='notices received']/li/h2/a")
    return [a.text.removeprefix("Tiêu đề ") for a in links]


def words_of(page: Any, section: str) -> str:
    """Give what a section of a notice's page says, on one line."""
    (found,) = page.xpath(f"//section[@aria-labelledby='{section}']")
    return " ".join(found.text_content().split())


def put(store: Store, name: str, *items: Item, hours: int = 0) -> str:
    """Store items some hours later, and give the address of the first one's page."""
    plan = pull(store, name, *items, now=NOW + hours * HOUR)
    found = [*(new.notice for new in plan.new), *(c.known.notice for c in plan.changed)]
    return f"/items/{found[0]}"


def set_state(store: Store, address: str, state: str) -> None:
    """Do what the editors' desk will do."""
    seen = schema.sightings
    id_ = address.removeprefix("/items/")
    with store.write() as connection:
        connection.execute(
            sa.update(seen).where(seen.c.notice_id == id_).values(state=state)
        )


# --- The list -----------------------------------------------------------------

EVERYTHING = [
    *("moi-nhat", "mam-non", "thcs", "khong-link", "thong-bao", "phuong", "quan"),
]


def test_all_that_came_in_is_listed_and_every_title_leads_to_its_page(
    client: FlaskClient,
) -> None:
    page = page_of(client, "/items/")
    assert titles(page) == EVERYTHING
    assert page.find(".//p[@class='count']").text.strip() == "7 tin."
    for link in page.iterfind(".//ol[@class='notices received']/li/h2/a"):
        assert page_of(client, link.get("href")).findtext(".//h1") == link.text


def test_a_row_says_what_an_editor_asks_first(
    client: FlaskClient, filled: Store
) -> None:
    facts = DocumentFacts(number="1161/SGDĐT-QLT")
    sort = replace(meaning(Category.DOCUMENT, Level.PRIMARY), document=facts)
    sent = replace(notice("vb", 3), meaning=sort)
    put(filled, "so-tin", sent, hours=2)
    put(filled, "so-tb", sent, hours=3)
    address = put(filled, "so-tin", replace(sent, fingerprint="khác"), hours=4)
    set_state(filled, address, "held")
    row = page_of(client, "/items/").find(".//ol[@class='notices received']/li")
    assert " ".join(row.text_content().split()) == (
        "Tiêu đề vb Văn bản · Tiểu học · Sở · so-tin và 1 nơi khác · 1161/SGDĐT-QLT "
        "Nhận 20/11/2026 10:00 · Đăng 20/11/2026 04:59 Đã sửa, bản 2 Đang giữ lại"
    )


FILTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "source": ({"source": "so-tb"}, ["thong-bao"]),
    "audience": ({"audience": "phuong-ben-thanh"}, EVERYTHING),
    "audience that ended": ({"audience": "quan-2"}, EVERYTHING[:5]),
    "level": (
        {"level": "mam-non"},
        ["moi-nhat", "mam-non", "khong-link", "thong-bao", "phuong", "quan"],
    ),
    "categories by comma": (
        {"category": "thong-bao,van-ban"},
        ["thong-bao"],
    ),
    "levels repeated, as a form sends them": (
        {"level": ["thcs", "mam-non"], "source": "so-tin"},
        ["moi-nhat", "mam-non", "thcs", "khong-link"],
    ),
    "day": ({"day": "2026-11-20", "source": "ward"}, ["phuong"]),
    "another day": ({"day": "2026-11-19"}, []),
    "fields left empty": (
        dict.fromkeys(("source", "audience", "level", "category", "day", "q"), ""),
        EVERYTHING,
    ),
    "words": ({"q": "nội dung QUAN"}, ["quan"]),
    "only marks are in nothing": ({"q": "… - ?"}, []),
    "all together": (
        {"q": "tieu de", "level": "thcs", "category": "tin-tuc", "audience": "so"},
        ["moi-nhat", "thcs", "khong-link"],
    ),
    "what is unknown is ignored": ({"utm_source": "x"}, EVERYTHING),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters_are_addresses(
    client: FlaskClient, query: dict[str, Any], expected: list[str]
) -> None:
    assert titles(page_of(client, "/items/", **query)) == expected


def test_the_form_shows_what_was_asked_and_sends_it_again(client: FlaskClient) -> None:
    asked = {
        "q": 'thcs "', "audience": "so", "source": "so-tin", "day": "2026-11-20",
        "level": ["thcs"], "category": ["tin-tuc", "thong-bao"],
    }  # fmt: skip
    page = page_of(client, "/items/", lang="en", **asked)
    (form,) = page.forms
    sent: dict[str, Any] = {"level": [], "category": []}
    for name, value in form.form_values():
        if name in ("level", "category"):
            sent[name].append(value)
        else:
            sent[name] = value
    assert sent == asked | {"lang": "en"}
    assert form.get("action") == "/items/"
    assert form.method == "GET"


WORDS: dict[str, tuple[str, bool]] = {
    "as written": ("Tuyển sinh lớp 10", True),
    "without accents": ("tuyen sinh lop 10", True),
    "in another order and case": ("LỚP 10 tuyển", True),
    "đ as d": ("dot 2", True),
    "in decomposed form": ("tuye\u0302\u0309n", True),
    "i for y": ("kì thi", True),
    "in the text": ("ngoại ngữ", True),
    "in title and text together": ("sinh, ngữ", True),
    "the document's number": ("1161/sgddt-qlt", True),
    "a part of the number": ("sgdđt", True),
    "one word is missing": ("tuyển sinh lớp 11", False),
    "part of a word": ("uyen", False),
    "percent is no wildcard": ("tuy%n", False),
    "underscore is no wildcard": ("l_p", False),
    "a pattern is no pattern": ("t.*n", False),
    "quotes are not syntax": ("sinh' OR '1'='1", False),
}


@pytest.mark.parametrize(("words", "found"), WORDS.values(), ids=WORDS)
def test_words_are_found_however_they_are_typed(
    bare: FlaskClient, empty: Store, words: str, found: bool
) -> None:
    facts = replace(meaning(), document=DocumentFacts(number="1161/SGDĐT-QLT"))
    title = "Về kỳ thi tuyển sinh lớp 10, đợt 2"
    sent = notice("a", 1, title=title, text="Môn ngoại ngữ")
    put(empty, "so-tin", worded(replace(sent, meaning=facts)))
    page = page_of(bare, "/items/", q=words)
    assert titles(page) == ([title] if found else [])
    count = page.find(".//p[@class='count']").text
    said = "Thấy 1 tin khớp, tin mới đăng đứng trước." if found else "0 tin."
    assert count.strip() == said


HOSTILE = {
    "200 kB": "tuyển sinh " * 20_000,
    "one long word": "a" * 10_000,
    "nothing but quotes": '"' * 10_000,
    "FTS5": 'words:a* NEAR("b" c, 2) AND NOT ^d OR {x} : -y',
    "a tsquery": "a & !b | (c <-> d):*A '",
    "SQL": "'; DROP TABLE search; --",
    "NUL and a surrogate": "a\x00b \ud800",
    "another language": "中文 ???",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_no_words_are_an_error(client: FlaskClient, words: str) -> None:
    query = urlencode({"q": words}, errors="replace")
    page = page_of(client, f"/items/?{query}")
    assert len(page.xpath("//input[@id='q']")[0].get("value", "")) <= MAX_QUERY
    assert titles(page_of(client, "/items/")) == EVERYTHING


@pytest.mark.parametrize("words", ["???", '"" *', "中文", "\x00"])
def test_where_nothing_can_be_looked_for_nothing_is_found(
    client: FlaskClient, words: str
) -> None:
    page = page_of(client, "/items/", q=words, lang="en")
    assert titles(page) == []
    said = page.findtext(".//p[@class='empty']")
    assert said == "Nothing to look for: type at least one letter or figure."
    assert titles(page_of(client, "/items/", q="  ")) == EVERYTHING


def test_what_is_found_goes_on_over_pages_with_the_words(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "PAGE", 2)
    address, seen, said = "/items/?q=n%E1%BB%99i+dung&lang=en&audience=so", [], set()
    while address:
        page = page_of(client, address)
        seen.append(titles(page))
        said.add(page.find(".//p[@class='count']").text.strip())
        address = next((a.get("href") for a in page.xpath("//a[@rel='next']")), "")
    assert seen == [["moi-nhat", "mam-non"], ["thcs", "khong-link"], ["thong-bao"]]
    assert said == {"Found 5 that match, newest published first."}


def test_pages_lead_to_older_ones_with_the_filters_and_the_language(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "PAGE", 2)
    address, seen = "/items/?category=tin-tuc&source=so-tin&lang=en", []
    while address:
        page = page_of(client, address)
        assert page.get("lang") == "en"
        seen.append(titles(page))
        address = next((a.get("href") for a in page.xpath("//a[@rel='next']")), "")
    assert seen == [["moi-nhat", "mam-non"], ["thcs", "khong-link"]]


EMPTY = {
    "nothing came in": ({}, "aggregator pull --all"),
    "nothing matches": ({"day": "2020-01-01"}, "Hãy bỏ bớt điều kiện lọc"),
    "no words match": ({"q": "không có"}, "Hãy bỏ bớt điều kiện lọc"),
}


@pytest.mark.parametrize(("query", "says"), EMPTY.values(), ids=EMPTY)
def test_an_empty_list_says_what_to_do(
    bare: FlaskClient, query: dict[str, str], says: str
) -> None:
    page = page_of(bare, "/items/", **query)
    assert says in page.find(".//p[@class='empty']").text_content()


REFUSED: dict[str, tuple[str, int, str]] = {
    "source": ("source=so-tni", 404, 'Did you mean "so-tin"?'),
    "audience": ("audience=quan-9", 404, "so, quan-1, phuong-ben-thanh, quan-2"),
    "level": ("level=thcs,lop-1", 404, "mam-non, tieu-hoc, thcs, thpt, gdtx"),
    "category": ("category=x", 404, "tin-tuc, thong-bao, van-ban, thu-moi"),
    "one of several": ("category=x&category=tin-tuc", 404, "thu-moi"),
    "day": ("day=20/11/2026", 400, "2026-11-20"),
    "no such day": ("day=2026-02-30", 400, "2026-11-20"),
    "the first day": ("day=0001-01-01", 400, "2026-11-20"),
    "the last day": ("day=9999-12-31", 400, "2026-11-20"),
    "before": ("before=1", 400, "id"),
    "before nothing": (f"before={'0' * 32}", 404, "item"),
    "hostile": ("source=%3Cscript%3E%00%0A", 404, "<script>\\x00\\n"),
}


@pytest.mark.parametrize(("query", "status", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_what_can(
    client: FlaskClient, query: str, status: int, says: str
) -> None:
    answer = client.get(f"/items/?{query}")
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    assert says in answer.text


# --- One notice ---------------------------------------------------------------

RAW = {
    "title": "V/v  tuyển sinh &amp; <b>nhập học</b>",
    "summary": "<p onclick='x()'>Thân <script>alert(1)</script></p>",
    "published": "20/11/2026 8:00 SA",
    "author": "vanphong@so.example",
    "guid": "news_1 ",
    "link": "/tin/1.html",
    "tags": ["Tuyển sinh", "<i>mới</i>"],
    "enclosures": [{"url": "tep/a.pdf", "type": "application/pdf", "length": 5}],
    "is_html": True,
}


def test_the_cleaned_view_stands_beside_what_the_source_wrote(
    client: FlaskClient, filled: Store
) -> None:
    sent = notice("a", 1, html="<p>Thân <b>sạch</b></p>", raw=RAW)
    page = page_of(client, put(filled, "so-tin", sent))
    (text,) = page.xpath("//article//div[@class='text']")
    assert lxml_html.tostring(text[0], encoding="unicode") == sent.html
    said = words_of(page, "theirs")
    for written in ("V/v tuyển sinh &amp; <b>nhập học</b>", "20/11/2026 8:00 SA",
                    "vanphong@so.example", "news_1", "/tin/1.html",
                    "Tuyển sinh · <i>mới</i>", "tep/a.pdf · application/pdf · 5",
                    "http://so.example/rss/tin.rss"):  # fmt: skip
        assert written in said
    (raw,) = page.xpath("//pre")
    assert (raw.text, len(raw)) == (RAW["summary"], 0)


def test_facts_are_told(client: FlaskClient, filled: Store) -> None:
    facts = replace(
        meaning(Category.INVITATION),
        document=DocumentFacts(
            number="12/GM-SGDĐT", type="giấy mời", issuer="Sở", issued=date(2026, 3, 25)
        ),
        deadline=date(2026, 12, 5),
        event=Event(start=NOW, end=NOW + 2 * HOUR, place="Hội trường A"),
    )
    address = put(filled, "so-tin", replace(notice("a", 1), meaning=facts))
    said = words_of(page_of(client, address), "facts")
    assert said.startswith(
        "Thông tin chính Số, ký hiệu 12/GM-SGDĐT Loại văn bản giấy mời "
        "Cơ quan ban hành Sở Ngày ban hành 25/03/2026 Hạn chót 05/12/2026 "
        "Thời gian 20/11/2026 08:00 – 20/11/2026 10:00 Địa điểm Hội trường A "
        "Nhận lần đầu 20/11/2026 08:00 Đăng 20/11/2026 07:00"
    )


def test_versions_say_what_became_different(client: FlaskClient, filled: Store) -> None:
    before, after = (Enclosure(url=f"http://so.example/{n}.pdf") for n in "ab")
    start = " ".join(f"đầu{n}" for n in range(30))
    old = notice("a", 1, text=f"{start} họp sáng <i>mai</i>", enclosures=(before,))
    new = notice("a", 1, title="Tiêu đề a (mới)", text=f"{start} họp chiều <i>mai</i>",
                 enclosures=(after,), fingerprint="2")  # fmt: skip
    put(filled, "so-tin", old)
    put(filled, "so-tin", new, hours=2)
    layout = replace(new, html="<p><b>khác</b></p>", fingerprint="3")
    address = put(filled, "so-tin", layout, hours=3)
    page = page_of(client, address)
    third, second, first = page.xpath("//ol[@class='versions']/li")
    assert "Chỉ khác về trình bày." in third.text_content()
    assert "Bản 2 · 20/11/2026 10:00" in " ".join(second.text_content().split())
    come = [x.text for x in second.iter("ins")]
    gone = [x.text for x in second.iter("del")]
    assert come == ["(mới)", "chiều", "b.pdf (http://so.example/b.pdf)"]
    assert gone == ["sáng", "a.pdf (http://so.example/a.pdf)"]
    assert "đầu7 … đầu" in second.text_content()  # what is alike is cut short
    assert "<i>mai</i>" in second.text_content()
    assert "Bản đầu tiên." in first.text_content()


def test_a_long_difference_is_shown_whole_and_cut(
    client: FlaskClient, filled: Store
) -> None:
    put(filled, "so-tin", notice("a", 1, text="một " * 5000))
    other = notice("a", 1, text="hai " * 5000, fingerprint="2")
    page = page_of(client, put(filled, "so-tin", other, hours=2))
    (gone,), (come,) = page.xpath("//del"), page.xpath("//ins")
    assert gone.text.split() == ["một"] * 300 + ["…"]
    assert come.text.split() == ["hai"] * 300 + ["…"]


def test_older_versions_than_those_shown_are_named(
    client: FlaskClient, filled: Store
) -> None:
    for n in range(stored_dossier.MAX_VERSIONS + 2):
        sent = notice("a", 1, title=f"Lần {n}", fingerprint=str(n))
        address = put(filled, "so-tin", sent, hours=n)
    versions = page_of(client, address).xpath("//ol[@class='versions']/li")
    assert len(versions) == stored_dossier.MAX_VERSIONS
    assert "Các bản cũ hơn vẫn được lưu" in versions[-1].text_content()


def test_labels_are_told_with_reasons_and_times(
    client: FlaskClient, filled: Store
) -> None:
    why = (
        Because(says="Chuyên mục của nguồn tin", saw="news", where="source"),
        Because(says="Nêu bậc tiểu học", saw="<b>tiểu học</b>", where="title"),
    )
    sort = replace(
        meaning(Category.NEWS, Level.PRIMARY),
        because=why,
        facets={"urgency": ("khan",)},
    )
    put(filled, "so-tin", replace(notice("a", 1), meaning=sort))
    now = replace(notice("a", 1), meaning=meaning(), fingerprint="2")
    address = put(filled, "so-tin", now, hours=2)
    holds, held, ended = page_of(client, address).xpath(
        "//div[contains(@class,'labels')]"
    )
    said = [" ".join(x.text_content().split()) for x in (holds, held, ended)]
    assert said[0].startswith("Cấp học: Tất cả cấp học Quy tắc tự động · so-tin · từ")
    assert "Nêu bậc tiểu học: <b>tiểu học</b> trong tiêu đề" in said[1]
    assert "Chuyên mục của nguồn tin: Tin tức theo nguồn" in said[1]
    assert said[2].startswith("Cấp học: Tiểu học Độ khẩn: Khẩn Quy tắc tự động")
    assert "đến 20/11/2026 10:00 không còn hiệu lực" in said[2]


def test_every_place_is_told_and_its_text_can_be_shown(
    client: FlaskClient, filled: Store
) -> None:
    put(filled, "so-tin", notice("a", 1))
    link = "javascript:alert(1)"
    other = notice("a", 1, html="<p>Ở nơi kia</p>", link=link)
    address = put(filled, "so-tb", other, hours=2)
    page = page_of(client, address)
    assert page.findtext(".//div[@class='text']/p") == "Nội dung a"
    said = words_of(page, "places")
    for known in ("so-tin", "so-tb", "http://cong.example/bai-viet/a.html", link):
        assert known in said
    assert link not in page.xpath("//@href")
    (there,) = page.xpath("//ol[@class='places']//a[contains(@href, 'place=')]/@href")
    assert there == f"{address}?place=2"
    page = page_of(client, there)
    assert page.findtext(".//div[@class='text']/p") == "Ở nơi kia"
    for wrong, status in (("3", 404), ("0", 404), ("x", 400), ("²", 400)):
        answer = client.get(address, query_string={"place": wrong})
        assert answer.status_code == status


def feeds_in(page: Any) -> list[str]:
    """List the addresses of feeds that a page names."""
    return [a.get("href") for a in page.xpath("//ul[@class='feeds']//a")]


def test_a_notice_names_the_feeds_that_hold_it_and_no_other(
    client: FlaskClient, filled: Store
) -> None:
    sort = meaning(Category.DOCUMENT, Level.PRIMARY, Level.LOWER_SECONDARY)
    addresses = [
        put(filled, "q1", replace(notice("muộn", 1), meaning=sort)),
        *(a.get("href") for a in page_of(client, "/items/").xpath("//li/h2/a")),
    ]
    for address in addresses:
        named = set(feeds_in(page_of(client, address)))
        holding = {
            f"/feeds/{audience}/{level}/{category}"
            for audience in SAID.authorities
            for level in ("all", "mam-non", "tieu-hoc", "thcs", "thpt", "gdtx")
            for category in ("all", "tin-tuc", "thong-bao", "van-ban", "thu-moi")
            if address.removeprefix("/items/")
            in client.get(f"/feeds/{audience}/{level}/{category}.rss").text
            and (category != "all" or level == "all")
        }
        assert named == holding
        assert named


STATES = {
    "held": ("Đang giữ lại", False),
    "hidden": ("Đã ẩn", False),
    "withdrawn": ("Đã gỡ", False),
    "maybe_withdrawn": ("Có thể đã bị gỡ", True),
}


@pytest.mark.parametrize(
    ("state", "says", "carried"),
    [(state, *row) for state, row in STATES.items()],
    ids=STATES,
)
def test_what_is_not_shown_has_a_page_that_says_so(
    client: FlaskClient, filled: Store, state: str, says: str, carried: bool
) -> None:
    address = put(filled, "so-tin", notice("a", 1))
    assert page_of(client, address).find(".//p[@class='banner']") is None
    set_state(filled, address, state)
    page = page_of(client, address)
    assert page.findtext(".//p[@class='banner']/strong") == f"{says}."
    assert page.findtext(".//h1") == "Tiêu đề a"
    assert bool(feeds_in(page)) is carried


# --- Both ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"),
    [("vi", ("Tin đã nhận", "Các nơi đăng")), ("en", ("Items received", "Places"))],
)
def test_the_language_stays_from_page_to_page(
    client: FlaskClient, language: str, said: tuple[str, str]
) -> None:
    page = page_of(client, "/items/", lang=language)
    assert page.findtext(".//h1") == said[0]
    link = page.find(".//ol[@class='notices received']/li/h2/a").get("href")
    page = page_of(client, link)
    assert page.findtext(".//h2[@id='places']") == said[1]
    inside = [a.get("href") for a in page.xpath("//main//a[starts-with(@href, '/')]")]
    assert len(inside) > 5
    assert all(f"lang={language}" in address for address in inside)
    for address in inside:
        assert client.get(address).status_code == 200


def test_a_page_is_known_again_until_it_changes(
    client: FlaskClient, filled: Store
) -> None:
    for address in ("/items/", put(filled, "so-tin", notice("a", 1))):
        first = client.get(address)
        assert first.headers["Cache-Control"] == "public, max-age=60"
        assert "Set-Cookie" not in first.headers
        tag = {"If-None-Match": first.headers["ETag"]}
        assert client.get(address, headers=tag).status_code == 304
        put(
            filled, "so-tin", notice("a", 1, title="Khác", fingerprint=address), hours=2
        )
        assert client.get(address, headers=tag).status_code == 200


def test_no_credentials_of_a_source_are_shown(filled: Store, declare: Any) -> None:
    secret = Source(
        id="so-tin", url="http://ten:mat-khau@so.example/rss", authority="so"
    )
    said = replace(SAID, sources=SAID.sources | {"so-tin": secret})
    declare(filled, said)
    client = create_app(said, filled).test_client()
    page = page_of(client, put(filled, "so-tin", notice("a", 1)))
    assert "http://so.example/rss" in words_of(page, "theirs")
    assert "mat-khau" not in page.text_content()


# --- Hostile ------------------------------------------------------------------

_RUNS = {"object", "embed", "applet", "iframe", "base", "meta", "style", "svg", "math"}


def dangers(page: Any) -> Iterator[str]:
    """Name everything on a page that could run what a source wrote."""
    for element in page.iter():
        tag = str(element.tag).lower()
        own = tag == "meta" and element.get("http-equiv") is None
        ours = tag == "script" and element.get("src") == "/static/live.js"
        own = own or (ours and not element.text)
        if tag in _RUNS | {"script"} and not own:
            yield tag
        for name, value in element.items():
            scheme = re.sub(r"[\x00-\x20]", "", value).lower()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                yield f"{tag} {name}"
            if re.match(r"(javascript|vbscript|data):", scheme):
                yield f"{tag} {name}={value[:40]}"


def hostile(payloads: list[str]) -> list[Item]:
    """Put each payload into every field of an entry, and read it as intake does."""
    found = []
    for n, bad in enumerate(payloads):
        entry = Entry(
            guid=f"{n} {bad}", link=f"http://so.example/{n}?{bad}", title=bad,
            summary=bad, content=bad, author=bad, tags=(bad, "tag"),
            published=bad, updated=bad,
            enclosures=(Enclosure(url=bad, type=bad, title=bad),),
        )  # fmt: skip
        read = normalize(
            entry, position=n, feed_url="http://so.example/rss/tin.rss",
            timezone="Asia/Ho_Chi_Minh", now=NOW,
        )  # fmt: skip
        assert isinstance(read, Item)
        why = (Because(says=bad, saw=bad, where=bad),)
        facts = DocumentFacts(number=bad, type=bad, issuer=bad)
        event = Event(start=NOW, place=bad)
        sort = replace(meaning(), because=why, document=facts, event=event,
                       facets={"urgency": (bad,)})  # fmt: skip
        found.append(replace(read, meaning=sort))
    return found


def all_pages(client: FlaskClient) -> Iterator[Any]:
    """Open the list page by page, and every notice's page."""
    address = "/items/"
    while address:
        page = page_of(client, address)
        yield page
        for link in page.xpath("//ol[@class='notices received']/li/h2/a/@href"):
            yield page_of(client, link)
        address = next(iter(page.xpath("//a[@rel='next']/@href")), "")


BAD = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</pre></title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--<base href=//evil.example>",
    "\u202e<iframe srcdoc='<script>alert(1)</script>'>",
]


def test_hostile_words_stay_words(bare: FlaskClient, empty: Store) -> None:
    pull(empty, "so-tin", *hostile(BAD))
    changed = [replace(i, title=i.title + "!", text=b, fingerprint=b)
               for i, b in zip(hostile(BAD), BAD, strict=True)]  # fmt: skip
    pull(empty, "so-tin", *changed, now=NOW + HOUR)
    pages = list(all_pages(bare))
    assert len(pages) == 1 + len(BAD)
    assert [found for page in pages for found in dangers(page)] == []
    told = "\n".join(page.text_content() for page in pages)
    for bad in BAD:  # not dropped: an editor sees what the source sent
        assert bad in told


def test_a_hostile_address_stays_text(client: FlaskClient) -> None:
    bad = '"><script>alert(1)</script>'
    page = page_of(client, "/items/", q=bad, lang=bad, utm=bad)
    assert list(dangers(page)) == []
    assert page.xpath("//input[@name='q']/@value") == [bad]


@pytest.mark.corpus
@pytest.mark.timeout(300)
def test_no_payload_survives_on_any_page(bare: FlaskClient, empty: Store) -> None:
    path = CORPUS / "xss.json"
    if not path.exists():
        pytest.skip("AGGREGATOR_CORPUS holds no xss.json")
    payloads = [each["payload"] for each in json.loads(path.read_text("utf-8"))]
    # Several at once: what one leaves open, the next would be caught in.
    together = ["\n".join(payloads[n : n + 8]) for n in range(0, len(payloads), 8)]
    pull(empty, "so-tin", *hostile(together))
    pages = bad = 0
    for page in all_pages(bare):
        pages, bad = pages + 1, bad + len(list(dangers(page)))
    assert bad == 0
    assert pages > len(together)
