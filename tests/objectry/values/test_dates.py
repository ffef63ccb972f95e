"""Calendar arithmetic."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectry.values.dates import (
    Period,
    add,
    datetime_text,
    months_between,
    parse_date,
    parse_datetime,
)


def test_a_month_ends_where_its_days_end() -> None:
    last = date(2024, 1, 31)
    assert [date(2024, 2, 29), date(2025, 1, 31), date(2024, 3, 1)] == [
        add(last, Period(months=1)),
        add(last, Period(months=12)),
        add(last, Period(months=1, days=1)),
    ]


def test_outside_the_calendar_there_is_no_day() -> None:
    assert add(date(9999, 12, 31), Period(days=1)) is None
    assert add(date(1, 1, 1), Period(months=-1)) is None
    assert add(datetime(9999, 12, 31, tzinfo=UTC), Period(days=1)) is None


@given(st.dates(), st.dates())
def test_months_between_is_the_most_that_fit(a: date, b: date) -> None:
    start, end = sorted([a, b])
    months = months_between(start, end)
    reached, beyond = add(start, Period(months)), add(start, Period(months + 1))
    assert reached is not None
    assert reached <= end
    assert beyond is None or beyond > end
    assert months_between(end, start) == -months


@pytest.mark.parametrize("text", ["2026-3-1", "20260301", "2026-02-30", "0000-01-01", " 2026-01-01",
                                  "2026-W01-1", "\u0662026-01-01"])  # fmt: skip
def test_only_real_dates_in_one_form_are_dates(text: str) -> None:
    assert parse_date(text) is None


def test_a_moment_is_read_into_utc() -> None:
    assert parse_datetime("2026-03-31T11:30:00.5+02:00") == datetime(
        2026, 3, 31, 9, 30, 0, 500_000, UTC
    )
    assert parse_datetime("2026-03-31t09:30z") == datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-03-31T09:30:00", "2026-03-31", "2026-03-31T24:00:00Z", "2026-03-31T09:30:60Z",
     "2026-03-31T09:30:00.1234567Z", "0001-01-01T00:00:00+01:00", "2026-03-31T09:30:00+25:00"],
)  # fmt: skip
def test_what_is_no_moment_in_utc_is_refused(text: str) -> None:
    assert parse_datetime(text) is None


def test_a_moment_is_written_one_way() -> None:
    moments = [datetime(2026, 3, 31, 9, 30, tzinfo=UTC), datetime(5, 1, 1, 0, 0, 0, 120, UTC)]
    assert ["2026-03-31T09:30:00Z", "0005-01-01T00:00:00.000120Z"] == [
        datetime_text(moment) for moment in moments
    ]
