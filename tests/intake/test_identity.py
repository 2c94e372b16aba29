"""One article stays one notice, whatever its portal does to guid, link and host."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import DocumentFacts
from aggregator.model import Item
from aggregator.model import Meaning
from aggregator.model import Plan
from tests.conftest import NOW
from tests.conftest import item
from tests.intake.test_reconcile import known_from
from tests.intake.test_reconcile import plan_for

HOUR = timedelta(hours=1)


def made(guid: str, link: str, title: str = "", **values: object) -> Item:
    """Make an item as `normalize` would: keys are guid, then link, without scheme."""
    bare = link.split("://", 1)[-1]
    keys = tuple(dict.fromkeys(key for key in (guid, bare) if key))
    title = title or f"Tin số {bare}"
    shown = {"fingerprint": f"{title} {link}", "title": title, "link": link}
    return item(guid or bare, **({"keys": keys, "guid": guid, **shown} | values))


def again(plan: Plan, *items: Item, **more: object) -> Plan:
    """Read a further document, when the first plan is stored."""
    return plan_for(*items, known=known_from(plan), **more)


def counts(plan: Plan) -> Mapping[str, int]:
    return {name: count for name, count in plan.counts.items() if count}


# --- Guids --------------------------------------------------------------------


def test_a_guid_that_repeats_later_renames_nothing() -> None:
    first = plan_for(made("latest", "http://a.vn/bai/mot-11.html", "Họp giao ban"))
    other = made(
        "latest",
        "http://a.vn/bai/hai-12.html",
        "Tuyển sinh lớp 10",
        given=NOW - HOUR / 2,
    )
    plan = again(first, other)
    assert counts(plan) == {"entries": 1, "new": 1}
    assert plan.new[0].notice != first.new[0].notice


def test_a_year_at_the_end_of_a_link_is_no_articles_number() -> None:
    first = plan_for(
        made("1", "http://a.vn/tuyen-sinh-2026.html", "Tuyển sinh đầu cấp")
    )
    other = made("1", "http://a.vn/ke-hoach-thi-2026.html", "Kế hoạch thi", given=NOW)
    assert counts(again(first, other)) == {"entries": 1, "new": 1}


@pytest.mark.parametrize(
    "edited",
    [
        {"title": "Họp giao ban tháng 11 (đính chính)"},
        {"link": "http://a.vn/bai/hop-giao-ban-thang-muoi-mot-11.html"},
        {
            "title": "Đính chính thời gian, địa điểm",
            "link": "http://a.vn/bai/dinh-chinh-11.html",
        },
        {
            "title": "Đính chính thời gian, địa điểm",
            "link": "http://a.vn/bai/dinh-chinh.html",
        },
    ],
    ids=["title", "link", "both, number in the link", "both, date"],
)
def test_what_is_edited_under_one_guid_is_the_same(edited: dict[str, Any]) -> None:
    values = {"link": "http://a.vn/bai/hop-11.html", "title": "Họp giao ban"}
    values |= {"given": NOW - HOUR / 2}
    first = plan_for(made("news_11", **values))
    plan = again(first, made("news_11", **values | edited))
    assert counts(plan) == {"entries": 1, "changed": 1}


@pytest.mark.parametrize(
    "flipped",
    [
        made("moi-1", "http://a.vn/bai/hop-11.html", "Họp giao ban tháng 11"),
        made("moi-2", "http://b.vn/bai/hop-11.html", "Họp giao ban tháng 11"),
        made("", "http://a.vn/bai/hop-11.html", "Họp giao ban tháng 11"),
    ],
    ids=["new guid", "new guid and host", "no guid"],
)
def test_a_changed_guid_with_title_and_path_is_the_same_item(flipped: Item) -> None:
    first = plan_for(
        made("news_11", "http://a.vn/bai/hop-11.html", "Họp giao ban tháng 11")
    )
    plan = again(first, flipped)
    assert not plan.new
    assert {alias.key for alias in plan.aliases} >= {flipped.keys[0]} - {
        "a.vn/bai/hop-11.html"
    }


def official(guid: str, number: str, **values: object) -> Item:
    meaning = Meaning(document=DocumentFacts(number=number))
    title = f"[{number}] Về đảm bảo thông tin liên lạc"
    link = f"http://a.vn/laws/{guid}.html"
    return replace(made(guid, link, title, **values), meaning=meaning)


def test_a_changed_guid_with_the_same_document_number_is_the_same_item() -> None:
    first = plan_for(official("laws_5", "1872/SGDĐT-TTTT"))
    plan = again(first, official("laws_77", "1872/SGDĐT-TTTT"))
    assert not plan.new and len(plan.changed) == 1


def test_a_reminder_that_names_the_number_is_another_item() -> None:
    first = plan_for(official("laws_5", "1872/SGDĐT-TTTT"))
    reminder = replace(
        official("laws_6", "1872/SGDĐT-TTTT", given=NOW),
        title="Nhắc các trường nộp báo cáo theo công văn",
    )
    assert len(again(first, reminder).new) == 1


def test_numbers_begin_anew_each_year() -> None:
    old = official("laws_5", "15/TB-SGDĐT", given=NOW - timedelta(days=365))
    plan = again(plan_for(old), official("laws_60", "15/TB-SGDĐT"))
    assert len(plan.new) == 1


def test_one_article_under_two_guids_in_one_document_is_shown_once() -> None:
    one = made("news_1", "http://a.vn/bai/hop-11.html", "Họp giao ban")
    plan = plan_for(one, replace(one, guid="x", keys=("x", *one.keys[1:])))
    assert counts(plan) == {"entries": 2, "new": 1, "duplicate": 1}


def test_a_link_without_guid_is_a_name_whatever_changes_under_it() -> None:
    first = plan_for(made("", "http://a.vn/bai/hop.html", "Họp giao ban"))
    edited = made("", "http://a.vn/bai/hop.html", "Hoãn họp", given=NOW)
    assert counts(again(first, edited)) == {"entries": 1, "changed": 1}


def test_two_articles_that_share_a_link_stay_two() -> None:
    """Some portals link every document to the page that lists them."""
    first = plan_for(made("vb_1", "http://a.vn/van-ban/", "Kế hoạch năm học"))
    other = made("vb_2", "http://a.vn/van-ban/", "Thi đua khen thưởng", given=NOW)
    assert counts(again(first, other)) == {"entries": 1, "new": 1}


def test_the_portals_number_of_an_article_is_a_name() -> None:
    """No guid, and the link is made from a title that is mended: the number stays."""
    first = plan_for(made("", "http://a.vn/tuyen-sinh-lop-1-1234.html", "Tuyển sinh"))
    mended = made("", "http://a.vn/dinh-chinh-1234.html", "Đính chính tuyển sinh lớp 1")
    plan = again(first, replace(mended, given=NOW - HOUR / 2))
    assert counts(plan) == {"entries": 1, "new": 1}
    exact = plan_for(replace(first.new[0].item, given=NOW - HOUR / 2))
    plan = again(exact, replace(mended, given=NOW - HOUR / 2))
    assert counts(plan) == {"entries": 1, "changed": 1}


@pytest.mark.parametrize("guid", ["1", ""], ids=["constant", "none"])
def test_equal_titles_at_other_pages_are_no_repeats(guid: str) -> None:
    first = made(guid, "http://a.vn/thu-moi-1.html", "Thư mời họp")
    other = made(
        guid, "http://a.vn/thu-moi-2.html", "Thư mời họp", given=NOW - HOUR / 2
    )
    assert counts(plan_for(first, other)) == {"entries": 2, "new": 2}


# --- Moves --------------------------------------------------------------------


def portal(host: str, count: int, first: int = 1) -> list[Item]:
    """List articles as a portal at a host does, newest first; guids are addresses."""
    return [
        made(
            f"{host}/bai/tin-{n}.html",
            f"http://{host}/bai/tin-{n}.html",
            f"Thông báo số {n} của phường",
            given=NOW - (100 - n) * HOUR,
        )
        for n in reversed(range(first, first + count))
    ]


def test_a_portal_that_moves_is_told_of_and_nothing_is_doubled() -> None:
    first = plan_for(*portal("thnguyentrai.tptdm.edu.vn", 10))
    new_host = "thnguyentrai.phuongthudaumot.edu.vn"
    plan = again(first, *portal(new_host, 10, first=3))
    assert plan.moved_from == "thnguyentrai.tptdm.edu.vn"
    assert (len(plan.new), len(plan.changed)) == (2, 8)
    assert not plan.gap


def test_another_portal_at_the_address_is_no_move() -> None:
    first = plan_for(*portal("a.edu.vn", 10))
    old = NOW - 200 * HOUR
    strangers = [
        made(f"b.vn/{n}", f"http://b.vn/tin/khac-{n}.html", f"Tin khác {n}", given=old)
        for n in range(10)
    ]
    plan = again(first, *portal("b.vn", 5), *strangers)
    assert plan.moved_from == ""
    assert len(plan.new) == 10


# --- Properties ---------------------------------------------------------------

_FLIPS = st.lists(st.sampled_from(["keep", "guid", "host", "none"]), max_size=6)


@given(st.integers(1, 8), _FLIPS)
def test_no_article_is_doubled_when_guids_flip(count: int, flips: list[str]) -> None:
    """However guids and hosts change from one document to the next."""
    original = portal("a.edu.vn", count)
    plan = plan_for(*original)
    known = known_from(plan)
    for turn, flip in enumerate(flips):
        host = f"h{turn}.edu.vn" if flip == "host" else "a.edu.vn"
        items = portal(host, count)
        if flip == "guid":
            items = [
                replace(
                    i, guid=f"g{turn}-{i.guid}", keys=(f"g{turn}-{i.guid}", i.keys[-1])
                )
                for i in items
            ]
        if flip == "none":
            items = [replace(i, guid="", keys=i.keys[-1:]) for i in items]
        next_plan = plan_for(*items, known=known)
        assert not next_plan.new
        assert next_plan.entries == count
        for alias in next_plan.aliases:
            known.setdefault(alias.key, []).append(replace(alias.known, key=alias.key))


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_order_in_the_document_decides_no_identity(
    one: list[int], two: list[int]
) -> None:
    items = portal("a.edu.vn", 6)
    first = plan_for(*(items[n] for n in one))
    second = plan_for(*(items[n] for n in two), known=known_from(first))
    assert (second.new, second.changed, second.unchanged) == ((), (), 6)
