"""What is asked, of every server in the same bytes."""

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

import msgspec

from tests.performance.bench.data import CUSTOMER, ORDER, PRODUCT, Scale, record_id

DIFFERENT = 3000  # requests of a kind that are prepared; then they come again
ONCE = 60_000  # of what can be done once: enough for the longest run
DRAFTS, CONFIRMED = 10, 3  # by the last digit of their numbers; there is no order 0
FIRST_DAY, DAYS = date(2022, 2, 1), 1500  # from which deliveries are listed


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of request: what it is called, and its requests as (method, path, body).

    `once`: each may be sent once, because it changes what it is about; the orders it is about are
    those whose number ends in `first_of_ten` or the two digits after it. `writes`: it changes data.
    `bar`: what design/HOTPATH.md demands of us, as a multiple of the hand-written ORM server.
    """

    name: str
    title: str
    make: Callable[[Scale, Random], Sequence[tuple[str, str, bytes]]]
    once: bool = False
    first_of_ten: int = 0
    writes: bool = False
    bar: float | None = None


def encode(method: str, path: str, body: bytes, key: str) -> bytes:
    """A request of HTTP/1.1 as it goes over the wire."""
    lines = [
        f"{method} /api/v1{path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {key}",
        "Accept: application/json",
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _get(scale: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    numbers = (random.randint(1, scale.products) for _ in range(DIFFERENT))
    return [("GET", f"/products/{record_id(PRODUCT, n)}", b"") for n in numbers]


def _list(_: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    days = (FIRST_DAY + timedelta(days=random.randrange(DAYS)) for _ in range(DIFFERENT))
    return [
        (
            "GET",
            f"/orders?status=confirmed&delivery_date__gte={day}&sort=delivery_date&limit=50",
            b"",
        )
        for day in days
    ]


def _expand(scale: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    numbers = (random.randint(1, scale.orders) for _ in range(DIFFERENT))
    return [("GET", f"/orders/{record_id(ORDER, n)}?expand=customer,lines", b"") for n in numbers]


def _create(_: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    return [
        (
            "POST",
            "/customers",
            _json(
                {
                    "name": f"New customer {n}",
                    "vat_id": f"DE{random.randrange(10**9):09}",
                    "street": f"Holstenstr. {n}",
                    "postal_code": "24103",
                    "city": "Kiel",
                    "country": "DE",
                    "payment_days": 14,
                    "credit_limit": "5000.00",
                }
            ),
        )
        for n in range(DIFFERENT)
    ]


def _create_lines(scale: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    return [
        (
            "POST",
            "/orders",
            _json(
                {
                    "customer": record_id(CUSTOMER, random.randint(1, scale.customers)),
                    "reference": f"New {n}",
                    "lines": [
                        {
                            "product": record_id(PRODUCT, product),
                            "quantity": f"{random.randint(1, 9)}.500",
                            "discount": "5.00",
                        }
                        for product in random.sample(range(1, scale.products + 1), 10)
                    ],
                }
            ),
        )
        for n in range(DIFFERENT)
    ]


def _patch(scale: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    return [
        ("PATCH", f"/orders/{record_id(ORDER, n)}", _json({"reference": f"Changed {n}"}))
        for n in _some(scale, random, CONFIRMED)
    ]


def _confirm(scale: Scale, random: Random) -> list[tuple[str, str, bytes]]:
    return [
        ("POST", f"/orders/{record_id(ORDER, n)}/actions/confirm", b"{}")
        for n in _some(scale, random, DRAFTS)
    ]


def _some(scale: Scale, random: Random, first_of_ten: int) -> list[int]:
    """Orders of a state, in an order that is none."""
    numbers = [
        first_of_ten + 10 * ten + one for ten in range(scale.orders // 10 - 1) for one in range(3)
    ]
    return random.sample(numbers, min(len(numbers), ONCE))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


KINDS = {
    kind.name: kind
    for kind in (
        Kind(name="get", title="get by id", make=_get, bar=8),
        Kind(name="list", title="list of 50, filtered, sorted", make=_list, bar=4),
        Kind(name="expand", title="get with two expands", make=_expand, bar=8),
        Kind(name="create", title="create", make=_create, writes=True, bar=5),
        Kind(name="create10", title="create with 10 lines", make=_create_lines, writes=True),
        Kind(
            name="patch", title="patch", make=_patch, once=True, first_of_ten=CONFIRMED, writes=True
        ),
        Kind(
            name="confirm",
            title="transition",
            make=_confirm,
            once=True,
            first_of_ten=DRAFTS,
            writes=True,
        ),
    )
}
