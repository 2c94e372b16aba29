"""Documents become entries as their sources wrote them; what is none is named."""

from datetime import UTC
from datetime import datetime
from time import perf_counter

import feedparser
import pytest

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.mend import MAX_ITEMS
from aggregator.intake.parse import MAX_BODY
from aggregator.intake.parse import parse
from aggregator.intake.wishes import is_cut
from aggregator.intake.wishes import skip_times
from aggregator.model import Enclosure
from aggregator.model import Entry

URL = "https://so.example.vn/rss/tin.rss"
RSS = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
    "<channel><title>Tin</title><link>https://so.example.vn/</link>{}</channel></rss>"
)
RDF = (
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/"><channel/>'
)
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Tin</title>{}</feed>'


def rss_entry(inside: str) -> Entry:
    (entry,) = parse(RSS.format(f"<item>{inside}</item>").encode(), url=URL).entries
    return entry


def atom_entry(inside: str) -> Entry:
    (entry,) = parse(ATOM.format(f"<entry>{inside}</entry>").encode(), url=URL).entries
    return entry


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.EMPTY_BODY),
        (b" \r\n\t", Reason.EMPTY_BODY),
        (b"\xef\xbb\xbf", Reason.EMPTY_BODY),
        (b"<!doctype html><html><body>Login</body></html>", Reason.HTML_PAGE),
        (b'<html><body><script>document.cookie="D1N=1"</script>', Reason.HTML_PAGE),
        (b"Service unavailable", Reason.NOT_A_FEED),
        (b"<urlset/>", Reason.NOT_A_FEED),
        (b'{"error": "x"}', Reason.NOT_A_FEED),
        (b'{"items": []}', Reason.NOT_A_FEED),
        (b'{"version": "1", "items": 5}', Reason.NOT_A_FEED),
        (b'{"version": "1", "items": [', Reason.TRUNCATED),
        (b'{"version": "1", "items": ]', Reason.NOT_A_FEED),
        (b"[" * 100_000, Reason.NOT_A_FEED),
        (b"[1, 2]", Reason.NOT_A_FEED),
        (b"<rss/>" + b" " * MAX_BODY, Reason.TOO_LARGE),
    ],
    ids=lambda value: str(value)[:25],
)
def test_what_is_no_feed_is_an_error(body, reason):
    with pytest.raises(ParseError) as caught:
        parse(body)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "text",
    [
        RSS.format(""),
        ATOM.format(""),
        '<rss version="0.91"><channel/></rss>',
        '{"version": "https://jsonfeed.org/version/1", "title": "Tin", "items": []}',
    ],
    ids=["rss", "atom", "rss 0.91", "json"],
)
def test_feed_without_entries_is_a_document(text):
    document = parse(text.encode())
    assert (document.entries, document.complete) == ((), True)


def test_document_says_what_it_is():
    head = "<generator>NukeViet v4.0</generator><language>vi</language><ttl>60</ttl>"
    document = parse(RSS.format(head).encode(), url=URL)
    assert document.title == "Tin"
    assert document.link == "https://so.example.vn/"
    assert document.generator == "NukeViet v4.0"
    assert (document.language, document.ttl_minutes) == ("vi", 60)


@pytest.mark.parametrize("ttl", ["", "-5", "x", "9999999", "1.5"])
def test_ttl_that_is_none_is_none(ttl):
    assert parse(RSS.format(f"<ttl>{ttl}</ttl>").encode()).ttl_minutes is None


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        (RSS.format("<item><title>a</title></item>"), True),
        (RSS.format("<item><title>a & b</title></item>"), True),
        (RSS.format("<item><title>a</title></item>").removesuffix("</rss>"), False),
        (RSS.format("<item><title>a</b></title></item>"), False),
        (RSS.format("<item><title>a</title></item>") + "thừa", False),
    ],
)
def test_document_knows_whether_it_is_whole(text, complete):
    document = parse(text.encode())
    assert document.complete is complete
    assert len(document.entries) == 1


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (RSS.format(""), False),
        (RSS.format("<item><title>a</title></item>"), False),
        (RSS.format("<item><title>a & b</b></title></item>"), False),
        (RSS.format("") + "<!-- 0.2 s -->\n<script>đếm()</script>", False),
        (RSS.format("").removesuffix(">"), False),
        ('<rss version="2.0"/>', False),
        (ATOM.format("<entry><title>a</title></entry>"), False),
        ("<entry xmlns='http://www.w3.org/2005/Atom'><title>a</title></entry>", False),
        (RDF + "<item><title>a</title></item></r:RDF >", False),
        ('{"version": "1", "items": []}', False),
        (RSS.format("<item><title>a</title></item>").removesuffix("</rss>"), True),
        (RSS.format("<item><title>a</title></item>").removesuffix("s>"), True),
        (RSS.format("<item><title>a</title>").partition("</item>")[0][:-20], True),
        ("<rss><channel><item><title>&lt;/rss&gt;</title></item>", True),
        ("<!-- <rss/> kept --><rss><channel><title>a</title></channel>", False),
        ("<rss><channel><item/></channel></rss><rss><channel><item>", True),
        (ATOM.format("<entry><title>a</title></entry>")[:-7], True),
        ("<feed><entry><title>a</title></entry><entry><title>b", True),
        (RDF + "<item><title>a</title></item>", True),
    ],
)
def test_document_without_its_end_is_cut(text, cut):
    assert parse(text.encode()).cut is cut


@pytest.mark.parametrize("root", ["rss", "feed", "rdf", "entry"])
def test_only_the_end_of_the_root_counts(root):
    text = f"<{root}><entry><title>a</title></entry><entry><title>b</title>"
    assert is_cut(text)
    assert not is_cut(f"{text}</{root.upper()}>")
    assert not is_cut("no root")


HOURS = "<skipHours>{}</skipHours>"
DAYS = "<skipDays>{}</skipDays>"


@pytest.mark.parametrize(
    ("head", "hours", "days"),
    [
        ("", set(), set()),
        (HOURS.format("<hour>0</hour><hour> 05 </hour><hour>23</hour>"), {0, 5, 23}, 0),
        (HOURS.format("<hour>24</hour><hour>1</hour><hour>1</hour>"), {0, 1}, 0),
        (HOURS.format("<hour>25</hour><hour>-1</hour><hour>x</hour><hour/>"), 0, 0),
        ("<skiphours><hour>3</hour></skiphours>", {3}, 0),
        ("<hour>3</hour><day>Monday</day>", 0, 0),
        (DAYS.format("<day>Monday</day>\n<day> sunday </day>"), 0, {0, 6}),
        (DAYS.format("<day>Thứ Hai</day><day>Mon</day><day>Someday</day>"), 0, 0),
        (HOURS.format("<hour>2</hour>") + DAYS.format("<day>Friday</day>"), {2}, {4}),
        (HOURS.format("") + "<x><hour>4</hour></x>", 0, 0),
        ("<!-- " + HOURS.format("<hour>2</hour>") + " -->", 0, 0),
        ("<![CDATA[" + HOURS.format("<hour>2</hour>") + "]]>", 0, 0),
        ("<item>" + HOURS.format("<hour>2</hour>") + "</item>", 0, 0),
        ("<item/>" + HOURS.format("<hour>2</hour>"), {2}, 0),
        ("<![CDATA[<item>]]>" + HOURS.format("<hour>2</hour>") + "<item/>", {2}, 0),
    ],
)
def test_hours_and_days_not_to_be_asked_in(head, hours, days):
    document = parse(RSS.format(head).encode())
    assert document.skip_hours == frozenset(hours or ())
    assert document.skip_days == frozenset(days or ())


@pytest.mark.parametrize(
    "part",
    ["<!--", "<![CDATA[", "<skipHours>", "<skipHours><hour>", "<item>", "<rss ", "<a"],
)
def test_reading_skip_times_and_the_end_is_linear(part):
    text = "<rss><skipHours>" + part * (2_000_000 // len(part))
    started = perf_counter()
    skip_times(text)
    is_cut(text)
    assert perf_counter() - started < 5


def test_content_type_charset_is_used():
    body = RSS.format("<item><title>Тест</title></item>").encode("koi8-r")
    document = parse(body, content_type="text/xml; charset=koi8-r")
    assert document.entries[0].title == "Тест"


@pytest.mark.parametrize(
    ("inside", "guid", "link"),
    [
        ("<guid>12</guid>", "12", ""),
        ("<guid>/tin/12</guid>", "/tin/12", ""),
        ("<guid>http://so.example.vn/12</guid>", "http://so.example.vn/12", "same"),
        ('<guid isPermaLink="false">http://so.example.vn/12</guid>', "same", ""),
        ("<guid>12</guid><link>/tin/12</link>", "12", "/tin/12"),
        ("<link>?a=1&amp;copy=2</link>", "", "?a=1&copy=2"),
    ],
)
def test_guid_and_link_stay_as_written(inside, guid, link):
    entry = rss_entry(inside)
    assert entry.guid == ("http://so.example.vn/12" if guid == "same" else guid)
    assert entry.link == ("http://so.example.vn/12" if link == "same" else link)


@pytest.mark.parametrize(
    ("links", "link"),
    [
        ('<link href="/a"/><link href="/b"/>', "/a"),
        ('<link rel="self" href="/a"/><link rel="alternate" href="/b"/>', "/b"),
        ('<link rel="enclosure" href="/a.pdf"/>', ""),
        ('<link rel="self" href="/a"/>', ""),
    ],
)
def test_first_alternate_is_the_link(links, link):
    assert atom_entry(links).link == link


@pytest.mark.parametrize(
    ("inside", "published", "updated"),
    [
        ("<pubDate>5/7/2021 8:00 SA</pubDate>", "5/7/2021 8:00 SA", ""),
        ("<pubDate>20-11-2026</pubDate>", "20-11-2026", ""),
        ("", "", ""),
    ],
)
def test_dates_are_kept_as_text_and_not_borrowed(inside, published, updated):
    entry = rss_entry(f"<title>x</title>{inside}")
    assert (entry.published, entry.updated) == (published, updated)
    assert entry.updated_parsed is None


def test_parsed_dates_are_aware_utc():
    entry = atom_entry(
        "<published>2021-07-05T08:37:12+07:00</published>"
        "<updated>2021-07-06T00:00:00Z</updated>"
    )
    assert entry.published_parsed == datetime(2021, 7, 5, 1, 37, 12, tzinfo=UTC)
    assert entry.updated_parsed == datetime(2021, 7, 6, tzinfo=UTC)
    assert entry.updated == "2021-07-06T00:00:00Z"


@pytest.mark.parametrize(
    ("inside", "content", "summary", "is_html"),
    [
        ("<description>a &lt;b&gt;</description>", "", "a <b>", True),
        (
            "<description>ngắn</description><content:encoded>&lt;p&gt;dài"
            "&lt;/p&gt;</content:encoded>",
            "<p>dài</p>",
            "ngắn",
            True,
        ),
    ],
)
def test_fuller_text_is_the_content(inside, content, summary, is_html):
    entry = rss_entry(inside)
    assert (entry.content, entry.summary) == (content, summary)
    assert entry.is_html is is_html


@pytest.mark.parametrize(
    ("inside", "content", "is_html"),
    [
        ("<content>a &lt; b</content>", "a < b", False),
        ('<content type="html">&lt;p&gt;a</content>', "<p>a", True),
        ('<content type="image/png">AAAA</content>', "", True),
        (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
            "<p>a &lt; b</p></div></content>",
            "<p>a &lt; b</p>",
            True,
        ),
    ],
)
def test_atom_content_says_its_type(inside, content, is_html):
    entry = atom_entry(inside)
    assert (entry.content, entry.is_html) == (content, is_html)


def test_script_is_still_there_for_the_cleaning_room():
    assert "<script>" in rss_entry("<description>&lt;script&gt;</description>").summary


def test_enclosures_with_what_they_say():
    entry = rss_entry(
        '<enclosure url="/a.pdf" length="12" type="application/pdf"/>'
        '<enclosure url="/b.pdf" length="-1"/><enclosure length="5"/>'
    )
    assert entry.enclosures == (
        Enclosure(url="/a.pdf", type="application/pdf", length=12),
        Enclosure(url="/b.pdf"),
    )


def test_author_and_tags():
    entry = rss_entry(
        "<author>a@so.example.vn (Văn phòng)</author>"
        "<category>Thi cử</category><category/><category>Khác</category>"
    )
    assert (entry.author, entry.tags) == ("Văn phòng", ("Thi cử", "Khác"))


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("", "https://so.example.vn/"),
        ('<x/><item xml:base="/khac/"><title>y</title></item>', None),
    ],
)
def test_relative_is_to_the_channel_or_to_xml_base(head, base):
    body = RSS.format(head + "<item><title>x</title></item>")
    first = parse(body.encode(), url=URL).entries[0]
    assert first.base == (base or "https://so.example.vn/khac/")


def test_atom_is_relative_to_where_it_stands():
    assert atom_entry("<title>x</title>").base == URL


def test_elements_named_like_the_readers_own_do_no_harm():
    names = "links tags title_detail published_parsed author_detail content enclosures"
    strange = "".join(f"<{n}>x</{n}><{n} a='b'/>" for n in names.split())
    entry = rss_entry(f"<title>Tin</title>{strange}<link>/1</link>")
    assert entry.published_parsed is None
    assert isinstance(entry.title, str)
    document = parse(RSS.format(strange + "<item/>").encode())
    assert len(document.entries) == 1


def test_entries_beyond_the_limit_are_counted():
    body = RSS.format("<item><title>x</title></item>" * (MAX_ITEMS + 3)).encode()
    entries = parse(body).entries
    assert len(entries) == MAX_ITEMS + 3
    assert (entries[MAX_ITEMS - 1].title, entries[MAX_ITEMS]) == ("x", Entry())


def test_nothing_is_opened_or_fetched(tmp_path):
    secret = tmp_path / "secret.xml"
    secret.write_text("bí mật")
    text = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    body = text + RSS.format("<item><title>a&x;b</title></item>")
    assert "bí mật" not in parse(body.encode()).entries[0].title
    with pytest.raises(ParseError):
        parse(str(secret).encode())


def test_expanding_entities_do_not_expand():
    lines = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    body = f'<!DOCTYPE rss [<!ENTITY e0 "ha">{lines}]>' + RSS.format(
        "<item><title>&e12;</title></item>"
    )
    assert len(parse(body.encode()).entries[0].title) < 10_000


def test_reader_that_fails_is_an_error_of_the_document(monkeypatch):
    def fails(*_, **__):
        raise RecursionError("too deep")

    monkeypatch.setattr(feedparser, "parse", fails)
    with pytest.raises(ParseError, match="too deep"):
        parse(RSS.format("<item><unknown/></item>").encode())


@pytest.mark.parametrize("reference", ["&#xD800;", "&#x110000;", "&#55357;&#56832;"])
def test_odd_reference_in_an_ill_formed_feed_costs_no_entry(reference):
    body = RSS.format(f"<item><title>a{reference}</b></title></item><item/>")
    assert len(parse(body.encode()).entries) == 2
