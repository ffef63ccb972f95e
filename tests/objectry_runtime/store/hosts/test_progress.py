"""How old what a replica shows can be at most, told from positions alone."""

from objectry_runtime.store.hosts.progress import Progress, Standing


def standing(position: int, timeline: int = 1, data: str = "7/1") -> Standing:
    return Standing(data=data, timeline=timeline, position=position)


def progress(*marks: tuple[float, int], timeline: int = 1) -> Progress:
    found = Progress(60.0)
    for at, position in marks:
        found.note(at, standing(position, timeline))
    return found


def test_a_replica_shows_the_last_moment_whose_position_it_reached() -> None:
    """Half-way between two positions, the earlier moment counts."""
    found = progress((1.0, 100), (2.0, 200), (3.0, 300))
    moments = [found.shown_at(standing(at)) for at in (99, 100, 199, 200, 300, 301)]
    assert moments == [None, 1.0, 1.0, 2.0, 3.0, 3.0]


def test_while_nobody_writes_a_replica_does_not_age() -> None:
    """The same position at a later moment: what was shown then is still all there is."""
    assert progress((1.0, 100), (2.0, 100), (9.0, 100)).shown_at(standing(100)) == 9.0


def test_a_replica_further_behind_than_is_remembered_shows_no_known_moment() -> None:
    """Positions older than a minute are forgotten here."""
    found = progress((1.0, 100), (60.0, 200), (90.0, 300))
    assert (found.shown_at(standing(100)), found.shown_at(standing(200))) == (None, 60.0)


def test_other_data_and_another_past_are_never_shown() -> None:
    """Another cluster or database, or a timeline that the primary is not on."""
    found = progress((1.0, 100), timeline=2)
    others = [standing(100, 2, data="8/1"), standing(100, 1), standing(100, 3)]
    assert [found.shown_at(other) for other in others] == [None, None, None]


def test_after_a_promotion_the_old_positions_are_forgotten() -> None:
    """They were of a past that the new primary may not have in full."""
    found = progress((1.0, 100), (2.0, 200))
    found.note(3.0, standing(150, timeline=2))
    moments = [found.shown_at(standing(at, timeline=2)) for at in (149, 150)]
    assert moments == [None, 3.0]


def test_nothing_is_shown_before_the_primary_has_answered() -> None:
    """Nobody knows how far it is."""
    assert Progress(60.0).shown_at(standing(100)) is None
