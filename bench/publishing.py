"""`make publishing`: feeds going out, beside nginx with the same bytes as files.

A city is pulled and its items copied until 100,000 are stored; then `aggregator serve`
and nginx are asked in turn, by wrk, on loopback, in the same run. Goals stand beside
what was measured and gate nothing; a wrong answer ends the command with 1. Needs wrk
and nginx with gzip_static (Debian: `apt-get install wrk nginx-light`). Linux only.
"""

import argparse
import json
import random
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any

import sqlalchemy as sa

from aggregator import config
from aggregator.model import Correction
from aggregator.model import Settings
from aggregator.publish.fragments import Fragments
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.store import schema
from aggregator.store.corrections import correct
from aggregator.store.engine import Store
from aggregator.store.views import read_view
from aggregator.web.feeds import FORMS
from bench.city import ROOT
from bench.city import Upstream
from bench.city import upstream
from bench.contestants import Ours
from bench.growth import fill
from bench.process import BenchError
from bench.process import run
from bench.process import say
from bench.process import staying

CACHE = ROOT / ".cache" / "bench"
HOME = CACHE / "publishing"
COPIES = 4  # of what a first pull stores: 20,000 items become 100,000
ROUND = timedelta(minutes=5)  # in which each source is asked once
WORKS = ("making", "rate", "waiting", "change")
CONNECTIONS = 32
RATE = 1_000  # requests a second in the test of waiting
SPREAD = 50  # connections in that test
ADDRESSES = 700
_LEVELS = "all mam-non tieu-hoc thcs thpt gdtx mam-non,tieu-hoc thcs,thpt".split()
_NAMES = ("all", "tin-tuc", "thong-bao", "van-ban")
_ONE = "/feeds/quan-1/all/all.rss"
_SECOND = 1.0

# Each of SPREAD connections waits on average so long that all together ask RATE times
# a second; at random, so that they do not ask in step.
_SCRIPT = """
local addresses = {{}}
for line in io.lines("{list}") do addresses[#addresses + 1] = line end
local headers = {{}}
headers["Accept-Encoding"] = "gzip"
math.randomseed(os.time())
function request()
  local address = addresses[math.random(#addresses)]
  return wrk.format("GET", address, headers)
end
function delay() return math.random(0, {twice}) end
function done(summary, latency, requests)
  io.write(string.format('JSON {{"p50": %d, "p99": %d, "max": %d, "requests": %d, '
    .. '"duration": %d, "errors": %d}}\\n', latency:percentile(50),
    latency:percentile(99), latency.max, summary.requests, summary.duration,
    summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout))
end
"""
_NGINX = """
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; sendfile on; tcp_nopush on;
  open_file_cache max=2000; gzip_static on; gzip_vary on; types {{ }}
  default_type "application/rss+xml; charset=utf-8";
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  server {{ listen 127.0.0.1:{port}; root {home}/files; }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    work: str
    ours: str
    peer: str
    goal: str
    met: bool


def main() -> int:
    """Measure, print the table; 1 if an answer was wrong, 2 if a tool is missing."""
    wanted = _arguments()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool):
            say(f"{tool} is not there: apt-get install wrk nginx-light")
            return 2
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    rows: list[Row] = []
    try:
        with upstream(wanted.feeds, CACHE) as city:
            ours = _filled(city, wanted.copies)
            if "making" in wanted.works:
                rows += _making(ours)
            with _serving(ours, wanted.workers) as base, _nginx(base) as peer:
                if "rate" in wanted.works:
                    rows += _throughput(base, peer, wanted)
                if "waiting" in wanted.works:
                    rows += _waiting(ours, city, base, peer, wanted)
                if "change" in wanted.works:
                    rows += _changing(ours, base)
    except BenchError as error:
        print(f"INVALID: {error}")
        return 1
    finally:
        _print(rows)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make publishing", description=__doc__)
    parser.add_argument("works", nargs="*", choices=[[], *WORKS], help="of these")
    parser.add_argument("--feeds", type=int, default=1000, help="of the city")
    parser.add_argument("--copies", type=int, default=COPIES, help="of its items")
    parser.add_argument("--seconds", type=int, default=8, help="of each wrk run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="of serve")
    wanted = parser.parse_args()
    wanted.works = wanted.works or WORKS
    return wanted


def _print(rows: Sequence[Row]) -> None:
    print("\n| work | ours | beside it | goal | is |\n|---|---|---|---|---|")
    for row in rows:
        met = "met" if row.met else "**missed**"
        print(f"| {row.work} | {row.ours} | {row.peer} | {row.goal} | {met} |")


# --- What is served -------------------------------------------------------------


def _filled(city: Upstream, copies: int) -> Ours:
    ours = Ours(city, HOME / "ours", CACHE)
    ours.prepare()
    say("a first pull")
    log = CACHE / "publishing.log"
    done = run(ours.command(), env=ours.env(), folder=ROOT, log=log)
    if done.code:
        raise BenchError(f"the first pull ended with {done.code}: see {log}")
    fill(ours, copies)
    return ours


def addresses() -> list[str]:
    """List so many different feeds of the city, always the same ones."""
    audiences = [f"quan-{number}" for number in range(1, 25)]
    found = [
        f"/feeds/{audience}/{level}/{name}.rss"
        for audience in audiences
        for level in _LEVELS
        for name in _NAMES
    ]
    return found[:ADDRESSES]


@contextmanager
def _serving(ours: Ours, workers: int) -> Iterator[str]:
    port = _free_port()
    config_file = str(ours.folder / "feeds.toml")
    command = [sys.executable, "-m", "aggregator", "--config", config_file, "serve"]
    command += ["--port", str(port), "--workers", str(workers)]
    log = CACHE / "publishing.log"
    with staying(command, env=ours.env(), folder=ROOT, log=log):
        base = f"http://127.0.0.1:{port}"
        _await(base + "/readyz")
        yield base


@contextmanager
def _nginx(base: str) -> Iterator[str]:
    """Give nginx our answers as files, packed beforehand."""
    home, port = HOME / "nginx", _free_port()
    for address in {*addresses(), _ONE}:
        file = home / "files" / address[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_get(base + address)[1])
        packed = _get(base + address, {"Accept-Encoding": "gzip"})[1]
        file.with_name(file.name + ".gz").write_bytes(packed)
    (home / "nginx.conf").write_text(_NGINX.format(home=home, port=port))
    command = [
        str(shutil.which("nginx")),
        "-c",
        str(home / "nginx.conf"),
        "-p",
        str(home),
    ]
    with staying(command, env={}, folder=home, log=CACHE / "nginx.log"):
        peer = f"http://127.0.0.1:{port}"
        _await(peer + _ONE)
        yield peer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


def _await(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            _get(url)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise BenchError(f"nobody answers at {url}")


def _get(
    url: str, headers: Mapping[str, str] | None = None
) -> tuple[Mapping[str, str], bytes]:
    asked = urllib.request.Request(url, headers=dict(headers or {}))
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.headers, answer.read()


# --- How many a second ----------------------------------------------------------


def _throughput(base: str, peer: str, wanted: argparse.Namespace) -> Iterator[Row]:
    """Ask both for one feed as often as they can; then for whether it changed."""
    packed = {"Accept-Encoding": "gzip"}
    bodies = [_get(each + _ONE, packed)[1] for each in (base, peer)]
    if bodies[0] != bodies[1]:
        raise BenchError("nginx does not serve the same bytes")
    size = f"{len(bodies[0]) / 1000:.1f} kB"
    yield _compared(
        f"200, RSS of 30 items, gzip ({size}), keep-alive", 0.30, (base, peer), wanted
    )
    yield _compared("304", 0.25, (base, peer), wanted, conditional=True)
    named = f"{_ONE}?u=thcs-le-loi"
    told = [_rate(base + address, wanted, packed) for address in (_ONE, named)]
    share = told[1] / told[0]
    yield Row(
        work="200 with `u=`",
        ours=f"{told[1]:,.0f}/s",
        peer=f"without: {told[0]:,.0f}/s",
        goal="not measurably slower (≥ 90%)",
        met=share >= 0.9,
    )


def _compared(
    work: str,
    goal: float,
    pair: tuple[str, str],
    wanted: argparse.Namespace,
    *,
    conditional: bool = False,
) -> Row:
    rates: dict[str, list[float]] = {each: [] for each in pair}
    for _ in range(wanted.runs):
        for each in pair:
            asked = {"Accept-Encoding": "gzip"}
            if conditional:
                tag = _get(each + _ONE, asked)[0]["ETag"]
                asked["If-None-Match"] = tag
            rates[each].append(_rate(each + _ONE, wanted, asked, other=conditional))
    ours, peer = (median(rates[each]) for each in pair)
    return Row(
        work=work,
        ours=f"{ours:,.0f}/s",
        peer=f"nginx {peer:,.0f}/s: {ours / peer:.0%}",
        goal=f"≥ {goal:.0%}",
        met=ours / peer >= goal,
    )


def _rate(
    url: str,
    wanted: argparse.Namespace,
    headers: Mapping[str, str],
    *,
    other: bool = False,
) -> float:
    """Ask for a URL as often as can be; give the answers a second.

    Args:
        other: Answers of 3xx are wanted, which wrk counts like those of 200.
    """
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{wanted.seconds}s"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    told = _told([*command, url])
    if re.search(r"Non-2xx or 3xx|Socket errors", told):
        raise BenchError(f"{url}: {told}")
    size = re.search(r"([\d.]+)(K|M|G)?B read", told)
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    count = re.search(r"(\d+) requests in", told)
    if size is None or found is None or count is None:
        raise BenchError(f"wrk said: {told}")
    unit = {None: 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[size[2]]
    each = float(size[1]) * unit / int(count[1])
    if other != (each < 1_000):
        raise BenchError(f"{url}: {each:.0f} bytes an answer are not what was asked")
    return float(found[1])


def _told(command: Sequence[str]) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True
    ).stdout


# --- How long it takes, while pulls go on ---------------------------------------


def _waiting(
    ours: Ours, city: Upstream, base: str, peer: str, wanted: argparse.Namespace
) -> Iterator[Row]:
    """Ask both at a steady rate for many feeds while news is pulled and saved."""
    listed = HOME / "addresses"
    listed.write_text("\n".join(addresses()) + "\n")
    twice = round(2 * 1000 * SPREAD / RATE)
    script = HOME / "waiting.lua"
    script.write_text(_SCRIPT.format(list=listed, twice=twice))
    found: dict[str, list[dict[str, Any]]] = {base: [], peer: []}
    with _pulling(ours, city):
        for _ in range(wanted.runs):
            for each in found:
                command = ["wrk", "-t1", f"-c{SPREAD}", f"-d{wanted.seconds}s"]
                told = _told([*command, "-s", str(script), each])
                summary = json.loads(told.partition("JSON ")[2])
                if summary["errors"]:
                    raise BenchError(f"{each}: {summary}")
                found[each].append(summary)
    shown = {}
    for each, runs in found.items():
        rate = median(r["requests"] / r["duration"] * 1e6 for r in runs)
        p50, p99 = (median(r[name] for r in runs) / 1000 for name in ("p50", "p99"))
        worst = max(r["max"] for r in runs) / 1000
        more = f"(half {p50:.1f}, worst {worst:.0f}; {rate:.0f}/s)"
        shown[each] = p99, f"{p99:.1f} ms {more}"
    ratio = shown[base][0] / shown[peer][0]
    yield Row(
        work=f"99 of 100, {RATE} requests/s over {ADDRESSES} feeds, while pulls go on",
        ours=shown[base][1],
        peer=f"nginx {shown[peer][1]}: {ratio:.1f} times",
        goal="≤ 3 times",
        met=ratio <= 3,
    )


@contextmanager
def _pulling(ours: Ours, city: Upstream) -> Iterator[None]:
    """Let `aggregator work` pull all sources within `ROUND`; a hundredth has news.

    A real city's round takes three times as long, and has some 2,000 items a day: one
    in 43 seconds. Here they are one in 30.
    """
    due = schema.sources.c.due_at
    with closing(ours.store()) as store, store.write() as connection:
        names = connection.scalars(sa.select(schema.sources.c.id)).all()
        now = datetime.now(UTC)
        for place, name in enumerate(random.Random(2).sample(names, len(names))):
            then = now + place * ROUND / len(names)
            this = schema.sources.c.id == name
            connection.execute(
                sa.update(schema.sources).where(this).values({due: then})
            )
    city.order("publish?percent=1")
    log = CACHE / "publishing.log"
    with staying(ours.work_command(), env=ours.env(), folder=ROOT, log=log):
        time.sleep(3)  # it starts
        yield


# --- How soon a change is seen --------------------------------------------------


def _changing(ours: Ours, base: str) -> Iterator[Row]:
    """Correct one notice of one office; look until all feeds that show it changed."""
    settings = config.load(ours.folder / "feeds.toml")
    spent, kept = [], []
    with closing(ours.store()) as store:
        for number in (3, 7, 11):
            seconds, unaffected = _change(store, settings, base, f"quan-{number}")
            spent.append(seconds)
            kept.append(unaffected)
    yield Row(
        work="a change to 1 item: every affected feed is current",
        ours=f"{median(spent):.2f} s (at most {max(spent):.2f})",
        peer=f"{min(kept):.0%} of the others kept their bytes",
        goal="≤ 1 s",
        met=max(spent) <= _SECOND,
    )


def _change(
    store: Store, settings: Settings, base: str, office: str
) -> tuple[float, float]:
    chosen = select(settings, office, options={"limit": "1", "own": "1"})
    with store.read() as connection:
        notice = read_view(connection, chosen.view)[0]
    tags = {address: _tag(base + address) for address in addresses()}
    affected = {a for a in tags if _shows(base, a, notice.id)}
    if not affected:
        raise BenchError(f"no feed shows {notice.id}")
    now = datetime.now(UTC)
    with store.write() as connection:
        correct(connection, notice.id, Correction(hidden=True), by="bench", now=now)
    began = time.monotonic()
    left = set(affected)
    while left and time.monotonic() - began < 10:
        left -= {a for a in left if _tag(base + a) != tags[a]}
    seconds = time.monotonic() - began
    others = set(tags) - affected
    return seconds, sum(_tag(base + a) == tags[a] for a in others) / len(others)


def _tag(url: str) -> str:
    return _get(url)[0]["ETag"]


def _shows(base: str, address: str, notice: str) -> bool:
    return notice.encode() in _get(base + address)[1]


# --- What making one costs ------------------------------------------------------


def _making(ours: Ours) -> Iterator[Row]:
    """Read and render selections that nobody asked for before."""
    settings = config.load(ours.folder / "feeds.toml")
    chosen = [
        _selection(settings, a) for a in random.Random(1).sample(addresses(), 200)
    ]
    reading: list[float] = []
    made: dict[str, list[float]] = {}
    kept = Fragments()
    with closing(ours.store()) as store:
        for each in chosen:
            began = time.perf_counter()
            with store.read() as connection:
                notices = read_view(connection, each.view)
            reading.append(time.perf_counter() - began)
            if len(notices) < each.view.limit:
                continue
            for name, form in FORMS.items():
                how: dict[str, Any] = {"settings": settings, "selection": each}
                call = partial(form.render, notices, changed_at=None, **how)
                made.setdefault(name, []).append(_timed(call))
                if form.joined:
                    call = partial(call, fragments=kept)
                    call()
                    known = f"{name}, all items known"
                    made.setdefault(known, []).append(_timed(call))
    yield _cost(f"query of any of 200 selections, {_count(ours):,} items", reading, 10)
    for name, spent in made.items():
        yield _cost(f"first render of 30 items as {name}", spent, 5)


def _selection(settings: Settings, address: str) -> Selection:
    _, _, audience, level, name = address.split("/")
    return select(
        settings, audience, level=level, category=name.removesuffix(".rss"), options={}
    )


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _cost(work: str, spent: Sequence[float], goal: int) -> Row:
    ordered = sorted(each * 1000 for each in spent)
    half, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    return Row(
        work=work,
        ours=f"{half:.1f} ms (19 of 20 within {most:.1f}, worst {ordered[-1]:.1f})",
        peer="–",
        goal=f"≤ {goal} ms",
        met=most <= goal,
    )


def _count(ours: Ours) -> int:
    with closing(ours.store()) as store, store.read() as connection:
        query = "SELECT count(*) FROM sightings"
        return int(connection.exec_driver_sql(query).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
