"""Steps of approval: how far they are met when everybody counts once. Pure."""

from collections.abc import Sequence

import msgspec

from objectry.metadata.model.documents import ApprovalStepDef


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who approved, or might: who counts, and with which roles."""

    who: str
    roles: frozenset[str]

    def counts_for(self, step: ApprovalStepDef) -> bool:
        """Whether the voice can be one of a step; the role `admin` may do everything."""
        return "admin" in self.roles or not self.roles.isdisjoint(step.roles)


def filled(steps: Sequence[ApprovalStepDef], voices: Sequence[Voice]) -> list[int]:
    """How many places of each step are taken, each voice taking one, so that most are taken.

    Who has the roles of two steps is counted where others can't be: the order in which people
    approve makes no difference.
    """
    seated: list[list[Voice]] = [[] for _ in steps]
    for voice in voices:
        _seat(voice, steps, seated, set())
    return [len(one) for one in seated]


def wanted(steps: Sequence[ApprovalStepDef]) -> int:
    """How many places there are."""
    return sum(step.count for step in steps)


def helps(steps: Sequence[ApprovalStepDef], voices: Sequence[Voice], another: Voice) -> bool:
    """Whether one voice more takes a place that is free without it."""
    return sum(filled(steps, [*voices, another])) > sum(filled(steps, voices))


def _seat(
    voice: Voice, steps: Sequence[ApprovalStepDef], seated: list[list[Voice]], seen: set[int]
) -> bool:
    """Find a place for a voice, moving others along where that makes room."""
    for index, step in enumerate(steps):
        if index in seen or not voice.counts_for(step):
            continue
        seen.add(index)
        here = seated[index]
        if len(here) < step.count:
            here.append(voice)
            return True
        for at, other in enumerate(here):
            if _seat(other, steps, seated, seen):
                here[at] = voice
                return True
    return False
