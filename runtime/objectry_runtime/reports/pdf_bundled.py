"""HTML as PDF by PlutoPrint, whose wheel brings all it needs: for a machine without Pango."""

import io

from plutoprint import PAGE_SIZE_A4, Book, ResourceData, ResourceFetcher

from objectry_runtime.reports.job import Outside


class _Inside(ResourceFetcher):
    """Is asked for all but `data:`, and remembers what it refused."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    def fetch_url(self, url: str) -> ResourceData:
        self.refused.append(url)
        raise PermissionError(url)


def to_pdf(html: str) -> bytes:
    """The document as PDF; raises Outside."""
    fetcher = _Inside()
    book = Book(PAGE_SIZE_A4)  # a template's own @page goes before it
    book.custom_resource_fetcher = fetcher
    book.load_html(html)
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    if fetcher.refused:
        url = fetcher.refused[0][:200]
        raise Outside(f"{url} lies outside of the document; only data: is taken")
    return stream.getvalue()
