"""Former names in a query: what a field `was` called works on until a release retires it."""

from collections.abc import Sequence

from objectry_runtime.query.names import Names, find_field

PATHS = ("sort", "fields", "expand")  # parameters whose values are lists of paths
WORDS = ("limit", "cursor", "count", "where")

Params = Sequence[tuple[str, str]]


def renamed(names: Names, object_name: str, params: Params) -> tuple[Params, bool]:
    """The parameters with the names of today, and whether one of them had a former name."""
    found = [_parameter(names, object_name, name, text) for name, text in params]
    return found, found != list(params)


def _parameter(names: Names, object_name: str, name: str, text: str) -> tuple[str, str]:
    if name in WORDS:
        return name, text
    if name in PATHS:
        paths = (_signed_path(names, object_name, path) for path in text.split(","))
        return name, ",".join(paths)
    path, separator, operator = name.partition("__")
    return _path(names, object_name, path) + separator + operator, text


def _signed_path(names: Names, object_name: str, text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    return sign + _path(names, object_name, text.removeprefix("-"))


def _path(names: Names, object_name: str, text: str) -> str:
    """A path with each hop by its name of today; what leads nowhere stays as it is."""
    hops = text.split(".")
    for place, hop in enumerate(hops):
        if object_name not in names.live.model.definitions.objects:
            break
        model = names.live.model.object(object_name)
        field = find_field(model, hop)
        if field is None and hop:
            # Only among what the caller sees: a hidden field's former name is as unknown as it.
            seen = (model.fields.get(one) for one in names.visible(object_name))
            field = next((one for one in seen if one and one.definition.was == hop), None)
        if field is None:
            break
        hops[place], object_name = field.name, field.expr_type.object
    return ".".join(hops)
