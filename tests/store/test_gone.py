"""What was taken away, as Views see it, on every database."""

from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import Correction
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import View
from aggregator.store.corrections import correct
from aggregator.store.engine import Store
from aggregator.store.scope import told_since
from aggregator.store.scope import told_until
from aggregator.store.views import last_untold
from aggregator.store.views import read_view
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import meaning
from tests.store.test_items import SAID
from tests.store.test_items import Declare
from tests.store.test_items import pull
from tests.store.test_items import view

THERE = ZoneInfo("Asia/Ho_Chi_Minh")


def hide(store: Store, notice: str, now: datetime, *, hidden: bool = True) -> None:
    """Let a person hide a notice."""
    with store.write() as connection:
        correct(connection, notice, Correction(hidden=hidden), by="Lan", now=now)


def read(store: Store, wanted: View) -> list[Notice]:
    """Read a View."""
    with store.read() as connection:
        return read_view(connection, wanted)


@pytest.fixture
def two(store: Store, declare: Declare) -> tuple[Store, str]:
    """Give a store with two notices, and the id of the second, which is hidden."""
    declare(store, SAID)
    x = item("x", meaning=meaning())
    y = item("y", meaning=meaning(meaning().category, Level.PRIMARY))
    pull(store, "so-tin", x, y)
    notice = next(n.id for n in read(store, view("so")) if n.guid == "y")
    hide(store, notice, NOW)
    return store, notice


WHEN: dict[str, tuple[dict[str, Any], bool]] = {
    "who does not ask": ({}, False),
    "since before": ({"gone_since": NOW - timedelta(days=1)}, True),
    "since that moment": ({"gone_since": NOW}, True),
    "since after": ({"gone_since": NOW + timedelta(seconds=1)}, False),
    "that level": (
        {"gone_since": NOW, "levels": frozenset({Level.PRIMARY})},
        True,
    ),
    "another level": (
        {"gone_since": NOW, "levels": frozenset({Level.PRESCHOOL})},
        False,
    ),
}


@pytest.mark.parametrize(("options", "told"), WHEN.values(), ids=WHEN)
def test_a_view_tells_of_losses_since_a_moment(
    two: tuple[Store, str], options: dict[str, Any], told: bool
) -> None:
    store, notice = two
    found = {n.id: n for n in read(store, view("so", **options))}
    assert (notice in found) == told
    if told:
        lost = found[notice]
        assert (lost.state, lost.gone) == ("hidden", NOW)
        assert (lost.title, lost.text, lost.html, lost.link, lost.guid) == ("",) * 5
    assert all(n.gone is None for id_, n in found.items() if id_ != notice)


def test_when_a_view_last_ceased_to_tell(two: tuple[Store, str]) -> None:
    store, _ = two
    day = timedelta(days=1)
    over = told_until(NOW, "Asia/Ho_Chi_Minh")
    assert over == datetime(2026, 12, 21, 0, 0, tzinfo=THERE)
    asked = {
        "told still": (view("so", gone_since=NOW), None),
        "told no more": (view("so", gone_since=NOW + day), over),
        "nobody asks": (view("so"), None),
        "elsewhere": (view("ward", gone_since=NOW + day), None),
        "a past day": (view("so", gone_since=NOW + day, on=date(2026, 12, 30)), None),
    }
    with store.read() as connection:
        found = {name: last_untold(connection, v) for name, (v, _) in asked.items()}
    assert found == {name: wanted for name, (_, wanted) in asked.items()}


def test_the_days_of_losses_are_those_of_the_site() -> None:
    """What is told on a day is what has not ceased to be told when it begins."""
    for hour in (0, 12, 16, 17, 23):
        gone = NOW.replace(hour=hour)
        over = told_until(gone, "Asia/Ho_Chi_Minh").astimezone(THERE)
        last, after = over.date() - timedelta(days=1), over.date()
        assert told_since(last, "Asia/Ho_Chi_Minh") <= gone
        assert told_since(after, "Asia/Ho_Chi_Minh") > gone


def test_hiding_twice_moves_no_moment(two: tuple[Store, str]) -> None:
    store, notice = two
    hide(store, notice, NOW + timedelta(days=1))
    (lost,) = (n for n in read(store, view("so", gone_since=NOW)) if n.gone)
    assert lost.gone == NOW
    hide(store, notice, NOW + timedelta(days=2), hidden=False)
    assert all(n.gone is None for n in read(store, view("so", gone_since=NOW)))
