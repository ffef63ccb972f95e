"""The running server's state: the live release, replaced as a whole when another is published."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import tzinfo
from typing import TYPE_CHECKING
from urllib.parse import quote

from objectry.registry import Release, StorageMap
from objectry_runtime.files import Contents, Folder
from objectry_runtime.host import Live, build_live, discover
from objectry_runtime.identity.call import Owners
from objectry_runtime.publishing import ensure_first_release, live_release, watch
from objectry_runtime.reports.press import Press
from objectry_runtime.services.executors import new_executor
from objectry_runtime.services.purge import keep_purging, keep_purging_files
from objectry_runtime.services.secret import load_keyring
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.timers import keep_time
from objectry_runtime.store.database import Database

if TYPE_CHECKING:
    from objectry_runtime.services.following import Neighbours  # only where services live apart

FIRST_AUTHOR = "objectry serve"
# What was compiled for a release refers to itself in rings, which the collector looks for seldom:
# by now the requests that began with the release before have been answered.
FORGET_AFTER_S = 10.0

log = logging.getLogger("objectry.serve")


class NothingPublished(Exception):
    """The database has no release yet; `objectry serve` or `objectry apply` publishes one."""


class Runtime:
    """What requests are served from (`api.Serving`).

    `live` is one reference: a request reads it once and keeps it, so replacing it never disturbs
    a request on its way.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        live: Live,
        services: frozenset[str] = frozenset(),
        neighbours: "Neighbours | None" = None,
    ) -> None:
        self.live = live
        self.executor = new_executor(settings, database)
        self.keyring = load_keyring(settings)
        self.time_zone: tzinfo = settings.time_zone
        self.services = services
        self.owners: Owners | None = neighbours.owners if neighbours is not None else None
        self.press = Press()
        self.body_bytes_max = settings.number("limits.body_bytes_max")
        # Services that share a machine don't share what they keep: each purges by its own rows.
        self.contents: Contents = Folder(settings.files / quote(database.dbname, safe=""))
        self.file_bytes_max = settings.number("limits.file_bytes_max")
        self._answer_days = settings.number("limits.idempotency_days")
        self._settings = settings
        self._database = database
        self._neighbours = neighbours

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Connected, following what is published and purging what is old, for the block."""
        await self.executor.open()
        beside = (
            asyncio.create_task(watch(self._database, self._take, self.live.release)),
            asyncio.create_task(keep_purging(self.executor, self._answer_days)),
            asyncio.create_task(keep_purging_files(self.executor, self.contents)),
            asyncio.create_task(keep_time(self)),
        )
        self._follow()
        try:
            yield
        finally:
            if self._neighbours is not None:
                await self._neighbours.close()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.executor.close()
            self.press.close()

    async def _take(self, release: Release, storage: StorageMap) -> None:
        """Serve another release from the next request on. Raises PluginProblem."""
        self.live = await asyncio.to_thread(bind, release, storage, self._settings)
        log.info("now serving release %s", release.id)
        self._follow()
        asyncio.get_running_loop().call_later(FORGET_AFTER_S, _forget)

    def _follow(self) -> None:
        if self._neighbours is not None:
            self._neighbours.follow(lambda: self.live, self.executor, self._database)


def _forget() -> None:
    """Let what nobody uses any more go, also of what was there when the server got ready."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def bind(release: Release, storage: StorageMap, settings: Settings) -> Live:
    """The release with the installed plugins. Raises PluginProblem."""
    return build_live(release, storage, discover(), settings.for_live())


def first_live(
    database: Database, settings: Settings, project_release: Callable[[], Release]
) -> tuple[Live, bool]:
    """The live release; on an empty database the project's, published now (True).

    `project_release` is only asked on an empty database: elsewhere files mean nothing.
    """
    found = live_release(database)
    published = found is None
    if found is None:
        ensure_first_release(database, project_release(), FIRST_AUTHOR)
        found = live_release(database)
    assert found is not None, "a release was just published"
    return bind(*found, settings), published


def require_live(database: Database, settings: Settings) -> Live:
    """The live release of a database that has one. Raises NothingPublished."""
    found = live_release(database)
    if found is None:
        raise NothingPublished(f"nothing is published in {database.name}")
    return bind(*found, settings)
