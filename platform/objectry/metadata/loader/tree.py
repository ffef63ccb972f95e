"""Files → definitions, with every finding about their YAML and shape."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from objectry.findings import Finding, near_or_all, sort_findings
from objectry.metadata.loader import codes
from objectry.metadata.loader.convert import Definition, convert
from objectry.metadata.loader.lowering import Lowered, lower
from objectry.metadata.loader.plain import Plain, alias_findings, to_plain
from objectry.metadata.loader.reading import (
    SIZE_MAX_BYTES,
    Document,
    not_opened,
    read_documents,
    too_large,
    unreadable,
)
from objectry.metadata.loader.shapes import KINDS, check_shape
from objectry.metadata.loader.sources import Source, Sources
from objectry.metadata.loader.templates import with_template
from objectry.metadata.loader.uniting import language_of, part_name
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.definitions import Definitions, ExtendDef, TranslationDef, collection
from objectry.metadata.model.files import is_template, source_files

_DECLARED = re.compile(rf"^({'|'.join(KINDS)}): *[\"']?([a-z][a-z0-9_.]*)", re.MULTILINE)


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: definitions, where they stand, and all that is wrong with YAML and shape."""

    definitions: Definitions
    sources: Sources
    findings: tuple[Finding, ...]


def load_tree(
    root: Path, packages: Mapping[str, Path] | None = None, types: Iterable[str] = ()
) -> Loaded:
    """Read `objects/` and `layouts/` of a project and of the packages it stands on, by name.

    Its own files are named relative to `root`, those of packages in full. `types` are names of
    field types that plugins bring.
    """
    files: dict[str, str] = {}
    findings: list[Finding] = []
    found: list[tuple[str, Path, str]] = []
    for package, folder in (packages or {}).items():
        found += [(str(path), path, package) for _, path in source_files(folder)]
    found += [(name, path, "") for name, path in source_files(root)]
    for name, path, _ in found:
        try:
            # One byte more than allowed is enough to see that a file is too large.
            with path.open("rb") as file:
                content = file.read(SIZE_MAX_BYTES + 1)
        except OSError as error:
            findings.append(not_opened(name, error.strerror or type(error).__name__))
            continue
        if len(content) > SIZE_MAX_BYTES:
            findings.append(too_large(name))
            continue
        try:
            files[name] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            findings.append(unreadable(name, content[: error.start].decode("utf-8")))
    with uncollected():
        of = {name: package for name, _, package in found if package}
        return _load(files, findings, of, tuple(types))


def load_documents(
    files: Mapping[str, str],
    packages: Mapping[str, str] | None = None,
    types: Iterable[str] = (),
) -> Loaded:
    """Read definitions from texts by file name; templates among them are what layouts name.

    `packages` says of files that are not the project's own which package they come from.
    """
    with uncollected():
        return _load(files, [], packages or {}, tuple(types))


def _load(
    files: Mapping[str, str],
    findings: list[Finding],
    packages: Mapping[str, str],
    types: tuple[str, ...],
) -> Loaded:
    templates = {file: text for file, text in files.items() if is_template(file)}
    collected = _Collected(findings, templates, packages, types)
    for file, text in files.items():
        if file in templates:
            continue
        documents, wrong = read_documents(file, text)
        for document in documents:
            collected.add(document)
        if wrong:
            findings.extend(wrong)
            collected.lost.update(_DECLARED.findall(text))
        if any(f.code == codes.ANCHOR and f.position and f.position.file == file for f in findings):
            findings.extend(alias_findings(file, text))
    lowered = collected.lowered()
    return Loaded(
        definitions=lowered.definitions,
        sources=Sources(collected.sources, collected.lost, lowered.grafts),
        findings=tuple(sort_findings(findings)),
    )


class _Collected:
    """Definitions as they are read, one document after the other."""

    def __init__(
        self,
        findings: list[Finding],
        templates: Mapping[str, str],
        packages: Mapping[str, str],
        types: tuple[str, ...],
    ) -> None:
        self.findings = findings
        self.types = types
        self.packages = packages
        self.templates = templates
        self.sources: dict[tuple[str, str], Source] = {}
        self.lost: set[tuple[str, str]] = set()
        self.kept: dict[str, dict[str, Definition]] = {kind: {} for kind in KINDS}

    def add(self, document: Document) -> None:
        """Read one document."""
        plain = to_plain(document, self.findings)
        if plain is None:
            return  # an empty document
        if not isinstance(plain, dict) or not plain:
            self._find(document, codes.NOT_A_DEFINITION, "A document is a mapping.", _FIRST_KEY)
            return
        kind = next(iter(plain))
        if kind not in KINDS:
            self._unknown_kind(document, kind, plain)
            return
        broken, findings = check_shape(kind, document, plain, self.types)
        self.findings.extend(findings)
        package = self.packages.get(document.file, "")
        source = Source(document=document, broken=broken, package=package)
        definition = with_template(convert(kind, plain), source, self.templates, self.findings)
        if isinstance(definition, ExtendDef) and package:
            name = f"{definition.name}@{package}"
            definition = msgspec.structs.replace(definition, name=name, package=package)
        if not definition.name:
            return
        if isinstance(definition, TranslationDef):
            definition = self._apart(definition, source)
        known = self.sources.get((kind, definition.name))
        if known is not None:
            self.findings.append(
                Finding(
                    code=codes.DEFINED_TWICE,
                    message=f"The {kind} `{definition.name}` is defined twice.",
                    hint=f"the first is at {known.position((kind,))}",
                    position=source.position((kind,)),
                )
            )
            return
        self.sources[(kind, definition.name)] = source
        self.kept[kind][definition.name] = definition

    def _apart(self, translation: TranslationDef, source: Source) -> TranslationDef:
        """A further document of a language under a name of its own: they unite when all are read.

        A label that another of them has already is told, and left out.
        """
        others = [
            other
            for other in self.kept["translation"].values()
            if isinstance(other, TranslationDef) and language_of(other) == translation.name
        ]
        labels = dict(translation.labels)
        for key in translation.labels:
            first = next((one for one in others if key in one.labels), None)
            if first is not None:
                del labels[key]
                place = self.sources[("translation", first.name)].position(("labels", key))
                self.findings.append(
                    Finding(
                        code=codes.DEFINED_TWICE,
                        message=f"`{key}` is translated twice into `{translation.name}`.",
                        hint=f"the first is at {place}",
                        position=source.position(("labels", key), key=True),
                    )
                )
        name = part_name(translation.name, len(others))
        return msgspec.structs.replace(translation, name=name, labels=labels)

    def lowered(self) -> Lowered:
        """All that was read, with what stands for other definitions written out."""
        kept = {collection(kind): found for kind, found in self.kept.items()}
        return lower(msgspec.structs.replace(Definitions(), **kept))

    def _unknown_kind(self, document: Document, kind: str, plain: dict[str, Plain]) -> None:
        present = [key for key in plain if key in KINDS]
        first = f"move `{present[0]}:` to the first line" if present else ""
        hint = first or near_or_all(kind, KINDS)
        message = f"The first key names the kind of a definition; `{kind}` is none."
        self._find(document, codes.UNKNOWN_KIND, message, hint)

    def _find(self, document: Document, code: str, message: str, hint: str) -> None:
        position = Source(document=document).position(())
        self.findings.append(Finding(code=code, message=message, hint=hint, position=position))


_FIRST_KEY = "its first key is the kind and the value the name, as in `object: offer`"
