"""The data everybody is measured on: made by PostgreSQL itself, the same for the same scale.

Ids are computed from a record's number (`record_id`), so that requests and pgbench can name any
record without asking. Records are as the API would have left them, so that it can go on with them;
only their first history rows are left out.
"""

import msgspec
import psycopg

NUMBERS_FROM = 100_000_000_000
_ID = "017e12ef-0000"
CUSTOMER, PRODUCT, ORDER, LINE = 1, 2, 3, 4
FIRST_ORDER = "2022-01-01"
DELIVERED_AFTER = 14  # days, and up to 29 more
NUMBER = "OR-2021-"  # how all orders' numbers begin; their digits are those of the id


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is; each order has three lines."""

    customers: int
    products: int
    orders: int


SCALES = {
    "smoke": Scale(customers=200, products=50, orders=1_000),
    "small": Scale(customers=5_000, products=1_000, orders=20_000),
    "full": Scale(customers=100_000, products=20_000, orders=1_000_000),
}


def record_id(kind: int, number: int) -> str:
    """The id of the record with that number: a UUID of version 7, ascending with the number.

    Its last twelve digits are decimal, so that a program that only counts can name any record.
    """
    return f"{_ID[:-1]}{kind}-7000-8000-{NUMBERS_FROM + number}"


def kind_and_number(id: str) -> tuple[int, int] | None:
    """The kind and number of an id that this module made, None for any other."""
    if not id.startswith(_ID[:-1]) or id[13:24] != "-7000-8000-":
        return None
    return int(id[12]), int(id[24:]) - NUMBERS_FROM


def generate(dsn: str, scale: Scale) -> bool:
    """Fill the tables of the published suite, unless they are; returns whether it did."""
    with psycopg.connect(dsn, autocommit=True) as owner:
        found = owner.execute('select count(*) from orders."order"').fetchone()
        if found is not None and found[0]:
            if found[0] < scale.orders:
                raise SystemExit(f"there are {found[0]} orders; name an empty folder with --state")
            return False
        with owner.transaction():
            # The rows refer to each other by construction; checking each would take minutes.
            owner.execute("set local session_replication_role = replica")
            for statement in (*_functions(scale), *_tables(scale)):
                owner.execute(statement.encode())
        owner.execute("vacuum (analyze)")
        owner.execute("checkpoint")
    return True


def rewind(dsn: str, scale: Scale) -> None:
    """Make every generated order what it was at first: drafts are drafts, versions are 1."""
    changed = (
        f"(select split_part(number, '-', 3)::bigint - {NUMBERS_FROM} as n"
        f' from orders."order" where version > 1 and created_at = {_MADE}) c'
    )
    columns = _ORDER_COLUMNS.split(", ")
    values = ", ".join(f"{name} = o.{name}" for name in columns if name != "id")
    with psycopg.connect(dsn, autocommit=True) as owner:
        for statement in (
            *_functions(scale),
            'delete from objectry.history h using orders."order" o where o.version > 1'
            f" and o.created_at = {_MADE}"
            " and h.tenant_id = 1 and h.object = 'order' and h.record_id = o.id",
            f'update orders."order" t set {values} from ({_orders(changed, scale)})'
            f" o({_ORDER_COLUMNS}) where t.tenant_id = 1 and t.id = o.id",
        ):
            owner.execute(statement.encode())


def customer_of(order: str, scale: Scale) -> str:
    """The number of an order's customer, in words that SQL and pgbench both read."""
    return f"1 + {order} * 7919 % {scale.customers}"


def day_of(order: str, scale: Scale) -> str:
    """How many days after FIRST_ORDER an order was made; in the same words."""
    return f"{order} * 1800 / {scale.orders}"


_MADE = f"timestamptz '{FIRST_ORDER}'"
_STAMPS = "version, owner, created_at, created_by, updated_at, updated_by"
_STAMPED = f"1, pg_temp.id(0, 1), {_MADE}, pg_temp.id(0, 1), {_MADE}, pg_temp.id(0, 1)"


def _functions(scale: Scale) -> list[str]:
    """What a record's number says: its id, price, status, day, place and what it refers to."""
    functions = {
        "id(kind integer, n bigint) returns uuid": f"('{_ID[:-1]}' || kind || '-7000-8000-' || "
        f"({NUMBERS_FROM} + n))::uuid",
        "price(n bigint) returns numeric": "round((100 + n * 37 % 9000) / 100.0, 6)",
        "product_of(n bigint, p integer) returns bigint": f"1 + (n * 31 + p * 17) % "
        f"{scale.products}",
        "quantity(p integer) returns numeric": "round((1 + p % 4)::numeric, 3)",
        "status(n bigint) returns text": "case when n % 10 < 3 then 'draft' "
        "when n % 10 < 6 then 'confirmed' else 'fulfilled' end",
        "day(n bigint) returns date": f"date '{FIRST_ORDER}' + ({day_of('n', scale)})::integer",
        "city(n bigint) returns text": "(array['Kiel', 'Wien', 'Bern', 'Lyon', 'Odense'])"
        "[1 + n % 5]",
        "country(n bigint) returns text": "(array['DE', 'AT', 'CH', 'FR', 'DK'])[1 + n % 5]",
    }
    return [
        f"create or replace function pg_temp.{head} language sql immutable return {body}"
        for head, body in functions.items()
    ]


def _tables(scale: Scale) -> list[str]:
    return [
        f"""
insert into customers.customer (tenant_id, id, {_STAMPS}, number, status, name, customer_type,
    vat_id, email, phone, street, postal_code, city, country, currency, payment_days, credit_limit)
select 1, pg_temp.id({CUSTOMER}, n), {_STAMPED},
    'CU-' || lpad(n::text, greatest(5, length(n::text)), '0'), 'active',
    'Customer ' || n, 'company', 'DE' || lpad(n::text, 9, '0'), 'c' || n || '@example.com',
    '+49 431 ' || n, 'Holstenstr. ' || n % 200, lpad((n % 99999)::text, 5, '0'),
    pg_temp.city(n), pg_temp.country(n), 'EUR', 30, 1000000.00
from generate_series(1::bigint, {scale.customers}) n""",
        f"""
insert into offers.product (tenant_id, id, {_STAMPS}, sku, name, description, category, unit,
    currency, price, cost, tax_rate, weight, active)
select 1, pg_temp.id({PRODUCT}, n), {_STAMPED}, 'P-' || n, 'Product ' || n,
    'What product ' || n || ' is.', 'goods', 'piece', 'EUR', pg_temp.price(n),
    round(pg_temp.price(n) / 2, 6), 19.00, 1.250, true
from generate_series(1::bigint, {scale.products}) n""",
        f"""
insert into orders."order" (tenant_id, {_ORDER_COLUMNS})
select 1, o.* from ({_orders(f"generate_series(1::bigint, {scale.orders}) n", scale)}) o""",
        f"""
insert into orders.order_line (tenant_id, id, parent_id, position, product, description, quantity,
    unit_price, discount, tax_rate, net_amount)
select 1, pg_temp.id({LINE}, n * 3 + p), pg_temp.id({ORDER}, n), p, pg_temp.id({PRODUCT}, x),
    'Product ' || x, pg_temp.quantity(p), pg_temp.price(x), 0.00, 19.00,
    round(pg_temp.quantity(p) * pg_temp.price(x), 2)
from (select n, p, pg_temp.product_of(n, p) as x
    from generate_series(1::bigint, {scale.orders}) n cross join generate_series(1, 3) p) s""",
        f"""
insert into objectry.series (tenant_id, series, key, value)
select 1, 'customer', '', {scale.customers}
union all select 1, 'order', '["' || y || '"]', {scale.orders} from generate_series(2022, 2060) y
on conflict (tenant_id, series, key) do update set value = excluded.value""",
    ]


_ORDER_COLUMNS = (
    f"id, {_STAMPS}, number, status, customer, reference, order_date, delivery_date, currency, "
    "payment_days, invoicing, ship_to, ship_street, ship_postal_code, ship_city, ship_country, "
    "net_total, tax_total, gross_total"
)


def _orders(numbers: str, scale: Scale) -> str:
    """A query for the columns of orders, for the numbers `n` of a FROM item."""
    return f"""
select pg_temp.id({ORDER}, n), {_STAMPED}, '{NUMBER}' || ({NUMBERS_FROM} + n), pg_temp.status(n),
    pg_temp.id({CUSTOMER}, {customer_of("n", scale)}), 'Ref ' || n, pg_temp.day(n),
    pg_temp.day(n) + {DELIVERED_AFTER} + (n % 30)::integer, 'EUR', 30, 'either', 'Customer',
    'Holstenstr. 1', '24103', pg_temp.city(n), pg_temp.country(n), t.net, round(t.net * 0.19, 2),
    t.net + round(t.net * 0.19, 2)
from {numbers} cross join lateral (
    select sum(round(pg_temp.quantity(p) * pg_temp.price(pg_temp.product_of(n, p)), 2)) as net
    from generate_series(1, 3) p) t"""
