"""Which plugins are installed, and what is said of one that can't be used."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from objectry.findings import Finding
from objectry.sdk import Plugin
from objectry_runtime.host import PluginProblem, discover
from objectry_runtime.host.discovery import GROUP, load


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


@pytest.fixture
def brought(monkeypatch: pytest.MonkeyPatch) -> Any:  # its attributes are made up below
    """A module `brought` as a package would install it."""
    module: Any = ModuleType("brought")
    module.plugin = Plugin("brought")
    module.other = Plugin("another")
    module.wrong = 42
    monkeypatch.setitem(sys.modules, "brought", module)
    return module


def test_our_own_plugins_come_through_the_same_door() -> None:
    """The tax plugin is found by its entry point, like anyone's."""
    assert "tax" in [plugin.name for plugin in discover()]


def test_plugins_are_found_in_the_order_of_their_names(brought: Any) -> None:
    """Not in the order of installation; one named twice (checkout and wheel) counts once."""
    points = [
        point("b", "brought:plugin"),
        point("a", "brought:other"),
        point("b", "brought:plugin"),
    ]
    assert (brought.other, brought.plugin) == load(points)


def test_every_broken_plugin_is_named_with_its_distribution(brought: Any) -> None:
    """All of them at once, each with the reason."""
    points = [
        point("gone", "no_such_package:plugin"),
        point("lost", "brought:nothing"),
        point("wrong", "brought:wrong"),
    ]
    with pytest.raises(PluginProblem) as raised:
        load(points)
    expected = [
        Finding(
            code="OBJ0830",
            message="distribution 'unknown', entry point gone = no_such_package:plugin:"
            " ModuleNotFoundError: No module named 'no_such_package'",
        ),
        Finding(
            code="OBJ0830",
            message="distribution 'unknown', entry point lost = brought:nothing:"
            " AttributeError: module 'brought' has no attribute 'nothing'",
        ),
        Finding(
            code="OBJ0831",
            message="distribution 'unknown', entry point wrong = brought:wrong is a int",
            hint="name an instance of objectry.sdk.Plugin",
        ),
    ]
    assert expected == raised.value.findings


def test_two_packages_of_one_plugin_name_are_a_conflict(brought: Any) -> None:
    """Found before anything is bound."""
    brought.again = Plugin("brought")
    with pytest.raises(PluginProblem, match="two plugins are called 'brought'"):
        load([point("a", "brought:plugin"), point("b", "brought:again")])
