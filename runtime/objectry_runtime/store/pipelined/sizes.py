"""How many connections each lane gets."""

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """Connections of each lane; a lane of none lends its work to another."""

    read: int
    dear: int
    write: int
    contended: int
    interactive: int


def sizes_of(size: int) -> Sizes:
    """The lanes of an executor that may hold `size` connections.

    Reads, writes and interactive transactions need one each, so three is the least, whatever was
    asked. From five on dear reads and contended writes have connections of their own.
    """
    if size < 5:
        return Sizes(read=1, dear=0, write=1, contended=0, interactive=max(1, size - 2))
    read, fifth = size // 4, size // 5
    write = size - read - 3 * fifth
    return Sizes(read=read, dear=fifth, write=write, contended=fifth, interactive=fifth)
