"""Feeds that nobody wrote: RSS 2.0 and Atom as portals write it, mostly well-formed.

Most of each is ordinary, with something odd here and there, so that a strict reader
takes many and has to decline many.
"""

from hypothesis import strategies as st

ATOM = "http://www.w3.org/2005/Atom"
_NAMES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "atom": ATOM,
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
_ODD_NAMES = (
    ' xmlns:dc="http://www.w3.org/2005/Atom"',
    ' xmlns:x="http://purl.org/dc/elements/1.1/"',
    ' xmlns:a10="http://www.w3.org/2005/Atom"',
    ' xmlns="http://purl.org/rss/1.0/"',
    ' xmlns:rss="http://purl.org/rss/1.0/"',
    ' xmlns:og="http://ogp.me/ns#"',
    ' xmlns:unknown="urn:unknown"',
    " xmlns:media='http://purl.org/dc/elements/1.1/'",
)


def _mostly(usual: st.SearchStrategy[str], odd: st.SearchStrategy[str]):
    """Draw the odd one time in twelve."""
    return st.integers(0, 11).flatmap(lambda n: odd if n == 7 else usual)


# --- Text ---------------------------------------------------------------------

_words = st.sampled_from(
    (
        "Thông báo số 1161/SGDĐT-QLT",
        "về việc tuyển sinh",
        "lịch công tác",
        "a",
        " ",
        "\n    ",
        "&amp;",
        "&#8211;",
        "&#x002F;",
        "&#40;mùng 10&#41;",
        "&quot;x&quot;",
        "1 &lt; 2",
        "🍀",
        "\u00a0",
        "<![CDATA[ Sở &amp; <b>Bộ</b> ]]>",
        "<![CDATA[]]>",
        "<!-- ghi chú -->",
    )
)
_odd_words = st.sampled_from(
    (
        "&amp;amp;",
        "&amp;nbsp;",
        "&lt;b&gt;x&lt;/b&gt;",
        "&lt;br/&gt;",
        "&nbsp;",
        "&#13;",
        "&#10;",
        "&#150;",
        "&#x85;",
        "\u0085",
        "\u0093x\u0094",
        "&#0000000065;",
        "&#xD83C;&#xDF40;",
        "&#1;",
        "Ã©t",
        "TiÃªng Viá»t",
        "ThÃ´ng bÃ¡o",
        "Â\u00a0",
        "\ufffd",
        "\u2028",
        "<b>đậm</b>",
        "<?php echo 1 ?>",
        "<![CDATA[<!-- ]]>",
        "<![CDATA[<item><title>x</title></item>]]>",
        "<![CDATA[<tags>x</tags><author>" + "y" * 600 + "</author>]]>",
        "<![CDATA[<ıtem><p xmlns:o='urn:o'>]]>",
        "<![CDATA[<skipHours><hour>3</hour></skipHours>]]>",
        "& bare",
        "x" * 600,
        "so@example.vn (Văn phòng)",
        "http://purl.org/net/rss1.1#",
    )
)
_text = st.lists(_mostly(_words, _odd_words), min_size=1, max_size=3).map("".join)
_address = _mostly(
    st.sampled_from(
        (
            "https://so.example.vn/tin/1.html",
            "http://so.example.vn/index.php?nv=news&amp;op=a-1",
            "/tin/2.html",
            "news_15",
            " \n https://so.example.vn/a \n",
            "<![CDATA[https://so.example.vn/?p=1&x=2]]>",
            "urn:uuid:1",
        )
    ),
    st.sampled_from(
        (
            *("", " ", "http:///so.example.vn/a", "http:so.example.vn/a", "a&amp;b;c"),
            *("https://so.example.vn/?a=1&amp;amp;b=2", "http://[bad", "ftp://x/y"),
            "https://so.example.vn/Ã¡",
        )
    ),
)
_href = _address.filter(lambda text: "<" not in text)
_numbers = {
    "day": st.integers(1, 31),
    "hour": st.integers(0, 23),
    "minute": st.integers(0, 59),
    "year": st.sampled_from((2021, 2026, 1999, 1970)),
}
_months = st.sampled_from("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
_zone = st.sampled_from(
    "GMT UTC UT Z +0700 -0330 +00:00 +07:00 GMT+7 EST +7 +0 0700".split()
)
_rfc822 = st.builds(
    "{day}{d} {month} {year} {hour:02}:{minute:02}{second} {zone}".format,
    day=st.sampled_from(("Mon, ", "Tue, ", "Sat, ", "", "Thứ hai, ", "mon, ", "Mon ")),
    d=_numbers["day"],
    month=_months,
    year=_numbers["year"],
    hour=_numbers["hour"],
    minute=_numbers["minute"],
    second=st.sampled_from((":12", ":12", ":12", "", ":60", ":5")),
    zone=_zone,
)
_w3c = st.builds(
    "{year}-{month:02}-{day:02}{t}{hour:02}:{minute:02}:12{fraction}{zone}".format,
    year=_numbers["year"],
    month=st.integers(1, 12),
    day=_numbers["day"],
    t=st.sampled_from(("T", "T", "T", " ", "t")),
    hour=_numbers["hour"],
    minute=_numbers["minute"],
    fraction=st.sampled_from(("", "", ".5", ".999999", ",5")),
    zone=st.sampled_from(("Z", "+07:00", "-03:30", "", "+0700", "+00:00", " +07:00")),
)
_slashed = st.builds(
    "{day}/{month}/{year}{time}".format,
    day=_numbers["day"],
    month=st.integers(1, 31),
    year=st.sampled_from((2026, 21)),
    time=st.sampled_from(
        ("", " 8:00", " 08:15:30", " 8:00:00 AM", " 12:01 PM", " 8:00:00 SA", " x")
    ),
)
_date = _mostly(
    st.one_of(_rfc822, _w3c, _slashed),
    st.sampled_from(
        (
            *("", "hôm qua", "2026-11-20", "20061120", "Fri Nov 20 08:00:00 2026"),
            *("2026", "99", "Fri, 20 Nov 26 08:00:00 GMT", "20 tháng 11"),
            *("Fri, 20 Nov 2026", "2026-11-20T08:00Z", "0001-01-01T00:00:00Z"),
            "Fri, 20 Nov 2026 08:00:00 &lt;GMT",
        )
    ),
)

# --- Elements -----------------------------------------------------------------


def _element(name: str, text: st.SearchStrategy[str], *attributes: str):
    """Make an element with one of its attributes, or without."""
    odd = st.sampled_from(
        (' xml:base="http://b.example/"', ' type="xhtml"', ' xml:lang="en"', ' x="1"')
    )
    given = _mostly(st.sampled_from(("", *attributes)), odd)
    return st.builds("<{0}{1}>{2}</{0}>".format, st.just(name), given, text)


def _link(name: str):
    parts = st.tuples(
        st.sampled_from(
            ("", ' rel="self"', ' rel="alternate"', ' rel="ENCLOSURE"', ' rel="next"')
        ),
        st.sampled_from(("", ' type="text/HTML"', ' type="application/pdf"')),
        st.sampled_from(("", ' title="Tệp"', ' length="12"', ' length="x"')),
    ).map("".join)
    return st.builds(lambda href, rest: f'<{name} href="{href}"{rest}/>', _href, parts)


_TYPES = (' type="html"', ' type="text"', ' type="text/html"', ' type="TEXT"')
_DOMAIN = (' domain="http://d.example/"', ' domain=""')
_extras = st.sampled_from(
    (
        "<slash:comments>0</slash:comments>",
        "<wfw:commentRss>http://a.example/</wfw:commentRss>",
        '<media:thumbnail url="http://a.example/b.png" width="1"/>',
        '<media:content url="http://a.example/b.png"><media:title>t</media:title>'
        "</media:content>",
        '<post-id xmlns="com-wordpress:feed-additions:1">5</post-id>',
        '<title xmlns="">x</title>',
        '<x:creator xmlns:x="http://purl.org/dc/elements/1.1/">x</x:creator>',
        "<dc:description>tả</dc:description>",
        "<unknown>x</unknown>",
        "văn bản lạc",
        "<item><title>trong</title></item>",
        "<rights>©</rights>",
    )
)
_enclosures = st.builds(
    '<enclosure url="{}" type="{}" length="{}"/>'.format,
    st.sampled_from(("http://a.example/b.pdf", "/b.pdf", "")),
    st.sampled_from(("application/PDF", "")),
    st.sampled_from(("12", " 5 ", "", "x", "9" * 20)),
)
_item_leaves = (
    _element("title", _text),
    _element("link", _address),
    _element("guid", _address, ' isPermaLink="false"', ' isPermaLink="true"'),
    _element("description", _text),
    _element("content:encoded", _text),
    _element("author", _text),
    _element("dc:creator", _text),
    _element("pubDate", _date),
    _element("dc:date", _date),
    _element("category", _text, *_DOMAIN),
    _element("category", _text, *_DOMAIN),
    _element("dc:subject", _text),
    _element("comments", _address),
    _element("source", _text, ' url="http://s.example/"'),
    _link("atom:link"),
    _enclosures,
    _enclosures,
    _extras,
)
_channel_leaves = (
    _element("title", _text),
    _element("link", _address),
    _element("description", _text),
    _element("language", st.sampled_from(("vi", "vi_VN", " en ", ""))),
    _element("generator", _text),
    _element("ttl", st.sampled_from(("60", " 5 ", "x", "12345678"))),
    _element("category", _text, *_DOMAIN),
    _element("pubDate", _date),
    _element("lastBuildDate", _date),
    _element("managingEditor", _text),
    _element("dc:language", st.just("fr")),
    _element("dc:date", _date),
    _element("sy:updatePeriod", st.just("hourly")),
    _link("atom:link").map(lambda text: text.replace(" href", ' rel="self" href', 1)),
    st.sampled_from(
        (
            "<image><url>/a.png</url><title>Ảnh</title><link>/anh</link></image>",
            "<image><title>x</title><title>y</title></image>",
            "<textInput><title>t</title><name>n</name><link>/l</link></textInput>",
            "<skipHours><hour>3</hour><hour>&#50;4</hour></skipHours>",
            "<skipDays><day>Sunday</day><day>x</day></skipDays>",
            "<SkipHours><hour>4</hour></SkipHours>",
            "<?x <skipHours><hour>5</hour></skipHours> ?>",
            "<!-- <skipHours><hour>6</hour></skipHours> -->",
        )
    ),
)


def _person(name: str):
    parts = st.lists(
        st.one_of(
            _element("name", _text),
            _element("name", _text),
            _element("email", st.just("a@example.vn")),
            _element("uri", _address),
        ),
        max_size=2,
    ).map("".join)
    return st.builds("<{0}>{1}</{0}>".format, st.just(name), parts)


_entry_leaves = (
    _element("title", _text, *_TYPES),
    _element("id", _address),
    _link("link"),
    _link("link"),
    _element("summary", _text, *_TYPES),
    _element("content", _text, *_TYPES),
    _element("published", _date),
    _element("updated", _date),
    _person("author"),
    _element("dc:creator", _text),
    _element("dc:date", _date),
    st.builds(
        "<category{}{}{} />".format,
        st.sampled_from(("", ' term="tin"', ' term="báo"', ' term=""')),
        st.sampled_from(("", ' scheme="http://s.example/"', ' scheme=""')),
        st.sampled_from(("", ' label="Tin"')),
    ),
    _element("category", st.sampled_from(("", "x")), ' term="tin"'),
    _extras,
)
_feed_leaves = (
    _element("title", _text, *_TYPES),
    _element("id", _address),
    _link("link"),
    _link("link"),
    _element("subtitle", _text, *_TYPES),
    _element("updated", _date),
    _element("generator", _text, ' uri="/g"', ' version="1"'),
    _element("logo", _address),
    _person("author"),
    _element("dc:creator", _text),
)


# --- Documents ----------------------------------------------------------------


def _some(leaves: tuple[st.SearchStrategy[str], ...], most: int):
    """Draw some leaves in any order, seldom one of them twice."""
    numbers = st.lists(st.integers(0, len(leaves) - 1), max_size=most, unique=True)
    again = st.integers(0, 11).map(lambda n: n == 7)
    order = st.tuples(numbers, again).map(lambda drawn: drawn[0] * (1 + drawn[1]))
    return order.flatmap(lambda ns: st.tuples(*(leaves[n] for n in ns))).map("".join)


def _children(name: str, head, inside):
    entries = st.lists(inside, max_size=3).map(
        lambda all_: "".join(f"<{name}>{each}</{name}>" for each in all_)
    )
    return st.tuples(head, entries, _mostly(st.just(""), head)).map("".join)


_declared = st.tuples(
    st.just("".join(f' xmlns:{name}="{uri}"' for name, uri in _NAMES.items())),
    _mostly(st.just(""), st.sampled_from(_ODD_NAMES)),
).map("".join)
_prolog = _mostly(
    st.sampled_from(
        (
            "",
            '<?xml version="1.0" encoding="utf-8"?>\n',
            "<?xml version='1.0' encoding='ISO-8859-1'?><!-- x -->\n",
            '<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="/a.xsl"?>\n',
            '\ufeff<?xml version="1.0" standalone="yes"?>',
        )
    ),
    st.sampled_from(
        (
            "<!DOCTYPE rss>",
            "<!DOCTYPE rss [<!ENTITY a 'b'>]>",
            "<!-- <rss> -->",
            '<?xml version="1.1"?>',
            "PHP Warning: x\n",
            "<?xml version='1.0' encoding='utf-7'?>",
        )
    ),
)
_end = _mostly(
    st.sampled_from(("", "\n", "<!-- bộ đệm -->")),
    st.sampled_from(("<!-- <item> -->", "x", "<?php ?>", "<script></script>")),
)
_language = st.sampled_from(("", "", ' xml:lang="vi_VN"'))


def _rss(prolog: str, names: str, language: str, inside: str, end: str) -> bytes:
    head = f'{prolog}<rss version="2.0"{names}{language}>\n<channel>'
    return f"{head}{inside}</channel></rss>{end}".encode()


def _atom(prolog: str, names: str, language: str, inside: str, end: str) -> bytes:
    names = names if ' xmlns="' in names else f' xmlns="{ATOM}"{names}'
    return f"{prolog}<feed{names}{language}>{inside}</feed>{end}".encode()


def feeds() -> st.SearchStrategy[bytes]:
    """Make documents of RSS 2.0 and Atom."""
    channel = _children("item", _some(_channel_leaves, 6), _some(_item_leaves, 9))
    feed = _children("entry", _some(_feed_leaves, 6), _some(_entry_leaves, 9))
    return st.one_of(
        st.builds(_rss, _prolog, _declared, _language, channel, _end),
        st.builds(_atom, _prolog, _declared, _language, feed, _end),
    )
