"""Bringing other question sets to the contract's form, one importer a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from eval.importers.conversations import mtrag
from eval.importers.published import clapnq, squad
from eval.importers.tables import add_folder, beir, table
from eval.importers.writing import SetBuilder, Written
from rag.errors import UsageError

IMPORTERS: Mapping[str, Callable[[Path, SetBuilder], None]] = MappingProxyType(
    {"squad": squad, "clapnq": clapnq, "mtrag": mtrag, "beir": beir, "csv": table}
)


def import_set(
    name: str, inputs: Sequence[Path], folder: Path, docs: Path | None = None
) -> Written:
    """Write `inputs` as a question set.

    Args:
        name: the format, a key of `IMPORTERS`.
        inputs: files, or folders for ``beir``; together they make one set.
        folder: where the set is written, a new or empty folder.
        docs: the articles that a ``csv`` asks about.

    Raises:
        UsageError: the input is not in that format; the message names file, line and mend.
    """
    if (name == "csv") != (docs is not None):
        raise UsageError(
            "csv needs --docs, the folder of the articles that it asks about"
            if name == "csv"
            else f"{name} brings its own documents; leave --docs out"
        )
    builder = SetBuilder()
    if docs is not None:
        add_folder(docs, builder)
    for path in inputs:
        IMPORTERS[name](path, builder)
    return builder.write(folder)
