"""A thousand objects of thirty fields: how long each stage from YAML to a served release takes.

`python -m tests.performance.definitions`; processor time, so that a busy machine changes little.
The baseline is in the same run: what the snapshot saves against reading the YAML again.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from objectry.compiler.codecs import compile_codec
from objectry.compiler.schemas import openapi
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Catalog
from objectry.registry import Release, allocate, make_release
from objectry.registry.storage import StorageMap

Result = TypeVar("Result")
FIELDS = (
    "{type: text, max_length: 200, label: A field}",
    "{type: money, min: 0}",
    "{type: date, default: today()}",
    "{type: integer, default: 1, required: true}",
    "{type: select, options: [a, b, c], default: \"'a'\"}",
    "{type: decimal, scale: 3}",
)


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
                "",
            ]
        )
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


def main(objects: int = 1000) -> None:
    """Measure every stage once."""
    files = project(objects)
    catalog = Catalog(computed={})
    print(f"{objects} objects of 30 fields")
    loaded = timed("read the YAML", lambda: load_documents(files))
    findings = timed("check", lambda: check(loaded.definitions, loaded.sources, catalog))
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
    print(f"snapshot {len(snapshot) / 1e6:.1f} MB, OpenAPI {len(document) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
