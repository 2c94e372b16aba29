"""A person's word outlives rules and readings; today's rules move what is stored."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from aggregator.meaning.marks import naming_mark
from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import Correction
from aggregator.model import Hold
from aggregator.model import Level
from aggregator.model import Reference
from aggregator.store import schema
from aggregator.store.corrections import cases
from aggregator.store.corrections import correct
from aggregator.store.corrections import take_back
from aggregator.store.dossier import read_dossier
from aggregator.store.known import lock_portals
from aggregator.store.portals import portal_of
from aggregator.store.references import find_marked
from aggregator.store.views import view_version
from aggregator.work.relabelling import relabelled
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import meaning
from tests.conftest import settings
from tests.conftest import source
from tests.store.test_items import pull
from tests.store.test_items import read
from tests.store.test_items import view

SAID = settings(
    source("so-tin", url="http://so.example/rss/tin.rss", category=None),
    source("so-tb", url="http://so.example/rss/tb.rss", category=None),
)
LATER = NOW + timedelta(hours=1)
PRIMARY = frozenset({Level.PRIMARY})


def say(store, notice, *, now=LATER, by="Lan", why="", **said):
    with store.write() as connection:
        return correct(connection, notice, Correction(**said), by=by, why=why, now=now)


def relabel(store, said=SAID, **options):
    return list(relabelled(store, said, now=LATER, **options))


@pytest.fixture
def notice(store, declare):
    """Give a notice that rules file under THPT news; they would say otherwise now."""
    declare(store, SAID)
    stored = item("a", meaning=meaning(Category.NEWS, Level.UPPER_SECONDARY))
    plan = pull(store, "so-tin", replace(stored, title="Kế hoạch thi lớp 5"))
    return plan.new[0].notice


def only(store):
    (found,) = read(store, view("so"))
    return found


# --- Corrections ----------------------------------------------------------------


def test_a_correction_shows_at_once_and_moves_the_feeds_it_leaves_and_enters(
    store, notice
):
    left = view("so", levels=frozenset({Level.UPPER_SECONDARY}))
    entered = view("so", levels=PRIMARY)
    with store.read() as connection:
        before = [view_version(connection, each) for each in (left, entered)]
    assert say(store, notice, levels=PRIMARY, category=Category.ANNOUNCEMENT)
    with store.read() as connection:
        after = [view_version(connection, each) for each in (left, entered)]
    assert all(a.stamp != b.stamp for a, b in zip(after, before, strict=True))
    assert (only(store).category, only(store).levels) == ("announcement", PRIMARY)
    assert read(store, left) == []
    assert len(read(store, entered)) == 1


def test_a_correction_says_who_why_and_since_when_and_keeps_what_was(store, notice):
    say(store, notice, levels=PRIMARY, why="Công văn ghi lớp 5")
    with store.read() as connection:
        labels = read_dossier(connection, notice).labels
    told = {
        (label.value, label.given_by, label.from_at, label.to_at) for label in labels
    }
    assert ("primary", "Lan", LATER, None) in told
    assert ("upper_secondary", "rules", NOW, LATER) in told
    assert ("news", "rules", NOW, None) in told
    (mine,) = [label for label in labels if label.given_by == "Lan"]
    assert [because.says for because in mine.why] == ["Công văn ghi lớp 5"]


def test_a_correction_outlives_the_next_reading_of_a_changed_item(store, notice):
    say(store, notice, levels=PRIMARY)
    changed = item("a", meaning=meaning(Category.DOCUMENT, Level.CONTINUING))
    pull(store, "so-tin", replace(changed, fingerprint="anders"), now=LATER)
    assert (only(store).category, only(store).levels) == ("document", PRIMARY)
    with store.read() as connection:
        labels = read_dossier(connection, notice).labels
    holding = {label.value for label in labels if label.to_at is None}
    assert holding == {"primary", "document"}


def test_a_correction_holds_at_a_further_place_of_the_notice(store, notice):
    say(store, notice, levels=PRIMARY, category=Category.INVITATION)
    again = item("a", meaning=meaning(Category.NEWS, Level.CONTINUING))
    pull(store, "so-tb", replace(again, title="Kế hoạch thi lớp 5"), now=LATER)
    found = only(store)
    assert (found.levels, found.categories) == (PRIMARY, (Category.INVITATION,))
    assert [place.source for place in found.also_at] == ["so-tb"]


def test_what_is_hidden_stays_hidden_wherever_it_comes_again(store, notice):
    say(store, notice, hidden=True)
    assert read(store, view("so")) == []
    again = replace(item("a"), title="Kế hoạch thi lớp 5")
    pull(store, "so-tb", again, now=LATER)
    pull(store, "so-tin", replace(again, fingerprint="anders"), now=LATER)
    assert read(store, view("so")) == []
    say(store, notice, hidden=False, now=LATER + timedelta(hours=1))
    assert only(store).state == "shown"
    assert only(store).facets == {}


def test_showing_brings_back_nothing_that_its_source_has_withdrawn(store, notice):
    with store.write() as connection:
        connection.execute(sa.update(schema.sightings).values(state="withdrawn"))
    say(store, notice, hidden=False)
    assert read(store, view("so")) == []


def test_of_two_corrections_the_later_one_counts(store, notice):
    say(store, notice, levels=PRIMARY)
    say(store, notice, levels=frozenset(), by="Minh", now=LATER + timedelta(hours=1))
    assert only(store).levels == frozenset()
    with store.read() as connection:
        (case,) = cases(connection)
    assert (case.by, case.correction.levels) == ("Minh", frozenset())


def test_what_is_taken_back_is_left_to_the_rules(store, notice):
    say(store, notice, levels=frozenset({Level.CONTINUING}), category=Category.NEWS)
    with store.write() as connection:
        assert take_back(connection, notice, LATER) == 2
    relabel(store, notices=[notice])
    assert (only(store).category, only(store).levels) == ("document", PRIMARY)
    with store.read() as connection:
        labels = read_dossier(connection, notice).labels
    holding = {(label.value, label.given_by) for label in labels if not label.to_at}
    assert holding == {("primary", "rules"), ("document", "rules")}


def test_a_correction_waits_for_who_is_saving_the_portal(store, notice):
    """Else what is being saved, by rules alone, would be written over it."""
    said = threading.Thread(
        target=say, args=(store, notice), kwargs={"levels": PRIMARY}
    )
    with store.write() as connection:
        lock_portals(connection, {portal_of(SAID.sources["so-tin"].url)})
        said.start()
        said.join(0.3)
        assert said.is_alive()
    said.join(20)
    assert only(store).levels == PRIMARY


def test_nobody_corrects_and_nothing_unknown_is_corrected(store, notice):
    assert not say(store, "00000000-0000-0000-0000-000000000000", levels=PRIMARY)
    for nobody in ("", "rules"):
        with pytest.raises(ValueError, match="name"):
            say(store, notice, by=nobody, levels=PRIMARY)


# --- Relabelling ----------------------------------------------------------------


def test_a_dry_run_says_what_would_move_and_moves_nothing(store, notice):
    (moved,) = relabel(store, dry=True)
    assert (moved.was.category, moved.meaning.category) == ("news", "document")
    assert (moved.was.levels, moved.meaning.levels) == (
        frozenset({Level.UPPER_SECONDARY}),
        PRIMARY,
    )
    assert only(store).category == "news"


def test_relabelling_applies_todays_rules_once(store, notice):
    assert [moved.was.notice for moved in relabel(store)] == [notice]
    assert (only(store).category, only(store).levels) == ("document", PRIMARY)
    assert relabel(store) == []


def test_relabelling_leaves_what_a_person_has_said(store, notice):
    say(store, notice, levels=frozenset({Level.CONTINUING}))
    relabel(store)
    assert only(store).levels == frozenset({Level.CONTINUING})
    assert only(store).category == "document"
    assert relabel(store) == []


def test_facts_and_facets_move_too(store, notice, declare):
    urgent = replace(
        item("b"), title="HỎA TỐC: Công văn 12/SGDĐT-GDTH nộp trước ngày 5/12/2026"
    )
    pull(store, "so-tin", urgent)
    relabel(store)
    found = next(n for n in read(store, view("so")) if n.guid == "b")
    assert found.facets["urgency"] == ("hoa_toc",)
    assert found.document.number == "12/SGDĐT-GDTH"
    assert str(found.deadline) == "2026-12-05"


def test_many_are_relabelled_in_batches(store, declare):
    declare(store, SAID)
    pull(
        store,
        "so-tin",
        *(
            replace(item(f"n{n}"), title=f"Kế hoạch thi lớp 5 lần {n}")
            for n in range(450)
        ),
    )
    passed = []
    assert len(relabel(store, passed=passed.append)) == 450
    assert passed == [200, 200, 50]


def test_what_left_the_file_is_left_alone(store, notice):
    gone = settings(source("so-tb", url="http://so.example/rss/tb.rss"))
    assert relabel(store, gone) == []


def test_what_the_guard_holds_a_person_lets_pass_for_good(store, declare):
    declare(store, SAID)
    spam = Hold(kind="betting", because=(Because(says="Lời mời cá cược"),))
    held = item("s", meaning=replace(meaning(), hold=spam))
    notice = pull(store, "so-tin", held).new[0].notice
    assert read(store, view("so")) == []
    assert say(store, notice, hidden=False)
    assert only(store).facets == {}
    pull(store, "so-tb", held, now=LATER)  # a further place, with the same words
    assert [place.source for place in only(store).also_at] == ["so-tb"]


def test_relabelling_marks_what_an_item_names(store, declare):
    """So the page of a document leads to what was stored before it was understood."""
    declare(store, SAID)
    named = Reference(kind="abolishes", number="8/SGDĐT-VP", issuer="SGDĐT")
    plan = pull(store, "so-tin", item("a", title="Bãi bỏ Công văn 8/SGDĐT-VP"))
    mark = naming_mark(named, "so", acts=True)
    with store.read() as connection:
        assert find_marked(connection, [mark]) == []
    assert len(relabel(store)) == 1
    with store.read() as connection:
        (found,) = find_marked(connection, [mark])
    assert (found.id, found.references) == (plan.new[0].notice, (named,))
    assert relabel(store) == []
