"""The first thing that somebody sees: where it answers, with what, and what to try."""

import socket
import sys

import click

from objectry_runtime.services.runtime import Runtime
from objectry_runtime.store.database import Database


def say(text: str) -> None:
    """A line for the person at the terminal, at once."""
    click.echo(text)
    sys.stdout.flush()


def url_of(listener: socket.socket) -> str:
    """The address to type: never the wildcard that was bound."""
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = name
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def greeting(url: str, runtime: Runtime, database: Database, *, published: bool, key: str) -> str:
    """What `objectry serve` prints once it answers; the last line says how to stop it."""
    live = runtime.live
    definitions = live.release.definitions
    names = sorted(runtime.services or definitions.services)
    release = f"{live.release.id[:12]}{' (just published)' if published else ''}"
    lines = [
        "",
        f"  Objectry answers at   {url}",
        f"  API documentation     {url}/docs",
        f"  Database              {database.name}",
        f"  Release               {release}: {len(definitions.objects)} objects",
        f"  Services              {', '.join(names) or 'none'}",
    ]
    example = _example(runtime)
    if key:
        lines += [f"  API key               {key}", "", "  Try it:", ""]
        lines.append(f'    curl -H "Authorization: Bearer {key}" "{url}/api/v1/{example}?limit=3"')
    else:
        lines += ["", "  An API key:  objectry key create NAME --role admin"]
    lines += ["", "  Press Ctrl-C to stop."]
    return "\n".join(lines)


def _example(runtime: Runtime) -> str:
    """The plural of an object that people meet first: one with a list layout, else any."""
    definitions = runtime.live.release.definitions
    served = [
        name
        for name, one in definitions.objects.items()
        if not runtime.services or one.service in runtime.services
    ]
    listed = [one.object for one in definitions.layouts.values() if one.kind == "list"]
    for name in (*listed, *served):
        if name in served:
            return runtime.live.model.object(name).plural
    return "meta/objects"
