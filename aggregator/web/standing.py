"""`/health/`: how every source stands at this moment, for people. What is wrong first.

It says since when, why, whose turn it is and when a source is tried next. An error's
own words are not shown: strangers wrote them, and they may name addresses of ours.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from flask import Blueprint
from flask import Response
from flask import render_template
from flask import request
from flask_babel import format_timedelta
from flask_babel import get_locale

from aggregator.deliver.messages import says
from aggregator.deliver.words import SENTENCES
from aggregator.errors import TURNS
from aggregator.errors import Reason
from aggregator.errors import ViewError
from aggregator.errors import sentence
from aggregator.model import REDATES_TOLD
from aggregator.model import Incident
from aggregator.model import Settings
from aggregator.model import SourceState
from aggregator.publish.view import unknown
from aggregator.store import incidents as stored_incidents
from aggregator.store.attempts import states
from aggregator.web.context import context

STATES = ("ok", "failing", "limited", "quiet", "gap", "new", "off")
WRONG = ("failing", "limited", "gap", "quiet")  # the gravest first
PAGE = 200  # rows of sources without problems; those with one are always all shown
LATEST = 20  # incidents
LATE = timedelta(minutes=15)  # after its time: whoever pulls is slow, or does not run

bp = Blueprint("standing", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A source as the page shows it."""

    state: SourceState
    since: datetime | None  # what is wrong with it lasts
    why: str  # in the page's language; "" where its state says it all
    turn: str
    due: str  # "", at, soon, allowed, late: how its next try is told
    noted: bool  # something is to be done or known although it can be read

    @property
    def status(self) -> object:
        """Give the HTTP status of the last attempt, if there was one."""
        return (self.state.last_attempt or {}).get("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sources told of together: all of a host, or one by itself."""

    host: str = ""  # of which every source fails
    rows: Sequence[Row]

    @property
    def since(self) -> datetime | None:
        """Say since when the first of them has failed."""
        return _earliest(row.since for row in self.rows)

    @property
    def whys(self) -> list[str]:
        """Give what is said of them, each reason once."""
        return list(dict.fromkeys(row.why for row in self.rows if row.why))

    @property
    def turns(self) -> list[str]:
        """Give whose turn it is, each once."""
        return list(dict.fromkeys(row.turn for row in self.rows if row.turn))

    @property
    def first_due(self) -> Row:
        """Give the one that is tried next."""
        return min(self.rows, key=lambda row: str(row.state.next_due))

    @property
    def last_ok(self) -> datetime | None:
        """Say when any of them could last be read."""
        return max(
            (r.state.last_ok for r in self.rows if r.state.last_ok), default=None
        )

    @property
    def rank(self) -> tuple[int, str, str]:
        """Order hosts first, then by gravity, then what has lasted longest."""
        first = self.rows[0].state
        grave = -1 if self.host else WRONG.index(first.state)
        return grave, self.since.isoformat() if self.since else "~", first.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the page says at one glance, of all sources whatever the filter."""

    active: int
    wrong: int
    unread: int  # never tried yet
    since: datetime | None
    blamed: Sequence[Row]  # failed when most did: our own network is at fault
    late: Sequence[Row]

    @property
    def blamed_since(self) -> datetime | None:
        """Say since when our own network has been at fault."""
        return _earliest(row.since for row in self.blamed)

    @property
    def late_since(self) -> datetime | None:
        """Say when the first of those that wait should have been tried."""
        return _earliest(row.state.next_due for row in self.late)


@bp.get("/health/")
def page() -> Response:
    """Tell how every source stands."""
    now = context().clock()
    with context().store.read() as connection:
        found = states(connection, now, attempts=False)
        latest = stored_incidents.recent_incidents(connection, LATEST)
    rows = [_row(state, now) for state in found]
    asked = _asked(context().settings, found)
    shown = [row for row in rows if _is_asked(row.state, asked)]
    text = render_template(
        "health.html",
        asked=asked,
        verdict=_verdict(rows),
        counts=_counts(found, asked),
        choices=_choices(context().settings, found),
        groups=_groups(rows, shown),
        blamed=[row for row in shown if _is_blamed(row.state)],
        incidents=[_told(incident) for incident in latest],
        redates_told=REDATES_TOLD,
        **_well(shown),
        **_words(now),
    )
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _words(now: datetime) -> dict[str, object]:
    """Give what the template needs to speak: of moments, and of whose turn it is."""
    return {
        "lang": request.args.get("lang"),
        "now": now,
        "lasts": lambda at: format_timedelta(now - at, "minute", threshold=1),
        "away": lambda at: format_timedelta(
            at - now, "minute", threshold=1, add_direction=True
        ),
        "turn_words": lambda turn: TURNS[turn][_side()] if turn in TURNS else turn,
    }


def _side() -> int:
    """Choose of two sentences: 0 is Vietnamese, 1 English."""
    return int(str(get_locale()) == "en")


# --- What the address asks for ------------------------------------------------


def _asked(settings: Settings, found: Sequence[SourceState]) -> dict[str, str]:
    """Read the filters; only those that ask for something are given.

    Raises:
        ViewError: 404 for a name that is none, listing the valid ones.
    """
    authorities = {**settings.authorities, **{state.authority: "" for state in found}}
    asked = {}
    for name, valid in (("state", STATES), ("authority", tuple(authorities))):
        value = request.args.get(name, "")
        if value and value not in valid:
            raise unknown(name, value, valid)
        if value:
            asked[name] = value
    return asked


def _is_asked(state: SourceState, asked: Mapping[str, str]) -> bool:
    wanted = (asked.get("state", state.state), asked.get("authority", state.authority))
    return wanted == (state.state, state.authority)


def _well(shown: Sequence[Row]) -> dict[str, object]:
    """Choose the page of those without problems; what is to be noted comes first.

    Raises:
        ViewError: 400 for a page that cannot be, 404 for one that is not there.
    """
    well = sorted((r for r in shown if r.state.state not in WRONG), key=_well_first)
    text, pages = request.args.get("page", "") or "1", max(-(-len(well) // PAGE), 1)
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text)):
        raise ViewError("page must be the number of a page")
    number = int(text)
    if number > pages:
        raise ViewError(f"There is no such page. Valid: 1 to {pages}", status=404)
    part = well[(number - 1) * PAGE : number * PAGE]
    return {"well": part, "well_count": len(well), "number": number, "pages": pages}


def _counts(
    found: Sequence[SourceState], asked: Mapping[str, str]
) -> list[tuple[str, int]]:
    """Count by state what the other filter lets through; all of it first, as ""."""
    authority = asked.get("authority")
    of_it = [s.state for s in found if authority in (None, s.authority)]
    return [("", len(of_it)), *((word, of_it.count(word)) for word in STATES)]


def _choices(settings: Settings, found: Sequence[SourceState]) -> list[tuple[str, str]]:
    """List the authorities that have sources, in the order of feeds.toml."""
    having = {state.authority for state in found}
    known = [(a.id, a.name) for a in settings.authorities.values() if a.id in having]
    return known + [(id_, id_) for id_ in sorted(having - set(settings.authorities))]


# --- How they stand -----------------------------------------------------------


def _row(state: SourceState, now: datetime) -> Row:
    wrong = state.state in WRONG
    reason = state.reason or (Reason.LIMITED if state.state == "limited" else "")
    return Row(
        state=state,
        since=state.since if wrong else None,
        why=sentence(reason, ("vi", "en")[_side()]) if wrong and reason else "",
        turn=(
            (state.turn or ("nobody" if state.state == "limited" else ""))
            if wrong
            else ""
        ),
        due=_due(state, now),
        noted=bool(state.moved_to or state.flipping or state.redates >= REDATES_TOLD),
    )


def _due(state: SourceState, now: datetime) -> str:
    """Say how the next try is told: a moment that has passed is none."""
    if state.next_due is None:
        return ""
    if state.next_due > now:
        return "at"
    if state.state == "limited":  # and nobody knows for how long
        return "allowed"
    return "late" if now - state.next_due > LATE else "soon"


def _is_blamed(state: SourceState) -> bool:
    return state.our_network and state.state in WRONG


def _verdict(rows: Sequence[Row]) -> Verdict:
    wrong = [row for row in rows if row.state.state in WRONG]
    return Verdict(
        active=sum(row.state.state != "off" for row in rows),
        wrong=len(wrong),
        unread=sum(row.state.state == "new" for row in rows),
        since=_earliest(row.since for row in wrong),
        blamed=[row for row in wrong if _is_blamed(row.state)],
        late=[row for row in rows if row.due == "late"],
    )


def _groups(rows: Sequence[Row], shown: Sequence[Row]) -> list[Group]:
    """Join what is wrong: a host of which nothing can be read is told of once."""
    hosts: dict[str, list[SourceState]] = {}
    for row in rows:
        if row.state.state != "off":
            hosts.setdefault(row.state.host, []).append(row.state)
    down = {host for host, members in hosts.items() if host and _all_fail(members)}
    wrong = [row for row in shown if row.state.state in WRONG]
    together: dict[str, list[Row]] = {}
    groups = []
    for row in wrong:
        if _is_blamed(row.state):
            continue
        if row.state.host in down:
            together.setdefault(row.state.host, []).append(row)
        else:
            groups.append(Group(rows=[row]))
    groups += [Group(host=host, rows=those) for host, those in together.items()]
    return sorted(groups, key=lambda group: group.rank)


def _all_fail(members: Sequence[SourceState]) -> bool:
    fail = (s.state in ("failing", "limited") and not s.our_network for s in members)
    return len(members) > 1 and all(fail)


def _well_first(row: Row) -> tuple[bool, int, str]:
    """Order what is to be noted first, then what is well, not read yet, off."""
    return not row.noted, ("ok", "new", "off").index(row.state.state), row.state.id


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


# --- Incidents ----------------------------------------------------------------


def _told(incident: Incident) -> dict[str, object]:
    """Say an incident in sentences; a note is told once and does not last."""
    is_note = ("note", incident.kind) in SENTENCES
    turn = {
        "turn": "note" if is_note else "bad",
        "kind": incident.kind,
        "subject": incident.subject,
        "sources": incident.sources,
    }
    return {
        "kind": incident.kind,
        "says": says(turn, _side()),
        "why": sentence(incident.reason, ("vi", "en")[_side()]),
        "since": incident.since,
        "until": incident.closed_at,
        "is_note": is_note,
    }
