"""What a column of a report is called, in the language of its reader."""

from objectry_runtime.api.languages import field_for
from objectry_runtime.identity import Call
from objectry_runtime.query.names import find_field


def heading(call: Call, object_name: str, path: str) -> str:
    """The labels along the path: `customer.city` is "Customer: City".

    The title of what a link leads to is the link itself: `customer.name` is "Customer".
    """
    said: list[str] = []
    owner: str | None = object_name
    for hop in path.split("."):
        model = None if owner is None else call.live.model.object(owner)
        if model is not None and said and hop == model.title:
            break
        field = None if model is None else find_field(model, hop)
        label = ""
        if model is not None and field is not None:
            label = field_for(call, model.name, field.definition).label
        said.append(label or hop.replace("_", " ").capitalize())
        behind = () if field is None or field.type.own else field.expr_type.targets
        owner = behind[0] if behind else None
    return ": ".join(said)
