"""`aggregator alerts`: which ways alerts take, and whether they arrive."""

import sys
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import click

from aggregator import __version__
from aggregator.cli.common import Place
from aggregator.cli.common import log_to_stderr
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.deliver.alerts import send
from aggregator.deliver.alerts import ways_of
from aggregator.intake.fetch import user_agent
from aggregator.intake.net import Net
from aggregator.model import Settings
from aggregator.work import secrets
from aggregator.work.declaring import now

_WAYS = ("log", "email", "webhook")
_NOT_DECLARED = "chưa khai ở [alerts] / not declared in [alerts]"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--test", is_flag=True, help="Send a test alert every way, at once.")
@click.option("--show-key", is_flag=True, help="Print the webhook's key as well.")
@click.pass_obj
def alerts(place: Place, as_json: bool, test: bool, show_key: bool) -> None:
    """Tell which ways alerts take; try them with --test."""
    log_to_stderr()
    settings = place.settings()
    errors = _send_test(settings) if test else None
    document: dict[str, Any] = {"ways": _ways(settings, errors)}
    if settings.alerts.webhook_url:
        document["webhook_key"] = _key(settings, show_key)
    if as_json:
        print_json(document)
    else:
        _print(document)
    sys.exit(1 if errors else 0)


def _send_test(settings: Settings) -> dict[str, str]:
    """Send a test alert; give what went wrong, by way."""
    gathered = secrets.alert_secrets(settings)
    moment = now()
    with Net(
        user_agent=user_agent(settings.site, __version__),
        allow_private=settings.fetch.allow_private,
    ) as net:
        failures = send(
            _test_alert(settings, moment),
            settings=settings,
            net=net,
            secrets=gathered,
            now=moment,
        )
    return {failure.way: failure.detail for failure in failures}


def _test_alert(settings: Settings, moment: datetime) -> dict[str, Any]:
    at = rfc3339(moment, settings)
    turn = {"turn": "note", "kind": "test", "subject": "test", "since": at}
    return {"id": str(uuid.uuid4()), "at": at, "turns": [turn]}


def _ways(settings: Settings, errors: dict[str, str] | None) -> list[dict[str, Any]]:
    targets = _targets(settings)
    told = []
    for way in _WAYS:
        declared = way in ways_of(settings)
        row = {"way": way, "configured": declared, "target": targets[way]}
        if errors is not None and declared:
            row |= {"sent": way not in errors, "error": errors.get(way, "")}
        told.append(row)
    return told


def _targets(settings: Settings) -> dict[str, str]:
    said = settings.alerts
    server = f"{said.smtp_host}:{said.smtp_port} ({said.smtp_security})"
    return {
        "log": "stderr",
        "email": f"{', '.join(said.email_to)} via {server}" if said.email_to else "",
        "webhook": _without_password(said.webhook_url),
    }


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _key(settings: Settings, show_key: bool) -> dict[str, str]:
    told = {"source": secrets.webhook_key_source(settings)}
    if show_key:
        told["key"] = secrets.shown_key(secrets.webhook_key(settings))
    return told


def _print(document: dict[str, Any]) -> None:
    for row in document["ways"]:
        line = f"{row['way']} → {row['target'] or _NOT_DECLARED}"
        if "sent" in row:
            happened = "đã gửi / sent" if row["sent"] else "không gửi được / failed"
            line += f": {happened}"
        if row.get("error"):
            line += f" ({row['error']})"
        click.echo(line)
    key = document.get("webhook_key")
    if key:
        shown = f" = {key['key']}" if "key" in key else ""
        click.echo(f"khóa ký webhook / webhook key: {key['source']}{shown}")
