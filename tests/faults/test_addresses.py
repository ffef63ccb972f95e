"""Every way an address may be written leads there: TLS, passwords, services, several hosts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from psycopg import conninfo

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseUnavailable
from objectry_runtime.store.kinds import EXECUTORS
from objectry_runtime.store.migrate import migrate
from tests.faults.certificates import make_certificates
from tests.faults.proxy import Proxy
from tests.faults.world import World, entered, lay_tables
from tests.replication import PgServer
from tests.server import free_port

pytestmark = pytest.mark.anyio

PASSWORD = "s3cret 'and\\ odd"
# Who may come how: the owner as they like, one login with its password only.
_HBA = """
host    all faults_scram  all          scram-sha-256
host    all all           all          trust
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgServer]:
    """A server of these tests' own, with a login that has a password."""
    with PgServer.primary(tmp_path_factory.mktemp("addresses")) as server:
        migrate(Database.of(server.address()))
        lay_tables(Database.of(server.address()))
        [[file]] = server.execute("select current_setting('hba_file')")
        Path(str(file)).write_text(_HBA)
        server.execute("set password_encryption = 'scram-sha-256'")
        server.execute("create role faults_scram login in role objectry_runtime")
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        server.execute(f"alter role faults_scram password E'{quoted}'")
        server.execute("select pg_reload_conf()")
        yield server


async def serves(world: World) -> None:
    """All lanes do what they do elsewhere."""
    await world.warm()
    told = await asyncio.gather(
        *(world.write() for _ in range(10)),
        *(world.write(contended="series") for _ in range(10)),
        *(world.read() for _ in range(20)),
    )
    assert [""] * 40 == told
    await world.recovered()
    rows = await world.executor.read(Bound("select current_user"))
    assert [(b"objectry_runtime",)] == list(rows)


@pytest.fixture
async def encrypted(server: PgServer, tmp_path: Path) -> AsyncIterator[tuple[Proxy, Path]]:
    """A way to the server that speaks TLS alone, and the authority that vouches for it."""
    authority, certificate, key = make_certificates(tmp_path, "localhost")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with Proxy(("127.0.0.1", server.port), context) as proxy:
        yield proxy, authority


def tls(proxy: Proxy, authority: Path) -> str:
    """An address whose certificate must be that of its host."""
    return Database.of(
        f"host=localhost port={proxy.port} dbname=objectry user=objectry "
        f"sslmode=verify-full sslrootcert={authority}"
    ).runtime_dsn


async def test_tls_with_a_certificate_that_is_verified(
    kind: str, server: PgServer, encrypted: tuple[Proxy, Path]
) -> None:
    """Also after connections were lost or cut, and with much to send through the cipher."""
    proxy, authority = encrypted
    async with entered(kind, Database.of(server.address()), tls(proxy, authority)) as world:
        await serves(world)
        world.terminate(world.backends())
        await world.recovered()
        proxy.cut_all()
        await world.recovered()
        text = "z" * (4 << 20)
        [[(told,)]] = await world.executor.write([Bound("select $1::text", (text,))])
        assert told == text.encode()


async def test_what_does_not_prove_itself_is_refused_and_told(
    kind: str, server: PgServer, encrypted: tuple[Proxy, Path], tmp_path: Path
) -> None:
    """A certificate by somebody else or for another host, no encryption, a wrong password."""
    proxy, authority = encrypted
    (tmp_path / "other").mkdir()
    other, _, _ = make_certificates(tmp_path / "other", "localhost")
    right = tls(proxy, authority)
    wrong = {
        "certificate": tls(proxy, other),
        "does not match host": conninfo.make_conninfo(right, host="127.0.0.1"),
        "server closed": conninfo.make_conninfo(right, sslmode="disable"),
        "password authentication failed": scram(server, "wr0ng one").runtime_dsn,
    }

    async def refused(words: str, dsn: str) -> None:
        executor = EXECUTORS[kind](dsn, pool_timeout=2)
        with pytest.raises(DatabaseUnavailable, match=words) as raised:
            await executor.open()
        assert "wr0ng" not in str(raised.value)
        await executor.close()

    await asyncio.gather(*(refused(words, dsn) for words, dsn in wrong.items()))


def scram(server: PgServer, password: str) -> Database:
    """An address with a password in it."""
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    return Database.of(
        f"host=127.0.0.1 port={server.port} dbname=objectry user=faults_scram password='{escaped}'"
    )


async def test_a_login_with_a_password(kind: str, server: PgServer) -> None:
    async with entered(
        kind, Database.of(server.address()), scram(server, PASSWORD).runtime_dsn
    ) as world:
        await serves(world)


async def test_a_service_of_the_service_file(
    kind: str, server: PgServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "pg_service.conf"
    file.write_text(f"[shop]\nhost=127.0.0.1\nport={server.port}\ndbname=objectry\nuser=objectry\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    address = Database.of("service=shop")
    async with entered(kind, Database.of(server.address()), address.runtime_dsn) as world:
        await serves(world)


async def test_a_password_of_the_password_file(
    kind: str, server: PgServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"127.0.0.1:*:*:faults_scram:{escaped}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    address = f"postgresql://faults_scram@127.0.0.1:{server.port}/objectry"
    async with entered(
        kind, Database.of(server.address()), Database.of(address).runtime_dsn
    ) as world:
        await serves(world)


async def test_several_hosts_of_which_one_is_dead(kind: str, server: PgServer) -> None:
    """Whichever comes first, and when all connections are lost too."""
    dead, live = free_port(), server.port
    for ports in (f"{dead},{live}", f"{live},{dead}"):
        address = (
            f"postgresql://objectry@127.0.0.1:{ports.split(',')[0]},127.0.0.1:"
            f"{ports.split(',')[1]}/objectry?target_session_attrs=read-write"
        )
        async with entered(
            kind, Database.of(server.address()), Database.of(address).runtime_dsn
        ) as world:
            await serves(world)
            world.terminate(world.backends())
            await world.recovered()


async def test_a_socket_in_the_file_system(
    kind: str, fault_database: Database, server_dsn: str
) -> None:
    """As the embedded server is reached; elsewhere the tests' server must offer one."""
    async with entered(kind, fault_database) as world:
        [(address,)] = await world.executor.read(Bound("select inet_server_addr()::text"))
        if "host=/" not in server_dsn:
            pytest.skip("the server of these tests is reached by TCP")
        assert address is None
        await serves(world)
