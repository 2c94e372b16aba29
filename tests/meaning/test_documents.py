"""Number, type, issuer and date of issue, in the forms and the noise of real titles."""

from datetime import date

import pytest

from aggregator.meaning.documents import document_rules
from aggregator.meaning.documents import find_document
from aggregator.meaning.documents import find_told
from aggregator.meaning.symbols import find_numbers
from aggregator.meaning.symbols import mend_numbers
from aggregator.meaning.text import align
from aggregator.model import DocumentFacts


def facts_of(title, text=""):
    return find_document(align(title), align(text), document_rules())[0]


@pytest.mark.parametrize(
    ("title", "number", "kind", "issuer"),
    [
        ("Công văn 1161/SGDĐT-QLT", "1161/SGDĐT-QLT", "công văn", "SGDĐT"),
        ("[1872/SGDĐT-TTTT] Về", "1872/SGDĐT-TTTT", "công văn", "SGDĐT"),
        ("37/2020/TT-BGDĐT.", "37/2020/TT-BGDĐT", "thông tư", "BGDĐT"),
        ("18-2019-TT-BGDĐT Thông", "18/2019/TT-BGDĐT", "thông tư", "BGDĐT"),
        ("09/KH-UBND", "09/KH-UBND", "kế hoạch", "UBND"),
        ("17/CT-TTg", "17/CT-TTg", "chỉ thị", "TTg"),
        ("115/2020/NĐ-CP", "115/2020/NĐ-CP", "nghị định", "CP"),
        ("05/VBHN-BGDĐT", "05/VBHN-BGDĐT", "văn bản hợp nhất", "BGDĐT"),
        ("31/2005/QĐ-BGD&ĐT", "31/2005/QĐ-BGD&ĐT", "quyết định", "BGD&ĐT"),
        ("3892/BGDĐT-GDTrH", "3892/BGDĐT-GDTrH", "công văn", "BGDĐT"),
        ("2865/GDĐT-KT&KĐCL", "2865/GDĐT-KT&KĐCL", "công văn", "GDĐT"),
        ("12/TTr-VHXH", "12/TTr-VHXH", "tờ trình", "VHXH"),
        ("3358/SGD&ĐT", "3358/SGD&ĐT", "công văn", "SGD&ĐT"),
        ("10-CT/TU", "10-CT/TU", "chỉ thị", "TU"),
        ("411-CV/ĐU", "411-CV/ĐU", "công văn", "ĐU"),
        (
            "39/2015/TTLT-BLĐTBXH-BGDĐT-BNV",
            "39/2015/TTLT-BLĐTBXH-BGDĐT-BNV",
            "thông tư liên tịch",
            "BLĐTBXH-BGDĐT-BNV",
        ),
    ],
    ids=lambda value: value[:20],
)
def test_forms_of_numbers(title, number, kind, issuer):
    facts = facts_of(title)
    assert (facts.number, facts.type, facts.issuer) == (number, kind, issuer)


@pytest.mark.parametrize(
    ("noisy", "number"),
    [
        ("23/2015/TTLT-BGD ĐT-BNV về", "23/2015/TTLT-BGDĐT-BNV"),
        ("2451/SGDĐT -GDTHMN ngày", "2451/SGDĐT-GDTHMN"),
        ("318/SGDĐT- CTTT", "318/SGDĐT-CTTT"),
        ("12/GD Đ T-VP", "12/GDĐT-VP"),
        ("1228/HD/SGDĐT", "1228/HD-SGDĐT"),
        ("2865/GDĐT–KT & KĐCL", "2865/GDĐT-KT&KĐCL"),
        ("3892BGDDT", "3892/BGDĐT"),
        ("4210/GDDT-TTTT", "4210/GDĐT-TTTT"),
        ("12/QÐ-SGDÐT", "12/QĐ-SGDĐT"),
        ("12/QD-UBND", "12/QĐ-UBND"),
        ("37 / 2020 / TT-BGDĐT", "37/2020/TT-BGDĐT"),
        ("123/SGDĐT-VP - THPT Lê Quý Đôn", "123/SGDĐT-VP"),
    ],
)
def test_noise_in_numbers_is_mended(noisy, number):
    assert facts_of(noisy).number == number


@pytest.mark.parametrize(
    "text",
    [
        "Chào mừng 20/11, 30/4 và 2/9",
        "Năm học 2017-2018",
        "Quy chế 3 công khai theo TT36/2017 thay thế TT09/2009",
        "THÔNG TƯ 01/2018",
        "Lớp 12/A1",
        "100.000đ/HS",
        "24/7/2025",
        "Kết quả 1/TH-THCS",
    ],
)
def test_dates_years_and_classes_are_no_numbers(text):
    assert not list(find_numbers(mend_numbers(text)))


@pytest.mark.parametrize(
    "title",
    [
        "Triển khai Công văn số 123/SGDĐT-VP",
        "Hướng dẫn thực hiện Thông tư 36/2017/TT-BGDĐT",
        "Kế hoạch thực hiện Chỉ thị số 17/CT-TTg của Thủ tướng",
        "Góp ý dự thảo thay thế Thông tư số 12/2011/TT-BGDĐT",
    ],
    ids=lambda title: title[:24],
)
def test_a_number_that_a_title_refers_to_is_not_its_own(title):
    assert facts_of(title).number == ""


@pytest.mark.parametrize(
    ("title", "text", "own"),
    [
        ("123/SGDĐT-VP V/v nghỉ lễ", "", True),
        ("[KHẨN] Công văn số 123/SGDĐT-VP về việc nghỉ lễ", "", True),
        ("Công văn của Sở GD&ĐT số 123/SGDĐT-VP về việc nghỉ lễ", "", True),
        ("Về việc nghỉ lễ (Công văn số 123/SGDĐT-VP)", "", True),
        ("Lịch nghỉ lễ", "Số: 123/SGDĐT-VP\nKính gửi", True),
        ("Tập huấn Thông tư 27/2020/TT-BGDĐT", "", False),
        ("Hỏi đáp về Thông tư 27/2020/TT-BGDĐT", "", False),
        ("Điểm mới của Luật Giáo dục, Nghị định 24/2021/NĐ-CP là gì", "", False),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_document_is_told_from_what_is_about_it(title, text, own):
    facts = facts_of(title, text)
    assert facts.number
    assert facts.own is own


def test_a_report_that_gives_the_number_is_not_that_document():
    text = "Đó là chỉ đạo của UBND tỉnh tại Công văn số 123/UBND-VX về nghỉ học."
    title = align("Học sinh nghỉ học từ ngày mai")
    none = DocumentFacts()
    facts, _ = find_told(title, align(text), none, document_rules())
    assert (facts.number, facts.own) == ("123/UBND-VX", False)


def test_the_own_number_stands_before_those_it_refers_to():
    title = "Thông tư 32/2020/TT-BGDĐT thay thế Thông tư 12/2011/TT-BGDĐT"
    assert facts_of(title).number == "32/2020/TT-BGDĐT"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Số: 12/TB-PGDĐT\nKính gửi", "12/TB-PGDĐT"),
        ("Số, ký hiệu: 12/TB-PGDĐT", "12/TB-PGDĐT"),
        ("Số/Ký hiệu: 12/TB-PGDĐT", "12/TB-PGDĐT"),
        ("Số, ký hiệu:\n12/TB-PGDĐT", "12/TB-PGDĐT"),
        ("Căn cứ Công văn số 110/BGDĐT-GDCTHSSV", ""),
        ("Sở vừa có Văn bản 671/SGDĐT-VP yêu cầu", ""),
    ],
    ids=["head", "label", "slash", "line", "reference", "reported"],
)
def test_a_number_in_the_text_counts_only_as_the_letters_own(text, number):
    assert facts_of("Nghỉ lễ", text).number == number


@pytest.mark.parametrize(
    ("title", "text", "issued"),
    [
        ("Công văn 1161/SGDĐT-QLT ngày 25/03/2026 hướng dẫn", "", date(2026, 3, 25)),
        ("1161/SGDĐT-QLT ngày 5 tháng 7 năm 2021", "", date(2021, 7, 5)),
        ("1161/SGDĐT-QLT của Sở GDĐT ngày 07-5-2021", "", date(2021, 5, 7)),
        ("[1/SGDĐT-VP] X", "Ngày ban hành: 05/07/2021. Trích yếu: X", date(2021, 7, 5)),
        ("X", "Hà Nội, ngày 05 tháng 10 năm 2020", date(2020, 10, 5)),
        ("X", "Đại hội họp ngày 05 tháng 10 năm 2020", None),
        ("1161/SGDĐT-QLT ngày 31/02/2026", "", None),
        ("1161/SGDĐT-QLT", "", None),
    ],
    ids=["slashes", "words", "organ", "laws", "letter", "prose", "impossible", "none"],
)
def test_date_of_issue(title, text, issued):
    assert facts_of(title, text).issued == issued


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Thông tư liên tịch về trường học", "thông tư liên tịch"),
        ("V/v tổ chức khai giảng", "công văn"),
        ("Kế hoạch năm học", "kế hoạch"),
        ("Khai giảng năm học mới", ""),
    ],
)
def test_type_without_a_number_is_read_from_the_first_words(title, kind):
    assert facts_of(title).type == kind


def test_reasons_show_the_words_as_they_stood():
    title = "Công văn 2451/SGDĐT -GDTHMN ngày 12/8/2021"
    _, because = find_document(align(title), align(""), document_rules())
    assert [reason.saw for reason in because] == [
        "2451/SGDĐT -GDTHMN",
        "ngày 12/8/2021",
    ]
