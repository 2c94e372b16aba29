"""A running simulator: started, steered and asked by the harness."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.process import BenchError
from bench.process import environment
from bench.process import staying
from bench.upstream import fault_of
from bench.upstream import url_of

ROOT = Path(__file__).parents[1]
Held = set[tuple[int, str]]  # feed and guid of each item


@dataclass(frozen=True, slots=True)
class Upstream:
    """A simulator that answers for so many feeds."""

    feeds: int
    port: int

    def urls(self) -> list[str]:
        """List the feeds, in order."""
        return [url_of(feed, self.port) for feed in range(1, self.feeds + 1)]

    def number_of(self, url: str) -> int:
        """Say which feed a URL is."""
        return int(url.rpartition("/")[2].removesuffix(".xml"))

    def order(self, what: str) -> Any:
        """Steer it, or ask it something."""
        with urlopen(f"http://127.0.0.1:{self.port}/_/{what}", timeout=60) as answer:
            return json.load(answer)

    def ever(self) -> Held:
        """List all that was ever published."""
        return self._items("ever")

    def listed(self) -> Held:
        """List all that the feeds show now."""
        return self._items("listed")

    def _items(self, which: str) -> Held:
        told = self.order(which)
        return {(int(feed), guid) for feed, guids in told.items() for guid in guids}

    def healthy(self) -> set[int]:
        """Name the feeds that never have a fault."""
        return set(range(1, self.feeds + 1)) - set(fault_of(self.feeds))


@contextmanager
def upstream(feeds: int, cache: Path) -> Iterator[Upstream]:
    """Run a simulator meanwhile."""
    command = [sys.executable, "-m", "bench.upstream", "--feeds", str(feeds)]
    log = cache / "upstream.log"
    with staying(command, env=environment(cache), folder=ROOT, log=log) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise BenchError(f"the simulator did not start: see {log}")
        yield Upstream(feeds, int(line))
