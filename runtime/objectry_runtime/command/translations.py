"""Bodies of translated fields: which language a text is in, and what the other languages keep."""

from collections.abc import Mapping

import msgspec

from objectry.compiler.codecs import Issue
from objectry.expressions import Value
from objectry.metadata.model import ObjectModel
from objectry.metadata.model.translating import beside
from objectry.values.documents import Document, is_mapping
from objectry.values.languages import parse_language

Texts = dict[str, str | None]  # by language; nothing: there is none any more


class Parted(msgspec.Struct, frozen=True):
    """A body without its other languages, their texts by field, and what is wrong with them."""

    document: object
    texts: Mapping[str, Texts]
    issues: tuple[Issue, ...]


def translated_fields(model: ObjectModel) -> tuple[str, ...]:
    """The fields of an object with a text per language."""
    return tuple(name for name, field in model.fields.items() if field.definition.translate)


def part(
    document: object, fields: tuple[str, ...], language: str, usual: str, *, fresh: bool
) -> Parted:
    """Take the other languages out of a body: an object of texts, or a text in `language`.

    In a record that is made (`fresh`) a text is the usual one as well, as nothing else is.
    """
    if not is_mapping(document):
        return Parted(document, {}, ())
    rest = dict(document)
    texts: dict[str, Texts] = {}
    issues: list[Issue] = []
    for name in fields:
        value = document.get(name)
        if is_mapping(value):
            del rest[name]
            found = _texts(name, value, issues)
            if usual in found:
                rest[name] = found.pop(usual)
            texts[name] = found
        elif isinstance(value, str) and language not in ("", usual):
            if not fresh:
                del rest[name]
            texts[name] = {language: value}
    return Parted(rest, texts, tuple(issues))


def _texts(name: str, value: Mapping[str, object], issues: list[Issue]) -> Texts:
    texts: Texts = {}
    for language, text in value.items():
        pointer = f"/{name}/{language[:20]}"
        if parse_language(language) != language:
            issues.append(Issue(pointer, "language", "A language is a tag such as de or pt-BR."))
        elif text is None or isinstance(text, str):
            texts[language] = text
        else:
            issues.append(Issue(pointer, "type", "A translation is a text."))
    return texts


def companions(
    texts: Mapping[str, Texts], before: Mapping[str, Value]
) -> dict[str, Document | None]:
    """What a body says of the fields beside: a merge patch of what they hold, if they hold any."""
    result: dict[str, Document | None] = {}
    for name, said in texts.items():
        if not isinstance(before.get(beside(name)), Document):
            said = {language: text for language, text in said.items() if text is not None}
        result[beside(name)] = Document(said) if said else None
    return result
