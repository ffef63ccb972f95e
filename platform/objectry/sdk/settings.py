"""A plugin's settings: a class, filled from `[plugins.<name>]` of objectry.toml."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypeVar, get_args, get_origin

import msgspec

from objectry.findings import Finding, code, near_or_all

UNKNOWN = code(
    "OBJ0820",
    "Unknown setting of a plugin",
    "The plugin has no setting of this name. The hint names the ones it has.",
    wrong='[plugins.tax]\nround = "line"',
    right='[plugins.tax]\nrounding = "line"',
)
WRONG_VALUE = code(
    "OBJ0821",
    "A setting of a plugin has a value that it can't have",
    "The message says what the setting takes. From an environment variable"
    " (`OBJECTRY_PLUGINS_TAX_ROUNDING`) every value is read from its text.",
    wrong='[plugins.tax]\nrounding = "sometimes"',
    right='[plugins.tax]\nrounding = "document"',
)
MISSING = code(
    "OBJ0822",
    "A setting that a plugin needs is missing",
    "The plugin gives this setting no default, so objectry.toml or the environment has to.",
    wrong="[plugins.vies]",
    right='[plugins.vies]\nrequester = "DE123456789"',
)


class Settings(msgspec.Struct, kw_only=True):
    """Base of a plugin's settings: annotated attributes with defaults, read-only once filled.

    Types are those of msgspec: `str int bool Decimal`, `Literal["a", "b"]`, `list[str]`, and
    `Annotated[int, msgspec.Meta(ge=0)]` for bounds.
    """

    # Not `frozen=True`: type checkers would then want it repeated in every plugin's class.
    def __setattr__(self, name: str, value: object) -> None:
        """Refused: settings come from objectry.toml and the environment."""
        raise AttributeError(f"settings are read-only: {name!r} can't be set")


SettingsT = TypeVar("SettingsT", bound=Settings)


def fill_settings(
    plugin: str, wanted: type[SettingsT], table: Mapping[str, object]
) -> tuple[SettingsT | None, list[Finding]]:
    """The settings of a plugin and all mistakes in `table`; None when there are any."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(wanted)}
    findings: list[Finding] = []
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in fields:
            findings.append(_unknown(plugin, key, list(fields)))
            continue
        try:
            # Not strict: the environment has only texts.
            values[fields[key].name] = msgspec.convert(
                _exact(value), fields[key].type, strict=False
            )
        except msgspec.ValidationError as error:
            hint = _wanted(fields[key].type) or str(error)
            findings.append(_finding(WRONG_VALUE, plugin, key, f"is {value!r}", hint))
    for key, field in fields.items():
        if field.required and key not in table:
            findings.append(_finding(MISSING, plugin, key, "is missing", "it has no default"))
    if findings:
        return None, findings
    try:
        return wanted(**values), []
    except (TypeError, ValueError) as error:  # the class's own __post_init__ refused
        return None, [_finding(WRONG_VALUE, plugin, "", "is refused", str(error))]


def _unknown(plugin: str, key: str, known: list[str]) -> Finding:
    hint = near_or_all(key, known) or "it has no settings"
    return _finding(UNKNOWN, plugin, key, "is no setting of this plugin", hint)


def _wanted(kind: object) -> str:
    """The choices of a Literal, which msgspec's message does not list."""
    if get_origin(kind) is not Literal:
        return ""
    return f"it takes {' or '.join(repr(choice) for choice in get_args(kind))}"


def _finding(number: str, plugin: str, key: str, wrong: str, hint: str) -> Finding:
    path = f"plugins.{plugin}.{key}" if key else f"plugins.{plugin}"
    return Finding(code=number, message=f"{path} {wrong}", hint=hint, path=path)


def _exact(value: object) -> object:
    """TOML's decimals come as floats; their shortest text is what was written."""
    return Decimal(repr(value)) if isinstance(value, float) else value
