"""What each table of feeds.toml must look like by itself: its keys and their types.

Pure. pydantic finds all mistakes at once; here each gets a sentence and a hint.
"""

import copy
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import date
from datetime import timedelta
from typing import Annotated
from typing import Any

from pydantic import AfterValidator
from pydantic import BaseModel
from pydantic import ConfigDict
from pydantic import Field
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.links import Found
from aggregator.config.values import BaseUrl
from aggregator.config.values import CategoryName
from aggregator.config.values import Email
from aggregator.config.values import HttpUrl
from aggregator.config.values import Interval
from aggregator.config.values import LevelName
from aggregator.config.values import MailHost
from aggregator.config.values import Slug
from aggregator.config.values import Text
from aggregator.config.values import Zone
from aggregator.config.values import nearest
from aggregator.config.values import network
from aggregator.config.values import one_of


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SiteTable(_Table):
    title: Text = "Tin ngành Giáo dục"
    base_url: BaseUrl = "http://127.0.0.1:8000"
    contact: str = ""
    timezone: Zone = "Asia/Ho_Chi_Minh"
    language: Annotated[str, one_of(["vi", "en"])] = "vi"


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
    allow_private: list[Annotated[str, AfterValidator(network)]] = []
    timeout: Interval = timedelta(seconds=30)
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 32
    spacing: Interval = timedelta(milliseconds=250)


class AlertsTable(_Table):
    email_to: list[Email] = []
    email_from: Email | None = None
    smtp_host: MailHost | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: Annotated[str, one_of(["starttls", "tls", "none"])] = "starttls"
    smtp_user: Text | None = None
    smtp_password_file: Text | None = None
    webhook_url: HttpUrl | None = None
    webhook_secret_file: Text | None = None


class MeaningTable(_Table):
    rules: Text | None = None


class FileTable(_Table):
    site: SiteTable = SiteTable()
    authorities: Annotated[dict[Slug, AuthorityTable], Field(min_length=1)]
    sources: dict[Slug, SourceTable] = {}
    fetch: FetchTable = FetchTable()
    alerts: AlertsTable = AlertsTable()
    meaning: MeaningTable = MeaningTable()


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
    "alerts": AlertsTable,
    "meaning": MeaningTable,
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
