"""Who holds a lease, and whether that process still lives."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from aggregator.work import owner
from aggregator.work.owner import dead_owners
from aggregator.work.owner import machine
from aggregator.work.owner import this_owner

Process = subprocess.Popen[bytes]


@pytest.fixture
def other() -> Iterator[Process]:
    """Start a process that waits; end it after the test."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as process:
        yield process
        process.kill()


def name_of(pid: int) -> str:
    """Name another process of this machine as it would name itself."""
    return f"{machine()}/{pid}/{owner._started(pid)}"


def test_the_living_are_not_dead(other: Process) -> None:
    assert name_of(os.getpid()) == this_owner()
    assert dead_owners([this_owner(), name_of(other.pid)]) == set()


def test_whoever_has_ended_is_dead(other: Process) -> None:
    name = name_of(other.pid)
    other.kill()
    other.wait()
    assert dead_owners([name, this_owner()]) == {name}


def test_a_zombie_is_dead(other: Process) -> None:
    name = name_of(other.pid)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # ended, not yet buried
    assert os.path.exists(f"/proc/{other.pid}/stat")
    assert dead_owners([name]) == {name}


def test_a_number_given_to_another_process_is_told_apart() -> None:
    place, _, started = this_owner().rpartition("/")
    earlier = f"{place}/{int(started) - 1}"
    assert dead_owners([earlier]) == {earlier}


@pytest.mark.parametrize(
    "other_place",
    [
        "another-host/0a1b2c3d/4026531836",
        machine().rsplit("/", 2)[0] + "/00000000/" + machine().rsplit("/", 1)[1],
        machine().rsplit("/", 1)[0] + "/1",
    ],
    ids=["host", "boot", "container"],
)
def test_of_other_machines_nothing_is_known(other_place: str) -> None:
    """A pid means nothing there; their leases end by running out."""
    assert dead_owners([f"{other_place}/999999999/1"]) == set()


@pytest.mark.parametrize(
    "name", ["", "one", "a/b", f"{machine()}/x/1", f"{machine()}//", "/" * 9]
)
def test_a_name_that_is_none_of_ours_is_left_alone(name: str) -> None:
    assert dead_owners([name]) == set()


def test_a_process_may_be_called_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name stands in brackets before the fields, and may hold brackets."""
    fields = " ".join(str(n) for n in range(4, 40))
    monkeypatch.setattr(owner, "_read", lambda _path: f"7 (a) Z 1 (b)) S {fields}")
    assert owner._started(7) == "22"
