"""feeds.toml → Settings. Reads one file, finds every mistake at once, changes nothing.

Each mistake is one line: file, key, what is wrong, what would be right; sentences are
Vietnamese and English, since officers read them. `values` checks each value, `shapes`
each table by itself, `links` what one table says of another.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from aggregator.config import links
from aggregator.config import shapes
from aggregator.config.values import is_address
from aggregator.config.values import parse_interval
from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.model import AlertSettings
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import FetchSettings
from aggregator.model import Level
from aggregator.model import Settings
from aggregator.model import Site
from aggregator.model import Source

__all__ = ["load", "parse_interval"]

MAX_FILE = 10_000_000  # bytes; a country's sources fit ten times over


def load(path: str | Path) -> Settings:
    """Read feeds.toml.

    Raises:
        ConfigError: With every mistake found, each with its key.
    """
    file = Path(path)
    tables, found = shapes.check(_read(file))
    settings = _settings(file, tables)
    found += links.problems_of(settings)
    if found:
        raise ConfigError(*(_problem(file, mistake) for mistake in found))
    return settings


def _problem(file: Path, found: links.Found) -> Problem:
    return Problem(
        file=str(file), key=found.key, problem=found.problem, hint=found.hint
    )


def _read(file: Path) -> dict[str, Any]:
    def stop(key: str, problem: str, hint: str) -> ConfigError:
        return ConfigError(Problem(file=str(file), key=key, problem=problem, hint=hint))

    try:
        with file.open("rb") as stream:
            body = stream.read(MAX_FILE + 1)
        if len(body) > MAX_FILE:
            raise stop("-", "tệp quá lớn / the file is too large", "< 10 MB")
        return tomllib.loads(body.decode("utf-8-sig"))
    except OSError as error:
        raise stop(
            "-",
            f"không đọc được tệp / the file cannot be read ({error.strerror})",
            "--config TỆP / FILE, AGGREGATOR_CONFIG",
        ) from error
    except UnicodeDecodeError as error:
        raise stop(
            "-", "tệp không phải UTF-8 / the file is not UTF-8", "UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        where, what = _toml_place(str(error))
        raise stop(
            where,
            f"sai cú pháp TOML / not valid TOML ({what})",
            'key = "value"',
        ) from error


def _toml_place(message: str) -> tuple[str, str]:
    found = re.search(r"^(.*) \(at (line \d+, column \d+|end of document)\)$", message)
    return (found[2], found[1]) if found else ("-", message)


def _settings(file: Path, raw: shapes.FileTable) -> Settings:
    return Settings(
        path=str(file),
        site=Site(**_site_values(raw.site)),
        authorities={
            slug: _authority(slug, table) for slug, table in raw.authorities.items()
        },
        sources={slug: _source(file, slug, t) for slug, t in raw.sources.items()},
        fetch=FetchSettings(
            allow_private=tuple(raw.fetch.allow_private),
            timeout=raw.fetch.timeout,
            concurrency=raw.fetch.concurrency,
            spacing=raw.fetch.spacing,
        ),
        alerts=_alerts(file, raw),
        rules=_beside(file, raw.meaning.rules),
    )


def _site_values(site: shapes.SiteTable) -> dict[str, str]:
    return site.model_dump() | {"base_url": site.base_url.rstrip("/")}


def _authority(slug: str, table: shapes.AuthorityTable) -> Authority:
    values = table.model_dump() | {
        "also": tuple(table.also),
        "levels": frozenset(Level(name) for name in table.levels),
        "successors": tuple(table.successors),
    }
    return Authority(id=slug, **values)


def _source(file: Path, slug: str, table: shapes.SourceTable) -> Source:
    auto = table.category == "auto"
    values = table.model_dump() | {
        "category": None if auto else Category(table.category),
        "levels": frozenset(Level(name) for name in table.levels),
        "was": tuple(table.was),
        "ca_file": _beside(file, table.ca_file),
    }
    return Source(id=slug, **values)


def _alerts(file: Path, raw: shapes.FileTable) -> AlertSettings:
    table = raw.alerts
    return AlertSettings(
        email_to=tuple(dict.fromkeys(table.email_to)),
        email_from=table.email_from or _sender(raw),
        smtp_host=table.smtp_host or "",
        smtp_port=table.smtp_port,
        smtp_security=table.smtp_security,
        smtp_user=table.smtp_user or "",
        smtp_password_file=_beside(file, table.smtp_password_file),
        webhook_url=table.webhook_url or "",
        webhook_secret_file=_beside(file, table.webhook_secret_file),
    )


def _sender(raw: shapes.FileTable) -> str:
    """Choose who writes where nobody is named: the contact, else the first reader."""
    contact = raw.site.contact.strip()
    if is_address(contact):  # it may also be a page or a telephone number
        return contact
    return next(iter(raw.alerts.email_to), "")


def _beside(file: Path, name: str | None) -> str | None:
    return str(file.parent / name) if name else None
