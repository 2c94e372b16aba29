"""`check`, and what every command does with a file that cannot be used."""

from pathlib import Path

import pytest

from tests.cli.command import aggregator
from tests.cli.command import write_feeds

BROKEN = """
[site]
title = "Tin"
base_url = "http://127.0.0.1:8000"

[authorities.so]
name = "Sở"

[authorities.quan-1]
name = "Quận 1"
parent = "s0"

[sources.tin]
url = "http://127.0.0.1:9/tin.xml"
authority = "so"
category = "annoucement"
evry = "15m"
"""


def test_a_good_file(tmp_path: Path) -> None:
    write_feeds(tmp_path, {"tin": "http://127.0.0.1:9/tin.xml"})
    done = aggregator(tmp_path, "check")
    assert (done.code, done.err) == (0, "")
    assert "1 authorities, 1 sources, no mistakes" in done.out
    assert aggregator(tmp_path, "check", "--json").json == {
        "ok": True,
        "authorities": 1,
        "sources": 1,
        "errors": [],
    }
    assert not (tmp_path / "var").exists()  # nothing was opened or made


def test_a_broken_file_is_told_in_one_line_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "feeds.toml").write_text(BROKEN, encoding="utf-8")
    done = aggregator(tmp_path, "check")
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    expected = {
        "authorities.quan-1.parent": "so",
        "sources.tin.category": "announcement",
        "sources.tin.evry": "every",
    }
    assert len(lines) == len(expected), done.err
    for key, hint in expected.items():
        (line,) = (line for line in lines if f": {key}: " in line)
        assert line.startswith("feeds.toml: ") and hint in line.split(" → ")[1]


def test_mistakes_as_json(tmp_path: Path) -> None:
    (tmp_path / "feeds.toml").write_text(BROKEN, encoding="utf-8")
    done = aggregator(tmp_path, "check", "--json")
    assert (done.code, done.err) == (2, "")
    assert done.json["ok"] is False
    assert len(done.json["errors"]) == 3
    assert all(
        set(error) == {"file", "key", "problem", "hint"}
        for error in done.json["errors"]
    )


@pytest.mark.parametrize(
    "words",
    [["pull"], ["items"], ["sources", "--json"], ["explain", "x"], ["run"], ["work"]],
    ids=lambda words: words[0],
)
def test_no_command_works_with_a_broken_file(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "feeds.toml").write_text(BROKEN, encoding="utf-8")
    done = aggregator(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert "sources.tin.evry" in done.err


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    done = aggregator(tmp_path, "--config", "khong-co.toml", "check")
    assert done.code == 2
    assert "khong-co.toml" in done.err and "--config" in done.err


def test_the_environment_names_the_file_and_an_option_goes_before_it(
    tmp_path: Path,
) -> None:
    write_feeds(tmp_path, {"tin": "http://127.0.0.1:9/tin.xml"})
    env = {"AGGREGATOR_CONFIG": "khong-co.toml"}
    assert aggregator(tmp_path, "check", env=env).code == 2
    assert aggregator(tmp_path, "--config", "feeds.toml", "check", env=env).code == 0


@pytest.mark.parametrize(
    "words", [["nonsense"], ["check", "--nonsense"], ["items", "--limit", "0"]]
)
def test_wrong_usage_is_2(tmp_path: Path, words: list[str]) -> None:
    write_feeds(tmp_path, {"tin": "http://127.0.0.1:9/tin.xml"})
    done = aggregator(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err


# --- Rules of one's own --------------------------------------------------------

RULES = """
[[rule]]
says = "Của Sở"
category = "invitation"
where = "title"
words = ["gặp mặt"]
"""


def write_rules(folder: Path, text: str) -> None:
    (folder / "feeds.toml").write_text(
        '[authorities.so]\nname = "Sở"\n[meaning]\nrules = "luat"\n', encoding="utf-8"
    )
    (folder / "luat").mkdir()
    (folder / "luat" / "categories.toml").write_text(text, encoding="utf-8")


def test_rules_of_ones_own_explain(tmp_path: Path) -> None:
    write_rules(tmp_path, RULES)
    assert aggregator(tmp_path, "check").code == 0
    (told,) = aggregator(tmp_path, "explain", "Buổi gặp mặt đầu xuân").lines
    assert told["category"] == "invitation"
    assert told["because"][0]["says"] == "Của Sở"


@pytest.mark.parametrize("words", [["check"], ["explain", "x"], ["pull"]], ids=str)
def test_a_mistake_in_ones_own_rules_is_named(tmp_path: Path, words: list[str]) -> None:
    write_rules(tmp_path, RULES.replace("where", "wher"))
    done = aggregator(tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("luat/categories.toml: “Của Sở”.wher: ")


def test_a_folder_of_rules_that_is_not_there(tmp_path: Path) -> None:
    write_rules(tmp_path, RULES)
    (tmp_path / "luat").rename(tmp_path / "rules")
    done = aggregator(tmp_path, "check", "--json")
    (error,) = done.json["errors"]
    assert (done.code, error["key"]) == (2, "meaning.rules")
    assert "không có thư mục này / no such folder" in error["problem"]
