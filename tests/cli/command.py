"""Runs `aggregator` as a user would: a process of its own, in a folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = os.environ.get("PYTHONPYCACHEPREFIX", str(ROOT / ".cache" / "pycache"))
AUTHORITIES: Mapping[str, Mapping[str, object]] = {
    "so": {"name": "Sở Giáo dục và Đào tạo", "short": "Sở GD&ĐT"}
}


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Read the one JSON document that is on stdout."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Read the JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(folder: Path) -> dict[str, str]:
    """Give a process nothing of ours: an empty home, no AGGREGATOR_ variable."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": CACHE,
    }


def words(*args: object) -> list[str]:
    """Write the words of a command line."""
    return [sys.executable, "-m", "aggregator", *map(str, args)]


def aggregator(
    folder: Path,
    *args: object,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run a command to its end."""
    done = subprocess.run(
        words(*args),
        cwd=folder,
        env=environment(folder) | dict(env or {}),
        input=stdin,
        capture_output=True,
        timeout=100,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return Done(code=done.returncode, out=out, err=err)


class Service:
    """A command that stays, and what it has said on stderr so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.said = ""
        self._news = threading.Condition()
        self.reader = threading.Thread(target=self._listen)
        self.reader.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.said += line
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def wait_for(self, pattern: str, timeout: float = 60) -> re.Match[str]:
        """Wait until it has said something; give the match."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = re.search(pattern, self.said)
                if found:
                    return found
                left = deadline - time.monotonic()
                assert self.reader.is_alive() and left > 0, self.said
                self._news.wait(left)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Tell it to end; give its exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(60)
        seconds = time.monotonic() - began
        self.reader.join(10)  # whoever is left behind would hold its stderr open
        assert not self.reader.is_alive(), "a child outlived the process"
        assert "Traceback" not in self.said, self.said
        return code, seconds


@contextmanager
def service(folder: Path, *args: object) -> Iterator[Service]:
    """Start a command that stays; kill it if the test did not end it."""
    with (folder / "stdout").open("wb") as out:
        process = subprocess.Popen(
            words(*args),
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
    running = Service(process)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        running.reader.join()
        assert process.stderr is not None
        process.stderr.close()


def write_feeds(
    folder: Path,
    sources: Mapping[str, str | Mapping[str, object]],
    *,
    authorities: Mapping[str, Mapping[str, object]] = AUTHORITIES,
    site: Mapping[str, object] | None = None,
    private: str = "127.0.0.0/8",
    **fetch: object,
) -> Path:
    """Write feeds.toml: sources by id, each its URL or its table."""
    tables: dict[str, Mapping[str, object]] = {
        "site": {"title": "Tin ngành", "base_url": "http://127.0.0.1:8000"}
        | dict(site or {}),
        "fetch": {"allow_private": [private] if private else [], **fetch},
    }
    tables |= {f"authorities.{name}": table for name, table in authorities.items()}
    for name, given in sources.items():
        table = {"url": given} if isinstance(given, str) else given
        defaults = {"authority": "so", "category": "news"}
        tables[f"sources.{name}"] = defaults | dict(table)
    lines = []
    for heading, table in tables.items():
        lines.append(f"[{heading}]")
        lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
    file = folder / "feeds.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _toml(value: object) -> str:
    """Write a value: TOML's strings and lists are JSON's, its days stand bare."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    day = re.fullmatch(r'"(\d{4}-\d\d-\d\d)"', text)
    return day[1] if day else text
