"""Whatever stands in a file: loading and checking say what is wrong, and never raise or hang.

Texts are valid definitions of every kind, changed at random: keys and values are taken out, doubled
and replaced, and bytes, anchors, brackets and long words put in. Definitions without a finding
compile to tables, schemas and codecs. `OBJECTRY_PROPERTY_EXAMPLES` sets how many are tried.
"""

import json
import os
import time
from typing import Any, cast

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from objectry.compiler.codecs import compile_codec
from objectry.compiler.schemas import object_schemas, openapi
from objectry.compiler.tables import compile_tables
from objectry.findings import CODES, Finding
from objectry.metadata.checks import check
from objectry.metadata.loader import KINDS, Loaded, format_text, kind_example, load_documents
from objectry.registry import Release, StorageMap, allocate, make_release
from objectry_runtime.reports.template_checker import JinjaTemplates
from tests.golden.project import HERE

EXAMPLES = int(os.environ.get("OBJECTRY_PROPERTY_EXAMPLES", "150"))
PATIENCE_S = 5.0  # of processor time
TEMPLATES = JinjaTemplates()
PROJECT = {path.name: path.read_text() for path in sorted((HERE / "reference").glob("*.yaml"))}
PLAIN = {
    name: [one for one in yaml.load_all(text, yaml.BaseLoader) if one]
    for name, text in PROJECT.items()
}
EXAMPLE = {kind: yaml.load(kind_example(kind), yaml.BaseLoader) for kind in KINDS}

WORDS = st.sampled_from(
    [
        *"offer customer offer_line sales name status lines number customer.name draft".split(),
        *"lines.net_amount today() true false 1 -1 0 9999999999999999999999 1.5 .5 1e3".split(),
        *"null send ~ $offer $ * - date money text link table select print {{record.x}}".split(),
        *"{%if A-1 ' \" # [ { } ] 2026-02-30 <<: &a *a !!int created_at owner public_form".split(),
        *("user.id", "old.status", "ß", "\u202e", "\ufeff", ""),
    ]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.integers().map(str), st.just("x" * 70_000))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document."""
    found = [path]
    match value:
        case dict():
            mapping = cast("dict[str, Any]", value)
            for key, inner in mapping.items():
                found += places(inner, (*path, key))
        case list():
            items = cast("list[object]", value)
            for index, inner in enumerate(items):
                found += places(inner, (*path, index))
        case _:
            pass
    return found


@st.composite
def changed(draw: st.DrawFn, whole: Any) -> Any:
    """A document with some of its places changed."""
    document: Any = json.loads(json.dumps(whole))
    known = places(document)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.sampled_from(known))
        if not place:
            continue
        around: Any = document
        last: Any = place[-1]
        try:
            for part in place[:-1]:
                around = around[part]
            match draw(st.sampled_from(["out", "new", "other", "key", "double"])):
                case "out":
                    del around[last]
                case "new":
                    around[last] = draw(VALUES)
                case "other":  # something that means something elsewhere
                    value: Any = document
                    for part in draw(st.sampled_from(known)):
                        value = value[part]
                    around[last] = json.loads(json.dumps(value))
                case "key" if isinstance(last, str):
                    around[draw(SCALARS)] = around.pop(last)
                case _ if isinstance(last, str):
                    around[draw(WORDS)] = around[last]
                case _:
                    around.append(around[last])
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    return document


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    """The reference project with one file changed, or an example of a kind beside it."""
    files = dict(PROJECT)
    if draw(st.booleans()):
        kind = draw(st.sampled_from(KINDS))
        files["example.yaml"] = written(draw, [draw(changed(EXAMPLE[kind]))])
        return files
    name = draw(st.sampled_from(sorted(PLAIN)))
    documents = list(PLAIN[name])
    index = draw(st.integers(0, len(documents) - 1))
    documents[index] = draw(changed(documents[index]))
    files[name] = written(draw, documents)
    return files


def written(draw: st.DrawFn, documents: list[Any]) -> str:
    """Documents as YAML, in one style or another; scalars stay as they are where they can."""
    style = draw(st.sampled_from([None, True, False]))
    return yaml.dump_all(
        documents, Dumper=_Dumper, default_flow_style=style, allow_unicode=True, sort_keys=False
    )


class _Dumper(yaml.SafeDumper):
    """Writes texts without quotes where YAML can: `5` is read as what it looks like."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return "tag:yaml.org,2002:str"
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """A valid text with something put in anywhere, doubled or cut off."""
    text = draw(st.sampled_from([*PROJECT.values(), *(kind_example(kind) for kind in KINDS)]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 12)))
        text = text[:at] + draw(st.one_of(SCALARS, st.just("\t"), BOMBS)) + text[to:]
    return text


BOMBS = st.sampled_from(
    [
        "[" * 500,
        "{a: " * 500,
        "- " * 500,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\ne: &e [*d, *d]\n",
        "&a [*a, *a]",
        "? " * 200,
        "'" * 999,
        "#" * 99_999,
        "\n" * 9_999,
        "!!python/object/apply:os.system [id]",
        "--- " * 50,
        "%YAML 9.9\n",
        "|" + "\n " * 999,
        "{{ " * 300,
        "(" * 400,
        "not " * 300,
        "1 + " * 500,
    ]
)


def looked_at(files: dict[str, str]) -> tuple[Loaded, list[Finding]]:
    """What is loaded and found, in good time and with places."""
    start = time.process_time()
    loaded = load_documents(files)
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources, templates=TEMPLATES)]
    assert time.process_time() - start < PATIENCE_S
    for finding in found:
        assert finding.code in CODES
        assert finding.message
        assert finding.position is None or finding.position.file in files
    return loaded, found


def compiles(loaded: Loaded) -> None:
    """Everything that a server makes of definitions can be made."""
    release = make_release(loaded.definitions)
    assert Release.from_bytes(release.to_bytes()) == release
    model = release.model()
    compile_tables(model, allocate(StorageMap(), model))
    for name in model.objects():
        compile_codec(model, name)
        object_schemas(model, name, everything)
    openapi(model, version="1", visible=everything)


def everything(_object: str, _name: str | None, _use: str) -> bool:
    return True


def test_the_reference_project_has_no_findings() -> None:
    loaded, found = looked_at(PROJECT)
    assert found == []
    compiles(loaded)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(projects())
def test_changed_definitions_are_judged_and_what_is_right_compiles(files: dict[str, str]) -> None:
    loaded, found = looked_at(files)
    if not any(finding.severity == "error" for finding in found):
        compiles(loaded)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(broken_texts())
def test_broken_texts_are_judged(text: str) -> None:
    looked_at({"broken.yaml": text})


@settings(max_examples=EXAMPLES // 5, deadline=None, database=None)
@given(broken_texts())
def test_formatting_a_broken_text_never_raises(text: str) -> None:
    start = time.process_time()
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    assert time.process_time() - start < PATIENCE_S


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_any_text_is_judged(text: str) -> None:
    looked_at({"any.yaml": text})
