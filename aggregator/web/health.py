"""`/healthz`: the process lives. `/readyz`: it can serve; else 503 and why."""

import logging

from flask import Blueprint
from flask import Response
from flask import jsonify

from aggregator.errors import StoreError
from aggregator.web.context import context

bp = Blueprint("health", __name__)
_log = logging.getLogger("aggregator.web")


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return _answer({"ok": True}, 200)


@bp.get("/readyz")
def readyz() -> Response:
    """Say whether the database answers and has today's schema."""
    try:
        ready = context().store.is_current()
        reason = "" if ready else "the database does not have today's schema"
    except StoreError as error:
        _log.error("not ready: %s", error)  # its words may name a server
        ready, reason = False, "the database does not answer"
    said: dict[str, object] = {"ok": ready} | ({"reason": reason} if reason else {})
    return _answer(said, 200 if ready else 503)


def _answer(said: dict[str, object], status: int) -> Response:
    response = jsonify(said)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
