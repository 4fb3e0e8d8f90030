"""The house rules, held against the real rooms and against small fake ones that break them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.house import COMMAND_LINE, HEAVY, ROOMS, TOP
from tests.house_modules import House, parse, read_house
from tests.house_rules import (
    RULES,
    command_line_starts_light,
    layers_point_down,
    modules_are_short,
    no_cycles,
    one_door_per_vendor,
    only_quotes_make_a_quote,
    only_settings_read_the_environment,
    rooms_are_one_way,
    rule_name,
)

# --- The real house ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> House:
    return read_house()


def test_every_room_was_read(house):
    assert {module.room for module in house.values()} == set(ROOMS)
    assert "rag.domain" in house


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_the_house_keeps(rule, house):
    broken = rule(house)
    assert not broken, "\n".join(["", rule.__doc__.partition("\n")[0], *broken])


@pytest.mark.parametrize("rule", [modules_are_short, no_cycles], ids=rule_name)
def test_the_tests_keep_it_too(rule):
    tests = read_house(["tests"])
    assert "tests.house" in tests
    assert rule(tests) == []


def test_the_command_line_loads_nothing_slow():
    program = (
        f"import sys, {COMMAND_LINE}\n"
        f"print(*sorted(set({HEAVY!r}) & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


# --- Houses that break the rules, and houses that nearly do --------------------------------

BROKEN: tuple[tuple[Callable[[House], list[str]], dict[str, str], str], ...] = (
    (rooms_are_one_way, {"rag/text.py": "from ingest.split import split"}, "rag imports ingest"),
    (rooms_are_one_way, {"rag/text.py": "def f():\n    import ui.cli"}, "rag/text.py:2"),
    (
        rooms_are_one_way,
        {"rag/text.py": "if TYPE_CHECKING:\n    from eval.run import Run"},
        "rag imports eval.run",
    ),
    (rooms_are_one_way, {"ingest/job.py": "from ui import render"}, "ingest imports ui"),
    (rooms_are_one_way, {"ingest/job.py": "import eval.cases"}, "ingest imports eval.cases"),
    (rooms_are_one_way, {"eval/run.py": "from ui.render import markdown"}, "eval imports ui"),
    (
        rooms_are_one_way,
        {"ingest/job.py": "from rag import quotes", "rag/quotes.py": ""},
        "ingest imports rag.quotes",
    ),
    (rooms_are_one_way, {"ingest/job.py": "from rag.retrieve import search"}, "rag.retrieve"),
    (rooms_are_one_way, {"ingest/job.py": "from rag.evidence import select"}, "rag.evidence"),
    (rooms_are_one_way, {"ingest/job.py": "from rag.assistant import ask"}, "rag.assistant"),
    (layers_point_down, {"rag/domain.py": "from rag.text import fold"}, "(layer 1)"),
    (
        layers_point_down,
        {"rag/library/catalogue.py": "from ..retrieve import search"},
        "rag.library.catalogue (layer 2) imports rag.retrieve (layer 3)",
    ),
    (
        layers_point_down,
        {"rag/evidence.py": "def f():\n    from . import assistant", "rag/assistant.py": ""},
        "rag/evidence.py:2",
    ),
    (layers_point_down, {"rag/__init__.py": "from rag.domain import Article"}, "rag/__init__.py"),
    (layers_point_down, {"rag/attic.py": ""}, "add it to LAYERS"),
    (
        no_cycles,
        {"rag/text.py": "import rag.tokens", "rag/tokens.py": "def f():\n    import rag.text"},
        "cycle",
    ),
    (
        no_cycles,
        {
            "ingest/read.py": "from ingest.clean import clean",
            "ingest/clean.py": "from .split import split",
            "ingest/split.py": "if TYPE_CHECKING:\n    from ingest import read",
        },
        "ingest.clean imports ingest.split imports ingest.read imports ingest.clean",
    ),
    (
        no_cycles,
        {
            "rag/library/__init__.py": "from .catalogue import Catalogue",
            "rag/library/catalogue.py": "from rag.library import Library",
        },
        "rag.library.catalogue",
    ),
    *(
        (one_door_per_vendor, {path: source}, f"{path}:1: {vendor} may be imported only in")
        for vendor, path, source in (
            ("chromadb", "rag/retrieve.py", "import chromadb"),
            ("chromadb", "ingest/job.py", "from chromadb.config import Settings"),
            ("tantivy", "rag/retrieve.py", "import tantivy as t"),
            ("sqlite3", "eval/run.py", "import sqlite3"),
            ("openai", "ui/cli.py", "from openai import OpenAI"),
            ("openai", "rag/tokens.py", "import importlib; importlib.import_module('openai')"),
            ("tiktoken", "ingest/split.py", "import tiktoken"),
            ("gradio", "ui/cli.py", "import gradio as gr"),
            ("gradio", "rag/assistant.py", "import gradio"),
            ("llama_index", "rag/retrieve.py", "from llama_index.core import schema"),
        )
    ),
    *(
        (only_settings_read_the_environment, {path: source}, path)
        for path, source in (
            ("rag/text.py", "import os\nKEY = os.environ['KEY']"),
            ("rag/text.py", "import os as system\nKEY = system.getenv('KEY')"),
            ("rag/text.py", "from os import environ"),
            ("rag/text.py", "import os\nload(os.environ)"),
            ("rag/text.py", "import os\nKEY = os.environ.setdefault('KEY', '')"),
            ("ui/cli.py", "import os\nKEY = os.environ.get('KEY')"),
            ("ui/cli.py", "import os\nload(os.getenv('KEY'))"),
        )
    ),
    (only_quotes_make_a_quote, {"rag/compose.py": "q = Quote('a', span)"}, "rag/compose.py:1"),
    (only_quotes_make_a_quote, {"ui/api.py": "q = domain.Quote(text='a')"}, "ui/api.py:1"),
    (
        only_quotes_make_a_quote,
        {"eval/run.py": "from rag.domain import Quote as Q\nq = Q('a')"},
        "eval/run.py:2",
    ),
    (modules_are_short, {"rag/text.py": "x = 1\n" * 301}, "rag/text.py: 301 lines"),
    (command_line_starts_light, {"ui/cli.py": "import gradio"}, "ui.cli imports gradio"),
    (
        command_line_starts_light,
        {
            "ui/cli.py": "from ingest import job",
            "ingest/job.py": "try:\n    from rag.embed import embed\nfinally:\n    pass",
            "rag/embed.py": "import numpy as np",
        },
        "ui.cli imports ingest.job imports rag.embed imports numpy",
    ),
    (
        command_line_starts_light,
        {
            "ui/cli.py": "import rag.library.changes",
            "rag/library/__init__.py": "import chromadb",
            "rag/library/changes.py": "",
        },
        "ui.cli imports rag.library imports chromadb",
    ),
)

SOUND: tuple[tuple[Callable[[House], list[str]], dict[str, str]], ...] = (
    (rooms_are_one_way, {"ui/cli.py": "import rag.assistant, ingest.job, eval.run"}),
    (rooms_are_one_way, {"eval/run.py": "from rag.assistant import ask\nimport ingest.job"}),
    (rooms_are_one_way, {"ingest/job.py": "from rag.library import Library\nimport evaluate"}),
    (layers_point_down, {"rag/text.py": "import rag.tokens\nfrom rag import domain"}),
    (layers_point_down, {"rag/library/__init__.py": "from . import catalogue"}),
    (layers_point_down, {"rag/__init__.py": ""}),
    (no_cycles, {"rag/text.py": "import rag.domain", "rag/domain.py": "import dataclasses"}),
    (
        no_cycles,
        {
            "rag/library/__init__.py": "from .catalogue import Catalogue",
            "rag/library/catalogue.py": "from rag.library import rows",
            "rag/library/rows.py": "",
        },
    ),
    (one_door_per_vendor, {"rag/library/views.py": "import chromadb, tantivy, sqlite3"}),
    (one_door_per_vendor, {"rag/llm_openai.py": "import openai", "rag/embed.py": "import openai"}),
    (one_door_per_vendor, {"ui/chat.py": "import gradio", "eval/run.py": "import llama_index"}),
    (one_door_per_vendor, {"rag/embed.py": "from importlib.util import find_spec as openai"}),
    (only_settings_read_the_environment, {"rag/settings.py": "import os\nos.getenv('KEY')"}),
    (only_settings_read_the_environment, {"ui/cli.py": "import os\nload(os.environ)"}),
    (only_settings_read_the_environment, {"ui/cli.py": "import os\nload(environ=os.environ)"}),
    (only_settings_read_the_environment, {"rag/text.py": "import os\nos.replace('a', 'b')"}),
    (
        only_settings_read_the_environment,
        {"rag/tokens.py": "import os\nos.environ['A'] = '1'\nos.environ.setdefault('B', '1')"},
    ),
    (only_quotes_make_a_quote, {"rag/quotes.py": "q = Quote('a')"}),
    (only_quotes_make_a_quote, {"ui/render.py": "def f(q: Quote) -> str: return quote(q)"}),
    (modules_are_short, {"rag/text.py": "x = 1\n" * 300}),
    (command_line_starts_light, {"ui/cli.py": "def chat():\n    import gradio"}),
    (command_line_starts_light, {"ui/cli.py": "if TYPE_CHECKING:\n    import numpy"}),
    (command_line_starts_light, {"ui/cli.py": "import click", "ui/chat.py": "import gradio"}),
)


@pytest.mark.parametrize(("rule", "sources", "message"), BROKEN, ids=rule_name)
def test_a_broken_house_is_caught(rule, sources, message):
    assert message in "\n".join(rule(parse(sources)))


@pytest.mark.parametrize(("rule", "sources"), SOUND, ids=rule_name)
def test_a_sound_house_passes(rule, sources):
    assert rule(parse(sources)) == []


def test_every_rule_is_shown_to_fail_and_to_pass():
    assert set(RULES) == {entry[0] for entry in BROKEN} == {entry[0] for entry in SOUND}


def test_no_pattern_has_a_possessive_group():
    """Python 3.11 before 3.11.5 matches such groups wrongly, and Debian's is older."""
    wrong = re.compile(r"""r["'].*(?:\)[*+?]\+|\)\{[\d,]+\}\+|\(\?>)""")
    found = [
        f"{path}:{number}"
        for room in ROOMS
        for path in sorted((TOP / room).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wrong.search(line)
    ]
    assert wrong.search('r"(?:ab)*+c"')
    assert found == []
