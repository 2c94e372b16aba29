"""Rule files of one's own; a rule that can never count is an error that names why."""

import copy
from datetime import UTC
from datetime import datetime
from importlib.resources import files

import pytest

from aggregator.errors import ConfigError
from aggregator.meaning.categories import compile_categories
from aggregator.meaning.checking import check_categories
from aggregator.meaning.checking import check_facets
from aggregator.meaning.checking import check_levels
from aggregator.meaning.facets import compile_facets
from aggregator.meaning.levels import compile_rules
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.rules import read_rules
from aggregator.meaning.understanding import understand
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import SourceHints

OWN = """
[[rule]]
says = "Của Sở"
category = "invitation"
where = "title"
words = ["gặp mặt"]
"""


def told(checks):
    return [f"{problem.key}: {problem.problem}" for problem in checks]


def levels_told(change=None, rule=None):
    table = copy.deepcopy(dict(read_rules("levels.toml")))
    if rule:
        row = {"says": "Thử", "levels": ["primary"], **rule}
        table["rule"] = [*table["rule"], row]
    for path, value in (change or {}).items():
        name, key = path.split(".")
        table[name][key] = value
    return told(check_levels(compile_rules(table), table))


def test_the_rules_of_this_package_have_no_dead_one():
    assert rules_in(None)
    assert levels_told() == []


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        # read otherwise than written, so never found
        ({"words": ["THCSvà bạn bè"]}, ["“Thử”", "THCS và bạn bè"]),
        ({"words": ["trườngthân thiện"]}, ["“Thử”", "trường thân thiện"]),
        ({"words": ["12/2026/KH-GDTH"]}, ["“Thử”", "12/2026/KH-GDTH"]),
        # weak, and never without something strong
        (
            {"words": ["ngày hội lớp 5"], "strength": "weak"},
            ["“Thử”", "lớp 5", "Nêu lớp 5"],
        ),
        # names no level, and hides nothing
        ({"words": ["hoa phượng"], "levels": []}, ["“Thử”", "hides none"]),
    ],
    ids=["glued", "parted", "number", "weak", "idle"],
)
def test_a_level_rule_that_can_never_count_is_told(rule, named):
    (problem,) = [p for p in levels_told(rule=rule) if p.startswith("“Thử”")]
    assert all(word in problem for word in named)


@pytest.mark.parametrize(
    "rule",
    [
        {"words": ["ngày hội khối lớp lá"]},
        {"words": ["mầm non thủ đô"], "levels": []},
        {"words": ["hái hoa dân chủ"], "levels": [], "entrance": True},
        {"words": ["hái hoa dân chủ"], "strength": "weak"},
    ],
    ids=["longer", "hides", "entrance", "weak"],
)
def test_a_level_rule_that_can_count_is_well(rule):
    assert levels_told(rule=rule) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("numbers.lop", [[5, 1, "primary"], [6, 12, "upper_secondary"]]),
        ("numbers.cap", [[100, 200, "primary"]]),
        ("ages.years", [[6, 6, "primary"]]),
        ("numbers.not_before", ["tuổi", " "]),
        ("entrance.13", {"says": "Vào lớp 13", "levels": ["primary"]}),
        ("stages.preschool", 2),
        ("divisions.GD-TX", ["continuing"]),
    ],
)
def test_numbers_that_can_never_stand_there_are_told(path, value):
    assert any(path in problem for problem in levels_told({path: value}))


def categories_told(*rows):
    table = {
        "rule": [
            {"says": f"R{n}", "category": "news", "where": "head", **row}
            for n, row in enumerate(rows)
        ]
    }
    return told(check_categories(compile_categories(table), table))


@pytest.mark.parametrize(
    "rows",
    [
        [{"words": ["báo cáo"]}, {"words": ["báo cáo quý", "Báo cáo năm"]}],
        [{"words": ["họp"], "where": "title"}, {"words": ["giấy mời họp"]}],
        [
            {"words": ["họp"], "where": "title"},
            {"words": ["mời họp"], "where": "title"},
        ],
    ],
    ids=["head", "title before head", "title"],
)
def test_a_category_rule_that_another_always_hides_names_both(rows):
    (problem,) = categories_told(*rows)
    assert problem.startswith("“R1”: ") and "“R0”" in problem


@pytest.mark.parametrize(
    "rows",
    [
        [{"words": ["báo cáo"], "unless": ["mật"]}, {"words": ["báo cáo quý"]}],
        [{"words": ["báo cáo"]}, {"words": ["báo cáo"], "where": "title"}],
        [{"words": ["báo cáo"], "exact": True}, {"words": ["báo cáo quý"]}],
        [{"words": ["báo cáo"]}, {"words": ["báo cáo quý", "tổng kết"]}],
        [{"words": ["báo cáo quý"]}, {"words": ["báo cáo"]}],
    ],
    ids=["unless", "elsewhere", "exact", "one phrase lives", "the longer first"],
)
def test_a_category_rule_that_can_decide_is_well(rows):
    assert categories_told(*rows) == []


def test_a_category_rule_that_forbids_itself_is_told():
    (problem,) = categories_told({"words": ["lịch sử"], "unless": ["sử"]})
    assert "does not match itself" in problem


def test_a_facet_that_is_read_otherwise_is_told():
    table = copy.deepcopy(dict(read_rules("facts.toml")))
    table["ownership"]["cong_lap"] = ["cônglậpở"]
    assert "cong_lap" in told(check_facets(compile_facets(table), table))[0]


# --- A folder of one's own --------------------------------------------------------


def category_of(title, folder):
    return understand(
        title,
        "",
        hints=SourceHints(),
        now=datetime(2026, 11, 1, tzinfo=UTC),
        published=None,
        rules=rules_in(str(folder)),
    )


def test_a_file_of_ones_own_replaces_that_of_the_package_alone(tmp_path):
    (tmp_path / "categories.toml").write_text(OWN, encoding="utf-8")
    meaning = category_of("Gặp mặt giáo viên THPT", tmp_path)
    assert meaning.category is Category.INVITATION
    assert meaning.because[0].says == "Của Sở"
    assert meaning.levels == {Level.UPPER_SECONDARY}
    assert category_of("Thông báo", tmp_path).category is Category.NEWS


def changed(name, old, new):
    text = files("aggregator.meaning").joinpath(name).read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("name", "text", "key", "problem"),
    [
        ("levels.toml", "rule = 3", "-", "wrong type"),
        ("levels.toml", "x = [", "-", "cannot be read"),
        ("levels.toml", "", "rule", "missing"),
        ("level.toml", "", "-", "no rule file has this name"),
        ("categories.toml", OWN + "wher = 1", "“Của Sở”.wher", "unknown key"),
        ("categories.toml", OWN.replace("title", "text"), "“Của Sở”.where", "text"),
        ("categories.toml", OWN.replace("invi", "x"), "“Của Sở”.category", "xtation"),
        ("categories.toml", OWN.replace("[[rule]]", "[rule]"), "-", "wrong"),
        (
            "categories.toml",
            OWN.replace("gặp mặt", "gặp mặt " * 50),
            "“Của Sở”.words",
            "too long",
        ),
        (
            "categories.toml",
            OWN + OWN.replace("Của Sở", "Khác"),
            "“Khác”",
            "“Của Sở” luôn đứng trước",
        ),
        (
            "levels.toml",
            changed("levels.toml", '"preschool"', '"crib"'),
            "levels",
            "crib",
        ),
        (
            "levels.toml",
            changed("levels.toml", '"mẫu giáo", ', '"tiểu học", '),
            "“Nêu bậc tiểu học”.words",
            "“Nêu bậc mầm non”, “Nêu bậc tiểu học”",
        ),
        (
            "levels.toml",
            changed("levels.toml", '"mẫu giáo", ', '" ", '),
            "“Nêu bậc mầm non”.words",
            "an empty phrase",
        ),
        ("facts.toml", "", "words", "missing"),
    ],
)
def test_a_mistake_names_file_key_and_what_is_wrong(tmp_path, name, text, key, problem):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        rules_in(str(tmp_path))
    first, *_ = caught.value.problems
    assert first.file == str(tmp_path / name)
    assert problem in first.problem
    assert first.key == key


def test_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "levels.toml").write_text("", encoding="utf-8")
    (tmp_path / "categories.toml").write_text("x = 1", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        rules_in(str(tmp_path))
    assert {p.file.rpartition("/")[2] for p in caught.value.problems} == {
        "levels.toml",
        "categories.toml",
    }
