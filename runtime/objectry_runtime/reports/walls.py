"""The walls around a process that prints: time, memory, no files to write, no network, no children.

Set once, in the child that renders one document, before it sees the template. None can be taken
down from inside: limits only go down, an audit hook stays, a network namespace has no way out.
"""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from objectry_runtime.reports.job import Limits

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_REFUSED = (
    "socket.",
    "subprocess.",
    "ctypes.",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.spawn",
    "os.symlink",
    "os.link",
    "os.mkdir",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "os.system",
    "pty.spawn",
    "shutil.",
    "urllib.Request",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def close_in(limits: Limits) -> None:
    """Put the walls up around this process, for good."""
    _leave_network()
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for one in (signal.SIGALRM, signal.SIGXCPU):
        signal.signal(one, signal.SIG_DFL)  # both end the process
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    own = tuple(f"{Path(one).resolve()}/" for one in {sys.prefix, sys.base_prefix, *_code()})
    sys.addaudithook(_hook((*own, "/usr/share/", "/etc/fonts/", "/usr/lib/")))


def _code() -> tuple[str, ...]:
    """Where our own code lies, which may be loaded as late as it is needed."""
    return (str(Path(__file__).parents[1]),)


def _hook(readable: tuple[str, ...]) -> Any:
    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir"):
            path, flags = arguments[0], arguments[2] if event == "open" else 0
            name = os.fsdecode(path) if isinstance(path, str | bytes) else ""
            if flags & _WRITING or not f"{os.path.realpath(name)}/".startswith(readable):
                raise PermissionError("a template opens no file")
        elif event.startswith(_REFUSED):
            raise PermissionError(f"a template can't do this ({event})")

    return refuse


def _leave_network() -> None:
    """Into a network namespace of its own, which has no way out, where the kernel lets us.

    Elsewhere the audit hook alone stands between a template that broke out and the network.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
