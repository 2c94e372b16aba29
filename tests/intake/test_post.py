"""What is posted: it arrives whole, goes nowhere else, and leaves nothing behind."""

import threading
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer

import pytest

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Net
from aggregator.intake.net import Request


class Receiver(ThreadingHTTPServer):
    """Answers every request with `status`; remembers what it was sent."""

    def __init__(self):
        self.status, self.location, self.asked = 200, "", []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        server = self.server
        server.asked.append((self.command, self.path, headers, self.rfile.read(size)))
        self.send_response(server.status)
        if server.location:
            self.send_header("Location", server.location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def net():
    with Net(user_agent="test/1", allow_private=["127.0.0.0/8"], spacing=0) as opened:
        yield opened


def post(receiver, body=b"{}", **headers):
    sent = {"Content-Type": "application/json"} | headers
    return Request(url=receiver.url, method="POST", body=body, headers=sent)


@pytest.mark.parametrize(
    "body",
    [b"", b'{"a": "\xe1\xbb\x93"}', b"\x00\r\n\xff", b"x" * 200_000],
    ids=["empty", "json", "bytes", "large"],
)
def test_a_body_arrives_as_it_is(net, receiver, body):
    response = net.get(post(receiver, body, **{"webhook-id": "1"}))
    assert (response.status, response.body) == (200, b"ok")
    ((method, path, headers, came),) = receiver.asked
    assert (method, path, came) == ("POST", "/hook", body)
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "1"
    assert headers["user-agent"] == "test/1"


def test_a_post_without_body_sends_an_empty_one(net, receiver):
    net.get(post(receiver, None))
    method, _, headers, came = receiver.asked[0]
    assert (method, headers["content-length"], came) == ("POST", "0", b"")


def test_the_next_request_on_the_same_handle_asks_again(net, receiver):
    requests = [post(receiver, b"one"), Request(url=receiver.url)] * 2
    for request in requests:
        net.get(request)
    assert [(each[0], each[3]) for each in receiver.asked] == [
        ("POST", b"one"),
        ("GET", b""),
    ] * 2
    asked = receiver.asked[1][2]
    assert not {"content-type", "content-length"} & set(asked)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_post_is_an_answer(net, receiver, status):
    receiver.status, receiver.location = status, "/elsewhere"
    response = net.get(post(receiver))
    assert (response.status, response.redirects) == (status, ())
    assert len(receiver.asked) == 1


def test_a_failing_receiver_is_an_answer_too(net, receiver):
    receiver.status = 500
    assert net.get(post(receiver)).status == 500


def test_a_post_goes_to_no_private_address(receiver):
    with Net(user_agent="test/1") as guarded, pytest.raises(FetchError) as caught:
        guarded.get(post(receiver))
    assert caught.value.reason in (Reason.PRIVATE_ADDRESS, Reason.BAD_URL)
    assert receiver.asked == []
