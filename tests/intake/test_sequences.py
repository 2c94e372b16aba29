"""Documents one after another, as bad as can be: nothing lost, nothing made twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.digest import without_shared_links
from aggregator.intake.names import number_of
from aggregator.intake.names import page_of
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Plan
from tests.conftest import NOW
from tests.conftest import item
from tests.intake.test_reconcile import known_from
from tests.intake.test_reconcile import plan_for

HOUR = timedelta(hours=1)
PAGES = ("", "http://a.vn/", "http://a.vn/thu-moi/", "http://a.vn/bai/{0}.html")
GUIDS = ("", "1", "item-2", "news_184213", "http://a.vn/{0}")
TITLES = ("Thư mời họp", "Khai giảng", "Lịch công tác tuần 12", "Lịch công tác tuần 13")
DATES = (
    None,
    NOW - 12.5 * HOUR,
    NOW - 37.25 * HOUR,
    NOW.replace(hour=0),
    NOW - 60.1 * HOUR,
)


def entry(guid: str, page: str, title: str, date: int, text: str = "") -> Item:
    """Make an item as `normalize` and `digest` would."""
    slug = f"{title}-{date}".replace(" ", "-").lower()
    guid, link = guid.format(slug), page.format(slug)
    given_names = [name.removeprefix("http://") for name in (guid, link) if name]
    return item(
        "",
        keys=tuple(dict.fromkeys(given_names)) or (f"sha256:{title}{text}",),
        guid=guid,
        title=title,
        link=link,
        given=DATES[date],
        fingerprint=f"{title} {link} {text}",
    )


class Shelf:
    """What a store would know, made of plans."""

    def __init__(self) -> None:
        self.known: dict[str, list[Known]] = {}
        self.rows = 0

    def read(self, *items: Item) -> Plan:
        """Reconcile a document, and take in what that means."""
        plan = plan_for(*without_shared_links(items), known=self.known)
        for found in known_from(plan).values():
            for each in found:
                row = replace(each, sighting=each.sighting + self.rows)
                self.known.setdefault(each.key, []).append(row)
        self.rows += len(plan.new)
        for alias in plan.aliases:
            row = replace(alias.known, key=alias.key)
            self.known.setdefault(alias.key, []).append(row)
        for change in plan.changed:
            self._edit(change.known.sighting, change.item)
        return plan

    def _edit(self, sighting: int, shown: Item) -> None:
        for key, found in self.known.items():
            self.known[key] = [
                _edited(each, shown) if each.sighting == sighting else each
                for each in found
            ]

    def shown(self) -> set[str]:
        """List what a reader sees."""
        return {each.fingerprint for found in self.known.values() for each in found}


def _edited(known: Known, shown: Item) -> Known:
    return replace(
        known,
        title=shown.title,
        link=shown.link,
        given=shown.given,
        fingerprint=shown.fingerprint,
        number=number_of(shown),
    )


ENTRIES = st.builds(
    entry,
    st.sampled_from(GUIDS),
    st.sampled_from(PAGES),
    st.sampled_from(TITLES),
    st.integers(0, len(DATES) - 1),
    st.sampled_from(["", "Bản sửa"]),
)
DOCUMENTS = st.lists(st.lists(ENTRIES, min_size=1, max_size=5), min_size=1, max_size=5)


@given(DOCUMENTS)
@example([[entry("2", PAGES[0], "Thư mời họp", 1)], [entry("1", "", TITLES[1], 2)]])
def test_to_read_a_document_twice_is_to_read_it_once(
    documents: list[list[Item]],
) -> None:
    shelf = Shelf()
    for document in documents:
        shelf.read(*document)
        before = shelf.shown()
        plan = shelf.read(*document)
        assert not plan.new and not plan.changed
        assert plan.unchanged + plan.duplicate == len(document)
        assert shelf.shown() == before


def once(document: list[Item]) -> list[Item]:
    """Leave out what is rightly taken for another entry of the document.

    One guid and title, and no other page or the same date.
    """
    return [
        each
        for each in document
        if not any(
            (each.guid, each.title) == (other.guid, other.title)
            and (not page_of(other.link) or each.given == other.given)
            for other in document
            if other.link != each.link
        )
    ]


@given(DOCUMENTS)
def test_what_a_document_shows_is_shown(documents: list[list[Item]]) -> None:
    """Whatever was read before, and however guids, links and dates are reused."""
    shelf = Shelf()
    for document in documents:
        shelf.read(*document)
        known = [each for found in shelf.known.values() for each in found]
        assert {each.title for each in document} <= {each.title for each in known}
        own_pages = {each.link for each in once(document) if "/bai/" in each.link}
        assert own_pages <= {each.link for each in known}


@pytest.mark.parametrize("guid", ["1", "item-2"])
@pytest.mark.parametrize("page", PAGES)
def test_a_place_in_the_document_is_no_name(guid: str, page: str) -> None:
    """Feeds of one entry that number their entries by place."""
    shelf = Shelf()
    first = entry(guid, PAGES[3], "Thư mời họp", 1)
    shelf.read(first)
    assert len(shelf.read(entry(guid, page, "Thư mời họp", 2)).new) == 1
    assert len(shelf.read(entry(guid, page, "Lịch công tác tuần 12", 3)).new) == 1
    assert len(shelf.read(entry(guid, page, "Lịch công tác tuần 13", 4)).new) == 1
    assert not shelf.read(first).new
