"""What the load client is asked to do, and what it tells: values that travel between processes."""

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Requests as bytes, sent in turn by `clients` connections that each wait for their answer.

    `once`: each request is sent once at most, because it changes what it is about; the run ends
    early where they run out. `warm_up` and `seconds`: how long before and while it is measured.
    """

    host: str
    port: int
    requests: list[bytes]
    clients: int
    warm_up: float
    seconds: float
    once: bool = False


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What one run measured; times in milliseconds, over every sample of the measured part.

    `sent_in_all` counts the warm-up too. `refused` are answers other than 2xx, of which `refusal`
    is the first; a run with any is no measurement.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    sent_in_all: int
    refused: int
    refusal: str
    client_cpu_us: float

    @property
    def per_second(self) -> float:
        """Requests answered per second."""
        return self.requests / self.seconds


BEGINS = b"begins\n"  # the client says so at the end of the warm-up,
ENDS = b"ends\n"  # and so when the measured part is over; a Load in JSON follows
