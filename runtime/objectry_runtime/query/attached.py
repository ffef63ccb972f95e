"""The file that a record has in a field: for whom may read both, and for nobody else."""

from objectry.values.ids import parse_id
from objectry_runtime.files import FileRow
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import conjunction
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, fill
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound


async def attached_file(call: Call, object_name: str, key: str, place: str) -> FileRow:
    """What is known of the file in a field (`place`), or in one of a line (`table.id.field`).

    Raises the same 404 whether there is no file, no field, no record, or no right.
    """
    rows = await call.executor.read(_statement(call, object_name, key, tuple(place.split("."))))
    if not rows:
        raise not_found()
    id, name, media_type, size, sha256 = (value.decode() for value in rows[0] if value is not None)
    return FileRow(id=id, name=name, media_type=media_type, size=int(size), sha256=sha256)


def _statement(call: Call, object_name: str, key: str, place: tuple[str, ...]) -> Bound:
    names = Names(call.live, call.principal.roles)
    rendering = template(call.live, call.principal.roles)
    frame = ObjectFrame(rendering, object_name, rendering.alias(), gated=True)
    id = parse_id(key)
    if not names.reads(object_name) or (id is None and frame.model.numbering is None):
        raise not_found()
    column = f"{frame.alias}.id" if id is not None else frame.column(("number",))
    source = frame.source
    where = [
        f"{frame.tenant} = {rendering.sql.bind(TENANT, 'integer')}",
        f"{column} = {rendering.sql.bind(RECORD, 'text' if id is None else 'uuid')}",
        frame.holds(rendering.policy(object_name).rule("read")),
        frame.present,
    ]
    holder = frame
    match place:
        case (field,):
            pass
        case (table, line, field) if (
            _shown(names, frame, table)
            and frame.model.fields[table].is_table
            and (line_id := parse_id(line))
        ):
            more, belongs, holder = frame.rows(table)
            source = f"{source} cross join {more}"
            # An id that was parsed has hex digits and hyphens alone.
            where += [belongs, f"{holder.alias}.id = '{line_id}'::uuid"]
        case _:
            raise not_found()
    if not _shown(names, holder, field) or not holder.model.fields[field].type.attached:
        raise not_found()
    where.append(holder.holds(rendering.policy(holder.object).field(field, "read")))
    sql = (
        f"select f.id::text, f.name, f.media_type, f.size::text, f.sha256 from {source}"
        f" join objectry.file f on f.tenant_id = {holder.tenant} and f.id = {holder.raw(field)}"
        f" where {conjunction(where)}"
    )
    return fill(rendering.sql.bound(sql), CallValues(call, {RECORD: id or key}))


def _shown(names: Names, frame: ObjectFrame, field: str) -> bool:
    return field in names.visible(frame.object) and field in frame.model.fields
