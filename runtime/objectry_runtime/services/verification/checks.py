"""All checks, by name, and how they are run."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.services.verification.conversions import conversions_stay_within_source
from objectry_runtime.services.verification.events import events_match_history
from objectry_runtime.services.verification.formulas import formulas_equal_recomputation
from objectry_runtime.services.verification.history import history_is_whole
from objectry_runtime.services.verification.invariants import invariants_held, invariants_hold
from objectry_runtime.services.verification.links import links_lead_somewhere
from objectry_runtime.services.verification.numbers import numbers_are_gapless
from objectry_runtime.services.verification.rollups import rollups_equal_recomputation
from objectry_runtime.services.verification.secrets import secrets_open
from objectry_runtime.services.verification.trees import trees_have_no_circle
from objectry_runtime.services.verification.view import Trouble, View, look
from objectry_runtime.store.database import Database
from objectry_runtime.store.keyring import Keyring

# A check reports each trouble it finds and returns how many things it looked at.
Report = Callable[[str, str, str, str], None]
Check = Callable[[View, Report], int]

CHECKS: Mapping[str, Check] = {
    "numbers": numbers_are_gapless,
    "history": history_is_whole,
    "events": events_match_history,
    "links": links_lead_somewhere,
    "conversions": conversions_stay_within_source,
    "formulas": formulas_equal_recomputation,
    "invariants": invariants_hold,
    "secrets": secrets_open,
    "trees": trees_have_no_circle,
    "rollups": rollups_equal_recomputation,
}

# Checks that take long and are asked for by name: what the data was, not what it is.
PAST_CHECKS: Mapping[str, Check] = {"past invariants": invariants_held}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How one check went."""

    check: str
    checked: int
    problems: int


def verify(
    database: Database,
    live: Live,
    report: Callable[[Trouble], None],
    *,
    history: bool = False,
    keyring: Keyring | None = None,
) -> Iterator[Result]:
    """Run every check over one snapshot of the data; each trouble goes to `report` as found.

    `history`: what must hold of every record is asked of every version of it too. Without a
    `keyring` secrets are not tried.
    """
    checks = {**CHECKS, **PAST_CHECKS} if history else CHECKS
    with look(database, live, keyring) as view:
        for name, check in checks.items():
            found = 0

            def note(
                object_name: str, tenant: str, record: str, message: str, name: str = name
            ) -> None:
                nonlocal found
                found += 1
                report(
                    Trouble(
                        check=name,
                        object=object_name,
                        tenant=tenant,
                        record=record,
                        message=message,
                    )
                )

            checked = check(view, note)
            yield Result(check=name, checked=checked, problems=found)
