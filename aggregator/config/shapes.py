"""What each table of feeds.toml must look like by itself: keys, types, values.

Pure. pydantic finds all mistakes at once; here each gets a sentence and a hint.
"""

import copy
import re
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo
from zoneinfo import available_timezones

from pydantic import AfterValidator
from pydantic import BaseModel
from pydantic import BeforeValidator
from pydantic import ConfigDict
from pydantic import Field
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_core import PydanticCustomError

from aggregator.config.links import Found
from aggregator.model import Category
from aggregator.model import Level

SLUG = re.compile(r"[a-z0-9-]{1,63}")
_INTERVAL = re.compile(r"([1-9][0-9]{0,6})([smhd])")
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


def _one_of(known: list[str]) -> BeforeValidator:
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


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise _custom(
            f"không có múi giờ này / no such time zone: “{value}”",
            nearest(value, sorted(available_timezones())),
        ) from None
    return value


def _network(value: str) -> str:
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
Interval = Annotated[timedelta, BeforeValidator(_interval)]
Zone = Annotated[str, AfterValidator(_timezone)]
LevelName = Annotated[str, _one_of([str(level) for level in Level])]
CategoryName = Annotated[
    str, _one_of([*(str(category) for category in Category), "auto"])
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SiteTable(_Table):
    title: Text = "Tin ngành Giáo dục"
    base_url: BaseUrl = "http://127.0.0.1:8000"
    contact: str = ""
    timezone: Zone = "Asia/Ho_Chi_Minh"
    language: Annotated[str, _one_of(["vi", "en"])] = "vi"


class AuthorityTable(_Table):
    name: Text
    short: Annotated[str, Field(max_length=64)] = ""
    parent: str | None = None
    also: list[str] = []
    levels: list[LevelName] = []
    since: date | None = None
    until: date | None = None
    successors: list[str] = []


class SourceTable(_Table):
    url: HttpUrl
    authority: str
    category: CategoryName
    levels: list[LevelName] = []
    every: Interval = timedelta(minutes=15)
    was: list[Slug] = []
    timezone: Zone | None = None
    ca_file: Text | None = None
    user_agent: Text | None = None


class FetchTable(_Table):
    allow_private: list[Annotated[str, AfterValidator(_network)]] = []
    timeout: Interval = timedelta(seconds=30)
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 32


class FileTable(_Table):
    site: SiteTable = SiteTable()
    authorities: Annotated[dict[Slug, AuthorityTable], Field(min_length=1)]
    sources: dict[Slug, SourceTable] = {}
    fetch: FetchTable = FetchTable()


def check(data: dict[str, Any]) -> tuple[FileTable, list[Found]]:
    """Check the shapes; give the sound tables, and every mistake found.

    What is wrong is left out of the tables, so that what stands between the others
    can still be checked and a person sees all mistakes in one go.
    """
    try:
        return FileTable.model_validate(data), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=True)
    rest = copy.deepcopy(data)
    for detail in details:
        _leave_out(rest, [part for part in detail["loc"] if part != "[key]"])
    try:
        tables = FileTable.model_validate(rest)
    except ValidationError:
        tables = FileTable.model_construct(authorities={}, sources={})
    return tables, [_found(detail) for detail in details]


def _leave_out(data: dict[str, Any], path: list[Any]) -> None:
    """Take one mistake out of the data, so that the rest can be read."""
    if len(path) == 1 and path[0] in ("authorities", "sources"):
        data[path[0]] = {}
        return
    if path[0] == "sources" and path[-1] in ("url", "authority", "category"):
        path = path[:2]  # a source without these is none
    depth = len(path) - (1 if isinstance(path[-1], str) else 2)  # a list goes whole
    key = path[depth]
    table: Any = data
    for part in path[:depth]:
        table = table.get(part) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return  # it went with the table around it
    if key == "name":
        table[key] = "?"  # others may still refer to this authority
    else:
        table.pop(key, None)


_TYPES = {
    "string_type": ("phải là chuỗi / must be text", '"…"'),
    "list_type": ("phải là danh sách / must be a list", '["…"]'),
    "int_type": ("phải là số nguyên / must be a whole number", "32"),
    "date_type": ("phải là ngày / must be a date", "2025-06-30"),
    "date_from_datetime_inexact": ("phải là ngày / must be a date", "2025-06-30"),
    "missing": ("thiếu khóa bắt buộc / a required key is missing", ""),
    "model_type": ("phải là một bảng / must be a table", "[…]"),
    "dict_type": ("phải là một bảng / must be a table", "[…]"),
    "too_short": ("chưa có mục nào / there is none yet", "[authorities.so]"),
    "string_too_long": ("dài quá / is too long", "≤ 64"),
}
_TABLES: Mapping[str, type[_Table]] = {
    "site": SiteTable,
    "authorities": AuthorityTable,
    "sources": SourceTable,
    "fetch": FetchTable,
}


def _found(detail: ErrorDetails) -> Found:
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    key = ".".join(path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        problem = "khóa không có trong thiết kế / unknown key"
        hint = nearest(path[-1], list(_keys_beside(path)))
    elif kind == "ours":
        problem, hint = detail["msg"], detail["ctx"]["hint"]
    elif kind in _TYPES:
        problem, hint = _TYPES[kind]
        hint = hint or f'{path[-1]} = "…"'
    else:
        problem, hint = f"không hợp lệ / not valid ({detail['msg']})", ""
    return Found(key=key, problem=problem, hint=hint)


def _keys_beside(path: list[str]) -> Iterator[str]:
    """Name the keys that may stand where an unknown one stood."""
    if len(path) == 1:
        yield from FileTable.model_fields
    else:
        yield from _TABLES[path[0]].model_fields
