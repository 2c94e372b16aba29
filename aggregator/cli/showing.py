"""`aggregator demo`: everything at work, with no network."""

import logging
import socket
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

import click

from aggregator.app import create_app
from aggregator.app import kept_current
from aggregator.cli.common import Place
from aggregator.cli.common import log_to_stderr
from aggregator.cli.common import opened
from aggregator.cli.running import host_option
from aggregator.cli.running import port_option
from aggregator.cli.running import pulling
from aggregator.cli.running import wait
from aggregator.demo import school
from aggregator.demo.portal import Portal
from aggregator.demo.server import SampleServer
from aggregator.model import AlertSettings
from aggregator.model import FetchSettings
from aggregator.model import Settings
from aggregator.publish.view import select
from aggregator.work.declaring import now
from aggregator.work.serving import address_of
from aggregator.work.serving import listening
from aggregator.work.serving import serving

NOWHERE = ("127.0.0.1", 9)  # a demo never leaves the machine
EVERY = timedelta(seconds=10)  # so that new items show while somebody watches


@click.command()
@host_option
@port_option
@click.pass_obj
def demo(place: Place, host: str, port: int) -> None:
    """Run it all over a bundled sample portal, with no network.

    Something new is published every half minute. Its database is made anew in
    var/demo/; the real one is never touched.
    """
    log_to_stderr(logging.WARNING)
    home = Path(place.config).resolve().parent
    if not Path(place.config).exists():
        place = replace(place, config=str(resources.files("aggregator") / "feeds.toml"))
        home = Path.cwd()
    declared = place.settings()
    with ExitStack() as stack:
        door = stack.enter_context(listening(host, port))
        settings = _demo_settings(declared, door)
        town = _town(settings)
        server = stack.enter_context(SampleServer(town, town.hosts))
        database = f"sqlite:///{_fresh_database(home / 'var' / 'demo')}"
        place = replace(place, database=database)
        store = stack.enter_context(opened(place, settings))

        def dial(_scheme: str, host: str, _port: int) -> tuple[str, int]:
            return server.address_of(host) if host in town.hosts else NOWHERE

        stack.enter_context(pulling(store, settings, dial=dial))
        app = create_app(settings, store)
        stack.enter_context(kept_current(app))
        stack.enter_context(serving(app, door))
        _tell(settings, town.authority.id, server.address_of(school.HOST))
        wait(
            "the demo runs; something new comes every half minute. Some portals write "
            "strange dialects, and a guard against robots hides two of them for a "
            "minute in four: that they fail and heal is part of it"
        )


def _demo_settings(declared: Settings, door: socket.socket) -> Settings:
    """Turn real settings into the demo's: same sources, asked often, no strangers."""
    return replace(
        declared,
        site=replace(declared.site, base_url=address_of(door)),
        sources={
            name: replace(source, every=EVERY, ca_file=None)
            for name, source in declared.sources.items()
        },
        fetch=FetchSettings(allow_private=("127.0.0.0/8",)),
        alerts=AlertSettings(),  # a demo writes to nobody
    )


def _fresh_database(folder: Path) -> Path:
    """Begin anew: links of an earlier demo led to a portal that is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("aggregator.db*"):
        old.unlink()
    return folder / "aggregator.db"


def _town(settings: Settings) -> school.Town:
    """Build the sample portals, and a school of the office that publishes most."""
    sources = Counter(source.authority for source in settings.sources.values())
    standing = [a for a in settings.authorities.values() if a.until is None]
    below = [a for a in standing if a.parent] or standing
    return school.Town(
        portal=Portal(settings.sources, settings.authorities, started=now()),
        authority=max(below, key=lambda office: sources[office.id]),
        base_url=settings.site.base_url,
    )


def _tell(settings: Settings, ward: str, school_at: tuple[str, int]) -> None:
    """Say what to open."""
    base = settings.site.base_url
    everything = select(settings, next(iter(settings.authorities))).path
    host, port = school_at
    for address, vietnamese, english in (
        (f"http://{host}:{port}/", "trang trường mẫu", "a school's page, our widget"),
        (f"{base}/feeds/", "lấy địa chỉ, mã nhúng", "choose a feed or an embed"),
        (f"{base}/items/", "mọi tin đã vào", "everything that came in"),
        (f"{base}{everything}", "tin của Sở", "what the Department publishes"),
        (f"{base}{everything}.rss", "nguồn RSS", "the feed a CMS subscribes to"),
        (f"{base}/feeds/{ward}/thcs/thong-bao.rss", "một cấp, một loại", "filtered"),
    ):
        click.echo(f"  {address}\n      {vietnamese} / {english}")
