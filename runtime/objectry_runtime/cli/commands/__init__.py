"""One command a module; each has `command`, a click command."""
