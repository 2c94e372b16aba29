"""What cannot be published is told of: in the log, on `/health/`, in an alert."""

import logging
from collections.abc import Sequence

from aggregator.errors import StoreError
from aggregator.model import Note
from aggregator.publish.proof import Poisoned
from aggregator.store.incidents import was_told
from aggregator.store.incidents import write_note
from aggregator.web.context import Context

POISONED = "poisoned"
_log = logging.getLogger("aggregator.web")


def tell_poisoned(here: Context, poisoned: Sequence[Poisoned], *, key: str) -> None:
    """Tell of what was left out of a document: once for each notice, for ever.

    Each time a document is made without it the log says so. That telling fails keeps no
    document back.
    """
    for each in poisoned:
        _log.error("%s is left out of %s: %s", each.notice.id, key, each.why)
    try:
        _write(here, poisoned)
    except StoreError as error:
        _log.error("what was left out could not be told: %s", error)


def _write(here: Context, poisoned: Sequence[Poisoned]) -> None:
    if not poisoned:
        return
    with here.store.write() as connection:
        for each in poisoned:
            if not was_told(connection, POISONED, each.notice.id):
                note = Note(kind=POISONED, detail=each.why)
                write_note(connection, each.notice.id, note, here.clock())
