"""What tells of a document's way: its chain, what is open of it, who approved it."""

from objectry.compiler.schemas.operation import PREFIX, UUID, answer, label, operation
from objectry.compiler.schemas.parts import AGE, parameter, problems
from objectry.compiler.schemas.shapes import Visible
from objectry.metadata.model import Model, ObjectModel
from objectry.metadata.types import Schema

_TEXT: Schema = {"type": ["string", "null"]}
_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def _shape(properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


CHAIN = _shape(
    {
        "data": _list(
            _shape(
                {
                    "object": {"type": "string"},
                    "id": UUID,
                    "number": _TEXT,
                    "title": _TEXT,
                    "status": _TEXT,
                }
            )
        ),
        "edges": _list(
            _shape({"from": UUID, "to": UUID, "via": {"type": "string"}, "at": _MOMENT})
        ),
        "more": {"type": "boolean", "description": "There are others, further away."},
    }
)
OPEN = _shape(
    {
        "data": _list(_shape({"id": UUID, "quantity": _TEXT, "converted": _TEXT, "open": _TEXT})),
        "open": {"type": "boolean", "description": "Whether anything is left to convert."},
    }
)
_ROLES = _list({"type": "string"})
APPROVALS = _shape(
    {
        "data": _list(
            _shape(
                {
                    "transition": {"type": "string"},
                    "to": {"type": "string"},
                    "missing": _COUNT,
                    "steps": _list(
                        _shape(
                            {
                                "roles": _ROLES,
                                "count": _COUNT,
                                "approved": _COUNT,
                                "missing": _COUNT,
                            }
                        )
                    ),
                    "approvals": _list(
                        _shape(
                            {
                                "by": UUID,
                                "on_behalf_of": {**_TEXT, "format": "uuid"},
                                "roles": _ROLES,
                                "at": _MOMENT,
                            }
                        )
                    ),
                }
            )
        )
    }
)


def chain_paths(model: Model, visible: Visible) -> dict[str, Schema]:
    """The chains of all objects that conversions tie to others, as far as the caller may know."""
    tied = {
        name: None
        for source, definition in model.definitions.objects.items()
        for conversion in definition.conversions.values()
        if visible(source, None, "read") and visible(conversion.to, None, "read")
        for name in (source, conversion.to)
    }
    summary = "the documents it was made from and those made from it"
    return {
        f"{PREFIX}/{owner.plural}/{{id}}/chain": _told(owner, "chain", summary, CHAIN)
        for owner in map(model.object, sorted(tied))
    }


def progress_paths(owner: ObjectModel, visible: Visible, base: str) -> dict[str, Schema]:
    """What conversions may still take of a record, and who approved it."""
    paths: dict[str, Schema] = {}
    for name in owner.conversions:
        if visible(owner.name, name, "convert"):
            summary = f"what `{name}` may still take"
            told = _told(owner, f"open.{name}", summary, OPEN, "403")
            paths[f"{base}/{{id}}/open/{name}"] = told
    transitions = owner.workflow.transitions.values() if owner.workflow else ()
    if any(one.approvals for one in transitions):
        summary = "who approved it, and what is missing"
        paths[f"{base}/{{id}}/approvals"] = _told(owner, "approvals", summary, APPROVALS)
    return paths


def _told(owner: ObjectModel, verb: str, summary: str, schema: Schema, *more: str) -> Schema:
    return {
        "get": {
            **operation(owner, verb, f"{label(owner)}: {summary}"),
            "parameters": [parameter(name) for name in ("id", "stale")],
            "responses": {
                "200": answer(summary.capitalize(), schema, AGE),
                **problems("404", *more),
            },
        }
    }


TAG = "platform delegations"
_DELEGATION = _shape(
    {
        "id": UUID,
        "role": {"type": "string"},
        "by": UUID,
        "to": UUID,
        "from": {"type": "string", "format": "date-time"},
        "until": {"type": "string", "format": "date-time"},
    }
)


def delegation_paths() -> dict[str, Schema]:
    """Lending roles: for everybody."""
    moment: Schema = {"type": "string", "format": "date-time"}
    lent: Schema = {
        "type": "object",
        "required": ["role", "to", "until"],
        "additionalProperties": False,
        "properties": {
            "role": {"type": "string", "description": "One that you have yourself."},
            "to": {**UUID, "description": "Who borrows it."},
            "from": moment,
            "until": moment,
        },
    }
    id_parameter: Schema = {"name": "id", "in": "path", "required": True, "schema": UUID}
    found = answer("What you lend and borrow.", _shape({"data": _list(_DELEGATION)}), AGE)
    return {
        f"{PREFIX}/delegations": {
            "get": {
                "operationId": "delegations.list",
                "tags": [TAG],
                "summary": "The roles that you lend and borrow",
                "parameters": [parameter("stale")],
                "responses": {"200": found, **problems()},
            },
            "post": {
                "operationId": "delegations.create",
                "tags": [TAG],
                "summary": "Lend a role to somebody for a time",
                "parameters": [parameter("dry_run")],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": lent}},
                },
                "responses": {"201": answer("The delegation.", _DELEGATION), **problems("422")},
            },
        },
        f"{PREFIX}/delegations/{{id}}": {
            "delete": {
                "operationId": "delegations.delete",
                "tags": [TAG],
                "summary": "End a delegation at once",
                "parameters": [id_parameter, parameter("dry_run")],
                "responses": {"204": {"description": "It has ended."}, **problems("404")},
            }
        },
    }
