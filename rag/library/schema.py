"""How the catalogue is laid out."""

from __future__ import annotations

SCHEMA_VERSION = 3
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, revision TEXT NOT NULL, text TEXT NOT NULL,
  markdown INTEGER NOT NULL, given TEXT NOT NULL, title TEXT, publisher TEXT, author TEXT,
  published TEXT, url TEXT, updated TEXT, language TEXT, story INTEGER NOT NULL DEFAULT 0,
  signature BLOB NOT NULL DEFAULT x'', house TEXT NOT NULL DEFAULT '',
  marked TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS articles_revision ON articles(revision);
CREATE INDEX IF NOT EXISTS articles_about ON articles(published, publisher);
CREATE INDEX IF NOT EXISTS articles_story ON articles(story);
CREATE INDEX IF NOT EXISTS articles_house ON articles(house);
CREATE TABLE IF NOT EXISTS sources (
  path TEXT PRIMARY KEY, source TEXT NOT NULL UNIQUE, container TEXT NOT NULL,
  file_hash TEXT NOT NULL, mark TEXT NOT NULL,
  article INTEGER NOT NULL REFERENCES articles(id));
CREATE INDEX IF NOT EXISTS sources_article ON sources(article);
CREATE INDEX IF NOT EXISTS sources_container ON sources(container);
CREATE TABLE IF NOT EXISTS failures (
  path TEXT PRIMARY KEY, source TEXT NOT NULL, container TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS passages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  article INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
  start INTEGER NOT NULL, "end" INTEGER NOT NULL, lead TEXT NOT NULL, units BLOB NOT NULL,
  vector BLOB NOT NULL, unit_vectors BLOB NOT NULL, change INTEGER NOT NULL,
  generation INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS passages_article ON passages(article);
CREATE INDEX IF NOT EXISTS passages_change ON passages(change);
CREATE INDEX IF NOT EXISTS passages_generation ON passages(generation);
CREATE TABLE IF NOT EXISTS removed (passage INTEGER PRIMARY KEY, change INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS removed_change ON removed(change);
CREATE TABLE IF NOT EXISTS bands (
  band INTEGER NOT NULL, article INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
  PRIMARY KEY (band, article)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bands_article ON bands(article);
CREATE TABLE IF NOT EXISTS lines (
  house TEXT NOT NULL, line INTEGER NOT NULL,
  article INTEGER NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
  PRIMARY KEY (house, line, article)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lines_article ON lines(article);
CREATE TABLE IF NOT EXISTS unsettled (
  kind TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
"""
# The generation of passages that is searched; reindex builds the next one beside it.
GENERATION = "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation')"
# The same of one article's passages: without the plus, SQLite looks for them among all passages of
# the generation, which takes the longer the larger the library is.
IN_GENERATION = f"+generation = {GENERATION}"
METADATA = "title, publisher, author, published, url, updated, language"
