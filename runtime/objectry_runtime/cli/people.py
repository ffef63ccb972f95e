"""Who runs the command, for the list of releases."""

import getpass
import socket


def author() -> str:
    """`user@host`, as far as the system knows."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a uid without an account, as in many containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
