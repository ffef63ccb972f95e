"""The source's side of a conversion across databases: requests handed out, and settled once."""

import msgspec

from objectry_runtime.command.requested import ConversionRequest
from objectry_runtime.host.live import Live
from objectry_runtime.peers.messages import Outcome, PullAnswer, PullRequest, Record
from objectry_runtime.peers.replicas import forget
from objectry_runtime.store.executor import Bound, Executor

PULLED_MAX = 50


async def pending(executor: Executor, request: PullRequest) -> PullAnswer:
    """The oldest requests for records of the objects that nobody has answered yet."""
    rows = await executor.read(
        Bound(
            "select request::text from objectry.reservation where state = 'pending' "
            f"and target_object = any($1::text[]) order by made_at, target_id limit {PULLED_MAX}",
            ("{" + ",".join(request.objects) + "}",),
        )
    )
    found = [msgspec.json.decode(row[0] or b"", type=ConversionRequest) for row in rows]
    return PullAnswer(requests=found)


async def settle(live: Live, executor: Executor, outcome: Outcome) -> None:
    """Note what became of a request, once; what a refused one held is given back with it."""
    async with executor.transaction() as transaction:
        rows = await transaction.run(
            Bound(
                "update objectry.reservation set state = $3::text, problem = $4::jsonb, "
                "settled_at = now() where tenant_id = $1::integer and target_id = $2::uuid "
                "and state = 'pending' returning target_object",
                (
                    str(outcome.tenant),
                    outcome.target,
                    outcome.state,
                    msgspec.json.encode(outcome.problem).decode() if outcome.problem else None,
                ),
            )
        )
        if not rows or outcome.state != "refused":
            return
        name = (rows[0][0] or b"").decode()
        if not live.model.definitions.objects[name].replica:
            return  # it lives here by now: its record is its own
        record = Record(tenant=outcome.tenant, object=name, id=outcome.target, version=0)
        for statement in forget(live, record):
            await transaction.run(statement)
