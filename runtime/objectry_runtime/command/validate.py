"""What is wrong with a record as it would be: small rules, each over one draft, all collected.

A rule is made per object, from the fields it concerns; where it concerns none there is no rule.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal

from objectry.compiler.codecs import to_json
from objectry.expressions import Value
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.model.translating import beside
from objectry.metadata.types import Refused, StorageClass
from objectry.values.documents import Document, is_mapping
from objectry.values.languages import parse_language
from objectry_runtime.command.bodies import codec_of, step
from objectry_runtime.command.completing import exceeds
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.questions import linked_by
from objectry_runtime.host.live import Live
from objectry_runtime.problems import FieldError

Values = Mapping[str, Value]
Rule = Callable[[Draft, Values], Iterator[FieldError]]
Make = Callable[[Live, ObjectModel], Rule | None]

DIGITS_MAX = 38
KNOWN_GOOD_MAX = 512


def validate(record: Draft) -> list[FieldError]:
    """Every error of a record and its lines. Nothing of them is left to complete afterwards."""
    errors: list[FieldError] = []
    for draft in (record, *(line for lines in record.lines.values() for line in lines)):
        values = draft.completed()
        for rule in _rules(draft.context.live, draft.model):
            errors += rule(draft, values)
    return errors


def applicable(live: Live, model: ObjectModel) -> Rule | None:
    """A field whose `when` is not true takes no value."""
    fields = {name: field for name, field in model.fields.items() if field.when is not None}

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for name in draft.named:
            field = fields.get(name)
            if field is not None and draft.given[name] is not None and not draft.applies(field):
                yield _error(draft, name, "not_applicable", "This field does not apply here.")

    return rule if fields else None


def required(live: Live, model: ObjectModel) -> Rule | None:
    """What must have a value has one."""
    fields = [
        field
        for field in model.fields.values()
        if field.derivation is Derivation.INPUT
        and (field.definition.required or field.required_when is not None)
    ]

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for field in fields:
            name = field.name
            value = draft.lines.get(name, ()) if field.is_table else values[name]
            if value not in (None, "", [], ()) or not draft.applies(field):
                continue
            wanted = field.definition.required
            if not wanted and field.required_when is not None:
                wanted = draft.holds(field.required_when) is True
            if wanted:
                yield _error(draft, name, "required", "A value is needed here.")

    return rule if fields else None


def places(live: Live, model: ObjectModel) -> Rule | None:
    """An amount has no more places than its currency."""
    names = [
        name
        for name, field in model.fields.items()
        if field.currency is not None and field.scale is None and not field.is_derived
    ]

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for name in names:
            value = values[name]
            if not isinstance(value, Decimal):
                continue
            allowed = draft.places(name)
            if exceeds(value, allowed):
                has = "no decimal places" if allowed == 0 else f"at most {allowed} decimal places"
                told = f"{draft.currency(name)} has {has}; it is not rounded for you."
                yield _error(draft, name, "scale", told)

    return rule if names else None


def parts(live: Live, model: ObjectModel) -> Rule | None:
    """A value of several parts is whole, however little of it a body said."""
    fields = [field for field in model.fields.values() if field.type.parts and field.writable]

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for field in fields:
            value = values[field.name]
            wrong = field.type.incomplete(value) if isinstance(value, Document) else None
            if wrong is not None:
                part, refused = wrong
                pointer = draft.pointer + step(field.name) + step(part)
                yield FieldError(pointer, refused.code, refused.message)

    return rule if fields else None


def bounds(live: Live, model: ObjectModel) -> Rule | None:
    """What a formula or a plugin gave fits its column."""
    fields = [
        field
        for field in model.fields.values()
        if field.is_derived
        and field.kept
        and field.type.storage in (StorageClass.NUMERIC, StorageClass.INTEGER)
    ]

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for field in fields:
            value = values[field.name]
            if isinstance(value, Decimal) and not _fits(value, field):
                message = "The computed value is too large to be kept."
                yield _error(draft, field.name, "range", message)

    return rule if fields else None


def defaults(live: Live, model: ObjectModel) -> Rule | None:
    """What a default (or a conversion) gave keeps the bounds of its field, as a caller's value."""
    writable = frozenset(name for name, field in model.fields.items() if field.writable)
    # Most defaults give the same few values again and again; a codec judges by the value alone.
    good: set[Hashable] = set()

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        filled = draft.defaulted | draft.trusted if draft.trusted else draft.defaulted
        anew = {
            name: value
            for name in sorted(filled & writable)
            if (value := values[name]) is not None and (name, value) not in good
        }
        if not anew:
            return
        document = {name: to_json(value, model.fields[name]) for name, value in anew.items()}
        codec = codec_of(live, model.name)
        read = codec.read(document, partial=True, writable=lambda _: True, pointer=draft.pointer)
        for issue in read.issues:
            yield FieldError(issue.pointer, issue.code, issue.message)
        if not read.issues:
            if len(good) > KNOWN_GOOD_MAX:
                good.clear()
            good.update(anew.items())

    return rule if writable else None


def immutable(live: Live, model: ObjectModel) -> Rule | None:
    """What may be set once keeps what it was set to."""
    once = frozenset(name for name, field in model.fields.items() if field.definition.immutable)

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for name in draft.named & once if draft.old is not None else ():
            before = draft.old.get(name) if draft.old is not None else None
            if before is not None and values[name] != before:
                told = "This field can't be changed once it is set."
                yield _error(draft, name, "immutable", told)

    return rule if once else None


def links(live: Live, model: ObjectModel) -> Rule | None:
    """A link leads to a record the caller may read; hidden and missing answer the same."""

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        linked = draft.context.linked
        for name, targets in draft.compiled.links.items():
            if not draft.is_new_link(name):
                continue
            value = values[name]
            kept = linked_by(draft.old.get(name)) if draft.old is not None else ()
            for place, id in enumerate(linked_by(value)):
                if id in kept or any(linked.readable(target, id) for target in targets):
                    continue
                at = step(name) + (step(place) if isinstance(value, tuple) else "")
                yield FieldError(draft.pointer + at, "link", "There is no such record.")

    return rule if any(field.type.links for field in model.fields.values()) else None


def checks(live: Live, model: ObjectModel) -> Rule | None:
    """The rules the definition states; a null passes."""

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for check in model.checks:
            if draft.holds(check.rule) is False:
                pointer = draft.pointer + (step(check.field) if check.field else "")
                yield FieldError(pointer, "check", check.message)

    return rule if model.checks else None


def translations(live: Live, model: ObjectModel) -> Rule | None:
    """A text in another language keeps the bounds of its field."""
    readers = {
        name: field.type.reader(model.use(field))
        for name, field in model.fields.items()
        if field.definition.translate
    }

    def rule(draft: Draft, values: Values) -> Iterator[FieldError]:
        for name, read in readers.items():
            held = values[beside(name)]
            if held is None or beside(name) not in draft.named:
                continue
            texts = held.json if isinstance(held, Document) else None
            if not is_mapping(texts):
                yield _error(draft, beside(name), "type", "Expected texts by language.")
                continue
            for language, text in texts.items():
                at = draft.pointer + step(beside(name)) + step(language[:20])
                if parse_language(language) != language:
                    yield FieldError(at, "language", "A language is a tag such as de or pt-BR.")
                    continue
                try:
                    read(text)
                except Refused as refused:
                    yield FieldError(at, refused.code, refused.message)

    return rule if readers else None


RULES: tuple[Make, ...] = (
    translations,
    applicable,
    required,
    places,
    parts,
    bounds,
    defaults,
    immutable,
    links,
    checks,
)


class _Rules:
    """The rules of one object."""

    def __init__(self, live: Live, model: ObjectModel) -> None:
        made = (make(live, model) for make in RULES)
        self.rules = tuple(rule for rule in made if rule is not None)


def _rules(live: Live, model: ObjectModel) -> tuple[Rule, ...]:
    key = ("command.rules", model.name)
    found = live.compiled.get(key)
    if not isinstance(found, _Rules):
        found = live.compiled[key] = _Rules(live, model)
    return found.rules


def _fits(value: Decimal, field: FieldModel) -> bool:
    if field.type.storage is StorageClass.INTEGER:
        return -(2**63) <= value < 2**63
    return value.adjusted() < DIGITS_MAX - (4 if field.scale is None else field.scale)


def _error(draft: Draft, name: str, code: str, message: str) -> FieldError:
    return FieldError(draft.pointer + step(name), code, message)
