"""The examples set, run once for all tests of what a run gives."""

import pytest

from eval.run import Run, load_runs
from tests.conftest import ARTICLES
from tests.eval_run.running import QUESTIONS, invoke


@pytest.fixture(scope="package")
def baseline(tmp_path_factory):
    """The examples set, run once: what the command printed, and the file of its run."""
    path = tmp_path_factory.mktemp("eval") / "run.json"
    result = invoke(QUESTIONS, "--docs", ARTICLES, "--json", "--save", path)
    assert result.exit_code == 0, result.output
    return result.stdout, path


@pytest.fixture
def library(ingested):
    return ingested


@pytest.fixture(scope="package")
def run(baseline) -> Run:
    return load_runs(baseline[1])["articles"]
