"""What a document means, given what is known: identity, dates, and the balance."""

from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.names import names_of
from aggregator.intake.names import number_of
from aggregator.intake.names import stored_key
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import base_date
from aggregator.intake.reconcile import notice_id
from aggregator.intake.reconcile import reconcile
from aggregator.model import Category
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import NewSighting
from aggregator.model import Plan
from aggregator.model import Rejection
from tests.conftest import NOW
from tests.conftest import item

VIETNAM = timezone(timedelta(hours=7))


def known_from(plan: Plan, *, own: bool = True) -> dict[str, list[Known]]:
    """Turn a plan's new items into what the store would know of them."""
    found: dict[str, list[Known]] = {}
    pairs = [(n, new, key) for n, new in enumerate(plan.new, 1) for key in keys(new)]
    for row, new, key in pairs:
        found.setdefault(key, []).append(
            Known(
                key=key,
                sighting=row,
                notice=new.notice,
                own=own,
                fingerprint=new.item.fingerprint,
                title=new.item.title,
                link=new.item.link,
                version=1,
                published=new.published,
                category=Category.NEWS,
                levels=frozenset(),
                guid=new.item.guid,
                given=new.item.given,
                number=number_of(new.item),
            )
        )
    return found


def keys(new: NewSighting) -> tuple[str, ...]:
    """List the names under which the store keeps a new sighting."""
    return (new.key, *new.aliases)


def plan_for(
    *items: Item, known: dict[str, list[Known]] | None = None, **more: object
) -> Plan:
    """Reconcile a document of these items, one minute after NOW."""
    past = Past(**({"known": known or {}, "had_items": bool(known)} | more))
    return reconcile(Digest(items=items), past, source_id="so", now=NOW)


def test_first_sight_makes_everything_new() -> None:
    plan = plan_for(item("a"), item("b"))
    assert [new.notice for new in plan.new] == [
        notice_id("so", "a"),
        notice_id("so", "b"),
    ]
    assert all(new.minted for new in plan.new)
    assert not plan.gap


def test_the_same_again_changes_nothing() -> None:
    first = plan_for(item("a"), item("b"))
    again = plan_for(item("a"), item("b"), known=known_from(first))
    assert (again.new, again.changed, again.unchanged) == ((), (), 2)


def test_an_edit_is_a_change_of_the_same_notice() -> None:
    first = plan_for(item("a"))
    edited = item("a", title="Đính chính", fingerprint="khác")
    plan = plan_for(edited, known=known_from(first))
    assert [change.known.notice for change in plan.changed] == [first.new[0].notice]


def test_title_and_link_may_change_together() -> None:
    """NukeViet makes the link from the title; the guid stays."""
    first = plan_for(item("news_12"))
    moved = item(
        "news_12", title="Tiêu đề khác hẳn", link="http://cong.example/khac-han-12.html"
    )
    plan = plan_for(replace(moved, fingerprint="khác"), known=known_from(first))
    assert len(plan.changed) == 1 and not plan.new


def test_an_item_repeated_in_the_document_is_a_duplicate() -> None:
    plan = plan_for(item("a"), item("a"), item("b"))
    assert len(plan.new) == 2
    assert plan.duplicate == 1
    assert plan.entries == 3


def test_a_guid_given_to_several_articles_is_no_name() -> None:
    one = item(
        "x", keys=("home", "x.example/1"), title="Một", link="http://x.example/1"
    )
    two = item(
        "y", keys=("home", "x.example/2"), title="Hai", link="http://x.example/2"
    )
    plan = plan_for(one, two)
    assert [new.item.title for new in plan.new] == ["Một", "Hai"]
    assert len({new.notice for new in plan.new}) == 2
    again = plan_for(two, known=known_from(plan))  # the first has scrolled out
    assert (len(again.new), again.unchanged) == (0, 1)


def test_articles_without_guid_and_link_are_told_apart_by_their_title() -> None:
    one = item("x", keys=("home",), title="Một", link="")
    two = item("y", keys=("home",), title="Hai", link="")
    plan = plan_for(one, two)
    assert len(plan.new) == 2
    again = plan_for(two, one, known=known_from(plan))
    assert (len(again.new), again.unchanged) == (0, 2)


def test_another_source_of_the_portal_shows_the_same_notice() -> None:
    first = plan_for(item("news_12"))
    elsewhere = known_from(first, own=False)
    other = item("news_12", link="http://cong.example/thong-bao/news_12.html")
    plan = reconcile(
        Digest(items=(other,)), Past(known=elsewhere), source_id="so-thong-bao", now=NOW
    )
    (seen,) = plan.new
    assert seen.notice == first.new[0].notice
    assert not seen.minted
    assert seen.published == first.new[0].published


def test_the_same_short_guid_for_another_article_is_another_notice() -> None:
    first = plan_for(item("news_12"))
    other = item("news_12", title="Chuyện khác", link="http://cong.example/khac.html")
    plan = reconcile(
        Digest(items=(other,)),
        Past(known=known_from(first, own=False)),
        source_id="so-thong-bao",
        now=NOW,
    )
    assert plan.new[0].minted
    assert plan.new[0].notice != first.new[0].notice


def test_a_gap_is_seen_when_nothing_overlaps() -> None:
    assert plan_for(item("a"), had_items=True).gap
    assert not plan_for(had_items=True).gap  # an empty document says nothing


def test_rejected_entries_are_in_the_balance() -> None:
    rejected = Rejection(position=1, reason="empty")
    plan = reconcile(
        Digest(items=(item("a"),), rejections=(rejected,)),
        Past(),
        source_id="so",
        now=NOW,
    )
    assert plan.rejected == (rejected,)
    assert plan.entries == 2


def test_a_long_guid_is_known_by_its_hash() -> None:
    long = "x" * 5000
    assert len(stored_key(long)) < 100
    assert stored_key(long) == stored_key(long) != stored_key(long + "y")
    plan = plan_for(item("a", keys=(long,)))
    again = plan_for(item("a", keys=(long,)), known=known_from(plan))
    assert again.unchanged == 1


# --- Dates --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_date", "expected"),
    [
        (NOW - timedelta(days=3), NOW - timedelta(days=3)),
        (NOW + timedelta(days=3), NOW),
        (None, NOW),
        (datetime(1, 1, 1, tzinfo=UTC), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), NOW),
    ],
    ids=["past", "future", "none", ".NET's none", "Unix's none"],
)
def test_an_item_is_as_old_as_it_says_unless_that_cannot_be(
    given_date: datetime | None, expected: datetime
) -> None:
    assert base_date(given_date, NOW) == expected
    assert plan_for(item("a", given=given_date)).new[0].published == expected


def test_items_of_one_second_keep_their_order() -> None:
    items = [item(name, given=NOW - timedelta(minutes=7)) for name in "abc"]
    dates = [new.published for new in plan_for(*items).new]
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == 3


def test_items_of_one_day_stay_on_their_day() -> None:
    midnight = datetime(2026, 11, 19, tzinfo=VIETNAM)
    items = [item(name, given=midnight) for name in "abc"]
    dates = [new.published for new in plan_for(*items).new]
    assert dates == sorted(dates, reverse=True)
    assert {date.astimezone(VIETNAM).date() for date in dates} == {midnight.date()}


def test_a_second_already_taken_is_not_taken_again() -> None:
    moment = NOW - timedelta(minutes=10)
    plan = plan_for(item("a", given=moment), taken={moment})
    assert plan.new[0].published == moment - timedelta(seconds=1)


# --- Properties ---------------------------------------------------------------

_NAMES = st.sampled_from(["a", "b", "c", "d"])
_ITEMS = st.lists(
    st.builds(
        lambda guid, title, link, text, hours: item(
            guid,
            keys=tuple(dict.fromkeys(k for k in (guid, f"x.example/{link}") if k)),
            title=title,
            link=f"http://x.example/{link}",
            fingerprint=f"{title}/{link}/{text}",
            given=None if hours is None else NOW - timedelta(hours=hours),
        ),
        _NAMES,
        _NAMES,
        _NAMES,
        _NAMES,
        st.one_of(st.none(), st.integers(-5, 5)),
    ),
    max_size=12,
)


@given(_ITEMS, st.integers(0, 3))
def test_every_document_balances(items: list[Item], rejected: int) -> None:
    rejections = tuple(Rejection(position=n, reason="empty") for n in range(rejected))
    digest = Digest(items=tuple(items), rejections=rejections)
    plan = reconcile(digest, Past(), source_id="so", now=NOW)
    assert plan.entries == len(items) + rejected
    assert len({new.key for new in plan.new}) == len(plan.new)
    assert len({new.notice for new in plan.new}) == len(plan.new)
    assert len({new.published for new in plan.new}) == len(plan.new)


@given(_ITEMS)
def test_pulling_twice_is_pulling_once(items: list[Item]) -> None:
    first = plan_for(*items)
    again = plan_for(*items, known=known_from(first))
    assert again.new == ()
    assert again.changed == ()
    assert again.duplicate == first.duplicate
    assert again.unchanged == len(first.new)


@given(_ITEMS)
def test_every_name_that_is_chosen_was_asked_for(items: list[Item]) -> None:
    assert {new.key for new in plan_for(*items).new} <= names_of(items)
