"""`correct`, `corrections` and `relabel`, as an officer runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss

NEWS = rss(
    Entry(guid="a", title="Kế hoạch thi lớp 5", link="http://so.example/tin/1.html")
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder in which one source has been pulled."""
    with Upstream(("127.0.0.1",)) as upstream:
        url = upstream.put("/tin.xml", NEWS)
        write_feeds(tmp_path, {"so-tin": {"url": url, "category": "auto"}})
        assert aggregator(tmp_path, "pull", "--all").code == 0
        yield tmp_path


def told(folder: Path) -> dict[str, object]:
    """Give the one item that readers have."""
    (found,) = aggregator(folder, "items").lines
    return found


def test_a_correction_is_shown_listed_and_offered_as_a_test(folder: Path) -> None:
    id_ = told(folder)["id"]
    done = aggregator(
        *(folder, "correct", id_, "--levels", "lower_secondary,primary"),
        *("--category", "news", "--by", "Lan", "--why", "nói cả lớp 6"),
    )
    assert (done.code, done.out) == (0, "")
    assert (told(folder)["levels"], told(folder)["category"]) == (
        ["primary", "lower_secondary"],
        "news",
    )
    (listed,) = aggregator(folder, "corrections").lines
    assert (listed["id"], listed["by"], listed["why"]) == (id_, "Lan", "nói cả lớp 6")
    expected = {"category": "news", "levels": ["primary", "lower_secondary"]}
    assert listed["corrected"] == expected
    (test,) = aggregator(folder, "corrections", "--as-tests").lines
    assert test["expected"] == expected
    asked = aggregator(folder, "explain", stdin=_line(test)).lines[0]
    assert asked["levels"] == ["primary"]  # what the rules have to learn

    assert aggregator(folder, "correct", id_, "--undo", "--by", "Lan").code == 0
    assert told(folder)["levels"] == ["primary"]
    assert aggregator(folder, "corrections").lines == []


def _line(test: dict[str, object]) -> bytes:
    return json.dumps(test, ensure_ascii=False).encode()


def test_hiding_takes_it_from_readers_and_is_no_test(folder: Path) -> None:
    id_ = told(folder)["id"]
    assert aggregator(folder, "correct", id_, "--hide", "--by", "Lan").code == 0
    assert aggregator(folder, "items").lines == []
    (listed,) = aggregator(folder, "corrections").lines
    assert listed["corrected"] == {"state": "hidden"}
    assert aggregator(folder, "corrections", "--as-tests").lines == []
    assert aggregator(folder, "correct", id_, "--show", "--by", "Lan").code == 0
    assert told(folder)["state"] == "shown"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--by", "Lan"], "--undo"),
        (["--levels", "all"], "--by"),
        (["--levels", "lop-5", "--by", "Lan"], "primary"),
        (["--levels", "all", "--undo", "--by", "Lan"], "--undo"),
        (["--levels", "all", "--by", "rules"], "name"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_what_would_do(
    folder: Path, words: list[str], says: str
) -> None:
    done = aggregator(folder, "correct", told(folder)["id"], *words)
    assert done.code == 2
    assert says in done.err


def test_an_unknown_notice_is_named(folder: Path) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    done = aggregator(folder, "correct", unknown, "--levels", "all", "--by", "Lan")
    assert done.code == 2
    assert unknown in done.err


def test_relabel_says_what_would_move_and_then_moves_it(folder: Path) -> None:
    file = folder / "feeds.toml"
    declared = file.read_text()
    assert aggregator(folder, "relabel", "--dry-run").out == ""  # nothing would
    file.write_text(declared.replace('category = "auto"', 'category = "announcement"'))
    dry = aggregator(folder, "relabel", "--dry-run")
    assert "Văn bản → Thông báo" in dry.out
    assert "1" in dry.err
    assert told(folder)["category"] == "document"
    done = aggregator(folder, "relabel", "--json").json
    assert done["counts"]["category"] == 1
    assert done["moved"][0]["category"] == {"was": "document", "is": "announcement"}
    assert told(folder)["category"] == "announcement"
    assert aggregator(folder, "relabel", "--json").json["counts"] == {}
