"""One page from the web, fetched so that nobody can reach into the network of this machine through it.

The name in an address is resolved once, every address it has must be public, and the connection goes to the
address that was checked, so a name that changes its address in between gains nothing. Redirects start anew.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mt._version import __version__
from mt.errors import InputError

MAX_REDIRECTS = 5
TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
REMEDY = "save the page and translate the file"

_EMBEDDING = tuple(ipaddress.IPv6Network(net) for net in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address: compatible, mapped, translated (RFC 2765), NAT64 (RFC 6052)."""
_NEVER = tuple(ipaddress.ip_network(net) for net in ("64:ff9b:1::/48", "fec0::/10", "192.88.99.0/24", "5f00::/16", "192.0.0.0/24"))
"""Local or special networks that `ipaddress` of Python 3.11 takes for public."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_SAFE = "/%:@!$&'()*+,;=~-._?[]"


@dataclass(frozen=True, slots=True)
class Page:
    """What was fetched: the address after redirects, the bytes, and the encoding that the server stated ("" without)."""

    url: str
    data: bytes
    encoding: str


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; so must an IPv4 address that an IPv6 one carries.

    >>> is_public("93.184.216.34"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved or ip.is_unspecified
    if special or not ip.is_global or any(ip.version == net.version and ip in net for net in _NEVER):
        # a translated address may carry a public one, but nobody who means well writes it
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        carried = [ip.sixtofour] if ip.sixtofour else list(ip.teredo or ())
        if any(ip in net for net in _EMBEDDING):
            carried.append(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        return all(is_public(str(inner)) for inner in carried)
    return True


def resolved(host: str, port: int) -> list[str]:
    """All IP addresses of a host. Raises OSError."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be fetched. The defaults suit a page that a stranger names.

    max_bytes: of a page, unpacked. seconds: for everything after the name is resolved, redirects included.
    """

    max_bytes: int = 10_000_000
    seconds: float = 20.0
    ports: frozenset[int] = frozenset({80, 443})
    allowed: Callable[[str], bool] = is_public
    resolve: Callable[[str, int], Sequence[str]] = resolved


PUBLIC = Limits()


def fetch(url: str, limits: Limits = PUBLIC) -> Page:
    """Fetch a page of text. Raises InputError, naming the address but no other host, for whatever is refused or goes wrong."""
    deadline = time.monotonic() + limits.seconds
    here = url
    for _ in range(MAX_REDIRECTS + 1):
        try:
            found = _request(here, limits, deadline)
            if isinstance(found, Page):
                return found
            here = urljoin(here, found)
        except (InputError, ValueError) as error:
            if isinstance(error, InputError) and (here == url or urlsplit(here).hostname == urlsplit(url).hostname):
                raise
            # Where it leads may be inside the network of this machine, which is not told to whoever named the page.
            raise InputError(f"{url}: leads to a page that cannot be fetched; {REMEDY}") from error
    raise InputError(f"{url}: more than {MAX_REDIRECTS} redirects; {REMEDY}")


def checked(url: str, limits: Limits = PUBLIC) -> tuple[SplitResult, str]:
    """The parts of an address that may be fetched and the IP address to connect to. Raises InputError."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise InputError(f"{url}: is no web address") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise InputError(f"{url}: is no web address; expected http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise InputError(f"{url}: holds a user name; an address with one is not fetched")
    port = port or (443 if parts.scheme == "https" else 80)
    if port not in limits.ports:
        raise InputError(f"{url}: port {port} is not that of a web page; {REMEDY}")
    try:
        addresses = limits.resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise InputError(f"{url}: {host} is not known, or there is no network; {REMEDY}") from error
    if not addresses or not all(limits.allowed(address) for address in addresses):
        raise InputError(f"{url}: {host} is not on the public internet; {REMEDY}")
    return parts._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}"), addresses[0]


def _request(url: str, limits: Limits, deadline: float) -> Page | str:
    """A page, or the address that the server sends us on to."""
    parts, address = checked(url, limits)
    host, port = parts.hostname or "", parts.port or 80
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise InputError(f"{url}: took longer than {limits.seconds:g} s; {REMEDY}")
    try:
        connection = socket.create_connection((address, port), timeout=remaining)
    except OSError as error:
        raise InputError(f"{url}: cannot be reached: {error}; {REMEDY}") from error
    try:
        with connection if parts.scheme == "http" else _encrypted(connection, host) as stream, _ended_at(deadline, stream):
            if isinstance(stream, ssl.SSLSocket):
                stream.do_handshake()
            return _exchange(url, parts, host, stream, limits)
    except (OSError, http.client.HTTPException, zlib.error) as error:
        timed_out = isinstance(error, TimeoutError)
        reason = f"took longer than {limits.seconds:g} s" if timed_out else f"cannot be fetched: {error or type(error).__name__}"
        raise InputError(f"{url}: {reason}; {REMEDY}") from error
    finally:
        connection.close()  # if encrypting it has failed


def _encrypted(connection: socket.socket, host: str) -> ssl.SSLSocket:
    """The connection, closed to all other use, before the handshake: that counts for the deadline too."""
    return ssl.create_default_context().wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)


@contextlib.contextmanager
def _ended_at(deadline: float, stream: socket.socket) -> Iterator[None]:
    """Shut the stream when the time is over, which raises TimeoutError; a timeout of the socket starts again with every byte."""
    late = threading.Event()
    stop = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [stream, late])
    stop.daemon = True
    stop.start()
    try:
        yield
    finally:
        stop.cancel()
        if late.is_set():
            raise TimeoutError


def _shut(stream: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):  # it is closed already
        socket.socket.shutdown(stream, socket.SHUT_RDWR)  # not as an SSLSocket does it, which then reads on without encryption


def _exchange(url: str, parts: SplitResult, host: str, stream: socket.socket, limits: Limits) -> Page | str:
    client = http.client.HTTPConnection(host, parts.port)
    client.sock = stream
    standard = parts.port == (443 if parts.scheme == "https" else 80)
    named = f"[{host}]" if ":" in host else host
    headers = {
        "Host": named if standard else f"{named}:{parts.port}",
        "User-Agent": f"mt/{__version__}",
        "Accept": "text/html,application/xhtml+xml,text/plain",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    client.request("GET", target, headers=headers)
    answer = client.getresponse()
    location = answer.headers.get("Location")
    if answer.status in {301, 302, 303, 307, 308} and location:
        return location
    if answer.status != 200:
        raise InputError(f"{url}: the server answers {answer.status} {answer.reason}; {REMEDY}")
    stated = answer.headers.get("Content-Type", "text/html")
    kind = stated.split(";")[0].strip().lower()
    if kind not in TYPES:
        raise InputError(f"{url}: is {kind}, not a page; download it and translate the file")
    data = _body(url, answer, limits)
    charset = _CHARSET.search(stated)
    return Page(url, data, known(charset[1]) if charset else "")


def _body(url: str, answer: http.client.HTTPResponse, limits: Limits) -> bytes:
    too_large = f"{url}: larger than {limits.max_bytes / 1e6:g} MB; {REMEDY}"
    data = answer.read(limits.max_bytes + 1)
    if len(data) > limits.max_bytes:
        raise InputError(too_large)
    packing = answer.headers.get("Content-Encoding", "identity").lower()
    if packing in {"identity", ""}:
        return data
    if packing not in {"gzip", "x-gzip"}:
        raise InputError(f"{url}: is packed as {packing}, which nobody asked for; {REMEDY}")
    unpacking = zlib.decompressobj(31)
    unpacked = unpacking.decompress(data, limits.max_bytes)
    if unpacking.unconsumed_tail:
        raise InputError(too_large)
    return unpacked


def known(charset: str) -> str:
    """The name of an encoding, "" where Python has none of that name."""
    try:
        "".encode(charset)
    except (LookupError, UnicodeError):
        return ""
    return charset
