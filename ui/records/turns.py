"""The conversation that a kept answer was a turn of."""

from __future__ import annotations

import json

from ui.records import Record, Records


def history_before(records: Records, record: Record) -> list[dict[str, str]]:
    """What was said before `record`, as OpenAI-style messages, oldest first."""
    if not record.conversation:
        return []
    rows = records.db.execute(
        "SELECT question, body FROM answers WHERE conversation = ?"
        " AND rowid < (SELECT rowid FROM answers WHERE id = ?) ORDER BY rowid",
        (record.conversation, record.id),
    )
    return [
        {"role": role, "content": content}
        for question, body in rows
        for role, content in (
            ("user", question),
            ("assistant", json.loads(body)["answer"]["answer"]),
        )
    ]
