"""What every outlet of a selection does alike: version, notices, bytes, address."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from functools import partial

from flask import redirect
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.model import Notice
from aggregator.publish.history import NO_HISTORY
from aggregator.publish.history import History
from aggregator.publish.parts import NEVER
from aggregator.publish.proof import Prove
from aggregator.publish.proof import proven
from aggregator.publish.view import DEFAULT_LIMIT
from aggregator.publish.view import Selection
from aggregator.store.archives import bounds
from aggregator.store.archives import month_of
from aggregator.store.archives import neighbours
from aggregator.store.archives import turned
from aggregator.store.engine import Connection
from aggregator.store.scope import end_of_day
from aggregator.store.scope import told_since
from aggregator.store.shape import shape
from aggregator.store.views import cells_of
from aggregator.store.views import last_untold
from aggregator.store.views import read_view
from aggregator.store.views import view_version
from aggregator.web.caching import CACHE_CONTROL
from aggregator.web.caching import Rendered
from aggregator.web.caching import Version
from aggregator.web.caching import is_known
from aggregator.web.caching import rendered
from aggregator.web.caching import version
from aggregator.web.context import Context
from aggregator.web.known import Keep
from aggregator.web.known import keep
from aggregator.web.poison import tell_poisoned

_log = logging.getLogger("aggregator.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form in which a selection is published."""

    content_type: str
    render: Callable[..., bytes]
    prove: Prove
    dated: bool = False  # only what has an event or a deadline
    archived: bool = False  # links to archives of its months (RFC 5005)
    gone: bool = False  # tells for a while of what was taken away
    joined: bool = False  # of items that were written before
    usual: int = DEFAULT_LIMIT  # how many items where an address does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A selection as the store shows it in one transaction."""

    stamp: str
    notices: list[Notice]
    changed_at: datetime | None  # when its items last changed
    dated_at: datetime  # when its bytes did: settings and software count too
    history: History = NO_HISTORY  # which archives stand beside it


def moved_from(path: str) -> BaseResponse | None:
    """Lead to the one address of a selection, if this is another.

    Scripts of other sites may follow too; 301, which every CMS follows (C1).
    """
    if request.path == path:
        return None
    query = request.query_string.decode("ascii", "replace")
    response = redirect(path + (f"?{query}" if query else ""), code=301)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def stamp_of(
    here: Context, chosen: Selection, *, archived: bool = False
) -> tuple[str, datetime]:
    """Ask the store at which version a selection stands, and since when.

    One short query.

    Args:
        archived: The form links to archives.
    """
    with here.store.read() as connection:
        return _stamp(here, connection, chosen, archived=archived)[:2]


def _stamp(
    here: Context, connection: Connection, chosen: Selection, *, archived: bool = False
) -> tuple[str, datetime, datetime | None]:
    """Give stamp, when the bytes changed, and when the items alone did.

    The stamp begins with the sum of the counters. What was taken away is told of for so
    many days, and a month that is over is linked: when such a thing last happened is
    part of it, too.
    """
    view = chosen.view
    version, form = view_version(connection, view), shape(connection, here.shape)
    passed = [last_untold(connection, view)]
    if archived and view.on is None:
        passed.append(turned(version.changed_at, here.clock(), view.timezone))
    moments = (version.changed_at, form.changed_at, *passed)
    dated_at = max((m for m in moments if m is not None), default=NEVER)
    parts = [version.stamp, form.stamp]
    parts += [moment.isoformat() for moment in passed if moment is not None]
    return "/".join(parts), dated_at, version.changed_at


def read_selection(
    here: Context, chosen: Selection, *, dated: bool = False, archived: bool = False
) -> Reading:
    """Read a selection and its version together.

    Args:
        dated: Only what has an event or a deadline.
        archived: The form links to archives.
    """
    view, history = chosen.view, NO_HISTORY
    with here.store.read() as connection:
        stamp, dated_at, changed_at = _stamp(
            here, connection, chosen, archived=archived
        )
        notices = read_view(connection, view, dated=dated)
        if archived and view.on is None:
            today = month_of(here.clock(), view.timezone)
            begin, end = bounds(today, view.timezone)
            older, _ = neighbours(connection, view, begin=begin, end=end)
            history = History(older=older)
    return Reading(
        stamp=stamp,
        notices=notices,
        changed_at=changed_at,
        dated_at=dated_at,
        history=history,
    )


def telling_losses(here: Context, chosen: Selection) -> Selection:
    """Let a selection also hold what was taken away in the last days, as such."""
    view = chosen.view
    since = told_since(view.on or here.today(), view.timezone)
    return replace(chosen, view=replace(view, gone_since=since))


def keep_answer(
    here: Context,
    chosen: Selection,
    known: Version,
    *,
    address: str,
    content_type: str,
) -> None:
    """Let the answer with a selection be given again while nothing changes.

    Until midnight at most: some bytes depend on the day.

    Args:
        address: The one way to write it: path and query.
    """
    keep(
        request.environ,
        Keep(
            version=known,
            content_type=content_type,
            address=address,
            cells=cells_of(chosen.view),
            counted=int(known.stamp.partition("/")[0]),
            until=end_of_day(here.today(), chosen.view.timezone),
        ),
    )


def known_form(here: Context, chosen: Selection, form: Form, *, key: str) -> Version:
    """Give a selection's bytes in a form, made anew only when it changed.

    Who has today's version already gets that alone, and nothing is rendered.
    """
    if form.gone:
        chosen = telling_losses(here, chosen)
    return known_document(
        here,
        chosen,
        form,
        key=key,
        stamp=lambda: stamp_of(here, chosen, archived=form.archived),
        read=lambda: read_selection(
            here, chosen, dated=form.dated, archived=form.archived
        ),
    )


def known_document(
    here: Context,
    chosen: Selection,
    form: Form,
    *,
    key: str,
    stamp: Callable[[], tuple[str, datetime]],
    read: Callable[[], Reading],
) -> Version:
    """Give the bytes of a document, made anew only when it changed.

    Args:
        stamp: Asks the store at which version it stands, and since when.
        read: Reads it.
    """
    try:
        now, dated_at = stamp()
    except Exception as error:
        last = here.cache.last(key)
        if last is None:
            raise
        _log.error("the last good bytes are served of %s: %s", key, error)
        return last
    today = version(key, stamp=now, changed_at=dated_at)
    if is_known(request, today, here.clock()):
        return today
    return here.cache.get(
        key,
        stamp=lambda: now,
        render=lambda: _render(here, chosen, form, key=key, reading=read()),
    )


def _render(
    here: Context, chosen: Selection, form: Form, *, key: str, reading: Reading
) -> Rendered:
    make = partial(
        form.render,
        settings=here.settings,
        selection=chosen,
        changed_at=reading.changed_at,
        **({"history": reading.history} if form.archived else {}),
        **({"fragments": here.fragments} if form.joined else {}),
    )
    body, poisoned = proven(make, form.prove, reading.notices)
    tell_poisoned(here, poisoned, key=key)
    made = version(key, stamp=reading.stamp, changed_at=reading.dated_at)
    return rendered(body, stamp=made.stamp, changed_at=made.changed_at, etag=made.etag)
