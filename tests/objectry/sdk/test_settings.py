"""A plugin's settings: filled from tables of texts and TOML values, all mistakes at once."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
import pytest

from objectry.findings import Finding
from objectry.sdk import Settings, fill_settings


class Dunning(Settings):
    account: str
    fee: Decimal = Decimal("5.00")
    max_level: Annotated[int, msgspec.Meta(ge=1, le=9)] = 3
    mode: Literal["letter", "mail"] = "letter"
    enabled: bool = True


def test_values_are_read_exactly() -> None:
    """A decimal of TOML keeps what was written; what is absent has its default."""
    filled = fill_settings("dunning", Dunning, {"account": "8400", "fee": 0.1})
    assert (Dunning(account="8400", fee=Decimal("0.1")), []) == filled


def test_texts_of_the_environment_are_read_as_what_they_say() -> None:
    """The environment has no types."""
    texts = {"account": "8400", "fee": "7.50", "max_level": "4", "enabled": "false"}
    expected = Dunning(account="8400", fee=Decimal("7.50"), max_level=4, enabled=False)
    assert (expected, []) == fill_settings("dunning", Dunning, texts)


def test_all_mistakes_are_found_and_name_their_key() -> None:
    """Unknown, wrong and missing in one run."""
    table = {"max_levl": 2, "max_level": 12, "mode": "fax", "colour": "red"}
    expected = [
        Finding(
            code="OBJ0820",
            message="plugins.dunning.max_levl is no setting of this plugin",
            hint="did you mean `max_level`?",
            path="plugins.dunning.max_levl",
        ),
        Finding(
            code="OBJ0821",
            message="plugins.dunning.max_level is 12",
            hint="Expected `int` <= 9",
            path="plugins.dunning.max_level",
        ),
        Finding(
            code="OBJ0821",
            message="plugins.dunning.mode is 'fax'",
            hint="it takes 'letter' or 'mail'",
            path="plugins.dunning.mode",
        ),
        Finding(
            code="OBJ0820",
            message="plugins.dunning.colour is no setting of this plugin",
            hint="possible: account, fee, max_level, mode, enabled",
            path="plugins.dunning.colour",
        ),
        Finding(
            code="OBJ0822",
            message="plugins.dunning.account is missing",
            hint="it has no default",
            path="plugins.dunning.account",
        ),
    ]
    assert (None, expected) == fill_settings("dunning", Dunning, table)


def test_a_class_may_refuse_combinations() -> None:
    """`__post_init__` speaks for the whole table."""

    class Window(Settings):
        first: int = 1
        last: int = 2

        def __post_init__(self) -> None:
            if self.last < self.first:
                raise ValueError("last must not lie before first")

    expected = Finding(
        code="OBJ0821",
        message="plugins.window is refused",
        hint="last must not lie before first",
        path="plugins.window",
    )
    assert (None, [expected]) == fill_settings("window", Window, {"first": 3})


def test_filled_settings_are_read_only() -> None:
    """A plugin can't change its own settings at run time."""
    settings = Dunning(account="8400")
    with pytest.raises(AttributeError, match="settings are read-only: 'fee' can't be set"):
        settings.fee = Decimal(0)
