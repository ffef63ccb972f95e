"""What a template may not do, however it tries: each is told, and the next document is printed."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.reports import press as press_module
from objectry_runtime.reports import worker
from objectry_runtime.reports.job import Format, Job, Limits, Result
from objectry_runtime.reports.press import Press

pytestmark = pytest.mark.anyio

CONTEXT = {"record": {"name": "Acme", "items": "own"}, "lang": "de", "company": {}}


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    """One for all tests: what one of them does to it must not matter to the next."""
    made = Press()
    yield made
    made.close()


async def printed(
    press: Press, template: str, format: Format = "html", limits: Limits | None = None
) -> Result:
    job = Job(template=template, context=CONTEXT, format=format, limits=limits or Limits())
    return await press.run(job)


@pytest.mark.parametrize(
    ("template", "detail"),
    [
        ("a\n{{ ''.__class__.__mro__ }}", "line 2"),
        ("{{ record.update({'name': 1}) }}", "unsafe"),
        ("{{ record|attr('__class__') }}", "unsafe"),
        ("{{ ().__class__.__base__.__subclasses__() }}", "unsafe"),
        ("{{ self.__init__.__globals__ }}", "unsafe"),
        ("{{ address.__globals__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.system('true') }}", "unsafe"),
        ("\n\n{{ record.nonsense }}", "line 3"),
        ("{% if %}", "line 1"),
        ("{% include 'no.html' %}", "no template no.html"),
        ("{{ 'x'|money }}", "is no number"),
    ],
)
async def test_what_a_template_may_not_do(press: Press, template: str, detail: str) -> None:
    """It is told where in the template it stands."""
    result = await printed(press, template)
    assert (result.fault, detail in result.detail) == ("template", True), result.detail


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10**10 }}",
        "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
        "{% set x = namespace(a='a') %}{% for i in range(99) %}{% set x.a = x.a * 2 %}{% endfor %}",
        "{{ '%999999999d' % 1 }}",
        "{{ record.name and 99999 ** 99999999 }}",
    ],
    ids=["loop", "text", "output", "doubling", "format", "power"],
)
async def test_a_template_that_takes_too_much_is_stopped(press: Press, template: str) -> None:
    """Within its seconds and bytes; what comes after is printed as if nothing had been."""
    limits = Limits(seconds=1, memory_bytes=768 * 1024 * 1024)
    assert (await printed(press, template, limits=limits)).fault == "limit"
    assert (await printed(press, "{{ record.name }}")).body == b"Acme"


async def test_names_of_a_record_go_before_methods(press: Press) -> None:
    assert (await printed(press, "{{ record.items }}")).body == b"own"


async def test_texts_are_escaped(press: Press) -> None:
    result = await printed(press, "{{ '<script>' }}{{ record.name|multiline }}")
    assert result.body == b"&lt;script&gt;Acme"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A port of this machine, and who connected to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                try:
                    came.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], came
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "html",
    [
        "<img src='http://127.0.0.1:{port}/x'>",
        "<link rel=stylesheet href='http://127.0.0.1:{port}/x'>",
        "<style>@import url(http://127.0.0.1:{port}/x)</style>",
        "<style>p {{{{ background: url(http://127.0.0.1:{port}/x) }}}}</style><p>a",
        "<img src='file://{file}'>",
        "<link rel=attachment href='file://{file}'>",
        "<object data='file://{file}'></object>",
        "<svg><image href='file://{file}'/></svg>",
    ],
)
async def test_nothing_is_fetched(
    press: Press, listener: tuple[int, list[object]], tmp_path: Path, html: str
) -> None:
    """No network and no file: the document fails, or is printed without."""
    port, came = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    template = html.format(port=port, file=secret).replace("{{", "{").replace("}}", "}")
    result = await printed(press, template, "pdf")
    assert b"the secret" not in result.body
    assert came == []
    assert result.fault == "template" or result.body.startswith(b"%PDF")


async def test_an_image_may_stand_in_the_document(press: Press) -> None:
    pixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    result = await printed(press, f"<img src='data:image/gif;base64,{pixel}'>", "pdf")
    assert result.body.startswith(b"%PDF")


async def test_a_killed_worker_is_replaced(press: Press) -> None:
    """Whatever kills it, the next document finds another one."""
    await press.start()
    killed = press.worker
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while Path(f"/proc/{killed}/stat").read_text().split()[2] != "Z":
        await anyio.sleep(0.01)
    assert (await printed(press, "{{ record.name }}")).body == b"Acme"
    assert press.worker != killed


async def test_waiting_is_bounded(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would wait behind too many is told to come again."""
    monkeypatch.setattr(press_module, "WAITING_MAX", 0)
    with pytest.raises(Problem) as refused:
        await printed(press, "a")
    assert (refused.value.status, refused.value.code) == (503, "busy")


async def test_the_worker_has_none_of_our_secrets(
    press: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is made for it."""
    monkeypatch.setenv("OBJECTRY_SECRET_KEY", "hidden")
    await press.start()
    environment = Path(f"/proc/{press.worker}/environ").read_bytes()
    assert b"hidden" not in environment


def test_without_pango_there_is_html_but_no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may lack the libraries that PDFs are made with."""
    monkeypatch.setattr(worker, "PDF", None)
    html = Job(template="a", context=CONTEXT, format="html", limits=Limits())
    assert worker.print_one(html) == Result(body=b"a")
    pdf = Job(template="a", context=CONTEXT, format="pdf", limits=Limits())
    assert worker.print_one(pdf) == Result(fault="unavailable")


BUNDLED = ("objectry_runtime.reports.nothing", "objectry_runtime.reports.pdf_bundled")


def test_an_engine_that_brings_its_libraries_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes a PDF of the same document, and fetches nothing either."""
    monkeypatch.setattr(worker, "PDF", worker.first_engine(BUNDLED))
    letter = '{% extends "letter.html" %}{% block subject %}a{% endblock %}'
    context = {**CONTEXT, "paper": "A4", "words": {"page": "Seite", "of": "von"}}
    job = Job(template=letter, context=context, format="pdf", limits=Limits())
    assert worker.print_one(job).body.startswith(b"%PDF")
    outside = Job(
        template="<img src='file:///etc/hostname'>", context={}, format="pdf", limits=Limits()
    )
    result = worker.print_one(outside)
    assert (result.fault, "only data: is taken" in result.detail) == ("template", True)
