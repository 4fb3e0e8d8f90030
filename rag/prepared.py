"""Models that packages carry as data: found, checked, made to compute in 8 bits, and opened."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rag.errors import EmbeddingError

_WORKSHOP = "making-"
# Making a model takes seconds.
_STALE_SECONDS = 3600


def digest(path: Path) -> str:
    """The SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packaged_file(package: str, relative: str, expected: str) -> Path:
    """A data file of an installed package, found without importing it, its digest checked."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddingError(
            f"the package {package}, which has the model, is missing: reinstall pullquote"
        )
    path = Path(spec.submodule_search_locations[0]) / relative
    if not path.is_file() or digest(path) != expected:
        raise EmbeddingError(
            f"{path} is not the file Pullquote was tested with: reinstall {package}"
        )
    return path


@contextmanager
def workshop(parent: Path) -> Iterator[Path]:
    """A folder in `parent` to make files in, gone afterwards; so are those of runs that died."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(f"{_WORKSHOP}*"):
        # Another process may be done with it, or clear it away as well.
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=_WORKSHOP) as folder:
        yield Path(folder)


def quantised(source: Path, target: Path) -> None:
    """Write to `target` the model at `source`, its products computed in 8 bits."""
    import logging

    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Where onnx cannot tell a type, as after onnxruntime's own operations, it is a plain number.
    options = {"DefaultTensorType": TensorProto.FLOAT}
    logging.disable(logging.WARNING)  # it advises, on the root logger, what was just done
    try:
        quantize_dynamic(str(source), str(target), per_channel=True,
                         weight_type=QuantType.QInt8, extra_options=options)  # fmt: skip
    finally:
        logging.disable(logging.NOTSET)


def open_session(model: Path) -> Any:
    """An onnxruntime session of the model at `model`, on the thread that asks for a run."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    # Several runs of one text at a time beat one run on several threads, and a question is as
    # quick on one.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Fused, the sums before a normalisation take five times as long as apart: a fifth of a run.
    return ort.InferenceSession(
        str(model),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=["SkipLayerNormFusion"],
    )
