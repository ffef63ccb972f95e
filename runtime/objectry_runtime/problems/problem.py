"""The one error type of a request (RFC 9457)."""

from collections.abc import Mapping, Sequence

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One wrong place of a body: JSON pointer, stable code, message for people."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """Stops a request; `api` renders it as application/problem+json.

    `code` is stable (`validation_failed`), `title` its sentence, `detail` says what and where and
    what would be right.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def not_found() -> Problem:
    """The one answer for "does not exist" and "you may not know that it exists"."""
    return Problem(404, "not_found", "There is no such record.")


def invalid(errors: Sequence[FieldError]) -> Problem:
    """All field errors of a body at once."""
    return Problem(422, "validation_failed", "The record has errors.", errors=errors)
