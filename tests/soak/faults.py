"""What goes wrong in the month, when, and how it looks from outside. Pure."""

import random
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from email.utils import format_datetime

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Response
from tests.soak.world import HOUR
from tests.soak.world import Feed
from tests.soak.world import local

OF_A_HOST = ("down", "e500", "html", "bot")  # befall a host, whichever feed is asked
KINDS = (*OF_A_HOST, "truncated", "emptied", "limited", "overloaded", "gone")
OFF = (local(17, 5), local(17, 9))  # our machine: it comes back to a dead network
NETWORK = (local(17, 9), local(17, 12))
_HTML = b"<!doctype html><html><head><title>Trang chu</title></head><body>Bao tri"
_BOT = b"<html><script>document.cookie='D1N=1';window.location.reload()</script></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is wrong with feeds of one host for a while."""

    kind: str
    host: str
    feeds: Collection[str]
    start: datetime
    end: datetime

    def holds(self, feed: Feed, now: datetime) -> bool:
        return feed.id in self.feeds and self.start <= now < self.end


def planned(feeds: Collection[Feed]) -> list[Fault]:
    """Give each host a fault before our own network's and one after it."""
    hosts: dict[str, list[Feed]] = defaultdict(list)
    for feed in feeds:
        hosts[feed.host].append(feed)
    faults = []
    for n, (host, members) in enumerate(sorted(hosts.items())):
        dice = random.Random(f"faults of {host}")
        faults += [
            Fault(kind=kind, host=host, feeds=_ids(members), start=start, end=end)
            for kind, start, end in _periods(n, members[0].oddity, dice)
        ]
    return faults


def _ids(members: Collection[Feed]) -> frozenset[str]:
    return frozenset(feed.id for feed in members)


def _periods(
    n: int, oddity: str, dice: random.Random
) -> Iterator[tuple[str, datetime, datetime]]:
    if oddity == "fast":  # in office hours, so that posts scroll out unseen
        yield "down", local(15, 8), local(15, 15)
    elif oddity == "silent":  # at a moment when it is silent for long
        yield "down", local(25, 9), local(25, 14)
    elif oddity != "redirects":
        for day, kind in ((dice.randint(1, 14), n), (dice.randint(18, 23), n + 4)):
            name = KINDS[kind % len(KINDS)]
            start = local(day, dice.randrange(24), dice.randrange(60))
            long = 26 * HOUR if name == "gone" else _hours(dice, 3, 10)
            yield name, start, start + long


def _hours(dice: random.Random, least: float, most: float) -> timedelta:
    return dice.uniform(least, most) * HOUR


# --- How it looks -------------------------------------------------------------


def answer(fault: Fault, feed: Feed, now: datetime) -> Response | FetchError:
    """Answer as a host does on which something is wrong."""
    if fault.kind == "down":
        words = random.Random(f"{feed.id} {now}")
        reason = words.choice((Reason.REFUSED, Reason.TIMEOUT, Reason.DNS))
        return FetchError(reason, "as planned")
    wait = min(fault.end - now, 2 * HOUR)
    status, body, headers = {
        "e500": (500, b"<h1>500</h1>", {}),
        "html": (200, _HTML, {"content-type": "text/html"}),
        "bot": (200, _BOT, {"content-type": "text/html"}),
        "truncated": (200, _cut(feed.body(now)), {}),
        "emptied": (200, b'<rss version="2.0"><channel></channel></rss>', {}),
        "limited": (429, b"", {"retry-after": str(int(wait.total_seconds()) + 1)}),
        "overloaded": (503, b"", {"retry-after": format_datetime(now + wait)}),
        "gone": (410, b"", {}),
    }[fault.kind]
    return Response(url=feed.url, status=status, headers=headers, body=body)


def _cut(body: bytes) -> bytes:
    return body[: len(body) * 11 // 20]


def limited_until(fault: Fault, now: datetime) -> datetime | None:
    """Say until when a host has just asked to be left alone."""
    if fault.kind not in ("limited", "overloaded"):
        return None
    until = now + min(fault.end - now, 2 * HOUR)
    return until.replace(microsecond=0)
