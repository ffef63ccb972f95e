"""The one place where errors become answers: application/problem+json (RFC 9457)."""

import logging
import random

import msgspec

from objectry_runtime.api.errors import type_of
from objectry_runtime.problems import FieldError, Problem
from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = (1, 3)  # from, to: who was refused together need not come back together

log = logging.getLogger("objectry.http")


class _Document(msgspec.Struct, omit_defaults=True):
    type: str
    title: str
    status: int
    code: str
    instance: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


def render(problem: Problem, request_id: str) -> bytes:
    """The document of a problem; `instance` names the request, as the log does."""
    return msgspec.json.encode(
        _Document(
            type=type_of(problem.code),
            title=problem.title,
            status=problem.status,
            code=problem.code,
            instance=f"/requests/{request_id}",
            detail=problem.detail,
            errors=problem.errors,
        )
    )


def to_problem(error: Exception, request_id: str, place: str) -> Problem:
    """Any exception as the problem its client may see; what is our fault goes to the log."""
    match error:
        case Problem():
            return error
        case DatabaseUnavailable():
            log.warning("%s request=%s database unavailable: %s", place, request_id, error)
            return _again("unavailable", "The database can't be reached.", "Try again shortly.")
        case DatabaseError(sqlstate="57014"):
            log.warning("%s request=%s statement timed out", place, request_id)
            return _again("timeout", "The database took too long.", "Nothing was kept.")
        case DatabaseError(sqlstate="40001" | "40P01" | "55P03"):
            log.warning("%s request=%s gave up after %s", place, request_id, error.sqlstate)
            return _again("busy", "Others were writing the same records.", "Nothing was kept.")
        case _:
            log.error("%s request=%s failed", place, request_id, exc_info=error)
            return Problem(
                500,
                "internal",
                "Something went wrong on our side.",
                f"The log has it under request {request_id}.",
            )


def _again(code: str, title: str, detail: str) -> Problem:
    seconds = random.randint(*RETRY_AFTER_S)
    return Problem(503, code, title, detail, headers={"Retry-After": str(seconds)})
