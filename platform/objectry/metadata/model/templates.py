"""What the definition side asks of templates: it does not know the language they are written in."""

from typing import Literal, Protocol

import msgspec

TemplateUse = Literal["print", "message"]


class TemplateProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something a template can't say; `line` counts from 1."""

    line: int
    message: str
    hint: str = ""


class TemplateName(msgspec.Struct, frozen=True, kw_only=True):
    """A name that a template reads, with what follows its dots: `record.customer.name`.

    Of a row that a loop goes over the path leads through the table: `record.lines.quantity`.
    """

    line: int
    path: tuple[str, ...]


class TemplateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a template without filling it in."""

    problems: tuple[TemplateProblem, ...] = ()
    names: tuple[TemplateName, ...] = ()


class TemplateChecker(Protocol):
    """Reads templates; implemented where they are filled in."""

    def known(self, use: TemplateUse) -> frozenset[str]:
        """The names that a template may begin a path with."""
        ...

    def read(self, text: str) -> TemplateFacts:
        """What is wrong with a template, and what it reads."""
        ...
