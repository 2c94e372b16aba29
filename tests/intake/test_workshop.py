"""The workshop ends what takes too long, dies or eats memory, and dies itself."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.task import Task
from aggregator.intake.workshop import Workshop
from aggregator.model import Digest

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LONG = timedelta(seconds=60)
FEED = """<rss version="2.0"><channel><title>Sở</title>
<item><guid>news_1</guid><title>Lịch nghỉ Tết</title></item></channel></rss>"""


def task(body: str = FEED) -> Task:
    return Task(body=body.encode(), now=NOW)


def _by_word(task: Task) -> Digest:
    """Do in the worker what the body says: the faults a document may cause."""
    if task.body == b"loop":
        while True:
            pass
    if task.body == b"loop in C":  # where no handler written in Python can run
        return Digest(items=(), feed_title=str(re.match("(a+)+b", "a" * 99)))
    if task.body == b"wait":
        threading.Event().wait()
    if task.body == b"work":
        _burn(0.7)
    if task.body == b"die":
        os._exit(9)
    if task.body == b"eat":
        return Digest(items=(), feed_title=str(len(bytearray(2_000_000_000))))
    if task.body == b"refuse":
        raise ParseError(Reason.HTML_PAGE, "a page")
    return Digest(items=(), feed_title=str(os.getpid()))


def _burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.fixture
def workshop():
    limits = {"limit": timedelta(seconds=1), "wall": timedelta(seconds=30)}
    made = Workshop(1, **limits, run=_by_word)
    yield made
    made.close()


def test_document_is_read_in_another_process():
    workshop = Workshop(1, LONG)
    try:
        read = workshop.submit(task()).result(60)
    finally:
        workshop.close()
    assert [item.title for item in read.items] == ["Lịch nghỉ Tết"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("loop", Reason.PARSE_TIMEOUT),
        ("loop in C", Reason.PARSE_TIMEOUT),
        ("die", Reason.PARSE_CRASH),
        ("eat", Reason.PARSE_CRASH),
        ("refuse", Reason.HTML_PAGE),
    ],
)
def test_fault_is_named_and_the_next_document_is_read(workshop, word, reason):
    with pytest.raises(ParseError) as caught:
        workshop.submit(task(word)).result(60)
    assert caught.value.reason is reason
    assert int(workshop.submit(task("pid")).result(60).feed_title) != os.getpid()


def test_document_that_waits_ends_by_the_clock():
    wall = timedelta(seconds=0.5)
    workshop = Workshop(1, LONG, wall=wall, run=_by_word)
    try:
        with pytest.raises(ParseError) as caught:
            workshop.submit(task("wait")).result(60)
    finally:
        workshop.close()
    found = caught.value.reason, caught.value.detail
    assert found == (Reason.PARSE_TIMEOUT, "by the clock")


def test_each_document_has_the_whole_cpu_time(workshop):
    done = [workshop.submit(task("work")).result(60).feed_title for _ in range(3)]
    assert len(set(done)) == 1  # the worker lives


def test_worker_killed_while_idle_is_replaced(workshop):
    first = int(workshop.submit(task("pid")).result(60).feed_title)
    os.kill(first, signal.SIGKILL)
    second = 0
    for _ in range(20):  # the pool may notice only when it is given work
        try:
            second = int(workshop.submit(task("pid")).result(60).feed_title)
            break
        except ParseError as error:
            assert error.reason is Reason.PARSE_CRASH
    assert second not in {0, first}


def test_worker_outlives_the_thread_that_started_it(workshop):
    found = []
    thread = threading.Thread(
        target=lambda: found.append(workshop.submit(task("pid")).result(60))
    )
    thread.start()
    thread.join()
    again = workshop.submit(task("pid")).result(60)
    assert again.feed_title == found[0].feed_title


def test_closing_gives_up_what_is_being_read_and_refuses_more():
    workshop = Workshop(1, LONG, run=_by_word)
    reading = [workshop.submit(task("loop")), workshop.submit(task("pid"))]
    workshop.close()
    workshop.close()
    for future in reading:
        with pytest.raises(CancelledError):
            future.result(0)
    with pytest.raises(RuntimeError, match="closed"):
        workshop.submit(task("pid"))


def test_nothing_is_started_before_the_first_task():
    workshop = Workshop(1)
    workshop.close()
    assert workshop._pool is None


_PARENT = """
import sys
sys.path[:0] = {path!r}
from datetime import timedelta
from test_workshop import _by_word, task
from aggregator.intake.workshop import Workshop
if __name__ == "__main__":
    workshop = Workshop(1, timedelta(seconds=600), run=_by_word)
    print(workshop.submit(task("pid")).result(60).feed_title, flush=True)
    {then}
"""


def _parent(tmp_path: Path, then: str) -> "subprocess.Popen[str]":
    script = tmp_path / "parent.py"
    path = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    script.write_text(_PARENT.format(path=path, then=then))
    return subprocess.Popen(
        [sys.executable, "-W", "error", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_workers_die_with_a_parent_that_is_killed(tmp_path):
    then = "workshop.submit(task('loop')).result()"
    with _parent(tmp_path, then) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
        # The worker holds the other end of our pipes: they close when it is gone,
        # though it was in the middle of an endless document.
        parent.communicate(timeout=60)
    assert worker != parent.pid
    assert parent.returncode == -signal.SIGKILL


@pytest.mark.parametrize("then", ["workshop.close()", "pass"])
def test_leaving_prints_nothing(tmp_path, then):
    with _parent(tmp_path, then) as parent:
        _, errors = parent.communicate(timeout=60)
    assert (parent.returncode, errors) == (0, "")
