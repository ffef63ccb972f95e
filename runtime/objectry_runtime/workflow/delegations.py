"""`/api/v1/delegations`: lending a role that one has to somebody else for a time.

A lent role counts for reading and for transitions with their approvals, for nothing else; whoever
borrows it can't lend it on. It ends by itself, when it is taken back, and when the lender loses it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from objectry.values.dates import parse_datetime
from objectry.values.ids import new_id, parse_id
from objectry_runtime.command.bodies import is_object, parse, step
from objectry_runtime.identity import Call, forget_proven
from objectry_runtime.problems import FieldError, invalid, not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.store.executor import Bound

PATH = "/api/v1/delegations"
KEYS = ("role", "to", "from", "until")
SHOWN_MAX = 500

Params = Sequence[tuple[str, str]]


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    role: str
    borrower: str
    begins: datetime
    ends: datetime


async def lend(call: Call, body: bytes) -> Answer:
    """Lend a role (201, the delegation)."""
    wanted = _read(call, parse(body))
    id, tenant = new_id(), str(call.principal.tenant)
    known = Bound(
        "select 1 from objectry.principal where tenant_id = $1::integer and id = $2::uuid "
        "and disabled_at is null",
        (tenant, wanted.borrower),
    )
    if not await call.executor.read(known):
        raise invalid([FieldError("/to", "link", "There is no such principal.")])
    insert = Bound(
        "insert into objectry.delegation (tenant_id, id, role, lender, borrower, from_at, "
        "until_at, created_at) values ($1::integer, $2::uuid, $3::text, $4::uuid, $5::uuid, "
        f"$6::timestamptz, $7::timestamptz, $8::timestamptz) returning {_SHOWN.format('')}",
        (
            tenant,
            id,
            wanted.role,
            call.principal.user,
            wanted.borrower,
            wanted.begins.isoformat(),
            wanted.ends.isoformat(),
            call.now.isoformat(),
        ),
    )
    (rows,) = await call.executor.write([insert], keep=not call.dry_run)
    forget_proven(call.executor)
    headers = {"Content-Type": "application/json", "Location": f"{PATH}/{id}"}
    return Answer(status=201, body=rows[0][0] or b"", headers=headers)


async def delegations(call: Call, params: Params) -> Answer:
    """What the caller lends and borrows now and later; an admin sees everybody's."""
    for name, _ in params:
        raise bad_query(f"Delegations take no parameter {quoted(name)}.")
    principal = call.principal
    rows = await call.executor.read(
        Bound(
            f"select coalesce(json_agg(x.one), '[]')::text from (select {_SHOWN.format('d.')}"
            "::json as one from objectry.delegation d where d.tenant_id = $1::integer "
            "and d.revoked_at is null and d.until_at > $2::timestamptz "
            "and ($3::boolean or $4::uuid in (d.lender, d.borrower)) "
            f"order by d.id desc limit {SHOWN_MAX}) x",
            (
                str(principal.tenant),
                call.now.isoformat(),
                "true" if principal.is_admin else "false",
                principal.user,
            ),
        )
    )
    body = b'{"data":' + (rows[0][0] or b"[]") + b"}"
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


async def take_back(call: Call, id: str) -> Answer:
    """End a delegation at once (204): by who lent or borrowed it, or an admin."""
    principal, known = call.principal, parse_id(id)
    if known is None:
        raise not_found()
    (rows,) = await call.executor.write(
        [
            Bound(
                "update objectry.delegation d set revoked_at = $3::timestamptz "
                "where d.tenant_id = $1::integer and d.id = $2::uuid and d.revoked_at is null "
                "and ($4::boolean or $5::uuid in (d.lender, d.borrower)) returning 1",
                (
                    str(principal.tenant),
                    known,
                    call.now.isoformat(),
                    "true" if principal.is_admin else "false",
                    principal.user,
                ),
            )
        ],
        keep=not call.dry_run,
    )
    if not rows:
        raise not_found()
    forget_proven(call.executor)
    return Answer(status=204, body=b"")


def _read(call: Call, document: object) -> _Wanted:
    if not is_object(document):
        raise invalid([FieldError("", "type", "The body of a delegation is a JSON object.")])
    errors = [
        FieldError(step(key), "unknown_field", "There is no such field.")
        for key in document
        if key not in KEYS
    ]
    role, to = document.get("role"), document.get("to")
    if not isinstance(role, str) or role not in call.principal.without_lent().roles:
        message = "A role that you have yourself; what was lent to you can't be lent on."
        errors.append(FieldError("/role", "role", message))
    elif role == "admin":
        errors.append(FieldError("/role", "role", "The role `admin` can't be lent."))
    borrower = parse_id(to) if isinstance(to, str) else None
    if borrower is None:
        errors.append(FieldError("/to", "link", "The id of who borrows the role, a UUID."))
    elif borrower == call.principal.user:
        errors.append(FieldError("/to", "link", "You have your roles already."))
    begins = _moment(document, "from", errors) or call.now
    ends = _moment(document, "until", errors)
    if ends is None and "until" not in document:
        errors.append(FieldError("/until", "required", "A moment is needed here."))
    elif ends is not None and ends <= max(begins, call.now):
        errors.append(FieldError("/until", "range", "It ends after it begins, and after now."))
    if errors or ends is None or borrower is None:
        raise invalid(errors)
    return _Wanted(role=str(role), borrower=borrower, begins=begins, ends=ends)


def _moment(document: dict[str, object], key: str, errors: list[FieldError]) -> datetime | None:
    given = document.get(key)
    moment = parse_datetime(given) if isinstance(given, str) else None
    if moment is None and key in document:
        message = "A moment with its offset, such as 2026-03-31T09:30:00Z."
        errors.append(FieldError(step(key), "type", message))
    return moment


def _utc(column: str) -> str:
    return f"btrim(to_json({column} at time zone 'UTC')::text, '\"') || 'Z'"


# {0}: what stands before a column's name.
_SHOWN = (
    "json_build_object('id', {0}id, 'role', {0}role, 'by', {0}lender, 'to', {0}borrower, "
    f"'from', {_utc('{0}from_at')}, 'until', {_utc('{0}until_at')})::text"
)
