"""Every error that this service raises on purpose, and the names of what can fail.

    AggregatorError
    ├── ConfigError(problems)            feeds.toml cannot be used; names the key
    ├── StoreError                       the database is absent, too old or too new
    ├── SourceError(reason, detail)      one pull failed; recorded, never fatal
    │   ├── FetchError(status)
    │   └── ParseError
    ├── ViewError(status)                an address names what cannot be: 400 or 404
    └── DeliveryError(way, detail)       one way of telling failed; tried again later

"Not modified" is a value, not an error.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AggregatorError(Exception):
    """The root of all errors raised on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in feeds.toml: where it is, what is wrong, what would be right."""

    file: str
    key: str
    problem: str
    hint: str

    def __str__(self) -> str:
        """Write the mistake as one line for a person."""
        hint = f" → {self.hint}" if self.hint else ""
        return f"{self.file}: {self.key}: {self.problem}{hint}"


class ConfigError(AggregatorError):
    """A setting is missing or wrong; stops the start with exit code 2."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class StoreError(AggregatorError):
    """The database cannot be used as it is; the message says what to run."""


class ViewError(AggregatorError):
    """An address names an audience, level, category or limit that cannot be.

    Attributes:
        status: 404 for an unknown name, 400 for a bad value.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Reason(StrEnum):
    """Why a pull failed: the one list that logs, tables and pages use."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TLS_CHAIN = "tls_chain"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    PRIVATE_ADDRESS = "private_address"
    BAD_URL = "bad_url"
    REDIRECT_LOOP = "redirect_loop"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    GONE = "gone"
    LIMITED = "limited"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    UNEXPECTED_STATUS = "unexpected_status"
    EMPTY_BODY = "empty_body"
    NOT_A_FEED = "not_a_feed"
    HTML_PAGE = "html_page"
    BOT_PAGE = "bot_page"
    EMPTIED = "emptied"
    PARSE_TIMEOUT = "parse_timeout"
    PARSE_CRASH = "parse_crash"
    INTERNAL = "internal"


# Reason: (Vietnamese, English, whose turn it is).
SENTENCES: dict[Reason, tuple[str, str, str]] = {
    Reason.DNS: ("Không tìm thấy tên miền", "The host name was not found", "portal"),
    Reason.REFUSED: (
        "Máy chủ từ chối kết nối",
        "The server refused the connection",
        "portal",
    ),
    Reason.UNREACHABLE: (
        "Không tới được máy chủ",
        "The server could not be reached",
        "network",
    ),
    Reason.TLS: (
        "Chứng chỉ hoặc kết nối mã hóa có lỗi",
        "The certificate or the encrypted connection is faulty",
        "portal",
    ),
    Reason.TLS_CHAIN: (
        "Máy chủ không gửi chứng chỉ trung gian (hoặc nơi cấp chưa được tin cậy)",
        "The server omits its intermediate certificate, or its issuer is not trusted",
        "portal",
    ),
    Reason.TIMEOUT: (
        "Quá thời gian chờ",
        "The answer took longer than the time limit",
        "portal",
    ),
    Reason.BROKEN: (
        "Kết nối bị đứt hoặc trả lời sai giao thức",
        "The connection broke or the answer was not HTTP",
        "portal",
    ),
    Reason.TRUNCATED: (
        "Nội dung bị cắt ngang",
        "The document ends before its end",
        "portal",
    ),
    Reason.TOO_LARGE: (
        "Nội dung vượt giới hạn dung lượng",
        "The body is larger than the limit",
        "portal",
    ),
    Reason.PRIVATE_ADDRESS: (
        "Địa chỉ thuộc mạng riêng nên không truy cập",
        "The address is private and allow_private does not name it",
        "operator",
    ),
    Reason.BAD_URL: (
        "Địa chỉ không hợp lệ",
        "The address is not a usable http(s) URL",
        "operator",
    ),
    Reason.REDIRECT_LOOP: (
        "Chuyển hướng vòng quanh hoặc quá nhiều lần",
        "Redirected in a loop or too often",
        "portal",
    ),
    Reason.UNAUTHORIZED: (
        "Máy chủ không cho phép đọc (401/403)",
        "The server does not let us read it (401/403)",
        "portal",
    ),
    Reason.NOT_FOUND: (
        "Không còn ở địa chỉ này (404)",
        "Nothing stands at this address (404)",
        "operator",
    ),
    Reason.GONE: (
        "Đã gỡ bỏ hẳn (410)",
        "Removed for good, says the server (410)",
        "operator",
    ),
    Reason.LIMITED: (
        "Máy chủ yêu cầu hỏi thưa hơn (429/503)",
        "The server asks us to come less often (429/503)",
        "nobody",
    ),
    Reason.CLIENT_ERROR: (
        "Máy chủ báo yêu cầu sai (4xx)",
        "The server finds fault with the request (4xx)",
        "operator",
    ),
    Reason.SERVER_ERROR: (
        "Máy chủ gặp lỗi (5xx)",
        "The server failed (5xx)",
        "portal",
    ),
    Reason.UNEXPECTED_STATUS: (
        "Mã trả lời bất thường",
        "An answer with a status that means nothing here",
        "portal",
    ),
    Reason.EMPTY_BODY: ("Trả lời rỗng", "The body is empty", "portal"),
    Reason.NOT_A_FEED: (
        "Nội dung không phải là nguồn tin RSS/Atom",
        "The document is not a feed",
        "portal",
    ),
    Reason.HTML_PAGE: (
        "Nhận được trang web thay vì nguồn tin RSS/Atom",
        "A web page came in place of a feed",
        "portal",
    ),
    Reason.BOT_PAGE: (
        "Trang chống robot chặn việc đọc nguồn tin",
        "A page against robots stands before the feed",
        "portal",
    ),
    Reason.EMPTIED: (
        "Nguồn đang có tin bỗng trống không",
        "A feed that had entries has none now",
        "portal",
    ),
    Reason.PARSE_TIMEOUT: (
        "Đọc nội dung quá lâu nên đã dừng",
        "Reading the document took too long and was stopped",
        "operator",
    ),
    Reason.PARSE_CRASH: (
        "Tiến trình đọc nội dung bị hỏng",
        "The process that read the document died",
        "operator",
    ),
    Reason.INTERNAL: (
        "Lỗi bên trong phần mềm",
        "A fault of this software; see the log",
        "operator",
    ),
}


# What befalls a host rather than one address on it.
OF_A_HOST = frozenset(
    {
        *(Reason.DNS, Reason.REFUSED, Reason.UNREACHABLE, Reason.TIMEOUT),
        *(Reason.BROKEN, Reason.TLS, Reason.TLS_CHAIN, Reason.SERVER_ERROR),
        *(Reason.BOT_PAGE, Reason.HTML_PAGE, Reason.LIMITED),
    }
)
# Of these, what one page alone cannot give: no answer came from the host at all.
OF_A_CONNECTION = frozenset(
    {Reason.DNS, Reason.REFUSED, Reason.UNREACHABLE, Reason.TLS, Reason.TLS_CHAIN}
)
# Whose turn it is, as a person reads it: (Vietnamese, English).
TURNS: dict[str, tuple[str, str]] = {
    "portal": ("người quản trị cổng thông tin nguồn", "the portal's administrator"),
    "operator": ("người vận hành hệ thống này", "the operator of this service"),
    "network": ("người quản trị mạng", "whoever runs the network between"),
    "nobody": ("không ai, chỉ cần chờ", "nobody: it needs only time"),
}


def whose_turn(reason: str) -> str:
    """Say who has to act on a reason: a key of `TURNS`; "" for no reason."""
    try:
        return SENTENCES[Reason(reason)][2]
    except ValueError:
        return ""


def sentence(reason: str, language: str = "vi") -> str:
    """Say what a reason means, in ``vi`` or ``en``; an unknown reason is itself."""
    try:
        vietnamese, english, _ = SENTENCES[Reason(reason)]
    except ValueError:
        return reason
    return english if language == "en" else vietnamese


class SourceError(AggregatorError):
    """One pull of one source failed; the pipeline records it and goes on."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail


class FetchError(SourceError):
    """The source's document could not be had.

    Attributes:
        status: The HTTP status, where there was one.
        retry_after: When the server lets us come again, where it said so.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        status: int | None = None,
        retry_after: datetime | None = None,
    ) -> None:
        super().__init__(reason, detail)
        self.status = status
        self.retry_after = retry_after


class ParseError(SourceError):
    """A document came, but no feed could be read from it."""


class DeliveryError(AggregatorError):
    """An alert did not get through one way; the others are not held up by it.

    Attributes:
        way: ``log``, ``email`` or ``webhook``.
    """

    def __init__(self, way: str, detail: str) -> None:
        super().__init__(f"{way}: {detail}")
        self.way = way
        self.detail = detail
