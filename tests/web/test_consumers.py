"""What the CMSs of schools do over HTTP, one test for each thing they do.

C1 to C15 name what was read in NukeViet's RSS block (C3 and C4 want a real server: see
test_lint); the others name their CMS.
"""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.web.filled import ALL_RSS
from tests.web.filled import notice
from tests.web.filled import pull
from tests.web.filled import take_away

# However a school's administrator came by the address.
WRITTEN = [
    ALL_RSS,
    f"{ALL_RSS}/",
    "/feeds/so/thcs,mam-non/thu-moi,tin-tuc.rss",
    "/feeds/so/lower_secondary,preschool/news.rss?limit=5",
    "/feeds/quan-1/all/all.rss",
]
FOLLOWED = (301, 302, 303)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("address", WRITTEN)
def test_c1_its_check_of_the_address_finds_200(
    client: FlaskClient, method: str, address: str
) -> None:
    """It looks for 200 in the first line, follows 301 to 303, and nothing else."""
    answer = client.open(address, method=method)
    if answer.status_code in FOLLOWED:
        location = answer.headers["Location"]
        assert location.startswith("/feeds/")  # it puts scheme and host before
        answer = client.open(location, method=method)
    assert answer.status == "200 OK"


@pytest.mark.parametrize("address", [*WRITTEN, "/feeds", "/feeds/so//all/all.rss", "/"])
def test_c1_no_address_is_moved_by_307_or_308(
    client: FlaskClient, address: str
) -> None:
    assert client.get(address).status_code not in (307, 308)


def test_c1_a_dissolved_authority_s_address_is_not_moved(client: FlaskClient) -> None:
    """Drupal would write the new address down, for a while or for good."""
    assert client.get("/feeds/quan-1/all/all.rss").status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_c2_plain_http_is_answered_without_being_sent_to_https(
    client: FlaskClient, scheme: str
) -> None:
    answer = client.get(ALL_RSS, base_url=f"{scheme}://tin.example")
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers
    assert answer.data == client.get(ALL_RSS).data


def test_c5_no_moment_without_a_feed(
    client: FlaskClient, filled: Store, database: Path
) -> None:
    """It keeps an empty list for an hour after one failure."""
    known = [client.get(address).data for address in (ALL_RSS, WRITTEN[-1])]
    take_away(filled, database)
    for _ in range(2):
        answers = [client.get(address) for address in (ALL_RSS, WRITTEN[-1])]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert [answer.data for answer in answers] == known


def test_c5_a_proxy_may_serve_what_it_has_while_we_are_away(
    client: FlaskClient,
) -> None:
    stale = client.get(ALL_RSS).cache_control["stale-if-error"]
    assert int(stale or 0) >= 3600


def test_c15_every_request_can_be_answered_by_a_cache(client: FlaskClient) -> None:
    """8 a second of 3,500 schools: a shared cache may keep each and knows its key."""
    for address in WRITTEN:
        answer = client.get(address)
        assert answer.cache_control.public
        assert (answer.cache_control.max_age or 0) >= 60
        assert answer.headers.get("Vary", "Accept-Encoding") == "Accept-Encoding"
        assert "Set-Cookie" not in answer.headers


def test_c15_nothing_in_it_refreshes_itself(client: FlaskClient) -> None:
    """It follows a meta refresh wherever it finds one in the bytes."""
    assert not re.search(rb"<meta[^>]+refresh", client.get(ALL_RSS).data, re.I)


def is_feed_type(answer: TestResponse) -> bool:
    """Say whether SimplePie takes an answer for a feed by its type."""
    xml = ("application/rss+xml", "application/xml", "text/xml")
    charset = answer.mimetype_params.get("charset", "utf-8")
    return answer.mimetype in xml and charset == "utf-8"


def test_wordpress_and_moodle_know_it_by_its_type(client: FlaskClient) -> None:
    assert is_feed_type(client.get(ALL_RSS))
    assert not is_feed_type(client.get("/feeds/so/all/x.rss"))  # never read as one


def test_wordpress_reads_no_error_as_a_feed(
    client: FlaskClient, filled: Store, database: Path
) -> None:
    """A 503 with a feed's body is read as a feed: ours has words."""
    take_away(filled, database)
    answer = client.get(ALL_RSS)
    assert answer.status_code == 503
    assert b"<" not in answer.data


def test_joomla_asks_for_nothing_and_gets_plain_bytes(client: FlaskClient) -> None:
    """PHP's stream: no User-Agent, no Accept-Encoding, no second try."""
    answer = client.get(ALL_RSS, headers={"User-Agent": ""})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"<?xml")


def test_drupal_and_tt_rss_are_told_of_nothing_new(
    client: FlaskClient, filled: Store
) -> None:
    """Drupal sends both validators back, tt-rss the date alone."""
    first = client.get(ALL_RSS)
    date = {"If-Modified-Since": first.headers["Last-Modified"]}
    both = date | {"If-None-Match": first.headers["ETag"]}
    pull(filled, "so-tin", notice("moi-nhat", 1), now=NOW)
    for sent in (date, both):
        assert client.get(ALL_RSS, headers=sent).status_code == 304
    pull(filled, "so-tin", notice("tin-moi", 0), now=NOW.replace(minute=30))
    for sent in (date, both):
        assert client.get(ALL_RSS, headers=sent).status_code == 200
