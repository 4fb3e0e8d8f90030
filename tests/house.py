"""The plan of the house: its rooms, their layers, and the doors to vendors."""

from __future__ import annotations

from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# Each room, and the other rooms it may import from.
ROOMS: dict[str, set[str]] = {
    "rag": set(),
    "ingest": {"rag"},
    "eval": {"rag", "ingest"},
    "ui": {"rag", "ingest", "eval"},
}

# The layers of rag, lowest first. A module imports from lower layers, or from its own.
LAYERS: tuple[set[str], ...] = (
    {"domain", "errors"},
    {
        "contract",
        "text",
        "tokens",
        "settings",
        "prompts",
        "questions",
        "tables",
        "beside",
        "absent",
        "stance",
        "slips",
        "designations",
        "compose",
        "period",
        "dates",
        "when",
        "favour",
        "filters",
        "conversation",
        "figures",
        "parts",
        "widen",
        "amounts",
        "number_words",
        "quotations",
        "wording",
        "facts",
        "roles",
        "acts",
        "bindings",
        "claims",
    },
    {
        "prepared",
        "embed",
        "embed_openai",
        "e5_file",
        "reader",
        "wordpiece",
        "llm",
        "library",
        "quotes",
    },
    {
        "retrieve",
        "reading",
        "llama",
        "signals",
        "answerable",
        "rerank",
        "mismatch",
        "evidence",
        "points",
        "reprints",
        "groups",
        "select",
        "support",
        "check_figures",
        "check_form",
        "check",
        "draft",
        "evidence_lines",
        "rewrite",
        "verify",
    },
    {"assistant"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

# Articles come in no further than the library, and quotes are made on the way out.
INGEST_SEES = {name for name, level in LEVEL.items() if level <= LEVEL["library"]} - {"quotes"}

# The only files that may import a vendor; a star also crosses folders.
DOORS: dict[str, tuple[str, ...]] = {
    "chromadb": ("rag/library/*",),
    "tantivy": ("rag/library/*",),
    "sqlite3": ("rag/library/*", "ui/records/*"),
    "openai": ("rag/llm*.py", "rag/embed*.py"),
    "tiktoken": ("rag/tokens.py",),
    "httpcore": ("ingest/fetch.py", "ingest/addresses.py"),
    "trafilatura": ("ingest/readers/*",),
    "htmldate": ("ingest/readers/*",),
    "lxml": ("ingest/readers/*",),
    "pypdfium2": ("ingest/readers/*",),
    "mammoth": ("ingest/readers/*",),
    "mwparserfromhell": ("ingest/readers/*",),
    "feedparser": ("ingest/feeds.py",),
    "rensa": ("ingest/minhash.py",),
    "py3langid": ("ingest/language.py",),
    "watchfiles": ("ingest/watch.py",),
    "jwt": ("ui/web/tokens.py",),
    "prometheus_client": ("ui/web/metrics.py",),
    "gradio": ("ui/chat.py", "ui/page*.py", "ui/web/app.py", "ui/web/mcp.py"),
    "llama_index": ("rag/llama.py", "rag/llm*.py", "eval/*"),
}

# Slow to import: the command line starts without them and imports them when a command needs one.
COMMAND_LINE = "ui.cli"
HEAVY = ("chromadb", "gradio", "llama_index", "numpy", "onnxruntime", "openai", "tantivy")
