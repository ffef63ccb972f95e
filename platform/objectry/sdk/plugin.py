"""A plugin: a name, and the functions registered under it."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Generic, overload

import msgspec

from objectry.metadata.types import FieldType
from objectry.sdk.hooks import Computed, ComputedValue, Context, SettingsT
from objectry.sdk.record import Record
from objectry.sdk.settings import Settings
from objectry.values.names import is_name

# Names of tables in the settings that are not a plugin's.
TAKEN = frozenset({"company"})


class ComputedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A registered function. Its context's settings are its own plugin's, whose class only the
    plugin knows, hence `Any`.
    """

    hook: Computed
    call: Callable[[Record, Context[Any]], ComputedValue]


class Plugin(Generic[SettingsT]):
    """What a package brings. Name it in the entry-point group `objectry.plugins`.

    `requires` are services or plugins it can't work without. `settings` is the class that
    `[plugins.<name>]` of objectry.toml fills. `types` are the field types it brings.
    """

    @overload
    def __init__(
        self: "Plugin[Settings]",
        name: str,
        requires: Iterable[str] = (),
        *,
        types: Iterable[FieldType] = (),
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        requires: Iterable[str] = (),
        *,
        settings: type[SettingsT],
        types: Iterable[FieldType] = (),
    ) -> None: ...
    def __init__(
        self,
        name: str,
        requires: Iterable[str] = (),
        *,
        settings: type[Any] = Settings,
        types: Iterable[FieldType] = (),
    ) -> None:
        """Make an empty plugin; register its functions with `on`."""
        if not is_name(name) or name in TAKEN:
            raise ValueError(f"a plugin can't be called {name!r}: a name like 'tax' is needed")
        self.name = name
        self.requires = tuple(requires)
        self.settings: type[SettingsT] = settings
        self.types = tuple(types)
        self._computed: dict[str, ComputedFunction] = {}

    def on(
        self, hook: Computed
    ) -> Callable[
        [Callable[[Record, Context[SettingsT]], ComputedValue]],
        Callable[[Record, Context[SettingsT]], ComputedValue],
    ]:
        """Register the decorated function for a hook. It stays callable as it was, for tests."""

        def register(
            call: Callable[[Record, Context[SettingsT]], ComputedValue],
        ) -> Callable[[Record, Context[SettingsT]], ComputedValue]:
            if hook.name in self._computed:
                raise ValueError(f"plugin {self.name!r} registers computed {hook.name!r} twice")
            self._computed[hook.name] = ComputedFunction(hook=hook, call=call)
            return call

        return register

    @property
    def computed(self) -> Mapping[str, ComputedFunction]:
        """The functions behind computed fields, by name."""
        return MappingProxyType(self._computed)

    def __repr__(self) -> str:
        """Name and what it brings, for error messages."""
        return f"Plugin({self.name!r}, computed={sorted(self._computed)})"
