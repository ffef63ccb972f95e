"""What commands print: text for people, or JSON lines of which the first names the format."""

import sys
from collections.abc import Iterable

import click
import msgspec

from objectry.findings import Finding


class Output:
    """Where a command writes its result. `json` says that a machine reads it."""

    def __init__(self, command: str, *, json: bool) -> None:
        self.json = json
        if json:
            self._line({"format": f"objectry.{command}/1"})

    def record(self, document: object, text: str = "") -> None:
        """One result: a JSON line for machines, the text for people (nothing where it is "")."""
        if self.json:
            self._line(document)
        elif text:
            self.text(text)

    def text(self, text: str) -> None:
        """A line that only people read."""
        if not self.json:
            click.echo(text)
            sys.stdout.flush()

    def findings(self, findings: Iterable[Finding]) -> None:
        """Findings, one line each."""
        for finding in findings:
            self.record(finding_json(finding), str(finding))

    def _line(self, document: object) -> None:
        click.echo(msgspec.json.encode(document).decode())
        sys.stdout.flush()


def counted(number: int, plural: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {plural[:-1] if number == 1 else plural}"


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding as the JSON line that editors and CI read."""
    place = finding.position
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.path,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }
