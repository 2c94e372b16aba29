"""What feeds.toml says, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import timedelta

from aggregator.model.meanings import SourceHints
from aggregator.model.names import Category
from aggregator.model.names import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who publishes: a Sở, Phòng, ward or cluster, with its place in the tree."""

    id: str
    name: str
    short: str = ""
    parent: str | None = None
    also: tuple[str, ...] = ()
    levels: frozenset[Level] = frozenset()
    since: date | None = None
    until: date | None = None
    successors: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name it as briefly as it allows."""
        return self.short or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed that is read. Its id is a slug and never changes (else ``was``)."""

    id: str
    url: str
    authority: str
    category: Category | None = None  # None: classified item by item ("auto")
    levels: frozenset[Level] = frozenset()  # empty: classified item by item
    every: timedelta = timedelta(minutes=15)
    was: tuple[str, ...] = ()
    timezone: str | None = None
    ca_file: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """How the service names itself to the world."""

    title: str
    base_url: str
    contact: str = ""
    timezone: str = "Asia/Ho_Chi_Minh"
    language: str = "vi"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """Limits of fetching that an operator may set."""

    allow_private: tuple[str, ...] = ()  # networks, in CIDR notation
    timeout: timedelta = timedelta(seconds=30)  # for one whole answer
    concurrency: int = 32  # requests under way at once
    spacing: timedelta = timedelta(milliseconds=250)  # between two to one host


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """Whom to tell when something fails, and how; a log line is written anyway.

    No secret stands here: files are named, and read when something is sent.
    """

    email_to: tuple[str, ...] = ()
    email_from: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"  # or tls, none
    smtp_user: str = ""
    smtp_password_file: str | None = None
    webhook_url: str = ""
    webhook_secret_file: str | None = None  # None: a key made from the site's secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of feeds.toml, checked."""

    path: str
    site: Site
    authorities: Mapping[str, Authority]
    sources: Mapping[str, Source]
    fetch: FetchSettings = FetchSettings()
    alerts: AlertSettings = AlertSettings()
    rules: str | None = None  # a folder with rule files in place of the packaged ones

    def hints(self, source: str) -> SourceHints:
        """Say what is known of a source before a title of it is read."""
        declared = self.sources[source]
        return SourceHints(
            category=declared.category,
            levels=declared.levels,
            authority_levels=self.authorities[declared.authority].levels,
        )
