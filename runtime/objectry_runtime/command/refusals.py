"""What the database refused, said to the caller: field errors, or why it can't be done now."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from objectry.compiler.codecs import to_text
from objectry.compiler.tables import ConstraintMeaning, constraint_meanings
from objectry_runtime.command.bodies import step
from objectry_runtime.command.decision import MERGE, RESTORE, Decision
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.open_quantities import exceeded
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.trees import DEPTH_MAX
from objectry_runtime.query.writes import taken
from objectry_runtime.store.executor import DatabaseError

GUARD = "OB001"
UNIQUE, LINKED, TOO_LARGE, CHECKED = "23505", "23503", "22003", "23514"
SERIALISATION = ("40001", "40P01")

Key = tuple[str | None, ...]


class Stale(Exception):
    """Somebody else wrote in between: decide again on what is there now."""


class Repeated(Exception):
    """The idempotency key was used at the same time: answer what that answered."""


def forbidden() -> Problem:
    """The record may be read, the action on it not be done."""
    return Problem(403, "forbidden", "You may not do this.")


def conflict(code: str, title: str, detail: str = "") -> Problem:
    """The record is not in a state in which this can be done."""
    return Problem(409, code, title, detail)


def meanings(live: Live) -> Mapping[str, ConstraintMeaning]:
    """What the constraints of a release mean, by name."""
    key = ("command.meanings",)
    found = live.compiled.get(key)
    if not isinstance(found, _Meanings):
        by_name = constraint_meanings(live.model, live.storage)
        found = live.compiled[key] = _Meanings(by_name=by_name)
    return found.by_name


class _Meanings(msgspec.Struct, frozen=True, kw_only=True):
    by_name: Mapping[str, ConstraintMeaning]


async def explain(call: Call, decision: Decision, error: DatabaseError) -> Exception:
    """The error a refusal means to the caller; the refusal itself where it means nothing."""
    if error.sqlstate == GUARD:
        exceeding = exceeded(call.live, decision, error.message)
        return exceeding or _guarded(error.message)
    if error.sqlstate in SERIALISATION:
        return Stale()
    if error.sqlstate == UNIQUE and error.constraint == "idempotency_pkey":
        return Repeated()
    if error.sqlstate == UNIQUE and error.constraint == "history_pkey":
        return Stale()
    meaning = meanings(call.live).get(error.constraint)
    if error.sqlstate == LINKED and decision.operation == "delete":
        title = "Other records still refer to this one."
        return conflict("referenced", title, "Change or delete those first.")
    if meaning is None:
        return _too_large(decision) if error.sqlstate == TOO_LARGE else error
    match meaning.kind:
        case "unique" if decision.action == MERGE and not any(_drafts(decision, meaning.object)):
            title = "The two can't be one record."
            detail = "Records that refer to them would have the same values, which must be unique."
            return conflict("merge_refused", title, detail)
        case "unique" if decision.action == RESTORE:
            title = "Another record took what this one must have for itself."
            detail = "Change or delete that one first, then restore."
            return conflict("unique_taken", title, detail)
        case "unique":
            return invalid(await _taken(call, decision, meaning))
        case "link":
            return invalid(_at(decision, meaning, "link", "There is no such record."))
        case "required":
            return invalid(_at(decision, meaning, "required", "A value is needed here."))
        case "range":
            return invalid(_at(decision, meaning, "range", "The value does not fit this field."))
        case "number":
            title = "The next number is already taken."
            detail = "A record with that number was brought in from elsewhere. Try again."
            return conflict("number_taken", title, detail)


def _guarded(code: str) -> Exception:
    """What a guard's code says: `stale`, `forbidden`, or `<code>:<pointer>` for a field."""
    word, _, pointer = code.partition(":")
    match word:
        case "stale":
            return Stale()
        case "forbidden":
            return forbidden()
        case "no_user":
            return invalid([FieldError(pointer, "link", "There is no such user.")])
        case "no_file":
            message = "There is no such file of yours. Upload it with POST /api/v1/files first."
            return invalid([FieldError(pointer, "link", message)])
        case "no_image":
            message = "The file is not an image: PNG, JPEG, GIF and WebP are taken here."
            return invalid([FieldError(pointer, "media_type", message)])
        case "tree_cycle":
            message = "The record would lie below itself."
            return invalid([FieldError(pointer, "cycle", message)])
        case "tree_depth":
            message = f"A tree has at most {DEPTH_MAX} levels."
            return invalid([FieldError(pointer, "depth", message)])
        case "read_only":
            return invalid([FieldError(pointer, "read_only", "You may not write this field.")])
        case _:
            title = "The record is in use."
            return conflict(word, title)


def _too_large(decision: Decision) -> Problem:
    pointer = next((one.after.pointer for one in decision.versions if one.after), "")
    return invalid([FieldError(pointer, "range", "A value does not fit its field.")])


async def _taken(call: Call, decision: Decision, meaning: ConstraintMeaning) -> list[FieldError]:
    """Every record of the unit whose unique values are taken, for every unique of the object."""
    errors: list[FieldError] = []
    for one in meanings(call.live).values():
        if one.kind != "unique" or one.object != meaning.object or one.fields == ("id",):
            continue
        # A line nobody shows the caller comes first: of two it is the other that is wrong.
        drafts = sorted(_drafts(decision, one.object), key=lambda draft: not draft.unseen)
        keys = [_key(draft, one.fields) for draft in drafts]
        asked = [
            (order, draft.id, key)
            for order, (draft, key) in enumerate(zip(drafts, keys, strict=True))
            if None not in key
        ]
        rows = await call.executor.read(taken(call, one.object, one.fields, asked))
        found = {int(row[0]) for row in rows if row[0] is not None}
        seen: set[Key] = set()
        for order, _, key in asked:
            if order in found or key in seen:
                errors += _errors(drafts[order], one)
            seen.add(key)
    return errors or _at(decision, meaning, "unique", _UNIQUE_TEXT)


_UNIQUE_TEXT = "Another record has this value already."


def _errors(draft: Draft, meaning: ConstraintMeaning) -> list[FieldError]:
    if len(meaning.fields) == 1:
        return [FieldError(draft.pointer + step(meaning.fields[0]), "unique", _UNIQUE_TEXT)]
    named = ", ".join(meaning.fields)
    message = f"Another record has the same {named} already."
    return [FieldError(draft.pointer + step(name), "unique", message) for name in meaning.fields]


def _key(draft: Draft, fields: Sequence[str]) -> Key:
    return tuple(to_text(draft.value(name)) for name in fields)


def _at(
    decision: Decision, meaning: ConstraintMeaning, code: str, message: str
) -> list[FieldError]:
    """The fields of a constraint, in the first record that has a value there."""
    for draft in sorted(_drafts(decision, meaning.object), key=lambda draft: draft.unseen):
        fields = [name for name in meaning.fields if name in draft.model.fields]
        if code == "required" or any(draft.value(name) is not None for name in fields):
            return [FieldError(draft.pointer + step(name), code, message) for name in fields]
    return [FieldError("", code, message)]


def _drafts(decision: Decision, object_name: str) -> Iterable[Draft]:
    for version in decision.versions:
        if version.after is None:
            continue
        if version.after.model.name == object_name:
            yield version.after
        for lines in version.after.lines.values():
            yield from (line for line in lines if line.model.name == object_name)
