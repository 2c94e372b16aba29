"""Values as columns and back, and what statements share: levels as bits, lists cut."""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from aggregator.model import ALL_LEVELS
from aggregator.model import Level
from aggregator.store import schema

CHUNK = 500  # names in one IN list
# Joins to each sighting the version of it that is shown now.
NOW_SHOWN = (schema.versions.c.sighting_pk == schema.sightings.c.pk) & (
    schema.versions.c.n == schema.sightings.c.version
)


def bits_of(levels: Collection[Level]) -> int:
    """Write levels as bits; none means all."""
    bits = sum(schema.LEVEL_BITS[level] for level in set(levels))
    return bits or schema.ALL_BITS


def levels_of(bits: int) -> frozenset[Level]:
    """Read levels from bits; all of them read as none."""
    levels = frozenset(level for level, bit in schema.LEVEL_BITS.items() if bits & bit)
    return frozenset() if levels == ALL_LEVELS else levels


def own_number(facts: Mapping[str, Any]) -> str:
    """Read the number of the document that an item is; "" if it only reports of one."""
    document = facts.get("document", {})
    return str(document.get("number", "")) if document.get("own", True) else ""


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into parts that one statement can name: databases have a limit."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
