"""What an audience reaches, and which selection an address names."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ViewError
from aggregator.model import ALL_LEVELS
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.publish.view import DEFAULT_LIMIT
from aggregator.publish.view import category_label
from aggregator.publish.view import level_label
from aggregator.publish.view import reach
from aggregator.publish.view import select
from aggregator.publish.view import unknown
from tests.conftest import authority
from tests.publish.making import SAID

# --- Reach --------------------------------------------------------------------

# 1997: a district of two ends. 2025: wards take over. 2030: they are joined.
TREE: dict[str, Authority] = {
    a.id: a
    for a in (
        authority("bo"),
        authority("so", parent="bo"),
        authority("cum", parent="so"),
        authority("khu-vuc", parent="so"),
        authority(
            "huyen-cu", parent="so", until=date(1997, 4, 1), successors=("quan", "nam")
        ),
        authority(
            "quan", parent="so", until=date(2025, 6, 30), successors=("phuong-a",)
        ),
        authority(
            "nam", parent="so", until=date(2025, 6, 30), successors=("phuong-a", "xa-b")
        ),
        authority("phuong-a", parent="cum", also=("khu-vuc",), successors=("dac-khu",)),
        authority("xa-b", parent="so"),
        authority("dac-khu", parent="so"),
    )
}
ABOVE_A = {"cum": None, "khu-vuc": None, "so": None, "bo": None}

REACHES: dict[str, tuple[str, dict[str, date | None]]] = {
    "the root reads itself alone": ("bo", {"bo": None}),
    "parents at any depth, also beside the tree": (
        "phuong-a",
        {
            "phuong-a": None,
            "dac-khu": None,
            **ABOVE_A,
            "quan": date(2025, 6, 30),
            "nam": date(2025, 6, 30),
            "huyen-cu": date(1997, 4, 1),
        },
    ),
    "one of two heirs never reads the other": (
        "xa-b",
        {
            "xa-b": None,
            "so": None,
            "bo": None,
            "nam": date(2025, 6, 30),
            "huyen-cu": date(1997, 4, 1),
        },
    ),
    "heirs of heirs are read whole": (
        "huyen-cu",
        {
            "huyen-cu": None,
            "quan": None,
            "nam": None,
            "phuong-a": None,
            "xa-b": None,
            "dac-khu": None,
            "so": None,
            "bo": None,
        },
    ),
    "who has not ended is inherited from whole": (
        "dac-khu",
        {
            "dac-khu": None,
            "so": None,
            "bo": None,
            "phuong-a": None,
            "quan": date(2025, 6, 30),
            "nam": date(2025, 6, 30),
            "huyen-cu": date(1997, 4, 1),
        },
    ),
}


@pytest.mark.parametrize(("audience", "reached"), REACHES.values(), ids=REACHES)
def test_an_audience_reaches(audience: str, reached: dict[str, date | None]) -> None:
    found = reach(TREE, audience)
    assert found[0] == Reach(authority=audience)
    assert {r.authority: r.until for r in found} == reached
    assert len(found) == len(reached)


@pytest.mark.parametrize("audience", TREE)
def test_own_leaves_out_the_ancestors_and_nothing_else(audience: str) -> None:
    ancestors = {"bo", "so", "cum", "khu-vuc"} - {audience}
    whole = reach(TREE, audience)
    own = reach(TREE, audience, own=True)
    assert [r for r in whole if r.authority not in ancestors] == list(own)


def test_a_loop_in_the_tree_ends() -> None:
    ring = {
        "a": authority("a", parent="b", successors=("b",)),
        "b": authority("b", parent="a", successors=("a",)),
    }
    assert {r.authority for r in reach(ring, "a")} == {"a", "b"}


# --- Addresses ----------------------------------------------------------------


def chosen(**address: Any) -> Any:
    """Select for the Sở."""
    return select(SAID, "so", **address)


WRITTEN: dict[str, tuple[dict[str, str], str]] = {
    "nothing chosen": ({}, "/feeds/so/all/all"),
    "slugs": (
        {"level": "thcs", "category": "thu-moi"},
        "/feeds/so/thcs/thu-moi",
    ),
    "ids": (
        {"level": "lower_secondary", "category": "invitation"},
        "/feeds/so/thcs/thu-moi",
    ),
    "another order": (
        {"level": "gdtx,mam-non,thpt", "category": "van-ban,tin-tuc"},
        "/feeds/so/mam-non,thpt,gdtx/tin-tuc,van-ban",
    ),
    "twice, once by id": ({"level": "primary,tieu-hoc"}, "/feeds/so/tieu-hoc/all"),
    "every one by name": (
        {"level": ",".join(reversed(LEVEL_SLUGS.values()))},
        "/feeds/so/mam-non,tieu-hoc,thcs,thpt,gdtx/all",
    ),
}


@pytest.mark.parametrize(("address", "path"), WRITTEN.values(), ids=WRITTEN)
def test_a_selection_has_one_address(address: dict[str, str], path: str) -> None:
    selection = chosen(**address)
    assert selection.path == path
    _, _, _, level, category = path.split("/")
    assert chosen(level=level, category=category) == selection


def test_all_restricts_nothing() -> None:
    view = chosen().view
    assert view.levels == ALL_LEVELS
    assert view.categories == frozenset(Category)
    assert (view.limit, view.own, view.on) == (DEFAULT_LIMIT, False, None)
    assert view.timezone == "Asia/Ho_Chi_Minh"


def test_what_is_named_is_what_is_viewed() -> None:
    view = chosen(level="thpt,mam-non", category="van-ban").view
    assert view.levels == {Level.PRESCHOOL, Level.UPPER_SECONDARY}
    assert view.categories == {Category.DOCUMENT}


OPTIONS: dict[str, tuple[dict[str, str], str]] = {
    "none": ({}, ""),
    "the usual, written out": ({"limit": "30", "own": "0", "on": ""}, ""),
    "fewest": ({"limit": "1"}, "?limit=1"),
    "most": ({"limit": "200"}, "?limit=200"),
    "leading zeros": ({"limit": "0005"}, "?limit=5"),
    "all of them": (
        {"on": "2026-11-20", "u": "mn1", "own": "1", "limit": "5"},
        "?limit=5&own=1&on=2026-11-20",
    ),
    "without a placeholder": (
        {"empty": "none", "on": "2026-11-20", "limit": "5"},
        "?limit=5&on=2026-11-20&empty=none",
    ),
    "with the placeholder, written out": ({"empty": "item"}, ""),
    "unknown ones": ({"u": "thcs-le-loi", "utm_source": "x", "Limit": "9"}, ""),
}


@pytest.mark.parametrize(("options", "query"), OPTIONS.values(), ids=OPTIONS)
def test_options_are_written_one_way(options: dict[str, str], query: str) -> None:
    assert chosen(options=options).query == query


def test_own_narrows_the_reach() -> None:
    own = select(SAID, "quan-1", options={"own": "1"}).view
    names = {r.authority for r in own.reach}
    assert own.own
    assert names == {"quan-1", "phuong-ben-thanh", "phuong-sai-gon"}


BAD_VALUES = {
    "limit zero": ("limit", "0"),
    "limit too large": ("limit", "201"),
    "limit huge": ("limit", "9" * 5000),
    "limit negative": ("limit", "-1"),
    "limit signed": ("limit", "+5"),
    "limit with blank": ("limit", " 5"),
    "limit a fraction": ("limit", "5.0"),
    "limit in Arabic digits": ("limit", "٣٠"),
    "limit in superscript": ("limit", "³"),
    "own a word": ("own", "yes"),
    "own two": ("own", "2"),
    "empty a word": ("empty", "yes"),
    "empty in another case": ("empty", "None"),
    "on in local order": ("on", "20-11-2026"),
    "on no such day": ("on", "2026-02-30"),
    "on compact": ("on", "20261120"),
    "on a week": ("on", "2026-W47-5"),
    "on a moment": ("on", "2026-11-20T08:00"),
    "on in wide digits": ("on", "２０２６-11-20"),
    "on a day without end": ("on", "9999-12-31"),
    "on with a line end": ("on", "2026-11-20\n"),
}


@pytest.mark.parametrize(("name", "value"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_bad_value_is_refused(name: str, value: str) -> None:
    with pytest.raises(ViewError) as caught:
        chosen(options={name: value})
    assert caught.value.status == 400
    assert str(caught.value).startswith(f"{name} must be ")
    assert len(str(caught.value)) < 100


# --- Names that are none ------------------------------------------------------


def refusal(**address: str) -> str:
    """Give the sentence with which a name is refused."""
    with pytest.raises(ViewError) as caught:
        select(SAID, **({"audience": "so"} | address))
    assert caught.value.status == 404
    return str(caught.value)


NEAR = {
    "audience": ({"audience": "quan1"}, "quan-1", ", ".join(SAID.authorities)),
    "level": ({"level": "mamnon"}, "mam-non", "mam-non, tieu-hoc, thcs, thpt, gdtx"),
    "level in a list": ({"level": "thcs,thp"}, "thpt", "tieu-hoc, thcs, thpt, gdtx"),
    "category": ({"category": "tin-tc"}, "tin-tuc", ", ".join(CATEGORY_SLUGS.values())),
}


@pytest.mark.parametrize(("address", "near", "valid"), NEAR.values(), ids=NEAR)
def test_a_name_that_is_none_is_answered_with_those_that_are(
    address: dict[str, str], near: str, valid: str
) -> None:
    said = refusal(**address)
    assert f'Did you mean "{near}"?' in said
    assert valid in said.splitlines()[1]


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    said = refusal(level="sdh")
    assert "Did you mean" not in said
    assert said.splitlines()[1].startswith("Valid: mam-non")


def test_all_stands_alone() -> None:
    said = refusal(level="all,mam-non")
    assert said == 'Unknown level "all".\nValid: mam-non, tieu-hoc, thcs, thpt, gdtx'


HOSTILE = {
    "empty": "",
    "line ends": "x\r\nSet-Cookie: a=b",
    "escape codes": "\x1b[2J\x1b]0;owned\x07",
    "null": "\x00",
    "direction marks": "\u202egnp.exe",
    "lone surrogate": "\udcff",
    "ten kilobytes": "mam-non" * 1500,
    "ten thousand names": "," * 10_000,
    "another case": "Mam-Non",
    "blanks around": " mam-non ",
    "other slash": "../../etc/passwd",
    "digits of another script": "٣",
}


@pytest.mark.parametrize("where", ["audience", "level", "category"])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_refused_and_not_echoed_raw(where: str, name: str) -> None:
    said = refusal(**{where: name})
    first, valid = said.split("\n")
    assert first.isascii() and first.isprintable()
    assert len(first) < 1000  # 80 characters, each escaped, and a suggestion
    assert valid.startswith("Valid: ")


@given(st.text(st.characters(codec=None)))
def test_any_name_is_a_choice_or_refused(name: str) -> None:
    try:
        selection = chosen(level=name)
    except ViewError as error:
        assert error.status == 404
    else:
        assert chosen(level=selection.level) == selection


def test_a_refusal_says_what_was_unknown() -> None:
    said = unknown("audience", "quan-10", ["quan-1", "so"])
    assert str(said) == (
        'Unknown audience "quan-10". Did you mean "quan-1"?\nValid: quan-1, so'
    )


# --- Words --------------------------------------------------------------------


def test_selections_are_named_in_vietnamese() -> None:
    assert level_label(chosen()) == "Tất cả cấp học"
    assert category_label(chosen()) == "Tất cả tin"
    some = chosen(level="thcs,mam-non", category="thu-moi,tin-tuc")
    assert level_label(some) == "Mầm non, THCS"
    assert category_label(some) == "Tin tức, Thư mời"
