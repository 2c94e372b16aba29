"""How pulls ended, as told to whoever waits for them and in the log."""

import logging
from concurrent.futures import CancelledError
from concurrent.futures import Future
from dataclasses import dataclass

from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.model import Attempt
from aggregator.model import Digest

log = logging.getLogger("aggregator.pull")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How one pull of one source ended, as told to whoever waits for it."""

    source: str
    attempt: Attempt
    lost: bool = False  # the lease ran out meanwhile; nothing was saved


def result_of(done: "Future[Digest]") -> Digest | SourceError:
    try:
        return done.result()
    except SourceError as error:
        return error
    except CancelledError:
        return SourceError(Reason.PARSE_CRASH, "stopped")
    except Exception as error:  # a fault of ours must not stop the other sources
        log.exception("reading failed")
        return fault(error)


def fault(error: Exception) -> SourceError:
    """Name a fault of ours, on one short line: databases quote whole statements."""
    words = f"{type(error).__name__}: {error}".split()
    return SourceError(Reason.INTERNAL, " ".join(words)[:200])


def tell(report: Report) -> None:
    """Log one line for a pull, as fields."""
    attempt = report.attempt
    fields: dict[str, object] = {"source": report.source, "outcome": attempt.outcome}
    if report.lost:
        fields["lost"] = "lease"
    if attempt.status is not None:
        fields["status"] = attempt.status
    if attempt.reason:
        fields |= {"reason": attempt.reason, "detail": f'"{attempt.detail}"'}
    if attempt.plan is not None:
        fields |= attempt.plan.counts | {"gap": attempt.plan.gap}
        fields["reader"] = "strict" if attempt.plan.strictly else "feedparser"
    line = " ".join(f"{name}={value}" for name, value in fields.items())
    log.log(logging.WARNING if attempt.reason else logging.INFO, "pulled %s", line)
