"""The abstract (trích yếu) of a document, from its title or out of its text."""

import pytest

from aggregator.meaning.documents import document_rules
from aggregator.meaning.documents import find_document
from aggregator.meaning.text import align


def abstract(title, text=""):
    return find_document(align(title), align(text), document_rules())[0].abstract


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("V/v công khai năm học 2024-2025", "công khai năm học 2024-2025"),
        ("Công văn 1161/SGDĐT-QLT ngày 25/03/2026 hướng dẫn thi", "hướng dẫn thi"),
        ("[1872/SGDĐT-TTTT] Về đảm bảo liên lạc", "đảm bảo liên lạc"),
        ("Công văn số 1090/SGDĐT-VP của Sở GDĐT ngày 07/5/2021 về dạy học", "dạy học"),
        ("Công văn số 1090/SGDĐT-VP ngày 7/5/2021 của Sở về việc dạy học", "dạy học"),
        ("Quyết định 31/2005/QĐ-BGD&ĐT về việc ban hành Quy định", "ban hành Quy định"),
        ("Quyết định 466/QĐ-BGDĐT năm 2024 công bố kết quả", "công bố kết quả"),
        ("Thông báo về việc nghỉ lễ 30/4", "nghỉ lễ 30/4"),
        ("Thông báo về việc nghỉ lễ số 12/TB-PGDĐT", "nghỉ lễ"),
        ("Về rà soát, cập nhật dữ liệu", "rà soát, cập nhật dữ liệu"),
        ("12/KH-SGDĐT: “Tuyển sinh đầu cấp”.", "Tuyển sinh đầu cấp"),
        # nothing that says what it is about, or another's
        ("Kế hoạch tuyển sinh số 15/KH-SGDĐT", ""),
        ("Công văn 3676/BGDĐT-GDMN được Bộ ban hành", ""),
        ("THÔNG TƯ 19", ""),
        ("Sở họp về việc nghỉ lễ", ""),
        ("Nghỉ lễ", ""),
        ("", ""),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_the_abstract_in_a_title(title, expected):
    assert abstract(title) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Số: 12/PGDĐT-VP\nV/v khai giảng\nKính gửi: Hiệu trưởng", "khai giảng"),
        ("Số: 12/PGDĐT-VP V/v tổ chức khai giảng", ""),
        ("V/v tổ chức khai giảng Kính gửi: Hiệu trưởng", "tổ chức khai giảng"),
        ("Ngày ban hành: 5/7/2021. Trích yếu: Về đảm bảo tin", "đảm bảo tin"),
        ("Trích yếu nội dung:\nĐảm bảo thông tin\nNgười ký: A", "Đảm bảo thông tin"),
        ("Kính gửi: Hiệu trưởng các trường", ""),
    ],
    ids=lambda value: value[:24],
)  # fmt: skip
def test_the_abstract_in_a_text(text, expected):
    assert abstract("12/PGDĐT-VP", text) == expected


def test_the_title_goes_before_the_text():
    assert abstract("V/v nghỉ lễ", "V/v khai giảng") == "nghỉ lễ"


def test_an_abstract_has_an_end():
    assert len(abstract("V/v " + "nghỉ lễ " * 500)) <= 400
