"""One libcurl handle: sends one request over a checked connection, within limits.

It alone opens sockets of intake, and judges every address at that moment, whatever was
looked up before. It follows no redirect; `net` does, and checks each hop anew.
"""

import errno
import os
import socket
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass

import pycurl

from aggregator.errors import FetchError
from aggregator.errors import Reason

LONGEST_HEAD = 65_536  # bytes of all header lines of one answer
MOST_HEADERS = 200
LONGEST_CONNECT = 10.0  # seconds
REDIRECTS = {301, 302, 303, 307, 308}
SINGLE = {"content-type", "etag", "last-modified", "location", "retry-after"}
_READ_BUFFER = 65_536  # bytes; fewer calls of Python than with curl's 16 KB

Judge = Callable[[str, int], str | None]  # (address, port) → why not, or None
Connect = Callable[[str, int], socket.socket]  # (address, port) → connected socket

_CONSTANT: Mapping[int, object] = {
    pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,  # one request a host: no gain
    pycurl.ACCEPT_ENCODING: "gzip, deflate, br",
    pycurl.FOLLOWLOCATION: 0,
    pycurl.PROXY: "",
    pycurl.NOPROXY: "*",  # a proxy would look names up itself, unchecked
    pycurl.NETRC: 0,
    pycurl.NOSIGNAL: 1,
    pycurl.SSL_VERIFYPEER: 1,
    pycurl.SSL_VERIFYHOST: 2,
    pycurl.OPT_CERTINFO: 1,  # to tell why a chain was not accepted
    pycurl.BUFFERSIZE: _READ_BUFFER,
}

_REASONS: Mapping[int, Reason] = {
    pycurl.E_URL_MALFORMAT: Reason.BAD_URL,
    pycurl.E_COULDNT_RESOLVE_HOST: Reason.DNS,
    pycurl.E_PARTIAL_FILE: Reason.TRUNCATED,
    pycurl.E_OPERATION_TIMEDOUT: Reason.TIMEOUT,
    pycurl.E_FILESIZE_EXCEEDED: Reason.TOO_LARGE,
    pycurl.E_SSL_CONNECT_ERROR: Reason.TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: Reason.TLS,
    pycurl.E_SSL_CACERT_BADFILE: Reason.TLS,
    pycurl.E_SSL_CERTPROBLEM: Reason.TLS,
    pycurl.E_SSL_CIPHER: Reason.TLS,
    pycurl.E_SSL_ISSUER_ERROR: Reason.TLS,
    pycurl.E_SSL_ENGINE_INITFAILED: Reason.TLS,
}  # the rest (nothing came, not HTTP, bad encoding, cut off): BROKEN
_CONNECT_REASONS: Mapping[int, Reason] = {
    errno.ECONNREFUSED: Reason.REFUSED,
    errno.ETIMEDOUT: Reason.TIMEOUT,
}  # the rest (no route, network down): UNREACHABLE
# A redirect's body says nothing: these faults of it do not keep us from following.
_FOLLOWED_IN_SPITE_OF = {
    pycurl.E_WRITE_ERROR,
    pycurl.E_PARTIAL_FILE,
    pycurl.E_FILESIZE_EXCEEDED,
    pycurl.E_BAD_CONTENT_ENCODING,
}
_MISSING_ISSUER = {20, 21}  # OpenSSL's X509_V_ERR_UNABLE_TO_…: no chain to a known root


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to ask, checked, and what libcurl is not to look up."""

    url: str
    resolve: str = ""  # host:port:address,address …
    connect_to: str = ""  # ::address:port


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One whole answer of a server; of a redirect, its head."""

    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes
    wire_bytes: int  # of the body, before decompression


class _Descriptor:
    """A socket on its way to libcurl: pycurl copies the number, this closes ours."""

    __slots__ = ("_number",)

    def __init__(self, opened: socket.socket) -> None:
        self._number = opened.detach()

    def fileno(self) -> int:
        return self._number

    def __del__(self) -> None:
        os.close(self._number)


class Wire:
    """Owns one easy handle, used for one request after another.

    Options are set only where they differ from the last request's.
    """

    __slots__ = (
        "curl",
        "_judge",
        "_connect",
        "_now_set",
        "_posts",
        "_max_bytes",
        "_chunks",
        "_size",
        "_head",
        "_head_size",
        "_head_ended",
        "_too_large",
        "_refused",
        "_opened",
    )

    def __init__(self, judge: Judge, connect: Connect | None = None) -> None:
        self.curl = pycurl.Curl()
        self._judge = judge
        self._connect = connect
        self._now_set: dict[int, object] = {}
        self._posts = False
        self._max_bytes = 0
        self._clear()
        for option, value in _CONSTANT.items():
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._take_chunk)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
        self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        if connect is not None:
            self.curl.setopt(
                pycurl.SOCKOPTFUNCTION, lambda *_: pycurl.SOCKOPT_ALREADY_CONNECTED
            )

    def load(
        self,
        place: Place,
        *,
        headers: tuple[bytes, ...],
        ca_file: str,
        seconds: float,
        max_bytes: int,
        posted: bytes | None = None,
    ) -> None:
        """Make the handle ready to send a request, and to bear so long and so much."""
        self._clear()
        self._max_bytes = max_bytes
        milliseconds = max(1, int(seconds * 1000))
        connect = min(milliseconds, int(LONGEST_CONNECT * 1000))
        self._set_method(posted)
        self._set(pycurl.URL, place.url)
        self._set(pycurl.HTTPHEADER, headers)
        self._set(pycurl.CAINFO, ca_file)
        self._set(pycurl.TIMEOUT_MS, milliseconds)
        self._set(pycurl.CONNECTTIMEOUT_MS, connect)
        self._set(pycurl.MAXFILESIZE_LARGE, max_bytes)
        # "+": the pin ends with curl's own cache, so that names do not pile up.
        self._set(pycurl.RESOLVE, (f"+{place.resolve}",) if place.resolve else ())
        self._set(pycurl.CONNECT_TO, (place.connect_to,) if place.connect_to else ())

    def unload(self, code: int, message: str) -> Answer | FetchError:
        """Give what came of the request, and forget it.

        Args:
            code: libcurl's result, 0 for success, with its message.
        """
        status: int = self.curl.getinfo(pycurl.RESPONSE_CODE)
        passing = status in REDIRECTS and code in _FOLLOWED_IN_SPITE_OF
        if code and (not passing or self._too_large == "head"):
            answer: Answer | FetchError = self._error(code, message)
        elif not self._head_ended:  # libcurl takes half a head for a whole one
            answer = FetchError(Reason.BROKEN, "the headers were cut short")
        else:
            answer = Answer(
                status=status,
                headers=read_headers(self._head),
                body=b"".join(self._chunks),
                wire_bytes=int(self.curl.getinfo(pycurl.SIZE_DOWNLOAD_T)),
            )
        self._clear()
        return answer

    def close(self) -> None:
        """Free the handle."""
        self.curl.close()

    def _clear(self) -> None:
        self._chunks: list[bytes] = []
        self._size = 0
        self._head: list[bytes] = []
        self._head_size = 0
        self._head_ended = False
        self._too_large = ""
        self._refused = ""
        self._opened = False

    def _set_method(self, posted: bytes | None) -> None:
        if posted is not None:
            self.curl.setopt(pycurl.POSTFIELDS, posted)  # implies POST
        elif self._posts:  # else the next feed would be posted to
            self.curl.setopt(pycurl.POSTFIELDS, b"")  # lets go of the last body
            self.curl.setopt(pycurl.HTTPGET, 1)
        self._posts = posted is not None

    def _set(self, option: int, value: object) -> None:
        if self._now_set.get(option) == value:
            return
        self._now_set[option] = value
        if value == ():
            self.curl.unsetopt(option)  # setopt takes an empty list for "no change"
        else:
            self.curl.setopt(option, value)

    def _take_chunk(self, chunk: bytes) -> int | None:
        self._size += len(chunk)
        if self._size > self._max_bytes:
            self._too_large = "body"
            return -1
        self._chunks.append(chunk)
        return None

    def _take_header(self, line: bytes) -> int | None:
        self._head_size += len(line)
        if self._head_size > LONGEST_HEAD or len(self._head) > MOST_HEADERS:
            self._too_large = "head"
            return -1
        if line.startswith(b"HTTP/") and not self._chunks:
            self._head, self._head_ended = [], False  # after 100 Continue
        elif line in (b"\r\n", b"\n"):
            self._head_ended = True
        elif not self._head_ended:  # later ones are trailers, which mean nothing here
            self._head.append(line)
        return None

    def _open(self, _purpose: int, target: pycurl.CurlSockAddr) -> object:
        self._opened = True
        address, port = str(target.addr[0]), int(target.addr[1])
        why = self._judge(address, port)
        if why is not None:
            self._refused = why
            return pycurl.SOCKET_BAD
        try:
            return _Descriptor(self._socket(target, address, port))
        except OSError:
            return pycurl.SOCKET_BAD

    def _socket(
        self, target: pycurl.CurlSockAddr, address: str, port: int
    ) -> socket.socket:
        if self._connect is not None:
            return self._connect(address, port)
        return socket.socket(target.family, target.socktype, target.protocol)

    def _error(self, code: int, message: str) -> FetchError:
        if self._refused and code == pycurl.E_COULDNT_CONNECT:
            return FetchError(Reason.PRIVATE_ADDRESS, self._refused)
        if self._too_large:
            body = f"unpacked body over {self._max_bytes} bytes"
            detail = body if self._too_large == "body" else "too many headers"
            return FetchError(Reason.TOO_LARGE, detail)
        return FetchError(self._reason(code), self._detail(code, message))

    def _reason(self, code: int) -> Reason:
        if code == pycurl.E_COULDNT_CONNECT:
            number = self.curl.getinfo(pycurl.OS_ERRNO)
            return _CONNECT_REASONS.get(number, Reason.UNREACHABLE)
        if code == pycurl.E_PEER_FAILED_VERIFICATION and self._issuer_is_missing():
            return Reason.TLS_CHAIN
        return _REASONS.get(code, Reason.BROKEN)

    def _issuer_is_missing(self) -> bool:
        """Tell whether the server sent its own certificate without its issuer's.

        One with its whole chain, up to a root that nobody trusts, is another fault.
        """
        if self.curl.getinfo(pycurl.SSL_VERIFYRESULT) not in _MISSING_ISSUER:
            return False
        # Raw: names of certificates need not be text in any encoding.
        sent = [dict(each) for each in self.curl.getinfo_raw(pycurl.INFO_CERTINFO)]
        issuer = sent[0].get(b"Issuer") if sent else None
        return issuer not in [each.get(b"Subject") for each in sent[1:]]

    def _detail(self, code: int, message: str) -> str:
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return f"{self._phase()}: {message}"
        if code == pycurl.E_FILESIZE_EXCEEDED:  # announced, or so much has come
            return f"body over {self._max_bytes} bytes"
        return message

    def _phase(self) -> str:
        """Say how far it got. A connection used again has no time of connecting."""
        if self._head_ended:
            return f"reading the body, {self._size} bytes so far"
        if self._opened:
            if not self.curl.getinfo(pycurl.CONNECT_TIME):
                return "connecting"
            encrypted = str(self._now_set[pycurl.URL]).startswith("https:")
            if encrypted and not self.curl.getinfo(pycurl.APPCONNECT_TIME):
                return "agreeing on encryption"
        return "waiting for the answer"


def read_headers(lines: list[bytes]) -> dict[str, str]:
    """Read header lines: names in lower case, values as Latin-1, so that none is lost.

    Of a header that can stand but once the first counts; others are joined.
    """
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip(" \t\r\n")
        if not colon:
            continue
        if name not in headers:
            headers[name] = value
        elif name not in SINGLE:
            headers[name] = f"{headers[name]}, {value}"
    return headers
