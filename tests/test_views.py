"""The two indexes when several threads have to do with them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from rag.library.keywords import KeywordView
from rag.library.rows import Added
from rag.library.vectors import VectorView

VECTOR = np.eye(8, dtype=np.float32)[0]


@pytest.mark.parametrize("kind", [KeywordView, VectorView])
def test_a_question_never_meets_a_closed_view(
    tmp_path: Path, kind: type[KeywordView] | type[VectorView]
) -> None:
    """A view is opened anew when another process, or another thread's ingest, has written."""
    view = kind(tmp_path)
    view.open()
    view.apply(iter([[Added(7, VECTOR, "The harbour otters ate forty herrings.", "Otters")]]), [])
    wrong: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                if isinstance(view, KeywordView):
                    found = set(view.search({"otter": 1.0}, 3))
                    assert view.document_frequency("herring") == 1
                else:
                    found = set(view.search(VECTOR, 1))
                assert found == {7}
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        view.close()
        view.open()
    stop.set()
    for thread in threads:
        thread.join()
    view.close()
    assert wrong == []
