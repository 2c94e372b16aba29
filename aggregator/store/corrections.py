"""Corrections: a person's word on a notice, which outlives each reading of it.

A correction is a label without a source, given by a name: it holds wherever the notice
stands, now and later. Only another correction ends it, or its being taken back.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import Correction
from aggregator.model import Level
from aggregator.store import schema
from aggregator.store.changes import Touched
from aggregator.store.changes import note_changes
from aggregator.store.columns import NOW_SHOWN
from aggregator.store.columns import bits_of
from aggregator.store.columns import chunks
from aggregator.store.known import lock_portals
from aggregator.store.labels import RULES

_label = schema.labels.c
_seen = schema.sightings.c
HIDDEN = "hidden"
SHOWN = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A correction as a test case: what was to be understood, and what a person says.

    ``title`` and ``text`` are those of the version that is shown now at ``source``.
    """

    notice: str
    source: str
    title: str
    text: str
    correction: Correction
    by: str
    at: datetime
    why: str


def corrections_of(
    connection: sa.Connection, notices: Collection[str]
) -> dict[str, Correction]:
    """Read what persons have said of these notices; what nobody has is not there."""
    found: dict[str, dict[str, list[str]]] = {}
    for chunk in chunks(sorted(notices)):
        query = sa.select(_label.notice_id, _label.facet, _label.value).where(
            _label.notice_id.in_(chunk), *_persons()
        )
        for notice, facet, value in connection.execute(query):
            found.setdefault(notice, {}).setdefault(facet, []).append(value)
    return {notice: _correction(said) for notice, said in found.items()}


def _persons() -> list[sa.ColumnElement[bool]]:
    """Select labels that hold and that a person has given."""
    return [
        _label.to_at.is_(None),
        _label.source_pk.is_(None),
        _label.given_by != RULES,
    ]


def _correction(said: Mapping[str, list[str]]) -> Correction:
    category, levels, state = (
        said.get(name) for name in ("category", "level", "state")
    )
    return Correction(
        category=Category(category[0]) if category else None,
        levels=None if levels is None else _levels(levels),
        hidden=None if state is None else state[0] == HIDDEN,
    )


def _levels(values: Iterable[str]) -> frozenset[Level]:
    return frozenset(Level(value) for value in values if value != "all")


def correct(
    connection: sa.Connection,
    notice: str,
    correction: Correction,
    *,
    by: str,
    why: str = "",
    now: datetime,
) -> bool:
    """Keep a person's word on a notice, and show it so at once.

    What the correction leaves open stays as it was, be it by rule or by person.

    Args:
        by: Who says so; not the rules' own name.

    Returns:
        Whether there is such a notice.

    Raises:
        ValueError: It is said by nobody.
    """
    if by in ("", RULES):
        raise ValueError("a correction needs the name of a person")
    lock_portals(connection, _portals(connection, notice))
    places = _places(connection, notice)
    if not places:
        return False
    _give(connection, notice, correction, by=by, why=why, now=now)
    _show(connection, notice, correction, now)
    touched = Touched(
        source="",
        kinds={notice: "changed"},
        places=places | _places(connection, notice),
        elsewhere=(),
    )
    note_changes(connection, [touched], now=now)
    return True


def take_back(connection: sa.Connection, notice: str, now: datetime) -> int:
    """End what persons have said of a notice; the rules are to be asked again after.

    A notice that was hidden stays so until it is shown.

    Returns:
        How many labels are ended.
    """
    over = sa.update(schema.labels).where(
        _label.notice_id == notice, _label.facet != "state", *_persons()
    )
    return connection.execute(over.values(to_at=now)).rowcount


def cases(connection: sa.Connection) -> Iterator[Case]:
    """List the notices that persons have corrected, the latest correction first."""
    latest: dict[str, Any] = {}
    for row in connection.execute(
        sa.select(schema.labels).where(*_persons()).order_by(_label.pk.desc())
    ):
        latest.setdefault(row.notice_id, row)
    said = corrections_of(connection, latest)
    faces = _faces(connection, latest)
    for notice, row in latest.items():
        face = faces[notice]
        yield Case(
            notice=notice,
            source=face.source,
            title=face.title,
            text=face.text,
            correction=said[notice],
            by=row.given_by,
            at=row.from_at,
            why=row.why[0]["says"] if row.why else "",
        )


def _faces(connection: sa.Connection, notices: Collection[str]) -> dict[str, Any]:
    """Read title and text of the first place of each notice."""
    version, source = schema.versions.c, schema.sources.c
    faces: dict[str, Any] = {}
    for chunk in chunks(sorted(notices)):
        query = (
            sa.select(
                _seen.notice_id, source.id.label("source"), version.title, version.text
            )
            .join(schema.sources, source.pk == _seen.source_pk)
            .join(schema.versions, NOW_SHOWN)
            .where(_seen.notice_id.in_(chunk))
            .order_by(_seen.first_seen_at, _seen.pk)
        )
        for row in connection.execute(query):
            faces.setdefault(row.notice_id, row)
    return faces


def _portals(connection: sa.Connection, notice: str) -> set[str]:
    """Name the portals that show a notice: who pulls them must not write it now."""
    source = schema.sources.c
    here = sa.select(_seen.source_pk).where(_seen.notice_id == notice)
    return set(connection.scalars(sa.select(source.portal).where(source.pk.in_(here))))


def _places(connection: sa.Connection, notice: str) -> set[tuple[str, str, int]]:
    query = sa.select(_seen.authority, _seen.category, _seen.level_bits)
    rows = connection.execute(query.where(_seen.notice_id == notice))
    return {(row.authority, row.category, row.level_bits) for row in rows}


def _give(
    connection: sa.Connection,
    notice: str,
    correction: Correction,
    *,
    by: str,
    why: str,
    now: datetime,
) -> None:
    ended = set(correction.facets)
    if correction.hidden is False:
        ended.add("hold")  # a person lets it pass
    over = sa.update(schema.labels).where(
        _label.notice_id == notice,
        _label.to_at.is_(None),
        _label.facet.in_(ended),
    )
    connection.execute(over.values(to_at=now))
    rows = [
        {
            "notice_id": notice,
            "source_pk": None,
            "facet": facet,
            "value": value,
            "why": (Because(says=why),) if why else (),
            "given_by": by,
            "from_at": now,
        }
        for facet, value in _values(correction)
    ]
    connection.execute(sa.insert(schema.labels), rows)


def _values(correction: Correction) -> Iterator[tuple[str, str]]:
    if correction.category is not None:
        yield "category", str(correction.category)
    if correction.levels is not None:
        for level in sorted(correction.levels) or ("all",):
            yield "level", str(level)
    if correction.hidden is not None:
        yield "state", HIDDEN if correction.hidden else SHOWN


def _show(
    connection: sa.Connection, notice: str, correction: Correction, now: datetime
) -> None:
    here = sa.update(schema.sightings).where(_seen.notice_id == notice)
    columns: dict[str, Any] = {}
    if correction.category is not None:
        columns["category"] = str(correction.category)
    if correction.levels is not None:
        columns["level_bits"] = bits_of(correction.levels)
    if columns:
        connection.execute(here.values(columns))
    if correction.hidden is None:
        return
    state = HIDDEN if correction.hidden else SHOWN
    # What its source has withdrawn is not brought back by being shown; hidden it is
    # too, so that its source cannot bring it back.
    turned: tuple[str, ...] = (HIDDEN, "held")
    gone_at: Any = None
    if state == HIDDEN:
        turned = (SHOWN, "maybe_withdrawn", "held", "withdrawn")
        # Readers lose only what they have had, and only once.
        had = _seen.state.in_((SHOWN, "maybe_withdrawn"))
        gone_at = sa.case((had, now), else_=_seen.gone_at)
    connection.execute(
        here.where(_seen.state.in_(turned)).values(state=state, gone_at=gone_at)
    )
    own = sa.update(schema.notices).where(
        schema.notices.c.id == notice, schema.notices.c.state.in_(turned)
    )
    connection.execute(own.values(state=state))
