"""What an ingest did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Summary:
    """What an ingest did, by source; `failed` pairs a source with the reason.

    `renamed` pairs the old source of an article with its new one, `duplicates` a source with the
    one under which the same text is already stored.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    passages: int = 0
