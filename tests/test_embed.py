"""The encoder on this machine: many texts give way to a single question."""

from __future__ import annotations

import os
import sys

import pytest

from rag.domain import Span
from rag.embed import OnnxEmbedder

TEXTS = [(f"The ferry sails at {hour} in all weathers but fog.", [Span(0, 9)]) for hour in range(9)]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no urgency of its own")
def test_encoding_many_texts_is_less_urgent_than_answering(
    embedder: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgency = []
    run = embedder._run

    def noted(text: str) -> object:
        urgency.append(os.getpriority(os.PRIO_PROCESS, 0))
        return run(text)

    monkeypatch.setattr(embedder, "_run", noted)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    encoded = list(embedder.passages(TEXTS))
    assert len(encoded) == len(urgency) == len(TEXTS)
    assert all(nice > own or nice == 19 for nice in urgency)
    urgency.clear()
    embedder.query("When does the ferry sail?")
    # Whoever asks is as urgent as before, though texts were encoded on its behalf.
    assert urgency == [own]
