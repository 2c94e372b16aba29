"""A loopback server that answers as badly as a test asks for."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Reply = bytes | Callable[["Asked"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came, and the socket on which to answer it."""

    path: str
    headers: dict[str, str]
    raw: bytes
    socket: socket.socket

    def gone(self, seconds: float | None) -> bool:
        """Wait for the client to hang up, at most so long."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Write an answer with a true Content-Length; ``_`` in names stands for ``-``."""
    fields = {"Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Something\r\n{lines}\r\n".encode("latin-1") + body


class Upstream:
    """Serves `answers` by path, a thread a connection; remembers what it was asked."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
        self.answers: dict[str, Reply] = {}
        self.default: Reply = reply(404, b"nothing here")
        self.asked: list[Asked] = []
        self.accepted = 0
        self._tls = tls
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0))
        self.host, self.port = self._listener.getsockname()[:2]
        self._main = threading.Thread(target=self._accept)
        self._main.start()

    def __enter__(self) -> "Upstream":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._main.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def url(self, path: str = "/") -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{self.host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, self._wrapped(connection) as talk:
                talk.settimeout(10)
                self._answer(talk)
        except OSError:
            pass  # the client hung up, which is what many of the tests are about

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        connection.settimeout(10)
        return self._tls.wrap_socket(connection, server_side=True)

    def _answer(self, talk: socket.socket) -> None:
        raw = b""
        while b"\r\n\r\n" not in raw:
            chunk = talk.recv(65_536)
            if not chunk:
                return
            raw += chunk
            if not raw.startswith(b"GET "):  # a TLS hello, say
                return talk.sendall(reply(400, b"plain HTTP is spoken here"))
        first, *lines = raw.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        asked = Asked(first.split(" ")[1], headers, raw, talk)
        self.asked.append(asked)
        path = asked.path.partition("?")[0]
        answer = self.answers.get(path, self.default)
        if isinstance(answer, bytes):
            talk.sendall(answer)
        else:
            answer(asked)


# --- Certificates, good and bad -----------------------------------------------

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_NAME = ("-addext", "subjectAltName=IP:127.0.0.1")


def make_certificates(folder: Path) -> Path:
    """Make a root, what it vouches for, and some that nobody does.

    ``leaf`` is of ``middle``, that of ``root``; ``chain`` holds the first two,
    ``whole`` all three. ``alone`` vouches for itself, ``expired`` ended yesterday,
    ``stranger`` is a root of nobody's.
    """
    _issue(folder, "alone")
    _issue(folder, "root", authority=True)
    _issue(folder, "stranger", authority=True)
    _issue(folder, "middle", by="root", authority=True)
    _issue(folder, "leaf", by="middle")
    _expire(folder, "expired")
    sent = ""
    for name, last in (("", "leaf"), ("chain", "middle"), ("whole", "root")):
        sent += (folder / f"{last}.pem").read_text()
        if name:
            (folder / f"{name}.pem").write_text(sent)
    return folder


def tls_context(folder: Path, *, certificate: str, key: str) -> ssl.SSLContext:
    """Make a server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{key}.key")
    return context


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60
    )


def _issue(folder: Path, name: str, *, by: str = "", authority: bool = False) -> None:
    """Make a key and a certificate for 127.0.0.1, signed by itself or by another."""
    kind = "CA:TRUE" if authority else "CA:FALSE"
    signed = ["-CA", f"{by}.pem", "-CAkey", f"{by}.key"] if by else []
    extensions = [*_NAME, "-addext", f"basicConstraints=critical,{kind}"]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"]
    _openssl(folder, "req", "-x509", *_KEY, *signed, *extensions, *files)


def _expire(folder: Path, name: str) -> None:
    request = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"]
    _openssl(folder, "req", "-new", *_KEY, *_NAME, *request)
    signed = ["-signkey", f"{name}.key", "-days", "-1", "-copy_extensions", "copyall"]
    files = ["-in", f"{name}.csr", "-out", f"{name}.pem"]
    _openssl(folder, "x509", "-req", *files, *signed)
