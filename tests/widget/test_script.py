"""The script and its style sheet: how they are served, and what they leave alone."""

import gzip
import json
import re

import pytest
from flask.testing import FlaskClient

from aggregator.web.widget import FOLDER

TYPES = {
    "/widget/v1.js": "text/javascript; charset=utf-8",
    "/widget/v1.css": "text/css; charset=utf-8",
}


@pytest.mark.parametrize("address", TYPES)
def test_any_site_may_load_it(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == TYPES[address]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.cache_control.max_age == 3600
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", TYPES)
def test_it_is_not_sent_twice(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    for name, value in {
        "If-None-Match": first.headers["ETag"],
        "If-Modified-Since": first.headers["Last-Modified"],
    }.items():
        again = client.get(address, headers={name: value})
        if name == "If-None-Match":
            assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_script_and_styles_together_are_small(client: FlaskClient) -> None:
    answer = client.get("/widget/v1.js", headers={"Accept-Encoding": "gzip"})
    assert len(answer.data) <= 8192
    text = gzip.decompress(answer.data).decode()
    assert ":host{all:initial !important" in text
    assert "Xem tất cả: {}" in text
    assert "'/* " not in text, "something was not put in its place"


FORBIDDEN = {
    "markup from strings": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write",
    "code from strings": r"\beval\b|new Function",
    "storage": r"localStorage|sessionStorage|indexedDB|\bcookie\b",
    "beacons": r"sendBeacon|new Image",
    "for in": r"for \((var )?\w+ in ",
    "unload handlers": r"'(before)?unload'",
    "inline styles in markup": r"setAttribute\('style'",
}


@pytest.mark.parametrize("pattern", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_script_does_without(client: FlaskClient, pattern: str) -> None:
    code = re.sub(r"/\*.*?\*/", "", client.get("/widget/v1.js").text, flags=re.DOTALL)
    assert re.findall(pattern, code) == []


def test_both_languages_say_the_same_things() -> None:
    words = json.loads((FOLDER / "words.json").read_text("utf-8"))
    vietnamese, english = words["vi"], words["en"]
    assert list(vietnamese) == list(english)
    for name, text in vietnamese.items():
        assert text.count("{}") == english[name].count("{}"), name
