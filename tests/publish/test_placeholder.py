"""A feed without notices says so in one item, which never changes."""

import io
import json
from collections.abc import Callable

import feedparser
import pytest

from aggregator.model import Category
from aggregator.model import Level
from aggregator.publish.atom import render_atom
from aggregator.publish.jsonfeed import render_json
from aggregator.publish.placeholder import TITLE
from aggregator.publish.placeholder import placeholder
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from tests.publish.making import ATOM
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import notice
from tests.publish.making import publish
from tests.publish.making import strict
from tests.publish.test_atom import publish as publish_atom
from tests.publish.test_atom import strict as strict_atom


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_an_empty_feed_carries_one_item_that_says_so(
    render: Callable[..., bytes],
) -> None:
    chosen = select(SAID, "so", level="mam-non", category="thu-moi")
    body = render([], settings=SAID, selection=chosen, changed_at=None)
    (entry,) = feedparser.parse(io.BytesIO(body)).entries
    assert entry.title == TITLE == "Chưa có tin trong mục này"
    assert entry.link == "http://tin.example/feeds/so/mam-non/thu-moi"
    assert entry.published_parsed[:3] == (2020, 1, 1)
    assert "Hiện chưa có tin nào trong mục “Thư mời – Mầm non – Sở”." in (
        entry.description
    )
    assert entry.id == "urn:uuid:" + placeholder(SAID, chosen).id
    assert entry.author == "Sở"
    assert {tag.term for tag in entry.tags} & {"Thư mời", "thu-moi"}
    assert "source" not in entry  # it comes from nobody


def test_its_id_is_one_for_a_selection_and_never_changes() -> None:
    addresses = [
        {},
        {"level": "thcs"},
        {"category": "thu-moi"},
        {"options": {"own": "1"}},
        {"options": {"limit": "5"}},
        {"audience": "quan-1"},
    ]
    ids = [
        placeholder(SAID, select(SAID, **({"audience": "so"} | address))).id
        for address in addresses
    ]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "600b42c0-526c-5baa-a482-5f9f642e74b5"  # as published before
    assert publish(changed_at=None) == publish(changed_at=None)
    same = [
        strict(publish(changed_at=at)).findtext("item/guid") for at in (None, CHANGED)
    ]
    assert same[0] == same[1] == f"urn:uuid:{ids[0]}"


def test_both_forms_bear_one_id() -> None:
    in_atom = strict_atom(publish_atom()).findtext(f"{ATOM}entry/{ATOM}id")
    assert in_atom == strict(publish()).findtext("item/guid")


def test_where_there_is_a_notice_nothing_else_stands() -> None:
    assert len(strict(publish(notice())).findall("item")) == 1


def test_who_wants_none_gets_none() -> None:
    options = {"empty": "none"}
    channel = strict(publish(options=options))
    assert channel.find("item") is None
    self_url = channel.find(f"{ATOM}link").get("href")
    assert self_url == "http://tin.example/feeds/so/all/all.rss?empty=none"
    assert strict_atom(publish_atom(options=options)).find(f"{ATOM}entry") is None


def test_json_feed_needs_no_item() -> None:
    chosen = select(SAID, "so")
    body = render_json([], settings=SAID, selection=chosen, changed_at=None)
    assert json.loads(body)["items"] == []


def test_it_is_filed_where_it_stands() -> None:
    chosen = select(SAID, "so", level="thcs,mam-non", category="van-ban,tin-tuc")
    item = placeholder(SAID, chosen)
    assert item.categories == (Category.NEWS, Category.DOCUMENT)
    assert item.levels == {Level.PRESCHOOL, Level.LOWER_SECONDARY}
    assert placeholder(SAID, select(SAID, "so")).levels == frozenset()
