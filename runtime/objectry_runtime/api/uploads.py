"""Files over HTTP: taken piece by piece before a record has them, given to who may read it."""

import asyncio
import logging
from contextlib import aclosing
from urllib.parse import quote

import msgspec

from objectry.metadata.types import IMAGES
from objectry.values.ids import new_id
from objectry_runtime import query
from objectry_runtime.api.address import Params
from objectry_runtime.api.asgi import Headers, Receive
from objectry_runtime.api.body import body_pieces, check_coding
from objectry_runtime.api.responses import Response
from objectry_runtime.api.serving import Serving
from objectry_runtime.files import (
    FileRow,
    Misnamed,
    Missing,
    Upload,
    clean_name,
    media_type,
    register,
)
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import matching
from objectry_runtime.query.list_request import once
from objectry_runtime.query.refusal import bad_query, quoted

UPLOAD_SECONDS = 900.0
# Whoever opens it in a browser after all: nothing in it runs or loads.
_HARMLESS = "default-src 'none'; sandbox"

log = logging.getLogger("objectry.serve")


async def take(
    serving: Serving, call: Call, receive: Receive, headers: Headers, params: Params
) -> Response:
    """`POST /files?name=…`: the body is the file. 201 with what a field of a record takes."""
    given = once(params)
    for name in given:
        if name != "name":
            raise bad_query(f"An upload takes no parameter {quoted(name)}, only name.")
    check_coding(headers)
    upload = await serving.contents.begin()
    try:
        await _receive(serving, receive, upload)
        sha256 = await upload.finish()
        row = FileRow(
            id=new_id(),
            name=clean_name(given.get("name", "")),
            media_type=_type(upload.head, headers.get("content-type", "")),
            size=upload.size,
            sha256=sha256,
        )
        principal = call.principal
        async with register(call.executor, row, tenant=principal.tenant, user=principal.user):
            await upload.keep()
    finally:
        await upload.drop()
    return Response(status=201, body=msgspec.json.encode(row))


async def give(
    serving: Serving, call: Call, object_name: str, place: tuple[str, ...], params: Params
) -> Response:
    """`GET /{plural}/{id}/files/{field}`: what the file holds."""
    for name in once(params):
        raise bad_query(f"A file takes no parameter {quoted(name)}.")
    key, field = place[0], place[1]
    row = await query.attached_file(call, object_name, key, field)
    tag = f'"{row.sha256}"'
    if call.if_none_match and (known := matching(call.if_none_match, tag)):
        return Response(status=304, headers={"ETag": known})
    try:
        pieces = await serving.contents.open(row.sha256)
    except Missing:
        log.error("the content of file %s (%s) is missing", row.id, row.sha256)
        raise Problem(
            500,
            "file_lost",
            "What the file held is missing.",
            "It is not in the server's folder of files; whoever runs it can bring it back there.",
        ) from None
    return Response(
        status=200,
        pieces=pieces,
        length=row.size,
        content_type=row.media_type,
        headers={
            "ETag": tag,
            "Content-Disposition": _disposition(row),
            "Content-Security-Policy": _HARMLESS,
        },
    )


async def _receive(serving: Serving, receive: Receive, upload: Upload) -> None:
    try:
        async with (
            asyncio.timeout(UPLOAD_SECONDS),
            aclosing(
                body_pieces(receive, serving.file_bytes_max, "limits.file_bytes_max")
            ) as pieces,
        ):
            async for piece in pieces:
                await upload.write(piece)
    except TimeoutError:
        raise Problem(
            408,
            "body_timeout",
            "The body did not come.",
            f"A file is waited for {UPLOAD_SECONDS:g} seconds. Send it again.",
            headers={"Connection": "close"},
        ) from None
    if not upload.size:
        raise Problem(422, "bad_file", "The file can't be taken.", "It is empty.")


def _type(head: bytes, said: str) -> str:
    try:
        return media_type(head, said)
    except Misnamed as error:
        detail = f"It says it is {error.said}, but its bytes are {error.found}."
        raise Problem(422, "bad_file", "The file can't be taken.", detail) from None


def _disposition(row: FileRow) -> str:
    """Images may be shown in a page; all else is saved, under its name."""
    how = "inline" if row.media_type in IMAGES else "attachment"
    plain = "".join(one if one.isascii() and one not in '"\\%' else "_" for one in row.name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(row.name, safe='')}"
