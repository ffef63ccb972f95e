"""A new object's YAML: what most objects have, for a person to go on from."""

from pathlib import Path

from objectry.metadata.loader import format_text, load_tree
from objectry.metadata.model import Definitions
from objectry.values.names import is_name
from objectry_runtime.cli.failure import USAGE, Failure
from objectry_runtime.cli.project import packages_of


def draft_object(project: Path, name: str, service: str, plural: str) -> Path:
    """Write the draft and return its path; nothing is ever overwritten."""
    for given, what in ((name, "an object"), (service, "a service")):
        if not is_name(given):
            raise Failure(
                f'"{given}" can\'t be the name of {what}.',
                "A name is a lower-case letter, then letters, digits and single underscores,"
                " at most 48 in all.",
                USAGE,
            )
    definitions = load_tree(project, packages_of(project)).definitions
    plural = plural or plural_of(name)
    _refuse_taken(definitions, name, plural)
    path = project / "objects" / service / f"{name}.yaml"
    if path.exists():
        raise Failure(f"{path} is there already.")
    path.parent.mkdir(parents=True, exist_ok=True)
    source = _source(definitions, name, service, plural)
    with path.open("x", encoding="utf-8") as file:
        file.write(format_text(source))
    return path


def plural_of(name: str) -> str:
    """The English plural, as far as a rule can tell."""
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in ("a", "e", "i", "o", "u"):
        return f"{name[:-1]}ies"
    return f"{name}s"


def _refuse_taken(definitions: Definitions, name: str, plural: str) -> None:
    if name in definitions.objects:
        raise Failure(
            f'There is an object "{name}" already, in {definitions.objects[name].service}.'
        )
    for other in definitions.objects.values():
        if other.plural == plural:
            raise Failure(
                f'The path "{plural}" belongs to the object "{other.name}".',
                "Name another with --plural.",
            )


def _source(definitions: Definitions, name: str, service: str, plural: str) -> str:
    label = name.replace("_", " ").capitalize()
    declared = ""
    if service not in definitions.services:
        title = service.replace("_", " ").capitalize()
        declared = f"service: {service}\nlabel: {title}\n---\n"
    roles = "".join(
        f"  {role}: {{read: true, create: true, update: true}}\n" for role in definitions.roles
    )
    permissions = f"permissions:\n{roles}" if roles else ""
    return f"""{declared}object: {name}
service: {service}
label: {label}
plural: {plural}
title: name
fields:
  name: {{type: text, required: true, max_length: 200}}
  active: {{type: boolean, default: true}}
  notes: {{type: long_text}}
indexes: [[name]]
{permissions}"""
