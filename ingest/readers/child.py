"""The child process of `guard`: reads one article after the other from its standard input."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

from ingest.readers import forms
from ingest.readers.document import to_dict
from rag.errors import ArticleError


def main(megabytes: int) -> None:
    """Answer requests, a line of JSON and the article's bytes each, until the input ends."""
    # Ctrl-C is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(megabytes)
    # What a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        name = request["name"]
        try:
            data = sys.stdin.buffer.read(request["size"])
            document = forms.read(request["form"], data, name, request["options"])
            answer = json.dumps(to_dict(document))
        except ArticleError as error:
            answer = json.dumps({"error": str(error)})
        except MemoryError:
            # Memory may be in pieces now: the parent starts another child.
            os._exit(3)
        except RecursionError:
            answer = json.dumps({"error": f"{name}: nested too deep to be an article"})
        except Exception as error:
            kind = type(error).__name__
            answer = json.dumps({"error": f"{name}: damaged ({kind}: {str(error)[:200]})"})
        answers.write(answer.encode() + b"\n")
        answers.flush()


def _limit_memory(megabytes: int) -> None:
    # Where the system has no such limit (Windows), the limit of time is what remains.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        size = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
