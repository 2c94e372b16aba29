"""Every row of the corpus of hostile addresses ends as it says it must.

Nothing outside is contacted: names are answered by a stub, and every connection leads
to a loopback server, which stands in for the address that was to be dialled.
"""

import json
import os
import socket
from collections import Counter
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Net
from aggregator.intake.net import Request
from tests.intake.upstream_stub import Upstream
from tests.intake.upstream_stub import reply

CORPUS = Path(os.environ.get("AGGREGATOR_CORPUS", "../shared/corpus"))
SSRF = CORPUS / "ssrf.json"
ROWS = json.loads(SSRF.read_text("utf-8")) if SSRF.is_file() else []
OTHER_NAMES = [["93.184.216.34"]]  # every other name is public, so nothing is excused

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not ROWS, reason=f"no corpus at {SSRF}"),
]


class World:
    """All that lies outside: names, and servers at every address."""

    def __init__(self, row, upstream):
        self.row, self.upstream = row, upstream
        self.dialled, self.looked_up = [], Counter()
        self.before = len(upstream.asked)
        self.hops = list(row.get("hops", ()))
        upstream.default = self.answer

    def resolve(self, host, _port):
        answers = self.row.get("dns", {}).get(host, OTHER_NAMES)
        turn = min(self.looked_up[host], len(answers) - 1)
        self.looked_up[host] += 1
        return answers[turn]

    def connect(self, address, _port):
        self.dialled.append(address)
        return socket.create_connection((self.upstream.host, self.upstream.port))

    def answer(self, asked):
        hop = {"status": 200}
        if self.hops:  # a loop's one hop is answered over and over
            hop = self.hops[0] if len(self.hops) == 1 else self.hops.pop(0)
        headers = dict(hop.get("headers", {}))
        if "location" in hop:
            headers["Location"] = hop["location"]
        asked.socket.sendall(reply(hop["status"], b"<rss/>", **headers))

    @property
    def asked(self):
        return self.upstream.asked[self.before :]


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as server:
        yield server


@contextmanager
def outside(row, upstream):
    """Put a net into the world of a row; in the end nothing inside was dialled."""
    world = World(row, upstream)
    outside = {"resolve": world.resolve, "connect": world.connect}
    with Net(user_agent="t", spacing=0, **outside) as net:
        yield world, net
    inside = [a for a in world.dialled if not ip_address(a).is_global]
    assert inside == []


def ended(net, url):
    try:
        return net.get(Request(url=url, timeout_seconds=5))
    except FetchError as error:
        return error


def rows(*kinds):
    """Mark a test to be run for each row that is to end so."""
    chosen = [row for row in ROWS if row["expect"] in kinds]
    names = [f"{row['class']} {row['url']}"[:80] for row in chosen]
    names = [name.encode("unicode_escape").decode() for name in names]
    return pytest.mark.parametrize("row", chosen, ids=names)


@rows("refuse")
def test_it_is_refused_before_any_connection(row, upstream):
    with outside(row, upstream) as (world, net):
        assert isinstance(ended(net, row["url"]), FetchError)
        assert world.dialled == []


@rows("no-internal-connect")
def test_no_address_inside_is_dialled(row, upstream):
    with outside(row, upstream) as (world, net):
        ended(net, row["url"])
        assert set(world.dialled) <= {"93.184.216.34"}


@rows("refuse-or-pinned")
def test_a_second_look_up_changes_nothing(row, upstream):
    with outside(row, upstream) as (world, net):
        results = [ended(net, row["url"]) for _ in range(3)]
        assert [getattr(result, "status", None) for result in results[:2]] == [200, 200]
        assert results[2].reason is Reason.PRIVATE_ADDRESS
        assert set(world.dialled) == {"93.184.216.34"}
        assert world.looked_up.total() == 3  # one a request: nothing to rebind between


@rows("refuse-or-public-only")
def test_of_mixed_answers_only_the_public_one_is_dialled(row, upstream):
    with outside(row, upstream) as (world, net):
        assert ended(net, row["url"]).status == 200
        assert world.dialled == ["93.184.216.34"]


@rows("refuse-at-hop")
def test_a_redirect_inside_is_not_followed(row, upstream):
    with outside(row, upstream) as (world, net):
        result = ended(net, row["url"])
        assert world.dialled == ["93.184.216.34"]
        assert len(world.asked) == 1
        if "location" in row["hops"][0]:
            assert result.reason in {Reason.PRIVATE_ADDRESS, Reason.BAD_URL}
        else:  # a Refresh header is for browsers: the answer stands as it came
            assert result.status == 200


@rows("refuse-after-limit")
def test_a_loop_is_left(row, upstream):
    with outside(row, upstream) as (world, net):
        assert ended(net, row["url"]).reason is Reason.REDIRECT_LOOP
        assert len(world.asked) <= 6


@rows("refuse-or-strip")
def test_credentials_are_not_sent(row, upstream):
    with outside(row, upstream) as (world, net):
        assert ended(net, row["url"]).status == 200
        assert [asked.headers["host"] for asked in world.asked] == ["service.test:8080"]
        assert "authorization" not in world.asked[0].headers
        assert b"user" not in world.asked[0].raw.partition(b"\r\nUser-Agent")[0]


@rows("refuse-or-encode")
def test_no_line_break_reaches_the_wire(row, upstream):
    with outside(row, upstream) as (world, net):
        assert ended(net, row["url"]).reason is Reason.BAD_URL
        assert world.dialled == []


@rows("allow")
def test_what_must_pass_is_fetched(row, upstream):
    with outside(row, upstream) as (world, net):
        result = ended(net, row["url"])
        assert (result.status, result.body) == (200, b"<rss/>")
        assert len(world.asked) == 1


def test_every_row_of_the_corpus_is_tried():
    known = {
        "allow",
        "no-internal-connect",
        "refuse",
        "refuse-after-limit",
        "refuse-at-hop",
        "refuse-or-encode",
        "refuse-or-pinned",
        "refuse-or-public-only",
        "refuse-or-strip",
    }
    assert {row["expect"] for row in ROWS} == known
