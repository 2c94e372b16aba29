"""What every view needs: the settings, the store, the clock and the cache."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from aggregator.model import Settings
from aggregator.publish.fragments import Fragments
from aggregator.store.engine import Store
from aggregator.web.caching import FeedCache
from aggregator.web.units import UnitCounts
from aggregator.web.watching import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One for an app, made when the app is."""

    settings: Settings
    store: Store
    cache: FeedCache
    fragments: Fragments
    clock: Callable[[], datetime]
    watch: Watch
    units: UnitCounts
    shape: str  # hash of what in the settings shapes bytes; made once

    def today(self) -> date:
        """Give the day it is in the site's zone."""
        zone = ZoneInfo(self.settings.site.timezone)
        return self.clock().astimezone(zone).date()


def context() -> Context:
    """Give the context of the app that answers."""
    found = current_app.extensions["aggregator"]
    assert isinstance(found, Context)
    return found
