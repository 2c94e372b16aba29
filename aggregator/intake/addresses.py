"""Which addresses may be asked: hosts, ports and networks. Pure; no look-ups.

Everything here is written by strangers: URLs of redirects, names and what they resolve
to. What two readers could read in two ways is refused, so that what was checked is what
is dialled.
"""

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from ipaddress import IPv4Network
from ipaddress import IPv6Address
from ipaddress import IPv6Network
from ipaddress import ip_address
from ipaddress import ip_network
from urllib.parse import quote

from aggregator.errors import FetchError
from aggregator.errors import Reason

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 4096  # characters
LONGEST_HOST = 253  # RFC 1035
MOST_ANSWERS = 8  # of one name; more would only prolong failing
PORTS = {80, 443, 8080, 8443}
DEFAULT_PORTS = {"http": 80, "https": 443}

# The registries of special-purpose addresses (IANA), not ipaddress.is_global: what that
# says differs from one Python to the next (192.0.0.0/24, 2001::/23).
_SPECIAL: dict[str, tuple[str, ...]] = {
    "unspecified": ("0.0.0.0/8",),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "shared by a carrier (CGNAT)": ("100.64.0.0/10",),
    "link-local": ("169.254.0.0/16", "fe80::/10", "fec0::/10"),
    "kept for protocols": ("192.0.0.0/24", "2001::/23"),  # with Teredo, 2001::/32
    "for documentation": (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    ),
    "a 6to4 tunnel": ("192.88.99.0/24", "2002::/16"),
    "for benchmarks": ("198.18.0.0/15",),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "reserved": ("240.0.0.0/4",),
}
_TABLE = [
    (name, ip_network(text)) for name, texts in _SPECIAL.items() for text in texts
]
# Only 2000::/3 was ever given out: IPv4-compatible (::/96), SIIT (::ffff:0:0:0/96) and
# local NAT64 (64:ff9b:1::/48) addresses fall outside, whatever IPv4 they carry.
_GIVEN_OUT = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

# Names that mean this machine or this network (RFC 2606, 6761, 8375, 9476), and names
# that answer only inside a cloud. None may be asked but at an address of `allow`.
_LOCAL_SUFFIXES = tuple(
    ".localhost .local .localdomain .internal .intranet .lan .home .corp .private "
    ".home.arpa .invalid .example .example.com .example.net .example.org .onion "
    ".alt .metadata.packet.net .metadata.tencentyun.com".split()
)

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
# Blanks and controls of every script, and the backslash, which browsers take for "/".
_FORBIDDEN = re.compile(r"[\s\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028-\u202f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked URL: what to ask, where, and whether its host is already an address."""

    url: str  # ASCII; without credentials and fragment
    scheme: str
    host: str  # canonical: lower-case ASCII name, or an address without brackets
    port: int
    literal: bool
    local: bool  # only an address of `allow` may answer for it


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks in CIDR notation; a mistake raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def refusal(address: str, *, allow: Sequence[Network]) -> str | None:
    """Say why an address must not be dialled; None: it may be."""
    try:
        ip = _unmapped(ip_address(address))
    except ValueError:
        return f"{address!r} is not an address"
    if _within(ip, allow):
        return None
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return refusal(str(IPv4Address(int(ip) & 0xFFFFFFFF)), allow=allow)
        if ip not in _GIVEN_OUT and not _special(ip):
            return f"{ip} is not a public address"
    kind = _special(ip)
    return f"{ip} is {kind}" if kind else None


def port_refusal(address: str, port: int, *, allow: Sequence[Network]) -> str | None:
    """Say why a port must not be dialled there; any may be in an allowed network."""
    if port in PORTS or _within(_unmapped(ip_address(address)), allow):
        return None
    return f"port {port} is not one of {sorted(PORTS)}"


def choose(
    target: Target, answers: Iterable[str], *, port: int, allow: Sequence[Network]
) -> tuple[str, ...]:
    """Keep the addresses that may be dialled.

    Raises:
        FetchError: None of the answers may be dialled, or there are none.
    """
    found = list(answers)
    if not found:
        raise FetchError(Reason.DNS, f"{target.host} has no address")
    why = [refusal(address, allow=allow) for address in found]
    public = [address for address, no in zip(found, why, strict=True) if not no]
    if target.local:
        public = [a for a in public if _within(_unmapped(ip_address(a)), allow)]
    if not public:
        detail = next(filter(None, why), f"{target.host} is a local name")
        raise FetchError(Reason.PRIVATE_ADDRESS, detail)
    kept = [a for a in public if not port_refusal(a, port, allow=allow)]
    if not kept:
        raise _bad(f"port {port} is not one of {sorted(PORTS)}")
    return tuple(kept[:MOST_ANSWERS])


def check_url(url: str, *, allow: Sequence[Network] = ()) -> Target:
    """Take a URL apart and put it together in the one form that is asked.

    What only an allowed network could excuse (an odd port, a local name) is refused
    here, before any look-up, when there is no such network.

    Raises:
        FetchError: It is not a usable http(s) URL, or nothing could answer for it.
    """
    scheme, authority, path, query = _parts(url)
    host, port = _host_and_port(authority, scheme)
    literal = _is_address(host)
    local = not literal and _is_local(host)
    if local and not allow:
        raise FetchError(Reason.PRIVATE_ADDRESS, f"{host} is a local name")
    if port not in PORTS and not allow:
        raise _bad(f"port {port} is not one of {sorted(PORTS)}")
    shown = f"[{host}]" if ":" in host else host
    place = shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}"
    return Target(
        url=f"{scheme}://{place}{path}{query}",
        scheme=scheme,
        host=host,
        port=port,
        literal=literal,
        local=local,
    )


def canonical_host(host: str) -> str:
    """Write a host in its one form: a lower-case ASCII name or an address.

    IPv4 is read as inet_aton reads it (decimal, octal and hexadecimal, short forms), so
    that no form of an address passes for a name.

    Raises:
        FetchError: It is no host, or two readers could take it for two hosts.
    """
    if host.startswith("["):
        return _ipv6(host)
    name = _ascii(host).removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(labels)
    if len(name) > LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise _bad(f"{host!r} is not a host name")
    return name


def _bad(detail: str) -> FetchError:
    return FetchError(Reason.BAD_URL, detail)


def _within(ip: Address, allow: Sequence[Network]) -> bool:
    return any(ip in network for network in allow)


def _unmapped(ip: Address) -> Address:
    # ::ffff:a.b.c.d is dialled as a.b.c.d, so it is judged as that and nothing else.
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip


def _special(ip: Address) -> str | None:
    return next((name for name, network in _TABLE if ip in network), None)


def _parts(url: str) -> tuple[str, str, str, str]:
    if len(url) > LONGEST_URL:
        raise _bad(f"longer than {LONGEST_URL} characters")
    if _FORBIDDEN.search(url):
        raise _bad("a blank, control character or backslash in the URL")
    match = _URL.fullmatch(url)
    if match is None:
        raise _bad("not an http(s) URL")
    scheme, authority, path, query = match.groups(default="")
    return scheme.lower(), authority, _escaped(path or "/"), _escaped(query)


def _escaped(text: str) -> str:
    # What is already escaped stays so: "%" is safe.
    try:
        return quote(text, safe="%/?:@!$&'()*+,;=~[]")
    except UnicodeEncodeError as error:
        raise _bad("a lone surrogate in the URL") from error


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    credentials, _, place = authority.rpartition("@")
    match = _AUTHORITY.fullmatch(place)
    if "@" in credentials or match is None:
        raise _bad(f"{place!r} is not a host and port")
    port = int(match[2] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise _bad(f"{port} is not a port")
    return canonical_host(match[1]), port


def _ascii(host: str) -> str:
    plain = unicodedata.normalize("NFC", host).lower()
    if plain.isascii():
        return plain
    try:
        name = plain.encode("idna").decode("ascii")
        same = name.encode("ascii").decode("idna") == plain
    except UnicodeError as error:
        raise _bad(f"{host!r} is not a host name") from error
    # ⓔⓧⓐⓜⓟⓛⓔ, １２７．０．０．１ and ß mean one host to one reader, another to the next.
    if not same:
        raise _bad(f"{host!r} can be read as another host")
    return name


def _ipv4(labels: list[str]) -> str:
    try:
        numbers = [_number(label) for label in labels]
    except ValueError as error:
        raise _bad(f"{'.'.join(labels)!r} is not an address") from error
    *heads, tail = numbers
    if len(heads) > 3 or max(heads, default=0) > 255 or tail >= 256 ** (4 - len(heads)):
        raise _bad(f"{'.'.join(labels)!r} is not an address")
    high = sum(number << (24 - 8 * place) for place, number in enumerate(heads))
    return str(IPv4Address(high + tail))


def _number(label: str) -> int:
    if not _NUMBER.fullmatch(label) or len(label) > 32:
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)


def _ipv6(host: str) -> str:
    try:
        if not host.endswith("]") or "%" in host:  # a zone means this machine's cable
            raise ValueError(host)
        return str(_unmapped(IPv6Address(host[1:-1])))
    except ValueError as error:
        raise _bad(f"{host!r} is not an address") from error


def _is_address(host: str) -> bool:
    return ":" in host or host.rpartition(".")[2].isdigit()


def _is_local(host: str) -> bool:
    return "." not in host or f".{host}".endswith(_LOCAL_SUFFIXES)
