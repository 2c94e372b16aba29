"""Many documents at once, as like each other as can be: what holds of joining."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.joining import MOST_PROPOSED
from aggregator.intake.joining import join
from aggregator.intake.joining import marked
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Plan
from aggregator.model import SourceRow
from tests.conftest import NOW
from tests.conftest import source
from tests.intake.test_duplicates import LETTER
from tests.intake.test_duplicates import MEETING
from tests.intake.test_duplicates import OPENNESS
from tests.intake.test_duplicates import notice

TITLES = (OPENNESS, f"5711/SGDĐT-KTKĐ {OPENNESS}", "5711/SGDĐT-KTKĐ về khai giảng")
TEXTS = ("", LETTER, LETTER + " Phòng GD&ĐT Quận 3.", MEETING.format("Quận 1"))


def entry(place: int, title: str, text: str) -> Item:
    """Make an item whose own page is its name."""
    return notice(title, text, link=f"http://cong.example/bai/xem-{place}.html")


ENTRIES = st.builds(
    entry, st.integers(10, 99), st.sampled_from(TITLES), st.sampled_from(TEXTS)
)
DOCUMENTS = st.lists(st.lists(ENTRIES, max_size=4), min_size=1, max_size=6)


def plans_of(documents: list[list[Item]]) -> list[tuple[SourceRow, Plan]]:
    plans = []
    for n, items in enumerate(documents):
        row = SourceRow(pk=n, source=source(f"s{n}"), portal=f"p{n}")
        digest = Digest(items=tuple(items))
        plan = reconcile(digest, Past(), source_id=row.source.id, now=NOW)
        plans.append((row, plan))
    return plans


@given(DOCUMENTS)
def test_what_holds_of_every_batch(documents: list[list[Item]]) -> None:
    plans = plans_of(documents)
    joined, proposals = join(plans, marked(plans), [], {})
    minted: set[str] = set()
    for (row, before), (same_row, after) in zip(plans, joined, strict=True):
        assert row is same_row and after.counts == before.counts
        assert [n.key for n in after.new] == [n.key for n in before.new]
        assert [n.item for n in after.new] == [n.item for n in before.new]
        for new, was in zip(after.new, before.new, strict=True):
            if new.minted:
                assert (new.notice, new.published) == (was.notice, was.published)
                minted.add(new.notice)
            assert new.notice in minted  # what is joined came before
        shown = [new.notice for new in after.new]
        assert len(set(shown)) == len(shown)  # one place a source
    for each in proposals:
        assert each.notice < each.other and {each.notice, each.other} <= minted
    count = sum(len(plan.new) for _, plan in plans)
    assert len(proposals) <= MOST_PROPOSED * count
    assert len({(p.notice, p.other) for p in proposals}) == len(proposals)


@given(DOCUMENTS)
def test_what_nobody_else_shows_is_left_as_it_is(documents: list[list[Item]]) -> None:
    plans = plans_of(documents[:1])
    joined, proposals = join(plans, marked(plans), [], {})
    assert all(new.minted for _, plan in joined for new in plan.new)
    assert proposals == []
