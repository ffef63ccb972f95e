"""Which project a command is about, and its settings."""

from importlib.resources import files
from pathlib import Path

from objectry_runtime.cli.failure import Failure
from objectry_runtime.services.settings import Settings, read_settings


def find_project(given: Path | None) -> Path:
    """The project folder: as given, else here, else the shipped suite."""
    here = Path.cwd()
    if given is not None:
        if not (given / "objects").is_dir():
            raise Failure(
                f"{given} is no project: it has no folder objects/.",
                f"`objectry init {given}` makes one.",
            )
        return given.absolute()
    return here if (here / "objects").is_dir() else suite_folder()


def suite_folder() -> Path:
    """The shipped suite: inside the installed package, or the root of the checkout."""
    package = Path(str(files("objectry")))
    shipped = package / "suite"
    root = shipped if (shipped / "objects").is_dir() else package.parents[1]
    if not (root / "objects").is_dir():
        raise Failure("There is no project here.", "`objectry init DIR` makes one.")
    return root


def packages_of(project: Path) -> dict[str, Path]:
    """The packages that a project stands on, by name: as the setting `packages` lists them."""
    packages: dict[str, Path] = {}
    for name in read_settings(project).listed("packages"):
        folder = suite_folder() if name == "suite" else (project / name).resolve()
        if not (folder / "objects").is_dir():
            raise Failure(
                f'The package "{name}" of {project} is no project: {folder} has no objects/.',
                "`packages` in objectry.toml lists `suite` and folders relative to the project.",
            )
        if folder != project.resolve():
            packages[name] = folder
    return packages


def open_settings(
    project: Path | None, state: Path | None = None, **overrides: str | int
) -> Settings:
    """The settings of the project; options win over environment and file.

    The shipped suite keeps its data where the command runs, never inside the package.
    """
    folder = find_project(project)
    if state is not None:
        overrides["state"] = str(state.absolute())
    settings = read_settings(folder, overrides=overrides)
    if project is None and folder != Path.cwd() and settings.text("state") == ".objectry":
        overrides["state"] = str(Path.cwd() / ".objectry")
        settings = read_settings(folder, overrides=overrides)
    return settings
