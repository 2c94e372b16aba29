"""A feed's text is mended where it lacks little, and refused where it is a trap."""

import xml.etree.ElementTree as ET

import pytest

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.mend import MAX_ITEMS
from aggregator.intake.mend import mended
from aggregator.intake.mend import refuse_json_storm

RSS = '<rss version="2.0"><channel>{}</channel></rss>'


def items(text: str) -> list[str | None]:
    return [item.findtext("title") for item in ET.fromstring(text).iter("item")]


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("GD&ĐT & R&D", "GD&ĐT & R&D"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("a&nbsp;b &agrave; &amp; &lt; &#65; &#x42;", "a\xa0b à & < A B"),
        ("&#128512; &#55357;&#56832; &#xD83D;&#xDE00;", "😀 😀 😀"),
        ("a&#0;b&#xD800;c&#x110000;d&#8;e&#xFFFF;f", "abcdef"),
        ("&#60;b&#x3E; &#38;amp; &#9999999; &#99999999;", "<b> &amp;  &#99999999;"),
        ("<![CDATA[a & b &amp; c]]>", "a & b &amp; c"),
        ("<![CDATA[a]]>&<![CDATA[b&]]>", "a&b&"),
        ("a<!-- & -->b", "ab"),
    ],
)
def test_ampersands_and_names_become_well_formed(inside, title):
    text, beyond = mended(RSS.format(f"<item><title>{inside}</title></item>"))
    assert (items(text), beyond) == ([title], 0)


def test_own_entities_are_left_to_the_reader():
    text = '<!DOCTYPE rss [<!ENTITY so "Sở">]>' + RSS.format("&so; & &nbsp;")
    assert mended(text)[0] == text


@pytest.mark.parametrize(
    "before",
    [
        "<br />\n<b>Warning</b>: x in <b>/www/rss.php</b>\n<?xml version='1.0'?>",
        "chữ thừa <?xml version='1.0'?>",
        "<?xml version='1.0'?><!-- <html> --><?php x ?>\n<!DOCTYPE rss>",
        "<?xml version='1.0'?><!DOCTYPE rss [<!ELEMENT html ANY>]>",
    ],
)
def test_what_stands_before_the_root_does_not_hide_it(before):
    assert items(mended(before + RSS.format("<item/>"))[0]) == [None]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<!DOCTYPE html><title>x</title>", Reason.HTML_PAGE),
        ("<html><body><script>document.cookie='D1N=0'</script>", Reason.HTML_PAGE),
        ("<!-- <rss> --><HTML><rss/></HTML>", Reason.HTML_PAGE),
        ("<script>location.reload()</script>", Reason.HTML_PAGE),
        ("<opml><body><outline/></body></opml>", Reason.NOT_A_FEED),
        ("<kml/>", Reason.NOT_A_FEED),
        ("Access denied", Reason.NOT_A_FEED),
        ("<rss>" + "<a>" * 200_001, Reason.NOT_A_FEED),
        ("<rss>" + "<a>" * 100_001, Reason.NOT_A_FEED),
        ("<rss>" + "<a x='' y='' z=''>" * 84_000, Reason.NOT_A_FEED),
        ("<rss>" + "<a xmlns:x='u'>" * 20_001, Reason.NOT_A_FEED),
        ("<rss><item>" + "<enclosure/>" * 20_001, Reason.NOT_A_FEED),
        ("<rss>" + "<item></item>" * 50_001, Reason.NOT_A_FEED),
        ("<rss>" + "&" * 600_001, Reason.NOT_A_FEED),
        (f"<!DOCTYPE rss [<!ENTITY a '{'x' * 9_999}'>]><rss>" + "&a;" * 999, "grow"),
        (
            f'<!DOCTYPE rss [<!ENTITY % a "{"x" * 9_999}">]><rss>' + "%a;&a;" * 999,
            "grow",
        ),
        ("<rss><item>" + "<category>x</category>" * 2_001, Reason.NOT_A_FEED),
        ("<rss><item>" + "<dc:subject>x</dc:subject>" * 2_001, Reason.NOT_A_FEED),
        ("<rss><x " + "a='' " * 10_001 + "/>", Reason.NOT_A_FEED),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_feed_is_named(text, reason):
    with pytest.raises(ParseError) as caught:
        mended(text)
    if reason == "grow":
        assert caught.value.detail == "entities that grow too long"
    else:
        assert caught.value.reason is reason


def test_what_stands_in_cdata_is_no_storm():
    inside = "<p class='a' id='b' xmlns:o='u'>" * 25_000
    feed = RSS.format(f"<item><title><![CDATA[{inside}]]></title></item>" * 4)
    assert len(items(mended(feed)[0])) == 4


def test_items_that_are_cut_cost_nothing():
    inside = "<item><a/><b/></item>" * 45_000
    assert len(items(mended(RSS.format(inside))[0])) == MAX_ITEMS


def test_a_pair_is_not_torn_where_references_are_many():
    for before in (998, 999, 1_000):
        text = "&#65;" * before + "&#55357;&#56832;" + "&#xD83D;&#xDE00;" * 2
        feed, _ = mended(RSS.format(f"<item><title>{text}</title></item>"))
        assert items(feed) == ["A" * before + "😀" * 3]


@pytest.mark.parametrize("part", ["{},", "[],", "{"])
def test_a_json_storm_is_refused(part):
    refuse_json_storm(part * 50_000)
    with pytest.raises(ParseError, match="too many objects"):
        refuse_json_storm(part * 100_001)


def test_many_categories_of_many_items_are_no_storm():
    inside = "<item><category>x</category><category>y</category></item>" * 1_000
    assert len(items(mended(RSS.format(inside))[0])) == 1_000


def test_open_comments_are_closed():
    text, _ = mended("<!-- a --><rss><title>" + "<!-- " * 1_000)
    assert text.count("<!--") == 1


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ("<item><title>a</title><x><item><title>b</title></item></x></item>", ["a"]),
        (
            '<item><title>a</title><q:item xmlns:q="u"><title>b</title>'
            "<q:item/></q:item></item><item><title>c</title></item>",
            ["a", "c"],
        ),
        ("<item><title>a</title><item/></item>", ["a"]),
    ],
)
def test_items_within_items_are_cut_out(inside, left):
    text, _ = mended(RSS.format(inside))
    assert items(text) == left
    assert [item.findtext("title") for item in ET.fromstring(text)[0]] == left


def test_items_left_open_are_not_taken_for_nested():
    text = "<rss><item><title>a</title><item><title>b</title></rss>"
    assert mended(text)[0] == text


def test_items_beyond_the_limit_are_cut_and_counted():
    titles = "".join(f"<item><title>{n}</title></item>" for n in range(MAX_ITEMS + 7))
    text, beyond = mended(RSS.format(titles + "<ttl>5</ttl>"))
    assert (len(items(text)), beyond) == (MAX_ITEMS, 7)
    assert items(text)[-1] == str(MAX_ITEMS - 1)
    assert ET.fromstring(text).findtext("channel/ttl") == "5"
