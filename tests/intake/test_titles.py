"""Titles are plain, whatever the systems that wrote them did to them."""

import pytest

from aggregator.intake.titles import MAX_TITLE
from aggregator.intake.titles import plain_name
from aggregator.intake.titles import plain_title
from aggregator.intake.titles import repaired_html


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Trẻ mầm non và lớp <6 tuổi", "Trẻ mầm non và lớp <6 tuổi"),
        ("a < b > c", "a < b > c"),
        ("Nếu <b và c> d", "Nếu <b và c> d"),
        ("Sở GD&ĐT & R&D", "Sở GD&ĐT & R&D"),
        (
            "1161&#x002F;SGDĐT-QLT &#40;mùng 10&#x002F;3&#41;",
            "1161/SGDĐT-QLT (mùng 10/3)",
        ),
        ("đ&atilde; c&oacute; &quot;Khẩn&quot;", 'đã có "Khẩn"'),
        ("?a=1&copy=2&nosuch; &#99999999;", "?a=1&copy=2&nosuch; &#99999999;"),
        ("A &amp;amp; B", "A &amp; B"),
        ("<b>Đào tạo</b><br>mới", "Đào tạo mới"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Tin", "Tin"),
        ("<img src=x onerror=alert(1)>Tin", "Tin"),
        ("&lt;img src=x onerror=alert(1)&gt;Tin", "Tin"),
        ("<SCRIPT>\nalert(1)</SCRIPT >Tin", "Tin"),
        ("  Dòng một\r\n\t dòng\xa0hai\x0b ", "Dòng một dòng hai"),
        ("null LÙI THỜI HẠN", "LÙI THỜI HẠN"),
        ("null Đính chính", "Đính chính"),
        ("null và rỗng", "null và rỗng"),
        ("nullable", "nullable"),
        ("Ho\u0323c sinh", "Học sinh"),
        ("a\u202eb\ufeffc\x9bd", "abcd"),
        ("TÓM TẮT 🍀NGUỒN&#x3A; x", "TÓM TẮT 🍀NGUỒN: x"),
        ("", ""),
    ],
)
def test_title_is_plain(raw, title):
    assert plain_title(raw) == title


def test_title_without_end_is_cut():
    assert len(plain_title("Thông báo " * 40_000)) <= MAX_TITLE


def test_storm_of_brackets_ends():
    assert len(plain_title("<b " * 100_000 + "&" * 100_000)) <= MAX_TITLE


def test_name_is_short():
    assert len(plain_name("Ủy ban " * 100)) <= 200


@pytest.mark.parametrize(
    ("html", "repaired"),
    [
        ("&lt;p&gt;Kính gửi&lt;/p&gt;", "<p>Kính gửi</p>"),
        ("a&lt;br /&gt;b", "a<br />b"),
        ("<p>Viết &lt;b&gt;đậm&lt;/b&gt;</p>", "<p>Viết &lt;b&gt;đậm&lt;/b&gt;</p>"),
        ("lớp &lt;6 tuổi &gt; 5", "lớp &lt;6 tuổi &gt; 5"),
        ("đ&amp;atilde; c&amp;oacute; &amp;#7841;", "đ&atilde; c&oacute; &#7841;"),
        (
            "&amp;lt;p&amp;gt; &amp;amp; &amp;#60;",
            "&amp;lt;p&amp;gt; &amp;amp; &amp;#60;",
        ),
        ("GD&amp;ĐT; &amp;nosuch;", "GD&amp;ĐT; &amp;nosuch;"),
        ("không có gì", "không có gì"),
    ],
)
def test_html_escaped_once_too_often_is_repaired(html, repaired):
    assert repaired_html(html) == repaired
