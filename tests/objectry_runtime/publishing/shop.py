"""A small shop in several states, published by these tests."""

from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release

FIRST = """
service: shop
label: Shop
---
object: customer
service: shop
plural: customers
fields:
  name: {type: text, required: true}
---
object: offer
service: shop
plural: offers
fields:
  customer: {type: link, to: customer, required: true}
  total: {type: money}
"""
WITH_NOTE = f"{FIRST}  note: {{type: long_text}}\n"
WITH_CODE = f"{WITH_NOTE}  code: {{type: text, unique: true}}\nindexes: [[customer, -total]]\n"
TASK = "---\nobject: task\nservice: shop\nplural: tasks\nfields: {done: {type: boolean}}\n"
WITH_TASK = f"{WITH_CODE}{TASK}"


def release(text: str) -> Release:
    loaded = load_documents({"objects/shop.yaml": text})
    assert not loaded.findings
    return make_release(loaded.definitions)
