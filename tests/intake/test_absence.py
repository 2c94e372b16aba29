"""What is not listed any more: scrolled out, perhaps withdrawn, or withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.intake.absence import DOCUMENTS
from aggregator.intake.absence import MOST_ASKED
from aggregator.intake.absence import oldest_listed
from aggregator.intake.absence import to_ask
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.model import Absence
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Plan
from tests.conftest import NOW
from tests.conftest import item
from tests.intake.test_reconcile import known_from
from tests.intake.test_reconcile import plan_for

HOUR = timedelta(hours=1)
ITEMS = [item(f"tin-{n}", given=NOW - n * HOUR) for n in range(1, 7)]


def listing(*hidden: int) -> list[Item]:
    """List the items, newest first, but for some."""
    return [each for n, each in enumerate(ITEMS, 1) if n not in hidden]


def document(
    *hidden: int,
    missing: int = 0,
    state: str = "shown",
    gone: dict[int, bool] | None = None,
    **values: object,
) -> Plan:
    """Read a document that leaves out items, which were missing so often before."""
    known = known_from(plan_for(*ITEMS))
    known = {
        key: (
            [replace(k, missing=missing, state=state) for k in found]
            if any(k.sighting in hidden for k in found)
            else found
        )
        for key, found in known.items()
    }
    past = Past(
        known=known,
        missing=[each[0] for key, each in known.items() if key == each[0].guid],
        had_items=True,
        gone=gone or {},
    )
    read = Digest(items=tuple(listing(*hidden)), **values)
    return reconcile(read, past, source_id="so", now=NOW)


def test_missing_once_is_only_counted() -> None:
    (absent,) = document(3).absent
    assert (absent.missing, absent.state) == (1, "shown")


def test_missing_twice_its_link_is_asked_first() -> None:
    plan = document(3, missing=1)
    (absent,) = plan.absent
    assert (absent.missing, absent.state) == (DOCUMENTS, "maybe_withdrawn")
    assert [known.sighting for known in to_ask(plan.absent, {}, NOW)] == [3]
    assert plan.withdrawn == 0


@pytest.mark.parametrize(
    ("gone", "state", "withdrawn"),
    [(True, "withdrawn", 1), (False, "maybe_withdrawn", 0)],
    ids=["404", "still there"],
)
def test_the_links_answer_decides(gone: bool, state: str, withdrawn: int) -> None:
    plan = document(3, missing=1, gone={3: gone})
    (absent,) = plan.absent
    assert (absent.state, plan.withdrawn) == (state, withdrawn)
    assert to_ask(plan.absent, {3: gone}, NOW) == []
    assert absent.check_at == NOW + timedelta(days=1)  # a 404 may be a night's


@pytest.mark.parametrize("state", ["shown", "maybe_withdrawn", "withdrawn"])
def test_what_is_listed_again_is_shown_again(state: str) -> None:
    known = known_from(plan_for(*ITEMS))
    was = {
        key: [replace(k, missing=2, state=state) for k in found]
        for key, found in known.items()
    }
    plan = plan_for(*ITEMS, known=was)
    assert {(a.missing, a.state) for a in plan.absent} == {(0, "shown")}


def test_what_a_person_hid_stays_hidden() -> None:
    known = known_from(plan_for(*ITEMS))
    was = {
        key: [replace(k, state="hidden") for k in found] for key, found in known.items()
    }
    assert plan_for(*ITEMS, known=was).absent == ()


@pytest.mark.parametrize("values", [{"complete": False}, {"cut": True}], ids=str)
def test_a_broken_document_withdraws_nothing(values: dict[str, bool]) -> None:
    assert document(3, missing=1, **values).absent == ()


def test_a_document_that_misses_most_is_not_believed() -> None:
    many = [item(f"tin-{n}", given=NOW - n * HOUR) for n in range(1, 15)]
    known = known_from(plan_for(*many))
    gone = [replace(found[0], missing=1) for found in list(known.values())[:8]]
    assert plan_for(*many[8:], known=known, missing=gone).absent == ()
    assert len(plan_for(*many[8:], known=known, missing=gone[:5]).absent) == 5


def test_a_feed_of_two_withdraws_too() -> None:
    known = known_from(plan_for(*ITEMS[:2]))
    gone = [replace(known["tin-1"][0], missing=1)]
    (absent,) = plan_for(ITEMS[1], known=known, missing=gone).absent
    assert absent.state == "maybe_withdrawn"


def test_an_empty_document_withdraws_nothing() -> None:
    assert document(1, 2, 3, 4, 5, 6, missing=1).absent == ()


def test_no_more_links_are_asked_at_once_than_is_polite() -> None:
    known = known_from(plan_for(*ITEMS))["tin-1"][0]
    many = [
        Absence(
            known=replace(known, sighting=n),
            missing=2,
            state="maybe_withdrawn",
            check_at=NOW,
        )
        for n in range(20)
    ]
    assert len(to_ask(many, {}, NOW)) == MOST_ASKED


# --- Scrolled out, or missing? ------------------------------------------------


def ages(*hours: float | None) -> list[Item]:
    return [
        item(str(n), given=None if h is None else NOW - h * HOUR)
        for n, h in enumerate(hours)
    ]


@pytest.mark.parametrize(
    ("hours", "oldest"),
    [
        ((1, 2, 3, 4), 4),
        ((1, 2, 2, 3), 3),
        ((900, 1, 2, 3, 4, 5, 6), 6),
        ((1, 2, None, 4), 4),
        ((1, None, None), None),
        ((4, 1, 3, 2), None),
        ((5,), 5),
        ((), None),
    ],
    ids=[
        *("in order", "ties", "one pinned", "one undated", "most undated", "no order"),
        *("single", "empty"),
    ],
)
def test_the_oldest_listed_is_that_of_the_tail(
    hours: tuple[float, ...], oldest: float | None
) -> None:
    found = oldest_listed(ages(*hours))
    if oldest is None:
        assert found is None
    else:
        assert found is not None
        assert timedelta() < found - (NOW - oldest * HOUR) <= timedelta(minutes=1)


def test_known_from_gives_what_the_tests_need() -> None:
    known: list[Known] = known_from(plan_for(*ITEMS))["tin-3"]
    assert [k.sighting for k in known] == [3]
