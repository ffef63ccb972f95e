"""Services that live apart are killed at every step between them: nothing is lost, nothing doubled.

Right after a conversion was accepted, its source's or its target's process gets SIGKILL, at once or
a moment later, while requests are handed out, records made and outcomes told; then it is started
again. What is there in the end is what one process makes of the same story.
"""

import os
import random
import time

import pytest

from tests.journeys.services import Services
from tests.journeys.test_two_topologies import (
    GROUPS,
    SERVICE,
    TRADE,
    finally_,
    told_in_time,
)
from tests.journeys.trading import OBJECTS, Teller, state, story
from tests.server import Server

ROUNDS = 1 + int(os.environ.get("OBJECTRY_KILLS", "0")) // 5
SIDES = {
    "order": ("offers", "orders"),
    "invoice": ("orders", "invoices"),
    "delivery_note": ("orders", "customers"),
}
MOMENT_S_MAX = 0.15


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_every_step(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The end state is the one that nobody was killed for."""
    with (
        Server(TRADE, tmp_path_factory.mktemp("one") / "state") as server,
        server.client() as client,
    ):
        whole = Teller(dict.fromkeys(OBJECTS, client))
        story(whole)
        expected = told_in_time(state(whole))

    chance, killed = random.Random(seed), list[str]()
    with Services(TRADE, tmp_path_factory.mktemp("killed") / "state", *GROUPS) as services:

        def kill(action: str) -> None:
            if action not in SIDES:
                return
            victim = SIDES[action][len(killed) % 2 if seed == 0 else chance.randrange(2)]
            time.sleep(chance.choice((0.0, chance.uniform(0, MOMENT_S_MAX))))
            services.kill(victim)
            services.start(victim)
            killed.append(victim)

        with services.clients(services.key()) as clients:
            teller = Teller({plural: clients[service] for plural, service in SERVICE.items()})
            teller.after = kill
            story(teller)
            found = finally_(teller, expected)
        assert set(killed) >= {"offers", "orders"}
        assert expected == found
        verified = services.run("verify")
        assert verified.count("clean") == 1, verified
