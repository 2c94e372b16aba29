"""What a document must be before it leaves, and what is left out where it is not."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from aggregator.model import Event
from aggregator.model import Notice
from aggregator.publish.atom import render_atom
from aggregator.publish.calendar import prove_calendar
from aggregator.publish.calendar import render_calendar
from aggregator.publish.jsonfeed import render_json
from aggregator.publish.proof import Prove
from aggregator.publish.proof import prove_atom
from aggregator.publish.proof import prove_data
from aggregator.publish.proof import prove_json
from aggregator.publish.proof import prove_rss
from aggregator.publish.proof import proven
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from aggregator.publish.widget import render_widget
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import notice

RENDER: dict[str, tuple[Any, Prove]] = {
    "rss": (render_rss, prove_rss),
    "atom": (render_atom, prove_atom),
    "json": (render_json, prove_json),
    "ics": (render_calendar, prove_calendar),
    "widget": (render_widget, prove_data),
}


def notices() -> list[Notice]:
    """Make three notices that every form shows."""
    event = Event(start=CHANGED, place="Sở")
    return [
        notice(
            id=f"866b48fb-dc48-5240-9ad3-cd3057f1349{n}", title=f"Tin{n}", event=event
        )
        for n in range(3)
    ]


def made(form: str, shown: Sequence[Notice]) -> bytes:
    """Write notices in a form."""
    render, _ = RENDER[form]
    chosen = select(SAID, "so")
    body: bytes = render(shown, settings=SAID, selection=chosen, changed_at=CHANGED)
    return body


def spoilt(form: str, shown: Sequence[Notice]) -> bytes:
    """Write them with a character that none of the forms can hold in one of them."""
    return made(form, shown).replace(b"Tin1", b"Tin\x01\xff")


def failing(form: str, shown: Sequence[Notice]) -> bytes:
    """Write them, but for one at which the writer breaks down."""
    if any(each.title == "Tin1" for each in shown):
        raise KeyError("Tin1")
    return made(form, shown)


@pytest.mark.parametrize("form", RENDER)
def test_what_is_good_goes_out_as_it_was_made(form: str) -> None:
    body, poisoned = proven(partial(made, form), RENDER[form][1], notices())
    assert body == made(form, notices())
    assert poisoned == []


@pytest.mark.parametrize("broken", [spoilt, failing])
@pytest.mark.parametrize("form", RENDER)
def test_one_bad_notice_is_left_out_alone(form: str, broken: Any) -> None:
    body, poisoned = proven(partial(broken, form), RENDER[form][1], notices())
    one, bad, other = notices()
    assert [each.notice for each in poisoned] == [bad]
    assert body == made(form, [one, other])
    assert poisoned[0].why


@pytest.mark.parametrize("form", RENDER)
def test_where_nothing_would_be_left_nothing_is_made(form: str) -> None:
    _, bad, _ = notices()
    with pytest.raises(KeyError, match="Tin1"):
        proven(partial(failing, form), RENDER[form][1], [bad])


def test_what_no_single_notice_does_is_an_error() -> None:
    def crowded(shown: Sequence[Notice]) -> bytes:
        if len(shown) > 1:
            raise ValueError("together")
        return made("rss", shown)

    with pytest.raises(ValueError, match="together"):
        proven(crowded, prove_rss, notices())


CUT: dict[str, tuple[str, bytes, bytes]] = {
    "a document cut short": ("rss", b"</channel>\n</rss>", b""),
    "an entity that nobody declared": ("rss", b"Tin1", b"Tin&nbsp;1"),
    "a prefix that nobody declared": ("rss", b"<guid", b"<x:y/><guid"),
    "another root": ("rss", b"rss", b"RDF"),
    "an item without title": ("rss", b"<title>Tin1</title>", b""),
    "an item without link": ("rss", b"<link>http://so.example", b"<link/><x>"),
    "an item of no date": ("rss", b"pubDate>", b"date>"),
    "Atom cut short": ("atom", b"</feed>", b""),
    "an entry without id": ("atom", b"<id>urn:", b"<id></id><id>urn:"),
    "an entry of no date": ("atom", b"updated>", b"date>"),
    "an entry without links": ("atom", b"<link href=", b"<link x="),
    "JSON cut short": ("json", b"]\n}", b""),
    "an item without url": ("json", b'"url"', b'"uri"'),
    "an item that is no text": ("json", b'"title": "Tin1"', b'"title": null'),
    "a calendar cut short": ("ics", b"END:VCALENDAR", b""),
    "a moment that is none": ("ics", b"20261120T073000", b"2026112xT073000"),
    "widget's data cut short": ("widget", b"}]", b""),
}


@pytest.mark.parametrize(("form", "old", "new"), CUT.values(), ids=CUT)
def test_what_cannot_be_read_is_not_good(form: str, old: bytes, new: bytes) -> None:
    body = made(form, notices())
    assert old in body
    RENDER[form][1](body)
    with pytest.raises(ValueError):
        RENDER[form][1](body.replace(old, new))
