"""Links across databases: what a write links to is brought here before it, by its owner."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from objectry.expressions import Value
from objectry.metadata.model import ObjectModel
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.decision import Decision
from objectry_runtime.command.draft import Draft
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call

Row = tuple[ObjectModel, Callable[[str], Value]]  # a record or line, and how its fields are read


async def reach(call: Call, ids: Mapping[str, Sequence[str]]) -> bool:
    """See to it that records (by object) are known here, if they are; whether any was not.

    Nothing may be locked meanwhile: an owner is asked over the network.
    """
    if call.owners is None or not ids:
        return False
    return await call.owners.fetch(call.live, call.executor, call.principal.tenant, ids)


async def reach_decided(call: Call, decision: Decision) -> bool:
    """The same for all that the records of a decision link to: a default may have linked them."""
    drafts = ((draft.model, draft.value) for draft in _drafts(decision))
    return await reach(call, linked(call.live, drafts))


def linked(live: Live, rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """What records and lines link to, by object."""
    found: dict[str, dict[str, None]] = {}
    for model, value_of in rows:
        for field, targets in compiled(live, model).links.items():
            value = value_of(field)
            ids = value if isinstance(value, tuple | list) else (value,)
            for id in (one for one in ids if isinstance(one, str)):
                for target in targets:
                    found.setdefault(target, {})[id] = None
    return {name: tuple(ids) for name, ids in found.items()}


def _drafts(decision: Decision) -> Iterator[Draft]:
    for version in decision.versions:
        if version.after is not None:
            yield version.after
            for lines in version.after.lines.values():
                yield from lines
