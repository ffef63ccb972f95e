"""The frame of expressions that have no record: a parameter's default knows `user` alone."""

from collections.abc import Sequence

from objectry.expressions import Frame, Value


class _Nobody:
    """No field, no lines, no owner."""

    def get(self, path: tuple[str, ...]) -> Value:
        """Nothing."""
        return None

    def rows(self, field: str) -> Sequence[Frame]:
        """None."""
        return ()

    @property
    def parent(self) -> Frame | None:
        """None."""
        return None


NOBODY: Frame = _Nobody()
