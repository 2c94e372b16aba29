"""Bytes become text by what they show, not by what is said of them."""

import pytest

from aggregator.intake.decode import decoded

VI = "Thông báo tuyển sinh lớp 10 – Ủy ban nhân dân"
XML = '<?xml version="1.0" encoding="{}"?><t>{}</t>'


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "iso-8859-1", "text/xml; charset=us-ascii"),
        ("utf-8", "utf-16", ""),
        ("utf-8-sig", "utf-8", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-8", ""),
        ("utf-16-be", "utf-16", ""),
        ("utf-32", "utf-8", ""),
    ],
)
def test_unicode_is_read_whatever_is_declared(encoding, declared, header):
    text = XML.format(declared, VI)
    assert decoded(text.encode(encoding), header) == text


@pytest.mark.parametrize(
    ("encoding", "declared", "header", "text"),
    [
        ("cp1252", "windows-1252", "", "café – déjà"),
        ("cp1252", "iso-8859-1", "", "“café”"),
        ("cp1252", "utf-8", "", "café déjà"),
        ("koi8-r", "utf-8", "text/xml; charset='koi8-r'", "Тестовый"),
        ("gb18030", "gb2312", "", "专业工作"),
        ("iso-2022-jp", "iso-2022-jp", "", "ゲーム"),
        ("euc_jp", "", "", "ゲーム三昧な正月"),
        ("shift_jis", "", "", "記事投稿が反映されない"),
        ("euc_kr", "", "", "한글닉네임 표시하기"),
        ("gb2312", "", "", "不归移民漫画系列：专业工作"),
        ("cp037", "cp037", "", "abc"),
    ],
)
def test_legacy_encodings_are_read(encoding, declared, header, text):
    document = XML.format(declared, text)
    assert decoded(document.encode(encoding), header) == document


def test_undeclared_windows_1258_is_composed():
    body = b"<t>Th\xf4ng b\xe1o tuy\xea\xd2n sinh l\xfd\xecp 10</t>".replace(
        b"l\xfd\xec", b"l\xf5\xec"
    )
    assert decoded(body) == "<t>Thông báo tuyển sinh lớp 10</t>"


def test_a_few_broken_bytes_do_not_change_the_encoding():
    body = VI.encode() + b"\xff" + VI.encode()
    assert decoded(body) == f"{VI}\ufffd{VI}"


@pytest.mark.parametrize(
    "name", ["punycode", "unicode_escape", "rot13", "zlib", "x" * 99]
)
def test_names_of_no_document_encoding_are_not_used(name):
    assert decoded(XML.format(name, "é").encode("cp1252")).endswith("<t>é</t>")


def test_what_xml_forbids_is_dropped():
    assert decoded(b" \n<t>a\x00b\x08c\td</t>\xef\xbf\xbf ") == "<t>abc\td</t>"


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xef\xbb\xbf\r\n", b"\x00\x00"])
def test_nothing_is_nothing(body):
    assert decoded(body) == ""
