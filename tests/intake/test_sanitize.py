"""One table, two engines: each cleans, and each is held against the other's output."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import lxml.html
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from aggregator.intake.sanitize import MAX_DEPTH
from aggregator.intake.sanitize import MAX_HTML
from aggregator.intake.sanitize import REL
from aggregator.intake.sanitize import absolute
from aggregator.intake.sanitize import clean
from aggregator.intake.sanitize import text_of
from tests.intake.reading import CORPUS
from tests.intake.reading import faults

ENGINES = ("nh3", "bleach")
BASE = "https://so.example.vn/tin/bai.html"
A = f'rel="{REL}"'


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("<p>Kính <b>gửi</b></p>", "<p>Kính <b>gửi</b></p>"),
        ("lớp <6 tuổi & <b>đậm", "lớp &lt;6 tuổi &amp; <b>đậm</b>"),
        ("<script>alert(1)</script>a<style>p{}</style>", "a"),
        ("a<ScRiPt src=//x>b</sCrIpT >c", "ac"),
        ("<iframe src=x>a</iframe>b", "b"),
        ("<svg onload=alert(1)><p>a</p></svg>b", None),
        ('<p onclick="x()" style="color:red" class=y id=z>a</p>', "<p>a</p>"),
        ("<font color=red><span>a</span></font>", "a"),
        ('<a href="/x?a=1&copy=2&amp;b=3">y</a>', None),
        ("<a href=' java\nscript:alert(1)'>y</a>", f"<a {A}>y</a>"),
        ("<a href='javascript:1'>y</a>", f"<a {A}>y</a>"),
        ("<a href='data:text/html,x'>y</a>", f"<a {A}>y</a>"),
        ("<a href='//cdn.example.vn/x' target=_blank rel=opener>y</a>", None),
        ("<img src='data:image/png;base64,AAAA'>a", "a"),
        ("<img alt=x><img onerror=alert(1)>a", "a"),
        ('<td colspan="2">a', "a"),
        ("<!-- a --><!--[if IE]>b<![endif]-->c", "c"),
        ("a\x00b\x08c\x1b\u202ed", "abcd"),
        ("<ol start=3><li>a</ol>", '<ol start="3"><li>a</li></ol>'),
    ],
)
def test_only_what_the_table_allows_is_left(engine, dirty, expected):
    cleaned = clean(dirty, base=BASE, engine=engine)
    if expected is not None:
        assert cleaned == expected
    assert faults(cleaned) == []
    assert not re.search("alert|onerror|javascript", cleaned)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("dirty", "attributes"),
    [
        (
            '<a href="/x?a=1&copy=2">y</a>',
            {"href": "https://so.example.vn/x?a=1&copy=2"},
        ),
        ("<a href=b.html>y</a>", {"href": "https://so.example.vn/tin/b.html"}),
        ("<a href=//c.example.vn/x>y</a>", {"href": "https://c.example.vn/x"}),
        ("<img src=a.jpg width=10% height=20px>", {"height": "20"}),
        ("<img src=a.jpg width=99999 height=5>", {"height": "5"}),
        ('<img src=a.jpg alt="a > b <c>">', {"alt": "a › b ‹c›"}),
        ("<table><td colspan=2 rowspan=x width=7em>a", {"colspan": "2"}),
    ],
)
def test_attributes_are_rewritten(engine, dirty, attributes):
    tree = lxml.html.fragment_fromstring(
        clean(dirty, base=BASE, engine=engine), create_parent="main"
    )
    found = next(element for element in tree.iter() if element.attrib)
    fixed = {"rel", "src"}
    assert {k: v for k, v in found.attrib.items() if k not in fixed} == attributes


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("https://so.example.vn/a", "", "https://so.example.vn/a"),
        ("HTTP://SO.Example.VN:8080/A", "", "http://so.example.vn:8080/A"),
        ("a b.pdf", BASE, "https://so.example.vn/tin/a%20b.pdf"),
        ("/văn bản/\"1'<2>.pdf", BASE, None),
        ("https://so.example.vn/50%/x%2F", "", "https://so.example.vn/50%25/x%2F"),
        ("http:so.example.vn/a", BASE, "http://so.example.vn/a"),
        ("http:///so.example.vn/a", "", "http://so.example.vn/a"),
        ("\\\\so.example.vn\\a", BASE, "https://so.example.vn/a"),
        ("//so.example.vn/a", "", "http://so.example.vn/a"),
        ("https://bộ.example.vn/", "", "https://xn--b-8xm.example.vn/"),
        ("https://ten:mat@so.example.vn/", "", "https://so.example.vn/"),
        ("https://so.example.vn/?q[]=1|2", "", "https://so.example.vn/?q%5B%5D=1%7C2"),
        ("ht\ntps://so.example.vn/", "", "https://so.example.vn/"),
        ("http://[2001:db8::1]/a", "", "http://[2001:db8::1]/a"),
        ("", BASE, ""),
        ("a.html", "", ""),
        ("javascript:alert(1)", BASE, ""),
        ("java\tscript:alert(1)", BASE, ""),
        ("vbscript:x", BASE, ""),
        ("mailto:a@b.vn", BASE, ""),
        ("http://", BASE, ""),
        ("http://a b/", "", ""),
        ("http://a.vn:99999/", "", ""),
        ("http://[::1/", "", ""),
        ("x.html", "javascript:alert(1)", ""),
        ("http://a.vn/" + "x" * 3000, "", ""),
    ],
)
def test_addresses_are_absolute_web_addresses_or_nothing(url, base, expected):
    written = absolute(url, base)
    if expected is not None:
        assert written == expected
    assert written.isascii() and not re.search(r'["<>\\^`{|}\s]', written)
    assert absolute(written, base) == written


def test_addresses_with_a_lone_surrogate_are_written():
    assert absolute("http://a.vn/\ud800x") == "http://a.vn/x"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "dirty",
    [
        "<p><svg><foreignObject><p>x</p></foreignObject></svg></p>",
        "<table><form>a<tr><td>x",
        "<b>&#824;x</b> e&#769;",
        "<a href=x><a href=y>b</a></a>",
        "<p>" * 300 + "a",
        "<div>" * (MAX_DEPTH - 1) + "a",
        "<a href=x>y</a>" * 5_000,
        "&lt;p&gt; &amp;nbsp; " * 4_000,
    ],
)
def test_cleaning_twice_changes_nothing(engine, dirty):
    cleaned = clean(dirty, base=BASE, engine=engine)
    assert clean(cleaned, base="https://other.example.vn/", engine=engine) == cleaned
    assert len(cleaned) <= MAX_HTML


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>/='\"& abpi;!-\u0301\u0338x"), max_size=60))
def test_cleaning_anything_twice_changes_nothing(dirty):
    cleaned = clean(dirty, base=BASE)
    assert clean(cleaned) == cleaned
    assert faults(cleaned) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "storm",
    [
        "<div>" * 20_000 + "chữ",
        "<div></b>" * 10_000 + "chữ",
        "<p><b>" * 10_000 + "chữ",
        "<b><i><u></b></i>" * 4_000 + "chữ",
        "<a " + "x=y " * 15_000 + ">chữ",
        "<a/" + "x/" * 20_000 + ">chữ",
        '<a b="' * 10_000 + "chữ",
        "<" * 60_000 + "chữ",
        "<!--" * 10_000 + "chữ",
        "&" * 60_000 + "chữ",
    ],
    ids=lambda storm: storm[:10],
)
def test_storms_are_cleaned_too(engine, storm):
    assert faults(clean(storm, engine=engine)) == []


def test_nesting_beyond_the_limit_leaves_the_text():
    assert clean("<div>" * (MAX_DEPTH + 1) + "Thông <b>báo") == "Thông báo"


def test_long_html_is_cut_between_tags_and_stays_whole():
    cleaned = clean("<p>Điều khoản</p>" * 10_000)
    assert MAX_HTML - 5_000 < len(cleaned) <= MAX_HTML
    assert cleaned.endswith("</p>")


def test_embedded_picture_does_not_push_the_text_over_the_limit():
    picture = f'<img src="data:image/png;base64,{"A" * 200_000}">'
    assert clean(f"{picture}<p>Sau ảnh</p>") == "<p>Sau ảnh</p>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Kính gửi</p><p>Các trường</p>", "Kính gửi Các trường"),
        ("<b>Ha</b>i<br>ba", "Hai ba"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("a &lt;b&gt; &amp;nbsp; c&nbsp;d", "a <b> &nbsp; c d"),
        ('<a href="http://a.vn/">x</a>\n\n y', "x y"),
        ("e\u0302\u0301", "ế"),
    ],
)
def test_text_is_what_a_reader_sees(html, text):
    assert text_of(html) == text


def test_bleach_serves_many_threads():
    pages = [f"<p>{n}<b>x</b><script>1</script></p>" * 50 for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        cleaned = list(pool.map(lambda page: clean(page, engine="bleach"), pages))
    assert cleaned == [f"<p>{n}<b>x</b></p>" * 50 for n in range(40)]


def _payloads() -> list[str]:
    path = CORPUS / "xss.json"
    if not path.exists():
        pytest.skip("AGGREGATOR_CORPUS holds no xss.json")
    return [each["payload"] for each in json.loads(path.read_text("utf-8"))]


@pytest.mark.corpus
@pytest.mark.parametrize("engine", ENGINES)
def test_no_payload_survives(engine):
    survived = {}
    for payload in _payloads():
        cleaned = clean(payload, base=BASE, engine=engine)
        if faults(cleaned) or clean(cleaned, engine=engine) != cleaned:
            survived[payload] = cleaned
    assert survived == {}


def _words(html: str) -> str:
    return "".join(text_of(html).split())


@pytest.mark.parametrize(
    "html",
    [
        "<div>a<p>b<script>x</script></p><center>c</center></div>",
        "<p>a<div>b</div>c</p><table>x<tr><td>d</table>",
        "lớp <6 tuổi &lt; &amp;lt; AT&T &nbsp; &eacute; &#x1EA1;",
        "<noscript><img src=x>n</noscript>a<textarea>b</textarea><title>t</title>c",
        "<object><embed src=x>o</object>a<select><option>x</select>b",
        "<h1>a</h1><dl><dt>b<dd>c</dl><blockquote>d<pre> e\n f</pre>",
        "<a href=x>y<a href=z>w</a></a></br>Sáng <o:p>nay</o:p>",
    ],
)
def test_both_engines_show_the_same_words(html):
    assert _words(clean(html, engine="nh3")) == _words(clean(html, engine="bleach"))
