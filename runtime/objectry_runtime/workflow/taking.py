"""What the body of a transition says: the fields that the definition lets it set."""

from objectry.compiler.codecs import Decoded
from objectry.metadata.model import ObjectModel
from objectry.metadata.model.resolved import TransitionModel
from objectry_runtime.command.bodies import (
    codec_of,
    empty,
    errors_of,
    is_object,
    step,
    write_rights,
)
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, invalid


def read_taken(
    call: Call,
    model: ObjectModel,
    rights: Policy,
    transition: TransitionModel,
    document: object,
) -> Decoded:
    """The values a body gives to the fields of `takes` and `requires`.

    Who may take the transition may set them, whether or not they may update the record; a field
    that is hidden from them stays unknown.
    """
    name, takes = transition.definition.name, transition.takes
    if not takes:
        _takes_nothing(document, name)
        return Decoded(values={}, issues=())
    known = write_rights(call.live, rights, "update")
    decoded = codec_of(call.live, model.name).read(
        {} if document is None else document,
        partial=True,
        writable=lambda place: place in takes and rights.shows(place),
        visible=known.may_see,
    )
    errors = errors_of(decoded.issues)
    wrong = {one.pointer for one in errors}
    errors += [
        FieldError(step(field), "required", f"`{name}` needs a value here.")
        for field in transition.definition.requires
        if decoded.values.get(field) in (None, "") and step(field) not in wrong
    ]
    if errors:
        raise invalid(errors)
    return decoded


def _takes_nothing(document: object, name: str) -> None:
    if empty(document):
        return
    if is_object(document):
        message = f"`{name}` takes no parameters."
        raise invalid([FieldError(step(key), "unknown_field", message) for key in document])
    raise invalid([FieldError("", "type", f"`{name}` takes no parameters: send {{}}.")])
