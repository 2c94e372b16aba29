"""The one item of an RSS or Atom feed whose selection has none.

WordPress shows its visitors an error in place of an empty feed, NukeViet nothing at
all. Its id and its date never change, so nobody takes it for news.
"""

from collections.abc import Sequence
from html import escape
from uuid import NAMESPACE_URL
from uuid import uuid5

from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.parts import NEVER
from aggregator.publish.parts import channel_of
from aggregator.publish.view import Selection
from aggregator.publish.words import publish_title

TITLE = "Chưa có tin trong mục này"
_NAMES = uuid5(NAMESPACE_URL, "school-feed-aggregator:nothing")


def never_empty(
    notices: Sequence[Notice], *, settings: Settings, selection: Selection
) -> Sequence[Notice]:
    """Give the notices, or the placeholder where there are none and it is wanted.

    An archive has none: what says that nothing is there yet would stay in it for ever.
    """
    if notices or selection.month or not selection.placeholder:
        return notices
    return [placeholder(settings, selection)]


def placeholder(settings: Settings, selection: Selection) -> Notice:
    """Make the item that says plainly that there is nothing yet.

    It is no notice of any source: it bears no `source`, and links to the selection's
    page. Its UUID is made of the selection's path and query (uuid5).
    """
    channel = channel_of(settings, selection, "rss")
    words = (
        f"Hiện chưa có tin nào trong mục “{channel.title}”. "
        "Khi cơ quan đăng tin, tin sẽ tự hiện ở đây."
    )
    chosen = selection.view
    categories = tuple(name for name in Category if name in chosen.categories)
    return Notice(
        id=str(uuid5(_NAMES, selection.path + selection.query)),
        title=TITLE,
        link=channel.page,
        published=NEVER,
        first_seen=NEVER,
        updated=NEVER,
        category=categories[0],
        categories=categories,
        levels=frozenset() if chosen.levels == ALL_LEVELS else chosen.levels,
        authority=selection.audience,
        source="",
        source_url="",
        source_title="",
        guid="",
        text=publish_title(words),
        html=f"<p>{escape(words, quote=False)}</p>",
    )
