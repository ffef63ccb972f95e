"""A project's definitions with everything that is wrong with them, and as a release."""

import gc
from pathlib import Path

import msgspec

from objectry.findings import Finding, Position
from objectry.metadata.checks import check
from objectry.metadata.loader import Loaded, load_tree
from objectry.metadata.model import Catalog, Model
from objectry.metadata.model.collection import uncollected
from objectry.registry import Release, make_release
from objectry.sdk import catalog
from objectry_runtime.cli.failure import Failure
from objectry_runtime.cli.project import packages_of
from objectry_runtime.host import discover
from objectry_runtime.reports.template_checker import JinjaTemplates
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.topology import topology_of


class Checked(msgspec.Struct, frozen=True):
    """A project's definitions with everything that is wrong with them."""

    loaded: Loaded
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the project from being published."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def check_project(folder: Path) -> Checked:
    """Load and check a project; nothing is raised for what is wrong in it."""
    with uncollected():
        plugins = catalog(discover())
        loaded = load_tree(folder, packages_of(folder), plugins.types)
        findings = list(loaded.findings)
        findings += check(loaded.definitions, loaded.sources, plugins, JinjaTemplates())
        gc.freeze()  # it stays as long as the command runs: nothing to look for in it
    findings.sort(key=_by_place)
    return Checked(loaded, tuple(_placed(finding, folder) for finding in findings))


def release_of(folder: Path) -> Release:
    """The project as a release; a Failure lists every error where there are any."""
    checked = check_project(folder)
    refuse_mistakes(checked, folder)
    return make_release(checked.loaded.definitions)


def refuse_mistakes(checked: Checked, folder: Path) -> None:
    """Raise a Failure that lists every error where there are any."""
    if checked.errors:
        listed = "\n".join(str(finding) for finding in checked.errors)
        count = len(checked.errors)
        raise Failure(
            f"{listed}\n{count} {'mistake' if count == 1 else 'mistakes'} in {folder}.",
            "`objectry validate` lists them, `objectry explain CODE` tells what one means.",
        )


def catalog_of_plugins() -> Catalog:
    """What the installed plugins bring, as definitions see it."""
    return catalog(discover())


def part_of(settings: Settings, release: Release, database: str) -> Release:
    """What a database serves of the release: all of it where the settings put all in one."""
    if settings.text("topology.mode") == "one":
        return release
    topology = topology_of(settings, release.definitions.services)
    return topology.part(release, database, catalog_of_plugins())


def model_of(release: Release) -> Model:
    """The release's model, with what the installed plugins bring."""
    return release.model(catalog(discover()))


def everything(object_name: str, name: str | None, use: str) -> bool:
    """What an administrator may see: for schemas of a whole project."""
    return True


def _placed(finding: Finding, folder: Path) -> Finding:
    place = finding.position
    if place is None:
        return finding
    return msgspec.structs.replace(finding, position=placed(place, folder))


def placed(place: Position, folder: Path) -> Position:
    """A place with its file as seen from here, so that a terminal or an editor opens it."""
    file, here = folder / place.file, Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return Position(str(shown), place.line, place.column)


def _by_place(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.position
    return (place.file, place.line, place.column, "") if place else ("", 0, 0, finding.message)
