"""HTML as PDF by WeasyPrint, with the Pango of the machine."""

from weasyprint import HTML  # type: ignore[import-untyped]
from weasyprint.urls import (  # type: ignore[import-untyped]
    FatalURLFetchingError,
    URLFetcher,
    URLFetcherResponse,
)

from objectry_runtime.reports.job import Outside


class _Refused(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint has no types
    """`Outside` on its way through WeasyPrint, which swallows every plain exception."""


class _Inside(URLFetcher):  # type: ignore[misc]
    """Takes `data:` and nothing else."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if not url.lower().startswith("data:"):
            raise _Refused(f"{url[:200]} lies outside of the document; only data: is taken")
        return super().fetch(url, headers)  # pyright: ignore[reportUnknownMemberType]


def to_pdf(html: str) -> bytes:
    """The document as PDF; raises Outside."""
    document = HTML(string=html, url_fetcher=_Inside(allowed_protocols={"data"}))
    try:
        made: object = document.write_pdf()  # pyright: ignore[reportUnknownMemberType]
    except _Refused as refused:
        raise Outside(str(refused)) from None
    assert isinstance(made, bytes), "without a target the PDF is what is returned"
    return made
