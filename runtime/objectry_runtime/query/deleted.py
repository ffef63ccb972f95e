"""`deleted=include|only`: records that were deleted and are kept, for those who may delete."""

from typing import Literal

from objectry_runtime.problems import Problem
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.names import Names
from objectry_runtime.query.refusal import bad_query, quoted

PARAMETER = "deleted"

Deleted = Literal["", "include", "only"]


def parameters(names: Names, object_name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The parameters of a read: `deleted` is one where deleted records are kept."""
    kept = names.live.model.object(object_name).definition.soft_delete
    return (*usual, PARAMETER) if kept else usual


def parse_deleted(names: Names, object_name: str, text: str | None) -> Deleted:
    """Which records are meant; who may delete none may see none that are deleted."""
    match text:
        case None:
            return ""
        case "include" | "only":
            if names.policy(object_name).rule("delete") is False:
                detail = f"Deleted records of {object_name} are for those who may delete them."
                raise Problem(403, "forbidden", "You may not do this.", detail)
            return text
        case _:
            raise bad_query(f"deleted: {quoted(text)} is neither include nor only.")


def presence(frame: ObjectFrame, deleted: Deleted) -> str:
    """The condition of a read: what is there, and of what is deleted what the caller may delete."""
    if not deleted or not frame.present:
        return frame.present
    may_delete = frame.holds(frame.rendering.policy(frame.object).rule("delete"))
    gone = f"not ({frame.present})" + (f" and {may_delete}" if may_delete else "")
    return f"({gone})" if deleted == "only" else f"({frame.present} or ({gone}))"
