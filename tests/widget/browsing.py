"""What tests in a browser share: opening a page, and finding a widget's items."""

from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator

WATCH = """
window.shifts = 0; window.reports = [];
new PerformanceObserver(list => list.getEntries().forEach(
  entry => { window.shifts += entry.value; })).observe(
  {type: 'layout-shift', buffered: true});
document.addEventListener('securitypolicyviolation', event =>
  window.reports.push(event.violatedDirective + ' ' + event.blockedURI));
"""
NO_SIDEWAYS = "document.documentElement.scrollWidth <= window.innerWidth"
READY = "!!customElements.get('feed-widget')"
LOOKED = """new Promise(done => new IntersectionObserver(() => done()).observe(
  document.querySelector('feed-widget')))"""
PAINTED = """new Promise(done => requestAnimationFrame(
  () => requestAnimationFrame(done)))"""
BOX = "element => { const box = element.getBoundingClientRect(); return box.height; }"


def items_of(page: Any, nth: int = 0) -> "Locator":
    """Wait for a widget's items, and give their links."""
    found = page.locator("feed-widget, div.feed-widget").nth(nth).locator("li .title")
    found.first.wait_for()
    return found


def open_page(page: Any, address: str) -> list[str]:
    """Open a page; give the addresses that it asks for, as they come."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(WATCH)
    page.goto(address)
    return asked
