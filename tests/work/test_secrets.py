"""Secrets: from the environment, from a file, or made once; never shown unasked."""

import base64
import hashlib
import hmac
import stat
import threading
from dataclasses import replace

import pytest

from aggregator.errors import ConfigError
from aggregator.model import AlertSettings
from aggregator.work import secrets
from tests.conftest import settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in (secrets.SECRET_KEY, secrets.SMTP_PASSWORD, secrets.WEBHOOK_SECRET):
        monkeypatch.delenv(name, raising=False)


def told(folder, **values):
    path = str(folder / "feeds.toml")
    return replace(settings(), path=path, alerts=AlertSettings(**values))


def test_a_secret_is_made_once_for_nobody_else_to_read(tmp_path):
    made = secrets.secret_key(tmp_path)
    assert len(bytes.fromhex(made.decode())) == 32
    assert secrets.secret_key(tmp_path) == made
    file = tmp_path / "var" / "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret"]


def test_many_who_make_it_at_once_have_the_same(tmp_path):
    found, start = set(), threading.Barrier(8)

    def work():
        start.wait()
        found.add(secrets.secret_key(tmp_path))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_the_environment_comes_before_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv(secrets.SECRET_KEY, "from outside")
    assert secrets.secret_key(tmp_path) == b"from outside"
    assert not (tmp_path / "var").exists()


def test_an_empty_secret_is_a_mistake(tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret").write_text("\n")
    with pytest.raises(ConfigError) as caught:
        secrets.secret_key(tmp_path)
    assert "var/secret" in str(caught.value)
    assert secrets.SECRET_KEY in str(caught.value)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "var").write_text("a file stands here")
    with pytest.raises(ConfigError):
        secrets.secret_key(tmp_path)


def test_without_webhook_no_secret_is_made(tmp_path):
    gathered = secrets.alert_secrets(told(tmp_path))
    assert (gathered.smtp_password, gathered.webhook_key) == ("", b"")
    assert not (tmp_path / "var").exists()


def test_a_webhooks_key_comes_from_the_sites_secret(tmp_path):
    said = told(tmp_path, webhook_url="https://hook.example/")
    assert secrets.webhook_key_source(said) == "HMAC-SHA256(var/secret, webhook)"
    assert not (tmp_path / "var").exists()
    key = secrets.webhook_key(said)
    made = secrets.secret_key(tmp_path)
    assert key == hmac.new(made, b"webhook", hashlib.sha256).digest()
    shown = secrets.shown_key(key)
    assert base64.b64decode(shown.removeprefix("whsec_")) == key


# (what the file holds, the key)
KEYS = {
    "base64": ("whsec_" + base64.b64encode(b"khoa").decode(), b"khoa"),
    "any text": ("  một câu dài\n", "một câu dài".encode()),
}


@pytest.mark.parametrize(("text", "key"), KEYS.values(), ids=KEYS)
def test_a_webhooks_key_may_be_given(tmp_path, monkeypatch, text, key):
    file = tmp_path / "khoa"
    file.write_text(text, encoding="utf-8")
    said = told(tmp_path, webhook_url="http://h/", webhook_secret_file=str(file))
    assert secrets.webhook_key(said) == key
    assert secrets.webhook_key_source(said) == str(file)
    monkeypatch.setenv(secrets.WEBHOOK_SECRET, "outside")
    assert secrets.webhook_key(said) == b"outside"
    assert secrets.webhook_key_source(said) == secrets.WEBHOOK_SECRET


@pytest.mark.parametrize("text", ["whsec_", "whsec_@@@", "whsec_abc", "", " \n"])
def test_what_holds_no_key_is_named_and_not_quoted(tmp_path, text):
    file = tmp_path / "khoa"
    file.write_text(text)
    said = told(tmp_path, webhook_url="http://h/", webhook_secret_file=str(file))
    with pytest.raises(ConfigError) as caught:
        secrets.webhook_key(said)
    assert str(file) in str(caught.value)
    assert "@@@" not in str(caught.value)


def test_a_mail_password_is_read_when_it_is_needed(tmp_path, monkeypatch):
    file = tmp_path / "mat-khau"
    file.write_text("\ufeffmật khẩu\r\n", encoding="utf-8")
    values = {"smtp_password_file": str(file), "email_to": ("a@b",)}
    assert secrets.alert_secrets(told(tmp_path, **values)).smtp_password == "mật khẩu"
    monkeypatch.setenv(secrets.SMTP_PASSWORD, "outside")
    assert secrets.alert_secrets(told(tmp_path, **values)).smtp_password == "outside"


def test_a_password_file_that_is_gone_is_told(tmp_path):
    gone = str(tmp_path / "gone")
    said = told(tmp_path, email_to=("a@b",), smtp_password_file=gone)
    with pytest.raises(ConfigError) as caught:
        secrets.alert_secrets(said)
    assert gone in str(caught.value)
