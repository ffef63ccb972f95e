"""Translations: of languages there are, for labels there are; what a complete one lacks."""

from objectry.findings import code, near
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.speaking import keys, wanted
from objectry.values.languages import parse_language

LANGUAGE = code(
    "OBJ0620",
    "Not a language",
    "A language is named by its tag: `de`, `pt-BR`, in its usual capitals.",
    wrong="translation: xx\nlabels: {}",
    right="translation: de\nlabels: {}",
)
UNKNOWN_LABEL = code(
    "OBJ0621",
    "No such label",
    "The key names nothing that people read: `offer`, `offer.customer`, `offer.status.draft`, "
    "`action:offer.submit`, `layout:offer.form#0`, each with `?help` for its help text.",
    wrong="object: offer\nservice: offers\n---\ntranslation: de\nlabels: {ofer: Angebot}",
    right="object: offer\nservice: offers\n---\ntranslation: de\nlabels: {offer: Angebot}",
)
INCOMPLETE = code(
    "OBJ0622",
    "Translation lacks labels",
    "`complete: true` says that every label has a translation. What has none is read in the usual "
    "language; this is a warning.",
    wrong="object: offer\nservice: offers\n---\ntranslation: de\ncomplete: true\nlabels: {}",
    right="object: offer\nservice: offers\n---\ntranslation: de\nlabels: {}",
)

SHOWN_MAX = 8


@project_check
def check_translations(context: Context) -> None:
    """Every translation is of a language, and of labels that there are."""
    definitions = context.definitions
    if not definitions.translations:
        return
    known, needed = keys(definitions), wanted(definitions)
    for name, translation in definitions.translations.items():
        if parse_language(name) != name:
            at: Place = ("translation", name, ("translation",))
            right = parse_language(name)
            hint = f"write `{right}`" if right else "as in `de` or `pt-BR`"
            context.find(LANGUAGE, at, f"`{name}` is no language.", hint)
        for key in translation.labels:
            if key not in known:
                at = ("translation", name, ("labels", key))
                message = f"Nothing is called `{key}`."
                context.find(UNKNOWN_LABEL, at, message, near(key, known), key=True)
        missing = [key for key in needed if key not in translation.labels]
        if translation.complete and missing:
            at = ("translation", name, ("complete",))
            shown = ", ".join(missing[:SHOWN_MAX]) + (" …" if len(missing) > SHOWN_MAX else "")
            message = f"{len(missing)} labels have no translation: {shown}."
            context.find(INCOMPLETE, at, message, severity="warning")
