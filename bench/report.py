"""What was measured, as a table and as JSON; goals beside it, which gate nothing."""

import os
import platform
import subprocess
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC
from datetime import datetime
from statistics import median
from typing import Any

from bench.city import ROOT
from bench.works import AT_ONCE
from bench.works import LATENCY
from bench.works import TIMEOUT
from bench.works import Row

MEMORY = 250  # MB, of all processes together, in all works
# work: how many times faster than whom.
TIMES = {
    "T1": {"reader": 6.0, "newsboat": 3.0},
    "T2": {"reader": 5.0},
    "T3": {"reader": 6.0},
    "T4": {"reader": 2.0},
}
Rows = Mapping[tuple[str, str], Row]


def seconds_of(row: Row) -> float:
    """Give the median of its runs."""
    return median(each.seconds for each in row.runs)


def goals(rows: Rows, feeds: int) -> list[dict[str, Any]]:
    """Hold what was measured against the goals; what was not measured has none."""
    found = [
        _times(rows, work, peer, least)
        for work, peers in TIMES.items()
        for peer, least in peers.items()
        if (work, "ours") in rows and (work, peer) in rows
    ]
    found += [
        _most(f"{work}: {what}", seconds_of(rows[work, "ours"]), most(rows, feeds), "s")
        for (work, needs), (what, most) in _LIMITS.items()
        if (work, "ours") in rows and needs in rows
    ]
    ours = [row for (_, who), row in rows.items() if who.startswith("ours")]
    peaks = [each.memory / 1e6 for row in ours for each in row.runs]
    if peaks:
        found.append(_most("peak memory (PSS) in all works", max(peaks), MEMORY, "MB"))
    return found


_Limit = tuple[str, Callable[[Rows, int], float]]
_LIMITS: dict[tuple[str, tuple[str, str]], _Limit] = {
    ("T2 in work", ("T2", "floor")): (
        "6 times the floor",
        lambda rows, feeds: 6 * seconds_of(rows["T2", "floor"]),
    ),
    ("T4 in work", ("T4 in work", "ours")): (
        "1.3 × latency × feeds / concurrency",
        lambda rows, feeds: 1.3 * LATENCY / 1000 * feeds / AT_ONCE,
    ),
    ("T5", ("T1", "ours")): (
        "T1 and 1.1 × one time limit",
        lambda rows, feeds: seconds_of(rows["T1", "ours"]) + 1.1 * TIMEOUT,
    ),
}


def _times(rows: Rows, work: str, peer: str, least: float) -> dict[str, Any]:
    times = seconds_of(rows[work, peer]) / seconds_of(rows[work, "ours"])
    says = f"{work}: times faster than {peer}"
    return {"goal": says, "is": times, "wanted": f"≥ {least:g}", "met": times >= least}


def _most(says: str, value: float, most: float, unit: str) -> dict[str, Any]:
    wanted = f"≤ {most:.2f} {unit}"
    return {"goal": says, "is": value, "wanted": wanted, "met": value <= most}


# --- As text ------------------------------------------------------------------


_TABLE = (
    "| work | who | seconds: median (min–max) | CPU s | peak MB | ours : theirs | |"
)


def table(rows: Rows, feeds: int) -> str:
    """Write all works, then all goals."""
    lines = [
        _TABLE,
        "|---|---|---|---|---|---|---|",
        *(_line(rows, row) for row in rows.values() if row.runs),
        "",
        "| goal | wanted | is | met |",
        "|---|---|---|---|",
    ]
    for each in goals(rows, feeds):
        met = "yes" if each["met"] else "no"
        lines.append(
            f"| {each['goal']} | {each['wanted']} | {each['is']:.2f} | {met} |"
        )
    return "\n".join(lines)


def _line(rows: Rows, row: Row) -> str:
    spent = [each.seconds for each in row.runs]
    times = f"{median(spent):.2f} ({min(spent):.2f}–{max(spent):.2f})"
    cpu = median(each.cpu_seconds for each in row.runs)
    memory = max(each.memory for each in row.runs) / 1e6
    ours = rows.get((row.work, "ours"))
    theirs = ours is not None and ours.runs and not row.who.startswith("ours")
    ratio = f"{seconds_of(ours) / seconds_of(row):.2f}" if ours and theirs else ""
    cells = (
        row.work,
        row.who,
        times,
        f"{cpu:.1f}" if cpu else "",
        f"{memory:.0f}" if memory else "",
        ratio,
        "INVALID" if row.faults else "",
    )
    return f"| {' | '.join(cells)} |"


# --- As JSON ------------------------------------------------------------------


def facts(feeds: int, runs: int) -> dict[str, Any]:
    """Say when, of what, and on what machine."""
    commit = _output("git", "describe", "--always", "--dirty")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "feeds": feeds,
        "runs": runs,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "kernel": platform.release(),
        "load_before": os.getloadavg(),
    }


def _output(*command: str) -> str:
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True
        ).stdout.strip()
    except OSError:
        return ""


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.partition(":")[2] for line in lines if "model name" in line]
    return names[0].strip() if names else platform.machine()


def as_json(
    rows: Rows, machine: Mapping[str, Any], notes: Sequence[str]
) -> dict[str, Any]:
    """Give everything that was measured."""
    return {
        "machine": dict(machine),
        "notes": list(notes),
        "rows": [asdict(row) for row in rows.values()],
        "goals": goals(rows, machine["feeds"]),
    }
