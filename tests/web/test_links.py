"""Documents beside an item: whom it names, who names it, and what stays a number."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from lxml import html as lxml_html

from aggregator.intake.saving import store_plans
from aggregator.meaning.understanding import understand
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import SourceHints
from aggregator.store import schema
from aggregator.store import sources as stored_sources
from aggregator.store.engine import Store
from aggregator.web.links import MOST_NAMING
from tests.conftest import NOW
from tests.conftest import item
from tests.web.filled import SAID
from tests.web.filled import plan_of

DAY = timedelta(days=1)


def notice(name: str, title: str, text: str = "", *, days: int = 1) -> Item:
    """Make an item that is understood as it would be when it is read."""
    given = NOW - days * DAY
    meant = understand(title, text, hints=SourceHints(), now=NOW, published=given)
    said = {"title": title, "text": text, "fingerprint": title}
    return item(name, given=given, meaning=meant, **said)


@pytest.fixture
def put(empty: Store) -> Callable[..., str]:
    """Store items as a pull of a source does; give the first one's address."""

    def put(source: str, *items: Item, later: int = 0) -> str:
        now = NOW + later * DAY
        with empty.write() as connection:
            (row,) = stored_sources.claim(
                connection,
                SAID.sources,
                now=now,
                owner="test",
                until=now + timedelta(minutes=1),
                wanted=[source],
                dead=["test"],
            )
            plan = plan_of(connection, row, Digest(items=items), now)
            store_plans(connection, [(row, plan)], now)
        found = [*(n.notice for n in plan.new), *(c.known.notice for c in plan.changed)]
        return f"/items/{found[0]}"

    return put


def links_of(client: FlaskClient, address: str, **query: Any) -> list[str]:
    """List what the page tells of other documents, with the addresses it leads to."""
    answer = client.get(address, query_string=query or None)
    assert answer.status_code == 200
    page = lxml_html.document_fromstring(answer.data.decode())
    found = page.xpath("//section[@aria-labelledby='documents']//li")
    return [
        " ".join(
            [*each.text_content().split(), *(a.get("href") for a in each.iter("a"))]
        )
        for each in found
    ]


OLD = "Công văn 8/SGDĐT-VP về việc nghỉ lễ"
NEW = "Công văn 9/SGDĐT-VP thay thế Công văn số 8/SGDĐT-VP về việc nghỉ lễ"


def test_documents_lead_to_each_other(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    old = put("so-tin", notice("old", OLD, days=9))
    new = put("ward", notice("new", NEW))
    (named,) = links_of(bare, new)
    assert named.startswith(f"Thay thế 8/SGDĐT-VP: {OLD}") and named.endswith(old)
    (naming,) = links_of(bare, old)
    assert naming.startswith(f"Được thay thế bởi {NEW}") and naming.endswith(new)
    (english,) = links_of(bare, old, lang="en")
    assert english.startswith("Replaced by")


def test_a_document_that_is_not_stored_stays_a_number(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    assert links_of(bare, put("so-tin", notice("new", NEW))) == ["Thay thế 8/SGDĐT-VP"]


def test_an_item_that_names_nothing_has_no_such_part(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    assert links_of(bare, put("so-tin", notice("a", "Khai giảng năm học"))) == []


def test_a_report_is_no_document_that_others_could_mean(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    put("so-tin", notice("report", "Tập huấn Công văn 8/SGDĐT-VP", days=9))
    assert links_of(bare, put("ward", notice("new", NEW))) == ["Thay thế 8/SGDĐT-VP"]


def test_the_number_of_another_office_is_another_document(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    """Each district has an UBND of its own, and its own number 8."""
    old = put("q1", notice("old", "8/KH-UBND về hè", days=9))
    assert links_of(bare, put("ward", notice("a", "Theo Kế hoạch 8/KH-UBND"))) == [
        "Nhắc đến 8/KH-UBND"
    ]
    (named,) = links_of(bare, put("q1", notice("b", "Theo Kế hoạch 8/KH-UBND")))
    assert named.endswith(old)


def test_what_an_edit_names_is_found_and_what_it_drops_is_not(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    old = put("so-tin", notice("old", OLD, days=9))
    put("ward", notice("new", "Về việc nghỉ lễ"))
    assert links_of(bare, old) == []
    put("ward", notice("new", "Bãi bỏ Công văn 8/SGDĐT-VP"), later=1)
    (naming,) = links_of(bare, old)
    assert naming.startswith("Bị bãi bỏ bởi")
    put("ward", notice("new", "Về việc nghỉ lễ, sửa lại"), later=2)
    assert links_of(bare, old) == []


def test_what_is_not_shown_is_not_led_to(
    bare: FlaskClient, empty: Store, put: Callable[..., str]
) -> None:
    old = put("so-tin", notice("old", OLD, days=9))
    new = put("ward", notice("new", NEW))
    with empty.write() as connection:
        connection.execute(sa.update(schema.notices).values(state="hidden"))
    assert links_of(bare, new) == ["Thay thế 8/SGDĐT-VP"]
    assert links_of(bare, old) == []


def test_of_many_that_name_a_document_the_weightiest_are_told(
    bare: FlaskClient, put: Callable[..., str]
) -> None:
    old = put("so-tin", notice("old", OLD, days=9))
    put("ward", notice("new", NEW))
    many = (notice(f"n{n}", f"Theo Công văn 8/SGDĐT-VP, {n}") for n in range(30))
    put("q1", *many)
    told = links_of(bare, old)
    assert len(told) == MOST_NAMING
    assert told[0].startswith("Được thay thế bởi")
    assert all(each.startswith("Được nhắc đến trong Theo") for each in told[1:])
