"""The catalogue of errors holds every code that the runtime raises, and the docs show it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import objectry_runtime
from objectry_runtime.api import ERRORS
from objectry_runtime.api.problems import render, to_problem
from objectry_runtime.problems import FieldError, Problem, invalid, not_found

ROOT = Path(objectry_runtime.__file__).parent
PAGE = ROOT.parents[1] / "docs" / "reference" / "errors.md"


def raised() -> Iterator[tuple[int, str, str]]:
    """(status, code, place) of every Problem and conflict in the runtime's source."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
            place = f"{path.name}:{node.lineno}"
            match node.func.id, texts:
                case "Problem", [int(status), str(code), *_]:
                    yield status, code, place
                case "conflict", [str(code), *_]:
                    yield 409, code, place
                case _:
                    pass


def test_every_code_that_is_raised_is_in_the_catalogue_with_its_status() -> None:
    known = {(error.status, error.code) for error in ERRORS.values()}
    assert [one for one in raised() if one[:2] not in known] == []


def test_the_reference_page_explains_every_error() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| (.*?) \| (.*) \|$", PAGE.read_text(), re.M)
    assert rows == [
        (error.code, str(error.status), error.title, error.advice)
        for error in sorted(ERRORS.values(), key=lambda one: (one.status, one.code))
    ]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (
            not_found(),
            {
                "type": "/errors/not_found",
                "title": "There is no such record.",
                "status": 404,
                "code": "not_found",
                "instance": "/requests/r1",
            },
        ),
        (
            invalid([FieldError("/lines/2/quantity", "min", "At least 1.")]),
            {
                "type": "/errors/validation",
                "title": "The record has errors.",
                "status": 422,
                "code": "validation_failed",
                "instance": "/requests/r1",
                "errors": [
                    {"pointer": "/lines/2/quantity", "code": "min", "message": "At least 1."}
                ],
            },
        ),
    ],
)
def test_a_problem_is_rendered_whole(problem: Problem, expected: dict[str, object]) -> None:
    assert msgspec.json.decode(render(problem, "r1")) == expected


def test_what_is_our_fault_is_logged_with_the_request_id(caplog: pytest.LogCaptureFixture) -> None:
    problem = to_problem(RuntimeError("hunter2"), "r1", "GET '/x'")
    assert (problem.status, problem.code, "hunter2" in problem.detail) == (500, "internal", False)
    assert "GET '/x' request=r1 failed" in caplog.text
    assert "hunter2" in caplog.text
