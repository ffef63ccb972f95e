"""HTML as PDF. Nothing is fetched: an image stands in the document (`data:`) or isn't there."""

from weasyprint import HTML  # type: ignore[import-untyped]
from weasyprint.urls import (  # type: ignore[import-untyped]
    FatalURLFetchingError,
    URLFetcher,
    URLFetcherResponse,
)


class Refused(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint has no types
    """The document wants something from outside."""


class _Inside(URLFetcher):  # type: ignore[misc]
    """Takes `data:` and nothing else."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.lower().startswith("data:"):
            raise Refused(f"{url[:200]} is outside of the document; only data: addresses are taken")
        return super().fetch(url, headers)


def to_pdf(html: str) -> bytes:
    """The document as PDF."""
    document = HTML(string=html, url_fetcher=_Inside(allowed_protocols={"data"}))
    made: bytes = document.write_pdf()
    return made
