"""The language a caller reads: `?lang=`, else `Accept-Language`, as far as it is translated."""

import msgspec

from objectry.metadata.model import Definitions
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.model.speaking import sayer, speak, speak_field
from objectry.values.languages import accepted, choose, parse_language
from objectry_runtime.api.address import Params
from objectry_runtime.api.asgi import Headers
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.statements import Kept, kept

PARAMETER = "lang"


class Spoken(Kept[Definitions]):
    """Definitions by the language of their labels."""


def with_languages(call: Call, headers: Headers, params: Params) -> Call:
    """The call with the languages its caller reads."""
    asked = next((text for name, text in params if name == PARAMETER), None)
    if asked is None:
        header = headers.get("accept-language", "")
        return msgspec.structs.replace(call, languages=accepted(header)) if header else call
    language = parse_language(asked)
    if language is None:
        detail = f'lang: "{asked[:40]}" is no language, such as de or pt-BR.'
        raise Problem(400, "bad_query", "The query can't be read.", detail)
    return msgspec.structs.replace(call, languages=(language,), language=language)


def but_language(params: Params) -> Params:
    """The parameters without the language."""
    return tuple(one for one in params if one[0] != PARAMETER)


def language_of(call: Call) -> str:
    """The language that labels are told in."""
    usual = call.usual_language
    translations = call.live.release.definitions.translations
    return choose(call.languages, {usual, *translations}) or usual


def definitions_for(call: Call) -> Definitions:
    """The definitions with the labels that the caller reads."""
    definitions, language = call.live.release.definitions, language_of(call)
    translation = definitions.translations.get(language)
    if translation is None:
        return definitions
    labels = translation.labels
    return kept(call.live, Spoken).get(language, lambda: speak(definitions, sayer(labels)))


def field_for(call: Call, object_name: str, field: FieldDef) -> FieldDef:
    """A field of an object, or one that every record has, as the caller reads it."""
    translation = call.live.release.definitions.translations.get(language_of(call))
    if translation is None:
        return field
    return speak_field(object_name, field, sayer(translation.labels))


def plural_for(call: Call, object_name: str, plural: str) -> str:
    """What several records of an object are called."""
    translation = call.live.release.definitions.translations.get(language_of(call))
    said = translation.labels.get(f"{object_name}#plural") if translation is not None else None
    return said or plural.replace("_", " ").capitalize()
