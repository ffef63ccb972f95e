"""Every change that was declared as an event has exactly one; no event tells of another."""

from collections.abc import Callable, Mapping

from objectry.metadata.model import Definitions, ObjectDef
from objectry.registry import Release
from objectry_runtime.command.decision import MERGE
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]


def events_match_history(view: View, report: Report) -> int:
    """Compare history with the outbox, by the release that wrote each row. Counts events."""
    releases = _Releases(view)
    for name in view.own_objects:
        if not view.live.model.object(name).is_line:
            _check_object(view, name, releases, report)
    for tenant, object_name, record, version in view.stream(
        Bound(
            "select e.tenant_id, e.object, e.record_id, e.version from objectry.event e"
            " left join objectry.history h using (tenant_id, object, record_id, version)"
            " where h.object is null order by 1, 2, 3, 4"
        )
    ):
        message = f"an event tells of version {version}, which history has not"
        report(str(object_name), str(tenant), str(record), message)
    return int(view.all(Bound("select count(*) from objectry.event"))[0][0] or 0)


def _check_object(view: View, name: str, releases: "_Releases", report: Report) -> None:
    rows = view.stream(
        Bound(
            """
            select h.tenant_id, h.record_id, h.version, h.op, h.release, h.action, e.types,
                   a.version
            from objectry.history h
            left join objectry.approval a
                on a.tenant_id = h.tenant_id and a.object = h.object
                and a.record_id = h.record_id and a.version = h.version and not a.taken
            left join lateral (
                select string_agg(type, ' ' order by epoch, xid, id) as types
                from objectry.event e
                where e.tenant_id = h.tenant_id and e.object = h.object
                  and e.record_id = h.record_id and e.version = h.version) e on true
            where h.object = $1""",
            (name,),
        )
    )
    for tenant, record, version, op, release, action, types, agreed in rows:
        definition = releases.object(str(release), name)
        if definition is None:
            message = f"version {version} was written by release {release}, which is not known"
            report(name, str(tenant), str(record), message)
            continue
        wanted = wanted_event(definition, str(op), action or "", waits=agreed is not None)
        # Conversions are told of at the version they were made from, once for each.
        beside = {one.event for one in definition.conversions.values()} - {wanted}
        found = [one for one in (types or "").split() if one not in beside]
        if found != [wanted][: bool(wanted)]:
            named = " ".join(found) or "none"
            right = wanted or "none"
            message = f"version {version} has {len(found)} events ({named}); right is {right}"
            report(name, str(tenant), str(record), message)


def wanted_event(definition: ObjectDef, op: str, action: str, *, waits: bool) -> str:
    """The event a change has, by the transition it was; "" for none.

    `waits`: it was an approval of a transition that is still to be taken.
    """
    events = definition.events
    if op != "update":
        return events.get({"create": "created", "delete": "deleted"}[op], "")
    if definition.soft_delete and action == "delete":
        return events.get("deleted", "")
    if definition.duplicates is not None and action == MERGE and "merged" in events:
        return events["merged"]
    transitions = definition.workflow.transitions if definition.workflow is not None else {}
    taken = transitions.get(action)
    declared = ""
    if taken is not None:
        declared = taken.approval_event if waits else taken.event
    return declared or events.get("updated", "")


class _Releases:
    """Definitions by release id, read when first asked for."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[str, Definitions | None] = {
            view.live.release.id: view.live.release.definitions
        }

    def object(self, release: str, name: str) -> ObjectDef | None:
        """An object as a release declared it."""
        if release not in self._known:
            self._known[release] = self._read(release)
        definitions = self._known[release]
        objects: Mapping[str, ObjectDef] = definitions.objects if definitions else {}
        return objects.get(name)

    def _read(self, release: str) -> Definitions | None:
        rows = self._view.all(
            Bound(
                "select encode(snapshot, 'hex') from objectry.release where id = $1 limit 1",
                (release,),
            )
        )
        if not rows:
            return None
        return Release.from_bytes(bytes.fromhex(rows[0][0] or "")).definitions
