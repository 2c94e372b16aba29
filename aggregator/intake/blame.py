"""Whose fault it is when most sources fail at once: our own network's. No I/O.

One machine's network is its own matter, so each puller judges from what it saw itself.
While ours is blamed, failures are recorded as they were seen, but cost a source
nothing: no back-off, no alarm of its own. A host that answers with a document, however
rarely, shows after a while that the network works; then what still fails is its own
fault.
"""

from collections import OrderedDict
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
class _Failing:
    at: datetime
    pks: frozenset[int]  # sources that failed


class OurNetwork:
    """Remembers how each host ended last, and judges."""

    def __init__(self) -> None:
        # Each in the order in which they were last heard of; a host is in one of them.
        self._well: OrderedDict[str, datetime] = OrderedDict()
        self._failing: OrderedDict[str, _Failing] = OrderedDict()
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
        self._drop_failing(host)
        self._well[host] = now
        self._well.move_to_end(host)
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
        before = self._failing.get(host)
        pks = before.pks if before else frozenset()
        self._failing[host] = _Failing(now, pks | {pk})
        self._failing.move_to_end(host)
        self._well.pop(host, None)
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
        self._forget(now)
        failing, well = len(self._failing), len(self._well)
        most = failing > well
        if self._since is None:
            if most and failing >= LEAST_HOSTS:
                self._since, self._taken = now, set()
        elif not most:
            self._since, self._taken = None, set()
        elif well and now - self._since > LONGEST_DOUBT:
            self._since, self._taken = None, set()
            self._own_fault = set(self._failing)
            self._failing.clear()

    def _forget(self, now: datetime) -> None:
        """Drop what was heard too long ago; the oldest stand first."""
        while self._well and now - next(iter(self._well.values())) > WINDOW:
            self._well.popitem(last=False)
        while self._failing:
            host, oldest = next(iter(self._failing.items()))
            if now - oldest.at <= FAILING_WINDOW:
                break
            self._drop_failing(host)

    def _drop_failing(self, host: str) -> None:
        gone = self._failing.pop(host, None)
        if gone is not None:
            self._failed -= gone.pks
