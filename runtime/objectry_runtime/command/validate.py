"""What is wrong with a record as it would be: small rules, each over one draft, all collected."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from objectry.compiler.codecs import to_json
from objectry.metadata.model import Derivation, FieldModel
from objectry.metadata.types import StorageClass
from objectry_runtime.command.bodies import codec_of, step
from objectry_runtime.command.context import exceeds
from objectry_runtime.command.draft import Draft
from objectry_runtime.problems import FieldError

Rule = Callable[[Draft], Iterator[FieldError]]

DIGITS_MAX = 38


def validate(record: Draft) -> list[FieldError]:
    """Every error of a record and its lines."""
    errors: list[FieldError] = []
    for draft in (record, *(line for lines in record.lines.values() for line in lines)):
        for rule in RULES:
            errors += rule(draft)
    return errors


def applicable(draft: Draft) -> Iterator[FieldError]:
    """A field whose `when` is not true takes no value."""
    for name in draft.named:
        field = draft.model.fields[name]
        if field.when is not None and draft.given[name] is not None and not draft.applies(field):
            yield _error(draft, name, "not_applicable", "This field does not apply here.")


def required(draft: Draft) -> Iterator[FieldError]:
    """What must have a value has one."""
    for name, field in draft.model.fields.items():
        if field.derivation is not Derivation.INPUT:
            continue
        value = draft.lines.get(name, ()) if field.is_table else draft.value(name)
        if value not in (None, "", []) or not draft.applies(field):
            continue
        wanted = field.definition.required
        if not wanted and field.required_when is not None:
            wanted = draft.holds(field.required_when) is True
        if wanted:
            yield _error(draft, name, "required", "A value is needed here.")


def places(draft: Draft) -> Iterator[FieldError]:
    """An amount has no more places than its currency."""
    for name, field in _money(draft):
        value = draft.value(name)
        if not isinstance(value, Decimal):
            continue
        allowed = draft.places(field)
        if exceeds(value, allowed):
            currency = draft.currency(field)
            has = "no decimal places" if allowed == 0 else f"at most {allowed} decimal places"
            yield _error(draft, name, "scale", f"{currency} has {has}; it is not rounded for you.")


def bounds(draft: Draft) -> Iterator[FieldError]:
    """What a formula or a plugin gave fits its column."""
    for name, field in draft.model.fields.items():
        if not field.is_derived or not field.stored:
            continue
        value = draft.value(name)
        if isinstance(value, Decimal) and not _fits(value, field):
            yield _error(draft, name, "range", "The computed value is too large to be kept.")


def defaults(draft: Draft) -> Iterator[FieldError]:
    """What a default (or a conversion) gave keeps the bounds of its field, as a caller's value."""
    checked = (draft.defaulted | draft.trusted) & {
        name for name, field in draft.model.fields.items() if field.writable
    }
    document = {
        name: to_json(draft.value(name), draft.model.fields[name])
        for name in sorted(checked)
        if draft.value(name) is not None
    }
    if not document:
        return
    codec = codec_of(draft.context.live, draft.model.name)
    read = codec.read(document, partial=True, writable=lambda _: True, pointer=draft.pointer)
    for issue in read.issues:
        yield FieldError(issue.pointer, issue.code, issue.message)


def immutable(draft: Draft) -> Iterator[FieldError]:
    """What may be set once keeps what it was set to."""
    for name in draft.named:
        field = draft.model.fields[name]
        if not field.definition.immutable or draft.old is None:
            continue
        before = draft.old.get(name)
        if before is not None and draft.value(name) != before:
            yield _error(draft, name, "immutable", "This field can't be changed once it is set.")


def links(draft: Draft) -> Iterator[FieldError]:
    """A link leads to a record the caller may read; hidden and missing answer the same."""
    for name, field in draft.model.fields.items():
        value = draft.value(name)
        if not isinstance(value, str) or not draft.is_new_link(name):
            continue
        linked = draft.context.linked
        if not any(linked.readable(target, value) for target in field.definition.to):
            yield _error(draft, name, "link", "There is no such record.")


def checks(draft: Draft) -> Iterator[FieldError]:
    """The rules the definition states; a null passes."""
    for check in draft.model.checks:
        if draft.holds(check.rule) is False:
            pointer = draft.pointer + (step(check.field) if check.field else "")
            yield FieldError(pointer, "check", check.message)


RULES: tuple[Rule, ...] = (
    applicable,
    required,
    places,
    bounds,
    defaults,
    immutable,
    links,
    checks,
)


def _money(draft: Draft) -> Iterator[tuple[str, FieldModel]]:
    for name, field in draft.model.fields.items():
        if field.currency is not None and field.scale is None and not field.is_derived:
            yield name, field


def _fits(value: Decimal, field: FieldModel) -> bool:
    if field.type.storage is StorageClass.INTEGER:
        return -(2**63) <= value < 2**63
    return value.adjusted() < DIGITS_MAX - (4 if field.scale is None else field.scale)


def _error(draft: Draft, name: str, code: str, message: str) -> FieldError:
    return FieldError(draft.pointer + step(name), code, message)
