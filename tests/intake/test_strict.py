"""The strict reader says what feedparser says, or nothing.

Over every document at hand, and some hundreds that nobody wrote: of how many says
`AGGREGATOR_DIFFERENTIAL`, each time others.
"""

import gzip
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest

from aggregator.demo import dialects
from aggregator.demo.nukeviet import Act
from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.demo.nukeviet import laws_feed
from aggregator.demo.nukeviet import news_feed
from aggregator.errors import ParseError
from aggregator.intake import mend
from aggregator.intake import strict
from aggregator.intake.digest import digest
from aggregator.intake.parse import MAX_BODY
from aggregator.intake.parse import parse
from aggregator.intake.parse import parse_any
from aggregator.model import Document
from aggregator.model import SourceHints
from tests.fuzz.feeds import ATOM
from tests.fuzz.feeds import feeds
from tests.fuzz.mutations import bodies
from tests.intake.reading import CORPUS

MANY = int(os.environ.get("AGGREGATOR_DIFFERENTIAL", 0))
URL = "https://so.example.vn/rss/tin.rss"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
OURS = Path(__file__).parents[1] / "data" / "feeds"
THEIRS = CORPUS / "feeds"

pytestmark = pytest.mark.timeout(120 + MANY)


def accepted(body: bytes, content_type: str = "") -> Document | None:
    """Read strictly; fail where the other way reads anything else."""
    found = strict.read(body, content_type=content_type, url=URL)
    if found is not None:
        assert found.strictly
        other = parse_any(body, content_type=content_type, url=URL)
        assert not other.strictly
        assert replace(found, strictly=False) == other
    return found


def rss(inside: str, names: str = "") -> bytes:
    known = (
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="'
        f'{ATOM}" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"{names or known}><channel>'
        f"<title>Tin</title>{inside}</channel></rss>"
    ).encode()


def item(inside: str) -> bytes:
    return rss(f"<item>{inside}</item>")


def atom(inside: str) -> bytes:
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f'<feed xmlns="{ATOM}" {dc}><title>Tin</title>{inside}</feed>'.encode()


def entry(inside: str) -> bytes:
    return atom(f"<entry>{inside}</entry>")


# --- What portals write is read strictly --------------------------------------

CHANNEL = Channel(
    base="http://so.example.vn",
    title="Thông báo - Sở",
    link="http://so.example.vn/thong-bao/",
    self_url="http://so.example.vn/rss/thong-bao/",
    site="Sở Giáo dục",
    description="Trang thông tin",
)
POSTS = [
    Post(
        id=n,
        title=f'Công văn số {n}/SGDĐT-QLT (đợt 1) về "tuyển sinh" & thi',
        link=f"http://so.example.vn/thong-bao/cong-van-{n}.html",
        published=NOW - timedelta(hours=n),
        hometext="<p>Kính gửi <b>các trường</b>&nbsp;THCS</p>",
        image="http://so.example.vn/assets/news/anh.png" if n % 2 else "",
    )
    for n in range(20)
]
ACTS = [
    Act(
        id=n,
        code=f"{n}/SGDĐT-VP",
        title="Về bảo đảm thông tin liên lạc",
        link=f"http://so.example.vn/laws/detail/van-ban-{n}/",
        added=NOW - timedelta(days=n),
        issued=NOW.date(),
        introtext="Về bảo đảm thông tin",
    )
    for n in range(20)
]
WORDPRESS = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:wfw="http://wellformedweb.org/CommentAPI/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
  xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
  >
<channel>
  <title>Trường THCS &#8211; Tin</title>
  <atom:link href="https://truong.example.vn/feed/" rel="self"
    type="application/rss+xml" />
  <link>https://truong.example.vn</link>
  <description></description>
  <lastBuildDate>Fri, 20 Nov 2026 01:00:00 +0000</lastBuildDate>
  <language>vi</language>
  <sy:updatePeriod>
  hourly  </sy:updatePeriod>
  <sy:updateFrequency>
  1 </sy:updateFrequency>
  <generator>https://wordpress.org/?v=6.4</generator>
<image>
  <url>https://truong.example.vn/logo.png</url>
  <title>Ảnh</title>
  <link>https://truong.example.vn/anh</link>
  <width>32</width>
  <height>32</height>
</image>
<item>
  <title>Thông báo &#8220;nghỉ lễ&#8221; &#038; lịch trực</title>
  <link>https://truong.example.vn/nghi-le/</link>
  <comments>https://truong.example.vn/nghi-le/#respond</comments>
  <dc:creator><![CDATA[quản trị]]></dc:creator>
  <pubDate>Fri, 20 Nov 2026 01:00:00 +0000</pubDate>
  <category><![CDATA[Thông báo]]></category>
  <category><![CDATA[Tin]]></category>
  <guid isPermaLink="false">https://truong.example.vn/?p=15</guid>
  <description><![CDATA[<p>Tóm tắt [&#8230;]</p>]]></description>
  <content:encoded><![CDATA[<p class="x" xmlns:o="urn:o">Toàn văn<o:p></o:p></p>
]]></content:encoded>
  <wfw:commentRss>https://truong.example.vn/nghi-le/feed/</wfw:commentRss>
  <slash:comments>0</slash:comments>
  <enclosure url="https://truong.example.vn/a.pdf" length="12" type="application/pdf" />
  <post-id xmlns="com-wordpress:feed-additions:1">15</post-id>
</item></channel>
</rss>
<!-- Cached page -->
"""
DRUPAL = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xml:base="https://so.example.vn/tin.xml"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel><title>Tin</title><link>https://so.example.vn/</link><description/>
  <language>vi</language>
  <item><title>Tin 1</title><link>https://so.example.vn/node/1</link>
  <description>&lt;span&gt;Nội dung&lt;/span&gt;</description>
  <pubDate>Fri, 20 Nov 2026 01:00:00 +0000</pubDate><dc:creator>admin</dc:creator>
  <guid isPermaLink="false">1 at https://so.example.vn</guid>
  <comments>https://so.example.vn/node/1#comments</comments></item></channel></rss>
"""
LIFERAY = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="{ATOM}" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <title>Thông báo</title><link rel="self" href="https://so.example.vn/rss" />
  <subtitle>Mới</subtitle><id>https://so.example.vn/rss</id>
  <updated>2026-11-20T01:00:00Z</updated><dc:date>2026-11-20T01:00:00Z</dc:date>
  <entry><title>Lùi thời hạn</title>
  <link rel="alternate" href="https://so.example.vn/-/a/content/lui?redirect=%2F" />
  <author><name>Văn phòng</name></author><id>https://so.example.vn/-/a/content/lui</id>
  <updated>2026-11-20T01:00:00Z</updated><published>2026-11-20T01:00:00Z</published>
  <summary type="html">&lt;p&gt;Lùi.&lt;/p&gt;</summary><dc:creator>Phòng</dc:creator>
  <dc:date>2026-11-20T02:00:00Z</dc:date></entry></feed>
"""
DRUPAL_WITHOUT_BASE = DRUPAL.replace(' xml:base="https://so.example.vn/tin.xml"', "")
SHAPES = {
    "NukeViet's news": news_feed(CHANNEL, POSTS),
    "NukeViet's laws": laws_feed(CHANNEL, ACTS),
    "WordPress": WORDPRESS.encode(),
    "Drupal": DRUPAL_WITHOUT_BASE.encode(),
    "Liferay": LIFERAY.encode(),
    "sample WordPress": dialects.wordpress(CHANNEL, POSTS, NOW).body,
    "sample Liferay": dialects.liferay(CHANNEL, POSTS, NOW).body,
    "sample hcm.edu.vn": dialects.dotnet(CHANNEL, POSTS, NOW).body,
    "sample day first": dialects.day_first(CHANNEL, POSTS, NOW).body,
    "sample malformed links": dialects.malformed_links(CHANNEL, POSTS, NOW).body,
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_what_portals_write_is_read_strictly(body):
    document = accepted(body, "text/xml; charset=utf-8")
    assert document is not None
    assert document.entries and document.title
    assert parse(body, url=URL) == document


def test_each_dialect_of_the_sample_portal_is_read_the_same():
    ways = (
        *(dialects.nukeviet, dialects.dotnet, dialects.day_first),
        *(dialects.malformed_links, dialects.wordpress, dialects.liferay),
        *(dialects.decomposed, dialects.legacy, dialects.encoded_twice),
        dialects.json_feed,
    )
    taken = {way.__name__ for way in ways if accepted(way(CHANNEL, POSTS, NOW).body)}
    assert taken == {
        *("nukeviet", "dotnet", "day_first", "malformed_links", "wordpress", "liferay")
    }


def test_our_own_documents_are_read_the_same():
    taken = {path.stem for path in OURS.iterdir() if accepted(path.read_bytes())}
    assert taken >= {"nukeviet-news", "nukeviet-laws", "liferay"}


@pytest.mark.corpus
@pytest.mark.skipif(not THEIRS.exists(), reason="AGGREGATOR_CORPUS has no folder feeds")
def test_documents_of_others_are_read_the_same():
    taken = sum(1 for body in _of_others() if accepted(body))
    assert taken > 600


def _of_others() -> Iterator[bytes]:
    for path in sorted(THEIRS.rglob("*")):
        if path.is_file() and path.stat().st_size <= MAX_BODY:
            body = path.read_bytes()
            yield gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


# --- Case by case -------------------------------------------------------------

WEB = "https://so.example.vn/1"
READ = {  # what is read strictly, and so as feedparser reads it
    "no entry": rss(""),
    "a guid as link": item(f"<guid>{WEB}</guid>"),
    "a guid that is no address": item('<guid isPermaLink="true">15</guid>'),
    "a guid that is not quite a link": item(f'<guid isPermaLink="True">{WEB}</guid>'),
    "a guid in blanks": item(
        "<guid isPermaLink='false'>\n <![CDATA[news_1]]>\n</guid>"
    ),
    "an empty link": item(f"<link/><guid>{WEB}</guid>"),
    "a relative link": rss("<link>/</link><item><link> /tin/1 </link></item>"),
    "a link of the channel last": rss(f"<item/><link>{WEB}</link>"),
    "nothing in an item": rss("<item/>"),
    "text between": rss("lạc<item>lạc<title>a</title>lạc</item>"),
    "comments and CDATA": item("<title>a<!-- x --><![CDATA[<b>]]> c</title>"),
    "an instruction": item("<title>a<?x y?>b</title>"),
    "content before the summary": item(
        "<content:encoded>dài</content:encoded><description>ngắn</description>"
    ),
    "content alone": item("<content:encoded>&lt;p&gt;dài</content:encoded>"),
    "an empty summary": item("<content:encoded>dài</content:encoded><description/>"),
    "both authors, the same": item("<author>a</author><dc:creator>a</dc:creator>"),
    "an empty author": item("<author/><dc:creator>a</dc:creator>"),
    "categories twice": item("<category>a</category>" * 2),
    "categories of a domain twice": item('<category domain="d">a</category>' * 2),
    "UTF-8 taken for Latin-1": item("<title>Â\u00a0Ãº</title>"),
    "Latin-1": item("<title>\u00e9t\u00e9</title>"),
    "a hard space around": item("<title>\u00a0a\u00a0</title>"),
    "an enclosure without address": item('<enclosure url="" length="1" type="a/B"/>'),
    "enclosures": item('<enclosure url=" a " length=" 1 " type="a/B"/>' * 2),
    "an image": rss("<image><title>x</title><link>y</link></image><item/>"),
    "skip times": rss(
        "<skipHours><hour>&#50;4</hour><hour>3</hour></skipHours>"
        "<skipDays><day>Sunday</day></skipDays>"
    ),
    "skip times of nobody": rss("<?x <skipHours><hour>5</hour></skipHours>?><item/>"),
    "a time to live": rss("<ttl> 60 </ttl>"),
    "a language in the root": rss("", ' xml:lang="vi_VN"'),
    "no seconds": item("<pubDate>Fri, 20 Nov 2026 08:00 +07:00</pubDate>"),
    "W3C's date": item("<pubDate>2026-11-20T08:00:00.5-03:30</pubDate>"),
    "a date of a database": item("<pubDate>2026-11-20 08:00:00</pubDate>"),
    "no date": item("<pubDate/>"),
    "another prefix": rss(
        "<item><a10:link rel='self' href='x'/></item>", f" xmlns:a10='{ATOM}'"
    ),
    "an address as id": entry(f"<id>{WEB}</id>"),
    "the feed's id as its link": atom("<id>urn:x:1</id>"),
    "links of the feed": atom(
        f'<link href="{WEB}"/><id>x</id><link href="b" type="XHTML"/>'
        '<link href="c" type="application/pdf"/>'
    ),
    "links": entry(
        '<link href="a" type="application/pdf"/><link href="b"/>'
        '<link rel="enclosure" href="c" title="Tệp" length="5"/>'
        '<link rel="Enclosure" href="d" type="A/B"/>'
    ),
    "HTML in a title": entry('<title type="html">&lt;b&gt;x&lt;/b&gt;</title>'),
    "text before HTML": entry('<content/><summary type="html">a</summary>'),
    "plain content": entry('<content>a</content><summary type="html">b</summary>'),
    "dates twice": entry(
        "<updated>2026-11-20T08:00:00Z</updated><dc:date>2026-11-21T08:00:00Z</dc:date>"
    ),
    "terms": entry(
        '<category term="a"/><category term="a" scheme="s"/><category label="b"/>'
        '<category scheme="s"/><category/><category term="" label="c"/>'
    ),
    "an author": entry("<author><email>a@b.vn</email><name> a@b </name></author>"),
    "a byte order mark": b"\xef\xbb\xbf" + rss("<item/>"),
    "a false encoding": rss("<item/>").replace(
        b'version="1.0"?', b'version="1.0" encoding="ISO-8859-1"?'
    ),
    "blanks around": b" \n" + rss("<item/>") + b"\r\n",
}


@pytest.mark.parametrize("body", READ.values(), ids=READ)
def test_what_is_of_the_language_is_read_the_same(body):
    assert accepted(body) is not None


DECLINED = {  # each would be read otherwise, or it is not worth it to prove that not
    "nothing": b"",
    "no feed": b"<html/>",
    "a doctype": b"<!DOCTYPE rss>" + atom("<entry/>"),
    "entities": b'<!DOCTYPE rss [<!ENTITY a "b">]>' + atom("<entry/>"),
    "RSS 1.0": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
    "Atom 0.3": b'<feed xmlns="http://purl.org/atom/ns#"><entry/></feed>',
    "another namespace": rss("", ' xmlns:dc="http://www.w3.org/2005/Atom"'),
    "a namespace within": item('<a:b xmlns:a="urn:a"/>'),
    "a prefix taken for another": item(f'<link/><dc:link xmlns:dc="{ATOM}" href="x"/>'),
    "a prefix lost within": item(
        f'<title xmlns:dc="{ATOM}">a</title><dc:creator>b</dc:creator>'
    ),
    "a prefix of nobody": item("<x:creator>a</x:creator>"),
    "an unknown element": item("<unknown/>"),
    "an unknown attribute": item('<title type="html">a</title>'),
    "a base": DRUPAL.encode(),
    "a base of an entry": entry('<title xml:base="http://b.vn/">a</title>'),
    "XHTML": entry('<content type="xhtml"><div>a</div></content>'),
    "no text": entry('<content type="application/octet-stream">YQ==</content>'),
    "content elsewhere": entry('<content src="http://a.vn/"/>'),
    "elements in a title": item("<title>a <b>c</b></title>"),
    "an item in an item": item("<item/>"),
    "depth": item("<a>" * 49_000 + "</a>" * 49_000),
    "two titles": item("<title>a</title><title>b</title>"),
    "two links": item("<link>a</link><link>b</link>"),
    "two authors": item("<author>a</author><dc:creator>b</dc:creator>"),
    "two persons": entry("<author><name>a</name></author>" * 2),
    "a mail address": item("<author>a@b.vn (Văn phòng)</author>"),
    "a person without a name": entry("<author><email>a@b.vn</email></author>"),
    "a title that may be HTML": item("<title>&lt;b&gt;a&lt;/b&gt;</title>"),
    "a title with a name": item("<title>a &amp;amp; b</title>"),
    "a link of Atom": item('<atom:link href="http://a.vn/"/>'),
    "a link to be mended": item("<link>http:///a.vn/</link>"),
    "a link with a name": item("<link>http://a.vn/?a=1&amp;copy;</link>"),
    "a domain without a category": item('<category domain="d"/>'),
    "an odd date": item("<pubDate>hôm qua</pubDate>"),
    "a date of two figures": item("<pubDate>Fri, 20 Nov 26 08:00:00 GMT</pubDate>"),
    "a date of no calendar": item("<pubDate>Fri, 31 Nov 2026 08:00:00 GMT</pubDate>"),
    "a leap second": item("<pubDate>Fri, 20 Nov 2026 08:00:60 GMT</pubDate>"),
    "a bare ampersand": item("<title>a & b</title>"),
    "a name of HTML": item("<title>a&nbsp;b</title>"),
    "half characters": item("<title>&#55356;&#57152;</title>"),
    "Windows-1252 by number": item("<title>&#147;a&#x94;</title>"),
    "Windows-1252 as such": item("<title>\u0093a\u0094</title>"),
    "a carriage return by number": item("<title>a&#13;b</title>"),
    "many figures": item("<title>&#0000000065;</title>"),
    "a control character": item("<title>a\x01b</title>"),
    "a broken character": item("<title>a</title>").replace(b">a<", b">a\xe1\xbb<"),
    "no character": item("<title>a\ufffdb</title>"),
    "an open comment": item("<description><![CDATA[a <!-- b]]></description>"),
    "a long name": item(f"<author>{'a' * 600}</author>"),
    "a long name in HTML": item(
        f"<description><![CDATA[<name>{'a' * 600}]]></description>"
    ),
    "tags": item("<description><![CDATA[<tags >]]></description>"),
    "tags with a long s": item("<description><![CDATA[<tag\u017f >]]></description>"),
    "entities in HTML": item("<description><![CDATA[<!ENTITY a 'b'>]]></description>"),
    "RSS 1.1": item("<description>http://purl.org/net/rss1.1#</description>"),
    "no end": rss("<item/>")[:-6],
    "another end": rss("<item/>") + b"<!-- <item> -->",
    "two roots": rss("<item/>") * 2,
    "capitals": rss("<ITEM/>"),
    "UTF-16": rss("<item/>").decode().encode("utf-16"),
    "UTF-7": rss("<item/>").replace(b'"1.0"?', b'"1.0" encoding="utf-7"?'),
    "items under the root": b"<rss><channel/><item/></rss>",
    "a channel with attributes": b'<rss><channel href="a"/></rss>',
}


@pytest.mark.parametrize("body", DECLINED.values(), ids=DECLINED)
def test_what_is_not_of_the_language_is_declined(body):
    assert strict.read(body, url=URL) is None


def test_encoding_by_http_counts():
    body = rss("<item/>")
    assert accepted(body, "text/xml; charset=iso-8859-1")
    assert strict.read(body, content_type="text/xml; charset=utf-7") is None


def test_any_feed_that_nobody_wrote_is_read_the_same():
    taken = []

    def check(body: bytes) -> None:
        taken.append(accepted(body) is not None)

    _try(check, feeds(), MANY or 200)
    assert sum(taken) > len(taken) / 4


def test_any_document_that_was_harmed_is_read_the_same():
    _try(accepted, bodies(), MANY or 100)


def _try(check, documents, number: int) -> None:
    def unless_refused(body: bytes) -> None:
        try:
            check(body)
        except ParseError as error:  # only the other way raises it
            raise AssertionError("taken, though it is no feed") from error

    hypothesis.settings(
        max_examples=number,
        deadline=None,
        database=None,
        derandomize=not MANY,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(hypothesis.given(documents)(unless_refused))()


# --- Limits -------------------------------------------------------------------

CATEGORY = "<category>a</category>"
FULL = {
    "items": (rss("<item/>" * mend.MAX_ITEMS), rss("<item/>" * (mend.MAX_ITEMS + 1))),
    "items in HTML": (
        rss("<item/>" * 900),
        rss(
            "<item/>" * 900
            + f"<description><![CDATA[{'<x:item>' * 101}]]></description>"
        ),
    ),
    "categories": (
        item(CATEGORY * mend.MAX_CATEGORIES),
        item(CATEGORY * (mend.MAX_CATEGORIES + 1)),
    ),
    "links": (
        entry('<link href="a"/>' * 9_000),
        entry('<link href="a"/>' * (mend.MAX_LINKS + 1)),
    ),
    "attributes": (
        item(f"<description><![CDATA[<p {'a=b ' * 2_000}>]]></description>"),
        item(f"<description><![CDATA[<p {'''a='b' ''' * 10_001}>]]></description>"),
    ),
    "all attributes": (
        item(f"<description><![CDATA[{'''<p a='b'>''' * 70_000}]]></description>"),
        item(f"<description><![CDATA[{'''a='b' ''' * 250_001}]]></description>"),
    ),
    "brackets": (
        item(f"<description><![CDATA[{'<p>' * 70_000}]]></description>"),
        item(f"<description><![CDATA[{'<p>' * 75_001}]]></description>"),
    ),
    "references": (
        item(f"<description>{'&lt;' * 100_000}</description>"),
        item(f"<description>{'&lt;' * 600_001}</description>"),
    ),
    "namespaces": (
        item(f"<description>{'xmlns ' * 19_000}</description>"),
        item(f"<description>{'xmlns ' * 20_001}</description>"),
    ),
}


@pytest.mark.parametrize(("within", "beyond"), FULL.values(), ids=FULL)
def test_limits_of_mending_hold_for_the_strict_reader(within, beyond):
    assert accepted(within) is not None
    assert strict.read(beyond) is None


# --- How often ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "strictly"), [("<item/>", True), ("<item><x/></item>", False)]
)
def test_digest_tells_which_way_was_taken(inside, strictly):
    found = digest(
        rss(inside), url=URL, hints=SourceHints(), timezone="Asia/Ho_Chi_Minh", now=NOW
    )
    assert found.strictly is strictly
