"""`aggregator demo`: everything at work, with no network."""

import logging
import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

import click

from aggregator.app import create_app
from aggregator.cli.common import Place
from aggregator.cli.common import log_to_stderr
from aggregator.cli.common import opened
from aggregator.cli.running import host_option
from aggregator.cli.running import port_option
from aggregator.cli.running import pulling
from aggregator.cli.running import wait
from aggregator.demo.portal import Portal
from aggregator.demo.server import SampleServer
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
        portal = Portal(settings.sources, settings.authorities, started=now())
        server = stack.enter_context(SampleServer(portal, portal.hosts))
        database = f"sqlite:///{_fresh_database(home / 'var' / 'demo')}"
        place = replace(place, database=database)
        store = stack.enter_context(opened(place, settings))

        def dial(_scheme: str, host: str, _port: int) -> tuple[str, int]:
            return server.address_of(host) if host in portal.hosts else NOWHERE

        stack.enter_context(pulling(store, settings, dial=dial))
        stack.enter_context(serving(create_app(settings, store), door))
        _tell(settings)
        wait("the demo runs; something new comes every half minute")


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
    )


def _fresh_database(folder: Path) -> Path:
    """Begin anew: links of an earlier demo led to a portal that is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("aggregator.db*"):
        old.unlink()
    return folder / "aggregator.db"


def _tell(settings: Settings) -> None:
    """Say what to open."""
    audiences = list(settings.authorities)
    first, last = audiences[0], audiences[-1]
    base = settings.site.base_url
    all_of_it = select(settings, first)
    click.echo(
        f"\n  {base}/feeds/"
        "\n      chọn đối tượng, cấp học, loại tin / choose audience, level, category"
        f"\n  {base}{all_of_it.path}"
        f"\n      {settings.authorities[first].name}"
        f"\n  {base}{all_of_it.path}.rss"
        "\n      nguồn RSS cho CMS đăng ký / the feed a CMS subscribes to"
        f"\n  {base}/feeds/{last}/thcs/thong-bao.rss"
        f"\n      {settings.authorities[last].name}: THCS, Thông báo\n"
    )
