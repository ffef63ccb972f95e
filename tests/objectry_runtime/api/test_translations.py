"""Labels in the language of who reads: by `lang`, else by Accept-Language, else as usual."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model.speaking import wanted
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, problem

pytestmark = pytest.mark.anyio

PAGES = """\
---
layout: ticket.form
object: ticket
kind: form
sections: [{label: Ticket, fields: [customer, subject]}]
"""
GERMAN = """\
---
translation: de
labels:
  ticket: Vorgang
  ticket#plural: Vorgänge
  ticket.subject: Betreff
  ticket.status.open: Offen
  "*.created_at": Angelegt
  action:ticket.finish: Abschließen
"""
MORE = """\
translation: de
labels:
  layout:ticket.form: Formular
  layout:ticket.form#0: Kopf
"""


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    loaded = load_documents({"desk.yaml": DESK + PAGES + GERMAN, "more.yaml": MORE})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def labels(desk: Desk, query: str = "", accept: str = "") -> list[str]:
    headers = {"Accept-Language": accept} if accept else {}
    answer = await desk.agent.get(f"/api/v1/meta/objects/ticket{query}", headers=headers)
    assert 200 == answer.status_code
    assert "Accept-Language" in answer.headers["vary"]
    seen = answer.json()
    return [
        answer.headers["content-language"],
        seen["label"],
        seen["fields"]["subject"].get("label", ""),
        seen["fields"]["created_at"]["label"],
        seen["workflow"]["states"]["open"].get("label", ""),
        seen["workflow"]["transitions"]["finish"]["label"],
    ]


DE = ["de", "Vorgang", "Betreff", "Angelegt", "Offen", "Abschließen"]
EN = ["en", "Ticket", "", "Created", "", ""]


async def test_the_language_is_asked_for_or_accepted(desk: Desk) -> None:
    assert DE == await labels(desk, "?lang=de")
    assert DE == await labels(desk, accept="fr, de-AT;q=0.8, en;q=0.5")
    assert DE == await labels(desk, "?lang=de", accept="en")
    assert EN == await labels(desk)
    assert EN == await labels(desk, accept="en, de;q=0.9")
    assert EN == await labels(desk, accept="de;q=0, fr, ;;;, de;q=x")
    assert EN == await labels(desk, "?lang=fr")
    wrong = await desk.agent.get("/api/v1/meta/objects?lang=klingon")
    assert "bad_query" == problem(wrong)["code"]


async def test_lists_and_layouts_speak_it_too(desk: Desk) -> None:
    listed = (await desk.agent.get("/api/v1/meta/objects?lang=de")).json()["data"]
    ticket = next(one for one in listed if one["object"] == "ticket")
    assert ("Vorgang", "Vorgänge") == (ticket["label"], ticket["plural_label"])
    layout = (await desk.agent.get("/api/v1/meta/layouts/ticket.form?lang=de")).json()
    assert ("Formular", "Kopf") == (layout["label"], layout["sections"][0]["label"])


def findings(text: str, **files: str) -> list[tuple[str, str, str]]:
    loaded = load_documents(
        {"desk.yaml": DESK + text, **{f"{k}.yaml": v for k, v in files.items()}}
    )
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    return [(one.code, one.severity, one.message) for one in found]


def test_what_a_complete_translation_lacks_is_a_warning() -> None:
    loaded = load_documents({"desk.yaml": DESK})
    needed = wanted(loaded.definitions)
    assert "ticket.created_at" not in needed
    assert {"*.created_at", "ticket#plural", "action:ticket.finish"} <= set(needed)
    text = GERMAN.replace("translation: de", "translation: de\ncomplete: true")
    ((code, severity, message),) = findings(text)
    assert ("OBJ0622", "warning") == (code, severity)
    assert message.startswith(f"{len(needed) - 6} labels have no translation: ")
    whole = "".join(f'  "{key}": x\n' for key in needed)
    assert [] == findings(f"---\ntranslation: de\ncomplete: true\nlabels:\n{whole}")


def test_unknown_and_repeated_labels_are_told_where_they_stand() -> None:
    wrong = GERMAN.replace("ticket.subject", "ticket.sbject")
    ((code, _, message),) = findings(wrong)
    assert ("OBJ0621", "Nothing is called `ticket.sbject`.") == (code, message)
    again = findings(GERMAN, more="translation: de\nlabels: {ticket: Fall, tickets: x}\n")
    assert ["OBJ0210", "OBJ0621"] == [code for code, _, _ in again]
