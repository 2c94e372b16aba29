"""Which other documents a notice names, and what it does to them; constructed."""

import pytest

from aggregator.meaning.documents import document_rules
from aggregator.meaning.references import MOST
from aggregator.meaning.references import find_references
from aggregator.meaning.text import align


def references(title, text="", *, own=""):
    found, because = find_references(
        align(title), align(text), own=own, rules=document_rules()
    )
    assert len(found) == len(because)
    return [(each.kind, each.number) for each in found]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Công văn này thay thế Công văn số 8/SGDĐT-VP", "replaces"),
        ("thay thế cho Công văn số 8/SGDĐT-VP ngày 5/3/2025", "replaces"),
        ("sửa đổi, bổ sung một số điều của Công văn số 8/SGDĐT-VP", "amends"),
        ("sửa đổi Quy chế ban hành kèm theo Công văn số 8/SGDĐT-VP", "amends"),
        ("bãi bỏ Công văn số 8/SGDĐT-VP", "abolishes"),
        ("Công văn số 8/SGDĐT-VP hết hiệu lực kể từ ngày ký", "abolishes"),
        ("Công văn số 8/SGDĐT-VP ngày 5/3/2025 bị bãi bỏ", "abolishes"),
        ("Đính chính Công văn số 8/SGDĐT-VP", "corrects"),
        ("Căn cứ Công văn số 8/SGDĐT-VP", "refers"),
        ("Theo Công văn số 8/SGDĐT-VP", "refers"),
        ("Phúc đáp Công văn số 8/SGDĐT-VP", "refers"),
        ("Sở vừa có Văn bản 8/SGDĐT-VP yêu cầu các trường", "refers"),
        # a draft does nothing yet; what replaces is the other one
        ("Góp ý dự thảo thay thế Công văn số 8/SGDĐT-VP", "refers"),
        ("đã được thay thế bởi Công văn số 8/SGDĐT-VP", "refers"),
    ],
    ids=lambda value: value[:24],
)
def test_what_is_done_to_another_document(text, kind):
    assert references("Nhắc việc", text) == [(kind, "8/SGDĐT-VP")]
    assert references(text) == [(kind, "8/SGDĐT-VP")]


def test_the_documents_of_a_list_share_their_word():
    title = "Thông tư 32/2020/TT-BGDĐT thay thế Thông tư 12/2011/TT-BGDĐT, Thông tư số "
    title += "58/2011/TT-BGDĐT và Thông tư 26/2020/TT-BGDĐT"
    assert references(title, own="32/2020/TT-BGDĐT") == [
        ("replaces", "12/2011/TT-BGDĐT"),
        ("replaces", "58/2011/TT-BGDĐT"),
        ("replaces", "26/2020/TT-BGDĐT"),
    ]


def test_what_another_document_replaces_is_only_named():
    text = "Thực hiện Công văn số 6/BGDĐT-VP về việc thay thế Quyết định 7/QĐ-BGDĐT"
    assert references("X", text) == [("refers", "6/BGDĐT-VP"), ("refers", "7/QĐ-BGDĐT")]


def test_a_word_of_an_earlier_sentence_does_not_count():
    text = "Công văn này thay thế các quy định cũ.\nXem Công văn số 8/SGDĐT-VP"
    assert references("X", text) == [("refers", "8/SGDĐT-VP")]


def test_each_document_is_named_once_with_what_is_done_to_it():
    text = "Căn cứ Công văn số 8/SGDĐT-VP. Nay bãi bỏ Công văn số 8/SGDĐT-VP"
    assert references("Về Công văn 8/SGDĐT-VP", text) == [("abolishes", "8/SGDĐT-VP")]


def test_the_own_number_is_no_reference():
    title = "Công văn 8/SGDĐT-VP về việc nghỉ lễ"
    assert references(title, "Số: 8/SGDĐT-VP", own="8/SGDĐT-VP") == []


def test_dates_and_classes_are_no_references():
    assert references("Căn cứ kế hoạch ngày 20/11, lớp 12/A1, 2/9/2025") == []


def test_there_is_an_end_to_references():
    text = " ".join(f"Căn cứ Công văn số {n}/SGDĐT-VP;" for n in range(1, 40))
    assert len(references("X", text)) == MOST
    both = references("Thay thế Công văn số 1/SGDĐT-VP", text)
    assert len(both) == MOST
    assert both[0] == ("replaces", "1/SGDĐT-VP")


def test_reasons_show_the_words_and_where_they_stand():
    _, because = find_references(
        align("Triển khai Chỉ thị 17/CT-TTg"),
        align("thay thế Công văn số 2451/SGDĐT -GDTHMN"),
        own="",
        rules=document_rules(),
    )
    assert [(each.says, each.saw, each.where) for each in because] == [
        ("Nhắc đến văn bản", "17/CT-TTg", "title"),
        ("Thay thế văn bản", "2451/SGDĐT -GDTHMN", "text"),
    ]
