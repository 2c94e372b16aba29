"""What we ask a source, and what its answer means."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.fetch import ACCEPT
from aggregator.intake.fetch import body_hash
from aggregator.intake.fetch import bot_page
from aggregator.intake.fetch import freshness
from aggregator.intake.fetch import interpret
from aggregator.intake.fetch import parse_retry_after
from aggregator.intake.fetch import request_for
from aggregator.intake.fetch import user_agent
from aggregator.intake.net import Net
from aggregator.intake.net import Response
from aggregator.model import Fetched
from aggregator.model import FetchSettings
from aggregator.model import NotModified
from aggregator.model import Site
from aggregator.model import Source
from aggregator.model import Validators
from tests.intake.upstream_stub import Upstream
from tests.intake.upstream_stub import reply

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone(timedelta(hours=7)))
URL = "https://so.test/rss/thong-bao.rss"
SOURCE = Source(id="so-thong-bao", url=URL, authority="so")
FEED = b'<rss version="2.0"><channel><title>Th\xc3\xb4ng b\xc3\xa1o</title></channel>'


def response(status=200, body=FEED, *, conditional=False, **headers):
    """Make a response; ``_`` in header names stands for ``-``."""
    return Response(
        url=URL,
        status=status,
        body=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        wire_bytes=7,
        seconds=0.5,
        conditional=conditional,
    )


def failure(answer):
    with pytest.raises(FetchError) as caught:
        interpret(answer, now=NOW)
    return caught.value


# --- What we ask --------------------------------------------------------------


def test_the_first_request_has_no_conditions():
    request = request_for(SOURCE, Validators(), settings=FetchSettings())
    assert request.url == URL
    assert request.headers == {"Accept": ACCEPT}
    assert (request.ca_file, request.user_agent) == (None, None)


def test_validators_are_sent_back_exactly_as_they_came():
    known = Validators(etag='W/"5f-\xe1 "', last_modified="yesterday, about noon")
    request = request_for(SOURCE, known, settings=FetchSettings())
    assert request.headers == {
        "Accept": ACCEPT,
        "If-None-Match": 'W/"5f-\xe1 "',
        "If-Modified-Since": "yesterday, about noon",
    }


@pytest.mark.parametrize("bad", ["", '"1"\r\nX: y', '"1\x00"', '"1\n"'])
def test_a_validator_that_no_header_can_hold_is_left_out(bad):
    request = request_for(SOURCE, Validators(etag=bad), settings=FetchSettings())
    assert "If-None-Match" not in request.headers


def test_what_source_and_operator_set_is_asked_for():
    source = Source(
        id="a", url=URL, authority="so", ca_file="/etc/so.pem", user_agent="Mozilla/5.0"
    )
    limits = FetchSettings(timeout=timedelta(seconds=12))
    request = request_for(source, Validators(), settings=limits)
    assert request.timeout_seconds == 12
    assert (request.ca_file, request.user_agent) == ("/etc/so.pem", "Mozilla/5.0")


AGENTS = {
    "with contact": (
        Site(title="t", base_url="https://tin.test", contact="it@tin.test"),
        "school-feed-aggregator/1.2 (+https://tin.test; it@tin.test)",
    ),
    "without": (
        Site(title="t", base_url="https://tin.test"),
        "school-feed-aggregator/1.2 (+https://tin.test)",
    ),
    "with what no header can hold": (
        Site(title="t", base_url="https://tin.test", contact="Phòng (IT)\r\nX: \\y"),
        "school-feed-aggregator/1.2 (+https://tin.test; Phng ITX: y)",
    ),
}


@pytest.mark.parametrize(("site", "agent"), AGENTS.values(), ids=AGENTS)
def test_the_user_agent_says_who_asks(site, agent):
    assert user_agent(site, "1.2") == agent


# --- What the answer means ----------------------------------------------------


@pytest.mark.parametrize("status", [200, 203])
def test_a_document_keeps_all_that_http_said_of_it(status):
    tags = {"etag": '"1"', "last_modified": "Fri, 20 Nov 2026 01:00:00 GMT"}
    fetched = interpret(response(status, content_type="text/xml", **tags), now=NOW)
    assert isinstance(fetched, Fetched)
    assert (fetched.url, fetched.body, fetched.status) == (URL, FEED, status)
    assert fetched.content_type == "text/xml"
    assert fetched.validators == Validators(
        etag='"1"', last_modified="Fri, 20 Nov 2026 01:00:00 GMT"
    )
    assert (fetched.wire_bytes, fetched.seconds) == (7, 0.5)


def test_a_document_without_validators_has_none():
    fetched = interpret(response(), now=NOW)
    assert isinstance(fetched, Fetched)
    assert fetched.validators == Validators()
    assert fetched.content_type == ""


def test_not_modified_is_a_value():
    answer = response(304, b"", conditional=True, cache_control="max-age=60")
    assert interpret(answer, now=NOW) == NotModified(
        url=URL, headers={"cache-control": "max-age=60"}, wire_bytes=7, seconds=0.5
    )


def test_not_modified_carries_the_validators_that_it_names_itself():
    answer = response(304, b"", conditional=True, etag='"2"')
    assert interpret(answer, now=NOW).validators == Validators(etag='"2"')


STATUSES = {
    201: Reason.UNEXPECTED_STATUS,
    204: Reason.UNEXPECTED_STATUS,
    206: Reason.UNEXPECTED_STATUS,
    300: Reason.UNEXPECTED_STATUS,
    302: Reason.UNEXPECTED_STATUS,  # without a Location, else it was followed
    304: Reason.UNEXPECTED_STATUS,  # although nothing was asked
    400: Reason.CLIENT_ERROR,
    401: Reason.UNAUTHORIZED,
    403: Reason.UNAUTHORIZED,
    404: Reason.NOT_FOUND,
    410: Reason.GONE,
    418: Reason.CLIENT_ERROR,
    429: Reason.LIMITED,
    500: Reason.SERVER_ERROR,
    502: Reason.SERVER_ERROR,
    503: Reason.SERVER_ERROR,
    599: Reason.SERVER_ERROR,
    600: Reason.UNEXPECTED_STATUS,
    999: Reason.UNEXPECTED_STATUS,
}


@pytest.mark.parametrize(("status", "reason"), STATUSES.items(), ids=map(str, STATUSES))
def test_every_other_status_has_a_reason(status, reason):
    error = failure(response(status))
    assert (error.reason, error.status, error.retry_after) == (reason, status, None)
    assert error.detail == f"HTTP {status}"


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_patience_limits_us(status):
    error = failure(response(status, retry_after="120"))
    assert error.reason is Reason.LIMITED
    assert error.retry_after == NOW + timedelta(seconds=120)


def test_retry_after_means_nothing_with_another_status():
    assert failure(response(500, retry_after="120")).retry_after is None


def test_an_unreadable_retry_after_is_as_none():
    assert failure(response(503, retry_after="soon")).reason is Reason.SERVER_ERROR
    assert failure(response(429, retry_after="soon")).reason is Reason.LIMITED


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\t"], ids=repr)
def test_an_empty_body_is_no_document(body):
    error = failure(response(200, body))
    assert (error.reason, error.status) == (Reason.EMPTY_BODY, 200)


RETRIES = {
    "0": timedelta(0),
    "120": timedelta(seconds=120),
    " 120 ": timedelta(seconds=120),
    "86400": timedelta(hours=24),
    "86401": timedelta(hours=24),
    "999999999999999999": timedelta(hours=24),
    "Fri, 20 Nov 2026 01:30:00 GMT": timedelta(minutes=30),
    "Fri, 20 Nov 2026 08:30:00 +0700": timedelta(minutes=30),
    "Fri, 20 Nov 2026 01:30:00": timedelta(minutes=30),
    "Friday, 20-Nov-26 01:30:00 GMT": timedelta(minutes=30),
    "Fri Nov 20 01:30:00 2026": timedelta(minutes=30),
    "Fri, 20 Nov 2020 01:30:00 GMT": timedelta(0),
    "Fri, 31 Dec 9999 23:59:59 GMT": timedelta(hours=24),
    "Mon, 01 Jan 0001 00:00:00 +2359": timedelta(0),
}


@pytest.mark.parametrize(("value", "wait"), RETRIES.items(), ids=RETRIES)
def test_retry_after_is_read_in_seconds_and_dates(value, wait):
    assert parse_retry_after(value, NOW) == NOW + wait


@pytest.mark.parametrize(
    "value",
    ["", "soon", "-5", "1.5", "1e3", "٣", "9" * 5000, "Fri, 99 Nov 2026 01:30:00 GMT"],
    ids=lambda value: value[:20] or "empty",
)
def test_a_retry_after_that_says_neither_is_none(value):
    assert parse_retry_after(value, NOW) is None


DATE = "Fri, 20 Nov 2026 01:00:00 GMT"
FRESH = {
    "max-age": ({"cache-control": "max-age=600"}, 600),
    "among others": ({"cache-control": 'public, X="a, no-store", Max-Age="600"'}, 600),
    "less its age": ({"cache-control": "max-age=600", "age": "200"}, 400),
    "unreadable age": ({"cache-control": "max-age=600", "age": "old"}, 600),
    "used up": ({"cache-control": "max-age=600", "age": "600"}, None),
    "zero": ({"cache-control": "max-age=0"}, None),
    "negative": ({"cache-control": "max-age=-5"}, None),
    "garbage": ({"cache-control": "max-age=soon"}, None),
    "no value": ({"cache-control": "max-age"}, None),
    "the first of two": ({"cache-control": "max-age=600, max-age=9"}, 600),
    "capped": ({"cache-control": "max-age=31536000"}, 86_400),
    "huge": ({"cache-control": f"max-age={10**17}"}, 86_400),
    "for shared caches": ({"cache-control": "s-maxage=600"}, None),
    "both": ({"cache-control": "s-maxage=9, max-age=600"}, 600),
    "no-store": ({"cache-control": "no-store, max-age=600"}, None),
    "no-cache": ({"cache-control": "max-age=600, No-Cache"}, None),
    "no-cache of a field": ({"cache-control": 'no-cache="a", max-age=600'}, 600),
    "no-store beats Expires": (
        {"cache-control": "no-store", "expires": "Fri, 20 Nov 2026 02:00:00 GMT"},
        None,
    ),
    "max-age beats Expires": (
        {"cache-control": "max-age=0", "expires": "Fri, 20 Nov 2026 02:00:00 GMT"},
        None,
    ),
    "Expires": ({"expires": "Fri, 20 Nov 2026 01:10:00 GMT", "date": DATE}, 600),
    "Expires by their clock": (
        {
            "expires": "Fri, 20 Nov 2020 01:10:00 GMT",
            "date": "Fri, 20 Nov 2020 01:00:00 GMT",
        },
        600,
    ),
    "Expires by our clock": ({"expires": "Fri, 20 Nov 2026 01:10:00 GMT"}, 600),
    "Expires of old": ({"expires": "Thu, 19 Nov 1981 08:52:00 GMT"}, None),
    "Expires at once": ({"expires": DATE, "date": DATE}, None),
    "Expires 0": ({"expires": "0", "date": DATE}, None),
    "Expires far off": ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400),
    "nothing": ({}, None),
    "empty": ({"cache-control": "", "expires": ""}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), FRESH.values(), ids=FRESH)
def test_a_server_says_how_long_its_answer_is_fresh(headers, seconds):
    wait = None if seconds is None else timedelta(seconds=seconds)
    assert freshness(headers, NOW) == wait


def test_a_body_is_known_again_by_its_hash():
    assert body_hash(FEED) == body_hash(bytes(FEED))
    assert body_hash(FEED) != body_hash(FEED + b" ")
    assert body_hash(b"").startswith("e3b0c44298fc1c14")


# --- Pages against robots -----------------------------------------------------

D1N = (
    b'<html><body><script>document.cookie="D1N=0123456789abcdef0123456789abcdef"'
    b'+"; expires=Fri, 31 Dec 2099 23:59:59 GMT; path=/";'
    b"window.location.reload(true);</script></body></html>"
)
CHALLENGE = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>'
    b"<body><script>(function(){window._cf_chl_opt={cvId:'3',cType:'managed'};"
    b"var a=document.createElement('script');"
    b"a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=8a';"
    b"}());</script></body></html>"
)
OLD_CHALLENGE = (
    b"<!DOCTYPE HTML>\n<html><head><title>Just a moment...</title></head><body>"
    b'<div class="cf-browser-verification">Checking your browser</div></body></html>'
)
ORDINARY = (  # with the script that Cloudflare puts into every page of some sites
    "<!DOCTYPE html><html><body>Bảo trì<script>document.cookie='a=1';"
    "a.src='/cdn-cgi/challenge-platform/h/g/scripts/jsd/8a/main.js'</script></body>"
).encode()
SPEAKS_OF_IT = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><item><title>Just a moment...'
    b"</title><description>cloudflare: /cdn-cgi/challenge-platform/h/b/ &lt;html&gt;"
    b'document.cookie="D1N=1";location.reload()</description></item></channel></rss>'
)
COOKIE = "a page that sets a cookie"
CLOUDFLARE = "a challenge of Cloudflare"
BOT_PAGES = {
    "D1N": (response(200, D1N), f"{COOKIE} (D1N, as of Viettel Cloudrity)"),
    "D1N, refused": (response(403, D1N), f"{COOKIE} (D1N, as of Viettel Cloudrity)"),
    "another cookie": (
        response(
            200,
            b"\xef\xbb\xbf \n<!-- x --><script>document.cookie = 'k=' + a; "
            b"location.href = '/rss'</script>",
        ),
        f"{COOKIE} (of a firewall)",
    ),
    "cf-mitigated": (response(403, b"x", cf_mitigated="challenge"), CLOUDFLARE),
    "challenge 403": (response(403, CHALLENGE), CLOUDFLARE),
    "challenge 503": (response(503, CHALLENGE, retry_after="9"), CLOUDFLARE),
    "challenge 429": (response(429, CHALLENGE), CLOUDFLARE),
    "challenge 200": (response(200, CHALLENGE), CLOUDFLARE),
    "old challenge": (response(503, OLD_CHALLENGE), CLOUDFLARE),
    "marked by a header": (
        response(403, b"<html><title>Just a moment...</title>", cf_ray="8a-SIN"),
        CLOUDFLARE,
    ),
    "a moment of another": (
        response(503, b"<html><title>Just a moment...</title>"),
        "",
    ),
    "an ordinary page": (response(200, ORDINARY), ""),
    "a large page": (response(200, D1N + b" " * 8_192), ""),
    "a cookie, no reload": (response(200, b"<html>document.cookie='a=1'"), ""),
    "a 404 page": (response(404, D1N), ""),
    "a feed": (response(200, FEED), ""),
    "a feed that speaks of it": (response(200, SPEAKS_OF_IT), ""),
    "a feed behind Cloudflare": (response(200, SPEAKS_OF_IT, cf_ray="8a-SIN"), ""),
    "a JSON feed": (response(200, b'{"title": ' + D1N), ""),
    "empty": (response(200, b""), ""),
    "comments": (response(200, b"<!-- -->" * 10_000), ""),
}


@pytest.mark.parametrize(("answer", "found"), BOT_PAGES.values(), ids=BOT_PAGES)
def test_a_page_against_robots_is_known(answer, found):
    assert bot_page(answer) == found


def test_a_page_against_robots_is_named_whatever_its_status():
    for status in (200, 403, 429, 503):
        error = failure(response(status, CHALLENGE, retry_after="9"))
        assert (error.reason, error.status) == (Reason.BOT_PAGE, status)
        assert error.detail == f"{CLOUDFLARE}, HTTP {status}"


def test_the_page_seen_in_the_wild_has_its_size():
    assert len(D1N) == 177


# --- Both ways, over a real connection ----------------------------------------


def test_what_a_server_gives_comes_back_to_it_unchanged():
    tags = {"ETag": '"ứng"'.encode().decode("latin-1"), "Last_Modified": "Mon, 1 Nov"}
    with Upstream() as server:
        net = Net(user_agent="test", allow_private=["127.0.0.0/8"], spacing=0)
        source = Source(id="a", url=server.url("/rss"), authority="so")

        def pull(validators):
            request = request_for(source, validators, settings=FetchSettings())
            return interpret(net.get(request), now=datetime.now(UTC))

        with net:
            server.answers["/rss"] = reply(200, FEED, **tags)
            first = pull(Validators())
            server.answers["/rss"] = reply(304)
            second = pull(first.validators)
    assert isinstance(second, NotModified)
    sent = server.asked[1].headers
    assert sent["if-none-match"] == tags["ETag"]
    assert sent["if-modified-since"] == "Mon, 1 Nov"
    assert server.asked[0].headers["accept"] == ACCEPT
