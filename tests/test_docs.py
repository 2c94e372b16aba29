"""The README names every command, every key of feeds.toml and every address."""

import re
from pathlib import Path

import pytest

from aggregator.app import create_app
from aggregator.cli import COMMANDS
from aggregator.config import shapes
from aggregator.errors import SENTENCES
from aggregator.errors import Reason
from aggregator.errors import sentence
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Outcome
from aggregator.store.engine import Store
from tests.conftest import settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", README))
WORDS = {word for named in NAMED for word in re.split(r"[\s./]+", named)}
TABLES = (
    shapes.SiteTable,
    shapes.AuthorityTable,
    shapes.SourceTable,
    shapes.FetchTable,
    shapes.AlertsTable,
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in README


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_is_in_the_readme(table: type[shapes.SiteTable]) -> None:
    assert set(table.model_fields) <= WORDS


@pytest.mark.parametrize("slug", [*CATEGORY_SLUGS.values(), *LEVEL_SLUGS.values()])
def test_every_slug_is_in_the_readme(slug: str) -> None:
    assert slug in NAMED


def test_every_address_is_in_the_readme(sqlite_store: Store) -> None:
    app = create_app(settings(), sqlite_store)
    rules = {rule.rule for rule in app.url_map.iter_rules()} - {"/"}
    told = README.replace("{audience}/{level}/{category}", "<audience>/<level>/<name>")
    told = told.replace("/items/{id}", "/items/<uuid:notice_id>")
    told = told.replace("/2026-11.atom", "/<document>")
    unnamed = {rule for rule in rules if f"`{rule}" not in told}
    assert unnamed == {"/static/<path:filename>"}


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_every_reason_has_its_sentences() -> None:
    assert set(SENTENCES) == set(Reason)
    turns = {turn for _, _, turn in SENTENCES.values()}
    assert turns == {"portal", "operator", "network", "nobody"}
    assert len({sentence(reason, "vi") for reason in Reason}) == len(Reason)
    assert len({sentence(reason, "en") for reason in Reason}) == len(Reason)
    assert sentence("something else") == "something else"


def test_the_page_of_reasons_is_the_table() -> None:
    page = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    for reason, (vietnamese, english, turn) in SENTENCES.items():
        assert f"| `{reason}` | {vietnamese} | {english} | {turn} |" in page
    assert {f"`{outcome}`" for outcome in Outcome} <= set(re.findall(r"`\w+`", page))


def test_every_page_sentence_has_its_english() -> None:
    """A sentence without translation would show in Vietnamese on the English page."""
    folder = ROOT / "aggregator/translations/en/LC_MESSAGES"
    catalog = (folder / "messages.po").read_text(encoding="utf-8")
    said = set()
    for template in (ROOT / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        said |= set(re.findall(r"""_\(["'](.+?)["'][,)]""", text))
    assert {words for words in said if f'msgid "{words}"' not in catalog} == set()
    assert (folder / "messages.mo").stat().st_size > 0
