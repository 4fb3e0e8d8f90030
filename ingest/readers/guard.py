"""Reading in a child process, within limits of time and memory.

A hostile or broken file can make a parser loop, take all memory or crash. In a child it fails
alone: it is ended, the file is refused with the reason, and the next one gets a new child.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingest.readers import forms
from ingest.readers.document import Document, from_dict
from rag.errors import ArticleError


class Guard:
    """Reads articles; those of risky forms in a child that is kept from one to the next."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        """Limits for one article: `seconds` of time, `megabytes` of the child's memory."""
        self._seconds = seconds
        self._megabytes = megabytes
        self._child: subprocess.Popen[bytes] | None = None

    def read(self, form: str, data: bytes, name: str, options: Mapping[str, str]) -> Document:
        """The article in `data`; arguments as for `forms.read`.

        Raises:
            ArticleError: it cannot be read, or not within the limits.
        """
        if form not in forms.GUARDED:
            return forms.read(form, data, name, options)
        child = self._started()
        request = json.dumps({"form": form, "name": name, "options": dict(options),
                              "size": len(data)}).encode()  # fmt: skip
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self._seconds, stop)
        timer.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(request + b"\n")
            child.stdin.write(data)
            child.stdin.flush()
            line = child.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
        if late.is_set() or not line.endswith(b"\n"):
            self.close()
            reason = (
                f"not read within {self._seconds:g} s (read_seconds)" if late.is_set()
                else f"its reader broke down, or needed more than {self._megabytes:,} MB "
                     "(read_memory_mb)"
            )  # fmt: skip
            raise ArticleError(f"{name}: {reason}")
        answer = json.loads(line)
        if "error" in answer:
            raise ArticleError(answer["error"])
        return from_dict(answer)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            # The folder that holds the rooms, so that the child finds them however we were started.
            home = str(Path(__file__).resolve().parents[2])
            program = (
                f"import sys; sys.path.insert(0, {home!r}); "
                f"from ingest.readers.child import main; main({self._megabytes})"
            )
            self._child = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._child

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is None:
            return
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._child.wait()
        self._child = None


@contextlib.contextmanager
def guarded(seconds: float, megabytes: int) -> Iterator[Guard]:
    """A guard that is closed in the end."""
    guard = Guard(seconds, megabytes)
    try:
        yield guard
    finally:
        guard.close()
