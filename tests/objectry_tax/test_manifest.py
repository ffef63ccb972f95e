"""The manifest tells the truth about the code."""

import tomllib
from pathlib import Path

import msgspec

import objectry_tax


def test_the_manifest_names_what_the_plugin_brings() -> None:
    """Name, computed fields and settings stand in plugin.toml as they are in the code."""
    manifest = tomllib.loads(
        (Path(objectry_tax.__file__).parent / "plugin.toml").read_text(encoding="utf-8")
    )
    plugin = objectry_tax.plugin
    settings = [field.name for field in msgspec.structs.fields(plugin.settings)]
    expected = (plugin.name, list(plugin.computed), settings)
    found = (
        manifest["plugin"]["name"],
        manifest["brings"]["computed"],
        list(manifest["settings"]),
    )
    assert expected == found
