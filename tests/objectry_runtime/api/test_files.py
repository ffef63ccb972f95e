"""Files: uploaded, taken by a record, given to who may read it, to nobody else."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from objectry_runtime.services.purge import purge_files
from objectry_runtime.services.settings import Settings, read_settings
from objectry_runtime.store.database import Database

from .conftest import Desk, problem, publish

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
PDF = b"%PDF-1.7\n" + b"d" * 100
LIMIT = 600_000
DOCUMENT = """\
service: desk
label: Desk
---
role: agent
label: Agent
---
role: guest
label: Guest
---
object: item
service: desk
label: Item
plural: items
numbering: {pattern: "I-{seq:03}"}
duplicates: {threshold: 50, match: [{field: name, score: 50}]}
fields:
  name: {type: text}
  photo: {type: image}
  paper: {type: file}
  pages: {type: table, of: page}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
  guest: {read: number == 'I-001', create: true, update: true, fields: {paper: none}}
---
object: page
service: desk
label: Page
plural: pages
fields:
  scan: {type: file}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(tmp_path, environment={}, overrides={"limits.file_bytes_max": LIMIT})


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, DOCUMENT)


async def sent(
    who: httpx.AsyncClient, body: bytes = PNG, name: str = "a.png", type: str = "image/png"
) -> httpx.Response:
    headers = {"Content-Type": type} if type else {}
    return await who.post("/api/v1/files", params={"name": name}, content=body, headers=headers)


async def uploaded(who: httpx.AsyncClient, body: bytes = PNG, name: str = "a.png") -> str:
    answer = await sent(who, body, name, "")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def made(who: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await who.post("/api/v1/items", json=values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def contents(desk: Desk, settings: Settings) -> set[str]:
    """The hashes of what lies in the folder."""
    found = {one.name for one in settings.files.rglob("*") if one.is_file()}
    assert not [one for one in settings.files.rglob("incoming/*")], "nothing half-done is left"
    return found


def of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def test_a_file_goes_in_and_comes_out(desk: Desk) -> None:
    answer = await sent(desk.agent, name="../Über uns/Foto 1.png")
    shown = answer.json()
    id = shown.pop("id")
    assert 201 == answer.status_code
    meta = {"name": "Foto 1.png", "media_type": "image/png", "size": len(PNG)}
    assert {**meta, "sha256": of(PNG)} == shown

    item = await made(desk.agent, photo=id)
    assert {"id": id, **meta} == item["photo"]
    path = f"/api/v1/items/{item['id']}"
    assert item == (await desk.agent.get(path)).json()
    listed = (await desk.agent.get("/api/v1/items", params={"photo__isnull": "false"})).json()
    assert [{"id": id, **meta}] == [one["photo"] for one in listed["data"]]
    past = (await desk.agent.get(f"{path}/history")).json()["data"][0]
    assert {"from": None, "to": id} == past["changes"]["photo"]

    file = await desk.agent.get(f"{path}/files/photo")
    assert (200, PNG) == (file.status_code, file.content)
    assert {
        "content-type": "image/png",
        "content-length": str(len(PNG)),
        "content-disposition": "inline; filename=\"Foto 1.png\"; filename*=UTF-8''Foto%201.png",
        "x-content-type-options": "nosniff",
        "etag": f'"{of(PNG)}"',
    }.items() <= dict(file.headers).items()
    assert (await desk.agent.get("/api/v1/items/I-001/files/photo")).content == PNG
    again = await desk.agent.get(f"{path}/files/photo", headers={"If-None-Match": f'"{of(PNG)}"'})
    assert (304, b"") == (again.status_code, again.content)
    head = await desk.agent.head(f"{path}/files/photo")
    assert (200, b"", str(len(PNG))) == (
        head.status_code, head.content, head.headers["content-length"]
    )  # fmt: skip


async def test_it_is_changed_taken_away_and_moved(desk: Desk) -> None:
    first, second = await uploaded(desk.agent), await uploaded(desk.agent, PDF)
    item = await made(desk.agent, photo=first, pages=[{"scan": second}, {}])
    path, line = f"/api/v1/items/{item['id']}", item["pages"][0]["id"]
    file = await desk.agent.get(f"{path}/files/pages.{line}.scan")
    assert (PDF, "application/pdf") == (file.content, file.headers["content-type"])
    assert file.headers["content-disposition"].startswith("attachment;")

    # Whoever did not upload it may move it about within the record, and leave it as it is.
    moved: dict[str, Any] = {"paper": second, "photo": first, "pages": []}
    answer = await desk.admin.patch(path, json=moved)
    assert (200, second) == (answer.status_code, answer.json()["paper"]["id"]), answer.text
    answer = await desk.admin.patch(path, json={"photo": second})
    assert [{"pointer": "/photo", "code": "media_type"}] == errors(answer)
    answer = await desk.agent.patch(path, json={"photo": None})
    assert (200, None) == (answer.status_code, answer.json()["photo"])
    assert 404 == (await desk.agent.get(f"{path}/files/photo")).status_code


async def test_a_merge_takes_the_file_of_the_other(desk: Desk) -> None:
    stays, goes = await made(desk.agent), await made(desk.agent, photo=await uploaded(desk.agent))
    path = f"/api/v1/items/{stays['id']}"
    body = {"with": goes["id"], "take": ["photo"]}
    merged = await desk.admin.post(f"{path}/actions/merge", json=body)
    assert (200, goes["photo"]) == (merged.status_code, merged.json()["photo"]), merged.text
    assert PNG == (await desk.agent.get(f"{path}/files/photo")).content


def errors(answer: httpx.Response) -> list[dict[str, object]]:
    found: Any = problem(answer)["errors"]
    return [{"pointer": one["pointer"], "code": one["code"]} for one in found]


async def test_who_may_not_read_learns_nothing(desk: Desk) -> None:
    """Hidden field, hidden record, field without a file, no field: one and the same answer."""
    guest = await desk.client_of("guest")
    item = await made(
        desk.agent, photo=await uploaded(desk.agent), paper=await uploaded(desk.agent)
    )
    other = await made(desk.agent, photo=await uploaded(desk.agent))
    assert 200 == (await guest.get(f"/api/v1/items/{item['id']}/files/photo")).status_code
    answers = [
        await guest.get(f"/api/v1/items/{key}/files/{field}")
        for key, field in (
            (item["id"], "paper"),
            (item["id"], "nonsense"),
            (item["id"], "number"),
            (item["id"], "pages.1.scan"),
            (item["id"], f"pages.{item['id']}.scan"),
            (item["id"], "pages.scan"),
            (other["id"], "photo"),
            ("I-002", "photo"),
            (ABSENT, "photo"),
        )
    ]
    assert {404} == {one.status_code for one in answers}
    problems = [problem(one) for one in answers]
    assert 1 == len({(str(one["title"]), str(one.get("detail"))) for one in problems})
    assert 401 == (await desk.anonymous.get(f"/api/v1/items/{item['id']}/files/photo")).status_code
    assert 401 == (await sent(desk.anonymous)).status_code


ABSENT = "0189abcd-0000-7000-8000-000000000001"


async def test_only_files_of_ones_own_can_be_attached(
    desk: Desk, owner: psycopg.Connection
) -> None:
    guest = await desk.client_of("guest")
    id = await uploaded(desk.agent)
    refused = [{"pointer": "/photo", "code": "link"}]
    assert refused == errors(await guest.post("/api/v1/items", json={"photo": id}))
    assert refused == errors(await desk.agent.post("/api/v1/items", json={"photo": ABSENT}))
    owner.execute("update objectry.file set tenant_id = 2 where id = %s", [id])
    owner.commit()
    assert refused == errors(await desk.agent.post("/api/v1/items", json={"photo": id}))
    owner.execute("update objectry.file set tenant_id = 1 where id = %s", [id])
    owner.commit()
    item = await made(desk.agent, photo=id)
    owner.execute("update objectry.file set tenant_id = 2 where id = %s", [id])
    owner.commit()
    path = f"/api/v1/items/{item['id']}/files/photo"
    assert 404 == (await desk.agent.get(path)).status_code


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("a\r\nSet-Cookie: b\x7f", "aSet-Cookie_ b"),
        ("..", "file"),
        ("", "file"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
async def test_names_lead_nowhere(desk: Desk, name: str, kept: str) -> None:
    answer = await sent(desk.agent, name=name)
    assert kept == answer.json()["name"]
    item = await made(desk.agent, photo=answer.json()["id"])
    file = await desk.agent.get(f"/api/v1/items/{item['id']}/files/photo")
    assert 200 == file.status_code
    assert f'filename="{kept}"' in file.headers["content-disposition"]


@pytest.mark.parametrize(
    ("said", "body", "kept"),
    [
        ("text/plain; charset=utf-8", b"hello", "text/plain"),
        ("text/html", b"<script>", "application/octet-stream"),
        ("image/svg+xml", b"<svg/>", "application/octet-stream"),
        ("application/xhtml+xml", b"<html/>", "application/octet-stream"),
        ("text/html", PNG, "image/png"),
        ("a\\b", b"hello", "application/octet-stream"),
        (
            "application/vnd.oasis.opendocument.text",
            b"PK\x03\x04rest",
            "application/vnd.oasis.opendocument.text",
        ),
        ("image/webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
async def test_bytes_tell_the_type(desk: Desk, said: str, body: bytes, kept: str) -> None:
    assert kept == (await sent(desk.agent, body, type=said)).json()["media_type"]


async def test_what_is_refused_leaves_nothing(desk: Desk, settings: Settings) -> None:
    faults = [
        await sent(desk.agent, PDF),
        await sent(desk.agent, b"<svg/>", type="image/jpeg"),
        await sent(desk.agent, b""),
        await sent(desk.agent, PNG + b"x" * LIMIT),
        await desk.agent.post("/api/v1/files", params={"nam": "a"}, content=PNG),
        await desk.agent.post("/api/v1/files", content=PNG, headers={"Content-Encoding": "gzip"}),
        await desk.agent.get("/api/v1/files"),
    ]
    found = [(one.status_code, problem(one)["code"]) for one in faults]
    assert [
        (422, "bad_file"),
        (422, "bad_file"),
        (422, "bad_file"),
        (413, "body_too_large"),
        (400, "bad_query"),
        (415, "unsupported_media_type"),
        (405, "method_not_allowed"),
    ] == found
    assert set() == contents(desk, settings)
    answer = await desk.agent.post("/api/v1/items", json={"photo": await uploaded(desk.agent, PDF)})
    assert [{"pointer": "/photo", "code": "media_type"}] == errors(answer)


async def test_a_large_file_is_streamed_both_ways(desk: Desk) -> None:
    """Pieces cross the boundaries of what is written at once."""
    pieces = [bytes([number]) * 70_001 for number in range(8)]

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    answer = await desk.agent.post("/api/v1/files", content=body())
    whole = b"".join(pieces)
    assert of(whole) == answer.json()["sha256"]
    item = await made(desk.agent, paper=answer.json()["id"])
    assert whole == (await desk.agent.get(f"/api/v1/items/{item['id']}/files/paper")).content


async def test_the_same_content_lies_there_once(desk: Desk, settings: Settings) -> None:
    ids = await asyncio.gather(*(uploaded(desk.agent) for _ in range(8)))
    assert (8, {of(PNG)}) == (len(set(ids)), contents(desk, settings))


async def test_what_no_record_takes_is_purged(
    desk: Desk, settings: Settings, owner: psycopg.Connection
) -> None:
    taken, alone, young = [await uploaded(desk.agent) for _ in range(3)]
    other = await uploaded(desk.agent, PDF)
    item = await made(desk.agent, photo=taken)
    await desk.agent.patch(f"/api/v1/items/{item['id']}", json={"photo": None})  # history names it
    owner.execute(
        "update objectry.file set created_at = now() - interval '25 hours' where id <> %s", [young]
    )
    owner.commit()
    executor, store = desk.runtime.executor, desk.runtime.contents
    assert 2 == await purge_files(executor, store)
    assert {of(PNG)} == contents(desk, settings)
    rows = owner.execute("select id::text from objectry.file").fetchall()
    assert {(taken,), (young,)} == set(rows)
    refused = [{"pointer": "/photo", "code": "link"}]
    assert refused == errors(await desk.agent.post("/api/v1/items", json={"photo": alone}))
    assert refused == errors(await desk.agent.post("/api/v1/items", json={"photo": other}))
    assert 0 == await purge_files(executor, store)


async def test_a_lost_content_is_said(desk: Desk, settings: Settings) -> None:
    item = await made(desk.agent, photo=await uploaded(desk.agent))
    for one in settings.files.rglob(of(PNG)):
        one.unlink()
    answer = await desk.agent.get(f"/api/v1/items/{item['id']}/files/photo")
    assert (500, "file_lost") == (answer.status_code, problem(answer)["code"])


async def test_openapi_tells_what_the_caller_sees(desk: Desk) -> None:
    guest = await desk.client_of("guest")
    mine = (await desk.agent.get("/openapi.json")).json()
    theirs = (await guest.get("/openapi.json")).json()
    path = "/api/v1/items/{id}/files/{field}"
    assert "post" in mine["paths"]["/api/v1/files"]
    assert "paper" in mine["paths"][path]["get"]["parameters"][1]["schema"]["pattern"]
    assert "paper" not in theirs["paths"][path]["get"]["parameters"][1]["schema"]["pattern"]
