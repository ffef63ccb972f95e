"""Which fields an answer shows, and which links and tables it opens: a tree of names."""

import msgspec


class Selection(msgspec.Struct, frozen=True):
    """The fields of one object, in the model's order; `opened` are the links and tables shown
    as objects instead of ids. Hashable, so that it can be part of a statement's shape."""

    object: str
    fields: tuple[str, ...]
    opened: tuple[tuple[str, "Selection"], ...] = ()

    def open(self, name: str) -> "tuple[Selection, ...]":
        """What is shown of the record behind a link, for each object it may lead to, or of the
        rows of a table; empty where it is not opened."""
        return tuple(selection for opened, selection in self.opened if opened == name)
