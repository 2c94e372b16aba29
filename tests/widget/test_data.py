"""The data of a widget: its bytes, its headers, and how small and harmless they are."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.publish.view import select
from aggregator.publish.widget import render_widget
from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.publish.making import notice
from tests.web.filled import SAID
from tests.web.filled import pull
from tests.web.filled import take_away
from tests.widget.making import DATA
from tests.widget.making import LONG_TITLES
from tests.widget.making import payloads
from tests.widget.making import told


def asked(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_what_a_widget_is_told(client: FlaskClient) -> None:
    data = asked(client, DATA)
    assert {name: data[name] for name in data if name != "items"} == {
        "v": 1,
        "title": "Tất cả tin – Tất cả cấp học – Sở",
        "page": "http://tin.example/feeds/so/all/all",
        "source": "Tin ngành Giáo dục",
        "updated": "2026-11-20T08:00:00+07:00",
    }
    assert len(data["items"]) == 10
    document = data["items"][6]
    assert document.pop("id")
    assert document == {
        "title": LONG_TITLES[6],
        "url": "https://hcm.edu.vn/thong-bao/tin-so-6/ct/41037/70006",
        "date": "2026-11-14T07:00:00+07:00",
        "new_until": "2026-11-17T00:00:00+07:00",
        "category": "van-ban",
        "label": "Văn bản",
        "levels": [],
        "authority": "Sở",
        "files": 0,
        "number": "1161/SGDĐT-QLT",
        "deadline": "2026-12-05T17:00:00+07:00",
    }
    assert data["items"][2]["deadline"] == "2026-11-30"
    assert data["items"][3]["event"] == {
        "start": "2026-11-25T08:00:00+07:00",
        "place": "Hội trường 66-68 Lê Thánh Tôn",
    }
    assert data["items"][0]["files"] == 2
    assert data["items"][1]["levels"] == ["tieu-hoc"]


def test_ten_long_items_are_small(client: FlaskClient) -> None:
    answer = client.get(DATA, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) <= 4096
    assert len(json.loads(gzip.decompress(answer.data))["items"]) == 10


def test_the_same_notices_give_the_same_bytes(client: FlaskClient) -> None:
    assert client.get(DATA).data == client.get(f"{DATA}?u=thcs-le-loi&x=1").data


HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": (
        "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
    ),
}


def test_any_site_may_read_it(client: FlaskClient) -> None:
    answer = client.get(DATA, headers={"Origin": "null"})
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "Date" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_it_is_not_sent_twice(client: FlaskClient, full: Store) -> None:
    tag = client.get(DATA).headers["ETag"]
    again = client.get(DATA, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    pull(full, "so-tin", told(11, given=NOW))
    changed = client.get(DATA, headers={"If-None-Match": tag})
    assert changed.status_code == 200


def test_limit_chooses_how_many(client: FlaskClient) -> None:
    assert len(asked(client, f"{DATA}?limit=3")["items"]) == 3
    three = asked(client, f"{DATA}?limit=3&own=1")
    assert three["page"] == "http://tin.example/feeds/so/all/all?own=1"


REFUSED = {
    "audience": ("/widget/v1/nowhere/all/all.json", 404),
    "level": ("/widget/v1/so/mamnon/all.json", 404),
    "category": ("/widget/v1/so/all/tin.json", 404),
    "limit": (f"{DATA}?limit=0", 400),
    "form": ("/widget/v1/so/all/all.xml", 404),
}


@pytest.mark.parametrize(("address", "status"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(
    client: FlaskClient, address: str, status: int
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_another_order_leads_to_the_one_address(client: FlaskClient) -> None:
    answer = client.get("/widget/v1/so/thcs,mam-non/all.json?limit=3")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/widget/v1/so/mam-non,thcs/all.json?limit=3"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_empty_selection_is_answered(bare: FlaskClient) -> None:
    data = asked(bare, DATA)
    assert (data["items"], data["updated"]) == ([], None)


def test_a_lost_store_is_answered_with_what_was_known(
    client: FlaskClient, full: Store, tmp_path: Path
) -> None:
    known = client.get(DATA).data
    take_away(full, tmp_path / "widget.db")
    assert client.get(DATA).data == known
    assert client.get(f"{DATA}?limit=4").status_code == 503


def test_no_attack_is_told() -> None:
    """Whatever a title or link says, the data holds harmless text and web links."""
    attacks = payloads()
    hostile = [notice(title=a, text="", link=a) for a in attacks]
    chosen = select(SAID, "so")
    body = render_widget(hostile, settings=SAID, selection=chosen, changed_at=NOW)
    items = json.loads(body)["items"]
    assert len(items) == len(attacks)
    marks = {mark for one in items for mark in '<>"' if mark in one["title"]}
    assert marks == set()
    assert all(one["url"].startswith(("http://", "https://")) for one in items)
    assert all(len(one["title"]) <= 255 for one in items)
