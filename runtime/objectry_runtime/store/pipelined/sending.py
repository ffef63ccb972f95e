"""How an exchange is written onto a connection."""

from collections import deque
from collections.abc import Sequence

from psycopg import NotSupportedError
from psycopg.pq.abc import PGconn

from objectry_runtime.store.pipelined.exchange import Exchange
from objectry_runtime.store.pipelined.prepared import Prepared, PreparedStatements
from objectry_runtime.store.pipelined.request import Request, Step
from objectry_runtime.store.pipelined.steps import AnyStep, Close, Execute, Prepare, Sync, Undo


class Sender:
    """Writes exchanges into libpq's buffer and notes in `steps` what the server will answer.

    PREPAREs go first, each under a Sync of its own, so that one that fails aborts nobody else.
    """

    def __init__(self, pg: PGconn, prepared: PreparedStatements, steps: deque[AnyStep]) -> None:
        self.prepared = prepared
        self._pg = pg
        self._steps = steps

    def send(self, exchange: Exchange) -> None:
        """Write all of an exchange; psycopg.Error when the connection is broken."""
        work: list[tuple[Request | None, Step]] = [(None, step) for step in exchange.before]
        undo = plain = False
        for request in exchange.requests:
            undo = undo or request.undo
            plain = plain or request.plain
            for step in request.steps:
                work.append((request, step))
        if plain or not self.prepared.most:
            self._execute_plain(exchange, work)
        else:
            self._execute(exchange, work, [self._prepared(step[0]) for _, step in work])
        if undo:
            self._sync(None)
            self._steps.append(Undo())
            self._pg.send_query_params(b"rollback", None)
        exchange.sealed = True
        self._sync(exchange)

    def _execute(
        self,
        exchange: Exchange,
        work: Sequence[tuple[Request | None, Step]],
        prepared: Sequence[Prepared],
    ) -> None:
        for surplus in self.prepared.surplus(len(work)):
            self._close(surplus)
        steps, send = self._steps, self._pg.send_query_prepared
        for (request, (_, params)), statement in zip(work, prepared, strict=True):
            send(statement.name, params)
            steps.append(Execute(exchange, request, statement))

    def _execute_plain(
        self, exchange: Exchange, work: Sequence[tuple[Request | None, Step]]
    ) -> None:
        for request, (sql, params) in work:
            self._pg.send_query_params(sql.encode(), params)
            self._steps.append(Execute(exchange, request, None))

    def _prepared(self, sql: str) -> Prepared:
        prepared = self.prepared.find(sql)
        if prepared is None:
            prepared = self.prepared.add(sql)
            self._pg.send_prepare(prepared.name, sql.encode())
            self._steps.append(Prepare(prepared))
            self._sync(None)
        return prepared

    def _close(self, prepared: Prepared) -> None:
        try:
            self._pg.send_close_prepared(prepared.name)
        except NotSupportedError:  # libpq before 17
            self._pg.send_query_params(b"deallocate " + prepared.name, None)
        self._steps.append(Close())
        self._sync(None)

    def _sync(self, exchange: Exchange | None) -> None:
        self._steps.append(Sync(exchange))
        self._pg.pipeline_sync()
