"""The process that prints: it waits with everything loaded and forks a child for every document.

    python -m objectry_runtime.reports.worker FD

FD is one end of a Unix socket. Each message on it hands over a connection; the child reads one
`Job` from there, writes one `Result`, and ends. So no document leaves anything behind for the
next, a child is killed without harm to others, and none pays for imports.
"""

import contextlib
import gc
import os
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from objectry_runtime.reports.environment import template_environment
from objectry_runtime.reports.job import Job, Result, framed, read_job
from objectry_runtime.reports.walls import close_in

# The second has its libraries with it, where the machine has none for the first.
ENGINES = ("objectry_runtime.reports.pdf", "objectry_runtime.reports.pdf_bundled")


def first_engine(names: Sequence[str] = ENGINES) -> ModuleType | None:
    """The first of the engines that can be loaded here; None where none can."""
    with warnings.catch_warnings():
        # WeasyPrint warns of a library that only makes smaller files.
        warnings.simplefilter("ignore", DeprecationWarning)
        for name in names:
            with contextlib.suppress(ImportError, OSError):
                return import_module(name)
    return None


PDF = first_engine()
DETAIL_MAX = 500
_TEMPLATE = "the template"


class TooLong(Exception):
    """The template writes more than a document may hold."""


def main(descriptor: int) -> None:
    """Fork a child for each connection that comes in, until the other end is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    with socket.socket(fileno=descriptor) as control:
        template_environment()  # reads what templates share, so that no child must
        gc.freeze()
        control.sendall(b"r")  # ready
        while True:
            _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
            if not descriptors:
                return
            with socket.socket(fileno=descriptors[0]) as connection:
                if os.fork() == 0:
                    control.close()
                    _work(connection)


def _work(connection: socket.socket) -> None:
    """One document; never returns."""
    try:
        job = read_job(connection)
        close_in(job.limits)
        connection.sendall(framed(print_one(job)))
    except EOFError:
        pass  # whoever asked is gone
    except BaseException:  # the last frame of the process: tell the log, and end
        traceback.print_exc()
    finally:
        os._exit(0)


def print_one(job: Job) -> Result:
    """The document; a mistake of the template is a result, not an exception."""
    try:
        html = render(job)
        if job.format == "html":
            return Result(body=html.encode())
        if PDF is None:
            return Result(fault="unavailable")
        return Result(body=PDF.to_pdf(html))
    except SecurityError as error:
        return Result(fault="template", detail=_detail(error, "it asks for what is forbidden"))
    except TemplateSyntaxError as error:
        place = f"{error.name or _TEMPLATE}, line {error.lineno}"
        return Result(fault="template", detail=f"{place}: {error.message}"[:DETAIL_MAX])
    except (TooLong, MemoryError, RecursionError) as error:
        return Result(fault="limit", detail=str(error) or type(error).__name__)
    except TemplateError as error:
        return Result(fault="template", detail=_detail(error, ""))
    except Exception as error:  # whatever an expression of a template may raise
        return Result(fault="template", detail=_detail(error, type(error).__name__))


def render(job: Job) -> str:
    """The template's text, stopped where it gets too long."""
    template = template_environment().from_string(job.template)
    parts: list[str] = []
    left = job.limits.html_chars
    for part in template.generate(job.context):
        left -= len(part)
        if left < 0:
            raise TooLong(f"it writes more than {job.limits.html_chars:,} characters")
        parts.append(part)
    return "".join(parts)


def _detail(error: Exception, meaning: str) -> str:
    """What went wrong, and on which line of the template."""
    line, name = 0, ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith("<template") or frame.filename.endswith(".html"):
            line, name = frame.lineno or 0, frame.filename
    text = str(error)
    if isinstance(error, TemplateNotFound):
        text = f"there is no template {text}"
    text = ": ".join(part for part in (meaning, text) if part)
    place = "" if not line else f"{_TEMPLATE if name.startswith('<') else name}, line {line}: "
    return (place + text)[:DETAIL_MAX]


if __name__ == "__main__":
    main(int(sys.argv[1]))
