"""Statements with slots: what a call differs in is filled in when it is run."""

from collections.abc import Mapping

from objectry_runtime.host.live import Live
from objectry_runtime.query.frame import Rendering
from objectry_runtime.query.slots import NOW, TODAY, USER
from objectry_runtime.query.sql import Clock, Sql


def template(
    live: Live,
    roles: frozenset[str],
    *,
    saved: Mapping[str, str] | None = None,
    taken: int = 0,
) -> Rendering:
    """A new statement for callers with these roles, whoever they are and whenever they ask.

    `saved` and `taken`: see `Rendering` and `Sql`.
    """
    return Rendering(live, Sql(taken), Clock(today=TODAY, now=NOW), USER, roles, saved)
