"""The parts that every operation of the OpenAPI document shares."""

from functools import cache

from objectry.metadata.types import Schema

LIMIT_MAX = 500
LIMIT_DEFAULT = 50
BULK_MAX = 10_000


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _header(name: str, description: str) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": _TEXT}


_TEXT: Schema = {"type": "string"}

# Parameters that only some objects take stand where they are taken.
LANG = _query("lang", "The language of translated values, such as `de` or `pt-BR`.", _TEXT)
DELETED = _query(
    "deleted",
    "Show deleted records too, or only them; for those who may delete.",
    {"type": "string", "enum": ["include", "only"]},
)

PARAMETERS: dict[str, Schema] = {
    "id": {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The record's id, or its number.",
        "schema": {"type": "string", "minLength": 1},
    },
    "fields": _query("fields", "Only these fields, separated by commas: `id,created_at`.", _TEXT),
    "expand": _query("expand", "Links and tables to show whole, separated by commas.", _TEXT),
    "sort": _query("sort", "Fields to sort by, `-` for descending: `-created_at,id`.", _TEXT),
    "limit": _query(
        "limit",
        "How many at most.",
        {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
    ),
    "cursor": _query("cursor", "The `next` of the page before.", _TEXT),
    "where": _query(
        "where", "An expression over the fields, in the language of definitions.", _TEXT
    ),
    "count": _query(
        "count",
        "Also say how many records match: exactly, or as PostgreSQL estimates.",
        {"type": "string", "enum": ["exact", "estimate"]},
    ),
    "dry_run": _query(
        "dry_run", "Do everything, answer as usual, keep nothing.", {"type": "boolean"}
    ),
    "at": _query(
        "at",
        "Answer the record as it was at this moment.",
        {"type": "string", "format": "date-time"},
    ),
    "if_match": _header(
        "If-Match", "The ETag of the record this change is made from; 412 when it has moved on."
    ),
    "idempotency_key": _header(
        "Idempotency-Key", "A key of your own: a repeat with it gives the first answer again."
    ),
    "stale": _header(
        "Cache-Control",
        "`max-stale=SECONDS`: the answer may be that much behind, so that a read replica may give"
        " it; it bears `Age` then.",
    ),
}

HEADERS: dict[str, Schema] = {
    "Age": {
        "description": "A read replica answered, at most so many seconds behind.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
AGE: Schema = {"Age": {"$ref": "#/components/headers/Age"}}

PROBLEM: Schema = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `errors` lists all wrong places of a body.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "examples": ["/lines/2/quantity"]},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

EVENT: Schema = {
    "type": "object",
    "title": "Event",
    "description": "A CloudEvents 1.0 event. Delivered at least once, in order per record.",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"type": "string"},
        "tenant": {"type": "string"},
        "sequence": {"type": "string", "description": "The record's version."},
        "actor": {"type": "string"},
        "correlationid": {"type": "string"},
        "causationid": {"type": "string"},
        "release": {"type": "string"},
        "data": {
            "type": "object",
            "properties": {
                "record": {"type": ["object", "null"]},
                "changes": {"type": ["object", "null"]},
            },
        },
    },
}

CHANGE: Schema = {
    "type": "object",
    "title": "Version",
    "description": "One version of a record: who made it, when, and every field from what to what.",
    "properties": {
        "version": {"type": "integer"},
        "op": {"type": "string", "enum": ["create", "update", "delete"]},
        "action": {
            "type": ["string", "null"],
            "description": "The transition or conversion that it was.",
        },
        "at": {"type": "string", "format": "date-time"},
        "actor": {"type": "string"},
        "on_behalf_of": {
            "type": "string",
            "format": "uuid",
            "description": "Who had lent the role that the actor used.",
        },
        "release": {"type": "string"},
        "correlation": {"type": "string"},
        "changes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"from": {}, "to": {}},
            },
        },
    },
}


@cache
def parameter(name: str) -> Schema:
    """A reference to a shared parameter."""
    return {"$ref": f"#/components/parameters/{name}"}


def page(items: Schema) -> Schema:
    """A page of a list."""
    return {
        "type": "object",
        "required": ["data", "next"],
        "properties": {
            "data": {"type": "array", "items": items},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
            "count_at_least": {"type": "boolean"},
        },
    }


def _problem(description: str) -> Schema:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {"description": description, "content": content}


RESPONSES: dict[str, Schema] = {
    "400": _problem("The request can't be read: a parameter, a header, or the JSON."),
    "401": _problem("Credentials are missing or not valid."),
    "403": _problem("You may not do this."),
    "404": _problem("There is no such record, or you may not know that there is."),
    "409": _problem("The record's state or another record stands against it."),
    "412": _problem("The record has changed since the version in If-Match."),
    "422": _problem("The body has errors: all of them at once."),
    "428": _problem("This object wants If-Match."),
    "default": _problem("Any other problem."),
}


@cache
def problems(*statuses: str) -> Schema:
    """References to shared problem responses; every operation may also answer 401 and others."""
    wanted = sorted({*statuses, "400", "401"})
    return {status: {"$ref": f"#/components/responses/{status}"} for status in wanted} | {
        "default": {"$ref": "#/components/responses/default"}
    }
