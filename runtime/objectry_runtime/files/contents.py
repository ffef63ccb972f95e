"""Where what files hold is kept: by its SHA-256, so that the same content lies there once."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

from objectry.values.ids import new_id

CHUNK = 256 * 1024
HEAD = 512  # bytes from which the type is told
LEFT_OVER_S = 24 * 3600  # an upload that takes longer was broken off


class Missing(Exception):
    """A content that is not where it was put."""


class Upload(Protocol):
    """A content on its way in: written piece by piece, then kept or dropped."""

    size: int
    head: bytes

    async def write(self, chunk: bytes) -> None:
        """Take the next piece."""
        ...

    async def finish(self) -> str:
        """Everything came and is on the disk. Returns the SHA-256 in hex."""
        ...

    async def keep(self) -> None:
        """Put it where readers find it; once it returned, a crash loses nothing."""
        ...

    async def drop(self) -> None:
        """Forget it, unless it was kept."""
        ...


class Contents(Protocol):
    """A store of contents. One in a folder is here; another (S3) keeps this interface."""

    async def begin(self) -> Upload:
        """A new content."""
        ...

    async def open(self, sha256: str) -> AsyncGenerator[bytes]:
        """A content, piece by piece. Raises Missing before the first piece."""
        ...

    async def remove(self, sha256: str) -> None:
        """Delete a content; one that is not there is no error."""
        ...

    async def tidy(self) -> None:
        """Delete what uploads that were broken off long ago have left."""
        ...


class Folder:
    """Contents as files of a local folder, `ab/cd/<sha256>`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._incoming = path / "incoming"

    async def begin(self) -> Upload:
        """A new content."""
        return await asyncio.to_thread(_LocalUpload, self._incoming, self._place)

    async def open(self, sha256: str) -> AsyncGenerator[bytes]:
        """A content, piece by piece."""
        place = self._place(sha256)
        if not await asyncio.to_thread(place.is_file):
            raise Missing(sha256)
        return _pieces(place)

    async def remove(self, sha256: str) -> None:
        """Delete a content."""
        await asyncio.to_thread(self._place(sha256).unlink, missing_ok=True)

    async def tidy(self) -> None:
        """Delete what is left of uploads."""
        await asyncio.to_thread(self._tidy)

    def _tidy(self) -> None:
        if not self._incoming.is_dir():
            return
        for left in self._incoming.iterdir():
            if left.stat().st_mtime < time.time() - LEFT_OVER_S:
                left.unlink(missing_ok=True)

    def _place(self, sha256: str) -> Path:
        return self._path / sha256[:2] / sha256[2:4] / sha256


class _LocalUpload:
    """A file beside the others until it is whole; its name is nobody's but ours."""

    def __init__(self, incoming: Path, place: "_Place") -> None:
        incoming.mkdir(parents=True, exist_ok=True)
        self._path = incoming / new_id()
        self._file = self._path.open("xb")
        self._place = place
        self._hash = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self.size = 0
        self.head = b""

    async def write(self, chunk: bytes) -> None:
        """Take the next piece; pieces go to the disk when there are enough for a thread."""
        if len(self.head) < HEAD:
            self.head = (self.head + chunk)[:HEAD]
        self.size += len(chunk)
        self._waiting.append(chunk)
        self._waiting_size += len(chunk)
        if self._waiting_size >= CHUNK:
            await asyncio.to_thread(self._write)

    async def finish(self) -> str:
        """Write what waits, and make the disk have it."""
        return await asyncio.to_thread(self._finish)

    async def keep(self) -> None:
        """One rename: readers see all of it or nothing."""
        await asyncio.to_thread(self._keep)

    async def drop(self) -> None:
        """Delete what is not kept."""
        await asyncio.to_thread(self._drop)

    def _write(self) -> None:
        for chunk in self._waiting:
            self._hash.update(chunk)
            self._file.write(chunk)
        self._waiting.clear()
        self._waiting_size = 0

    def _finish(self) -> str:
        self._write()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()

    def _keep(self) -> None:
        place = self._place(self._hash.hexdigest())
        made = [folder for folder in (place.parent, place.parent.parent) if not folder.is_dir()]
        place.parent.mkdir(parents=True, exist_ok=True)
        self._path.replace(place)
        for folder in (place.parent, *(one.parent for one in made)):
            _sync(folder)

    def _drop(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class _Place(Protocol):
    def __call__(self, sha256: str, /) -> Path:
        """Where a content lies."""
        ...


async def _pieces(place: Path) -> AsyncGenerator[bytes]:
    """Opened with the first piece: who asks for none (HEAD) leaves nothing open."""
    with await asyncio.to_thread(place.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _sync(folder: Path) -> None:
    """Make the disk have the folder's entries."""
    if os.name == "nt":  # no folder can be opened there; its file system journals them
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
