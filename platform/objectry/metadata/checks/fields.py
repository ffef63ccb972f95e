"""Fields: what their type needs and takes, and values that contradict each other."""

from functools import lru_cache

import jsonschema_rs

from objectry.findings import code, near
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.system import is_drawn
from objectry.metadata.types import COMMON, OWN, TYPES
from objectry.values.currencies import is_currency

KEY_NOT_FOR_TYPE = code(
    "OBJ0320",
    "Key does not fit the type",
    "A key such as `max_length` means something for some types only. Here it would do nothing.",
    wrong="object: offer\nservice: offers\nfields: {days: {type: integer, max_length: 3}}",
    right="object: offer\nservice: offers\nfields: {days: {type: integer, max: 999}}",
)
KEY_NEEDED = code(
    "OBJ0321",
    "The type needs a key",
    "A `link` needs `to`, a `table` needs `of`, a `select` needs `options`.",
    wrong="object: offer\nservice: offers\nfields: {urgency: {type: select}}",
    right="object: offer\nservice: offers\nfields: {urgency: {type: select, options: [low, high]}}",
)
RANGE = code(
    "OBJ0322",
    "Bounds contradict each other",
    "No value could pass: the smallest is above the largest, or there are more places after the "
    "point than digits.",
    wrong="object: offer\nservice: offers\nfields: {days: {type: integer, min: 10, max: 1}}",
    right="object: offer\nservice: offers\nfields: {days: {type: integer, min: 1, max: 10}}",
)
PATTERN = code(
    "OBJ0323",
    "Pattern is no regular expression",
    "Patterns run in linear time, so that no input can make them hang: look-around and "
    "back-references are not possible.",
    wrong="object: offer\nservice: offers\nfields: {code: {type: text, pattern: '(?=a)b'}}",
    right="object: offer\nservice: offers\nfields: {code: {type: text, pattern: '^[ab]+$'}}",
)
OPTION_TWICE = code(
    "OBJ0324",
    "Option stands twice",
    "The options of a `select` differ from each other.",
    wrong="object: offer\nservice: offers\nfields: {urgency: {type: select, options: [low, low]}}",
    right="object: offer\nservice: offers\nfields: {urgency: {type: select, options: [low, high]}}",
)
CONTRADICTION = code(
    "OBJ0325",
    "Keys exclude each other",
    "A field has one source of its value: the caller (with a `default`), a `formula`, or a plugin "
    "(`computed`). What is computed can't be required, unique or immutable, nor take a default.",
    wrong=(
        "object: offer\nservice: offers\nfields: {total: {type: money, formula: '1', default: 0}}"
    ),
    right="object: offer\nservice: offers\nfields: {total: {type: money, formula: '1'}}",
)
CURRENCY = code(
    "OBJ0327",
    "Not a currency",
    "`currency` of a money field is an ISO 4217 code such as `EUR`, the name of a field of type "
    "`currency` in the same object, or `own`: then each amount brings its own.",
    wrong="object: offer\nservice: offers\nfields: {total: {type: money, currency: EURO}}",
    right="object: offer\nservice: offers\nfields: {total: {type: money, currency: EUR}}",
)
COMPUTED = code(
    "OBJ0328",
    "No such computed function",
    "`computed` names a function that an installed plugin registers for this object and field.",
    wrong="object: offer\nservice: offers\nfields: {score: {type: decimal, computed: skore}}",
    right="object: offer\nservice: offers\nfields: {score: {type: decimal, computed: score}}",
)

COMPUTED_READS = code(
    "OBJ0329",
    "Computed function reads a field that is not there",
    "The plugin's function declares which fields it reads; the object has to have them under these "
    "names.",
    wrong="object: offer\nservice: offers\nfields: {tax: {type: money, computed: tax}}",
    right=(
        "object: offer\nservice: offers\n"
        "fields: {net: {type: money}, tax: {type: money, computed: tax}}"
    ),
)

# Keys that are declared by a value other than this default.
_DEFAULTS = {name: getattr(FieldDef(name="", type=""), name) for name in FieldDef.__struct_fields__}


def _at(definition: ObjectDef, field: FieldDef, *path: str | int) -> Place:
    return ("object", definition.name, ("fields", field.name, *path))


@object_check
def check_keys(context: Context, definition: ObjectDef) -> None:
    """A field has the keys its type needs, and none that mean nothing for it."""
    for field in definition.fields.values():
        row = context.type_of(field)
        if row is None:
            continue  # reported as misshapen
        allowed = (COMMON | row.keys) - row.refuses
        for key in FieldDef.__struct_fields__:
            value = getattr(field, key)
            if value == _DEFAULTS[key] or key in allowed:
                continue
            message = f"`{key}` means nothing for the type `{field.type}`."
            types = [name for name, other in TYPES.items() if key in other.keys]
            hint = f"it is for {', '.join(types)}" if types and key not in COMMON else "remove it"
            context.find(KEY_NOT_FOR_TYPE, _at(definition, field, key), message, hint, key=True)
        needed = row.needs
        if needed and not (getattr(field, needed) or field.units):
            message = f"A field of type `{field.type}` needs `{needed}`."
            context.find(KEY_NEEDED, _at(definition, field, needed), message)


@object_check
def check_bounds(context: Context, definition: ObjectDef) -> None:
    """The smallest value is not above the largest; digits suffice for the places."""
    for field in definition.fields.values():
        for low, high in (("min", "max"), ("min_length", "max_length"), ("scale", "precision")):
            least, most = getattr(field, low), getattr(field, high)
            if least is not None and most is not None and least > most:
                message = f"`{low}` {least} is above `{high}` {most}."
                context.find(RANGE, _at(definition, field, low), message, "no value would pass")


@object_check
def check_patterns(context: Context, definition: ObjectDef) -> None:
    """Patterns compile in the engine that will run them."""
    for field in definition.fields.values():
        if field.pattern is None or is_drawn(field):
            continue
        if problem := pattern_problem(field.pattern):
            at = _at(definition, field, "pattern")
            context.find(PATTERN, at, f"`{field.pattern}` is no pattern: {problem}.")


@lru_cache(maxsize=1024)
def pattern_problem(pattern: str) -> str:
    """Why a regular expression can't run in linear time, empty where it can."""
    try:
        jsonschema_rs.Draft202012Validator(
            {"type": "string", "pattern": pattern},
            pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000),
        )
    except (ValueError, jsonschema_rs.ValidationError):
        return "it does not parse, is too large, or uses look-around or a back-reference"
    return ""


@object_check
def check_translated(context: Context, definition: ObjectDef) -> None:
    """What has a text per language is entered, unsealed, and no part of a line."""
    for field in definition.fields.values():
        if not field.translate:
            continue
        at = _at(definition, field, "translate")
        if field.derived or field.sensitive or field.unique:
            message = "`translate` is for a text that is entered, neither sensitive nor unique."
            context.find(CONTRADICTION, at, message, "remove it", key=True)
        elif definition.name in context.owners:
            message = "The rows of a table have one text for all languages."
            context.find(CONTRADICTION, at, message, "remove it", key=True)


@object_check
def check_options(context: Context, definition: ObjectDef) -> None:
    """Options differ."""
    for field in definition.fields.values():
        seen: set[str] = set()
        for index, option in enumerate(field.options):
            if option.value in seen:
                at = _at(definition, field, "options", index)
                context.find(
                    OPTION_TWICE, at, f"The option `{option.value}` stands twice.", "remove it"
                )
            seen.add(option.value)


@object_check
def check_sources_of_value(context: Context, definition: ObjectDef) -> None:
    """A field's value has one source."""
    for field in definition.fields.values():
        written = field.formula if field.formula != field.lookup else None
        ways = {"lookup": field.lookup, "formula": written, "rollup": field.rollup}
        ways["computed"] = field.computed or None
        derived = next((way for way, value in ways.items() if value), "")
        if derived:
            others = [way for way in ways if way != derived and ways[way]]
            for key in (*others, "default", "required", "unique", "immutable", "required_when"):
                if getattr(field, key) != _DEFAULTS[key]:
                    message = f"`{key}` can't stand beside `{derived}`."
                    hint = "the value is computed; a check can judge it"
                    context.find(
                        CONTRADICTION, _at(definition, field, key), message, hint, key=True
                    )
        if field.stored and field.rollup is None:
            message = "`stored` keeps a rollup, and there is none."
            hint = "a formula is stored by itself wherever it can be"
            context.find(CONTRADICTION, _at(definition, field, "stored"), message, hint, key=True)
        if field.snapshot and field.formula is None and not field.lookup:
            message = "`snapshot` freezes a formula, and there is none."
            context.find(CONTRADICTION, _at(definition, field, "snapshot"), message, key=True)
        if field.required and field.required_when is not None:
            message = "`required_when` says nothing beside `required: true`."
            at = _at(definition, field, "required_when")
            context.find(CONTRADICTION, at, message, "keep one of the two", key=True)


@object_check
def check_currencies(context: Context, definition: ObjectDef) -> None:
    """`currency` names an ISO code or a currency field."""
    for field in definition.fields.values():
        if field.currency in ("", OWN) or field.type != "money" or is_currency(field.currency):
            continue
        other = definition.fields.get(field.currency)
        if other is not None and other.type in ("currency", ""):
            continue
        if context.positions.is_broken("object", definition.name, ("fields", field.currency)):
            continue
        fields = [name for name, f in definition.fields.items() if f.type == "currency"]
        message = f"`{field.currency}` is neither an ISO code nor a currency field."
        hint = near(field.currency, fields) or "as in `EUR`"
        context.find(CURRENCY, _at(definition, field, "currency"), message, hint)


@object_check
def check_computed(context: Context, definition: ObjectDef) -> None:
    """`computed` names a function that a plugin brings."""
    for field in definition.fields.values():
        if not field.computed or field.type == "table":
            continue
        fact = context.catalog.computed_for(field.computed, definition.name, field.name)
        if fact is not None:
            for path in fact.reads:
                _check_read(context, definition, field, path)
        else:
            message = f"No plugin brings the computed function `{field.computed}`."
            known = context.catalog.computed
            hint = near(field.computed, known) or (
                f"known: {', '.join(known)}" if known else "no plugin with any is installed"
            )
            context.find(COMPUTED, _at(definition, field, "computed"), message, hint)


def _check_read(context: Context, definition: ObjectDef, field: FieldDef, path: str) -> None:
    """A path that a computed function declares leads to a field."""
    name = definition.name
    for part in path.split("."):
        found = context.fields(name).get(part)
        if found is None:
            if not context.is_doubtful(name, part):
                message = f"`{field.computed}` reads `{path}`, but `{name}` has no field `{part}`."
                hint = near(part, context.fields(name))
                context.find(COMPUTED_READS, _at(definition, field, "computed"), message, hint)
            return
        name = found.of if found.type == "table" else found.to[0] if found.to else ""
        if name not in context.definitions.objects:
            return  # a value, or reported at the link
