"""What one table of feeds.toml says of another: parents, successors, addresses, names.

Pure. `config.load` calls it with the tables whose shapes are right.
"""

from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from aggregator.model import AlertSettings
from aggregator.model import Authority
from aggregator.model import Settings
from aggregator.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mistake, by its key; the file is named by whoever reports it."""

    key: str
    problem: str
    hint: str


def problems_of(settings: Settings) -> list[Found]:
    """Find every mistake that stands between tables."""
    return [
        *_dead_names(settings),
        *_loops(settings.authorities),
        *_backward_times(settings.authorities.values()),
        *_same_urls(settings.sources.values()),
        *_former_names(settings.sources),
        *_missing_ca(settings.sources.values()),
        *_dumb_alerts(settings.alerts),
        *_missing_rules(settings.rules),
    ]


def _unknown(key: str, names: Iterable[str], known: list[str]) -> Iterator[Found]:
    for name in names:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"ý bạn là / did you mean “{near[0]}”?" if near else ""
        yield Found(
            key=key,
            problem=f"không có cơ quan này / no such authority: “{name}”",
            hint=hint or f"[authorities.{name}]",
        )


def _dead_names(settings: Settings) -> Iterator[Found]:
    known = list(settings.authorities)
    for authority in settings.authorities.values():
        key = f"authorities.{authority.id}"
        parents = [authority.parent] if authority.parent else []
        yield from _unknown(f"{key}.parent", parents, known)
        yield from _unknown(f"{key}.also", authority.also, known)
        yield from _unknown(f"{key}.successors", authority.successors, known)
    for source in settings.sources.values():
        yield from _unknown(f"sources.{source.id}.authority", [source.authority], known)


def _parents(authority: Authority) -> tuple[str, ...]:
    own = (authority.parent,) if authority.parent else ()
    return (*own, *authority.also)


def _successors(authority: Authority) -> tuple[str, ...]:
    return authority.successors


def _loops(authorities: Mapping[str, Authority]) -> Iterator[Found]:
    for field, step in (("parent", _parents), ("successors", _successors)):
        told: set[str] = set()
        for slug in authorities:
            loop = _loop_from(slug, authorities, step)
            if loop and told.isdisjoint(loop):
                told.update(loop)
                yield Found(
                    key=f"authorities.{slug}.{field}",
                    problem=f"vòng lặp / a loop: {' → '.join(loop)}",
                    hint="bỏ một mắt xích / take one link out",
                )


def _loop_from(
    start: str,
    authorities: Mapping[str, Authority],
    step: Callable[[Authority], tuple[str, ...]],
) -> list[str]:
    """Walk from a name; give the way back to it, if there is one."""
    ways = [[start]]
    seen = set()
    while ways:
        way = ways.pop()
        here = authorities.get(way[-1])
        for name in step(here) if here else ():
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _backward_times(authorities: Iterable[Authority]) -> Iterator[Found]:
    for authority in authorities:
        if authority.since and authority.until and authority.since > authority.until:
            yield Found(
                key=f"authorities.{authority.id}.until",
                problem="kết thúc trước khi bắt đầu / ends before it begins",
                hint=f"until ≥ {authority.since.isoformat()}",
            )


def address_key(url: str) -> str:
    """Reduce an address to what tells two documents apart: no scheme, no fragment."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').lower()}{port}{parts.path or '/'}{query}"


def _same_urls(sources: Iterable[Source]) -> Iterator[Found]:
    first: dict[str, str] = {}
    for source in sources:
        owner = first.setdefault(address_key(source.url), source.id)
        if owner != source.id:
            yield Found(
                key=f"sources.{source.id}.url",
                problem=f"trùng địa chỉ với / same URL as “sources.{owner}”",
                hint="mỗi nguồn một địa chỉ / one URL, one source",
            )


def _former_names(sources: Mapping[str, Source]) -> Iterator[Found]:
    uses = Counter(name for source in sources.values() for name in source.was)
    for source in sources.values():
        for name in source.was:
            if name in sources or uses[name] > 1:
                yield Found(
                    key=f"sources.{source.id}.was",
                    problem=f"tên cũ còn được dùng / former name in use: “{name}”",
                    hint="mỗi tên cũ thuộc một nguồn / a former name has one heir",
                )


def _missing_ca(sources: Iterable[Source]) -> Iterator[Found]:
    for source in sources:
        if source.ca_file and not Path(source.ca_file).is_file():
            yield Found(
                key=f"sources.{source.id}.ca_file",
                problem=f"không có tệp này / no such file: “{source.ca_file}”",
                hint="PEM",
            )


def _missing_rules(folder: str | None) -> Iterator[Found]:
    if folder and not Path(folder).is_dir():
        yield Found(
            key="meaning.rules",
            problem=f"không có thư mục này / no such folder: “{folder}”",
            hint="levels.toml, categories.toml, facts.toml",
        )


def _dumb_alerts(alerts: AlertSettings) -> Iterator[Found]:
    """Find alerts that could not be sent when they are needed."""
    if alerts.email_to and not alerts.smtp_host:
        yield Found(
            key="alerts.smtp_host",
            problem="có email_to mà thiếu máy chủ thư / email_to needs a mail server",
            hint='smtp_host = "smtp.truong.edu.vn"',
        )
    for name in ("smtp_password_file", "webhook_secret_file"):
        file = getattr(alerts, name)
        if file and not Path(file).is_file():
            yield Found(
                key=f"alerts.{name}",
                problem=f"không có tệp này / no such file: “{file}”",
                hint="một dòng chữ, chmod 600 / one line of text, chmod 600",
            )
