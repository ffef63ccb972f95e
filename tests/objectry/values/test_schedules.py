"""Cron expressions are read as cron reads them; what could never happen is refused."""

import pytest

from objectry.values.schedules import ScheduleProblem, read_schedule


def test_the_parts_are_sets_of_numbers() -> None:
    found = read_schedule("*/15 7-9,22 1 jan,6-8 *")
    assert found.minutes == {0, 15, 30, 45}
    assert found.hours == {7, 8, 9, 22}
    assert found.days == {1}
    assert found.months == {1, 6, 7, 8}
    assert found.weekdays == {0, 1, 2, 3, 4, 5, 6}
    assert not found.either


def test_both_sundays_are_one() -> None:
    assert read_schedule("0 0 * * 0").weekdays == read_schedule("0 0 * * 7").weekdays == {0}
    assert read_schedule("0 0 * * MON-fri").weekdays == {1, 2, 3, 4, 5}


def test_a_number_with_a_step_goes_on_to_the_end() -> None:
    assert read_schedule("50/3 0 * * *").minutes == {50, 53, 56, 59}


def test_a_day_of_the_month_or_of_the_week() -> None:
    assert read_schedule("0 0 13 * fri").either
    assert not read_schedule("0 0 */2 * fri").either


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "It has 0 parts, not 5."),
        ("0 7 * *", "It has 4 parts, not 5."),
        ("@daily", "It has 1 parts, not 5."),
        ("60 * * * *", "`60` is no minute (0 to 59)."),
        ("* 24 * * *", "`24` is no hour (0 to 23)."),
        ("* * 0 * *", "`0` is no day of the month (1 to 31)."),
        ("* * * mai *", "`mai` is no month (1 to 12)."),
        ("* * * * 8", "`8` is no day of the week (0 to 7)."),
        ("*/0 * * * *", "`*/0` is no minute."),
        ("9-5 * * * *", "`9-5` is no minute."),
        ("1,,2 * * * *", "`` is no minute."),
        ("*-5 * * * *", "`*-5` is no minute."),
        ("0 0 31 2,4 *", "There is no such day in such a month."),
        ("² * * * *", "`²` is no minute."),
    ],
)
def test_what_is_no_schedule(text: str, problem: str) -> None:
    with pytest.raises(ScheduleProblem) as raised:
        read_schedule(text)
    assert str(raised.value) == problem
