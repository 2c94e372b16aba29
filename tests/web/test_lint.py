"""The real server, asked by a tool that knows what CMSs trip over.

The tool is not part of this project: `AGGREGATOR_SHARED` says where the folder with
`tools/lint_feed.py` is, else it is looked for beside the checkout.
"""

import http.client
import json
import multiprocessing
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from aggregator.app import create_app
from aggregator.model import Category
from aggregator.model import Enclosure
from aggregator.model import Settings
from aggregator.store.engine import Store
from aggregator.web.feeds import FORMS
from aggregator.work.serving import address_of
from aggregator.work.serving import listening
from aggregator.work.serving import serving
from aggregator.work.workers import serve_in_processes
from tests.conftest import item
from tests.conftest import meaning
from tests.web.filled import ALL_RSS
from tests.web.filled import SAID
from tests.web.filled import pull

SHARED = Path(
    os.environ.get("AGGREGATOR_SHARED") or Path(__file__).parents[3] / "shared"
)
LINT = SHARED / "tools" / "lint_feed.py"
THEN = datetime(2025, 3, 1, 1, 0, tzinfo=UTC)  # past, by the clock of any machine
TITLES = (
    'Hội thi "Viết chữ đẹp" cấp <thành phố> năm học 2024 - 2025 🍀',
    "V/v tuyển sinh lớp 10; thí sinh < 15 tuổi & phụ huynh",
    "Kế hoạch kiểm tra công tác chuyên môn " * 20,
    "",
    "Thông báo nghỉ lễ 30/4 và 1/5",
)


@pytest.fixture(params=["waitress", "granian"])
def address(
    sqlite_store: Store,
    declare: Callable[[Store, Settings, datetime], None],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[str]:
    """Serve five items of one category, one of another, none of the rest."""
    with listening("127.0.0.1", 0) as door:
        here = address_of(door)
        said = replace(SAID, site=replace(SAID.site, base_url=here))
        declare(sqlite_store, said, THEN)
        files = (Enclosure(url="http://so.example/a.pdf", type="application/pdf"),)
        news = [
            item(f"n{n}", title=title, given=THEN - timedelta(hours=n))
            for n, title in enumerate(TITLES)
        ]
        news[1] = replace(news[1], enclosures=files * 2, link="", html="", text="")
        pull(sqlite_store, "so-tin", *news, now=THEN)
        one = item("t", meaning=meaning(Category.ANNOUNCEMENT), given=THEN)
        pull(sqlite_store, "so-tb", one, now=THEN)
        if request.param == "waitress":
            with serving(create_app(said, sqlite_store), door):
                yield here
            return
        host, port = door.getsockname()[:2]
    database, copies = str(sqlite_store.engine.url), tmp_path / "last-good"
    with in_processes(said, database, copies, host=host, port=port):
        yield here


@contextmanager
def in_processes(
    said: Settings, database: str, copies: Path, *, host: str, port: int
) -> Iterator[None]:
    """Serve from a process that has the server's processes below it."""
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    parent = spawn.Process(
        target=serve_in_processes,
        args=(said, database),
        kwargs={
            "host": host,
            "port": port,
            "workers": 1,
            "copies": copies,
            "ready": ready.set,
        },
    )
    parent.start()
    try:
        assert ready.wait(60)
        yield
    finally:
        parent.terminate()
        parent.join(30)
    assert parent.exitcode == 0


def lint(*urls: str) -> list[dict[str, Any]]:
    """Ask the tool about each feed, all at once: it waits a second for each."""
    command = [sys.executable, str(LINT)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    asked = [subprocess.Popen([*command, url], text=True, **pipes) for url in urls]
    found = []
    for each in asked:
        said, complaint = each.communicate(timeout=60)
        assert not complaint
        found.append(json.loads(said))
    return found


@pytest.mark.skipif(
    not LINT.exists(),
    reason="AGGREGATOR_SHARED names no folder with tools/lint_feed.py",
)
@pytest.mark.parametrize("form", sorted({"rss", "atom", "json"} & set(FORMS)))
def test_no_cms_trips_over_our_feeds(address: str, form: str) -> None:
    asked = {
        f"{address}/feeds/so/all/all.{form}": 6,
        f"{address}/feeds/quan-2/mam-non,thcs/tin-tuc,thong-bao.{form}?limit=5": 5,
        f"{address}/feeds/so/all/thong-bao.{form}": 1,
        # An empty feed carries one item that says so; JSON Feed needs none.
        f"{address}/feeds/so/all/thu-moi.{form}": 0 if form == "json" else 1,
    }
    if FORMS[form].archived:
        asked[f"{address}/feeds/so/all/all/2025-03.{form}"] = 6
    found = lint(*asked)
    assert {each["url"]: each["items"] for each in found} == asked
    for each in found:
        assert each["kind"] == form
        assert each["must"] == []
        few = re.compile(r"(only \d|no) items")
        assert [s for s in each["should"] if not few.match(s)] == []


# --- What only a real server shows (C3 and C4 of NukeViet's block) -------------


def spoken(address: str, lines: str) -> tuple[int, dict[str, str], bytes]:
    """Say something to the server word by word; read its answer."""
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=10) as line:
        line.sendall(lines.replace("\n", "\r\n").encode())
        answer = http.client.HTTPResponse(line, method=lines.split()[0])
        answer.begin()
        body = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, body


WORDS = {
    "nothing but the line": "GET {} HTTP/1.0\n\n",
    "NukeViet's own socket, with lines after the end": (
        "GET {} HTTP/1.0\nHost: tin.example\nConnection: Close\n\n"
        "Accept-Encoding: gzip,deflate\nAccept: */*\n\n"
    ),
    "a port in the host": "GET {} HTTP/1.0\nHost: tin.example:80\n\n",
    "no name of its own": "GET {} HTTP/1.1\nHost: x\nConnection: close\n\n",
    "a robot of old": (
        "GET {} HTTP/1.1\nHost: x\nConnection: close\n"
        "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; "
        "+http://www.google.com/bot.html)\n\n"
    ),
    "a browser of old": (
        "GET {} HTTP/1.0\nHost: x\nUser-Agent: Mozilla/4.8 [en] (Windows NT 6.0; U)\n\n"
    ),
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_c3_c4_whoever_asks_and_however_gets_the_same_bytes(
    address: str, words: str
) -> None:
    plain = spoken(address, f"GET {ALL_RSS} HTTP/1.1\nHost: a\nConnection: close\n\n")
    status, headers, body = spoken(address, words.format(ALL_RSS))
    assert status == 200
    assert body == plain[2]
    assert body.startswith(b"<?xml")
    assert headers["etag"] == plain[1]["etag"]
    assert "content-encoding" not in headers
    assert int(headers["content-length"]) == len(body)
    assert "set-cookie" not in headers


def test_head_has_the_headers_of_get(address: str) -> None:
    answers = [
        spoken(address, f"{method} {ALL_RSS} HTTP/1.1\nHost: a\nConnection: close\n\n")
        for method in ("GET", "HEAD")
    ]
    got, head = ({**headers, "date": ""} for _, headers, _ in answers)
    assert head == got
    assert int(head["content-length"]) == len(answers[0][2])
    assert answers[1][0] == 200
    assert answers[1][2] == b""


def test_not_modified_has_no_body_and_no_length(address: str) -> None:
    status, headers, body = spoken(
        address,
        f"GET {ALL_RSS} HTTP/1.1\nHost: a\nConnection: close\nIf-None-Match: *\n\n",
    )
    assert (status, body) == (304, b"")
    assert "etag" in headers
    assert "content-length" not in headers
