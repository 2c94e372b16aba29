"""Whose fault it is when most sources fail at once: our own network's. No I/O.

One machine's network is its own matter, so each puller judges from what it saw itself.
While ours is blamed, failures are recorded as they were seen, but cost a source
nothing: no back-off, no alarm of its own. A host that answers with a document, however
rarely, shows after a while that the network works; then what still fails is its own
fault.
"""

from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from aggregator.errors import Reason

WINDOW = timedelta(minutes=5)  # "at once"
FAILING_WINDOW = timedelta(minutes=10)  # longer than the second wait to try again
LEAST_HOSTS = 5  # failing; fewer prove nothing
LONGEST_DOUBT = timedelta(minutes=15)  # while anybody can be reached
# What a dead line, a dead name server, a captive portal or a proxy gives. What a
# source says of itself (404, 410, 401, a limit, a document) is not among them.
OF_A_NETWORK = {
    *(Reason.DNS, Reason.REFUSED, Reason.UNREACHABLE, Reason.TIMEOUT, Reason.BROKEN),
    *(Reason.TLS, Reason.TLS_CHAIN, Reason.TRUNCATED, Reason.SERVER_ERROR),
    *(Reason.HTML_PAGE, Reason.BOT_PAGE, Reason.EMPTY_BODY),
}


@dataclass(frozen=True, slots=True)
class _Seen:
    at: datetime
    well: bool
    pks: frozenset[int] = frozenset()  # sources that failed


class OurNetwork:
    """Remembers how each host ended last, and judges."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Seen] = {}
        self._failed: set[int] = set()  # sources; not yet excused
        self._taken: set[int] = set()  # excused since; some are being asked just now
        self._since: datetime | None = None
        self._own_fault: set[str] = set()  # hosts that failed while others answered

    @property
    def blamed(self) -> bool:
        """Say whether our own network is blamed at present."""
        return self._since is not None

    def answered(self, host: str, now: datetime) -> None:
        """Note that a host gave what was asked for."""
        self._hosts[host] = _Seen(now, True)
        self._own_fault.discard(host)
        self._judge(now)

    def failed(
        self,
        host: str,
        pk: int,
        reason: Reason,
        *,
        since: datetime | None,
        now: datetime
    ) -> bool:
        """Note that a source failed; say whether it is excused.

        Args:
            since: When it began to fail; None: now. Only who was well shortly before
                tells of something that happens to most at once. This is asked of the
                store, so that a restart in the midst of an outage forgets nothing.
        """
        if reason not in OF_A_NETWORK or host in self._own_fault:
            return False
        long = since is not None and now - since > FAILING_WINDOW
        if long and pk not in self._failed and pk not in self._taken:
            return False
        before = self._hosts.get(host)
        pks = before.pks if before and not before.well else frozenset()
        self._hosts[host] = _Seen(now, False, pks | {pk})
        self._failed.add(pk)
        self._judge(now)
        return self.blamed

    def excused(self) -> set[int]:
        """Take the rows of the sources that failed before it was plain, each once."""
        if not self.blamed:
            return set()
        taken, self._failed = self._failed, set()
        self._taken |= taken
        return taken

    def _judge(self, now: datetime) -> None:
        recent = {
            host: seen
            for host, seen in self._hosts.items()
            if now - seen.at <= (WINDOW if seen.well else FAILING_WINDOW)
        }
        self._hosts = recent
        failing = [seen for seen in recent.values() if not seen.well]
        still = {pk for seen in failing for pk in seen.pks}
        self._failed &= still
        most = len(failing) * 2 > len(recent)
        reached = len(failing) < len(recent)
        if self._since is None:
            if most and len(failing) >= LEAST_HOSTS:
                self._since, self._taken = now, set()
        elif not most:
            self._since, self._taken = None, set()
        elif reached and now - self._since > LONGEST_DOUBT:
            self._since, self._taken = None, set()
            self._own_fault = {h for h, seen in recent.items() if not seen.well}
            self._hosts = {h: seen for h, seen in recent.items() if seen.well}
