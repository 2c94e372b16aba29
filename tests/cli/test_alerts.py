"""`aggregator alerts`: which ways alerts take, and whether they arrive."""

import base64

import pytest

from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.deliver.receiving import Mailbox
from tests.deliver.receiving import hook_server
from tests.deliver.receiving import mail_server

FEED = {"a": "http://127.0.0.1:9/rss.xml"}
NOWHERE = "http://127.0.0.1:9/hook"


@pytest.fixture
def mailbox():
    return Mailbox()


def write_alerts(folder, *lines):
    file = write_feeds(folder, FEED)
    with file.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(["[alerts]", *lines, ""]))


def mail_lines(port, security="none"):
    return [
        'email_to = ["a@so.example"]',
        'smtp_host = "127.0.0.1"',
        f"smtp_port = {port}",
        f'smtp_security = "{security}"',
    ]


def test_with_nothing_declared_the_log_is_the_way(tmp_path):
    write_feeds(tmp_path, FEED)
    done = aggregator(tmp_path, "alerts")
    assert (done.code, done.err) == (0, "")
    log, email, webhook = done.out.splitlines()
    assert log == "log → stderr"
    assert email.startswith("email → chưa khai") and "not declared" in webhook
    assert not (tmp_path / "var").exists()


def test_ways_are_told_without_secrets(tmp_path):
    (tmp_path / "mat-khau").write_text("b1-mat", encoding="utf-8")
    write_alerts(
        tmp_path,
        *mail_lines(2525),
        'smtp_password_file = "mat-khau"',
        'webhook_url = "http://me:b1-mat@127.0.0.1:9/hook"',
    )
    done = aggregator(tmp_path, "alerts")
    assert done.code == 0
    assert "email → a@so.example via 127.0.0.1:2525 (none)" in done.out
    assert "webhook → http://127.0.0.1:9/hook" in done.out
    assert "webhook key: HMAC-SHA256(var/secret, webhook)" in done.out
    assert "b1-mat" not in done.out + done.err and "whsec_" not in done.out


def test_the_key_is_shown_when_asked_for(tmp_path):
    write_alerts(tmp_path, f'webhook_url = "{NOWHERE}"')
    env = {"AGGREGATOR_WEBHOOK_SECRET": "một khóa"}
    told = aggregator(tmp_path, "alerts", "--show-key", "--json", env=env).json
    assert told["webhook_key"]["source"] == "AGGREGATOR_WEBHOOK_SECRET"
    key = told["webhook_key"]["key"].removeprefix("whsec_")
    assert base64.b64decode(key).decode() == "một khóa"


def test_a_test_alert_goes_every_way(tmp_path, mailbox):
    with mail_server(mailbox) as port, hook_server() as hook:
        write_alerts(tmp_path, *mail_lines(port), f'webhook_url = "{hook.url}"')
        done = aggregator(tmp_path, "alerts", "--test")
    assert done.code == 0, done.err
    assert done.out.count("đã gửi / sent") == 3
    assert "turn=note kind=test" in done.err
    (mail,) = mailbox.mails
    assert mail["To"] == mail["From"].addresses[0].addr_spec == "a@so.example"
    assert "1 tin thử / 1 test" in mail["Subject"]
    assert "Đây là tin thử" in mail.get_content()
    ((_, headers, _),) = hook.asked
    assert headers["webhook-signature"].startswith("v1,")
    assert (tmp_path / "var" / "secret").stat().st_mode & 0o777 == 0o600


def test_what_does_not_arrive_is_told(tmp_path, mailbox):
    with mail_server(mailbox) as port:
        write_alerts(tmp_path, *mail_lines(port), f'webhook_url = "{NOWHERE}"')
        done = aggregator(tmp_path, "alerts", "--test", "--json")
    assert done.code == 1
    log, email, webhook = done.json["ways"]
    assert (log["sent"], email["sent"], email["error"]) == (True, True, "")
    assert webhook == {
        "way": "webhook",
        "configured": True,
        "target": NOWHERE,
        "sent": False,
        "error": webhook["error"],
    }
    assert "refused" in webhook["error"]
    assert len(mailbox.mails) == 1


def test_a_server_without_encryption_gets_no_mail_that_wants_it(tmp_path, mailbox):
    with mail_server(mailbox) as port:
        write_alerts(tmp_path, *mail_lines(port, "starttls"))
        done = aggregator(tmp_path, "alerts", "--test")
    assert done.code == 1
    assert "không gửi được / failed" in done.out and "STARTTLS" in done.out
    assert mailbox.mails == []


def test_a_secret_that_cannot_be_used_is_a_mistake(tmp_path):
    write_alerts(tmp_path, f'webhook_url = "{NOWHERE}"')
    env = {"AGGREGATOR_WEBHOOK_SECRET": "whsec_@@"}
    done = aggregator(tmp_path, "alerts", "--test", env=env)
    assert (done.code, done.out) == (2, "")
    assert "AGGREGATOR_WEBHOOK_SECRET" in done.err and "@@" not in done.err
