"""What reading one document needs: sent to a worker, and so in a module of its own."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.model import SourceHints


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All that reading one document needs; small enough to send to a worker."""

    body: bytes
    content_type: str = ""
    url: str = ""
    hints: SourceHints = SourceHints()
    timezone: str = "Asia/Ho_Chi_Minh"
    rules: str | None = None  # the folder of rules of one's own
    now: datetime
