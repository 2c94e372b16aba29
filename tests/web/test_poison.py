"""A notice that cannot be written spoils no feed, and people learn of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.errors import StoreError
from aggregator.model import Notice
from aggregator.store.engine import Store
from aggregator.store.incidents import recent_incidents
from aggregator.store.outbox import take
from aggregator.web import widget
from aggregator.web.caching import STALE
from aggregator.web.feeds import FORMS
from tests.conftest import NOW
from tests.web.filled import ALL_RSS
from tests.web.filled import notice
from tests.web.filled import pull

BAD = "Tiêu đề thcs"


def breaks(render: Any) -> Any:
    """Let a renderer break down at one notice."""

    def broken(notices: Sequence[Notice], **how: Any) -> Any:
        if any(each.title == BAD for each in notices):
            raise ValueError("a sign that nobody thought of")
        return render(notices, **how)

    return broken


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every form break down at it."""
    for form, how in FORMS.items():
        monkeypatch.setitem(FORMS, form, replace(how, render=breaks(how.render)))
    data = replace(widget.DATA, render=breaks(widget.DATA.render))
    monkeypatch.setattr(widget, "DATA", data)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    "address",
    [
        *(f"/feeds/so/all/all.{form}" for form in ("rss", "atom", "json")),
        "/widget/v1/so/all/all.json",
    ],
)
def test_it_is_left_out_alone(
    client: FlaskClient, filled: Store, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Warning" not in answer.headers  # it is today's
    assert BAD not in answer.text
    assert "Tiêu đề moi-nhat" in answer.text
    assert "is left out of" in caplog.text
    assert "a sign that nobody thought of" in caplog.text


@pytest.mark.usefixtures("broken")
def test_people_learn_of_it_once(client: FlaskClient, filled: Store) -> None:
    for form in ("rss", "atom", "json"):
        client.get(f"/feeds/so/all/all.{form}")
    with filled.write() as connection:
        (told,) = recent_incidents(connection, 10)
        (alert,) = take(connection, "alert", NOW + timedelta(days=1), 10)
    assert (told.kind, told.closed_at) == ("poisoned", told.since)
    assert "a sign that nobody thought of" in told.detail
    assert alert.payload["turns"][0]["subject"] == told.subject
    page = client.get("/health/").text
    assert told.subject in page
    assert "a sign that nobody" not in page  # an error's own words stay here
    assert client.get(f"/items/{told.subject}").status_code == 200


@pytest.mark.usefixtures("broken")
def test_that_telling_fails_keeps_nothing_back(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreError("the database is only read")

    monkeypatch.setattr(Store, "write", away)
    answer = client.get(ALL_RSS)
    assert answer.status_code == 200
    assert "Tiêu đề moi-nhat" in answer.text


def test_bytes_that_cannot_be_read_do_not_replace_good_ones(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get(ALL_RSS)
    pull(filled, "so-tin", notice("tin-moi", 0), now=NOW + timedelta(minutes=30))
    rss = FORMS["rss"]

    def cut(*given: Any, **how: Any) -> bytes:
        return rss.render(*given, **how)[:-9]

    monkeypatch.setitem(FORMS, "rss", replace(rss, render=cut))
    after = client.get(ALL_RSS)
    assert (after.status_code, after.data) == (200, before.data)
    assert after.headers["Warning"] == STALE


def test_a_fault_at_asking_how_it_stands_serves_what_is_known(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the fault: not only one of the database."""
    before = client.get(ALL_RSS)

    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("aggregator.web.selections.view_version", fails)
    after = client.get(ALL_RSS)
    assert (after.status_code, after.data) == (200, before.data)
    assert after.headers["Warning"] == STALE
    never_asked = client.get("/feeds/so/thcs/all.rss")
    assert never_asked.status_code == 500
    assert never_asked.mimetype == "text/plain"
