"""Strangers' entries: known by links, language and number; held, and told of."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.intake.strangers import is_many
from aggregator.intake.strangers import mind_strangers
from aggregator.intake.strangers import site_of
from aggregator.intake.strangers import told_of_held
from aggregator.intake.strangers import without_flood
from aggregator.meaning.understanding import understand
from aggregator.model import Digest
from aggregator.model import Hold
from aggregator.model import Item
from aggregator.model import Meaning
from aggregator.model import Plan
from aggregator.model import SourceHints
from aggregator.store import schema
from aggregator.store.engine import Store
from aggregator.store.views import read_view
from tests.conftest import NOW
from tests.conftest import item
from tests.intake.test_pipeline import EVERYTHING
from tests.intake.test_pipeline import House
from tests.intake.test_pipeline import ok

HOUR = timedelta(hours=1)
FEED = "http://pgd.example/rss.xml"
ENGLISH = "Buy cheap watches and bags online, best price, free shipping for all. " * 6


def honest(n: int, **values: Any) -> Item:
    """Make an item as the source is wont to publish it."""
    link = f"http://pgd.example/bai/{n}.html"
    title = f"Thông báo số {n} về thi học kỳ"
    return item(f"t{n}", **({"title": title, "link": link} | values))


def holds(*items: Item, feed: str = FEED) -> list[str]:
    """Say for each item what it is held for, if for anything."""
    minded = mind_strangers(items, feed)
    return [i.meaning.hold.kind if i.meaning.hold else "" for i in minded]


DOCUMENT = [honest(n) for n in range(6)]


def test_an_item_that_leads_to_strangers_only_is_held() -> None:
    html = '<p>Xem <a href="http://la.example/a">ở đây</a></p>'
    stranger = honest(9, link="http://la.example/9", html=html)
    assert holds(*DOCUMENT, stranger) == [""] * 6 + ["foreign_links"]


@pytest.mark.parametrize(
    "values",
    [
        {"link": "https://docs.google.com/forms/d/1"},
        {"link": "https://www.youtube.com/watch?v=1"},
        {"link": "https://hcm.edu.vn/van-ban/ct/1/2"},
        {"link": "http://tin.pgd.example/9"},
        {"link": ""},
        {"html": '<a href="http://la.example/">nguồn</a>'},
        {
            "link": "http://la.example/9",
            "html": '<a href="http://pgd.example/tep.pdf">tệp</a>',
        },
    ],
)
def test_who_leads_to_this_field_too_is_not_held(values: dict[str, str]) -> None:
    assert holds(*DOCUMENT, honest(9, **values)) == [""] * 7


def test_a_feed_that_stands_at_another_host_is_as_it_is_meant() -> None:
    assert set(holds(*DOCUMENT, feed="http://feeds.example.org/x")) == {""}
    few = [honest(n, link=f"http://la{n}.example/") for n in range(4)]
    assert set(holds(*few)) == {""}
    press = [honest(n, link=f"http://bao{n}.example/") for n in range(9)]
    assert set(holds(*press)) == {""}


def test_a_long_text_in_another_language_among_vietnamese_ones() -> None:
    html = '<a href="http://la.example/">here</a>'
    ad = honest(9, title="Best watches", text=ENGLISH, html=html)
    assert holds(*DOCUMENT, ad) == [""] * 6 + ["foreign_text"]
    assert holds(*DOCUMENT, replace(ad, html="")) == [""] * 7  # it leads nowhere
    english = [replace(ad, keys=(str(n),)) for n in range(9)]
    assert set(holds(*english)) == {""}  # as all of them are


@pytest.mark.parametrize(
    "url, site",
    [
        ("http://www.pgd.example/a", "pgd.example"),
        ("http://tin.quan1.hcm.edu.vn/a", "hcm.edu.vn"),
        ("http://bao.com.vn", "bao.com.vn"),
        ("http://a.bao.com.vn:81/", "bao.com.vn"),
        ("http://127.0.0.1:8100/x", "127.0.0.1"),
        ("", ""),
    ],
)
def test_sites(url: str, site: str) -> None:
    assert site_of(url) == site


# --- Floods ---------------------------------------------------------------------


def plan(*items: Item) -> Plan:
    past = Past(had_items=True)
    return reconcile(Digest(items=items), past, source_id="a", now=NOW)


def flooded(made: Plan, usual: float | None = 2.0) -> int:
    """Count what is held of a document with so many new items."""
    minded = without_flood(made, usual, [FEED, "http://pgd.example/bai/1.html"])
    assert [n.key for n in minded.new] == [n.key for n in made.new]
    held = [n.item.meaning.hold for n in minded.new if n.item.meaning.hold]
    assert all(hold.kind == "flood" for hold in held)
    return len(held)


def drugs(count: int) -> list[Item]:
    towns = "Huế Vinh Đà_Lạt Cần_Thơ Biên_Hòa Nha_Trang Pleiku Kon_Tum".split()
    return [
        honest(n, title=f"Thuốc giảm cân cấp tốc giá rẻ {towns[n % 8]} {towns[n % 7]}")
        for n in range(count)
    ]


def test_a_sudden_flood_of_one_mould_is_held() -> None:
    assert flooded(plan(*drugs(40))) == 40
    assert flooded(plan(*drugs(30), *[honest(n) for n in range(50, 70)])) == 30


def test_a_flood_that_leads_away_is_held() -> None:
    away = [
        honest(n, link=f"http://la{n % 3}.example/{n}", title=f"{'ABC'[n % 3]}{n} {n}")
        for n in range(30)
    ]
    assert flooded(plan(*away)) == 0  # A12 12, A15 15: a list
    words = "sale off mua bán nhà đất xe".split()
    for n, each in enumerate(away):
        title = f"{words[n % 7]} {words[n % 6]} {words[n % 5]}"
        away[n] = replace(each, title=title, keys=(str(n),))
    assert flooded(plan(*away)) == 30


def test_the_bulk_of_a_new_school_year_is_not_held() -> None:
    kinds = ("Kế hoạch", "Quyết định", "Công văn", "Thông báo")
    notices = [
        honest(n, title=f"{kinds[n % 4]} năm học 2026-2027 của tổ {n}")
        for n in range(80)
    ]
    assert flooded(plan(*notices)) == 0
    weeks = [honest(n, title=f"Lịch tuần {n} của cơ quan") for n in range(1, 36)]
    assert flooded(plan(*weeks)) == 0
    assert flooded(plan(*(item(str(n)) for n in range(60)))) == 0
    moved = [honest(n, link=f"http://moi.example/{n}") for n in range(60)]
    assert flooded(plan(*moved)) == 0


def test_a_flood_is_one_only_beside_what_is_usual() -> None:
    assert flooded(plan(*drugs(40)), usual=None) == 0  # its first documents
    assert flooded(plan(*drugs(40)), usual=10) == 0
    assert flooded(plan(*drugs(20))) == 0
    assert is_many(plan(*drugs(40))) and not is_many(plan(*drugs(20)))


# --- Told, stored, shown --------------------------------------------------------

SPAM = "Kuwin - nhà cái uy tín, link vào mới nhất"


def document(*titles: str, more: str = "") -> bytes:
    """Write a document: an item's name is its title's last word."""
    items = "".join(
        f"<item><title>{title}</title><guid>{title.split()[-1]}</guid>"
        f"<link>/bai/{title.split()[-1]}.html</link>{more}</item>"
        for title in titles
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()


@pytest.fixture
def house(sqlite_store: Store) -> House:
    return House(sqlite_store)


def shown(house: House) -> list[str]:
    with house.store.read() as connection:
        return sorted(n.title for n in read_view(connection, EVERYTHING))


def rows(house: House, column: sa.Column[Any]) -> list[Any]:
    with house.store.read() as connection:
        return list(connection.scalars(sa.select(column)))


def test_spam_is_stored_held_told_once_and_shown_nowhere(house: House) -> None:
    body = document("Lịch thi a1", f"{SPAM} a2", f"{SPAM} a3")
    house.pull(a=ok(body))
    assert shown(house) == ["Lịch thi a1"]
    assert sorted(rows(house, schema.sightings.c.state)) == ["held", "held", "shown"]
    assert sorted(rows(house, schema.notices.c.state)) == ["held", "held", "shown"]
    labels = schema.labels.c
    with house.store.read() as connection:
        query = sa.select(labels.value, labels.why).where(labels.facet == "hold")
        found = connection.execute(query).all()
    assert [value for value, _ in found] == ["betting", "betting"]
    assert "Kuwin" in found[0].why[0]["saw"]
    house.now += HOUR
    house.pull(a=ok(body + b"<!-- other bytes -->"))
    assert rows(house, schema.incidents.c.kind) == ["held"]
    (detail,) = rows(house, schema.incidents.c.detail)
    assert detail.startswith("betting 2: Kuwin")
    assert rows(house, schema.incidents.c.sources) == [["a"]]
    assert len(shown(house)) == 1


def test_an_edit_into_spam_leaves_what_was_shown(house: House) -> None:
    house.pull(a=ok(document("Lịch thi a1", "Thư mời a2")))
    hijacked = document(f"{SPAM} a1", "Thư mời a2")
    for more in (b"", b"<!-- 1 -->", b"<!-- 2 -->"):
        house.now += HOUR
        house.pull(a=ok(hijacked + more))
    assert shown(house) == ["Lịch thi a1", "Thư mời a2"]
    assert rows(house, schema.incidents.c.kind) == ["held"]
    assert "Lịch thi a1" in rows(house, schema.incidents.c.detail)[0]
    house.now += HOUR
    house.pull(a=ok(document("Lịch thi a1", "Thư mời a2")))
    assert rows(house, schema.sightings.c.flip) == ["", ""]
    house.now += HOUR
    house.pull(a=ok(document("Lịch thi mới a1", "Thư mời a2")))
    assert shown(house) == ["Lịch thi mới a1", "Thư mời a2"]


def test_what_was_held_stays_held_when_it_is_rewritten(house: House) -> None:
    """It is for an editor to say that a portal is clean again."""
    house.pull(a=ok(document(f"{SPAM} a1")))
    house.now += HOUR
    house.pull(a=ok(document("Lịch thi a1")))
    assert shown(house) == []
    assert rows(house, schema.versions.c.title) == [f"{SPAM} a1", "Lịch thi a1"]
    labels = schema.labels.c
    with house.store.read() as connection:
        held = sa.select(labels.to_at).where(labels.facet == "hold")
        assert list(connection.scalars(held)) == [None]


def test_spam_is_joined_with_nothing(house: House) -> None:
    body = document("Kuwin nhà cái uy tín hàng đầu châu Á link vào mới nhất a1")
    house.pull(a=ok(body), b=ok(body))
    assert len(rows(house, schema.notices.c.id)) == 2


def test_a_flood_is_seen_in_the_store(house: House) -> None:
    names = [f"Lịch thi môn x{n}" for n in range(4)]
    for n in range(1, 5):
        house.pull(a=ok(document(*names[:n])))
        house.now += HOUR
    flood = [f"{each.title} f{n}" for n, each in enumerate(drugs(40))]
    house.pull(a=ok(document(*flood, *names)))
    assert shown(house) == sorted(names)
    assert rows(house, schema.incidents.c.detail)[0].startswith("flood 40: Thuốc")


def test_a_cut_document_is_told_of_too() -> None:
    held = Meaning(hold=Hold(kind="betting"))
    (note,) = told_of_held(plan(honest(1, meaning=held), honest(2)))
    assert (note.kind, note.detail) == ("held", "betting 1: " + honest(1).title)
    assert told_of_held(plan(honest(1))) == ()


def test_understanding_marks_what_a_document_then_holds() -> None:
    meant = understand(SPAM, "", hints=SourceHints(), now=NOW, published=None)
    assert holds(*DOCUMENT, honest(9, meaning=meant)) == [""] * 6 + ["betting"]


def test_a_source_that_is_not_what_it_is_declared_is_told_of_once(house: House) -> None:
    letters = [f"{n}/SGDĐT-VP về báo cáo tháng v{n}" for n in range(1, 12)]
    for count in (10, 11):
        house.pull(a=ok(document(*letters[:count])))
        house.now += HOUR
    assert rows(house, schema.incidents.c.kind) == ["category"]
    assert rows(house, schema.incidents.c.detail) == ["news: document?"]
    assert set(rows(house, schema.sightings.c.category)) == {"news"}
