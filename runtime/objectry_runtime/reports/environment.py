"""The sandbox of print templates: Jinja2 without attributes of Python, files or a network.

This is the first wall. The second is the process that a template runs in (`worker`).
"""

from collections.abc import Mapping
from typing import Any

from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from objectry_runtime.reports.formats import FILTERS, GLOBALS, holds
from objectry_runtime.reports.sources import shared_sources

# What every template may use besides its filters; the names are documented for their authors.
NAMES = ("record", "company", "user", "today", "now", "lang", "paper", "words")


def template_environment(sources: Mapping[str, str] | None = None) -> ImmutableSandboxedEnvironment:
    """The environment of print templates; `sources` are more templates by name.

    A name that isn't there is a mistake that is told, not an empty text.
    """
    environment = _Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({**shared_sources(), **(sources or {})}),
    )
    environment.filters.update(FILTERS)
    environment.globals.update(GLOBALS)
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    """A record's fields go before the methods of the mapping that holds them: `record.items`."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A member, of a mapping first."""
        if holds(obj) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)
