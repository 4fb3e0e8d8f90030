"""Every error Pullquote raises on purpose.

PullquoteError              whatever a person can mend; its text says how
├── UsageError              the request itself is wrong: ask differently
├── SettingsError           a setting is unknown or has a value it cannot have
├── ArticleError            one article cannot be read; the others can
├── LibraryError            the library cannot be opened or written
│   ├── LibraryBusyError    another process is writing: wait, then try again
│   └── ModelMismatchError  the library was made with another embedding model
├── EmbeddingError          the embedding model is missing or damaged
├── ModelError              the chat model did not answer; quotes mode does
│   ├── ModelUnreachableError  nothing answers at the endpoint: is it running?
│   ├── ModelTimeoutError   it took longer than the deadline
│   ├── ModelBusyError      it turned us away for now: a rate limit, or overload
│   ├── ModelRefusedError   it turned us away for good: the key, or the model's name
│   ├── ContextLengthError  the prompt is longer than it takes
│   └── ModelAnswerError    it answered, but not with anything that can be read
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


class ModelError(PullquoteError):
    """The chat model did not answer."""


class ModelUnreachableError(ModelError):
    """Nothing answers at the endpoint."""


class ModelTimeoutError(ModelError):
    """The model took longer than the deadline."""


class ModelBusyError(ModelError):
    """The endpoint turned the request away for now."""


class ModelRefusedError(ModelError):
    """The endpoint turned the request away for good."""


class ContextLengthError(ModelError):
    """The prompt is longer than the model takes."""


class ModelAnswerError(ModelError):
    """The model's answer cannot be read."""


class NotFoundError(PullquoteError):
    """No such article in the library."""
