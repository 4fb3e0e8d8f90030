"""A folder of two articles, and what ingests it."""

import pytest

from ingest.job import ingest
from tests.changes.articles import TEXT


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "articles"
    made.mkdir()
    (made / "ferry.md").write_text(TEXT)
    (made / "market.md").write_text("# Market\n\nThe market in Bodo doubled its stalls in 2024.\n")
    return made


@pytest.fixture
def run(folder, library, embedder, settings):
    return lambda **more: ingest([folder], library, embedder, settings, **more)
