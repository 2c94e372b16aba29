"""JSON Feed is read as RSS and Atom are, and wrong types in it count as absent."""

import json

import pytest

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.parse import parse
from aggregator.model import Enclosure
from aggregator.model import Entry

URL = "https://so.example.vn/rss/tin.rss"


@pytest.mark.parametrize("version", ["1", "https://jsonfeed.org/version/1.1"])
def test_json_feed(version):
    item = {
        "id": "a",
        "external_url": "https://khac.example.vn/",
        "title": "Tin",
        "content_html": "<p>x</p>",
        "content_text": "x",
        "date_modified": "2021-07-05T08:37:12+07:00",
        "author": {"name": "A"},
        "attachments": [{"url": "a.pdf", "size_in_bytes": "5"}, 5],
    }
    feed = {"version": version, "title": "Kênh", "items": [item, {"id": 1.5}, None]}
    document = parse(json.dumps(feed).encode(), url=URL)
    first, second, third = document.entries
    assert (document.title, first.content, first.is_html) == ("Kênh", "<p>x</p>", True)
    assert (first.link, first.author) == ("https://khac.example.vn/", "A")
    assert first.updated == "2021-07-05T08:37:12+07:00"
    assert first.enclosures == (Enclosure(url="a.pdf"), Enclosure(url=""))
    assert (second.guid, third.guid) == ("1.5", "")


def test_json_with_wrong_types_throughout_is_read_as_far_as_it_goes():
    feed = (
        '{"version": "1", "title": 5, "items": [{"id": {}, "tags": 5, "author": []}]}'
    )
    document = parse(feed.encode())
    assert (document.title, document.entries) == ("", (Entry(is_html=False),))


WHOLE = (
    '{"version": "1", "title": "Tin \\u00e1\\n", "items": '
    '[{"id": "a", "x": [1.5e3, -2, true, false, null]}]}'
)


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_json_that_ends_anywhere_in_the_middle_is_truncated(length):
    with pytest.raises(ParseError) as caught:
        parse(WHOLE[:length].encode())
    assert caught.value.reason is Reason.TRUNCATED


@pytest.mark.parametrize(
    "text",
    [
        "[Error]",
        "{oops",
        '{"a": 1} x',
        '{"a": 1,}',
        '{"a" 1}',
        "{'a': 1}",
        '{"a": tru}',
    ],
)
def test_json_that_is_wrong_is_not_truncated(text):
    with pytest.raises(ParseError) as caught:
        parse(text.encode())
    assert caught.value.reason is Reason.NOT_A_FEED
