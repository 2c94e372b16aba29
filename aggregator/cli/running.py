"""Commands that stay: `run`, `serve`, `work`; and `migrate`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from ipaddress import ip_network
from urllib.parse import urlsplit

import click

from aggregator.app import create_app
from aggregator.app import kept_current
from aggregator.cli.common import Place
from aggregator.cli.common import log_to_stderr
from aggregator.cli.common import opened
from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.intake.net import Dial
from aggregator.model import Settings
from aggregator.store.engine import Store
from aggregator.work.clock import Clock
from aggregator.work.engine import running
from aggregator.work.serving import address_of
from aggregator.work.serving import end_within
from aggregator.work.serving import listening
from aggregator.work.serving import serving
from aggregator.work.signals import until_told

_STOP_SECONDS = 6  # for the save under way
_END_SECONDS = 9  # for the whole of stopping
host_option = click.option("--host", default="127.0.0.1", show_default=True)
port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535)
)


@click.command()
@host_option
@port_option
@click.pass_obj
def run(place: Place, host: str, port: int) -> None:
    """Run the whole service on this machine: clock, pulls, web."""
    log_to_stderr(logging.INFO)
    settings = place.settings()
    _need_contact(settings)
    with listening(host, port) as door, opened(place, settings) as store:
        app = create_app(settings, store, copies=place.copies())
        with pulling(store, settings), kept_current(app), serving(app, door):
            wait(f"{address_of(door)}/feeds/")


@click.command()
@host_option
@port_option
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes; each fills a core.",
)
@click.pass_obj
def serve(place: Place, host: str, port: int, workers: int) -> None:
    """Serve the web alone; any number may run beside each other."""
    from aggregator.work.workers import serve_in_processes

    log_to_stderr(logging.INFO)
    settings = place.settings()
    with listening(host, port) as door:  # else nobody would say that it is taken
        address, (host, port) = address_of(door), door.getsockname()[:2]
    with opened(place, settings):
        pass  # a database that cannot be used is told here, not by each process
    serve_in_processes(
        settings,
        place.database_url(),
        host=host,
        port=port,
        workers=workers,
        copies=place.copies(),
        ready=lambda: tell(f"{address}/feeds/"),
    )
    click.echo("aggregator: stopping", err=True)


@click.command()
@click.pass_obj
def work(place: Place) -> None:
    """Run the clock and the pulls alone."""
    log_to_stderr(logging.INFO)
    settings = place.settings()
    _need_contact(settings)
    with opened(place, settings) as store, pulling(store, settings):
        wait(f"{len(settings.sources)} sources")


@click.command()
@click.pass_obj
def migrate(place: Place) -> None:
    """Bring the database to today's schema."""
    place_url = place.database_url()
    store = Store(place_url)
    try:
        store.migrate()
    finally:
        store.close()
    click.echo("the database has today's schema", err=True)


def tell(what: str) -> None:
    """Say what is there."""
    click.echo(f"aggregator: {what}  (Ctrl-C ends it)", err=True)


def wait(what: str) -> None:
    """Say what is there, and wait until SIGTERM or SIGINT."""
    with until_told() as told:
        tell(what)
        told.wait()
    click.echo("aggregator: stopping", err=True)
    end_within(_END_SECONDS)


@contextmanager
def pulling(
    store: Store, settings: Settings, *, dial: Dial | None = None
) -> Iterator[None]:
    """Pull what is due, in threads beside the caller."""
    with running(store, settings, dial=dial) as engine:
        clock = Clock(engine)
        clock.start()
        try:
            yield
        finally:
            clock.stop(_STOP_SECONDS)


# --- Public hosts need a contact ----------------------------------------------


def _need_contact(settings: Settings) -> None:
    """Refuse to poll strangers' servers without saying who asks."""
    if settings.site.contact.strip():
        return
    public = [s.id for s in settings.sources.values() if _is_public(s.url, settings)]
    if public:
        raise ConfigError(
            Problem(
                file=settings.path,
                key="site.contact",
                problem=(
                    f"chưa có liên hệ, nên không hỏi máy chủ công cộng / without it no "
                    f"public host is polled ({len(public)} sources, first: {public[0]})"
                ),
                hint='contact = "quantri@truong.edu.vn"; thử / try: make demo',
            )
        )


def _is_public(url: str, settings: Settings) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    allowed = [ip_network(network) for network in settings.fetch.allow_private]
    return not any(address in network for network in allowed)
