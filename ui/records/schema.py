"""How the records are laid out: answers as they were given, and what readers said of them."""

from __future__ import annotations

SCHEMA_VERSION = 2
SCHEMA = """
CREATE TABLE IF NOT EXISTS articles (
  key TEXT PRIMARY KEY, source TEXT NOT NULL, revision TEXT NOT NULL, metadata TEXT NOT NULL,
  text BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
  id TEXT PRIMARY KEY, created TEXT NOT NULL, conversation TEXT NOT NULL, who TEXT NOT NULL,
  question TEXT NOT NULL, refused INTEGER NOT NULL, filter TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS answers_created ON answers(created);
CREATE TABLE IF NOT EXISTS quoted (
  answer TEXT NOT NULL REFERENCES answers(id) ON DELETE CASCADE,
  article TEXT NOT NULL REFERENCES articles(key), PRIMARY KEY (answer, article)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS quoted_article ON quoted(article);
CREATE TABLE IF NOT EXISTS feedback (
  answer TEXT PRIMARY KEY REFERENCES answers(id) ON DELETE CASCADE, verdict TEXT NOT NULL,
  comment TEXT NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS done (
  answer TEXT PRIMARY KEY REFERENCES answers(id) ON DELETE CASCADE, created TEXT NOT NULL)
"""
