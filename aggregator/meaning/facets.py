"""Facets of a notice beside its levels: whose schools, and how urgent."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.repair import suspected
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import Aligned
from aggregator.model import Because

FILE = "facts.toml"
_GLANCED = 200  # characters of a text that are judged
_SAYS = {"ownership": "Loại hình trường", "urgency": "Độ khẩn"}


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet's name and value: ownership, cong_lap."""

    name: str
    value: str


@cache
def facet_rules() -> Phrases[Facet]:
    """Read facts.toml once."""
    return compile_facets(read_rules(FILE))


def compile_facets(table: Table) -> Phrases[Facet]:
    """Make ``ownership`` and ``urgency`` ready; urgency counts by its very marks."""
    return compile_phrases(
        (
            Phrase(words, Facet(name, value), name == "urgency", f"{name}.{value}")
            for name, value, words in facet_words(table)
        ),
        file=FILE,
    )


def facet_words(table: Table) -> Iterator[tuple[str, str, str]]:
    """Yield each phrase with the facet's name and value that it stands for."""
    for name in _SAYS:
        for value, rows in table[name].items():
            yield from ((name, value, words) for words in rows)


def find_damage(
    title: str, text: str
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Because, ...]]:
    """Say where a wrong encoding shows that was not sure enough to be undone."""
    for where, read in (("title", title), ("text", text[:_GLANCED])):
        kind = suspected(read)
        if kind:
            says = f"Có thể sai bảng mã ({kind}): cần người xem"
            return {"damaged": (kind,)}, (Because(says=says, saw=read, where=where),)
    return {}, ()


def find_facets(
    title: Aligned, rules: Phrases[Facet]
) -> tuple[Mapping[str, tuple[str, ...]], tuple[Because, ...]]:
    """Read a title's facets: name → values in the order they stand."""
    facets: dict[str, tuple[str, ...]] = {}
    because = []
    for hit in rules.find(title):
        name, value = hit.value.name, hit.value.value
        if value == "none" or value in facets.get(name, ()):
            continue
        facets[name] = (*facets.get(name, ()), value)
        saw = title.saw(hit.start, hit.end)
        because.append(Because(says=_SAYS[name], saw=saw, where="title"))
    return facets, tuple(because)
