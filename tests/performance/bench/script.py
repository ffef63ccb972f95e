"""What we send, as a script that pgbench repeats: other records and new ids each time.

Parameters stay parameters, in the same text; where one names a record of the data or a new id,
its last twelve digits come from a counter of pgbench.
"""

import re
import time
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from tests.performance.bench.capture import Sent
from tests.performance.bench.data import (
    CUSTOMER,
    DELIVERED_AFTER,
    FIRST_ORDER,
    NUMBER,
    NUMBERS_FROM,
    ORDER,
    PRODUCT,
    Scale,
    customer_of,
    day_of,
    kind_and_number,
    record_id,
)
from tests.performance.bench.requests import DAYS, FIRST_DAY, Kind

PARAMETERS_MAX = 255  # of a statement, in pgbench
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PARAMETER = re.compile(r"\$(\d+)")
_LITERAL = re.compile(r"E?'(?:[^']|'')*'")
_VARIABLE = re.compile(r"(?<!:):[A-Za-z0-9_]+")


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A pgbench script with the variables it starts from."""

    text: str
    variables: dict[str, str]


def make_script(kind: Kind, sent: Sequence[Sent], scale: Scale, clients: int, actor: str) -> Script:
    """The script that does what `sent` did, for a number of clients, as the user `actor`."""
    params = [
        param
        for trip in sent
        for bound in trip.statements
        for param in bound.params
        if param is not None and not _is_image(param)
    ]
    ids = dict.fromkeys(id for param in params for id in _ID.findall(param) if id != actor)
    writer = _Writer()
    if kind.once:
        target = next(id for id in ids if (kind_and_number(id) or (0, 0))[0] == ORDER)
        _one_after_another(writer, target, kind, scale, clients)
    else:
        for param in params if not kind.writes else ():
            if _DATE.fullmatch(param):
                writer.set("day", f"random(0, {DAYS - 1})")
                writer.instead[param] = f"(date '{FIRST_DAY}' + :day::integer)::text"
        for id in ids:
            _any_record(writer, id, scale)
    _new_ids(writer, [id for id in ids if kind_and_number(id) is None])
    return writer.script(sent)


def _one_after_another(
    writer: "_Writer", target: str, kind: Kind, scale: Scale, clients: int
) -> None:
    """The order that is changed is another each time, and keeps what its indexes know of it."""
    known = kind_and_number(target)
    assert known is not None
    number = known[1]
    writer.set("place", f"(:turn - 1) * {clients} + :client_id")
    writer.set("number", f"(:place / 3) * 10 + {kind.first_of_ten} + :place % 3")
    writer.set("target", f"{NUMBERS_FROM} + :number")
    writer.set("buyer", f"{NUMBERS_FROM} + {customer_of(':number', scale)}")
    writer.set("made", day_of(":number", scale))
    writer.set("due", f":made + {DELIVERED_AFTER} + :number % 30")
    buyer = record_id(CUSTOMER, 1 + number * 7919 % scale.customers)
    made = date.fromisoformat(FIRST_ORDER) + timedelta(days=number * 1800 // scale.orders)
    due = made + timedelta(days=DELIVERED_AFTER + number % 30)
    writer.instead |= {
        target: f"({writer.text(target[:24])} || :target)",
        buyer: f"({writer.text(buyer[:24])} || :buyer)",
        f"{NUMBER}{NUMBERS_FROM + number}": f"({writer.text(NUMBER)} || :target)",
        str(made): f"(date '{FIRST_ORDER}' + :made::integer)::text",
        str(due): f"(date '{FIRST_ORDER}' + :due::integer)::text",
    }


def _any_record(writer: "_Writer", id: str, scale: Scale) -> None:
    """Another record of the same kind each time, at random."""
    known = kind_and_number(id)
    most = {CUSTOMER: scale.customers, PRODUCT: scale.products, ORDER: scale.orders}
    if known is not None and known[0] in most:
        name = f"n{len(writer.instead)}"
        writer.set(name, f"random({NUMBERS_FROM + 1}, {NUMBERS_FROM + most[known[0]]})")
        writer.instead[id] = f"({writer.text(id[:24])} || :{name})"


def _new_ids(writer: "_Writer", ids: Sequence[str]) -> None:
    """Ids that nobody had before: of this second, this client, this turn."""
    writer.set("new", f"{NUMBERS_FROM} + :client_id * 100000000 + :turn")
    for place, id in enumerate(ids):
        prefix = f"{int(time.time()):08x}-{place:04x}-7000-8000-"
        writer.instead[id] = f"({writer.text(prefix)} || :new)"


class _Writer:
    """Writes a script; `instead`: text of the captured request → an expression that varies."""

    def __init__(self) -> None:
        self.instead: dict[str, str] = {}
        self._variables = {"turn": "0"}
        self._settings = [r"\set turn :turn + 1"]

    def set(self, name: str, expression: str) -> None:
        """A variable that is computed before each turn."""
        line = rf"\set {name} {expression}"
        if line not in self._settings:
            self._settings.append(line)

    def text(self, text: str) -> str:
        """A text as a parameter of the statement."""
        name = f"c{len(self._variables)}"
        name = next((known for known, value in self._variables.items() if value == text), name)
        self._variables[name] = text
        return f":{name}::text"

    def script(self, sent: Sequence[Sent]) -> Script:
        """The script, a pipeline for each sealed unit."""
        lines: list[str] = []
        for trip in sent:
            texts = [f"{self._statement(bound.sql, bound.params)};" for bound in trip.statements]
            lines += (
                [r"\startpipeline", "begin;", *texts, "commit;", r"\endpipeline"]
                if trip.sealed
                else texts
            )
        return Script(text="\n".join([*self._settings, *lines, ""]), variables=self._variables)

    def _statement(self, sql: str, params: Sequence[str | None]) -> str:
        expressions = [self._parameter(param) for param in params]
        text = _LITERAL.sub(_without_colons, sql)
        text = _PARAMETER.sub(lambda found: expressions[int(found[1]) - 1], text)
        assert len(_VARIABLE.findall(text)) <= PARAMETERS_MAX, "too many parameters for pgbench"
        return text

    def _parameter(self, param: str | None) -> str:
        if param is None:
            return ":nothing"  # not set, which is null
        if param in self.instead:
            return self.instead[param]
        parts: list[str] = []
        at = 0
        for found in () if _is_image(param) else tuple(_ID.finditer(param)):
            if found[0] in self.instead:
                parts += [self.text(param[at : found.start()]), self.instead[found[0]]]
                at = found.end()
        if at < len(param):
            parts.append(self.text(param[at:]))
        return f"({' || '.join(parts)})" if len(parts) > 1 else (parts or ["''"])[0]


def _is_image(param: str) -> bool:
    """What history keeps of a record: no key refers to what it says."""
    return param[:1] in ("{", ",") and '":' in param


def _without_colons(literal: re.Match[str]) -> str:
    """pgbench sees variables in literals too: `'{"from":null}'`."""
    text = literal[0]
    if not _VARIABLE.search(text):
        return text
    if not text.startswith("E"):
        text = "E" + text.replace("\\", "\\\\")
    return text.replace(":", "\\x3a")
