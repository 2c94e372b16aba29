"""Feed dates in every shape that portals write them."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.meaning import dates
from aggregator.meaning.dates import parse_date
from aggregator.meaning.text import fold

ZONE = "Asia/Ho_Chi_Minh"


def read(raw, **options):
    date = parse_date(raw, timezone=ZONE, **options)
    return date.isoformat() if date else None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        # RFC 822 and its neighbours
        ("Mon, 5 Jul 2021 01:07:12 GMT", "2021-07-05T01:07:12+00:00"),
        ("Mon, 05 Jul 2021 08:00:00 +0700", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 +07:00", "2021-07-05T08:00:00+07:00"),
        ("5 Jul 2021 01:07:12 +0700", "2021-07-05T01:07:12+07:00"),
        ("Mon, 5 Jul 21 01:07 EST", "2021-07-05T01:07:00-05:00"),
        ("5 Sep 99 01:07 PDT", "1999-09-05T01:07:00-07:00"),
        ("5 Sept 2021 10:00 UT", "2021-09-05T10:00:00+00:00"),
        ("Mon, 05 Jul 2021 08:00:00 GMT+7", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 UTC+07:00", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 ICT", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 +0700 (ICT)", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 (GMT+7)", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 08:00:00 -0330", "2021-07-05T08:00:00-03:30"),
        ("Mon, 05 Jul 2021 08:00:00", "2021-07-05T08:00:00+07:00"),
        ("Mon, 05 Jul 2021 23:59:60 GMT", "2021-07-05T23:59:59+00:00"),
        ("  Sat,\n 18 Feb 2017 15:16:55 +0700 ", "2017-02-18T15:16:55+07:00"),
        # what programs print
        (
            "Fri Nov 20 2026 08:00:00 GMT+0700 (Indochina Time)",
            "2026-11-20T08:00:00+07:00",
        ),
        ("Fri Nov 20 08:00:00 2026", "2026-11-20T08:00:00+07:00"),
        ("Thursday, July 1, 2021 8:00 AM", "2021-07-01T08:00:00+07:00"),
        ("Sept 5, 2021", "2021-09-05T00:00:00+07:00"),
        ("1625450832", "2021-07-05T02:07:12+00:00"),
        ("1625450832000", "2021-07-05T02:07:12+00:00"),
        # ISO 8601
        ("2021-07-05T08:00:00Z", "2021-07-05T08:00:00+00:00"),
        ("2021-07-05T08:00:00.123456+07:00", "2021-07-05T08:00:00+07:00"),
        ("2021-07-05T08:00:00+0700", "2021-07-05T08:00:00+07:00"),
        ("2021-07-05T08:00", "2021-07-05T08:00:00+07:00"),
        ("2021-07-05 08:00", "2021-07-05T08:00:00+07:00"),
        ("2021-07-05", "2021-07-05T00:00:00+07:00"),
        ("2021/07/05 08:00:00", "2021-07-05T08:00:00+07:00"),
        ("20210705T080000Z", "2021-07-05T08:00:00+00:00"),
        ("20210705", "2021-07-05T00:00:00+07:00"),
        # Vietnamese
        ("05/07/2021 08:00", "2021-07-05T08:00:00+07:00"),
        ("Thứ Hai, 05/07/2021 08:00", "2021-07-05T08:00:00+07:00"),
        ("Thứ 2, 05/07/2021 08:00", "2021-07-05T08:00:00+07:00"),
        ("Thứ năm - 01/07/2021 07:00", "2021-07-01T07:00:00+07:00"),
        ("Chủ nhật, 4/7/2021, 10:00 (GMT+7)", "2021-07-04T10:00:00+07:00"),
        ("T6, 20 Thg 11 2026", "2026-11-20T00:00:00+07:00"),
        ("20 tháng 11, 2026", "2026-11-20T00:00:00+07:00"),
        ("Ngày 20 tháng 11 năm 2026", "2026-11-20T00:00:00+07:00"),
        ("20 Tháng Mười Một, 2026", "2026-11-20T00:00:00+07:00"),
        ("Tháng Mười Một 20, 2026", "2026-11-20T00:00:00+07:00"),
        ("20-11-2026 08:00:00", "2026-11-20T08:00:00+07:00"),
        ("20.11.2026", "2026-11-20T00:00:00+07:00"),
        ("8:00 20/11/2026", "2026-11-20T08:00:00+07:00"),
        ("08:00 | 05/07/2021", "2021-07-05T08:00:00+07:00"),
        ("8h30 ngày 20/11/2026", "2026-11-20T08:30:00+07:00"),
        ("08 giờ 05 phút, 20/11/2026", "2026-11-20T08:05:00+07:00"),
        ("05/07/2021 8:00:00 SA", "2021-07-05T08:00:00+07:00"),
        ("05/07/2021 2:00:00 CH", "2021-07-05T14:00:00+07:00"),
        ("05/07/2021 12:30 SA", "2021-07-05T00:30:00+07:00"),
        ("31/12/2026 24:00:00", "2027-01-01T00:00:00+07:00"),
    ],
    ids=lambda value: str(value)[:28],
)
def test_a_date_is_read_with_its_zone(raw, expected):
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("raw", "options", "expected"),
    [
        ("7/5/2021 8:00:00 AM", {}, "2021-07-05T08:00:00+07:00"),
        ("13/5/2021 2:00:00 PM", {}, "2021-05-13T14:00:00+07:00"),
        ("12/31/2021 12:00:00 AM", {}, "2021-12-31T00:00:00+07:00"),
        ("7/5/2021 12:05 PM", {}, "2021-07-05T12:05:00+07:00"),
        ("11/20/2026 08:00", {}, "2026-11-20T08:00:00+07:00"),
        ("7/5/2021 08:00", {}, "2021-05-07T08:00:00+07:00"),
        ("7/5/2021 08:00", {"day_first": False}, "2021-07-05T08:00:00+07:00"),
        ("20/5/2021", {"day_first": False}, "2021-05-20T00:00:00+07:00"),
        ("14:00 PM 7/5/2021", {}, "2021-07-05T14:00:00+07:00"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_which_number_is_the_day(raw, options, expected):
    assert read(raw, **options) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "hôm qua",
        "31/02/2021",
        "29 Feb 2021 10:00 GMT",
        "13/13/2021",
        "00/07/2021",
        "05/07/2021 25:00",
        "05/07/2021 24:30",
        "05/07/2021 10:61",
        "05/07/2021 08:00 +9900",
        "05/07/2021 08:00 XYZ",
        "01/01/0001 00:00:00",
        "01/01/2999",
        "1/1/1",
        "99999-01-01",
        "Hạn nộp 20/11/2026",
        "5 Foo 2021",
        "9" * 40,
        "05/07/2021" + " " * 100,
        "٠٥/٠٧/٢٠٢١",
        "\x00\ud800",
        "((((((((((",
        "Thứ Hai, Thứ Hai, 05/07/2021 nữa",
    ],
    ids=lambda raw: repr(raw)[:20],
)
def test_what_is_no_possible_date_is_none(raw):
    assert read(raw) is None


def test_every_date_is_aware_and_an_instant():
    date = parse_date("05/07/2021 08:00", timezone=ZONE)
    assert date is not None
    assert date.astimezone(UTC) == datetime(2021, 7, 5, 1, tzinfo=UTC)
    assert date.utcoffset() == timedelta(hours=7)


def test_a_naive_date_is_in_the_zone_that_is_given():
    date = parse_date("2021-01-05T08:00:00", timezone="Europe/Berlin")
    assert date == datetime(2021, 1, 5, 8, tzinfo=timezone(timedelta(hours=1)))


@given(
    st.sampled_from(["", "Mon, ", "Sun, "]),
    *(st.integers(0, most) for most in (32, 24, 60, 60)),
    st.sampled_from("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()),
    st.sampled_from(["1969", "1970", "1999", "2024", "2026", "2099", "2100", "2199"]),
    st.sampled_from(["GMT", "+0700", "-0330", "+0000", "-0000", "+1400", "+1359"]),
)
def test_the_short_way_reads_as_the_long_way(
    weekday, day, hour, minute, second, month, year, zone
):
    raw = f"{weekday}{day} {month} {year} {hour:02}:{minute:02}:{second:02} {zone}"
    short = parse_date(raw, timezone=ZONE)
    long = dates._read(fold(raw), timezone=ZONE, day_first=True)
    assert short == long
    if short is not None and long is not None:
        assert short.utcoffset() == long.utcoffset()
