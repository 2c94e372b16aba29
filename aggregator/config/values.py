"""What single values of feeds.toml must look like: intervals, addresses, names. Pure.

Each mistake gets a sentence in both languages, and a hint at what would be right.
"""

import re
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo
from zoneinfo import available_timezones

from pydantic import AfterValidator
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from aggregator.model import Category
from aggregator.model import Level

SLUG = re.compile(r"[a-z0-9-]{1,63}")
_INTERVAL = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_WORD}(\.{_WORD})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_interval(text: str) -> timedelta:
    """Read an interval such as ``15m``: a whole number and one of s, m, h, d.

    Raises:
        ValueError: It is not of that form, or longer than ten years.
    """
    found = _INTERVAL.fullmatch(text)
    if not found:
        raise ValueError(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > timedelta(days=3650):
        raise ValueError(text)
    return length


def _custom(problem: str, hint: str) -> PydanticCustomError:
    # Braces would be taken for the place of a value.
    escaped = problem.replace("{", "{{").replace("}", "}}")
    return PydanticCustomError("ours", escaped, {"hint": hint})


def nearest(word: str, known: list[str]) -> str:
    """Suggest the nearest valid name, else list the valid ones."""
    found = get_close_matches(word, known, n=1, cutoff=0.5)
    if found:
        return f"ý bạn là / did you mean “{found[0]}”?"
    shown = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    return f"hợp lệ / valid: {shown}" if known else ""


def one_of(known: list[str]) -> BeforeValidator:
    """Check for one of the valid names; suggest the nearest."""

    def check(value: object) -> object:
        if isinstance(value, str) and value not in known:
            raise _custom(
                f"không có giá trị này / no such value: “{value}”",
                nearest(value, known),
            )
        return value

    return BeforeValidator(check)


def _interval(value: object) -> timedelta:
    if isinstance(value, str):
        try:
            return parse_interval(value)
        except ValueError:
            pass
    raise _custom(
        f"không phải khoảng thời gian / not an interval: {value!r}",
        '[1-9][0-9]*[smhd], ví dụ / such as "15m"',
    )


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for a port that cannot be
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x20\x7f]", value):
        raise _custom(
            f"không phải địa chỉ http(s) / not an http(s) URL: “{value}”",
            '"https://…"',
        )
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(_http_url(value))
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise _custom(
            f"chỉ gồm giao thức và tên máy / scheme and host alone: “{value}”",
            f'"{parts.scheme}://{parts.hostname}"',
        )
    if not value.isascii():
        raise _custom(
            f"chỉ gồm ký tự ASCII / ASCII alone: “{value}”", "xn--… (punycode)"
        )
    return value


def is_address(value: str) -> bool:
    """Tell an e-mail address from other text, as narrowly as headers need it."""
    return bool(_ADDRESS.fullmatch(value))


def _email(value: str) -> str:
    if not is_address(value):
        raise _custom(
            f"không phải địa chỉ thư / not an e-mail address: {value!r}",
            '"quantri@truong.edu.vn"',
        )
    return value


def _mail_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
        raise _custom(
            f"không phải tên máy / not a host name: {value!r}",
            '"smtp.truong.edu.vn"; smtp_port, smtp_security',
        )
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise _custom(
            f"không có múi giờ này / no such time zone: “{value}”",
            nearest(value, sorted(available_timezones())),
        ) from None
    return value


def network(value: str) -> str:
    """Check a network in CIDR notation."""
    try:
        return str(ip_network(value))
    except ValueError:
        raise _custom(
            f"không phải một mạng / not a network: “{value}”",
            'ví dụ / such as "127.0.0.0/8"',
        ) from None


def _slug(value: str) -> str:
    if value == "all" or not SLUG.fullmatch(value):
        raise _custom(
            f"tên không hợp lệ / not a valid name: “{value}”",
            "[a-z0-9-]{1,63}, không phải / not “all”",
        )
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise _custom("để trống / is blank", '"…"')
    return value.strip()


Text = Annotated[str, AfterValidator(_not_blank)]
Slug = Annotated[str, AfterValidator(_slug)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Email = Annotated[str, AfterValidator(_email)]
MailHost = Annotated[str, AfterValidator(_mail_host)]
Interval = Annotated[timedelta, BeforeValidator(_interval)]
Zone = Annotated[str, AfterValidator(_timezone)]
LevelName = Annotated[str, one_of([str(level) for level in Level])]
CategoryName = Annotated[
    str, one_of([*(str(category) for category in Category), "auto"])
]
