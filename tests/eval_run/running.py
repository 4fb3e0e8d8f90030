"""What the tests of `pullquote eval` share: the set that they run, and the command."""

import json
from collections import Counter

from click.testing import CliRunner

from tests.conftest import ROOT
from ui.cli import main

QUESTIONS = ROOT / "examples" / "questions" / "articles.jsonl"
KINDS = Counter(
    json.loads(line)["type"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()
)


def invoke(*arguments):
    return CliRunner().invoke(main, ["eval", *map(str, arguments)])
