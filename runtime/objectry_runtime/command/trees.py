"""Moves within a tree: one after the other, and never below oneself."""

from objectry.metadata.model.trees import PARENT
from objectry_runtime.command.decision import MERGE, Decision, Version
from objectry_runtime.identity.call import Call
from objectry_runtime.query.trees import hold_tree, in_place
from objectry_runtime.store.executor import Bound


def keep_tree(call: Call, decision: Decision) -> tuple[list[Bound], list[Bound]]:
    """What the unit does about the tree before it saves, and after; most writes move nothing."""
    model = decision.model
    if not model.definition.tree:
        return [], []
    merged = decision.action == MERGE  # what lay below the other one comes to lie below it
    placed = [one.id for one in decision.versions if merged or _is_placed(one)]
    if not placed:
        return [], []
    moves = decision.operation == "update"
    before = [hold_tree(call, model.name)] if moves else []
    return before, [in_place(call, model.name, placed)]


def _is_placed(version: Version) -> bool:
    """Whether a record comes to lie below another than before."""
    if version.after is None:
        return False
    above = version.after.value(PARENT)
    before = version.before.values.get(PARENT) if version.before is not None else None
    return above is not None and above != before
