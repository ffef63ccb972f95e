"""Stored rollups: they read only what the records that link here hold themselves."""

from objectry.expressions import Expression
from objectry.findings import code
from objectry.metadata.checks.aggregates import Aggregate, aggregates
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.elsewhere import databases
from objectry.metadata.model.order import read_key
from objectry.metadata.model.resolved import Derivation

READS_AFAR = code(
    "OBJ0554",
    "Stored rollup reads what changes elsewhere",
    "A stored rollup is kept by the writes of the records that link here, so it reads only what "
    "these hold themselves: no links, no clock, no live formulas, no other rollups, nothing of "
    "another database. Without "
    "`stored: true` it may.",
    wrong=(
        "object: client\nservice: offers\nfields: {country: {type: country}, "
        "abroad: {rollup: {op: count, of: offer, via: client, "
        "where: \"client.country != 'DE'\"}, stored: true}}\n---\n"
        "object: offer\nservice: offers\nfields: {client: {type: link, to: client}}"
    ),
    right=(
        "object: client\nservice: offers\nfields: {country: {type: country}, "
        "abroad: {rollup: {op: count, of: offer, via: client, "
        "where: \"client.country != 'DE'\"}}}\n---\n"
        "object: offer\nservice: offers\nfields: {client: {type: link, to: client}}"
    ),
)

_MADE_ELSEWHERE = frozenset({Derivation.LIVE, Derivation.ROLLUP})


@project_check
def check_stored_rollups(context: Context) -> None:
    """A stored rollup reads what the records that link here hold themselves."""
    placed = databases(context.definitions)
    found = {member.name: each for each in aggregates(context) for member in each.members.values()}
    for definition in context.definitions.objects.values():
        for field in definition.fields.values():
            if field.rollup is None or not field.stored or field.rollup.of not in found:
                continue
            if placed.get(context.definitions.objects[field.rollup.of].service) != placed.get(
                definition.service
            ):
                at: Place = ("object", definition.name, ("fields", field.name, "rollup", "of"))
                message = f"`{field.rollup.of}` lives in another database, written by itself."
                context.find(READS_AFAR, at, message, "leave `stored` out")
            for key in ("field", "where"):
                path = ("fields", field.name, "rollup", key)
                expression = context.expressions.get((definition.name, path))
                if expression is None:
                    continue
                afar = _read_afar(found[field.rollup.of], field.rollup.of, expression)
                if afar:
                    at = ("object", definition.name, path)
                    hint = "leave `stored` out"
                    context.find(READS_AFAR, at, f"It reads {afar}, which changes elsewhere.", hint)


def _read_afar(aggregate: Aggregate, name: str, expression: Expression) -> str:
    """What an expression over a member of an aggregate reads that others change."""
    if expression.uses_clock:
        return "the clock"
    table = next(table for table, member in aggregate.members.items() if member.name == name)
    for read in sorted(expression.reads):
        need = read_key(table, read, aggregate.tables)
        if aggregate.derivations.get(need or ("", "")) in _MADE_ELSEWHERE:
            return f"the live field `{'.'.join(read[1])}`"
    if expression.follows_links:
        return "what lies behind a link"
    return ""
