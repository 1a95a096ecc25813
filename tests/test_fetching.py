"""Pages from the web: what may be reached, and what may come back."""

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mt.errors import InputError
from mt.formats import fetching, webpage
from mt.formats.fetching import Limits, checked, fetch, is_public

ARTICLE = """<html lang="ar"><head><title>قمة في عمّان</title></head><body><nav><a href="/">الرئيسية</a></nav><article><h1>قمة في عمّان</h1>
<p>وصل الوفد إلى عمّان في المساء، وقال الوزير إن المحادثات بدأت في القصر بحضور عدد من المسؤولين من البلدين.</p>
<p>وأضاف الوزير أن الجانبين اتفقا على مواصلة اللقاءات خلال الأسابيع المقبلة، وأن البيان الختامي سيصدر غدًا.</p>
</article><footer>حقوق النشر</footer></body></html>"""


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("172.31.255.255", False),
        ("172.32.0.1", True),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.0.170", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::7f00:1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2002:c0a8:101::1", False),
        ("2001:0:0:0:0:0:80ff:fffe", False),
        ("2001:db8::1", False),
        ("100::1", False),
        ("not an address", False),
        ("", False),
    ],
)
def test_only_the_public_internet_is_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "expected http:// or https://"),
        ("ftp://example.org/", "expected http:// or https://"),
        ("gopher://example.org/", "expected http:// or https://"),
        ("//example.org/", "expected http:// or https://"),
        ("example.org", "expected http:// or https://"),
        ("http://", "expected http:// or https://"),
        ("http://[::1", "is no web address"),
        ("http://example.org:99999/", "is no web address"),
        ("http://" + "a" * 70 + ".org/", "is no web address"),
        ("http://user:secret@example.org/", "holds a user name"),
        ("http://example.org:22/", "port 22 is not that of a web page"),
        ("http://example.org:6379/", "port 6379 is not that of a web page"),
        ("http://127.0.0.1/", "is not on the public internet"),
        ("http://localhost/", "is not on the public internet"),
        ("http://0x7f.1/", "is not on the public internet"),
        ("http://2130706433/", "is not on the public internet"),
        ("http://0177.0.0.1/", "is not on the public internet"),
        ("http://127.1/", "is not on the public internet"),
        ("http://0/", "is not on the public internet"),
        ("http://[::1]/", "is not on the public internet"),
        ("http://[::ffff:127.0.0.1]/", "is not on the public internet"),
        ("http://169.254.169.254/latest/meta-data/", "is not on the public internet"),
    ],
)
def test_what_is_no_page_of_the_internet_is_refused(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        fetch(url)
    assert str(raised.value).startswith(url)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(InputError, match="^http://example.org/: example.org is not on the public internet; save the page"):
        checked("http://example.org/", Limits(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"]))


def test_a_name_that_is_not_known_is_said() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(InputError, match="example.org is not known, or there is no network; save the page"):
        fetch("http://example.org/", Limits(resolve=fails))


class Site(BaseHTTPRequestHandler):
    """A little site that does what sites do to those who fetch."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        answers: dict[str, Callable[[], None]] = {
            "/article": lambda: self.send(ARTICLE.encode(), "text/html; charset=utf-8"),
            "/old": lambda: self.send(ARTICLE.encode("cp1256"), "text/html; charset=windows-1256"),
            "/nonsense": lambda: self.send(ARTICLE.encode(), "text/html; charset=nonsense"),
            "/empty": lambda: self.send(b"<p>", "text/html"),
            "/picture": lambda: self.send(b"\x89PNG", "image/png"),
            "/large": lambda: self.send(b"a" * 60_000, "text/html"),
            "/packed": lambda: self.send(gzip.compress(ARTICLE.encode()), "text/html", **{"Content-Encoding": "gzip"}),
            "/bomb": lambda: self.send(gzip.compress(bytes(10_000_000)), "text/html", **{"Content-Encoding": "gzip"}),
            "/br": lambda: self.send(b"x", "text/html", **{"Content-Encoding": "br"}),
            "/moved": lambda: self.move("/article"),
            "/moved_nowhere": lambda: self.move("/nothing"),
            "/circle": lambda: self.move("/circle"),
            "/inside": lambda: self.move("http://10.0.0.1/admin"),
            "/file": lambda: self.move("file:///etc/passwd"),
            "/wrong": lambda: self.move("http://[::1"),
            "/slow": self.drip,
            "/%D9%85%D9%82%D8%A7%D9%84?a=%D8%A8": lambda: self.send(ARTICLE.encode(), "text/html; charset=utf-8"),
        }
        answers.get(self.path, lambda: self.send_error(404))()

    def send(self, data: bytes, kind: str, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def move(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def drip(self) -> None:
        """A byte every now and then, for ever."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        try:
            while not getattr(self.server, "over", threading.Event()).wait(0.1):
                self.wfile.write(b"a")
        except OSError:
            pass  # the reader went away, as it should


class EncryptedServer(ThreadingHTTPServer):
    """Encrypts without a certificate, as TLS 1.2 can."""

    def get_request(self) -> tuple[ssl.SSLSocket, tuple[str, int]]:
        connection, client = super().get_request()
        return without_certificate(ssl.PROTOCOL_TLS_SERVER).wrap_socket(connection, server_side=True, do_handshake_on_connect=False), client


def without_certificate(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
    return context


@pytest.fixture(scope="module")
def site() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.over = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def limits(site: ThreadingHTTPServer, seconds: float = 20.0) -> Limits:
    """Any name is our little site; of private addresses only its own is allowed."""

    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host.endswith(".org") else [host]

    return Limits(50_000, seconds, frozenset({site.server_port, 80}), lambda address: address == "127.0.0.1", resolve)


def address(site: ThreadingHTTPServer, path: str) -> str:
    return f"http://news.example.org:{site.server_port}{path}"


@pytest.mark.parametrize(
    ("path", "encoding"), [("/article", "utf-8"), ("/old", "windows-1256"), ("/nonsense", ""), ("/packed", ""), ("/مقال?a=ب", "utf-8")]
)
def test_pages_are_fetched_with_their_encoding(site: ThreadingHTTPServer, path: str, encoding: str) -> None:
    page = fetch(address(site, path), limits(site))
    assert page.encoding == encoding
    assert page.data.decode(encoding or "utf-8") == ARTICLE


def test_a_redirect_is_followed_and_the_new_address_kept(site: ThreadingHTTPServer) -> None:
    assert fetch(address(site, "/moved"), limits(site)).url == address(site, "/article")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing", "the server answers 404 Not Found"),
        ("/picture", "is image/png, not a page; download it"),
        ("/large", "larger than 0.05 MB"),
        ("/bomb", "larger than 0.05 MB"),
        ("/br", "is packed as br"),
        ("/circle", "more than 5 redirects"),
        ("/moved_nowhere", "/nothing: the server answers 404 Not Found"),
    ],
)
def test_what_is_no_page_is_refused(site: ThreadingHTTPServer, path: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fetch(address(site, path), limits(site))


@pytest.mark.parametrize("path", ["/inside", "/file", "/wrong"])
def test_where_a_redirect_to_another_host_leads_is_not_told(site: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(InputError) as raised:
        fetch(address(site, path), limits(site))
    assert str(raised.value) == f"{address(site, path)}: leads to a page that cannot be fetched; save the page and translate the file"


def test_a_page_that_drips_is_given_up(site: ThreadingHTTPServer) -> None:
    with pytest.raises(InputError, match="took longer than 0.5 s"):
        fetch(address(site, "/slow"), limits(site, seconds=0.5))


def test_an_encrypted_page_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda: without_certificate(ssl.PROTOCOL_TLS_CLIENT))
    left = threading.Event()

    class Dripping(Site):
        def drip(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(50):
                    threading.Event().wait(0.1)
                    self.wfile.write(b"a")
            except OSError:
                left.set()

    with EncryptedServer(("127.0.0.1", 0), Dripping) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = address(server, "/article").replace("http:", "https:")
        assert fetch(url, limits(server)).data.decode() == ARTICLE
        with pytest.raises(InputError, match="took longer than 0.5 s"):
            fetch(address(server, "/slow").replace("http:", "https:"), limits(server, seconds=0.5))
        assert left.wait(10)
        server.shutdown()
        thread.join()


def test_an_address_of_numbers_with_colons_can_be_fetched() -> None:
    parts, ip = checked("http://[2606:4700:4700::1111]/a", Limits(resolve=lambda host, port: [host]))
    assert (parts.hostname, parts.port, ip) == ("2606:4700:4700::1111", 80, "2606:4700:4700::1111")


def test_the_connection_goes_to_the_address_that_was_checked(site: ThreadingHTTPServer) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    page = fetch(
        address(site, "/article"),
        Limits(ports=frozenset({site.server_port}), allowed=lambda ip: ip == "127.0.0.1", resolve=lambda host, port: next(answers)),
    )
    assert page.data.decode() == ARTICLE


def test_the_article_is_found_in_the_page() -> None:
    document = webpage.article(ARTICLE, "http://example.org/a")
    assert document.title == "قمة في عمّان"
    assert document.id == "http://example.org/a"
    assert [block.text[:9] for block in document.blocks] == ["قمة في عم", "وصل الوفد", "وأضاف الو"]
    assert "حقوق" not in document.text


def test_a_page_without_an_article_is_said() -> None:
    with pytest.raises(InputError, match="http://a.org: no article found in the page"):
        webpage.article("<p>", "http://a.org")


def test_encodings_are_those_that_python_knows() -> None:
    assert [fetching.known(name) for name in ("UTF-8", "windows-1256", "nonsense", "hex")] == ["UTF-8", "windows-1256", "", ""]
