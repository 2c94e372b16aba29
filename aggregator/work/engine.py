"""The pulling machine: store, network, workshop and puller, put together and let go.

The one place that knows how the parts are made. `pull` uses it once, the clock for as
long as it runs.
"""

import logging
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

from aggregator import __version__
from aggregator.errors import StoreError
from aggregator.intake.fetch import user_agent
from aggregator.intake.net import Dial
from aggregator.intake.net import Net
from aggregator.intake.pipeline import Puller
from aggregator.intake.workshop import Workshop
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.work.declaring import now
from aggregator.work.owner import dead_owners
from aggregator.work.owner import this_owner

LEASE = timedelta(minutes=3)
READ_LIMIT = timedelta(seconds=5)  # for one document
_log = logging.getLogger("aggregator.work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running pulling machine."""

    store: Store
    settings: Settings
    puller: Puller
    owner: str

    def claim(
        self,
        *,
        wanted: Collection[str] | None = None,
        force: bool = False,
        limit: int = 100_000,
    ) -> list[SourceRow]:
        """Lease what is wanted, else what is due."""
        moment = now()
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
            )

    def any_due(self) -> bool:
        """Say whether a source is due, without taking the writers' lock."""
        with self.store.read() as connection:
            return stored.any_due(connection, now())

    def renew(self) -> None:
        """Hold on to what is in flight."""
        with self.store.write() as connection:
            pks = self.puller.under_way()
            stored.renew_leases(connection, self.owner, pks, now() + LEASE)


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
    net = Net(
        allow_private=settings.fetch.allow_private,
        concurrency=settings.fetch.concurrency,
        user_agent=user_agent(settings.site, __version__),
        dial=dial,
    )
    workshop = Workshop(workers=workers, limit=READ_LIMIT)
    puller = Puller(
        store, settings, net=net, workshop=workshop, owner=owner, clock=clock
    )
    try:
        yield Engine(store=store, settings=settings, puller=puller, owner=owner)
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
