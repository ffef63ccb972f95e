"""What `objectry up` does: a process for each group of services, and the gateway in this one."""

import os
from collections.abc import Collection
from pathlib import Path
from threading import Thread

from objectry_runtime.cli.failure import USAGE, Failure
from objectry_runtime.cli.greeting import say, url_of
from objectry_runtime.cli.project import open_settings
from objectry_runtime.peers.client import PeerClient
from objectry_runtime.services.gateway import create_gateway
from objectry_runtime.services.secret import load_keyring
from objectry_runtime.services.server import bind, run
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.supervisor import Supervisor
from objectry_runtime.services.topology import Topology, declared_services, topology_of

# What the embedded PostgreSQL has for all of them, after what each needs beside requests.
CONNECTIONS = 44
CONNECTIONS_MIN, CONNECTIONS_MAX = 3, 10


def bring_up(
    together: tuple[str, ...],
    host: str | None,
    port: int | None,
    project: Path | None,
    state: Path | None,
) -> int:
    """Run until told to stop."""
    given: dict[str, str] = {"topology.mode": "services"}
    if together:
        given["topology.together"] = " ".join(together)
    settings = open_settings(project, state, **given)
    services = declared_services(settings.project)
    if not services:
        raise Failure(f"There are no services in {settings.project}.")
    _check_groups(settings, services)
    topology = topology_of(settings, services)
    wanted = settings.number("port") if port is None else port
    listener = bind(host or settings.text("host"), wanted)
    keyring = load_keyring(settings)  # made before any service looks for it
    logs = settings.state / "logs"
    supervisor = Supervisor(_commands(settings, topology), _environment(settings, topology), logs)
    client = PeerClient("gateway", topology.addresses, keyring)
    app = create_gateway(topology.addresses, client)
    say(f"Starting {len(topology.groups)} processes …")
    with listener, supervisor:
        telling = Thread(
            target=_tell, args=(supervisor, settings, topology, url_of(listener)), daemon=True
        )
        if not run(app, listener, telling.start):
            raise Failure("The gateway did not start; the lines above say why.")
    say("Stopped.")
    return 0


def _check_groups(settings: Settings, known: Collection[str]) -> None:
    for group in settings.text("topology.together").split():
        for name in group.split(","):
            if name not in known:
                raise Failure(
                    f'There is no service "{name}".', f"There are: {', '.join(known)}.", USAGE
                )


def _commands(settings: Settings, topology: Topology) -> dict[str, list[str]]:
    """The arguments of each process, by the service that names it."""
    folders = ["--project", str(settings.project), "--state", str(settings.state)]
    return {
        group[0]: ["serve", *folders, *(word for one in group for word in ("--service", one))]
        for group in topology.groups
    }


def _environment(settings: Settings, topology: Topology) -> dict[str, str]:
    share = CONNECTIONS // max(1, len(topology.groups))
    connections = min(CONNECTIONS_MAX, max(CONNECTIONS_MIN, share))
    return {
        "OBJECTRY_LIMITS_CONNECTIONS": str(connections),
        **os.environ,
        "OBJECTRY_TOPOLOGY_MODE": "services",
        "OBJECTRY_TOPOLOGY_TOGETHER": settings.text("topology.together"),
    }


def _tell(supervisor: Supervisor, settings: Settings, topology: Topology, url: str) -> None:
    """The table of services, once all of them answer."""
    firsts = {group[0]: topology.addresses[group[0]] for group in topology.groups}
    waiting = supervisor.wait_ready(firsts)
    databases = {name: one or "(of the settings)" for name, one in topology.placed.items()}
    width, wide = (max(map(len, column)) for column in (databases, databases.values()))
    lines = ["", f"  Objectry answers at   {url}", ""]
    for group in topology.groups:
        for name in group:
            state = "does not answer yet" if group[0] in waiting else "ready"
            place = f"{topology.addresses[name]}  {databases[name]:<{wide}}"
            lines.append(f"  {name:<{width}}  {place}  {state}")
    lines += [
        "",
        f"  Logs         {settings.state / 'logs'}",
        "  An API key   OBJECTRY_TOPOLOGY_MODE=services objectry key create NAME --role admin",
        "",
        "  Press Ctrl-C to stop all of them.",
    ]
    say("\n".join(lines))
