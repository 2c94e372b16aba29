"""What turned bad and what recovered, of all sources at once. Decides; tells nobody.

One incident, one alarm when it begins and one when it ends. A host that is down is one
incident, however many of its feeds are read; our own network likewise. A failure is
told when a second attempt has confirmed it, a minute later; what only a person can mend
is told at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from aggregator.errors import OF_A_HOST
from aggregator.errors import Reason
from aggregator.model import Incident
from aggregator.model import SourceState
from aggregator.store import incidents as stored
from aggregator.store.attempts import states
from aggregator.store.engine import Connection
from aggregator.store.engine import Store

CONFIRMED = 2  # failures in a row
DOUBT = timedelta(minutes=10)  # for which a failure may be our own network's
LEAST_OTHERS = 5  # hosts; where there are fewer, none may happen to be asked meanwhile
LIMITED_TOLD = timedelta(hours=24)  # a server that limits us for so long is told of
_AT_ONCE = {Reason.GONE, Reason.BAD_URL, Reason.PRIVATE_ADDRESS}
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Incidents that begin and end now."""

    opened: tuple[Incident, ...] = ()
    closed: tuple[Incident, ...] = ()
    merged: tuple[Incident, ...] = ()  # taken in by a wider one; not told as ended


def watch(store: Store, now: datetime) -> Turns:
    """Look at all sources; write down what turned, with one alert for all of it."""
    with store.read() as connection:
        if _look(connection, now) == Turns():
            return Turns()
    with store.write() as connection:  # looked at again, now that nobody else writes
        stored.lock(connection)
        found = _look(connection, now)
        stored.write_turns(
            connection,
            opened=found.opened,
            closed=found.closed,
            merged=found.merged,
            now=now,
        )
    return found


def _look(connection: Connection, now: datetime) -> Turns:
    lasting = stored.open_incidents(connection)
    return turns(states(connection, now, attempts=False), lasting, now=now)


def turns(
    found: Sequence[SourceState], lasting: Sequence[Incident], *, now: datetime
) -> Turns:
    """Hold how sources stand against the incidents that are known."""
    wanted = {(i.kind, i.subject): i for i in incidents(found, now=now)}
    known = {(i.kind, i.subject): i for i in lasting}
    ended = [i for name, i in known.items() if name not in wanted]
    by_id = {state.id: state for state in found}
    taken_in = {id_ for i in wanted.values() if i.kind == "host" for id_ in i.sources}
    closed, merged = [], []
    for incident in ended:
        if _still_fails(incident, by_id):
            if incident.kind == "source" and taken_in.issuperset(incident.sources):
                merged.append(incident)
            elif incident.kind == "host":  # what still fails there is told by itself
                closed.append(incident)
        else:
            closed.append(incident)
    # The other feeds of a host that has just come back are being asked: wait for them.
    back = {id_ for i in closed if i.kind == "host" for id_ in i.sources}
    opened = [
        incident
        for name, incident in wanted.items()
        if name not in known
        and not back.issuperset(incident.sources)
        and not _is_being_asked(incident, by_id, now)
    ]
    return Turns(opened=tuple(opened), closed=tuple(closed), merged=tuple(merged))


def _is_being_asked(
    incident: Incident, by_id: Mapping[str, SourceState], now: datetime
) -> bool:
    """Say whether a failing source is due at this moment: its answer tells more."""
    if incident.kind != "source":
        return False
    due = by_id[incident.subject].next_due
    return due is not None and due <= now


def _still_fails(incident: Incident, by_id: Mapping[str, SourceState]) -> bool:
    """Say whether an incident goes on, though it is not seen as before.

    A source that was quiet and fails now has not become well by that.
    """
    if incident.kind == "network":
        return False
    states_now = [by_id[id_] for id_ in incident.sources if id_ in by_id]
    return any(s.failing_since is not None and s.state != "off" for s in states_now)


def incidents(found: Sequence[SourceState], *, now: datetime) -> list[Incident]:
    """List what is wrong now: our network, hosts, single sources, silence, gaps."""
    active = [state for state in found if state.state != "off"]
    excused = [state for state in active if state.our_network]
    listed = [_network(excused)] if excused else []
    doubtful = _doubtful(active, now)
    certain = [state for state in active if state.id not in doubtful]
    down = _hosts_down(active, certain, now)
    covered = {id_ for incident in down for id_ in incident.sources}
    listed += down
    for state in certain:
        if state.id in covered or state.our_network:
            continue
        if _is_bad(state, now):
            listed.append(_source(state))
        elif state.state in ("quiet", "gap"):
            listed.append(_habit(state, now))
    return listed


def _doubtful(found: Sequence[SourceState], now: datetime) -> set[str]:
    """List sources whose failure may be our own network's: nobody was reached since.

    For a while, and where there are enough others, that is waited for.
    """
    reached: dict[str, datetime] = {}
    for state in found:
        last = state.last_ok or _NEVER
        reached[state.host] = max(reached.get(state.host, last), last)
    latest = sorted(reached.values())[-2:]  # of two hosts: one may be the source's own
    if len(reached) <= LEAST_OTHERS:
        return set()
    doubtful = set()
    for state in found:
        since = state.failing_since
        young = since is not None and now - since < DOUBT
        if since is None or not young or state.reason not in OF_A_HOST:
            continue
        others = latest[0] if reached[state.host] == latest[1] else latest[1]
        if others < since:
            doubtful.add(state.id)
    return doubtful


def _is_bad(state: SourceState, now: datetime) -> bool:
    since = state.failing_since
    if since is None or state.our_network:
        return False
    if state.reason == Reason.LIMITED:
        return now - since >= LIMITED_TOLD
    return state.failures >= CONFIRMED or state.reason in _AT_ONCE


def _hosts_down(
    active: Iterable[SourceState], certain: Iterable[SourceState], now: datetime
) -> list[Incident]:
    members: dict[str, list[SourceState]] = defaultdict(list)
    for state in active:
        members[state.host].append(state)
    bad: dict[str, list[SourceState]] = defaultdict(list)
    for state in certain:
        if _is_bad(state, now) and state.reason in OF_A_HOST:
            bad[state.host].append(state)
    return [
        down
        for host, failing in bad.items()
        if (down := _host_down(host, members[host], failing, now)) is not None
    ]


def _host_down(
    host: str,
    members: Sequence[SourceState],
    failing: Sequence[SourceState],
    now: datetime,
) -> Incident | None:
    """Say that a host is down: one of its feeds shows it, and none contradicts."""
    first = min(failing, key=lambda s: (s.failing_since or now, s.id))
    since = first.failing_since or now
    contradicted = any(s.last_ok is not None and s.last_ok > since for s in members)
    if len(members) < 2 or contradicted:
        return None
    return Incident(
        kind="host",
        subject=host,
        reason=first.reason,
        detail=first.detail,
        since=since,
        sources=tuple(s.id for s in members),
    )


def _network(excused: Sequence[SourceState]) -> Incident:
    since = min(s.failing_since for s in excused if s.failing_since is not None)
    return Incident(
        kind="network",
        subject="network",
        reason=excused[0].reason,
        detail=f"{len(excused)} sources at {len({s.host for s in excused})} hosts",
        since=since,
        sources=tuple(s.id for s in excused),
    )


def _source(state: SourceState) -> Incident:
    assert state.failing_since is not None
    return Incident(
        kind="source",
        subject=state.id,
        reason=state.reason,
        detail=state.detail,
        since=state.failing_since,
        sources=(state.id,),
    )


def _habit(state: SourceState, now: datetime) -> Incident:
    """Tell of a source that answers, and yet something is amiss."""
    return Incident(
        kind=state.state,
        subject=state.id,
        since=state.since or now,
        sources=(state.id,),
    )
