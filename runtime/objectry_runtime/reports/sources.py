"""The templates that every print template may extend or include: the look of a letter."""

from functools import cache
from importlib.resources import files


@cache
def shared_sources() -> dict[str, str]:
    """Their texts by name."""
    folder = files("objectry_runtime.reports").joinpath("shared")
    return {
        one.name: one.read_text(encoding="utf-8")
        for one in folder.iterdir()
        if one.name.endswith((".html", ".css"))
    }
