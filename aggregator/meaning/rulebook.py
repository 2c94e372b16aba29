"""All rules together: those of this package, or an officer's own in their place."""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeVar

from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.meaning import categories
from aggregator.meaning import checking
from aggregator.meaning import documents
from aggregator.meaning import facets
from aggregator.meaning import levels
from aggregator.meaning.categories import CategoryRules
from aggregator.meaning.documents import DocumentRules
from aggregator.meaning.facets import Facet
from aggregator.meaning.levels import LevelRules
from aggregator.meaning.phrases import Phrases
from aggregator.meaning.rules import Table
from aggregator.meaning.rules import read_own_rules
from aggregator.meaning.rules import read_rules

FILES = (levels.FILE, categories.FILE, documents.FILE)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules by which notices are understood."""

    levels: LevelRules
    categories: CategoryRules
    documents: DocumentRules
    facets: Phrases[Facet]


@cache
def rules_in(folder: str | None) -> Rules:
    """Read all rules, once; a file that the folder lacks is taken from this package.

    Raises:
        ConfigError: A rule cannot be used or could never count; each mistake is named
            with its file and key.
    """
    found: list[Problem] = []
    made = Rules(
        levels=_made(folder, levels.FILE, levels.compile_rules, found),
        categories=_made(folder, categories.FILE, categories.compile_categories, found),
        documents=_made(folder, documents.FILE, documents.compile_documents, found),
        facets=_made(folder, facets.FILE, facets.compile_facets, found),
    )
    if folder is not None:
        found += _strangers(Path(folder))
    found = found or list(_never(made, folder))
    if found:
        raise ConfigError(*dict.fromkeys(found))
    return made


def _file(folder: str | None, name: str) -> Path | None:
    """Find the file that replaces one of this package."""
    file = Path(folder, name) if folder else None
    return file if file and file.exists() else None


def _table(folder: str | None, name: str) -> Table:
    file = _file(folder, name)
    return read_own_rules(file) if file else read_rules(name)


def _made(
    folder: str | None,
    name: str,
    make: Callable[[Table], Made],
    found: list[Problem],
) -> Made:
    """Compile one file, this package's own where it cannot be; note what is wrong."""
    where = str(_file(folder, name) or name)
    try:
        return make(_table(folder, name))
    except ConfigError as error:
        found += [replace(problem, file=where) for problem in error.problems]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"thiếu hoặc sai kiểu / missing or of a wrong type ({error!r:.100})"
        key = str(error.args[0]) if isinstance(error, KeyError) else "-"
        hint = f"xem tệp gốc / see the file it replaces: {name}"
        found.append(Problem(file=where, key=key, problem=problem, hint=hint))
    return make(read_rules(name))


def _strangers(folder: Path) -> Iterator[Problem]:
    """Name files that nothing reads: a misspelt one would be waited for in vain."""
    for file in sorted(folder.glob("*.toml")):
        if file.name not in FILES:
            problem = "không có tệp quy tắc tên này / no rule file has this name"
            hint = "hợp lệ / valid: " + ", ".join(FILES)
            yield Problem(file=str(file), key="-", problem=problem, hint=hint)


def _never(made: Rules, folder: str | None) -> Iterator[Problem]:
    """Name each rule that can never count."""
    for name, problems in (
        (levels.FILE, _levels(made, folder)),
        (categories.FILE, _categories(made, folder)),
        (facets.FILE, _facets(made, folder)),
    ):
        where = str(_file(folder, name) or name)
        yield from (replace(problem, file=where) for problem in problems)


def _levels(made: Rules, folder: str | None) -> Iterator[Problem]:
    return checking.check_levels(made.levels, _table(folder, levels.FILE))


def _categories(made: Rules, folder: str | None) -> Iterator[Problem]:
    table = _table(folder, categories.FILE)
    return checking.check_categories(made.categories, table)


def _facets(made: Rules, folder: str | None) -> Iterator[Problem]:
    return checking.check_facets(made.facets, _table(folder, facets.FILE))
