"""What the query of a write may say: only whether it is to be kept."""

import msgspec

from objectry_runtime.api.address import Params
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem

_WORDS = {"true": True, "1": True, "false": False, "0": False}


def read_dry_run(call: Call, params: Params) -> Call:
    """The call as its query asks: `dry_run=true` does everything and keeps nothing."""
    dry_run = False
    if len(params) > 1 and {name for name, _ in params} == {"dry_run"}:
        raise _bad_query("dry_run is given twice.")
    for name, value in params:
        if name != "dry_run":
            raise _bad_query(f'A write takes no parameter "{name}", only dry_run.')
        if value not in _WORDS:
            raise _bad_query(f'dry_run is true or false, not "{value}".')
        dry_run = _WORDS[value]
    return msgspec.structs.replace(call, dry_run=dry_run) if dry_run else call


def _bad_query(detail: str) -> Problem:
    return Problem(400, "bad_query", "The query can't be read.", detail)
