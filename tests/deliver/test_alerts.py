"""Alerts on their way: real mail, a real webhook, each tried again by itself."""

import base64
import hashlib
import hmac
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import sqlalchemy as sa

from aggregator.deliver import alerts
from aggregator.deliver.alerts import Secrets
from aggregator.intake.net import Net
from aggregator.model import AlertSettings
from aggregator.store import outbox
from aggregator.store import schema
from tests.conftest import NOW
from tests.conftest import settings
from tests.deliver.receiving import Mailbox
from tests.deliver.receiving import hook_server
from tests.deliver.receiving import mail_server
from tests.deliver.receiving import sign_in_as

KEY = b"webhook key of the test"
SECRETS = Secrets(smtp_password="m@t-khau", webhook_key=KEY)
MINUTE = timedelta(minutes=1)
ID = "0d5f6c0e-6f3a-4f7e-9c55-1d6f2f6f0001"


@pytest.fixture
def net():
    with Net(user_agent="test/1", allow_private=["127.0.0.0/8"], spacing=0) as opened:
        yield opened


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def hook():
    with hook_server() as server:
        yield server


def turn(turn="bad", subject="so-thong-bao", **values):
    return {
        "turn": turn,
        "kind": "source",
        "subject": subject,
        "reason": "dns",
        "detail": "no answer",
        "since": NOW.isoformat(),
        "sources": [subject],
    } | values


def alert(*turns):
    return {"id": ID, "at": NOW.isoformat(), "turns": list(turns or [turn()])}


def told(**values):
    return replace(settings(), alerts=AlertSettings(**values))


def by_mail(port, **values):
    given = {
        "email_to": ("a@so.example", "b@so.example"),
        "email_from": "tin@so.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
    }
    return given | values


def send(said, net, what=None, secrets=SECRETS):
    what = what or alert()
    return alerts.send(what, settings=said, net=net, secrets=secrets, now=NOW)


# --- E-mail -------------------------------------------------------------------


def test_one_mail_tells_all_turns_to_everybody(net, mailbox):
    with mail_server(mailbox) as port:
        turns = [turn(subject=f"s{n}") for n in range(9)] + [turn("well", "t")]
        assert send(told(**by_mail(port)), net, alert(*turns)) == []
    (envelope,), (mail,) = mailbox.envelopes, mailbox.mails
    assert envelope.mail_from == "tin@so.example"
    assert envelope.rcpt_tos == ["a@so.example", "b@so.example"]
    assert mail["Subject"] == (
        "[Tin ngành Giáo dục] 9 nguồn lỗi, 1 đã phục hồi / 9 failing, 1 recovered"
    )
    assert mail["From"] == "Tin ngành Giáo dục <tin@so.example>"
    assert mail["To"] == "a@so.example, b@so.example"
    assert mail["Message-ID"] == f"<{ID}@so.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    text = mail.get_content()
    assert text.index("Nguồn s8 không đọc được") < text.index("source s8 cannot be")
    assert "http://tin.example/health/" in text
    assert mailbox.sessions[0].host_name == "tin.example"


def test_a_hostile_detail_makes_no_header(net, mailbox):
    evil = "x\r\nBcc: c@evil.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>"
    said = told(**by_mail(0))
    said = replace(said, site=replace(said.site, title=f"Tin {evil}"))
    with mail_server(mailbox) as port:
        said = replace(said, alerts=replace(said.alerts, smtp_port=port))
        what = alert(turn(subject=evil, detail=evil, reason=evil)) | {"id": evil}
        assert send(said, net, what) == []
    (envelope,), (mail,) = mailbox.envelopes, mailbox.mails
    assert envelope.rcpt_tos == ["a@so.example", "b@so.example"]
    assert "Bcc" not in mail and not mail.defects
    assert "c@evil.example" in mail.get_content()


def openssl(folder, *arguments):
    subprocess.run(
        ["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate for 127.0.0.1, signed by itself; give the server's side."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("mail")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", "mail.key", "-out", "mail.pem"]
    openssl(folder, "req", "-x509", *key, *named, *files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "mail.pem", folder / "mail.key")
    return context, str(folder / "mail.pem")


def test_starttls_encrypts_before_the_password_is_said(
    net, mailbox, certificate, monkeypatch
):
    context, file = certificate
    monkeypatch.setenv("SSL_CERT_FILE", file)
    options = {"tls_context": context, "require_starttls": True}
    options |= sign_in_as("tin", "m@t-khau")
    with mail_server(mailbox, **options) as port:
        wanted = by_mail(port, smtp_security="starttls", smtp_user="tin")
        assert send(told(**wanted), net) == []
        wrong = Secrets(smtp_password="sai")
        (failure,) = send(told(**wanted), net, secrets=wrong)
    assert len(mailbox.mails) == 1
    assert mailbox.sessions[0].ssl is not None
    assert failure.way == "email" and "535" in failure.detail
    assert "sai" not in str(failure)


def test_a_certificate_that_nobody_trusts_is_refused(net, mailbox, certificate):
    with mail_server(mailbox, tls_context=certificate[0]) as port:
        said = told(**by_mail(port, smtp_security="starttls"))
        (failure,) = send(said, net)
    assert "CERTIFICATE_VERIFY_FAILED" in failure.detail
    assert mailbox.mails == []


def test_starttls_is_not_given_up_where_it_is_not_offered(net, mailbox):
    with mail_server(mailbox) as port:
        (failure,) = send(told(**by_mail(port, smtp_security="starttls")), net)
    assert "STARTTLS" in failure.detail
    assert mailbox.mails == []


def test_tls_from_the_first_byte_refuses_a_plain_server(net, mailbox):
    with mail_server(mailbox) as port:
        (failure,) = send(told(**by_mail(port, smtp_security="tls")), net)
    assert "SSL" in failure.detail


def test_a_password_that_smtp_cannot_say_is_not_told(net, mailbox):
    with mail_server(mailbox, auth_require_tls=False) as port:
        said = told(**by_mail(port, smtp_user="tin"))
        (failure,) = send(said, net, secrets=Secrets(smtp_password="mật-khẩu"))
    assert failure.detail == "UnicodeEncodeError"


def test_who_is_unknown_does_not_keep_the_others_from_their_mail(net, mailbox, caplog):
    mailbox.unknown = ("a@so.example",)
    with mail_server(mailbox) as port:
        assert send(told(**by_mail(port)), net) == []
    assert mailbox.envelopes[0].rcpt_tos == ["b@so.example"]
    assert "mail refused" in caplog.text and "a@so.example" in caplog.text


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_mail_server_that_is_away_is_a_failure(net):
    (failure,) = send(told(**by_mail(closed_port())), net)
    assert "ConnectionRefusedError" in failure.detail


def test_the_service_names_itself_to_mail_servers_without_a_look_up():
    said = settings()
    for address, name in {
        "https://tin.example": "tin.example",
        "http://127.0.0.1:8000": "[127.0.0.1]",
        "http://[::1]:8000": "[IPv6:::1]",
    }.items():
        site = replace(said.site, base_url=address)
        assert alerts._mail_name(replace(said, site=site)) == name


# --- The webhook --------------------------------------------------------------


def test_a_webhook_is_signed_as_the_convention_says(net, hook):
    assert send(told(webhook_url=hook.url), net) == []
    ((path, headers, body),) = hook.asked
    assert path == "/hook"
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == ID
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = f"{ID}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(KEY, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert json.loads(body)["data"]["turns"][0]["subject"] == "so-thong-bao"


def test_the_signature_is_that_of_the_conventions_own_example():
    """The vector of Standard Webhooks: github.com/standard-webhooks, libraries/."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    stamp = NOW.fromtimestamp(1614265330, NOW.tzinfo)
    message = alerts.Message(
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        subject="",
        text="",
        body=b'{"test": 2432232314}',
    )
    headers = alerts.signed(message, key, stamp)
    assert headers["webhook-signature"] == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500])
def test_only_a_2xx_is_a_success(net, hook, status):
    hook.status = status
    (failure,) = send(told(webhook_url=hook.url), net)
    assert (failure.way, failure.detail) == ("webhook", f"HTTP {status}")
    assert len(hook.asked) == 1  # no redirect is followed


def test_a_webhook_at_a_private_address_is_refused(hook):
    with Net(user_agent="test/1") as guarded:
        (failure,) = send(told(webhook_url=hook.url), guarded)
    assert "private_address" in failure.detail or "bad_url" in failure.detail
    assert hook.asked == []


def test_nothing_is_posted_unsigned(net, hook):
    (failure,) = send(told(webhook_url=hook.url), net, secrets=Secrets())
    assert "key" in failure.detail
    assert hook.asked == []


def test_secrets_do_not_show_themselves():
    assert "m@t-khau" not in repr(SECRETS) and "webhook key" not in repr(SECRETS)


# --- Which ways ---------------------------------------------------------------


def test_ways_are_those_declared():
    assert alerts.ways_of(told()) == ("log",)
    both = told(email_to=("a@b",), webhook_url="http://h/")
    assert alerts.ways_of(both) == ("log", "email", "webhook")


def test_one_way_that_fails_does_not_keep_the_others(net, hook, caplog):
    said = told(**by_mail(closed_port()), webhook_url=hook.url)
    (failure,) = send(said, net)
    assert failure.way == "email"
    assert len(hook.asked) == 1
    assert "turn=bad kind=source subject=so-thong-bao reason=dns" in caplog.text


# --- From the outbox ----------------------------------------------------------


def put(store, *payloads, now=NOW):
    with store.write() as connection:
        for payload in payloads or (alert(),):
            outbox.put(connection, "alert", payload, now)


def deliver(store, said, net, now=NOW):
    return alerts.deliver_due(store, said, net=net, secrets=SECRETS, now=now)


def row(store):
    with store.read() as connection:
        return connection.execute(sa.select(schema.outbox)).one()


def lines(caplog):
    return [r.getMessage() for r in caplog.records if r.name == "aggregator.alerts"]


def test_with_nothing_declared_an_alert_goes_to_the_log_once(sqlite_store, net, caplog):
    put(sqlite_store, alert(turn(), turn("well", "b")))
    assert deliver(sqlite_store, told(), net) == 1
    assert deliver(sqlite_store, told(), net, NOW + timedelta(days=1)) == 0
    assert len(lines(caplog)) == 2
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert row(sqlite_store).done_at == NOW


def test_nothing_due_needs_no_writer(sqlite_store, net, monkeypatch):
    put(sqlite_store, now=NOW + timedelta(hours=1))
    monkeypatch.setattr(sqlite_store, "write", lambda: pytest.fail("it wrote"))
    assert deliver(sqlite_store, told(), net) == 0


def test_what_failed_is_tried_again_a_minute_later_that_way_alone(
    sqlite_store, net, hook, mailbox, caplog
):
    mailbox.answer = "451 try again later"
    put(sqlite_store)
    with mail_server(mailbox) as port:
        said = told(**by_mail(port), webhook_url=hook.url)
        assert deliver(sqlite_store, said, net) == 1
        mailbox.answer = ""
        assert deliver(sqlite_store, said, net, NOW + MINUTE / 2) == 0
        assert row(sqlite_store).payload["done"] == ["log", "webhook"]
        assert deliver(sqlite_store, said, net, NOW + MINUTE) == 1
        assert deliver(sqlite_store, said, net, NOW + timedelta(days=1)) == 0
    assert (len(mailbox.mails), len(hook.asked)) == (1, 1)
    first, second = lines(caplog)
    assert first.startswith("turn=bad")
    assert "undelivered" in second and "way=email" in second and "451" in second
    assert (row(sqlite_store).done_at, row(sqlite_store).tries) == (NOW + MINUTE, 2)


def test_tries_grow_rare_and_end_after_three_days(sqlite_store, net, hook, caplog):
    hook.status = 503
    put(sqlite_store)
    said, now, waits = told(webhook_url=hook.url), NOW, []
    while row(sqlite_store).done_at is None:
        assert deliver(sqlite_store, said, net, now) == 1
        due = row(sqlite_store).due_at
        waits.append((due - now) / MINUTE)
        now = due
    assert waits[:6] == [1, 5, 15, 60, 60, 60]
    assert NOW + timedelta(days=2, hours=22) < row(sqlite_store).done_at
    assert row(sqlite_store).done_at <= NOW + timedelta(days=3)
    last = caplog.records[-1]
    assert last.levelno == logging.ERROR and "again=never" in last.getMessage()
    assert deliver(sqlite_store, said, net, NOW + timedelta(days=30)) == 0


def test_two_who_deliver_do_not_send_twice(store, net, hook):
    put(store, *(alert() | {"id": f"{ID[:-2]}{n:02}"} for n in range(10)))
    said, counts = told(webhook_url=hook.url), []

    def work():
        counts.append(deliver(store, said, net))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 10
    ids = [headers["webhook-id"] for _, headers, _ in hook.asked]
    assert len(ids) == len(set(ids)) == 10


def test_what_was_killed_between_two_ways_goes_on_with_the_second(
    sqlite_store, net, hook, mailbox, monkeypatch
):
    put(sqlite_store)

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with mail_server(mailbox) as port:
        said = told(**by_mail(port), webhook_url=hook.url)
        with monkeypatch.context() as patch:
            patch.setitem(alerts._WAYS, "webhook", die)
            with pytest.raises(Killed):
                deliver(sqlite_store, said, net)
        assert deliver(sqlite_store, said, net, NOW + MINUTE) == 0  # leased
        assert deliver(sqlite_store, said, net, NOW + outbox.LEASE + MINUTE) == 1
    assert (len(mailbox.mails), len(hook.asked)) == (1, 1)
