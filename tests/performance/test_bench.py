"""What the benchmark's own judgements rest on."""

import re

import msgspec
import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound
from tests.performance.bench.agreement import Disagreement, Json, compare
from tests.performance.bench.capture import Sent
from tests.performance.bench.data import (
    CUSTOMER,
    ORDER,
    SCALES,
    generate,
    kind_and_number,
    record_id,
    rewind,
)
from tests.performance.bench.machine import Machine
from tests.performance.bench.measure import Figure
from tests.performance.bench.options import read_options
from tests.performance.bench.requests import KINDS
from tests.performance.bench.results import Results, bars
from tests.performance.bench.script import make_script
from tests.performance.bench.servers import PROJECT
from tests.server import objectry

SCALE = SCALES["smoke"]
ACTOR = "01a20459-1d9a-7458-a5a4-d4044e2870da"
NEW = "01a20459-20b9-7084-88c5-ee7395c6bcad"


def figure(per_second: float) -> Figure:
    """A figure of which only the rate matters."""
    return Figure(
        per_second=per_second,
        requests=1,
        p50_ms=None,
        p99_ms=None,
        server_cpu_us=1,
        database_cpu_us=1,
        client_cpu_us=1,
        statements=None,
        rss_mb=None,
    )


def results() -> Results:
    """A run on no machine in particular."""
    machine = Machine(
        at="",
        interpreter="",
        packages={},
        cpu="",
        cores=1,
        load_average=0,
        postgresql="",
        settings={},
        commit="",
        changed_files=0,
    )
    return Results(
        machine=machine,
        scale="",
        seconds=1,
        rounds=3,
        servers={},
        idle_mb={},
        loaded_in_s=None,
    )


def test_bars_are_judged_by_medians_at_sixteen_clients() -> None:
    """One lucky round reaches no bar, nor does another number of clients."""
    run = results()
    for clients, rates in {1: [900.0] * 3, 16: [700.0, 799.0, 2000.0]}.items():
        for rate in rates:
            run.add("get", clients, "ours", figure(rate))
            run.add("get", clients, "orm", figure(100))
    found = [(bar.against, bar.clients, bar.found, bar.reached) for bar in bars(run)]
    assert found == [("orm", 16, 7.99, False), ("pgbench", 16, None, None)]


def test_a_run_is_a_line_of_history() -> None:
    """Medians and bars, with the machine, in one line of JSON."""
    run = results()
    for rate in (1.0, 2.0, 4.004):
        run.add("get", 16, "ours", figure(rate))
    line = msgspec.json.encode(run.summary())
    told = msgspec.json.decode(line)
    assert b"\n" not in line
    assert told["medians"]["get"]["16"]["ours"]["per_second"] == 2
    assert [bar["against"] for bar in told["bars"]] == ["orm", "pgbench"]
    assert "interpreter" in told["machine"]


def test_answers_that_differ_are_told_by_their_place() -> None:
    """Ids and stamps differ from write to write, everything else must be the same."""
    ours: Json = {"lines": [{"id": "a", "net_amount": "1.00"}], "number": "OR-1"}
    orm: Json = {"lines": [{"id": "b", "net_amount": "1.00"}], "number": "BO-1"}
    core: Json = {"lines": [{"id": "c", "net_amount": "1.0"}], "number": "BO-1"}
    compare({"ours": [ours], "orm": [orm]}, "create", of_writes=True)
    with pytest.raises(Disagreement, match=r"/lines/0/id: 'a' is not 'b'"):
        compare({"ours": [ours], "orm": [orm]}, "get")
    with pytest.raises(Disagreement, match=r"/net_amount: '1\.00' is not '1\.0'"):
        compare({"ours": [ours], "core": [core]}, "create", of_writes=True)


def test_a_record_is_named_by_its_number() -> None:
    """Ids of the data and numbers of records are one to one; other ids have none."""
    assert kind_and_number(record_id(ORDER, 4711)) == (ORDER, 4711)
    assert kind_and_number(NEW) is None


def test_a_script_sends_what_was_sent_with_other_ids() -> None:
    """Records of the data are chosen at random, new ids counted, all else stays a parameter."""
    sql = "insert into t values ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::int, '{\"a\":null}')"
    bound = Bound(sql, (NEW, record_id(CUSTOMER, 7), ACTOR, None, "19"))
    sent = [Sent(statements=(bound,), sealed=True)]
    script = make_script(KINDS["create10"], sent, SCALE, 16, ACTOR)
    names = {value: f":{name}" for name, value in script.variables.items()}
    customers, actor, number = (names[text] for text in (record_id(CUSTOMER, 7)[:24], ACTOR, "19"))
    new = next(name for text, name in names.items() if re.fullmatch(r"\w{8}-0000-7000-8000-", text))
    assert script.text.splitlines() == [
        r"\set turn :turn + 1",
        rf"\set n0 random(100000000001, {100000000000 + SCALE.customers})",
        r"\set new 100000000000 + :client_id * 100000000 + :turn",
        r"\startpipeline",
        "begin;",
        f"insert into t values (({new}::text || :new)::uuid, ({customers}::text || :n0)::uuid, "
        f"{actor}::text::uuid, :nothing::text, {number}::text::int, "
        r"""E'{"a"\x3anull}');""",
        "commit;",
        r"\endpipeline",
    ]


def test_orders_can_be_put_back(database: Database) -> None:
    """After writes of whatever kind the data is what it was, so that every server gets the same."""
    objectry(
        *("apply", "--project", str(PROJECT)),
        extra={"OBJECTRY_DATABASE_URL": database.owner_dsn},
    )
    assert generate(database.owner_dsn, SCALE)
    assert not generate(database.owner_dsn, SCALE)
    with database.connect_owner() as owner:
        orders = 'select * from orders."order" order by id'
        before = owner.execute(orders.encode()).fetchall()
        owner.execute(
            b"update orders.\"order\" set version = 2, status = 'confirmed', reference = 'x',"
            b" delivery_date = current_date where number like '%7'"
        )
        owner.execute(
            b"insert into objectry.history (tenant_id, object, record_id, version, op, at, actor,"
            b" release, record) select 1, 'order', id, 2, 'update', now(), owner, '', '{}'"
            b' from orders."order" where version = 2'
        )
        rewind(database.owner_dsn, SCALE)
        assert owner.execute(orders.encode()).fetchall() == before
        assert owner.execute(b"select count(*) from objectry.history").fetchone() == (0,)


def test_a_name_that_is_not_there_ends_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped request or server is told with those there are."""
    for words in (["--only", "get,lst"], ["--servers", "ours,django"]):
        with pytest.raises(SystemExit):
            read_options(words)
    told = capsys.readouterr().err
    assert "there is no request 'lst'; there are get, list" in told
    assert "there is no server 'django'; there are ours, orm" in told
