"""Which parts of a text are paragraphs, headings, list items, table rows and code: as spans.

Nothing is edited: a block is a span of the text as stored.
"""

from __future__ import annotations

from ingest.block import Block
from ingest.markdown import markdown_blocks
from ingest.plain import plain_blocks


def blocks(text: str, markdown: bool) -> list[Block]:
    """The blocks of `text` in order, not overlapping; between them is white space and markup."""
    return markdown_blocks(text) if markdown else plain_blocks(text)
