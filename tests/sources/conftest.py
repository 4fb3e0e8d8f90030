"""A host on loopback, what fetches from it, and a folder of notes."""

from pathlib import Path

import pytest

from ingest.fetch import Fetcher
from tests.sources.host import Site


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def fetcher():
    made = Fetcher(2.0, 0.0, "127.0.0.0/8")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    made.mkdir()
    (made / "kettle.md").write_text("# Kettle\n\nThe kettle in the hall boils in three minutes.\n")
    return made
