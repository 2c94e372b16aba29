"""No fault that axe-core can name, on pages with the widget and in the frame.

`AXE_CORE` says where axe.min.js is (the npm package axe-core); it is not part of this
project.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.widget.hosting import Hosts

AXE = os.environ.get("AXE_CORE", "")
pytestmark = pytest.mark.skipif(
    not AXE or not Path(AXE).is_file(), reason="AXE_CORE names no axe.min.js"
)
RUN = """() => axe.run().then(result => result.violations.map(
  fault => fault.id + ': ' + fault.nodes.map(node => node.target.join(' '))))"""
PATHS = ["/bare", "/two", "/dark", "/box", "/rtl", "/frame", "/empty"]


@pytest.mark.parametrize("width", [200, 360, 1280])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_with_the_widget(page: Any, hosts: Hosts, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 2400})
    page.goto(f"{hosts.base}{path}")
    if path == "/frame":
        page.frame_locator("#frame").locator("li").first.wait_for()
    else:
        page.locator(".more").first.wait_for()
    assert faults(page) == []


@pytest.mark.parametrize("look", ["", "?theme=dark&lang=en", "?limit=200"])
def test_the_page_for_frames(page: Any, hosts: Hosts, look: str) -> None:
    page.goto(f"{hosts.service}/embed/so/all/all{look}")
    assert faults(page, bypass=True) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "path", ["/feeds/", "/feeds/so/all/all?lang=en", "/items/", "/health/"]
)
def test_our_own_pages(page: Any, hosts: Hosts, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{hosts.service}{path}")
    assert faults(page, bypass=True) == []
    if path == "/items/":
        page.locator(".notices h2 a").first.click()
        page.locator("h1").wait_for()
        assert faults(page, bypass=True) == []


def test_the_fallback(page: Any, hosts: Hosts) -> None:
    page.route("**/*.json*", lambda route: route.abort())
    page.goto(f"{hosts.base}/bare")
    page.locator("#fallback a").wait_for()
    assert faults(page) == []


def faults(page: Any, *, bypass: bool = False) -> list[str]:
    code = Path(AXE).read_text("utf-8")
    if bypass:  # the page's policy lets in no script but its own
        found: list[str] = page.evaluate(f"() => {{ {code}; return ({RUN})(); }}")
        return found
    page.add_script_tag(content=code)
    found = page.evaluate(RUN)
    return found
