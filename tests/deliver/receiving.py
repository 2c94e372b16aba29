"""Those who get alerts, on loopback: a mail server and a webhook's receiver."""

import threading
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import AuthResult


class Mailbox:
    """Keeps what it gets; answers `answer` where one is set, refuses `unknown`."""

    def __init__(self):
        self.envelopes, self.sessions = [], []
        self.answer, self.unknown = "", ()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        if self.answer:
            return self.answer
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 OK"

    @property
    def mails(self):
        """Read what came as mails."""
        return [
            message_from_bytes(envelope.content, policy=default)
            for envelope in self.envelopes
        ]


class _MailServer(Controller):
    def __init__(self, mailbox, **options):
        self.options = options
        super().__init__(mailbox, hostname="127.0.0.1", port=0, ready_timeout=10)

    def factory(self):
        return SMTP(self.handler, hostname="mail.test", **self.options)

    def _trigger_server(self):
        # The port is known only now; the base class would connect to port 0.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(mailbox, **options):
    """Run a mail server; give its port."""
    server = _MailServer(mailbox, **options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def sign_in_as(user, password):
    """Make a mail server ask for a name and a password."""

    def judge(_server, _session, _envelope, _mechanism, given):
        right = (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=right, handled=False)

    return {"authenticator": judge, "auth_required": True}


class Hook(ThreadingHTTPServer):
    """Answers every POST with `status`; keeps what it was sent."""

    def __init__(self):
        self.status, self.asked = 204, []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers, body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def hook_server():
    """Run a webhook's receiver."""
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
