"""Field types that plugins bring: what they must say, and where they are known."""

from typing import ClassVar

import jsonschema_rs
import pytest

from objectry.compiler.schemas import object_schemas
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Model
from objectry.sdk import Plugin, Settings, catalog, plugin_conflicts
from objectry.sdk.types import Coded, FieldType
from tests.securities import DOCUMENT, ColourTemperature, Isin, plugin


def everything(object_name: str, name: str | None, use: str) -> bool:
    """Whoever asks may do all."""
    return True


def codes(*plugins: Plugin[Settings]) -> list[str]:
    return [finding.code for finding in plugin_conflicts(plugins)]


def test_a_type_is_known_where_its_plugin_is_installed() -> None:
    """Definitions that name it load, pass the checks and become schemas."""
    offered = catalog([plugin])
    loaded = load_documents({"holding.yaml": DOCUMENT}, types=offered.types)
    assert loaded.findings == ()
    assert [one.code for one in check(loaded.definitions, loaded.sources, offered)] == []
    schemas = object_schemas(Model(loaded.definitions, offered), "holding", everything)
    create = jsonschema_rs.validator_for(schemas["create"])
    assert create.is_valid({"security": "US0378331005", "light": 2_700})
    assert not create.is_valid({"security": "US0378331005", "light": 500})
    assert not create.is_valid({"security": "0378331005"})


def test_elsewhere_it_is_no_type() -> None:
    """The loader names the place; a default that the type refuses is found as any other."""
    loaded = load_documents({"holding.yaml": DOCUMENT})
    assert {finding.code for finding in loaded.findings} == {"OBJ0206"}
    offered = catalog([plugin])
    wrong = DOCUMENT.replace("required: true, unique: true", "default: \"'US0378331006'\"")
    loaded = load_documents({"holding.yaml": wrong}, types=offered.types)
    found = check(loaded.definitions, loaded.sources, offered)
    assert [finding.code for finding in found] == ["OBJ0348"]


def test_a_key_that_means_nothing_for_it_is_found() -> None:
    offered = catalog([plugin])
    wrong = DOCUMENT.replace("min: 2000", "max_length: 3")
    loaded = load_documents({"holding.yaml": wrong}, types=offered.types)
    found = check(loaded.definitions, loaded.sources, offered)
    assert [finding.code for finding in found] == ["OBJ0320"]


def test_a_name_is_taken_once() -> None:
    """By Objectry, or by one plugin."""

    class Phone(Isin):
        name = "phone"

    assert codes(plugin, Plugin("others", types=[Isin()])) == ["OBJ0837"]
    assert codes(Plugin("others", types=[Phone()])) == ["OBJ0837"]
    with pytest.raises(ValueError, match="isin"):
        catalog([plugin, Plugin("others", types=[Isin()])])


def test_a_type_that_is_not_whole_is_refused() -> None:
    """Each with what it lacks."""

    class Nameless(Coded):
        storage = Isin.storage

        def parse(self, text: str) -> str | None:
            return text

    class Greedy(ColourTemperature):
        keys = frozenset({"min", "colour"})

    class Strange(Isin):
        operators = ("eq", "resembles")

    class Engine(Isin):
        sealed = True

    class Silent(Isin):
        examples: ClassVar[tuple[object, ...]] = ()

    class Odd(Isin):
        name = "Isin No"

    broken: list[FieldType] = [Nameless(), Greedy(), Strange(), Engine(), Silent(), Odd()]
    for each in broken:
        assert codes(Plugin("others", types=[each])) == ["OBJ0838"], each
    assert codes(Plugin("others", types=[Isin])) == ["OBJ0838"]  # type: ignore[list-item]
