"""Items going into the store: a plan made rows. What is known of them: `known`.

Everything a plan means is written in the caller's transaction: notices, sightings,
keys, versions, labels, the change sequence, the counters of the feeds it touches, and
the outbox. Whole or not at all.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from aggregator.model import Absence
from aggregator.model import ChangedSighting
from aggregator.model import Correction
from aggregator.model import Flip
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Meaning
from aggregator.model import NewSighting
from aggregator.model import Plan
from aggregator.model import SourceRow
from aggregator.store import schema
from aggregator.store.changes import Place
from aggregator.store.changes import Touched
from aggregator.store.changes import note_changes
from aggregator.store.columns import bits_of
from aggregator.store.columns import chunks
from aggregator.store.corrections import corrections_of
from aggregator.store.engine import insert
from aggregator.store.engine import new_keys
from aggregator.store.engine import write_many
from aggregator.store.labels import label_rows
from aggregator.store.labels import renew_labels
from aggregator.store.marks import add_marks
from aggregator.store.marks import write_marks
from aggregator.store.search import place_of
from aggregator.store.search import rewrite_words
from aggregator.store.search import write_words

_BEST_FIRST = ("shown", "maybe_withdrawn", "held", "hidden", "withdrawn")


# --- A plan made rows ---------------------------------------------------------


def apply(
    connection: sa.Connection, plans: Sequence[tuple[SourceRow, Plan]], now: datetime
) -> None:
    """Store what plans say, each of another source; no two of one portal.

    Nothing new and nothing changed: nothing written.
    """
    plans, corrections = _corrected(connection, plans)
    _insert_aliases(connection, plans, now)
    flips = [flip for _, plan in plans for flip in (*plan.flips, *plan.withheld)]
    _write_flips(connection, flips)
    absent = [each for _, plan in plans for each in plan.absent]
    _write_absences(connection, absent, now)
    new = [(row, sighting) for row, plan in plans for sighting in plan.new]
    if new:
        _insert_notices(connection, new, now)
        _insert_sightings(connection, new, corrections, now)
    for row, plan in plans:
        for change in plan.changed:
            fixed = _fixed(corrections, change.known.notice)
            _renew_sighting(connection, row, change, fixed, now)
    edited = [change for _, plan in plans for change in plan.changed]
    rewrite_words(connection, {c.known.sighting: c.item.words for c in edited})
    touched = [each for row, plan in plans if (each := _touched(row, plan)) is not None]
    note_changes(connection, touched, now=now)


_Plans = Sequence[tuple[SourceRow, Plan]]
_Corrections = Mapping[str, Correction]


def _corrected(connection: sa.Connection, plans: _Plans) -> tuple[_Plans, _Corrections]:
    """Put what persons have said in place of what the rules say of known notices."""
    met = {change.known.notice for _, plan in plans for change in plan.changed}
    met |= {new.notice for _, plan in plans for new in plan.new if not new.minted}
    said = corrections_of(connection, met) if met else {}
    if not said:
        return plans, said
    return [(row, _plan_corrected(plan, said)) for row, plan in plans], said


def _plan_corrected(plan: Plan, said: _Corrections) -> Plan:
    def over(item: Item, notice: str) -> Item:
        correction = said.get(notice)
        if correction is None:
            return item
        return replace(item, meaning=correction.over(item.meaning))

    return replace(
        plan,
        new=tuple(replace(n, item=over(n.item, n.notice)) for n in plan.new),
        changed=tuple(
            replace(c, item=over(c.item, c.known.notice)) for c in plan.changed
        ),
    )


def _fixed(corrections: _Corrections, notice: str) -> Collection[str]:
    """Name the facets of a notice in which rules have no say."""
    correction = corrections.get(notice)
    return correction.facets if correction else ()


def _touched(row: SourceRow, plan: Plan) -> Touched | None:
    """Say which notices a plan touches, and where they stand; None: none."""
    turned = _turned(plan.absent)
    if not plan.new and not plan.changed and not turned:
        return None
    known = [change.known for change in plan.changed]
    known += [absence.known for absence in turned]
    kinds = {new.notice: "new" if new.minted else "changed" for new in plan.new}
    kinds |= {change.known.notice: "changed" for change in plan.changed}
    kinds |= {absence.known.notice: _kind(absence) for absence in turned}
    here = {_place(row, new.item.meaning) for new in plan.new}
    return Touched(
        source=row.source.id,
        kinds=kinds,
        places=here | {_old_place(row, each) for each in known},
        elsewhere=[id_ for id_ in kinds if id_ not in _minted(plan)],
    )


def _minted(plan: Plan) -> set[str]:
    return {new.notice for new in plan.new if new.minted}


def _turned(absent: Iterable[Absence]) -> list[Absence]:
    """List what readers see differently now."""
    return [each for each in absent if each.state != each.known.state]


def _kind(absence: Absence) -> str:
    return "withdrawn" if absence.state == "withdrawn" else "changed"


def _insert_aliases(
    connection: sa.Connection, plans: Sequence[tuple[SourceRow, Plan]], now: datetime
) -> None:
    """Keep further names of known items; who came first keeps a name."""
    rows = [
        {
            "source_pk": row.pk,
            "key": alias.key,
            "sighting_pk": alias.known.sighting,
            "since": now,
        }
        for row, plan in plans
        for alias in plan.aliases
    ]
    if rows:
        statement = insert(connection, schema.keys)
        connection.execute(statement.on_conflict_do_nothing(), rows)


def _write_flips(connection: sa.Connection, flips: Sequence[Flip]) -> None:
    seen = schema.sightings
    if flips:
        connection.execute(
            sa.update(seen)
            .where(seen.c.pk == sa.bindparam("b_pk"))
            .values(flip=sa.bindparam("b_flip"), flip_since=sa.bindparam("b_since")),
            [
                {"b_pk": f.known.sighting, "b_flip": f.fingerprint, "b_since": f.since}
                for f in flips
            ],
        )


def _write_absences(
    connection: sa.Connection, absent: Sequence[Absence], now: datetime
) -> None:
    seen = schema.sightings
    if absent:
        connection.execute(
            sa.update(seen)
            .where(seen.c.pk == sa.bindparam("b_pk"))
            .values(
                missing=sa.bindparam("b_missing"),
                state=sa.bindparam("b_state"),
                check_at=sa.bindparam("b_check_at"),
            ),
            [
                {
                    "b_pk": each.known.sighting,
                    "b_missing": each.missing,
                    "b_state": each.state,
                    "b_check_at": each.check_at,
                }
                for each in absent
            ],
        )
    turned = _turned(absent)
    for gone_at, pks in _losses(turned, now).items():
        here = sa.update(seen).where(seen.c.pk.in_(pks))
        connection.execute(here.values(gone_at=gone_at))
    _renew_notice_states(connection, {each.known.notice for each in turned})


def _losses(
    turned: Iterable[Absence], now: datetime
) -> Mapping[datetime | None, list[int]]:
    """Group what readers lose now, and what they have again, by since when."""
    losses: dict[datetime | None, list[int]] = {}
    for each in turned:
        gone_at = now if each.state == "withdrawn" else None
        losses.setdefault(gone_at, []).append(each.known.sighting)
    return losses


def _renew_notice_states(connection: sa.Connection, notices: Iterable[str]) -> None:
    """A notice is shown while any place shows it, and withdrawn when none does."""
    seen = schema.sightings.c
    for notice in sorted(notices):
        states = set(
            connection.scalars(sa.select(seen.state).where(seen.notice_id == notice))
        )
        state = next((s for s in _BEST_FIRST if s in states), "shown")
        here = schema.notices.c.id == notice
        connection.execute(sa.update(schema.notices).where(here).values(state=state))


def _old_place(row: SourceRow, was: Known) -> Place:
    return row.source.authority, str(was.category), bits_of(was.levels)


def _place(row: SourceRow, meaning: Meaning) -> Place:
    return row.source.authority, str(meaning.category), bits_of(meaning.levels)


def _insert_notices(
    connection: sa.Connection,
    new: Sequence[tuple[SourceRow, NewSighting]],
    now: datetime,
) -> None:
    minted = {
        sighting.notice: {
            "id": sighting.notice,
            "published_at": sighting.published,
            "first_seen_at": now,
            "entered_at": sighting.entered,
            "state": _first_state(sighting, None),
        }
        for _, sighting in new
        if sighting.minted
    }
    write_many(connection, schema.notices, list(minted.values()))


def _insert_sightings(
    connection: sa.Connection,
    new: Sequence[tuple[SourceRow, NewSighting]],
    corrections: _Corrections,
    now: datetime,
) -> None:
    entered = _entered(connection, [sighting for _, sighting in new])
    pks = new_keys(connection, schema.sightings, len(new))
    numbered = list(zip(pks, new, strict=True))
    write_many(
        connection,
        schema.sightings,
        [
            {
                "pk": pk,
                **_sighting_row(row, s, entered[s.notice], now),
                "state": _first_state(s, corrections.get(s.notice)),
            }
            for pk, (row, s) in numbered
        ],
    )
    write_many(
        connection,
        schema.keys,
        [
            {"source_pk": row.pk, "key": key, "sighting_pk": pk, "since": now}
            for pk, (row, s) in numbered
            for key in (s.key, *s.aliases)
        ],
    )
    write_many(
        connection,
        schema.versions,
        [_version_row(pk, 1, s.item, now) for pk, (_, s) in numbered],
    )
    write_marks(connection, ((pk, (*s.marks, *s.naming)) for pk, (_, s) in numbered))
    write_words(
        connection,
        [(place_of(s.published, pk), s.item.words) for pk, (_, s) in numbered],
    )
    labels = [
        label
        for row, s in new
        for label in label_rows(
            row.pk, s.notice, s.item.meaning, now, fixed=_fixed(corrections, s.notice)
        )
    ]
    holds = [_hold_row(row, s, now) for row, s in new if s.item.meaning.hold]
    write_many(connection, schema.labels, labels + holds)


def _hold_row(row: SourceRow, new: NewSighting, now: datetime) -> dict[str, object]:
    """Label what is held; no later reading takes that back, only a person does."""
    held = new.item.meaning.hold
    return {
        "notice_id": new.notice,
        "source_pk": row.pk,
        "facet": "hold",
        "value": held.kind if held else "",
        "why": held.because if held else (),
        "given_by": "guard",
        "from_at": now,
    }


def _entered(
    connection: sa.Connection, new: Sequence[NewSighting]
) -> dict[str, datetime]:
    """Say where each notice stands in the window: a further place moves it nowhere."""
    notice = schema.notices.c
    found = {sighting.notice: sighting.entered for sighting in new if sighting.minted}
    for chunk in chunks([s.notice for s in new if not s.minted]):
        query = sa.select(notice.id, notice.entered_at).where(notice.id.in_(chunk))
        found |= {id_: entered for id_, entered in connection.execute(query)}
    return found


def _sighting_row(
    row: SourceRow, new: NewSighting, entered: datetime, now: datetime
) -> dict[str, object]:
    meaning = new.item.meaning
    return {
        "notice_id": new.notice,
        "source_pk": row.pk,
        "guid": new.item.guid,
        "first_seen_at": now,
        "version": 1,
        "fingerprint": new.item.fingerprint,
        "authority": row.source.authority,
        "category": meaning.category,
        "level_bits": bits_of(meaning.levels),
        "published_at": new.published,
        "entered_at": entered,
    }


def _first_state(new: NewSighting, correction: Correction | None) -> str:
    """Say how a place of a notice begins; what a person hid or let pass stays so."""
    if correction is not None and correction.hidden is not None:
        return "hidden" if correction.hidden else "shown"
    return "held" if new.item.meaning.hold else "shown"


def _version_row(pk: int, n: int, item: Item, now: datetime) -> dict[str, object]:
    """Write a version as a row; in JSON a dataclass is written as its fields."""
    return {
        "sighting_pk": pk,
        "n": n,
        "at": now,
        "given_at": item.given,
        "fingerprint": item.fingerprint,
        "title": item.title,
        "link": item.link,
        "html": item.html,
        "text": item.text,
        "author": item.author,
        "enclosures": item.enclosures,
        "facts": facts_in(item.meaning),
        "raw": dict(item.raw),
    }


def facts_in(meaning: Meaning) -> dict[str, object]:
    """Write document, deadline, event and references as a version keeps them."""
    facts: dict[str, object] = {}
    if meaning.document is not None:
        facts["document"] = meaning.document
    if meaning.deadline is not None:
        facts["deadline"] = meaning.deadline.isoformat()
    if meaning.event is not None:
        facts["event"] = meaning.event
    if meaning.references:
        facts["references"] = meaning.references
    return facts


def _renew_sighting(
    connection: sa.Connection,
    row: SourceRow,
    change: ChangedSighting,
    fixed: Collection[str],
    now: datetime,
) -> None:
    item, was = change.item, change.known
    version = _version_row(was.sighting, was.version + 1, item, now)
    connection.execute(sa.insert(schema.versions), [version])
    add_marks(connection, [(was.sighting, change.naming)])
    here = schema.sightings.c.pk == was.sighting
    connection.execute(
        sa.update(schema.sightings)
        .where(here)
        .values(
            version=was.version + 1,
            guid=item.guid or was.guid,  # an entry cut short has come without it
            fingerprint=item.fingerprint,
            category=item.meaning.category,
            level_bits=bits_of(item.meaning.levels),
        )
    )
    renew_labels(connection, row.pk, was.notice, item.meaning, now, fixed=fixed)
