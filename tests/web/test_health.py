"""Alive, and able to serve: two questions, two answers."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from aggregator.app import create_app
from aggregator.store.engine import Store
from tests.web.filled import SAID


def test_a_sound_service_is_alive_and_ready(client: FlaskClient) -> None:
    for address in ("/healthz", "/readyz"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.json == {"ok": True}
        assert answer.headers["Cache-Control"] == "no-store"


SCHEMAS = {
    "older": "UPDATE alembic_version SET version_num = '0000'",
    "newer": "UPDATE alembic_version SET version_num = '9999'",
    "none": "DROP TABLE alembic_version",
}


@pytest.mark.parametrize("statement", SCHEMAS.values(), ids=SCHEMAS)
def test_another_schema_is_not_ready(
    client: FlaskClient, filled: Store, statement: str
) -> None:
    with filled.write() as connection:
        connection.execute(sa.text(statement))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        "ok": False,
        "reason": "the database does not have today's schema",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/healthz").status_code == 200


def test_a_database_that_cannot_be_reached_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    store = Store(f"sqlite:///{tmp_path}/folder.db")
    client = create_app(SAID, store).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["ok"] is False
    assert "does not answer" in answer.json["reason"]
    assert client.get("/healthz").json == {"ok": True}
    assert client.head("/readyz").status_code == 503
    store.close()
