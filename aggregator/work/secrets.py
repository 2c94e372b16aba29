"""What must not stand in feeds.toml: the site's own secret, and those of the alerts.

The environment comes first, then a file beside feeds.toml. The site's secret is made
when it is first needed; every key that the service needs for itself derives from it.
"""

import base64
import binascii
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from aggregator.deliver.alerts import Secrets
from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.model import Settings

SECRET_KEY = "AGGREGATOR_SECRET_KEY"  # names in the environment
SMTP_PASSWORD = "AGGREGATOR_SMTP_PASSWORD"
WEBHOOK_SECRET = "AGGREGATOR_WEBHOOK_SECRET"
_PREFIX = "whsec_"  # of a webhook's key in base64 (Standard Webhooks)


def home_of(settings: Settings) -> Path:
    """Give the folder in which feeds.toml stands."""
    return Path(settings.path).resolve().parent


def secret_key(folder: Path) -> bytes:
    """Give the site's secret: from the environment, else from var/secret, made once.

    Args:
        folder: That of feeds.toml.

    Raises:
        ConfigError: The file cannot be read or made.
    """
    given = os.environ.get(SECRET_KEY, "").strip()
    if given:
        return given.encode()
    file = folder / "var" / "secret"
    try:
        if not file.exists():
            _make(file)
        found = file.read_bytes().strip()
    except OSError as error:
        raise _unusable(file, SECRET_KEY, str(error.strerror)) from error
    if not found:
        raise _unusable(file, SECRET_KEY, "empty")
    return found


def _make(file: Path) -> None:
    """Make the secret whole or not at all; of two who make it at once, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp opens with O_EXCL and mode 0600.
    number, name = tempfile.mkstemp(prefix=".secret-", dir=file.parent)
    try:
        with os.fdopen(number, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.link(name, file)  # unlike a rename, it never takes another's place
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


def alert_secrets(settings: Settings) -> Secrets:
    """Gather what sending alerts needs: the mail password and the webhook's key.

    Raises:
        ConfigError: A file that is named cannot be read, or holds no key.
    """
    return Secrets(
        smtp_password=_smtp_password(settings), webhook_key=webhook_key(settings)
    )


def _smtp_password(settings: Settings) -> str:
    alerts = settings.alerts
    given = os.environ.get(SMTP_PASSWORD, "")
    if given or not (alerts.email_to and alerts.smtp_password_file):
        return given
    return _read(alerts.smtp_password_file, SMTP_PASSWORD)


def webhook_key(settings: Settings) -> bytes:
    """Give the key that signs webhooks; empty where there is no webhook.

    What begins with ``whsec_`` is base64; other text is the key as it stands.

    Raises:
        ConfigError: The file cannot be read, or it holds no key.
    """
    alerts = settings.alerts
    if not alerts.webhook_url:
        return b""
    given = os.environ.get(WEBHOOK_SECRET, "").strip()
    if given:
        return _key(given, WEBHOOK_SECRET)
    file = alerts.webhook_secret_file
    if file:
        return _key(_read(file, WEBHOOK_SECRET), file)
    return hmac.digest(secret_key(home_of(settings)), b"webhook", "sha256")


def _key(text: str, where: str) -> bytes:
    if not text.startswith(_PREFIX):
        return text.encode()
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise _unusable(where, WEBHOOK_SECRET, "not base64")
    return key


def shown_key(key: bytes) -> str:
    """Write a webhook's key as receivers' libraries take it."""
    return _PREFIX + base64.b64encode(key).decode()


def webhook_key_source(settings: Settings) -> str:
    """Say where the webhook's key comes from, without reading or making it."""
    if os.environ.get(WEBHOOK_SECRET, "").strip():
        return WEBHOOK_SECRET
    if settings.alerts.webhook_secret_file:
        return settings.alerts.webhook_secret_file
    if os.environ.get(SECRET_KEY, "").strip():
        return f"HMAC-SHA256({SECRET_KEY}, webhook)"
    return "HMAC-SHA256(var/secret, webhook)"


def _read(name: str, variable: str) -> str:
    """Read the one line of a file that somebody wrote by hand."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(name, variable, type(error).__name__) from error
    if not text:
        raise _unusable(name, variable, "empty")
    return text


def _unusable(file: Path | str, variable: str, why: str) -> ConfigError:
    return ConfigError(
        Problem(
            file=str(file),
            key="-",
            problem=f"không dùng được / cannot be used ({why})",
            hint=variable,
        )
    )
