"""When to ingest again: at each change of files, and from time to time for the web."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

# Pages of the web do not tell when they change; feeds are commonly asked so often.
_WEB_SECONDS = 900.0
_WAKE_MS = 1_000


def rounds(paths: Sequence[Path], library: Path, online: bool) -> Iterator[None]:
    """One for the start, then one for each change below `paths`, until Ctrl-C.

    Args:
        paths: files and folders that are there.
        library: the library's folder, whose own changes do not count.
        online: whether there are pages of the web to look at from time to time too.
    """
    from watchfiles import Change, DefaultFilter, watch

    own = str(library.resolve())

    class Filter(DefaultFilter):
        def __call__(self, change: Change, path: str) -> bool:
            hidden = any(part.startswith(".") for part in Path(path).parts[len(common) :])
            return not hidden and not Path(path).is_relative_to(own) and super().__call__(
                change, path
            )  # fmt: skip

    # A file is watched by its folder, since editors put a new file in the place of the old.
    folders = {p.resolve() if p.is_dir() else p.resolve().parent for p in paths}
    common = min((f.parts for f in folders), key=len, default=())
    yield
    if not folders:
        while True:
            time.sleep(_WEB_SECONDS)
            yield
    last = time.monotonic()
    # What changed between the first look and the start of watching is not told: look once more.
    unseen = True
    for changes in watch(
        *folders, watch_filter=Filter(), yield_on_timeout=True, rust_timeout=_WAKE_MS,
        raise_interrupt=False,
    ):  # fmt: skip
        due = online and time.monotonic() - last >= _WEB_SECONDS
        if changes or due or unseen:
            last = time.monotonic() if due else last
            unseen = False
            yield
