"""Errors as their caller may know them: none names a field that is hidden from them."""

from collections.abc import Iterable

from objectry.metadata.model import ObjectModel
from objectry_runtime.command.bodies import Rights, write_rights
from objectry_runtime.command.unseen import UNSEEN
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import WriteAction, policy
from objectry_runtime.problems import FieldError

SAID_BY_THE_CALLER = "unknown_field"  # what a body names, hidden or a typo, is told as unknown
MESSAGE = (
    "A value that is filled in for you is missing or not possible here."
    " Somebody with more rights can enter this."
)


def discreet(
    call: Call, model: ObjectModel, action: WriteAction, errors: Iterable[FieldError]
) -> list[FieldError]:
    """The errors; what is wrong with a hidden field is said of its record or line, once.

    The message of a check is its author's and stays; of a line that the caller may not read
    nothing is told but that the record can't be so.
    """
    rights = policy(call.live, model.name, call.principal.roles)
    known = write_rights(call.live, rights, action)
    return list(dict.fromkeys(_told(one, model, known) for one in errors))


def _told(error: FieldError, model: ObjectModel, known: Rights) -> FieldError:
    if error.pointer.startswith(UNSEEN):
        return FieldError("", "not_possible", MESSAGE)
    holder, place = _place(error.pointer, model)
    if error.code == SAID_BY_THE_CALLER or not place or known.may_see(place):
        return error
    if error.code == "check":
        return FieldError(holder, error.code, error.message)
    return FieldError(holder, "not_possible", MESSAGE)


def _place(pointer: str, model: ObjectModel) -> tuple[str, str]:
    """The pointer of the record or line, and the field in it: `lines.quantity`, or "" for none."""
    holder, steps = "", pointer.split("/")[1:]
    if steps and steps[0].isdigit():  # the row of an array of records
        holder, steps = f"/{steps[0]}", steps[1:]
    if len(steps) > 2 and steps[0] in model.tables:
        return f"{holder}/{steps[0]}/{steps[1]}", f"{steps[0]}.{steps[2]}"
    known = bool(steps) and steps[0] in model.fields
    return holder, steps[0] if known else ""
