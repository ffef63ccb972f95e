"""Translations: all documents of a language are one."""

from objectry.metadata.loader.merging import Grafts
from objectry.metadata.loader.sources import Graft
from objectry.metadata.model.definitions import Definitions, TranslationDef

_MARK = "+"  # no language has it: what follows numbers the documents of one


def part_name(language: str, number: int) -> str:
    """What the further documents of a language are called while they are read."""
    return f"{language}{_MARK}{number + 1}" if number else language


def language_of(part: TranslationDef) -> str:
    """The language of one of its documents."""
    return part.name.partition(_MARK)[0]


def unite(definitions: Definitions, grafts: Grafts) -> dict[str, TranslationDef]:
    """One translation per language, its labels in the order of their keys."""
    united: dict[str, TranslationDef] = {}
    for part in definitions.translations.values():
        language = language_of(part)
        before = united.get(language)
        labels = {**(before.labels if before else {}), **part.labels}
        united[language] = TranslationDef(
            name=language,
            complete=part.complete or (before is not None and before.complete),
            labels=dict(sorted(labels.items())),
        )
        if part.name != language:
            placed = grafts.setdefault(("translation", language), [])
            placed += [
                Graft(("labels", key), ("translation", part.name, ("labels", key)))
                for key in part.labels
            ]
            if part.complete:
                placed.append(Graft(("complete",), ("translation", part.name, ("complete",))))
    return united
