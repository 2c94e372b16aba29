"""The pulling machine: store, network, workshop and puller, put together and let go.

The one place that knows how the parts are made. `pull` uses it once, the clock for as
long as it runs.
"""

import logging
import threading
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator import __version__
from aggregator.deliver.alerts import Secrets
from aggregator.deliver.alerts import deliver_due
from aggregator.deliver.watch import watch
from aggregator.errors import AggregatorError
from aggregator.errors import StoreError
from aggregator.intake.fetch import user_agent
from aggregator.intake.net import Dial
from aggregator.intake.net import Net
from aggregator.intake.pipeline import Puller
from aggregator.intake.task import Task
from aggregator.model import Digest
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.work.declaring import now
from aggregator.work.owner import dead_owners
from aggregator.work.owner import this_owner
from aggregator.work.secrets import alert_secrets

if TYPE_CHECKING:
    from aggregator.intake.workshop import Workshop

LEASE = timedelta(minutes=3)
_log = logging.getLogger("aggregator.work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running pulling machine."""

    store: Store
    settings: Settings
    puller: Puller
    owner: str
    net: Net
    secrets: Secrets
    clock: Callable[[], datetime] = now

    def claim(
        self,
        *,
        wanted: Collection[str] | None = None,
        force: bool = False,
        limit: int = 100_000,
        per_host: int | None = None,
    ) -> list[SourceRow]:
        """Lease what is wanted, else what is due, so many at once of one host."""
        moment = self.clock()
        with self.store.write() as connection:
            others = stored.owners(connection, moment)
            return stored.claim(
                connection,
                self.settings.sources,
                now=moment,
                owner=self.owner,
                until=moment + LEASE,
                wanted=wanted,
                force=force,
                dead=dead_owners(others),
                limit=limit,
                per_host=per_host,
            )

    def any_due(self) -> bool:
        """Say whether a source is due, without taking the writers' lock."""
        with self.store.read() as connection:
            return stored.any_due(connection, self.clock())

    def renew(self) -> None:
        """Hold on to what is in flight."""
        with self.store.write() as connection:
            pks = self.puller.under_way()
            until = self.clock() + LEASE
            stored.renew_leases(connection, self.owner, pks, until)

    def look_around(self, *, patience: float | None = None) -> None:
        """Note what turned bad or recovered, of all sources, and tell of it.

        Args:
            patience: Seconds to wait for mail server and webhook; then what is not
                sent stays in the outbox. None: as long as it takes.
        """
        watch(self.store, self.clock())
        if patience is None:
            self._tell()
            return
        # A name that is looked up and a server that dawdles heed no time of ours.
        teller = threading.Thread(target=self._try_to_tell, name="teller", daemon=True)
        teller.start()
        teller.join(patience)
        if teller.is_alive():
            _log.warning("alerts are not sent in time: the next run sends them")

    def _try_to_tell(self) -> None:
        try:
            self._tell()
        except AggregatorError as error:
            _log.error("telling failed: %s", error)

    def _tell(self) -> None:
        deliver_due(
            self.store,
            self.settings,
            net=self.net,
            secrets=self.secrets,
            now=self.clock(),
        )


class _LateWorkshop:
    """A workshop that opens with the first document: often nothing is new."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._workshop: "Workshop | None" = None

    def submit(self, task: Task) -> "Future[Digest]":
        """Start reading a document."""
        if self._workshop is None:
            from aggregator.intake.workshop import Workshop  # reads all the rules

            self._workshop = Workshop(workers=self._workers)
        return self._workshop.submit(task)

    def close(self) -> None:
        """End the workers."""
        if self._workshop is not None:
            self._workshop.close()


@contextmanager
def running(
    store: Store,
    settings: Settings,
    *,
    dial: Dial | None = None,
    workers: int = 2,
    clock: Callable[[], datetime] = now,
) -> Iterator[Engine]:
    """Start a pulling machine; stop it and give its leases back at the end."""
    owner = this_owner()
    secrets = alert_secrets(settings)
    net = Net(
        allow_private=settings.fetch.allow_private,
        concurrency=settings.fetch.concurrency,
        spacing=settings.fetch.spacing.total_seconds(),
        user_agent=user_agent(settings.site, __version__),
        dial=dial,
    )
    workshop = _LateWorkshop(workers)
    puller = Puller(
        store, settings, net=net, workshop=workshop, owner=owner, clock=clock
    )
    try:
        yield Engine(
            store=store,
            settings=settings,
            puller=puller,
            owner=owner,
            net=net,
            secrets=secrets,
            clock=clock,
        )
    finally:
        net.close(timeout=3)
        workshop.close()
        _give_back(store, owner)


def _give_back(store: Store, owner: str) -> None:
    try:
        with store.write() as connection:
            stored.release(connection, owner)
    except StoreError as error:  # they run out, and a dead owner's hold no more
        _log.warning("leases are not given back: %s", error)
