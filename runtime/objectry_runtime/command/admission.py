"""Who may do it, to which record, at which version: what is asked before anything is decided."""

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.system import DELETED
from objectry_runtime.command.refusals import forbidden
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action, Policy, policy
from objectry_runtime.problems import Problem, not_found
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState

_ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete")


def authorize(call: Call, object_name: str) -> tuple[ObjectModel, Policy]:
    """The object and the caller's rights on it; one nothing may be done with does not exist."""
    model = call.live.model.object(object_name)
    rights = policy(call.live, object_name, call.principal.roles)
    if model.is_line:
        title = "The method is not allowed here."
        detail = "Lines are written through the record that owns them."
        raise Problem(405, "method_not_allowed", title, detail, headers={"Allow": "GET, HEAD"})
    transitions = model.workflow.transitions if model.workflow is not None else {}
    if not (
        any(rights.rule(action) is not False for action in _ACTIONS)
        or any(rights.may_transition(one) for one in transitions)
        or any(rights.may_convert(one) for one in model.conversions)
    ):
        raise not_found()
    return model, rights


def path_of(model: ObjectModel) -> str:
    """The REST path of an object's records."""
    return f"/api/v1/{model.plural}"


def found(facts: Facts, action: str, *, deleted: bool = False) -> RecordState:
    """The record, if the caller may do `action` on it: else 403 where it may be read, 404 not.

    One that is deleted and kept is none, unless it is what is asked for (`deleted`): then who may
    not do `action` is not told of it.
    """
    if facts.record is None or (facts.record.values.get(DELETED) is not None) != deleted:
        raise not_found()
    if action and not facts.allowed[action]:
        raise forbidden() if facts.allowed["read"] and not deleted else not_found()
    return facts.record


def check_version(call: Call, model: ObjectModel, state: RecordState, *, asked: bool) -> None:
    """Hold `If-Match` against the record's version; `asked`: the object may demand the header."""
    if not call.if_match:
        if asked and model.definition.require_if_match:
            detail = "Send If-Match with the ETag of the record as you read it."
            raise Problem(428, "precondition_required", "This write needs If-Match.", detail)
        return
    if call.if_match.strip() == "*":
        return
    tags = (one.strip().removeprefix("W/").strip('"') for one in call.if_match.split(","))
    if str(state.version) not in (tag.split(".")[0] for tag in tags):
        detail = "Read it again: somebody changed it since."
        raise Problem(412, "precondition_failed", "The record is no longer that version.", detail)
