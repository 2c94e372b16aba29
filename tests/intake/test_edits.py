"""Change is what a reader sees: no date is one, and going to and fro floods nobody."""

from dataclasses import replace
from datetime import timedelta

from aggregator.intake.reconcile import FLIP_CALM
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Plan
from tests.conftest import NOW
from tests.conftest import item
from tests.intake.test_reconcile import known_from
from tests.intake.test_reconcile import plan_for

A, B = item("a", fingerprint="A"), item("a", fingerprint="B")


def known_as(shown: Item, **values: object) -> dict[str, list[Known]]:
    """Give what is known of an item after so many versions."""
    known = known_from(plan_for(shown))
    return {key: [replace(k, **values) for k in found] for key, found in known.items()}


def test_a_date_alone_is_no_change_but_is_noticed() -> None:
    known = known_from(plan_for(A))
    plan = plan_for(replace(A, given=NOW), known=known)
    assert (plan.changed, plan.unchanged, plan.redated) == ((), 1, 1)


def test_a_second_more_or_less_is_nothing() -> None:
    """NukeViet 4.6 moves a date by a second when another item takes it."""
    known = known_from(plan_for(A))
    assert A.given is not None
    plan = plan_for(replace(A, given=A.given - timedelta(seconds=1)), known=known)
    assert plan.redated == 0


def test_an_edit_taken_back_is_a_change() -> None:
    known = known_as(B, version=2, past=frozenset({"A", "B"}))
    assert len(plan_for(A, known=known).changed) == 1


def flip(**values: object) -> Plan:
    """Show B where A is shown, after A, B, A."""
    past = {"version": 3, "past": frozenset({"A", "B"})}
    return plan_for(B, known=known_as(A, **(past | values)))


def test_going_to_and_fro_again_is_held_back() -> None:
    plan = flip()
    assert (plan.changed, plan.unchanged, plan.entries) == ((), 1, 1)
    (held,) = plan.flips
    assert (held.fingerprint, held.since) == ("B", NOW)


def test_since_when_it_is_held_back_is_kept() -> None:
    earlier = NOW - timedelta(hours=3)
    (held,) = flip(flip="B", flip_since=earlier).flips
    assert held.since == earlier


def test_a_version_that_stays_for_a_day_is_believed() -> None:
    plan = flip(flip="B", flip_since=NOW - FLIP_CALM)
    assert (len(plan.changed), plan.flips) == (1, ())


def test_calm_ends_the_holding_back() -> None:
    past = {"version": 3, "past": frozenset({"A", "B"}), "flip": "B"}
    plan = plan_for(A, known=known_as(A, **past, flip_since=NOW))
    (calm,) = plan.flips
    assert (calm.fingerprint, calm.since, plan.unchanged) == ("", None, 1)


def test_something_never_seen_before_is_no_flip() -> None:
    past = {"version": 3, "past": frozenset({"A", "B"})}
    plan = plan_for(item("a", fingerprint="C"), known=known_as(A, **past))
    assert len(plan.changed) == 1


def test_the_item_at_which_a_document_is_cut_changes_nothing_known() -> None:
    """Half a text must not take the place of a whole one; a new one is kept."""
    whole, torn = item("b"), item("a", fingerprint="half of A")
    known = known_from(plan_for(whole, A))
    past = Past(known=known, had_items=True)
    cut = Digest(items=(replace(whole, fingerprint="edited"), torn), cut=True)
    plan = reconcile(cut, past, source_id="so", now=NOW)
    assert [change.item.guid for change in plan.changed] == ["b"]
    assert (plan.unchanged, plan.entries) == (1, 2)
    new = Digest(items=(whole, item("c")), cut=True)
    assert len(reconcile(new, past, source_id="so", now=NOW).new) == 1
