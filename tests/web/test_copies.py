"""The last good bytes outlive the process that made them."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.app import create_app
from aggregator.store.engine import Store
from aggregator.web import copies as room
from aggregator.web.caching import STALE
from aggregator.web.caching import FeedCache
from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered
from aggregator.web.copies import Copies
from aggregator.web.feeds import FORMS
from tests.conftest import NOW
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import take_away

ADDRESSES = (
    *(f"/feeds/so/all/all.{form}" for form in FORMS),
    "/feeds/quan-1/thcs/all.rss?limit=5",
    "/widget/v1/so/all/all.json",
    "/embed/so/all/all",
)


def started(store: Store, clock: Clock, folder: Path | None) -> FlaskClient:
    """Make an application, as after a restart."""
    return create_app(SAID, store, clock=clock, copies=folder).test_client()


def made(text: str) -> Rendered:
    """Make the bytes of a text."""
    return rendered(text.encode(), stamp="1/x", changed_at=NOW)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_feed_is_there_after_a_restart_without_a_database(
    filled: Store, database: Path, clock: Clock, tmp_path: Path, address: str
) -> None:
    clock.now = NOW + timedelta(hours=1)
    good = started(filled, clock, tmp_path).get(address)
    take_away(filled, database)
    assert started(filled, clock, None).get(address).status_code >= 500
    again = started(filled, clock, tmp_path)
    answer = again.get(address)
    assert (answer.status_code, answer.data) == (200, good.data)
    assert answer.headers["ETag"] == good.headers["ETag"]
    assert answer.headers["Last-Modified"] == good.headers["Last-Modified"]
    assert answer.headers["Warning"] == STALE
    packed = again.get(address, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    held = again.get(address, headers={"If-None-Match": good.headers["ETag"]})
    assert held.status_code == 304


def test_what_nobody_has_asked_for_is_no_page_of_html(
    filled: Store, database: Path, clock: Clock, tmp_path: Path
) -> None:
    take_away(filled, database)
    answer = started(filled, clock, tmp_path).get("/feeds/so/all/all.rss")
    assert answer.status_code == 503
    assert answer.content_type.startswith("text/plain")


def test_copies_are_shared_and_the_newest_counts(tmp_path: Path) -> None:
    one, two = Copies(tmp_path), Copies(tmp_path)
    one.keep("a", made("cũ"))
    two.keep("a", made("mới"))
    found = one.read("a")
    assert found is not None and found.body.decode() == "mới"
    assert (found.stamp, found.changed_at) == ("1/x", NOW)
    assert one.read("b") is None


def test_the_disk_cannot_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = Copies(tmp_path, places=4)
    for number in range(100):
        copies.keep(f"key {number}", made(f"{number}"))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert 1 <= len(files) <= 4
    found = [copies.read(f"key {number}") for number in range(100)]
    assert sum(each is not None for each in found) == len(files)
    assert all(f"{n}" == each.body.decode() for n, each in enumerate(found) if each)
    monkeypatch.setattr(room, "LARGEST", 10)
    copies.keep("large", made("x"))
    assert copies.read("large") is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-5],
        lambda data: data.replace(b"{", b"[", 1),
        lambda data: data.partition(b"\n")[0] + b"\nnot packed",
        lambda data: b"{}" + data[data.index(b"\n") :],
        lambda data: b"[]" + data[data.index(b"\n") :],
        lambda data: data.replace(b"2026", b"year", 1),
    ],
)
def test_a_spoilt_copy_is_none(
    tmp_path: Path, spoil: Any, caplog: pytest.LogCaptureFixture
) -> None:
    copies = Copies(tmp_path)
    copies.keep("a", made("tin"))
    (file,) = [file for file in tmp_path.rglob("*") if file.is_file()]
    file.write_bytes(spoil(file.read_bytes()))
    with caplog.at_level(logging.WARNING, "aggregator.web"):
        assert copies.read("a") is None
    assert "cannot be read" in caplog.text


def test_a_folder_that_cannot_be_written_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = FeedCache(copies=Copies(tmp_path / "file"))
    with caplog.at_level(logging.WARNING, "aggregator.web"):
        assert cache.get("a", stamp=lambda: "1/x", render=lambda: made("tin"))
    assert "no copy is kept" in caplog.text
