"""The SQL functions that expressions and statements call, in the schema `objectry`.

All but `guard` are IMMUTABLE and PARALLEL SAFE, have SQL-standard bodies (bound to what they call
when they are created, whatever the caller's search_path) and can be inlined. They are total: a
null comes out where PostgreSQL's own function would raise.
"""

from objectry.expressions.bounds import REPLACED_CHARACTERS_MAX
from objectry.expressions.check import EXPONENT_MAX
from objectry.values.currencies import MINOR_UNITS
from objectry.values.legal_forms import LEGAL_FORMS
from objectry.values.text import WHITESPACE
from objectry.values.times import SECONDS_MAX

_BUILTIN_UNICODE = 180_000  # from this version on PostgreSQL brings Unicode's rules itself


def functions_sql(server_version: int) -> str:
    """The statements that create or replace all functions, for a server of this version."""
    unicode = "pg_unicode_fast" if server_version >= _BUILTIN_UNICODE else "und-x-icu"
    functions = [
        *_NUMBERS,
        *_DATES,
        *_DURATIONS,
        _MINOR_UNITS,
        *(template.replace("UNICODE", f'pg_catalog."{unicode}"') for template in _TEXTS),
    ]
    created = [
        f"create or replace function objectry.{signature} language sql immutable parallel safe "
        f"return {body};"
        for signature, body in (function.strip().split("\n", 1) for function in functions)
    ]
    return "\n".join([*created, _GUARD])


# In each: the signature on the first line, the body on the others.

_NUMBERS = [
    # Half away from zero to 12 places, by one exact division of whole numbers.
    """div(a numeric, b numeric) returns numeric
    sign(a) * sign(b) * 0.000000000001
      * div(abs(a) * 2000000000000 + abs(b), nullif(2 * abs(b), 0))""",
    f"""power(x numeric, n integer) returns numeric
    case when x is null then null {
        " ".join(
            f"when n = {n} then {' * '.join(['x'] * n) or '1'}" for n in range(EXPONENT_MAX + 1)
        )
    } end""",
    # Cut off to a whole number; null beyond the limit.
    """whole(n numeric, most bigint) returns bigint
    case when abs(trunc(n)) <= most then trunc(n)::bigint end""",
    """at_least(n numeric, low integer) returns integer
    case when trunc(n) < low then low
         when trunc(n) > 1000000000 then 1000000000
         else trunc(n)::integer end""",
    r"""to_number(x text) returns numeric
    case when btrim(x, SPACES) collate "C"
              ~ '^[+-]?([0-9]{1,38}(\.[0-9]{0,38})?|\.[0-9]{1,38})$'
         then btrim(x, SPACES)::numeric end""".replace(
        "SPACES", "E'" + "".join(f"\\u{ord(c):04x}" for c in WHITESPACE) + "'"
    ),
]

_DATES = [
    """in_calendar(d date) returns date
    case when d between date '0001-01-01' and date '9999-12-31' then d end""",
    # Whether the result lies in years 1 to 9999 is known before it is computed: PostgreSQL's own
    # calendar ends elsewhere, with an error.
    """plus_months(d date, n bigint) returns date
    case when extract(year from d) * 12 + extract(month from d) - 1 + n between 12 and 119999
         then (d + make_interval(months => n::integer))::date end""",
    """plus_days(d date, n bigint) returns date
    case when (d - date '0001-01-01') + n between 0 and 3652058 then d + n::integer end""",
    # Months first, to the month's last day at most, then days.
    """later(d date, months bigint, days bigint) returns date
    objectry.plus_days(objectry.plus_months(d, objectry.whole(months, 120000)),
                       objectry.whole(days, 4000000))""",
    """later(t timestamptz, months bigint, days bigint) returns timestamptz
    (objectry.later((t at time zone 'UTC')::date, months, days)
      + (t at time zone 'UTC')::time) at time zone 'UTC'""",
    """months_apart(a date, b date) returns integer
    (extract(year from b) - extract(year from a))::integer * 12
      + (extract(month from b) - extract(month from a))::integer""",
    """months_forward(a date, b date) returns integer
    objectry.months_apart(a, b)
      - case when (a + make_interval(months => objectry.months_apart(a, b)))::date > b
             then 1 else 0 end""",
    """months_between(a date, b date) returns integer
    case when a <= b then objectry.months_forward(a, b)
         when a > b then - objectry.months_forward(b, a) end""",
    """to_date(y numeric, m numeric, d numeric) returns date
    case when y = trunc(y) and m = trunc(m) and d = trunc(d)
              and y between 1 and 9999 and m between 1 and 12 and d between 1 and 31
              and d <= extract(day from make_date(
                objectry.whole(y, 9999)::integer, objectry.whole(m, 12)::integer, 1)
                + interval '1 month' - interval '1 day')
         then make_date(y::integer, m::integer, d::integer) end""",
    """to_date(x text) returns date
    case when x collate "C" ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
         then objectry.to_date(
           substr(x, 1, 4)::numeric, substr(x, 6, 2)::numeric, substr(x, 9, 2)::numeric) end""",
    """to_text(d date) returns text
    lpad(extract(year from d)::text, 4, '0') || '-' || lpad(extract(month from d)::text, 2, '0')
      || '-' || lpad(extract(day from d)::text, 2, '0')""",
    """to_text(t timestamp) returns text
    objectry.to_text(t::date) || 'T' || lpad(extract(hour from t)::text, 2, '0')
      || ':' || lpad(extract(minute from t)::text, 2, '0')
      || ':' || lpad(trunc(extract(second from t))::text, 2, '0')
      || case when extract(second from t) = trunc(extract(second from t)) then ''
              else '.' || lpad((extract(microseconds from t)::bigint % 1000000)::text, 6, '0') end
      || 'Z'""",
    """to_text(t timestamptz) returns text
    objectry.to_text(t at time zone 'UTC')""",
]

_DURATIONS = [
    # Whole seconds and nothing else: never days or months, whose length would be a question.
    f"""seconds(n numeric) returns interval
    case when abs(round(n)) <= {SECONDS_MAX}
         then make_interval(secs => round(n)::double precision) end""",
    # Whether the result lies in years 1 to 9999 is known before it is computed.
    """later(t timestamptz, d interval) returns timestamptz
    case when extract(epoch from t) + extract(epoch from d) >= -62135596800
              and extract(epoch from t) + extract(epoch from d) < 253402300800
         then t + d end""",
    """duration_text(s bigint) returns text
    case when s = 0 then 'PT0S'
         else 'PT' || case when s / 3600 = 0 then '' else (s / 3600)::text || 'H' end
           || case when s / 60 % 60 = 0 then '' else (s / 60 % 60)::text || 'M' end
           || case when s % 60 = 0 then '' else (s % 60)::text || 'S' end end""",
    """to_text(d interval) returns text
    objectry.duration_text(extract(epoch from d)::bigint)""",
]

_TEXTS = [
    """lower(x text) returns text
    lower(x collate UNICODE)""",
    """upper(x text) returns text
    upper(x collate UNICODE)""",
    f"""replace(x text, old text, new text) returns text
    case when new is null then null
         when old = '' then x
         when length(x) + ((length(x) - length(replace(x collate "C", old, ''))) / length(old))
              * (length(new) - length(old))::bigint > {REPLACED_CHARACTERS_MAX} then null
         else replace(x collate "C", old, new) end""",
    # What people sort by: without accents and capitals, then in the order of code points.
    r"""fold(x text) returns text
    lower(upper(regexp_replace(normalize(x, NFKD), U&'[\0300-\036f]', '', 'g') collate UNICODE))""",
    """sort_key(x text) returns text
    case when octet_length(x) = length(x) then lower(x collate "C") else objectry.fold(x) end""",
    # What two writings of the same number, address or name have in common: letters and digits.
    """match_key(x text) returns text
    nullif(regexp_replace(objectry.sort_key(x) collate UNICODE, '[^[:alnum:]]+', '', 'g'), '')""",
    # The words that tell names apart, `ä` and `ae` alike, in one order. Null where there is none.
    f"""match_words(x text) returns text[]
    nullif(array(select distinct w from regexp_split_to_table(
        replace(replace(replace(objectry.sort_key(x), 'ae', 'a'), 'oe', 'o'), 'ue', 'u')
          collate UNICODE, '[^[:alnum:]]+') w
      where w <> '' and w <> all ('{{{",".join(LEGAL_FORMS)}}}'::text[]) order by w), '{{}}')""",
]

_MINOR_UNITS = """minor_units(currency text) returns integer
    case {} else 2 end""".format(
    " ".join(
        f"when currency = '{code}' then {places}" for code, places in sorted(MINOR_UNITS.items())
    )
)

# Inside a sealed unit: stops the whole transaction unless `ok`.
_GUARD = """
create or replace function objectry.guard(ok boolean, code text) returns boolean
language plpgsql volatile as $$
begin
  if ok is not true then
    raise exception using errcode = 'OB001', message = code;
  end if;
  return true;
end $$;
"""
