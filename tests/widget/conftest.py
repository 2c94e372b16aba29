"""A client of an application with a widget; a service and a foreign site to browse."""

import os
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import pytest
from flask.testing import FlaskClient

from aggregator.model import Settings
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from aggregator.work.serving import address_of
from aggregator.work.serving import listening
from aggregator.work.serving import serving
from tests.conftest import NOW
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.widget.hosting import Hosts
from tests.widget.making import app_of
from tests.widget.making import ten

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import BrowserContext
    from playwright.sync_api import Page

CHROMIUM = os.environ.get("AGGREGATOR_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture
def empty(
    tmp_path: Path, declare: Callable[[Store, Settings], None]
) -> Iterator[Store]:
    """Give a store that knows its sources and has no notice."""
    store = open_store(f"sqlite:///{tmp_path}/widget.db")
    declare(store, SAID)
    yield store
    store.close()


@pytest.fixture
def full(empty: Store) -> Store:
    """Give a store with ten long notices."""
    ten(empty)
    return empty


@pytest.fixture
def clock() -> Clock:
    """Give a clock to set."""
    return Clock()


@pytest.fixture
def client(full: Store, clock: Clock) -> FlaskClient:
    """Give a client of the application."""
    return app_of(full, clock).test_client()


@pytest.fixture
def bare(empty: Store, clock: Clock) -> FlaskClient:
    """Give a client of an application that has nothing to show."""
    return app_of(empty, clock).test_client()


# --- Browsing -----------------------------------------------------------------


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Browser]":
    """Start Chromium, or skip by name where it is not there."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright here")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set AGGREGATOR_CHROMIUM")
    home = str(tmp_path_factory.mktemp("home"))
    with sync_api.sync_playwright() as started:
        made = started.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, env={**os.environ, "HOME": home}
        )
        yield made
        made.close()


@pytest.fixture
def service(full: Store) -> Iterator[str]:
    """Serve the application on loopback; give its address."""
    with ExitStack() as stack:
        door = stack.enter_context(listening("127.0.0.1", 0))
        stack.enter_context(serving(app_of(full), door))
        yield address_of(door)


@pytest.fixture
def hosts(service: str) -> Iterator[Hosts]:
    """Serve pages of a foreign site that embed the widget."""
    with ExitStack() as stack:
        door = stack.enter_context(listening("127.0.0.1", 0))
        site = Hosts(service=service, base=address_of(door))
        stack.enter_context(serving(site.answer, door))
        yield site


@pytest.fixture
def visit(browser: "Browser") -> "Iterator[BrowserContext]":
    """Give a visitor without history."""
    context = browser.new_context(locale="vi-VN")
    yield context
    context.close()


@pytest.fixture
def page(visit: "BrowserContext") -> "Iterator[Page]":
    """Give a tab in which every error, dialog and policy report is kept."""
    tab: Any = visit.new_page()
    tab.faults = []
    tab.set_default_timeout(8000)
    tab.clock.install(time=NOW)
    tab.on("pageerror", lambda error: tab.faults.append(f"error: {error}"))
    tab.on("dialog", lambda box: (tab.faults.append("dialog"), box.dismiss()))
    tab.on(
        "console",
        lambda line: line.type in ("error", "warning")
        and tab.faults.append(f"console: {line.text}"),
    )
    yield tab
