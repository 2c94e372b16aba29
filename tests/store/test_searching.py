"""The index of words: kept right by whatever is stored, the same of both databases."""

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.meaning.searching import read_question
from aggregator.model import Category
from aggregator.model import Correction
from aggregator.model import Digest
from aggregator.model import DocumentFacts
from aggregator.model import Item
from aggregator.model import Notice
from aggregator.store import preview
from aggregator.store import schema
from aggregator.store import search
from aggregator.store.corrections import correct
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from aggregator.store.items import apply
from aggregator.store.migrations import words_of_0007
from aggregator.store.preview import Wanted
from aggregator.store.preview import read_listing
from aggregator.store.search import cut
from aggregator.store.search import ts_vector
from aggregator.store.views import read_view
from aggregator.work.relabelling import relabelled
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import meaning
from tests.conftest import worded
from tests.store.test_engine import old_store
from tests.store.test_engine import put_old
from tests.store.test_items import SAID
from tests.store.test_items import plan_of
from tests.store.test_items import pull
from tests.store.test_items import row_of
from tests.store.test_items import view

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("AGGREGATOR_TITLES", CHECKOUT / "../shared/titles"))
PLAUSIBLE = CHECKOUT / "tests/data/meaning/plausible.tsv"
ZONE = "Asia/Ho_Chi_Minh"
HOUR = timedelta(hours=1)


@pytest.fixture
def held(store: Store, declare: Callable[..., None]) -> Store:
    """Give a store that knows its sources."""
    declare(store, SAID)
    return store


def listed(store: Store, question: str, **more: Any) -> list[str]:
    """Search what editors see, page by page, and give the titles."""
    first = before = more.pop("before", None)
    found: list[str] = []
    wanted = Wanted(timezone=ZONE, **more)
    while True:
        with store.read() as connection:
            page = read_listing(
                connection, wanted, before=before, sought=read_question(question)
            )
        assert page is not None
        found += [row.title for row in page.rows]
        assert page.total is None or page.total >= len(page.rows)
        if page.older is None:
            assert first or page.total in (None, len(found)), "counted, not listed"
            return found
        before = page.older


def published(store: Store, question: str, **more: Any) -> list[Notice]:
    """Search what readers see."""
    with store.read() as connection:
        sought = read_question(question)
        return read_view(connection, view("so", "quan-1"), sought=sought, **more)


# --- Upkeep -------------------------------------------------------------------


def test_an_edited_notice_is_found_by_its_new_words_alone(held: Store) -> None:
    pull(held, "so-tin", item("a", title="Lịch nghỉ Tết", text="Từ 29/01"))
    edited = item("a", title="Lịch nghỉ hè", text="Từ 01/06", fingerprint="2")
    pull(held, "so-tin", edited, now=NOW + HOUR)
    assert listed(held, "nghi he") == ["Lịch nghỉ hè"]
    assert listed(held, "tết") == listed(held, "29") == []
    assert [n.title for n in published(held, '"nghỉ hè"')] == ["Lịch nghỉ hè"]


def test_what_is_withdrawn_or_hidden_only_editors_find(held: Store) -> None:
    plan = pull(held, "so-tin", item("a", title="Sai"), item("b", title="Sai nữa"))
    seen, first = schema.sightings, plan.new[0].notice
    with held.write() as connection:
        gone = sa.update(seen).where(seen.c.notice_id == first)
        connection.execute(gone.values(state="withdrawn"))
        hide = Correction(hidden=True)
        correct(connection, plan.new[1].notice, hide, by="Lan", now=NOW)
    assert published(held, "sai") == []
    assert sorted(listed(held, "sai")) == ["Sai", "Sai nữa"]


def test_a_correction_moves_a_notice_to_another_filter(held: Store) -> None:
    plan = pull(held, "so-tin", item("a", title="Thư mời họp"))
    said = Correction(category=Category.INVITATION)
    with held.write() as connection:
        correct(connection, plan.new[0].notice, said, by="Lan", now=NOW)
    only = {"categories": frozenset({Category.INVITATION})}
    assert listed(held, "hop", **only) == ["Thư mời họp"]
    assert listed(held, "hop", categories=frozenset({Category.NEWS})) == []


def test_relabelling_finds_it_by_the_number_that_is_read_today(held: Store) -> None:
    sent = item("a", title="Kế hoạch số 77/KH-SGDĐT về bơi lội", text="")
    old = replace(sent.meaning, document=DocumentFacts(number="9999/XX"))
    pull(held, "so-tin", worded(replace(sent, meaning=old)))
    assert listed(held, "9999") == [sent.title]
    assert list(relabelled(held, SAID, now=NOW + HOUR))
    assert listed(held, "9999") == []
    assert listed(held, "77/KH-SGDĐT") == [sent.title]


def test_each_place_is_found_by_its_own_words(held: Store) -> None:
    pull(held, "so-tin", item("a", title="Hội khỏe Phù Đổng", text="Ở Sở"))
    other = item("a", title="Hội khoẻ Phù Đổng", text="Bản khác")
    pull(held, "so-tb", other, now=NOW + HOUR)
    assert len(listed(held, "hội khỏe phù đổng")) == 1
    assert listed(held, "bản khác", source="so-tin") == []
    assert len(listed(held, "bản khác", source="so-tb")) == 1
    assert listed(held, "sở khác") == [], "words of two places are no one's"


def test_words_come_and_go_with_their_transaction(held: Store) -> None:
    pull(held, "so-tin", item("a", title="Lịch nghỉ Tết"))
    edited = item("a", title="Lịch nghỉ hè", fingerprint="2")
    digest = Digest(items=(edited, item("b", title="Thư ngỏ")))
    row = row_of(held, "so-tin")
    with pytest.raises(RuntimeError), held.write() as connection:
        plan = plan_of(connection, row, digest, NOW + HOUR)
        assert (len(plan.new), len(plan.changed)) == (1, 1)
        apply(connection, [(row, plan)], NOW + HOUR)
        raise RuntimeError
    assert listed(held, "lịch nghỉ tết") == ["Lịch nghỉ Tết"]
    assert listed(held, "hè") == listed(held, "ngỏ") == []


# --- Pages and counts -----------------------------------------------------------


def test_pages_neither_miss_nor_repeat_what_stands_at_many_places(
    held: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [item(f"n{n}", given=NOW - n // 3 * HOUR - HOUR) for n in range(11)]
    pull(held, "so-tin", *items)
    pull(held, "so-tb", *items[2:9], now=NOW + HOUR)
    monkeypatch.setattr(preview, "PAGE", 2)
    found = listed(held, "tiêu đề")
    assert sorted(found) == sorted(each.title for each in items)
    monkeypatch.setattr(preview, "MAX_COUNT", 3)
    assert listed(held, "tiêu đề") == found


def test_a_page_may_begin_after_what_is_not_found(held: Store) -> None:
    days = {"cũ": 3, "giữa": 2, "mới": 1}
    sent = [item(n, title=f"Tin {n}", given=NOW - h * HOUR) for n, h in days.items()]
    plan = pull(held, "so-tin", *sent, item("x", title="Khác", given=NOW - 1.5 * HOUR))
    ids = {new.item.title: new.notice for new in plan.new}
    assert listed(held, "tin", before=ids["Khác"]) == ["Tin giữa", "Tin cũ"]


def test_a_window_takes_the_newest_of_what_is_found(held: Store) -> None:
    sent = [item(f"n{n}", given=NOW - n * HOUR) for n in range(9)]
    pull(held, "so-tin", *sent[::2], item("khác", title="Khác"))
    pull(held, "so-tb", *sent, now=NOW + HOUR)
    with held.read() as connection:
        asked = view("so", limit=3)
        found = read_view(connection, asked, sought=read_question("tiêu đề"))
    assert [n.title for n in found] == [f"Tiêu đề n{n}" for n in range(3)]
    late = published(held, "tieu de", since=NOW + HOUR, source="so-tb")
    assert [n.title for n in late] == [f"Tiêu đề n{n}" for n in (1, 3, 5, 7)]


@pytest.mark.parametrize("question", ["tiêu đề", '"tiêu đề"', '"tiêu đ*"', "ti*"])
@pytest.mark.parametrize("few", [3, 100], ids=["more than few", "few"])
def test_few_and_many_hits_are_read_alike(
    held: Store, monkeypatch: pytest.MonkeyPatch, few: int, question: str
) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    sent = [item(f"n{n}", given=NOW - n * HOUR) for n in range(9)]
    pull(held, "so-tin", *sent, item("khác", title="Khác"))
    expected = [each.title for each in sent]
    assert listed(held, question) == expected
    assert [n.title for n in published(held, question)] == expected


# --- Both databases ---------------------------------------------------------------

SHAPES = {
    "a number as typed": ("1872/SGDĐT-TTTT", ["số"]),
    "its parts": ("1872 sgddt", ["số"]),
    "the number alone": ("1872", ["số"]),
    "hoà and hòa": ("hoa binh", ["hoà", "hòa"]),
    "a phrase": ('"hòa bình"', ["hoà", "hòa"]),
    "đ is d": ("dot", ["đợt"]),
    "glued words are read apart": ("duyet ke hoach", ["dính"]),
    "a beginning": ("tuy*", ["đợt"]),
    "one letter is no beginning": ("t*", []),
    "a word only inside another": ("ong", []),
    "nobody has it": ("khongcotunay", []),
}
NAMED = {
    "số": "Công văn số 1872/SGDĐT-TTTT về phòng chống bạo lực",
    "hoà": "Trường THCS Hoà Bình đón khách",
    "hòa": "TRƯỜNG TIỂU HỌC HÒA BÌNH",
    "đợt": "Tuyển sinh Đợt 2",
    "dính": "Phê duyệt kế hoạch năm",
}


@pytest.mark.parametrize(("question", "expected"), SHAPES.values(), ids=SHAPES)
def test_what_people_type_finds_what_they_mean(
    held: Store, question: str, expected: list[str]
) -> None:
    ages = {name: NOW - n * HOUR - HOUR for n, name in enumerate(NAMED)}
    sent = [
        item(n, title=title, text="", given=ages[n], link="", keys=(n,))
        for n, title in NAMED.items()
    ]
    pull(held, "so-tin", *sent)
    assert listed(held, question) == [NAMED[name] for name in expected]


def real_titles() -> list[str]:
    """Read titles that came with the tests, and the real ones where they are."""
    lines = PLAUSIBLE.read_text(encoding="utf-8").splitlines()[1:]
    titles = [part for line in lines for part in line.split("\t")[:1]]
    if (FOLDER / "titles.tsv").is_file():
        with (FOLDER / "titles.tsv").open(encoding="utf-8") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            titles += [row["title"] for row in rows]
    return titles


def real_items() -> list[Item]:
    """Make items of them, at few moments, so that their order is put to the test."""
    often = "lặp " * 253 + "lặp đầu lặp cuối " + "lặp " * 300 + "ba"
    return [item("often", title="Lặp", text=often)] + [
        item(f"{n}", title=title, text=title[::-1], given=NOW - (n % 40) * HOUR - HOUR)
        for n, title in enumerate(real_titles())
    ]


TABLE = [
    *("năm học", "giáo dục", "tuyen sinh", "lop 10", "so", "THPT", "phòng", "2020"),
    *('"giáo dục và đào tạo"', '"kế hoạch"', '"năm học 2020"', '"học sinh giỏi"'),
    *("tu*", "th*", "gi*", "si*", "kỳ*", '"giáo d*"', "10*", "h*", "kì thi", "kỳ thi"),
    *("1155/GDĐT-VP", "37/2020/TT-BGDĐT", "1155 gddt", "gddt", "bgddt 2020", "37"),
    *("hoà bình", "Đà Nẵng", "da nang", "không-có", "xyzzy", "a OR b", "NEAR(", "-so"),
    *("t*", "ba*", "dau", '"dau ba"', '"dau cuoi"', '"lap dau"', '"lap cuoi"', "cuoi"),
    *('"', "*", '"*"', "x" * 10_000, "a* " * 3_000, "\ud800 so", "·", "''", "\\", "%"),
    *("giáo NOT dục", "' OR 1=1 --", "words:so", "so & phong | ()", "a\x00b", "truong"),
]


@pytest.mark.postgres
def test_both_databases_find_the_same_in_the_same_order(
    postgres_url: str, tmp_path: Path, declare: Callable[..., None]
) -> None:
    found: dict[str, dict[str, list[str]]] = {}
    for url in (f"sqlite:///{tmp_path}/a.db", postgres_url):
        made = Store(url)
        made.migrate()
        made.close()
        store = open_store(url)
        declare(store, SAID)
        items = real_items()
        pull(store, "so-tin", *items)
        pull(store, "so-tb", *items[::3], now=NOW + HOUR)
        for question in TABLE:
            here = found.setdefault(question, {})
            notices = published(store, question)
            here[store.engine.dialect.name] = listed(store, question)
            here[f"{store.engine.dialect.name} ids"] = [n.id for n in notices]
        store.close()
    hits = {question: len(here["sqlite"]) for question, here in found.items()}
    for question, here in found.items():
        assert here["sqlite"] == here["postgresql"], question
        assert here["sqlite ids"] == here["postgresql ids"], question
    assert min(hits["giáo dục"], hits["th*"], hits['"kế hoạch"']) > 1
    assert hits['"lap dau"'] == 1
    assert hits['"dau cuoi"'] == hits['"lap cuoi"'] == 0
    assert hits["xyzzy"] == hits["' OR 1=1 --"] == 0


# --- What was stored before -------------------------------------------------------


def test_an_old_database_is_searched_too(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = replace(meaning(), document=DocumentFacts(number="12/QĐ-SGDĐT"))
    store = old_store(database_url, "0001")
    put_old(store, *(item(f"bài {n}", meaning=facts) for n in range(7)))
    monkeypatch.setattr(words_of_0007, "AT_ONCE", 3)
    store.migrate()
    assert len(listed(store, '"tiêu đề" bai 12/qđ')) == 7
    assert listed(store, '"bài 4"') == ["Tiêu đề bài 4"]
    store.close()
    again = open_store(database_url)
    assert listed(again, "bai 5") == ["Tiêu đề bài 5"]
    again.close()


def test_old_items_get_the_words_that_they_would_get_today() -> None:
    for each in real_items():
        old = words_of_0007.words_of(each.title, "", each.text)
        assert old == cut(each.words)
        assert words_of_0007.ts_vector(old) == ts_vector(old)
    long = words_of_0007.words_of("a", "", "á " * 3_000).split()
    assert (len(long), long.count("a")) == (2_000, 255)
