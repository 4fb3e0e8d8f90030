"""Questions asked of some of the articles: by source, publisher and date, with the real parts."""

import json
from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from rag.conversation import Turn
from rag.errors import UsageError
from rag.filters import EVERYTHING, Filter, make_filter, read_filter
from rag.library import selection
from rag.library.selection import Selection
from rag.retrieve import Retriever
from ui.cli import main

HARBOURS = {
    "north/tromso.md": "# Harbour of Tromsø\n\nPublished by Nordlys on 3 June 2021\n\n",
    "north/bodo.md": "# Harbour of Bodø\n\nPublished by Nordlys on 9 January 2022\n\n",
    "south/mandal.md": "# Harbour of Mandal\n\nPublished by Fædrelandsvennen on 3 March 2022\n\n",
    "south/arendal.md": "# Harbour of Arendal\n\n",
}
ASKED = "How many boats lie in the harbour?"


@pytest.fixture(scope="module")
def harbours(make_assistant, tmp_path_factory):
    """Four articles that differ in where they come from, of thirty passages or so each."""
    folder = tmp_path_factory.mktemp("harbours")
    for number, (name, head) in enumerate(HARBOURS.items(), 1):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        boats = (f"On pier {n} of the harbour lie {n * number} boats of wood." for n in range(300))
        path.write_text(head + "\n\n".join(boats) + "\n", encoding="utf-8")
    return make_assistant(folder)


def found(assistant, where, limit=20):
    retriever = Retriever(assistant.library, assistant._retriever._embedder, candidates=40)
    return retriever.search(Turn(ASKED), limit, where).hits


@pytest.mark.parametrize(("where", "names"), [
    (make_filter(sources=("north/*",)), {"tromso", "bodo"}),
    (make_filter(sources=("*dal.md",)), {"mandal", "arendal"}),
    (make_filter(sources=("mandal.md", "bodo.md")), {"mandal", "bodo"}),
    (make_filter(publishers=("NORDLYS",)), {"tromso", "bodo"}),
    (make_filter(publishers=("faedrelandsvennen", "Fædrelandsvennen")), {"mandal"}),
    (make_filter(since="2022"), {"bodo", "mandal"}),
    (make_filter(since="2022-03-03", until="2022-03-03"), {"mandal"}),
    (make_filter(until="June 2021"), {"tromso"}),
    (make_filter(until="June 2021", undated=True), {"tromso", "arendal"}),
    (make_filter(sources=("north/*",), since="1 January 2022"), {"bodo"}),
])  # fmt: skip
def test_only_what_the_filter_accepts_is_found_and_enough_of_it(harbours, where, names):
    hits = found(harbours, where)
    assert {h.passage.article.source for h in hits} <= {
        source for source in HARBOURS if source.split("/")[1].removesuffix(".md") in names
    }
    assert len(hits) == 20
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_all_of_a_small_selection_is_found(harbours):
    for name in HARBOURS:
        where = make_filter(sources=(name,))
        count = len(harbours.library.select(where).ids)
        hits = found(harbours, where, limit=1000)
        assert (
            len(hits) == len({h.passage.id for h in hits}) == min(count, 40) or len(hits) == count
        )


def test_a_selection_too_large_to_scan_finds_the_same(harbours, monkeypatch):
    where = make_filter(sources=("south/*",))
    exact = found(harbours, where)
    monkeypatch.setattr(selection, "_EXACT", 0)
    monkeypatch.setattr(selection, "_DEEPER", 2)
    harbours.library._selections.clear()
    deeper = found(harbours, where)
    harbours.library._selections.clear()
    assert [h.passage.id for h in deeper] == [h.passage.id for h in exact]
    assert [h.score for h in deeper] == pytest.approx([h.score for h in exact], abs=1e-3)


def test_answers_quote_only_what_the_filter_accepts(harbours):
    question = "How many boats lie on pier 7 of the harbour?"
    for source in HARBOURS:
        answer = harbours.answer(question, where=make_filter(sources=(source,)))
        assert {h.passage.article.source for h in answer.hits} == {source}
        assert {c.quote.article.source for c in answer.citations} <= {source}


def test_a_filter_that_matches_nothing_is_a_refusal_that_says_so(harbours):
    answer = harbours.answer(ASKED, where=make_filter(publishers=("The *Moon*",), since="2021"))
    assert answer.refused and not answer.citations and not answer.hits
    assert "No article matches the filter: publisher The" in answer.text
    assert "\\*Moon\\*" in answer.text


def test_a_changed_library_changes_what_a_filter_finds(make_assistant, tmp_path):
    (tmp_path / "a.md").write_text("# One\n\nThe mill stands by the river.\n")
    (tmp_path / "b.md").write_text("# Two\n\nThe barn stands by the road.\n")
    assistant = make_assistant(tmp_path)
    where = make_filter(sources=("*.md",))
    assert len(found(assistant, where)) == 2
    assistant.library.remove("a.md")
    assert [h.passage.article.source for h in found(assistant, where)] == ["b.md"]
    assistant.library.remove("b.md")
    assert assistant.answer("Where is the barn?", where=where).text.startswith("No article")


@given(st.lists(st.integers(0, 300), unique=True), st.sets(st.integers(0, 300)), st.integers(1, 50))
def test_deeper_and_deeper_finds_the_best_of_the_members(ranking, members, limit):
    ids = np.array(sorted(members), dtype=np.int64)
    some = Selection(1, ids, frozenset(members), None)
    calls = []

    def search(depth):
        calls.append(depth)
        return {key: -float(place) for place, key in enumerate(ranking[:depth])}

    kept = some.within(search, limit, total=max(1, len(ranking)))
    assert list(kept) == [key for key in ranking if key in members][:limit]
    assert calls == sorted(set(calls))


# --- what a person gives -----------------------------------------------------------------------


@pytest.mark.parametrize(("since", "until", "expected"), [
    ("2021-06-03", None, (date(2021, 6, 3), None)),
    (" 2021-06 ", "2021-06", (date(2021, 6, 1), date(2021, 6, 30))),
    ("2021", "Q3 2021", (date(2021, 1, 1), date(2021, 9, 30))),
    (None, "3 June 2021", (None, date(2021, 6, 3))),
])  # fmt: skip
def test_dates_are_taken_as_people_write_them(since, until, expected):
    where = make_filter(since=since, until=until)
    assert (where.since, where.until) == expected


@pytest.mark.parametrize(("since", "until"), [
    ("soon", None), ("June", None), ("2021-13", None), ("3/6/2021x", None), ("", None),
    ("in 2021", None), ("2022", "2021"), (None, "2020 and 2021"),
])  # fmt: skip
def test_what_is_no_date_is_turned_down(since, until):
    with pytest.raises(UsageError, match=r"date|after"):
        make_filter(since=since, until=until)


@pytest.mark.parametrize("data", [
    [], "x", {"sauce": "x"}, {"source": 1}, {"source": ["a", 1]}, {"since": 2021},
    {"undated": "yes"}, {"since": "soon"},
])  # fmt: skip
def test_a_filter_in_json_must_be_one(data):
    with pytest.raises(UsageError):
        read_filter(data)


def test_a_filter_in_json_says_the_same_as_the_flags():
    data = {"source": "a/*", "publisher": ["B"], "since": "2021", "until": None, "undated": True}
    assert read_filter(data) == make_filter(("a/*",), ("B",), "2021", None, True)
    assert read_filter(None) == read_filter({}) == EVERYTHING
    assert not EVERYTHING


@given(st.dates(), st.dates(), st.dates())
def test_a_day_is_accepted_exactly_between_since_and_until(since, until, day):
    where = Filter(since=since, until=until)
    assert where.accepts("a", None, day.isoformat()) == (since <= day <= until)
    assert not where.accepts("a", None, None)
    assert Filter(since=since, undated=True).accepts("a", None, None)


def run(assistant, *arguments, **options):
    folder = str(assistant.library.folder)
    return CliRunner().invoke(main, ["ask", *arguments, "--library", folder], **options)


def test_the_command_line_takes_filters(harbours):
    shown = run(harbours, ASKED, "--json", "--source", "north/*", "--since", "2022")
    assert shown.exit_code == 0, shown.output
    passages = json.loads(shown.stdout)["passages"]
    assert {p["source"] for p in passages} == {"north/bodo.md"}
    assert len(passages) >= 10
    none = run(harbours, ASKED, "--publisher", "Nobody")
    assert none.exit_code == 0
    assert "No article matches the filter: publisher Nobody." in none.stdout
    bad = run(harbours, ASKED, "--since", "soon")
    assert bad.exit_code == 2
    assert "since: 'soon' is no date" in bad.stderr


def test_lines_of_a_batch_have_filters_of_their_own(harbours):
    lines = [
        {"id": 1, "question": ASKED, "filter": {"publisher": "Nordlys"}},
        {"id": 2, "question": ASKED},
        {"id": 3, "question": ASKED, "filter": {"since": "soon"}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = run(harbours, "--batch", "-", "--source", "south/*", input=text)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {p["source"].split("/")[0] for p in answers[0]["passages"]} == {"north"}
    assert {p["source"].split("/")[0] for p in answers[1]["passages"]} == {"south"}
    assert answers[2]["refused"] and "no date" in answers[2]["error"]
    assert done.exit_code == 1
