"""Addresses → Views: what an audience reaches, and which selection an address names.

Information flows down: an audience reads itself, its ancestors, its successors, and
its predecessors up to the day they ended. Names are slugs in addresses; the command
line also takes the ids of model.py.
"""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from aggregator.errors import ViewError
from aggregator.model import ALL_LEVELS
from aggregator.model import CATEGORY_LABELS
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_LABELS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.model import Settings
from aggregator.model import View

DEFAULT_LIMIT = 30
MAX_LIMIT = 200
ALL = "all"
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")  # fromisoformat takes weeks too
_Name = TypeVar("_Name", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A View, and how its address is written: the one way, whatever was asked."""

    view: View
    audience: str
    level: str
    category: str
    placeholder: bool = True  # an empty RSS or Atom feed carries an item that says so
    usual: int = DEFAULT_LIMIT  # how many items where its address does not say
    month: str = ""  # "2026-11": the archive of what was first seen then

    @property
    def path(self) -> str:
        """Write the selection as the path of its page; a suffix makes it a feed."""
        return f"/feeds/{self.audience}/{self.level}/{self.category}"

    def address(self, suffix: str) -> str:
        """Write the one address of a form of it: path and query."""
        month = f"/{self.month}" if self.month else ""
        return f"{self.path}{month}.{suffix}{self.query}"

    @property
    def query(self) -> str:
        """Write what differs from the usual, in one order; "" where nothing does."""
        return self.query_of(self.usual)

    def query_of(self, usual: int, *more: str) -> str:
        """Write the same where another number of items is usual, and more after it."""
        parts = []
        if self.view.limit != usual:
            parts.append(f"limit={self.view.limit}")
        if self.view.own:
            parts.append("own=1")
        if self.view.on is not None:
            parts.append(f"on={self.view.on.isoformat()}")
        if not self.placeholder:
            parts.append("empty=none")
        parts += more
        return "?" + "&".join(parts) if parts else ""


def select(
    settings: Settings,
    audience: str,
    *,
    level: str = ALL,
    category: str = ALL,
    options: Mapping[str, str] | None = None,
    usual: int = DEFAULT_LIMIT,
) -> Selection:
    """Read the parts of an address: ``limit``, ``own``, ``on``, ``empty``; others no.

    Args:
        usual: How many items where ``limit`` does not say.

    Raises:
        ViewError: 404 for a name that is none, listing the valid ones; 400 for a
            value that cannot be.
    """
    options = options or {}
    if audience not in settings.authorities:
        raise unknown("audience", audience, settings.authorities)
    levels = _names("level", level, LEVEL_SLUGS)
    categories = _names("category", category, CATEGORY_SLUGS)
    own = _own(options.get("own"))
    view = View(
        audience=audience,
        reach=reach(settings.authorities, audience, own=own),
        levels=frozenset(levels) or ALL_LEVELS,
        categories=frozenset(categories or Category),
        limit=_limit(options.get("limit"), usual),
        own=own,
        timezone=settings.site.timezone,
        on=_day(options.get("on")),
    )
    return Selection(
        view=view,
        audience=audience,
        level=",".join(LEVEL_SLUGS[name] for name in levels) or ALL,
        category=",".join(CATEGORY_SLUGS[name] for name in categories) or ALL,
        placeholder=_placeholder(options.get("empty")),
        usual=usual,
    )


def unknown(what: str, given: str, valid: Iterable[str]) -> ViewError:
    """Say that a name is none, which is nearest, and which there are."""
    names = list(valid)
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    shown = given[:80].encode("unicode_escape").decode()
    return ViewError(
        f'Unknown {what} "{shown}".{hint}\nValid: {", ".join(names)}', status=404
    )


def _names(what: str, text: str, slugs: Mapping[_Name, str]) -> list[_Name]:
    """Read a comma list of slugs (or ids) into the table's order; ``all``: none."""
    if text == ALL:
        return []
    by_word = {slug: name for name, slug in slugs.items()}
    by_word |= {str(name): name for name in slugs}
    words = text.split(",")
    found = set()
    for word in words:
        if word not in by_word:
            valid = [*slugs.values(), *([ALL] if len(words) == 1 else [])]
            raise unknown(what, word, valid)
        found.add(by_word[word])
    return [name for name in slugs if name in found]


def _limit(text: str | None, usual: int) -> int:
    if text is None or text == "":
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise ViewError(f"limit must be a whole number from 1 to {MAX_LIMIT}")
    limit = int(text)
    if not 1 <= limit <= MAX_LIMIT:
        raise ViewError(f"limit must be from 1 to {MAX_LIMIT}")
    return limit


def _own(text: str | None) -> bool:
    if text not in (None, "", "0", "1"):
        raise ViewError("own must be 1 or left out")
    return text == "1"


def _placeholder(text: str | None) -> bool:
    if text not in (None, "", "item", "none"):
        raise ViewError("empty must be none or left out")
    return text != "none"


def _day(text: str | None) -> date | None:
    if text is None or text == "":
        return None
    try:
        # The last day of the calendar has no end that a moment could name.
        if not _DAY.fullmatch(text) or date.fromisoformat(text) == date.max:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise ViewError("on must be a day such as 2026-11-20") from None


# --- Reach --------------------------------------------------------------------


def reach(
    authorities: Mapping[str, Authority], audience: str, *, own: bool = False
) -> tuple[Reach, ...]:
    """List whose items an audience reads; ``own`` leaves its ancestors out."""
    whole = [audience, *_walk(authorities, audience, _successors)]
    if not own:
        whole += _walk(authorities, audience, _parents)
    found = {name: Reach(authority=name) for name in whole}
    for name in _walk(authorities, audience, _predecessors(authorities)):
        until = authorities[name].until
        found.setdefault(name, Reach(authority=name, until=until))
    return tuple(found.values())


def _walk(
    authorities: Mapping[str, Authority],
    start: str,
    step: Callable[[Authority], Iterable[str]],
) -> Iterator[str]:
    """Go from an authority step by step, each one once."""
    seen = {start}
    ahead = [start]
    while ahead:
        for name in step(authorities[ahead.pop(0)]):
            if name not in seen:
                seen.add(name)
                ahead.append(name)
                yield name


def _parents(authority: Authority) -> tuple[str, ...]:
    own = (authority.parent,) if authority.parent else ()
    return (*own, *authority.also)


def _successors(authority: Authority) -> tuple[str, ...]:
    return authority.successors


def _predecessors(
    authorities: Mapping[str, Authority],
) -> Callable[[Authority], Iterable[str]]:
    before: dict[str, list[str]] = {}
    for authority in authorities.values():
        for name in authority.successors:
            before.setdefault(name, []).append(authority.id)
    return lambda authority: before.get(authority.id, ())


# --- Words --------------------------------------------------------------------


def level_label(selection: Selection) -> str:
    """Name a selection's levels for a Vietnamese reader."""
    if selection.level == ALL:
        return "Tất cả cấp học"
    return ", ".join(LEVEL_LABELS[n] for n in Level if n in selection.view.levels)


def category_label(selection: Selection) -> str:
    """Name a selection's categories for a Vietnamese reader."""
    if selection.category == ALL:
        return "Tất cả tin"
    chosen = selection.view.categories
    return ", ".join(CATEGORY_LABELS[name] for name in Category if name in chosen)
