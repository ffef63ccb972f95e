"""The first release of an empty database."""

import time
from collections.abc import Callable

from objectry.metadata.model.catalog import Catalog
from objectry.registry import Release
from objectry_runtime.publishing.releases import live_release
from objectry_runtime.store.database import Database

FIRST_RELEASE_SECONDS = 120.0


def ensure_first_release(
    database: Database,
    release: Release,
    author: str,
    *,
    catalog: Catalog | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> None:
    """Publish the release unless something is live already; safe when several start at once.

    `catalog` is what the plugins bring, by default the installed ones.
    """
    if live_release(database) is not None:
        return
    # Imported here: a start on a database with a release needs no planner and no SQLAlchemy.
    from objectry_runtime.publishing.applying import PlanMoved, PublishConflict, apply
    from objectry_runtime.publishing.plan import make_plan

    end = time.monotonic() + FIRST_RELEASE_SECONDS
    while live_release(database) is None:
        plan = make_plan(database, release, catalog)
        try:
            apply(database, release, plan, author=author, progress=progress, catalog=catalog)
        except (PublishConflict, PlanMoved):
            # Another one is just doing it: what is live then is looked at again.
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
