"""Pages of wikis: links, dumps of MediaWiki, a wiki kept in Git."""

import bz2
import gzip
import shutil
import subprocess

import pytest

from ingest.containers import members
from ingest.job import ingest
from ingest.readers.forms import read
from ingest.readers.wikitext import read_wikitext
from rag.assistant import Assistant
from tests.documents import DATA


@pytest.mark.parametrize(("wikitext", "words"), [
    ("She sails from [[Mission: Landing]] to [[Port|the port]]s.",
     "She sails from Mission: Landing to the ports."),
    ("See [[Help:Editing]], [[:Category:Ships]] and [[wikt:ferry|ferry]].",
     "See Help:Editing, Category:Ships and ferry."),
    ("[[File:Wren.jpg|thumb]] [[image:a.png|left|At the [[quay]]]] She sank.", "She sank."),
    ("She [[Datei:Wren.jpg|mini]] sank.\n[[Kategorie:Schiffe|Wren]]\n[[Category:Ships]]",
     "She sank."),
    ("She sank. [[de:Fähre]] [[zh-min-nan:Fähre]]", "She sank."),
])  # fmt: skip
def test_links_of_a_wiki_are_the_words_that_it_shows(wikitext, words):
    text = read_wikitext(wikitext, "Ferry", "a", ("Datei", "Kategorie")).text
    assert " ".join(text.partition("\n\n")[2].split()) == words


def test_a_dumps_own_names_of_pictures_and_categories_are_known(tmp_path):
    dump = (
        "<mediawiki><siteinfo><namespaces><namespace key='6'>Datei</namespace><namespace key='14'>"
        "Kategorie</namespace></namespaces></siteinfo><page><title>Ferry</title><ns>0</ns><revision>"
        "<timestamp>2025-01-01T00:00:00Z</timestamp><text>She sank. [[Kategorie:Schiffe]] "
        "[[Datei:Wren.jpg|mini]]</text></revision></page></mediawiki>"
    )
    (tmp_path / "dump.xml").write_text(dump)
    (member,) = members(tmp_path / "dump.xml", "xml", 10, False)
    loaded = member.load()
    text = read(loaded.form, loaded.data, "a", loaded.options).text
    assert text.strip() == "# Ferry\n\nShe sank."


def test_a_dump_of_a_real_wiki_gives_its_content_pages(library, embedder, settings, tmp_path):
    dump = (DATA / "mediawiki-dump.xml").read_bytes()
    (tmp_path / "plain.xml").write_bytes(dump)
    (tmp_path / "packed.xml.gz").write_bytes(gzip.compress(dump))
    (tmp_path / "packed.xml.bz2").write_bytes(bz2.compress(dump))
    summary = ingest([tmp_path / "packed.xml.bz2"], library, embedder, settings)
    pages = {"Ferry Marsh Wren", "Pilotage rules", "Main Page", "Harbour Wiki:House style"}
    assert set(summary.added) == {f"packed.xml.bz2#{p}" for p in pages}
    # A page of templates alone is told of; talk, templates, categories and redirects are not.
    assert [s for s, _ in summary.failed] == ["packed.xml.bz2#Empty shell"]
    ferry = library.article("packed.xml.bz2#Ferry Marsh Wren")
    # The last revision counts, and what templates that wrap words say is kept.
    assert "The crossing takes 11 min and is 1.9 km long." in ferry.text
    assert "Draft." not in ferry.text and "Courier, 14 March" not in ferry.text
    assert "    - Hourly on Sundays" in ferry.text and "| Adult | £3.20 | £5.50 |" in ferry.text
    assert "```\nwrenctl battery --show\nwrenctl battery --balance\n```" in ferry.text
    assert ferry.metadata.publisher == "Harbour Wiki" and ferry.metadata.updated
    assert ferry.metadata.url == "http://127.0.0.1:8099/index.php/Ferry_Marsh_Wren"
    # The same pages from the other files are the same articles.
    again = ingest([tmp_path], library, embedder, settings)
    assert library.count()[0] == 4 and len(again.duplicates) == 8
    answer = Assistant(library, embedder, settings).answer(
        "How many people does the Marsh Wren carry?"
    )
    assert "She carries 84 people" in answer.text


def test_a_git_backed_wiki_is_read_without_its_repository(library, embedder, settings, tmp_path):
    """Pages as An Otter Wiki 2.26 wrote them; links between them stay as they were written."""
    wiki = tmp_path / "wiki"
    shutil.copytree(DATA / "otterwiki", wiki)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-C", str(wiki)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Three pages"]):
        subprocess.run([*git, *command], check=True)
    summary = ingest([wiki], library, embedder, settings)
    assert sorted(summary.added) == ["ferry.md", "ferry/fares.md", "pilotage.md"]
    article = library.article("ferry.md")
    assert article.text == (wiki / "ferry.md").read_text()
    assert "[[Pilotage|the rules]]" in article.text
    answer = Assistant(library, embedder, settings).answer("Which ships take a pilot?")
    assert "Ships longer than 70 metres take a pilot" in answer.text
