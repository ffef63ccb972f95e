"""A thousand objects of thirty fields: how long each stage from YAML to a served release takes.

`python -m tests.performance.definitions`; processor time, so that a busy machine changes little.
The baseline is in the same run: what the snapshot saves against reading the YAML again. Each object
has pages, a notification and an automation beside it, and a story is told of it. Last comes the
whole command, `objectry validate` in a process of its own: the bar is 5 s.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from objectry.compiler.codecs import compile_codec
from objectry.compiler.schemas import openapi
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Catalog
from objectry.registry import Release, allocate, make_release
from objectry.registry.storage import StorageMap
from objectry_runtime.reports.template_checker import JinjaTemplates

Result = TypeVar("Result")
FIELDS = (
    "{type: text, max_length: 200, label: A field}",
    "{type: money, min: 0}",
    "{type: date, default: today()}",
    "{type: integer, default: 1, required: true}",
    "{type: select, options: [a, b, c], default: \"'a'\"}",
    "{type: decimal, scale: 3}",
)


ABOUT = """\
layout: thing_NUMBER.list
object: thing_NUMBER
kind: list
columns: [field_0, field_1, other.field_0]
sort: -field_2
---
layout: thing_NUMBER.paper
object: thing_NUMBER
kind: print
body: "<p>{{ record.field_0 }} {{ record.other.field_0 }} {{ record.total | money }}</p>"
---
notification: of_thing_NUMBER
object: thing_NUMBER
on: ThingNUMBERCreated
channel: in_app
when: total > 100
to: owner
body: "{{ record.field_0 }}"
---
automation: for_thing_NUMBER
object: thing_NUMBER
on: {changed: [field_0, field_1]}
when: old.field_0 != field_0
do: [{set: {field_2: today() + days(1)}}, {notify: of_thing_NUMBER}]
---
scenario: thing NUMBER
given: [{create: thing_NUMBER, as: one, values: {field_0: A, field_1: "1.00", field_7: "2.00"}}]
when: [{update: one, values: {field_3: 3}}]
then: [{expect: one.total == 5}]
"""


def project(objects: int) -> dict[str, str]:
    """The files of a project of so many objects, linked in a ring."""
    files = {"objects/shop.yaml": "service: shop\n---\nrole: sales\n"}
    for number in range(objects):
        fields = [f"  field_{n}: {FIELDS[n % len(FIELDS)]}" for n in range(26)]
        files[f"objects/thing_{number}.yaml"] = "\n".join(
            [
                f"object: thing_{number}",
                "service: shop",
                "fields:",
                *fields,
                f"  other: {{type: link, to: thing_{(number + 1) % objects}}}",
                "  total: {type: money, formula: field_1 * field_3 + field_7}",
                "  ratio: {type: decimal, formula: 'total / field_3 if field_3 > 0 else None'}",
                "  live: {type: text, formula: other.field_0}",
                "checks:",
                "  - {rule: field_2 <= field_8, message: Order of dates.}",
                "permissions:",
                "  sales: {read: true, create: true, update: owner == user.id}",
                f"events: {{created: Thing{number}Created}}",
                "",
            ]
        )
        files[f"layouts/thing_{number}.yaml"] = ABOUT.replace("NUMBER", str(number))
    return files


def everything(_object: str, _name: str | None, _use: str) -> bool:
    """What an administrator sees."""
    return True


def timed(label: str, action: Callable[[], Result]) -> Result:
    """Run, print the processor time, return what came out."""
    start = time.process_time()
    result = action()
    print(f"{label:<44}{1000 * (time.process_time() - start):>9.1f} ms", flush=True)
    return result


def timed_command(files: dict[str, str]) -> None:
    """Run `objectry validate` on the files, print its processor time and the time that passed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [str(Path(sys.executable).parent / "objectry"), "validate", folder]
        start, before = time.perf_counter(), os.times()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        passed, after = time.perf_counter() - start, os.times()
        used = after.children_user + after.children_system
        used -= before.children_user + before.children_system
        print(f"{'objectry validate, cold':<44}{1000 * used:>9.1f} ms ({passed:.1f} s passed)")


def main(objects: int = 1000) -> None:
    """Measure every stage once."""
    files = project(objects)
    catalog = Catalog(computed={})
    print(f"{objects} objects of 30 fields")
    loaded = timed("read the YAML", lambda: load_documents(files))
    templates = JinjaTemplates()
    findings = timed("check", lambda: check(loaded.definitions, loaded.sources, catalog, templates))
    assert not [*loaded.findings, *findings]
    release = timed("make the release", lambda: make_release(loaded.definitions))
    snapshot = timed("write the snapshot", release.to_bytes)
    again = timed("open the snapshot", lambda: Release.from_bytes(snapshot))
    model = again.model(catalog)
    timed("resolve the first object", lambda: model.object("thing_500"))
    timed("compile its codec", lambda: compile_codec(model, "thing_500"))
    timed("resolve all objects", lambda: [model.object(name) for name in model.objects()])
    timed("allocate the storage map", lambda: allocate(StorageMap(), model))
    document = timed(
        "describe all of it as OpenAPI",
        lambda: msgspec.json.encode(openapi(model, version="1", visible=everything)),
    )
    timed_command(files)
    print(f"snapshot {len(snapshot) / 1e6:.1f} MB, OpenAPI {len(document) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
