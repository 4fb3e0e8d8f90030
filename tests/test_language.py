"""The language that a text is in, told of running text alone."""

import pytest

from ingest import language
from ingest.draft import described, draft
from ingest.readers.document import Document


@pytest.mark.parametrize(("text", "language"), [
    ("Die Fähre fuhr am Donnerstag zum ersten Mal seit zwei Jahren wieder über die Mündung, mit "
     "84 Menschen an Bord.", "de"),
    ("The ferry sailed across the estuary for the first time in two years, with 84 people.", "en"),
    ("Le bac a traversé jeudi l’estuaire pour la première fois depuis deux ans, avec 84 passagers "
     "à son bord.", "fr"),
    ("Hon. L. Clark\nHon. S. Deen\nHon. J. Roe\nHon. A. Poe\nHon. M. Lee\nHon. D. Sanchez", None),
    ("84 people.", None),
])  # fmt: skip
def test_the_language_of_running_text_is_told_and_of_lists_of_names_is_not(text, language):
    assert described(draft(Document(text, False))).language == language


def test_a_kept_language_model_tells_the_same_and_none_is_missed(tmp_path):
    page = "Die Fähre fuhr am Donnerstag zum ersten Mal seit zwei Jahren wieder über die Mündung. "
    samples = [page[i:] + page[:i] for i in range(0, 80, 7)] + ["?" * 100, "a b c 1 2 3 " * 20]
    packaged = [language._unpacked().classify(s) for s in samples]
    try:
        language.keep_in(tmp_path)
        assert [language._identifier().classify(s) for s in samples] == packaged
        # From the second process on it is only opened.
        (kept,) = (tmp_path / "models").iterdir()
        written = (kept / "moves.npy").stat().st_mtime_ns
        language._identifier.cache_clear()
        assert [language._identifier().classify(s) for s in samples] == packaged
        assert (kept / "moves.npy").stat().st_mtime_ns == written
        (tmp_path / "file").write_text("in the way")
        language.keep_in(tmp_path / "file")
        assert [language._identifier().classify(s) for s in samples] == packaged
    finally:
        language._Kept.folder = None
        language._identifier.cache_clear()
