"""NukeViet's dates with the month for minutes are believed to the hour only."""

from datetime import UTC
from datetime import datetime

import pytest

from aggregator.intake.digest import digest
from aggregator.model import SourceHints

RSS = '<rss version="2.0"><channel><title>Tin</title>{}</channel></rss>'
OLD = "NukeViet v4.0"
TWO = ("Mon, 5 Jul 2021 01:07:12 GMT", "Wed, 30 Jun 2021 23:06:59 GMT")


def read(generator: str, *dates: str) -> list[tuple[str, bool]]:
    """Return the time of day of each item, and whether only its hour is believed."""
    items = (
        f"<item><guid>news_{n}</guid><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(dates)
    )
    head = f"<generator><![CDATA[{generator}]]></generator>"
    found = digest(
        RSS.format(head + "".join(items)).encode(),
        hints=SourceHints(),
        timezone="Asia/Ho_Chi_Minh",
        now=datetime(2026, 11, 20, 1, 0, tzinfo=UTC),
    )
    return [
        (f"{i.given.astimezone(UTC):%H:%M:%S}" if i.given else "", i.hour_only)
        for i in found.items
    ]


@pytest.mark.parametrize(
    "generator", [OLD, "Nukeviet Version 3.4", " NUKEVIET ", "Hệ NukeViet CMS"]
)
def test_month_for_minutes_is_cut_to_the_hour(generator):
    assert read(generator, *TWO) == [("01:00:00", True), ("23:00:00", True)]


@pytest.mark.parametrize(
    ("generator", "dates", "times"),
    [
        ("WordPress", TWO, ["01:07:12", "23:06:59"]),
        ("", TWO, ["01:07:12", "23:06:59"]),
        (OLD, TWO[:1], ["01:07:12"]),
        (
            OLD,
            (*TWO, "Mon, 05 Jul 2021 01:37:12 GMT"),
            ["01:07:12", "23:06:59", "01:37:12"],
        ),
        (
            OLD,
            ("Mon, 05 Jul 2021 01:37:12 GMT", "Mon, 05 Jul 2021 01:40:00 GMT"),
            ["01:37:12", "01:40:00"],
        ),
        (OLD, ("Mon, 5 Foo 2021 01:07:12 GMT",) * 2, ["", ""]),
        (OLD, ("2021-07-05T08:07:12+07:00",) * 2, ["01:07:12"] * 2),
        (OLD, (), []),
    ],
    ids=[
        "another CMS",
        "no CMS named",
        "a single date",
        "one with right minutes",
        "4.6",
        "no month",
        "instant articles",
        "no entries",
    ],
)
def test_other_dates_are_left_as_they_are(generator, dates, times):
    assert read(generator, *dates) == [(time, False) for time in times]


def test_dates_of_another_form_are_left_among_wrong_ones():
    found = read(OLD, *TWO, "", "2021-07-05T08:37:12+07:00")
    assert found[2:] == [("", False), ("01:37:12", False)]
    assert [hour_only for _, hour_only in found[:2]] == [True, True]
