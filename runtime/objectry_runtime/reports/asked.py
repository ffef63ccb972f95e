"""A request for a report: its parameters by their types, and which page of its rows."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from objectry.expressions import Env, Expression, Value, compile_expression, evaluator
from objectry.expressions.tree import Tree
from objectry.expressions.types import Kind
from objectry.metadata.model import Derivation, FieldDef, FieldModel
from objectry.metadata.model.definitions import OptionDef
from objectry.metadata.model.pages import ParameterDef, ReportDef
from objectry.metadata.model.parameters import (
    ReportScope,
    nothing_but_user,
    parameter_types,
)
from objectry.metadata.model.scope import field_type
from objectry.metadata.types import StorageClass
from objectry.metadata.types.catalogue import type_of
from objectry.values.numbers import plain
from objectry.values.times import duration_text
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.list_request import once
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.slots import array_text
from objectry_runtime.query.values import parse_value
from objectry_runtime.reports.nobody import NOBODY

WORDS = ("limit", "cursor", "format")  # no parameter is called so (OBJ0388)
LIMIT_DEFAULT = 50
LIMIT_MAX = 500
CSV_ROWS_MAX = 10_000

Format = Literal["json", "csv"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was asked for; `values` are in parameter form, by name."""

    values: Mapping[str, str | None]
    limit: int
    cursor: str | None
    format: Format


def read_request(call: Call, report: ReportDef, params: Sequence[tuple[str, str]]) -> Asked:
    """What a request says; anything it can't mean is a 400 that names it."""
    given = once(params)
    for name in given:
        if name not in report.parameters and name not in WORDS:
            hint = near(name, (*report.parameters, *WORDS))
            raise bad_query(f"The report has no parameter {quoted(name)}.{hint}")
    format = given.get("format", "json")
    if format not in ("json", "csv"):
        raise bad_query(f"format: {quoted(format)} is neither json nor csv.")
    return Asked(
        values=parameter_values(call, report, given),
        limit=_limit(given.get("limit", ""), csv=format == "csv"),
        cursor=given.get("cursor"),
        format="csv" if format == "csv" else "json",
    )


def parameter_values(
    call: Call, report: ReportDef, given: Mapping[str, str]
) -> dict[str, str | None]:
    """The values of all parameters: as given, else their defaults, else null."""
    values: dict[str, str | None] = {}
    for name, parameter in report.parameters.items():
        text = given.get(name)
        if text is not None:
            values[name] = _value(parameter_field(parameter), text, name)
        elif parameter.default is not None:
            values[name] = default_of(call, parameter, parameter.default)
        elif parameter.required:
            raise bad_query(f"{name}: the report needs a value for it.")
        else:
            values[name] = None
    return values


def default_of(call: Call, parameter: ParameterDef, source: str) -> str | None:
    """What an expression over `user` alone gives for a parameter, in parameter form."""
    types = parameter_types({parameter.name: parameter})
    kind = types[parameter.name].kind
    compiled = compile_expression(source, nothing_but_user(), expects=(kind,))
    assert isinstance(compiled, Expression), f"`{source}` has not passed the checks"
    principal = call.principal
    user: dict[str, Value] = {
        "id": principal.user,
        "name": principal.name,
        "roles": tuple(sorted(principal.roles)),
    }
    env = Env(record=NOBODY, today=call.today, now=call.now, user=user)
    return _text_of(evaluator(compiled.tree)(env))


def condition(call: Call, report: ReportDef) -> Tree | None:
    """What a report chooses its records by; the checks have seen it."""
    if report.where is None:
        return None
    scope = ReportScope(call.live.model.scope(report.object), parameter_types(report.parameters))
    compiled = compile_expression(report.where, scope, expects=(Kind.BOOLEAN,))
    assert isinstance(compiled, Expression), f"{report.name} has not passed the checks"
    return compiled.tree


def parameter_field(parameter: ParameterDef) -> FieldModel:
    """A parameter as the field it would be."""
    definition = FieldDef(
        name=parameter.name,
        type=parameter.type,
        to=(parameter.to,) if parameter.to else (),
        options=tuple(OptionDef(value=one) for one in parameter.options),
    )
    type_, expr_type = type_of(definition), field_type(definition, "")
    if type_ is None or expr_type is None:
        raise not_found()  # of a plugin that is not installed
    return FieldModel(
        name=parameter.name,
        definition=definition,
        type=type_,
        expr_type=expr_type,
        derivation=Derivation.INPUT,
    )


def _value(field: FieldModel, text: str, name: str) -> str:
    match field.type.storage:
        case StorageClass.JSONB | StorageClass.NONE:
            raise bad_query(f"{name}: a {field.type.name} can't be given in an address.")
        case StorageClass.TEXTS | StorageClass.UUIDS:
            return array_text([parse_value(field, one, name) for one in text.split(",")])
        case _:
            return parse_value(field, text, name)


def _text_of(value: Value) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return array_text([str(one) for one in value])
        case date() | time():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case Decimal():
            return plain(value)
        case _:
            raise AssertionError(f"{value!r} is the value of no parameter")


def _limit(text: str, *, csv: bool) -> int:
    most = CSV_ROWS_MAX if csv else LIMIT_MAX
    if not text:
        return most if csv else LIMIT_DEFAULT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most):
        raise bad_query(f"limit: {quoted(text)} is no whole number from 1 to {most}.")
    return int(text)
