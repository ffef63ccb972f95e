"""Values that are more than one plain thing: lists, documents, composites, secrets, users."""

from typing import Any

import psycopg
import pytest

from objectry.metadata.loader import load_documents
from objectry.metadata.types import SHOWN
from objectry.registry import make_release
from objectry_runtime.events.sealing import Subject
from objectry_runtime.events.secrets import open_secret
from objectry_runtime.host.live import Live
from objectry_runtime.publishing import apply, live_release, make_plan
from objectry_runtime.services.verification import verify
from objectry_runtime.store.database import Database
from objectry_runtime.store.keyring import Keyring

from .conftest import Desk, problem, publish

pytestmark = pytest.mark.anyio

DOCUMENT = """\
service: desk
label: Desk
---
role: agent
label: Agent
---
role: guest
label: Guest
---
role: local
label: Local
---
object: hotline
service: desk
label: Hotline
plural: hotlines
fields:
  name: {type: person_name, required: true}
  ship_to: {type: address}
  price: {type: money, currency: own, min: 0}
  channels: {type: multi_select, options: [mail, phone, fax]}
  labels: {type: tags}
  extra: {type: json}
  diary: {type: json, sensitive: true}
  token: {type: secret}
  agent: {type: user, default: user.id}
  opens: {type: time}
  shifts: {type: table, of: shift}
  effort: {type: duration, formula: sum(shifts.effort)}
  urgent: {type: boolean, formula: "'urgent' in labels"}
  abroad: {type: boolean, formula: ship_to.country != 'DE'}
  closes: {type: time, formula: opens + hours(8)}
  shown: {type: text, formula: text(name)}
  total: {type: money, currency: EUR, formula: sum(shifts.fee.amount)}
checks:
  - {rule: "ship_to.country is None or ship_to.city is not None", message: A city is needed.}
indexes: [[opens]]
events: {created: HotlineCreated, updated: HotlineUpdated}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
  guest: {read: true, update: true, fields: {ship_to: none, labels: none, price: read, name: mask}}
  local: {read: "ship_to.country == 'DE'"}
---
object: shift
service: desk
label: Shift
fields:
  effort: {type: duration}
  fee: {type: money, currency: own}
  key: {type: secret}
"""
ADA = {"first": "Ada", "last": "Lovelace"}
HOTLINES = "/api/v1/hotlines"


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, DOCUMENT)


async def made(desk: Desk, **values: object) -> dict[str, Any]:
    answer = await desk.agent.post(HOTLINES, json={"name": ADA, **values})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def patched(desk: Desk, id: str, **values: object) -> dict[str, Any]:
    answer = await desk.agent.patch(f"{HOTLINES}/{id}", json=values)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def errors(desk: Desk, **values: object) -> dict[str, str]:
    answer = await desk.agent.post(HOTLINES, json={"name": ADA, **values})
    assert answer.status_code == 422, answer.text
    found: Any = problem(answer)["errors"]
    return {error["pointer"]: error["code"] for error in found}


async def found(desk: Desk, **params: str) -> list[str]:
    answer = await desk.agent.get(HOTLINES, params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


async def test_a_patch_merges_the_parts_of_a_value(desk: Desk) -> None:
    """RFC 7396: parts that are not named stay, null takes one out, a PUT replaces."""
    record = await made(desk, ship_to={"street": "A 1", "city": "Berlin", "country": "DE"})
    changed = await patched(desk, record["id"], ship_to={"street": "B 2", "city": "Bonn"})
    assert changed["ship_to"] == {"street": "B 2", "city": "Bonn", "country": "DE"}
    changed = await patched(desk, record["id"], ship_to={"street": None})
    assert changed["ship_to"] == {"city": "Bonn", "country": "DE"}
    history = await desk.agent.get(f"{HOTLINES}/{record['id']}/history")
    assert history.json()["data"][0]["changes"] == {
        "ship_to": {
            "from": {"street": "B 2", "city": "Bonn", "country": "DE"},
            "to": {"city": "Bonn", "country": "DE"},
        }
    }
    put = await desk.agent.put(
        f"{HOTLINES}/{record['id']}", json={"name": ADA, "ship_to": {"city": "Ulm"}}
    )
    assert put.json()["ship_to"] == {"city": "Ulm"}
    emptied = await patched(desk, record["id"], ship_to={"city": None})
    assert emptied["ship_to"] is None


async def test_parts_are_asked_for_and_sorted_by(desk: Desk) -> None:
    """A part takes the operators of its own type; wrong parts and values are 400s."""
    berlin = await made(desk, ship_to={"city": "Berlin", "country": "DE"})
    vienna = await made(desk, ship_to={"city": "Wien", "country": "AT"}, name={"last": "Bach"})
    both = [vienna["id"], berlin["id"]]
    assert await found(desk, **{"ship_to.country": "DE"}) == [berlin["id"]]
    assert await found(desk, **{"ship_to.city__startswith": "Wi"}) == [vienna["id"]]
    assert await found(desk, **{"ship_to.country__in": "AT,CH"}) == [vienna["id"]]
    assert await found(desk, sort="ship_to.country") == both
    assert await found(desk, sort="-ship_to.city") == both
    assert await found(desk, sort="name.last") == both
    assert await found(desk, where="ship_to.country == 'DE' and name.last > 'K'") == [berlin["id"]]
    first = (await desk.agent.get(HOTLINES, params={"sort": "name.last", "limit": "1"})).json()
    params = {"sort": "name.last", "limit": "1", "cursor": first["next"]}
    second = (await desk.agent.get(HOTLINES, params=params)).json()
    assert [first["data"][0]["id"], second["data"][0]["id"]] == both
    assert [berlin["abroad"], vienna["abroad"]] == [False, True]
    assert [berlin["shown"], vienna["shown"]] == ["Ada Lovelace", "Bach"]
    for name, wrong in (("ship_to.town", "x"), ("ship_to.country", "Germany"), ("ship_to", "x")):
        answer = await desk.agent.get(HOTLINES, params={name: wrong})
        assert answer.status_code == 400, name
    assert (await desk.agent.get(HOTLINES, params={"sort": "ship_to"})).status_code == 400


async def test_a_hidden_value_has_no_parts(desk: Desk) -> None:
    """One right for the whole value: what is hidden is as unknown as a typo, part or not."""
    berlin = {"city": "Berlin", "country": "DE"}
    record = await made(
        desk, ship_to=berlin, labels=["x"], price={"amount": "1", "currency": "EUR"}
    )
    await made(desk, ship_to={"city": "Wien", "country": "AT"})
    guest = await desk.client_of("guest")
    shown = (await guest.get(f"{HOTLINES}/{record['id']}")).json()
    assert "ship_to" not in shown
    assert "labels" not in shown
    assert shown["price"] == {"amount": "1.00", "currency": "EUR"}
    for name in ("ship_to.country", "ship_to.town", "ship_to", "labels__contains", "name.last"):
        hidden = await guest.get(HOTLINES, params={name: "DE"})
        assert hidden.status_code == 400, name
        assert "Berlin" not in hidden.text
    unknown = await guest.get(HOTLINES, params={"shop_to.country": "DE"})
    gone = await guest.get(HOTLINES, params={"ship_to.country": "DE"})
    assert problem(gone)["detail"] == str(problem(unknown)["detail"]).replace("shop_to", "ship_to")
    asked = await guest.get(HOTLINES, params={"where": "ship_to.country == 'DE'"})
    assert asked.status_code == 400
    wrong = await guest.patch(f"{HOTLINES}/{record['id']}", json={"ship_to": {"city": "X"}})
    assert problem(wrong)["errors"][0]["code"] == "unknown_field"  # type: ignore[index]
    refused = await guest.patch(f"{HOTLINES}/{record['id']}", json={"price": {"amount": "2"}})
    assert problem(refused)["errors"][0]["code"] == "read_only"  # type: ignore[index]
    history = await guest.get(f"{HOTLINES}/{record['id']}/history")
    assert "Berlin" not in history.text
    local = await desk.client_of("local")
    rows = (await local.get(HOTLINES)).json()["data"]
    assert [row["id"] for row in rows] == [record["id"]]


async def test_what_is_wrong_with_a_part_is_told_at_its_place(desk: Desk) -> None:
    """All at once, in one value and in others."""
    assert await errors(
        desk,
        ship_to={"country": "Germany", "town": "Berlin", "city": 5},
        labels=["ok", "", "ok"],
        channels=["mail", "pigeon"],
        price={"amount": "-1", "currency": "euro"},
        name={},
    ) == {
        "/ship_to/country": "country",
        "/ship_to/town": "unknown_field",
        "/ship_to/city": "type",
        "/labels/1": "text",
        "/labels/2": "duplicate",
        "/channels/1": "option",
        "/price/amount": "min",
        "/price/currency": "currency",
        "/name": "required",
    }
    assert await errors(desk, name={}) == {"/name": "required"}
    assert await errors(desk, ship_to={"country": "DE"}) == {"": "check"}


async def test_money_of_its_own_is_whole_and_exact(desk: Desk) -> None:
    """An amount has the places of its currency, and neither stands alone."""
    record = await made(desk, price={"amount": "12", "currency": "EUR"})
    assert record["price"] == {"amount": "12.00", "currency": "EUR"}
    changed = await patched(desk, record["id"], price={"amount": 0.5})
    assert changed["price"] == {"amount": "0.50", "currency": "EUR"}
    yen = await patched(desk, record["id"], price={"amount": "5", "currency": "JPY"})
    assert yen["price"] == {"amount": "5", "currency": "JPY"}
    wrong = await desk.agent.patch(f"{HOTLINES}/{record['id']}", json={"price": {"amount": "5.5"}})
    assert problem(wrong)["errors"][0]["pointer"] == "/price/amount"  # type: ignore[index]
    assert await errors(desk, price={"amount": "1"}) == {"/price/currency": "required"}
    assert await errors(desk, price={"amount": "1.234", "currency": "EUR"}) == {
        "/price/amount": "scale"
    }
    assert await found(desk, **{"price.amount__gt": "4"}) == [record["id"]]
    assert await found(desk, **{"price.currency": "EUR"}) == []


async def test_lists_are_asked_what_they_contain(desk: Desk) -> None:
    """Options come in their order; a list is found by its items."""
    record = await made(desk, channels=["fax", "mail"], labels=["urgent", 'a "b", {c}\\d'])
    assert record["channels"] == ["mail", "fax"]
    assert record["labels"] == ["urgent", 'a "b", {c}\\d']
    assert record["urgent"] is True
    assert await found(desk, channels__contains="fax") == [record["id"]]
    assert await found(desk, channels__contains="phone") == []
    assert await found(desk, labels__contains='a "b", {c}\\d') == [record["id"]]
    assert await found(desk, where="'urgent' in labels and len(channels) == 2") == [record["id"]]
    changed = await patched(desk, record["id"], labels=[])
    assert [changed["labels"], changed["urgent"]] == [[], False]
    again = await patched(desk, record["id"], extra=1)
    assert again["labels"] == []
    assert (await desk.agent.get(HOTLINES, params={"channels__contains": "x"})).status_code == 400
    assert (await desk.agent.get(HOTLINES, params={"labels": "urgent"})).status_code == 400


async def test_json_is_exact_and_merged(desk: Desk) -> None:
    """Numbers are no floats, true is not 1, in answers and in the past; sealed values too."""
    numbers = '{"n": 1.10, "big": 123456789012345678901234567890, "on": true}'
    body = f'{{"name": {{"last": "Bach"}}, "extra": {numbers}, "diary": {numbers}}}'
    answer = await desk.agent.post(
        HOTLINES, content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text
    assert '"n": 1.10' in answer.text
    assert '"big": 123456789012345678901234567890' in answer.text
    id = answer.json()["id"]
    past = await desk.agent.get(f"{HOTLINES}/{id}/history")
    assert past.text.count("1.10") == 2
    assert past.text.count("123456789012345678901234567890") == 2
    changed = await patched(desk, id, extra={"on": 1, "n": None, "more": [None]})
    assert changed["extra"] == {"big": 123456789012345678901234567890, "on": 1, "more": [None]}
    history = (await desk.agent.get(f"{HOTLINES}/{id}/history")).json()["data"]
    assert history[0]["changes"]["extra"]["to"]["on"] == 1
    assert history[0]["changes"]["extra"]["from"]["on"] is True


async def test_a_secret_is_kept_and_never_told(
    desk: Desk, owner: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Encrypted where it lies; answers, the past and events say only that there is one."""
    told: list[str] = []
    body = {"name": ADA, "token": "s3cr3t-one", "shifts": [{"key": "s3cr3t-line"}]}
    answer = await desk.agent.post(HOTLINES, json=body, headers={"Idempotency-Key": "k1"})
    record = answer.json()
    assert record["token"] == SHOWN
    assert record["shifts"][0]["key"] == SHOWN
    told.append(answer.text)
    lying = _lying(owner)
    kept = await desk.agent.patch(f"{HOTLINES}/{record['id']}", json={"opens": "08:30"})
    assert _lying(owner) == lying, "a write of something else leaves it as it is"
    echoed = {"name": ADA, "token": SHOWN}
    put = await desk.agent.put(f"{HOTLINES}/{record['id']}", json=echoed)
    assert _lying(owner)[0] == lying[0], "what was shown is no new secret"
    new = await desk.agent.patch(f"{HOTLINES}/{record['id']}", json={"token": "s3cr3t-two"})
    assert _lying(owner)[0] != lying[0]
    history = await desk.agent.get(f"{HOTLINES}/{record['id']}/history")
    changes = history.json()["data"][0]["changes"]
    assert changes == {"token": {"from": SHOWN, "to": SHOWN}}
    events = await desk.agent.get("/api/v1/events")
    listed = await desk.agent.get(HOTLINES, params={"token__isnull": "false", "expand": "shifts"})
    assert [row["id"] for row in listed.json()["data"]] == [record["id"]]
    wrong = await desk.agent.post(HOTLINES, json={"name": 5, "token": "s3cr3t-wrong"})
    long = await desk.agent.post(HOTLINES, json={"name": ADA, "token": "s3cr3t" * 2_000})
    assert long.status_code == 422
    for refused in ({"token": "x"}, {"sort": "token"}, {"where": "token == 'x'"}):
        assert (await desk.agent.get(HOTLINES, params=refused)).status_code == 400
    gone = await desk.agent.patch(f"{HOTLINES}/{record['id']}", json={"token": None})
    assert gone.json()["token"] is None
    for one in (answer, kept, put, new, history, events, listed, wrong, long, gone):
        assert "s3cr3t" not in one.text
        assert lying[0] not in one.text
    assert "s3cr3t" not in caplog.text
    everything = owner.execute(
        "select string_agg(h::text, '') || (select string_agg(i::text, '') from"
        " objectry.idempotency i) from objectry.history h"
    ).fetchone()
    assert everything is not None
    assert "s3cr3t" not in everything[0]
    assert lying[0] not in everything[0]


async def test_verify_tries_the_secrets(
    desk: Desk, published: Database, owner: psycopg.Connection
) -> None:
    """They open with the key of the installation, and no other."""
    await made(desk, token="one", shifts=[{"key": "two"}, {}])
    release, storage = live_release(published) or pytest.fail("nothing is published")
    live = Live(release=release, model=release.model(), storage=storage, settings={}, compiled={})

    def troubles(keyring: Keyring) -> list[str]:
        found: list[str] = []
        counted = {
            result.check: result.checked
            for result in verify(
                published, live, lambda one: found.append(one.check), keyring=keyring
            )
        }
        assert counted["secrets"] == 2
        return found

    assert troubles(desk.runtime.keyring) == []
    assert troubles(Keyring(b"o" * 32)) == ["secrets", "secrets"]
    owner.execute("update desk.shift set key = 'by hand' where key is not null")
    owner.commit()
    assert troubles(desk.runtime.keyring) == ["secrets"]


def test_a_plan_finds_what_it_made(published: Database) -> None:
    """Columns and rules of every type are as they were wanted; a new field is a safe step."""
    release = make_release(load_documents({"hotline.yaml": DOCUMENT}).definitions)
    assert make_plan(published, release).steps == ()
    more = DOCUMENT.replace(
        "  opens: {type: time}\n",
        "  opens: {type: time}\n"
        "  lunch: {type: time, default: \"'12:00'\", required: true}\n"
        "  pause: {type: duration, default: minutes(30)}\n"
        "  rest: {type: duration, default: \"'PT30M'\", required: true}\n"
        "  bill_to: {type: address}\n"
        "  serial: {type: autonumber, pattern: 'S{seq}'}\n",
    )
    wider = make_release(load_documents({"hotline.yaml": more}).definitions)
    plan = make_plan(published, wider)
    assert {step.kind for step in plan.steps} == {"safe"}
    apply(published, wider, plan, author="tests")
    assert make_plan(published, wider).steps == ()


def _lying(owner: psycopg.Connection) -> tuple[str, str]:
    rows = owner.execute(
        "select h.token, (select s.key from desk.shift s limit 1) from desk.hotline h"
    ).fetchone()
    assert rows is not None
    return rows[0], rows[1]


def test_a_secret_opens_with_the_key_and_in_its_place_only() -> None:
    """Moved to another record or field, or under another key, it stays shut."""
    from objectry_runtime.events.sealing import SealBroken
    from objectry_runtime.events.secrets import seal_secret

    keyring, other = Keyring(b"k" * 32), Keyring(b"o" * 32)
    place = Subject(1, "hotline", "a")
    sealed = seal_secret(keyring, "tök€n", place, "token")
    assert "tök€n" not in sealed
    assert open_secret(keyring, sealed, place, "token") == "tök€n"
    for key, where, field in (
        (other, place, "token"),
        (keyring, Subject(1, "hotline", "b"), "token"),
        (keyring, Subject(2, "hotline", "a"), "token"),
        (keyring, place, "other"),
    ):
        with pytest.raises(SealBroken):
            open_secret(key, sealed, where, field)


async def test_a_user_is_somebody(desk: Desk) -> None:
    """The caller by default; who has no credentials here is no user."""
    record = await made(desk)
    assert record["agent"] == record["created_by"]
    nobody = "0189abcd-0000-7000-8000-0000000000ff"
    assert await errors(desk, agent=nobody) == {"/agent": "link"}
    wrong = await desk.agent.patch(f"{HOTLINES}/{record['id']}", json={"agent": nobody})
    assert wrong.status_code == 422
    assert await found(desk, where="agent == user.id") == [record["id"]]
    kept = await patched(desk, record["id"], labels=["x"], agent=record["agent"])
    assert kept["agent"] == record["agent"]


async def test_durations_add_up(desk: Desk) -> None:
    """Over lines, and on the clock; they are shown in one way and asked for in any."""
    shifts = [
        {"effort": "P1D", "fee": {"amount": "1.25", "currency": "EUR"}},
        {"effort": "-PT30M"},
        {},
    ]
    record = await made(desk, opens="20:15", shifts=shifts)
    assert [record["effort"], record["closes"]] == ["PT23H30M", "04:15:00"]
    assert [line["effort"] for line in record["shifts"]] == ["PT24H", "PT-30M", None]
    assert record["total"] == "1.25"
    assert await found(desk, effort="PT1410M") == [record["id"]]
    assert await found(desk, effort__between="PT1H,P1D") == [record["id"]]
    assert await found(desk, where="effort / hours(1) == 23.5 and opens > '20:00'") == [
        record["id"]
    ]
    none = await made(desk)
    assert none["effort"] == "PT0S"
    assert await found(desk, sort="-effort") == [record["id"], none["id"]]
    first = (await desk.agent.get(HOTLINES, params={"sort": "-effort", "limit": "1"})).json()
    params = {"sort": "-effort", "limit": "1", "cursor": first["next"]}
    assert [
        one["id"] for one in (await desk.agent.get(HOTLINES, params=params)).json()["data"]
    ] == [none["id"]]
