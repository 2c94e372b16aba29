"""What was taken away, as a notice of that under the same id: who had it must learn it.

RSS and JSON Feed have no word for it; Atom has one (`at:deleted-entry`, RFC 6721), and
so have calendars (`STATUS:CANCELLED`).
"""

from dataclasses import replace
from html import escape

from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.parts import local
from aggregator.publish.view import Selection
from aggregator.publish.words import publish_title

GONE = "Đã gỡ: "
HIDDEN_TITLE = "Tin đã được gỡ"


def said_as_gone(notice: Notice, settings: Settings, selection: Selection) -> Notice:
    """Put the words of its loss in place of its own; what stands is left as it is.

    Of what a source withdrew the title is said again, and our page about it is linked.
    Of what a person has hidden nothing is: not even the page, which shows its text.
    """
    if notice.gone is None:
        return notice
    hidden = notice.state == "hidden"
    words = loss_of(notice, settings)
    page = settings.site.base_url + selection.path
    return replace(
        notice,
        title=gone_title(notice),
        text=words,
        html=f"<p>{escape(words)}</p>",
        link=page if hidden else "",  # without one, ours is linked
        updated=notice.gone,
        document=None,
        deadline=None,
        event=None,
        enclosures=(),
    )


def gone_title(notice: Notice) -> str:
    """Give a title that says first that it is gone."""
    if notice.state == "hidden":
        return HIDDEN_TITLE
    return GONE + publish_title(notice.title, notice.text)


def loss_of(notice: Notice, settings: Settings) -> str:
    """Say in a sentence who took it away, and on which day."""
    if notice.gone is None:
        return ""
    who = "Ban biên tập" if notice.state == "hidden" else "Nơi đăng"
    return f"{who} đã gỡ tin này ngày {local(notice.gone, settings):%d/%m/%Y}."
