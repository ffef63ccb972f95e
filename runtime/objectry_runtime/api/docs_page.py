"""The documentation page: plain HTML made from the caller's OpenAPI document. No script, no CDN."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]  # a part of the OpenAPI document, which is JSON

METHODS = ("get", "post", "patch", "put", "delete")
STYLE = Path(__file__).with_name("docs_page.css").read_text(encoding="utf-8")

# Only this very stylesheet; no script at all; the form posts only to us; nobody frames the page.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'sha256-"
        + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
        + "'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def sign_in_page(message: str = "") -> str:
    """What somebody without credentials sees: a form for an API key."""
    note = f'<p class="bad" role="alert">{escape(message)}</p>' if message else ""
    return _page(
        "API documentation",
        f"""<main class="narrow card"><h1>API documentation</h1>
<p>It shows what <em>you</em> may see. Paste an API key:</p>{note}
<form method="post" action="/docs"><label for="key">API key</label>
<input class="in" id="key" name="key" type="password" autocomplete="off" required autofocus>
<button class="btn primary">Show the documentation</button></form>
<p class="hint">The key is sent to this server only, and kept nowhere. A key is made by
<code>objectry key create NAME --role ROLE</code>.</p></main>""",
    )


def text_page(title: str, paragraphs: tuple[str, ...]) -> str:
    """A page of plain paragraphs."""
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    return _page(title, f'<main class="narrow card"><h1>{escape(title)}</h1>{body}</main>')


def docs_page(document: Json) -> str:
    """The whole documentation of one OpenAPI document."""
    info = document.get("info", {})
    title = str(info.get("title", "API"))
    release = str(info.get("version", ""))[:12]
    groups = _by_tag(document)
    schemas = document.get("components", {}).get("schemas", {})
    nav = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in groups)
    body = "".join(_group(document, tag, operations) for tag, operations in groups.items())
    models = "".join(_schema(name, schema) for name, schema in schemas.items())
    return _page(
        "API documentation",
        f"""<header class="top"><span class="brand"><i></i>Objectry</span>
<span class="hint">{escape(title)} · release {escape(release)}</span></header>
<div class="columns"><nav class="nav" aria-label="Objects">{nav}<a href="#schemas">schemas</a></nav>
<main><h1>{escape(title)}</h1>
<p>{escape(str(info.get("description", "")))}</p>
<p class="hint">The document itself: <code>GET /openapi.json</code> with the same key.</p>
{body}<section id="schemas"><h2>schemas</h2>{models}</section></main></div>""",
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Objectry</title><style>{STYLE}</style></head>"
        f"<body>{body}</body></html>"
    )


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["api"])[0]
                groups.setdefault(tag, []).append((method, path, operation))
    return groups


def _group(document: Json, tag: str, operations: list[tuple[str, str, Json]]) -> str:
    rows = "".join(_operation(document, *operation) for operation in operations)
    return f'<section id="{escape(tag)}"><h2>{escape(tag)}</h2>{rows}</section>'


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    parameters = [_resolve(document, one) for one in operation.get("parameters", ())]
    rows = "".join(
        f"<tr><td><code>{escape(str(one.get('name', '')))}</code></td>"
        f"<td>{escape(str(one.get('in', '')))}</td><td>{_type(one.get('schema', {}))}</td>"
        f"<td>{escape(str(one.get('description', '')))}</td></tr>"
        for one in parameters
    )
    table = (
        f"<table><thead><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
        if rows
        else ""
    )
    body = ""
    content = _resolve(document, operation.get("requestBody", {})).get("content", {})
    for kind, media in content.items():
        body += f"<p>Body: <code>{escape(kind)}</code> {_type(media.get('schema', {}))}</p>"
    answers = "".join(
        f"<li><code>{escape(status)}</code> "
        f"{escape(str(_resolve(document, answer).get('description', '')))}</li>"
        for status, answer in operation.get("responses", {}).items()
    )
    text = escape(str(operation.get("description", "")))
    return (
        f'<details class="card"><summary><span class="chip {method}">{method.upper()}</span>'
        f"<code>{escape(path)}</code><span>{escape(str(operation.get('summary', '')))}</span>"
        f"</summary><p>{text}</p>{table}{body}<ul>{answers}</ul></details>"
    )


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}</td>"
        f"<td>{_type(facts)}</td>"
        f"<td>{escape(str(facts.get('description', facts.get('title', ''))))}</td></tr>"
        for field, facts in schema.get("properties", {}).items()
    )
    table = f"<table><tbody>{rows}</tbody></table>" if rows else f"<p>{_type(schema)}</p>"
    return (
        f'<details class="card" id="schema-{escape(name)}"><summary><code>{escape(name)}</code>'
        f"<span>{escape(str(schema.get('title', '')))}</span></summary>{table}</details>"
    )


def _type(schema: Json) -> str:
    return " | ".join(_types(schema)) or "any"


def _types(schema: Json) -> Iterator[str]:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        name = escape(reference.rpartition("/")[2])
        yield f'<a href="#schema-{name}">{name}</a>'
        return
    for one in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _types(one)
    if "enum" in schema:
        yield ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
        return
    kinds = schema.get("type", ())
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        if kind == "array":
            yield f"list of {_type(schema.get('items', {}))}"
        else:
            shown = schema.get("format") if kind == "string" else None
            yield escape(str(shown or kind))


def _resolve(document: Json, part: Json) -> Json:
    """Follow a local reference (`#/components/…`), one step."""
    reference = part.get("$ref")
    if not isinstance(reference, str):
        return part
    found: Any = document
    for key in reference.removeprefix("#/").split("/"):
        found = found.get(key, {})
    resolved: Json = found
    return resolved
