"""The settings there are: one row each, and the codes of what can be wrong with them."""

import msgspec

from objectry.findings import code

PREFIX = "OBJECTRY_"

UNREADABLE = code(
    "OBJ0801",
    "objectry.toml is not TOML",
    "The settings file can't be parsed. The message says at which line and why.",
    wrong="port = three thousand",
    right="port = 3000",
)
UNKNOWN = code(
    "OBJ0802",
    "Unknown setting",
    "There is no setting of this name. `docs/reference/settings.md` lists all of them.",
    wrong='[tenant]\ntimezone = "Europe/Vienna"',
    right='[tenant]\ntime_zone = "Europe/Vienna"',
)
WRONG_VALUE = code(
    "OBJ0803",
    "A setting has a value that it can't have",
    "The message says which values the setting takes.",
    wrong="port = 99999999",
    right="port = 3000",
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the settings reference: dotted name, type, default, what it does."""

    name: str
    type: type[str] | type[int]
    default: str | int
    summary: str
    bounds: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()
    listed: bool = False  # a list of texts; in a variable with commas between

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return PREFIX + self.name.replace(".", "_").upper()


SETTINGS: dict[str, Setting] = {
    row.name: row
    for row in (
        Setting(
            name="database_url",
            type=str,
            default="",
            summary="DSN of the database's owner (`postgresql://…`, PostgreSQL ≥ 15). Empty: an"
            " embedded PostgreSQL in the state folder.",
        ),
        Setting(
            name="replica_urls",
            type=str,
            default="",
            summary="Read replicas of that database (`postgresql://…`, spaces or commas between):"
            " they answer reads that may be stale.",
        ),
        Setting(
            name="pooler_url",
            type=str,
            default="",
            summary="A PgBouncer in transaction mode that requests go through (`postgresql://…`);"
            " publishing goes to `database_url` all the same.",
        ),
        Setting(
            name="packages",
            type=str,
            default="",
            summary="Packages that the project stands on, a list of texts: `suite` is the shipped"
            " one, all else a folder, relative to the project.",
            listed=True,
        ),
        Setting(
            name="state",
            type=str,
            default=".objectry",
            summary="Folder of the embedded data and the master key, relative to the project.",
        ),
        Setting(
            name="files_folder",
            type=str,
            default="",
            summary="Folder of what uploaded files hold, relative to the project; servers of one"
            " database share it. Empty: `files` in the state folder.",
        ),
        Setting(
            name="executor",
            type=str,
            default="pipelined",
            choices=("pipelined", "pool"),
            summary="How statements reach PostgreSQL: `pipelined` lets many share a connection,"
            " `pool` takes one for each.",
        ),
        Setting(
            name="server",
            type=str,
            default="uvicorn",
            choices=("uvicorn", "granian"),
            summary="The HTTP server of the process: `uvicorn` or `granian`.",
        ),
        Setting(name="host", type=str, default="127.0.0.1", summary="Address to listen on."),
        Setting(
            name="port",
            type=int,
            default=3000,
            bounds=(0, 65535),
            summary="Port to listen on; 0 takes a free one.",
        ),
        Setting(
            name="secret_key",
            type=str,
            default="",
            summary="Master key (base64 or hex, at least 32 bytes). Empty: `secret.key` in the"
            " state folder, made on first use. Better in the environment than in a file.",
        ),
        Setting(
            name="topology.mode",
            type=str,
            default="one",
            choices=("one", "services"),
            summary="Where `apply`, `plan`, `key` and the like go: `one` database for all services,"
            " or the databases of the `services`. `serve --service` always takes that service's.",
        ),
        Setting(
            name="topology.together",
            type=str,
            default="",
            summary="Services that share a database and a process although their definitions name"
            " others: `orders,delivery_notes crm,offers`, each group in the first one's.",
        ),
        Setting(
            name="topology.peers",
            type=str,
            default="",
            summary="Where services are that don't run on this machine at their own ports:"
            " `orders=https://orders.internal customers=http://10.0.0.7:3007`.",
        ),
        Setting(
            name="company.currency",
            type=str,
            default="EUR",
            summary="Currency of money that neither its field, record nor parent gives one.",
        ),
        Setting(
            name="company.language",
            type=str,
            default="en",
            summary="The language that labels of definitions are written in; translations are for"
            " the others.",
        ),
        Setting(
            name="company.rounding",
            type=str,
            default="half_up",
            choices=("half_up", "half_even"),
            summary="`half_up` (away from zero) or `half_even`.",
        ),
        Setting(
            name="tenant.time_zone",
            type=str,
            default="UTC",
            summary="IANA time zone in which `today()` is told.",
        ),
        Setting(
            name="limits.body_bytes_max",
            type=int,
            default=10 * 1024 * 1024,
            bounds=(1024, 2**31 - 1),
            summary="Largest request body in bytes.",
        ),
        Setting(
            name="limits.file_bytes_max",
            type=int,
            default=25 * 1024 * 1024,
            bounds=(1024, 2**40),
            summary="Largest file that is taken, in bytes.",
        ),
        Setting(
            name="limits.statement_timeout_ms",
            type=int,
            default=30_000,
            bounds=(0, 2**31 - 1),
            summary="Longest time one statement of a request may take; 0 sets no bound.",
        ),
        Setting(
            name="limits.connections",
            type=int,
            default=10,
            bounds=(1, 10_000),
            summary="Connections to the database; `pipelined` takes three at least.",
        ),
        Setting(
            name="limits.stale_seconds_max",
            type=int,
            default=60,
            bounds=(1, 3600),
            summary="A read replica that may be further behind than this is not asked, in seconds.",
        ),
        Setting(
            name="limits.idempotency_days",
            type=int,
            default=30,
            bounds=(1, 3650),
            summary="How long the answer to an `Idempotency-Key` is kept, in days; running servers"
            " purge older ones every hour.",
        ),
    )
}
# Read elsewhere or by other programs of ours; not settings, but not mistakes either.
OTHER_VARIABLES = frozenset({"OBJECTRY_PG_HOME", "OBJECTRY_PROJECT"})
