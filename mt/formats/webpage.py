"""A page on the web, by its address: the article in it, without what stands around it."""

from __future__ import annotations

from dataclasses import replace

from mt.data import Document
from mt.errors import ExtraError, InputError
from mt.formats.fetching import fetch
from mt.formats.html import decoded
from mt.segmentation import document


def read_url(url: str) -> tuple[Document, tuple[str, ...]]:
    """The article of a page, its title first, and notes on it. Raises InputError where it cannot be had, ExtraError without trafilatura."""
    page = fetch(url)
    source = page.data.decode(page.encoding, errors="replace") if page.encoding else decoded(page.data, url).text
    return article(source, url), () if page.url == url else (f"the page is {page.url}",)


def article(source: str, url: str) -> Document:
    """The title and the body of the article in a page. Raises InputError where there is none."""
    try:
        import trafilatura
    except ImportError as error:
        raise ExtraError('reading a web page by its address needs trafilatura: pip install "mt[files]"') from error
    found = trafilatura.bare_extraction(source, url=url, include_comments=False, include_tables=True, with_metadata=True)
    text = (getattr(found, "text", None) or "").strip()
    if not text:
        raise InputError(f"{url}: no article found in the page; save it and translate the file")
    title = " ".join((getattr(found, "title", None) or "").split())
    headed = f"{title}\n\n{text}" if title and not text.startswith(title) else text
    return replace(document(headed, url), title=title)
