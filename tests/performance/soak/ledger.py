"""What was sent and what was acknowledged, to be compared with what is stored in the end."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

PAGE = 500
# How a record of ours is recognised: by a text that the soak made up for it.
TOKEN = {"customers": "name", "orders": "reference", "delivery_notes": "reference"} | {
    "invoices": "reference"
}


class Ledger:
    """Each record by its collection and token: sent once or often, kept at most once."""

    def __init__(self) -> None:
        self.sent: set[tuple[str, str]] = set()
        self.acknowledged: dict[tuple[str, str], dict[str, Any]] = {}

    def send(self, plural: str, token: str) -> None:
        """A record with this token is going to be asked for."""
        self.sent.add((plural, token))

    def acknowledge(self, plural: str, token: str, record: Mapping[str, Any], *names: str) -> None:
        """The server said that it is kept, with these values."""
        kept = self.acknowledged.setdefault((plural, token), {})
        kept |= {name: record[name] for name in ("id", *names)}

    def compare(self, api: httpx.Client) -> list[str]:
        """What differs from what is stored, in words."""
        stored: dict[tuple[str, str], dict[str, Any]] = {}
        wrong: list[str] = []
        times: Counter[tuple[str, str]] = Counter()
        for plural, name in TOKEN.items():
            for record in _all(api, plural):
                place = (plural, record[name] or "")
                times[place] += 1
                stored[place] = record
        wrong += [f"stored {count} times: {place}" for place, count in times.items() if count > 1]
        wrong += [f"stored but never sent: {place}" for place in stored.keys() - self.sent]
        for place, wanted in self.acknowledged.items():
            found = stored.get(place)
            if found is None:
                wrong.append(f"acknowledged and lost: {place}")
            elif (differs := {name: found[name] for name in wanted}) != wanted:
                wrong.append(f"acknowledged as {wanted}, stored as {differs}")
        return wrong


def _all(api: httpx.Client, plural: str) -> list[dict[str, Any]]:
    names = ["id", TOKEN[plural], "status", *(["city"] if plural == "customers" else [])]
    parameters = {"limit": str(PAGE), "fields": ",".join(names)}
    records: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = api.get(f"/{plural}", params=parameters | ({"cursor": cursor} if cursor else {}))
        page.raise_for_status()
        records += page.json()["data"]
        cursor = page.json()["next"]
        if cursor is None:
            return records
