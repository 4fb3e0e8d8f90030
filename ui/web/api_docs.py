"""The page that shows the API, made from its OpenAPI description: no script, no font, no style
from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 54rem; padding: 0 1rem;
  color: #1c1917; background: #fafaf9; }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.1rem; }
h2 code { background: none; padding: 0; }
.method { display: inline-block; min-width: 3.2rem; font-weight: 700; color: #0f766e; }
code, pre { font-family: ui-monospace, Consolas, monospace; font-size: .9em; background: #eeeceb; }
code { padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere; }
h2 { overflow-wrap: anywhere; }
td, th { overflow-wrap: anywhere; }
pre { padding: .75rem; overflow-x: auto; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
td, th { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid #d6d3d1; }
@media (prefers-color-scheme: dark) {
  body { color: #e7e5e4; background: #1c1917; }
  code, pre { background: #292524; }
  .method, a { color: #5eead4; }
  td, th { border-color: #44403c; }
}
"""


def docs_router(app: FastAPI) -> APIRouter:
    """The route ``/api/docs``.

    Args:
        app: whose API it shows.

    Returns:
        A router to include in it.
    """
    router = APIRouter()

    @router.get("/api/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        return HTMLResponse("".join(_page(app.openapi(), base)))

    return router


def _page(api: Mapping[str, Any], base: str) -> Iterator[str]:
    title = escape(api["info"]["title"])
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield "<meta name=viewport content='width=device-width, initial-scale=1'>"
    yield f"<title>{title}: API</title><style>{_STYLE}</style><h1>{title}: API</h1>"
    yield f"<p>{escape(api['info'].get('description', ''))} Version {api['info']['version']}. "
    yield "For machines: <a href=openapi.json>openapi.json</a>.</p>"
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            yield from _operation(api, base, path, method.upper(), operation)


def _operation(
    api: Mapping[str, Any], base: str, path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    yield f"<h2><span class=method>{method}</span> <code>{escape(path)}</code></h2>"
    yield f"<p>{escape(operation.get('description', operation.get('summary', '')))}</p>"
    rows = [
        (p["name"], p["in"], p.get("required", False), p["schema"], p.get("description", ""))
        for p in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    example: dict[str, Any] = {}
    if body:
        schema = _resolved(api, body["schema"])
        needed = schema.get("required", [])
        for name, part in schema.get("properties", {}).items():
            rows.append((name, "body", name in needed, part, part.get("description", "")))
            if name in needed:
                part = _resolved(api, part)
                example[name] = next(iter(part.get("examples") or part.get("enum") or ["…"]))
    if rows:
        yield "<table><tr><th>name<th>in<th>type<th>meaning</tr>"
        for name, place, needed_here, part, meaning in rows:
            word = "" if needed_here else ", optional"
            yield f"<tr><td><code>{escape(name)}</code><td>{place}<td>"
            yield f"{escape(_kind(api, part))}{word}<td>{escape(meaning)}</tr>"
        yield "</table>"
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    fields = _resolved(api, answer.get("schema", {})).get("properties", {})
    if fields:
        yield "<p>It answers with an object:</p><table><tr><th>name<th>type<th>meaning</tr>"
        for name, part in fields.items():
            yield f"<tr><td><code>{escape(name)}</code><td>{escape(_kind(api, part))}"
            yield f"<td>{escape(part.get('description', ''))}</tr>"
        yield "</table>"
    if example:
        data = json.dumps(example, ensure_ascii=False)
        yield f"<pre tabindex=0>curl {escape(base + path)} -H 'Content-Type: application/json' \\\n"
        yield f"  -d '{escape(data)}'</pre>"


def _resolved(api: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """`schema`, or what it refers to."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    found: Mapping[str, Any] = api["components"]["schemas"][name]
    return found


def _kind(api: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a value in words, such as "list of Message" or "string or null"."""
    if "anyOf" in schema:
        return " or ".join(_kind(api, part) for part in schema["anyOf"])
    resolved = _resolved(api, schema)
    if "enum" in resolved:
        return " | ".join(json.dumps(value) for value in resolved["enum"])
    if resolved.get("type") == "array":
        return f"list of {_kind(api, resolved.get('items', {}))}"
    if resolved.get("type") == "object" and "properties" in resolved:
        names = ", ".join(resolved["properties"])
        return f"object ({names})"
    return str(resolved.get("type", "anything"))
