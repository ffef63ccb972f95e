"""Document numbers, drawn without gaps: the same statement for both hand-written servers."""

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from tests.performance.baselines.tables import TENANT, series

_insert = insert(series).values(
    tenant_id=TENANT, series=bindparam("of"), key=bindparam("year"), value=1
)
DRAW = _insert.on_conflict_do_update(
    index_elements=["tenant_id", "series", "key"], set_={"value": series.c.value + 1}
).returning(series.c.value)
