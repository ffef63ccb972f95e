"""The base of everything that is declared."""

import msgspec


class Def(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Base of everything declared."""
