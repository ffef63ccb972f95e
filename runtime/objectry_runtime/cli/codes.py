"""Every code there is: importing the modules that register them makes the registry whole."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import walk_packages

from objectry.findings import CODES, Code
from objectry_runtime.api.errors import ERRORS, ErrorCode

# Packages whose modules register finding codes.
REGISTERING = (
    "objectry.expressions",
    "objectry.metadata",
    "objectry.registry",
    "objectry.sdk",
    "objectry_runtime.host",
    "objectry_runtime.services.settings",
)


def all_codes() -> dict[str, Code]:
    """Finding codes by number, in order."""
    for name in REGISTERING:
        spec = find_spec(name)
        module = import_module(name)
        if spec is not None and spec.submodule_search_locations is not None:
            for found in walk_packages(module.__path__, f"{name}."):
                import_module(found.name)
    return dict(sorted(CODES.items()))


def http_codes() -> dict[str, ErrorCode]:
    """Codes of HTTP errors."""
    return ERRORS
