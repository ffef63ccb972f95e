"""The table of functions: which arguments each takes, what it gives, what it means.

The checker, the evaluator, the SQL renderer and the reference page all go by this table.
"""

from collections.abc import Iterable

import msgspec

from objectry.expressions.types import Kind

_B, _N, _T, _D, _M, _P, _C, _L = (
    Kind.BOOLEAN,
    Kind.NUMBER,
    Kind.TEXT,
    Kind.DATE,
    Kind.DATETIME,
    Kind.PERIOD,
    Kind.TIME,
    Kind.DURATION,
)

UNITS = ("year", "quarter", "month", "week")
"""What `start_of` and `end_of` take as their second argument."""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One way to call a function: the kinds each parameter takes, and the kind it gives."""

    parameters: tuple[tuple[Kind, ...], ...]
    returns: Kind
    optional: int = 0  # how many parameters at the end may be left out
    variadic: bool = False  # the last parameter may be repeated


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function of the language.

    `shape` says how it is checked: "plain" by its signatures, "same" for functions over values of
    one kind (coalesce), "lines" for aggregates, "extreme" for min and max, which are both,
    "units" for convert.
    """

    name: str
    usage: str
    summary: str
    shape: str = "plain"
    signatures: tuple[Signature, ...] = ()


def _plain(
    usage: str,
    summary: str,
    returns: Kind,
    *parameters: Kind | tuple[Kind, ...],
    optional: int = 0,
    variadic: bool = False,
) -> Function:
    signature = Signature(
        parameters=tuple(p if isinstance(p, tuple) else (p,) for p in parameters),
        returns=returns,
        optional=optional,
        variadic=variadic,
    )
    return Function(
        name=usage.partition("(")[0], usage=usage, summary=summary, signatures=(signature,)
    )


def _shaped(shape: str, usage: str, summary: str) -> Function:
    return Function(name=usage.partition("(")[0], usage=usage, summary=summary, shape=shape)


_ANY_VALUE = (_N, _T, _D, _M, _B, Kind.LINK, _C, _L, Kind.COMPOSITE)
_DAY = (_D, _M)

_ALL: Iterable[Function] = (
    _shaped(
        "lines",
        "sum(lines.x)",
        "The sum over all lines, of numbers or durations; 0 when there is nothing to add.",
    ),
    _shaped(
        "lines",
        "count(lines)",
        "How many lines there are; `count(lines.x)` those with a value in `x`, "
        "`count(lines.x > 3)` those for which the condition is true; `count(tags)` the items of a "
        "list, 0 where there is none.",
    ),
    _shaped(
        "lines", "avg(lines.x)", "The average over all lines, to 12 places; null over nothing."
    ),
    _shaped("lines", "any(lines.x > 3)", "Whether the condition is true for at least one line."),
    _shaped("lines", "all(lines.x > 3)", "Whether the condition is false for no line."),
    _shaped(
        "extreme",
        "min(lines.x)",
        "The smallest value over all lines, or of the arguments: `min(a, b)`. Nulls are skipped; "
        "null over nothing.",
    ),
    _shaped(
        "extreme",
        "max(lines.x)",
        "The largest value over all lines, or of the arguments: `max(a, b)`. Nulls are skipped; "
        "null over nothing.",
    ),
    _shaped("same", "coalesce(a, b, …)", "The first argument that is not null."),
    _plain("today()", "The current date in the tenant's time zone, the same all request long.", _D),
    _plain("now()", "The current moment, the same all request long.", _M),
    _plain("days(n)", "A period of `n` days, to add to a date: `offer_date + days(30)`.", _P, _N),
    _plain("months(n)", "A period of `n` months; 31 January + months(1) is the last of February.",
           _P, _N),
    _plain("years(n)", "A period of `n` years.", _P, _N),
    _plain("hours(n)", "A duration of `n` hours, to whole seconds; `effort / hours(1)` is the "
           "other way round.", _L, _N),
    _plain("minutes(n)", "A duration of `n` minutes.", _L, _N),
    _plain("seconds(n)", "A duration of `n` seconds.", _L, _N),
    _plain("days_between(a, b)", "How many days `b` lies after `a`: `b - a`.", _N, _D, _D),
    _plain("months_between(a, b)", "How many whole months `b` lies after `a`; negative before.",
           _N, _D, _D),
    Function(
        name="date",
        usage="date(2026, 3, 31)",
        summary="The date of a year, month and day; `date(text)` reads `'2026-03-31'`; "
        "`date(moment)` takes the day in UTC. Null where there is no such day.",
        signatures=(
            Signature(parameters=((_N,), (_N,), (_N,)), returns=_D),
            Signature(parameters=((_T, _D, _M),), returns=_D),
        ),
    ),
    _plain("year(d)", "The year of a date or moment.", _N, _DAY),
    _plain("month(d)", "The month, 1 to 12.", _N, _DAY),
    _plain("day(d)", "The day of the month, 1 to 31.", _N, _DAY),
    _plain("weekday(d)", "The day of the week, Monday = 1 to Sunday = 7.", _N, _DAY),
    _plain("start_of(d, 'month')", "The first day of the date's year, quarter, month or week.",
           _D, _D, _T),
    _plain("end_of(d, 'month')", "The last day of the date's year, quarter, month or week.",
           _D, _D, _T),
    _plain("is_business_day(d)", "Whether the date is a Monday to Friday.", _B, _D),
    _plain("round(x, n)", "Rounded half away from zero to `n` places (0 if left out, -2 to "
           "hundreds).", _N, _N, _N, optional=1),
    _plain("floor(x)", "The next whole number downwards.", _N, _N),
    _plain("ceil(x)", "The next whole number upwards.", _N, _N),
    _plain("abs(x)", "The number without its sign.", _N, _N),
    _plain("len(x)", "How many characters a text has (code points), or how many items a list.",
           _N, (_T, Kind.LIST)),
    _plain("lower(x)", "In small letters, by the rules of full Unicode.", _T, _T),
    _plain("upper(x)", "In capitals, by the rules of full Unicode (`ß` becomes `SS`).", _T, _T),
    _plain("trim(x)", "Without white space at both ends.", _T, _T),
    _plain("contains(x, part)", "Whether `part` occurs in the text; capitals count.", _B, _T, _T),
    _plain("startswith(x, part)", "Whether the text begins with `part`.", _B, _T, _T),
    _plain("endswith(x, part)", "Whether the text ends with `part`.", _B, _T, _T),
    _plain("concat(a, b, …)", "The texts joined, nulls left out (with `+` one null gives null).",
           _T, _T, variadic=True),
    _plain("replace(x, old, new)", "Every `old` replaced by `new`. Null where the result would be "
           "longer than 1,000,000 characters.", _T, _T, _T, _T),
    _plain("substring(x, start, length)", "From the `start`-th character on (the first is 1), "
           "`length` characters or all that follow.", _T, _T, _N, _N, optional=1),
    _shaped("units", "convert(weight, unit, 'kg')", "The quantity in another unit of measure, "
            "exactly; one of the two units is a field with `units:`. Null where a unit is."),
    _plain("text(x)", "The value as text: numbers plain and without trailing zeros (`1.5`), dates "
           "`2026-03-31`, moments `2026-03-31T09:30:00Z`, times `08:30:00`, durations `PT1H30M`, "
           "`true` or `false`; of a value of several parts all of them, joined.", _T, _ANY_VALUE),
    _plain("number(x)", "The number that a text like `-12.50` shows (white space around it is "
           "ignored); null if it shows none.", _N, (_T, _N)),
)  # fmt: skip

FUNCTIONS: dict[str, Function] = {function.name: function for function in _ALL}

AGGREGATES = frozenset(f.name for f in _ALL if f.shape in ("lines", "extreme"))

POWER = "power"
"""The function `x ** n` becomes in the tree. Not callable by name."""
