"""Read rule files, those beside this code or an officer's own, and check their keys.

The one module of this room that reads files, each once.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.model import Level

Table = Mapping[str, Any]


@cache
def read_rules(name: str) -> Table:
    """Read one rule file of this package, such as ``levels.toml``."""
    text = files("aggregator.meaning").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_own_rules(file: Path) -> Table:
    """Read a rule file that replaces one of this package.

    Raises:
        ConfigError: It cannot be read, or is not TOML in UTF-8.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise wrong(
            str(file), "-", f"không đọc được / cannot be read ({error})", "TOML, UTF-8"
        ) from error


def wrong(file: str, key: str, problem: str, hint: str = "") -> ConfigError:
    """Name a mistake in a rule file."""
    return ConfigError(Problem(file=file, key=key, problem=problem, hint=hint))


def check_keys(table: Table, allowed: frozenset[str], *, file: str) -> None:
    """Refuse a rule that lacks its reason or has a key that means nothing."""
    for key in table.keys() - allowed:
        raise wrong(
            file,
            f"{name_of(table)}.{key}",
            "khóa không có trong thiết kế / unknown key",
            "hợp lệ / valid: " + ", ".join(sorted(allowed)),
        )
    if not table.get("says") or not table.get("words"):
        raise wrong(
            file,
            name_of(table),
            "quy tắc phải có says và words / a rule needs says and words",
            'says = "…", words = ["…"]',
        )
    if not _are_texts(table["words"]) or not _are_texts(table.get("unless", [])):
        raise wrong(
            file,
            f"{name_of(table)}.words",
            "phải là danh sách chuỗi / must be a list of texts",
            'words = ["…", "…"]',
        )


def check_value(table: Table, key: str, allowed: tuple[object, ...], file: str) -> None:
    """Refuse a value that means nothing; a key that is left out is well."""
    if key in table and table[key] not in allowed:
        raise wrong(
            file,
            f"{name_of(table)}.{key}",
            f"không có giá trị này / no such value: {table[key]!r}",
            "hợp lệ / valid: " + ", ".join(map(str, allowed)),
        )


def name_of(table: Table) -> str:
    """Name a rule by what it says."""
    return f"“{table.get('says', 'rule')}”"


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def read_levels(names: list[str], *, file: str) -> frozenset[Level]:
    """Turn the names of levels in a rule into levels."""
    try:
        return frozenset(Level(name) for name in names)
    except ValueError as error:
        raise wrong(
            file,
            "levels",
            f"không có cấp học này / no such level ({error})",
            "hợp lệ / valid: " + ", ".join(Level),
        ) from error
