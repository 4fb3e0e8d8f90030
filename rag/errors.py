"""Every error Pullquote raises on purpose.

PullquoteError              whatever a person can mend; its text says how
├── UsageError              the request itself is wrong: ask differently
├── SettingsError           a setting is unknown or has a value it cannot have
├── ArticleError            one article cannot be read; the others can
├── LibraryError            the library cannot be opened or written
│   ├── LibraryBusyError    another process is writing: wait, then try again
│   └── ModelMismatchError  the library was made with another embedding model
├── EmbeddingError          the embedding model is missing or damaged
└── NotFoundError           no such article in the library

A refusal to answer is not an error: it is data on `rag.domain.Answer`.
"""


class PullquoteError(Exception):
    """Something a person can mend."""


class UsageError(PullquoteError):
    """The request itself is wrong."""


class SettingsError(PullquoteError):
    """A setting is unknown or has a value it cannot have."""


class ArticleError(PullquoteError):
    """One article cannot be read."""


class LibraryError(PullquoteError):
    """The library cannot be opened or written."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class ModelMismatchError(LibraryError):
    """The library was made with another embedding model."""


class EmbeddingError(PullquoteError):
    """The embedding model is missing or damaged."""


class NotFoundError(PullquoteError):
    """No such article in the library."""
