"""Read the rule files that stand beside this code, and say what is wrong in them.

The one module of this room that reads files: its own package data, once.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
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


def check_keys(table: Table, allowed: frozenset[str], *, file: str) -> None:
    """Refuse a rule that lacks its reason or has a key that means nothing."""
    for key in table.keys() - allowed:
        raise ConfigError(
            Problem(
                file=file,
                key=str(table.get("says", "rule")) + f".{key}",
                problem="unknown key",
                hint="one of " + ", ".join(sorted(allowed)),
            )
        )
    if not table.get("says") or not table.get("words"):
        raise ConfigError(
            Problem(
                file=file,
                key=str(table.get("says", "rule")),
                problem="a rule needs says and words",
                hint="",
            )
        )


def read_levels(names: list[str], *, file: str) -> frozenset[Level]:
    """Turn the names of levels in a rule into levels."""
    try:
        return frozenset(Level(name) for name in names)
    except ValueError as error:
        raise ConfigError(
            Problem(
                file=file,
                key="levels",
                problem=str(error),
                hint="one of " + ", ".join(Level),
            )
        ) from error
