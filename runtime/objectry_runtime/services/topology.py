"""Which service lives in which database and answers where, by definitions and settings."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from objectry.metadata.model import Catalog, Definitions
from objectry.metadata.model.definitions import ServiceDef
from objectry.metadata.model.elsewhere import databases
from objectry.metadata.model.files import definition_files
from objectry.registry import Release, make_release
from objectry.registry.placement import place
from objectry_runtime.services.settings import Settings

IDENTITY = "platform"  # the service that users and keys belong to, where there is one of that name
_SERVICE = re.compile(r"^service:", re.MULTILINE)
_DIVIDER = re.compile(r"^---\s*$", re.MULTILINE)


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """Service → its database ("": the one that the settings name), declared port and base URL.

    `groups` are the services that share a process, in the order in which they are declared.
    """

    placed: Mapping[str, str]
    ports: Mapping[str, int]
    groups: tuple[tuple[str, ...], ...]
    addresses: Mapping[str, str]

    def sharing(self, service: str) -> frozenset[str]:
        """The services in the same database, itself among them."""
        return frozenset(one for one in self.placed if self.placed[one] == self.placed[service])

    @property
    def identity(self) -> str:
        """The service that users and keys belong to."""
        return IDENTITY if IDENTITY in self.placed else min(self.placed, default="")

    def part(self, release: Release, database: str, catalog: Catalog) -> Release:
        """What one database serves of a release: all of it where nothing lives elsewhere."""
        if set(self.placed.values()) <= {database}:
            return release
        return make_release(place(release.definitions, self.placed, database, catalog))


def topology_of(settings: Settings, services: Mapping[str, ServiceDef]) -> Topology:
    """The topology of services, each declared with its database and its port."""
    groups = [group.split(",") for group in settings.text("topology.together").split()]
    known = [[name for name in group if name in services] for group in groups]
    given = (peer.partition("=") for peer in settings.text("topology.peers").split())
    addresses = {name: f"http://127.0.0.1:{service.port}" for name, service in services.items()}
    for group in known:  # one process answers for all of them, on the first one's port
        addresses.update((name, addresses[group[0]]) for name in group)
    addresses.update((name, url.rstrip("/")) for name, _, url in given)
    placed = databases(Definitions(services=dict(services)), [one for one in known if one])
    ports = {name: service.port for name, service in services.items()}
    later = {name for group in known for name in group[1:]}
    leads = {group[0]: tuple(group) for group in known if group}
    processes = tuple(leads.get(name, (name,)) for name in services if name not in later)
    return Topology(placed=placed, ports=ports, groups=processes, addresses=addresses)


def declared_services(project: Path) -> Mapping[str, ServiceDef]:
    """The services of a project, without reading the rest of it.

    Raises OSError; what is wrong with them is told by whoever loads the project.
    """
    from objectry.metadata.loader import load_documents

    found: dict[str, str] = {}
    for name, path in definition_files(project):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, document in enumerate(_DIVIDER.split(text)):
            if _SERVICE.match(_without_comments(document)):
                found[f"{name}#{number}"] = document
    return load_documents(found).definitions.services


def _without_comments(document: str) -> str:
    """The document from its first key on."""
    lines = document.splitlines()
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith("#")):
        lines.pop(0)
    return "\n".join(lines)
