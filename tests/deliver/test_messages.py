"""What people and machines read of an alert."""

import json
from dataclasses import replace

import pytest

from aggregator.deliver import messages
from aggregator.deliver.words import SENTENCES
from aggregator.deliver.words import TURN_OF_KIND
from aggregator.errors import TURNS
from aggregator.errors import Reason
from aggregator.model import Site

SITE = Site(title="Tin ngành Giáo dục", base_url="https://tin.example")
SINCE = "2026-11-20T01:00:00+00:00"


def turn(turn="bad", kind="source", subject="so-thong-bao", **values):
    given = {"turn": turn, "kind": kind, "subject": subject, "since": SINCE}
    return given | {"reason": "", "detail": "", "sources": [subject]} | values


def alert(*turns):
    return {"id": "5b1c", "at": SINCE, "turns": list(turns)}


def compose(*turns, site=SITE):
    return messages.compose(alert(*turns), site)


# (turns, the subject without the site's title)
SUBJECTS = {
    "two and one": (
        [turn(subject="a"), turn(subject="b"), turn("well", subject="c")],
        "2 nguồn lỗi, 1 đã phục hồi / 2 failing, 1 recovered",
    ),
    "a host counts its sources": (
        [turn(kind="host", subject="h", sources=["a", "b", "c"])],
        "3 nguồn lỗi / 3 failing",
    ),
    "a source counts once": (
        [turn(kind="network", subject="m", sources=["a", "b"]), turn(subject="a")],
        "2 nguồn lỗi / 2 failing",
    ),
    "nobody named": (
        [turn(kind="network", subject="m", sources=[])],
        "1 nguồn lỗi / 1 failing",
    ),
    "silent and gap": (
        [turn(kind="quiet"), turn(kind="gap")],
        "1 nguồn im lặng, 1 nguồn có thể sót tin / 1 silent, 1 with a gap",
    ),
    "notes": (
        [turn("note", "moved", "a"), turn("note", "gone", "b")],
        "2 lưu ý / 2 to note",
    ),
    "test": ([turn("note", "test")], "1 tin thử / 1 test"),
    "a kind of tomorrow": ([turn(kind="new")], "1 nguồn lỗi / 1 failing"),
}


@pytest.mark.parametrize(("turns", "said"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_sums_up_in_both_languages(turns, said):
    assert compose(*turns).subject == f"[Tin ngành Giáo dục] {said}"


def test_a_long_title_is_shortened_in_the_subject():
    site = replace(SITE, title="Tin " * 30)
    assert compose(turn(), site=site).subject.startswith("[Tin Tin")
    assert len(compose(turn(), site=site).subject) < 90


@pytest.mark.parametrize("key", SENTENCES, ids=lambda key: "-".join(key))
def test_every_kind_has_its_sentences_and_its_turn(key):
    text = compose(turn(*key, subject="so-xyz", sources=["p", "q"])).text
    vietnamese, english = text.split("— English —")
    for half in (vietnamese, english):
        assert "{" not in half
        assert "so-xyz" in half or key[1] in ("test", "network")
        assert "https://tin.example/health/" in half
    if key[0] == "bad" or key[1] in TURN_OF_KIND:
        assert ("Ai cần xử lý: " in vietnamese) == (key[0] != "well")
        assert ("Whose turn it is: " in english) == (key[0] != "well")


def test_the_words_know_whose_turn_it_is():
    assert set(TURN_OF_KIND.values()) <= set(TURNS)
    assert {kind for _, kind in SENTENCES} == {*TURN_OF_KIND, "test"}


def test_a_text_tells_why_since_when_and_whose_turn_it_is():
    told = turn(reason=Reason.DNS, detail="no answer for so.example")
    vietnamese, english = compose(told).text.split("— English —")
    assert vietnamese.splitlines() == [
        "Tin ngành Giáo dục: 1 nguồn lỗi",
        "",
        "✗ Nguồn so-thong-bao không đọc được",
        "   Lý do: Không tìm thấy tên miền (dns)",
        "   Chi tiết: no answer for so.example",
        "   Từ: 08:00 20/11/2026",
        "   Ai cần xử lý: người quản trị cổng thông tin nguồn",
        "",
        "Tình hình của mọi nguồn tin: https://tin.example/health/",
        "",
    ]
    assert "The source so-thong-bao cannot be read" in english
    assert "Reason: The host name was not found (dns)" in english
    assert "Since: 2026-11-20 08:00" in english


def test_a_host_names_its_sources_as_far_as_there_is_room():
    few = compose(turn(kind="host", subject="h", sources=["a", "b"])).text
    assert "Nguồn tin: a, b\n" in few
    many = [f"s{n}" for n in range(30)]
    text = compose(turn(kind="host", subject="h", sources=many)).text
    assert "s0, s1" in text and "s12" not in text
    assert "và 18 mục nữa" in text and "and 18 more" in text


def test_one_message_tells_all_turns_and_stays_readable():
    message = compose(*(turn(subject=f"s{n}") for n in range(500)))
    assert len(message.text) < 30_000
    assert "và 460 mục nữa" in message.text
    assert len(json.loads(message.body)["data"]["turns"]) == 500


def test_json_holds_what_people_read_and_what_programs_need():
    message = compose(turn(reason="tls", sources=["a"]), turn("well", subject="b"))
    told = json.loads(message.body)
    assert (told["type"], told["id"]) == ("aggregator.alert", "5b1c")
    assert told["timestamp"] == SINCE
    assert told["text"] == message.text
    assert told["data"]["health"] == "https://tin.example/health/"
    assert told["data"]["summary"]["en"] == "1 failing, 1 recovered"
    bad, well = told["data"]["turns"]
    assert (bad["reason"], bad["whose_turn"], bad["sources"]) == (
        "tls",
        "portal",
        ["a"],
    )
    assert bad["says"]["en"] == "The source so-thong-bao cannot be read"
    assert bad["means"]["vi"] == "Chứng chỉ hoặc kết nối mã hóa có lỗi"
    assert well["whose_turn"] == ""


HOSTILE = (
    "x\r\nBcc: all@example\n\n✗ giả\x00\x1b[31m\u202e\u2028đảo \ud800" + "A" * 9999
)


def test_a_hostile_detail_stays_one_short_line():
    hostile = {"subject": HOSTILE, "reason": HOSTILE, "detail": HOSTILE}
    message = compose(turn(**hostile, sources=[HOSTILE]))
    for line in message.text.splitlines():
        assert not line.startswith(("Bcc", "✗ giả"))
        assert len(line) < 800
    assert message.subject.isprintable()
    assert not set("\r\x00\x1b\u202e\u2028\ud800") & set(message.text)
    message.body.decode()
    (line,) = messages.log_fields(alert(turn(**hostile)))
    assert line.isprintable()


def test_braces_of_a_stranger_are_only_text():
    assert "{0.__class__}" in compose(turn(subject="{0.__class__}")).text


def test_an_unreadable_moment_is_shown_as_it_is():
    assert "Từ: hôm qua" in compose(turn(since="hôm qua")).text


def test_a_log_line_has_fields():
    told = turn(kind="host", subject="h", reason="dns", sources=["a", "b"])
    assert messages.log_fields(alert(told, turn("well"))) == [
        f"turn=bad kind=host subject=h reason=dns since={SINCE} sources=2",
        f"turn=well kind=source subject=so-thong-bao reason= since={SINCE} sources=1",
    ]
