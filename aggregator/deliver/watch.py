"""What turned bad and what recovered, of all sources at once. Decides; tells nobody.

One incident, one alarm when it begins and one when it ends. A host that is down is one
incident, however many of its feeds are read; our own network likewise. A failure is
told when a second attempt has confirmed it, a minute later; what only a person can mend
is told at once. What one page may give by itself (an error, a slow answer) is the
host's only when a second of its feeds has failed since; one is asked for that at once.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from aggregator.errors import OF_A_CONNECTION
from aggregator.errors import OF_A_HOST
from aggregator.errors import Reason
from aggregator.model import Incident
from aggregator.model import SourceState
from aggregator.store import incidents as stored
from aggregator.store.attempts import CONFIRMED
from aggregator.store.attempts import is_calm
from aggregator.store.attempts import states
from aggregator.store.engine import Connection
from aggregator.store.engine import Store

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
    merged: tuple[Incident, ...] = ()  # in a wider one, or left the file: not told


def watch(store: Store, now: datetime) -> Turns:
    """Look at all sources; write down what turned, with one alert for all of it."""
    with store.read() as connection:
        if is_calm(connection, now) and not stored.open_incidents(connection):
            return Turns()
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
    by_id = {state.id: state for state in found if state.state != "off"}
    closed, merged = [], []
    for incident in ended:
        if _is_taken_in(incident, wanted.values(), by_id):
            merged.append(incident)
        elif not _goes_on(incident, by_id):
            closed.append(incident)
    # The other feeds of a host that has just come back are being asked: wait for them.
    back = {id_ for i in closed if i.kind == "host" for id_ in i.sources}
    # Of a host that goes on being down, what fails there now is told already.
    ended_now = [*closed, *merged]
    down = {
        id_
        for i in lasting
        if i.kind == "host" and i not in ended_now
        for id_ in i.sources
    }
    opened = [
        incident
        for name, incident in wanted.items()
        if name not in known
        and not back.issuperset(incident.sources)
        and not (incident.kind == "source" and incident.subject in down)
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


def _is_taken_in(
    incident: Incident, wanted: Iterable[Incident], by_id: Mapping[str, SourceState]
) -> bool:
    """Say whether an incident ends without a word: in a wider one, or out of the file.

    What began shortly before our own network was blamed was its doing.
    """
    if incident.kind == "network":
        return False
    states_now = [by_id[id_] for id_ in incident.sources if id_ in by_id]
    if not states_now:
        return True
    if all(state.failing_since is None for state in states_now):
        return False
    for wider in wanted:
        if wider.kind == "network" and incident.kind in ("source", "host"):
            if incident.since >= wider.since - DOUBT and any(
                state.our_network for state in states_now
            ):
                return True
        if wider.kind == "host" and incident.kind == "source":
            if set(wider.sources).issuperset(incident.sources):
                return True
    return False


def _goes_on(incident: Incident, by_id: Mapping[str, SourceState]) -> bool:
    """Say whether an incident goes on, though it is not seen as before.

    A source that was quiet and fails now has not become well by that; a host is back
    once one of its feeds has answered, and what still fails there is told by itself.
    """
    states_now = [by_id[id_] for id_ in incident.sources if id_ in by_id]
    failing = [state for state in states_now if state.failing_since is not None]
    if incident.kind == "host":
        answered = any((s.last_ok or _NEVER) > incident.since for s in states_now)
        return not answered and any(s.reason in OF_A_HOST for s in failing)
    return incident.kind != "network" and bool(failing)


def incidents(found: Sequence[SourceState], *, now: datetime) -> list[Incident]:
    """List what is wrong now: our network, hosts, single sources, silence, gaps."""
    active = [state for state in found if state.state != "off"]
    excused = [state for state in active if state.our_network]
    listed = [_network(excused)] if excused else []
    doubtful = _doubtful(active, now)
    certain = [state for state in active if state.id not in doubtful]
    down, unsure = _hosts_down(active, certain, now)
    covered = {id_ for incident in down for id_ in incident.sources}
    listed += down
    for state in certain:
        if state.id in covered or state.id in unsure or state.our_network:
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
) -> tuple[list[Incident], set[str]]:
    """List the hosts that are down, and sources of which it is not yet plain."""
    members: dict[str, list[SourceState]] = defaultdict(list)
    for state in active:
        members[state.host].append(state)
    bad: dict[str, list[SourceState]] = defaultdict(list)
    for state in certain:
        if _is_bad(state, now) and state.reason in OF_A_HOST:
            bad[state.host].append(state)
    down, unsure = [], set()
    for host, failing in bad.items():
        since_then = _failing_since_then(members[host])
        shown_by = [state for state in failing if state in since_then]
        if len(members[host]) < 2 or not shown_by:
            continue
        if len(since_then) > 1 or any(s.reason in OF_A_CONNECTION for s in shown_by):
            down.append(_host_down(host, members[host], shown_by))
        else:
            unsure |= {s.id for s in shown_by if now - _began(s) < DOUBT}
    return down, unsure


def _failing_since_then(members: Sequence[SourceState]) -> list[SourceState]:
    """List what has failed as a host does since any of its feeds last answered."""
    latest = max(state.last_ok or _NEVER for state in members)
    return [
        state
        for state in members
        if state.failing_since is not None
        and state.failing_since >= latest
        and state.reason in OF_A_HOST
    ]


def _began(state: SourceState) -> datetime:
    assert state.failing_since is not None
    return state.failing_since


def _host_down(
    host: str, members: Sequence[SourceState], failing: Sequence[SourceState]
) -> Incident:
    first = min(failing, key=lambda s: (_began(s), s.id))
    return Incident(
        kind="host",
        subject=host,
        reason=first.reason,
        detail=first.detail,
        since=_began(first),
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
    return Incident(
        kind="source",
        subject=state.id,
        reason=state.reason,
        detail=state.detail,
        since=_began(state),
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
