"""Items that were written before: the same bytes as if all were written anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import Enclosure
from aggregator.model import Notice
from aggregator.publish import atom
from aggregator.publish import fragments as room
from aggregator.publish import rss
from aggregator.publish.fragments import Fragments
from aggregator.publish.view import select
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import notice

RENDERS = {"rss": rss.render_rss, "atom": atom.render_atom}
MARKS = "a </item>\n <item> </entry>\n<entry> & ]]> b"
FILES = (Enclosure(url="http://so.example/a.pdf", length=12),)
NOTICES = [
    replace(one, published=one.published - timedelta(hours=place))
    for place, one in enumerate(
        [
            notice(id="1", title="Thông báo tuyển sinh lớp 10"),
            notice(id="2", title=MARKS, text=MARKS, html=f"<p>{MARKS}</p>"),
            notice(id="3", enclosures=FILES),
            notice(id="4", state="withdrawn", gone=CHANGED),
        ]
    )
]


def rendered(
    form: str, notices: Sequence[Notice], kept: Fragments | None = None, **address: Any
) -> bytes:
    """Write notices in a form."""
    chosen = select(SAID, "so", **address)
    how: dict[str, Any] = {"settings": SAID, "selection": chosen}
    return RENDERS[form](notices, changed_at=CHANGED, fragments=kept, **how)


@pytest.mark.parametrize("form", RENDERS)
def test_joined_is_what_would_be_written_at_once(form: str) -> None:
    kept = Fragments()
    for shown in (
        NOTICES[:1],
        NOTICES,
        NOTICES[::-1],
        NOTICES[1:3],
        [],
        [replace(NOTICES[0], title="Đính chính"), *NOTICES[1:]],
        [NOTICES[0], NOTICES[0]],
    ):
        for category in ("all", "tin-tuc"):
            joined = rendered(form, shown, kept, category=category)
            assert joined == rendered(form, shown, category=category)


@pytest.mark.parametrize("form", RENDERS)
def test_whatever_changes_an_item_is_written_anew(form: str) -> None:
    kept = Fragments()
    rendered(form, NOTICES, kept)
    for change in (
        {"title": "Khác"},
        {"html": "<p>khác</p>"},
        {"published": NOTICES[0].published + timedelta(seconds=1)},
        {"link": "http://so.example/khac"},
        {"version": 2, "updated": NOTICES[0].updated + timedelta(days=1)},
    ):
        other = replace(NOTICES[0], **change)
        assert rendered(form, [other], kept) == rendered(form, [other])


@pytest.mark.parametrize("form", RENDERS)
def test_what_is_known_is_written_no_more(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Fragments()
    written: list[str] = []
    module: Any = {"rss": rss, "atom": atom}[form]
    fill = module._fill

    def noted(entry: Any, one: Notice, settings: Any) -> None:
        written.append(one.id)
        fill(entry, one, settings)

    monkeypatch.setattr(module, "_fill", noted)
    rendered(form, NOTICES[:2], kept)
    rendered(form, NOTICES[:3], kept)
    assert written == ["1", "2", "3"]
    rendered(form, NOTICES[1:3], kept)
    assert written == ["1", "2", "3", "2"]  # one, to see where items stand


def test_no_more_is_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_MOST", 3)
    monkeypatch.setattr(room, "_LARGEST", 5_000)
    kept = Fragments()
    for number in range(10):
        long = "dài " * (3_000 if number == 9 else 1)
        one = notice(id=str(number), html=f"<p>{long}</p>", text=long)
        assert rendered("rss", [one], kept) == rendered("rss", [one])
        assert len(kept._kept) <= 3
        assert all(len(item) <= 5_000 for item in kept._kept.values())
