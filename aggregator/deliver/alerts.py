"""Sends alerts: a log line, an e-mail, a signed webhook, each by itself.

What one way fails to deliver is tried again that way alone. Nothing is sent inside a
transaction: an alert is leased, sent, and what got through is written down at once.
"""

import base64
import hmac
import logging
import smtplib
import ssl
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from aggregator.deliver.messages import Message
from aggregator.deliver.messages import clean
from aggregator.deliver.messages import compose
from aggregator.deliver.messages import log_fields
from aggregator.errors import DeliveryError
from aggregator.errors import FetchError
from aggregator.intake.net import Net
from aggregator.intake.net import Request
from aggregator.model import Settings
from aggregator.store import outbox
from aggregator.store.engine import Store

KIND = "alert"  # of the outbox's rows
TIMEOUT = 20.0  # seconds: for each answer of the mail server, for the whole webhook
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))  # then hourly
GIVE_UP = timedelta(days=3)
_ONE_GO = 60.0  # seconds after which no further alert is taken up
log = logging.getLogger("aggregator.alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What must not stand in feeds.toml, nor in a log."""

    smtp_password: str = field(default="", repr=False)
    webhook_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    """All that a way needs beside the alert itself."""

    settings: Settings
    net: Net
    secrets: Secrets
    now: datetime


def ways_of(settings: Settings) -> tuple[str, ...]:
    """Name the ways in which alerts go out: the log always, the others if declared."""
    alerts = settings.alerts
    declared = (("email", alerts.email_to), ("webhook", alerts.webhook_url))
    return ("log", *(name for name, target in declared if target))


def send(
    alert: Mapping[str, Any],
    *,
    settings: Settings,
    net: Net,
    secrets: Secrets,
    now: datetime,
) -> list[DeliveryError]:
    """Send an alert every way at once; give what failed, at most one error a way."""
    office = _Office(settings=settings, net=net, secrets=secrets, now=now)
    tried = (_try(way, alert, office) for way in ways_of(settings))
    return [error for error in tried if error is not None]


def deliver_due(
    store: Store, settings: Settings, *, net: Net, secrets: Secrets, now: datetime
) -> int:
    """Send what is due, the longest due first; give how many alerts were taken up.

    They are taken one by one, each leased from the moment at which it is its turn: a
    mail server that dawdles must not let the leases of those behind run out.
    """
    began = monotonic()
    count = 0
    while (passed := monotonic() - began) < _ONE_GO:
        moment = now + timedelta(seconds=passed)
        with store.read() as connection:
            if not outbox.any_due(connection, KIND, moment):
                break
        with store.write() as connection:
            taken = outbox.take(connection, KIND, moment, 1)
        for parcel in taken:
            office = _Office(settings=settings, net=net, secrets=secrets, now=now)
            _deliver(store, parcel, office)
        count += len(taken)
        if not taken:
            break
    return count


def _deliver(store: Store, parcel: outbox.Parcel, office: _Office) -> None:
    payload = dict(parcel.payload)
    failures = []
    for way in ways_of(office.settings):
        if way in payload.get("done", ()):
            continue
        failure = _try(way, payload, office)
        if failure is not None:
            failures.append(failure)
            continue
        payload["done"] = [*payload.get("done", ()), way]
        with store.write() as connection:  # at once: a kill must not send it again
            outbox.keep(connection, parcel.pk, payload)
    again_at = _again_at(parcel, office.now) if failures else None
    for failure in failures:
        _tell(failure, payload, again_at)
    with store.write() as connection:
        outbox.finish(connection, parcel.pk, office.now, again_at=again_at)


def _again_at(parcel: outbox.Parcel, now: datetime) -> datetime | None:
    """Say when to try again; None: three days are over, and it is given up."""
    again_at = now + WAITS[min(parcel.tries, len(WAITS) - 1)]
    return again_at if again_at <= parcel.created_at + GIVE_UP else None


def _tell(
    failure: DeliveryError, payload: Mapping[str, Any], again_at: datetime | None
) -> None:
    level = logging.WARNING if again_at else logging.ERROR
    until = again_at.isoformat(timespec="seconds") if again_at else "never"
    log.log(
        level,
        "undelivered alert=%s way=%s again=%s detail=%s",
        payload["id"],
        failure.way,
        until,
        failure.detail,
    )


# --- The ways -----------------------------------------------------------------


def _try(way: str, alert: Mapping[str, Any], office: _Office) -> DeliveryError | None:
    try:
        _WAYS[way](alert, office)
    except DeliveryError as error:
        return error
    return None


def _log(alert: Mapping[str, Any], _office: _Office) -> None:
    for line in log_fields(alert):
        log.warning("%s", line)


def _email(alert: Mapping[str, Any], office: _Office) -> None:
    """Send one mail to everybody who is to read it.

    Raises:
        DeliveryError: Nobody got it.
    """
    alerts = office.settings.alerts
    mail = mail_of(compose(alert, office.settings.site), office.settings, office.now)
    try:
        with _mail_server(office) as server:
            refused = server.send_message(mail, alerts.email_from, alerts.email_to)
    except OSError as error:  # of the network, of TLS, and all of smtplib's own
        detail = clean(f"{type(error).__name__}: {error}")
        raise DeliveryError("email", detail) from error
    except ValueError as error:  # what it says might quote the password
        raise DeliveryError("email", type(error).__name__) from error
    for address in refused:  # the others have it: sending again would double theirs
        log.error("mail refused alert=%s to=%s", clean(alert["id"]), address)


@contextmanager
def _mail_server(office: _Office) -> Iterator[smtplib.SMTP]:
    server = _connected(office.settings)
    alerts = office.settings.alerts
    try:
        if alerts.smtp_security == "starttls":  # raises where it is not offered
            server.starttls(context=ssl.create_default_context())
        if alerts.smtp_user:
            server.login(alerts.smtp_user, office.secrets.smtp_password)
        yield server
    finally:
        with suppress(OSError):  # the mail is accepted or refused by now
            server.quit()
        server.close()


def _connected(settings: Settings) -> smtplib.SMTP:
    alerts = settings.alerts
    place = (alerts.smtp_host, alerts.smtp_port)
    us = _mail_name(settings)
    if alerts.smtp_security != "tls":
        return smtplib.SMTP(*place, us, timeout=TIMEOUT)
    context = ssl.create_default_context()
    return smtplib.SMTP_SSL(*place, us, timeout=TIMEOUT, context=context)


def _mail_name(settings: Settings) -> str:
    """Name this service to mail servers by its public address, without a look-up."""
    host = urlsplit(settings.site.base_url).hostname or "localhost"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def mail_of(message: Message, settings: Settings, now: datetime) -> EmailMessage:
    """Write an alert as a mail; the same alert has the same Message-ID each time."""
    from email.headerregistry import Address  # slow imports, and seldom needed
    from email.policy import SMTP

    sender, name = settings.alerts.email_from, clean(settings.site.title)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.subject
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = ", ".join(settings.alerts.email_to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
    mail.set_content(message.text)
    return mail


def _webhook(alert: Mapping[str, Any], office: _Office) -> None:
    """Post an alert as JSON, signed as Standard Webhooks says.

    Raises:
        DeliveryError: It was not answered by a 2xx; a redirect is none.
    """
    if not office.secrets.webhook_key:
        raise DeliveryError("webhook", "there is no key to sign it with")
    message = compose(alert, office.settings.site)
    request = Request(
        url=office.settings.alerts.webhook_url,
        method="POST",
        body=message.body,
        headers=signed(message, office.secrets.webhook_key, office.now),
        timeout_seconds=TIMEOUT,
    )
    try:
        response = office.net.get(request)
    except FetchError as error:
        raise DeliveryError("webhook", clean(error)) from error
    if not 200 <= response.status < 300:
        raise DeliveryError("webhook", f"HTTP {response.status}")


def signed(message: Message, key: bytes, now: datetime) -> dict[str, str]:
    """Write the headers by which a receiver knows that a webhook is ours."""
    stamp = str(int(now.timestamp()))
    content = b".".join((message.id.encode(), stamp.encode(), message.body))
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }


_WAYS: Mapping[str, Callable[[Mapping[str, Any], _Office], None]] = {
    "log": _log,
    "email": _email,
    "webhook": _webhook,
}
