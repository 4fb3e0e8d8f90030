"""The one place that reads the environment and ``pullquote.toml``.

Flags win over variables, variables over the file, the file over the defaults.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from rag.errors import SettingsError

PREFIX = "PULLQUOTE_"
FILE = "pullquote.toml"
# Where the field has a name of its own, we read that name.
_STANDARD_NAMES = {"api_key": "OPENAI_API_KEY", "base_url": "OPENAI_BASE_URL"}


@dataclasses.dataclass(frozen=True, slots=True)
class Secret:
    """A string that does not show itself when printed by accident."""

    value: str = dataclasses.field(default="", repr=False)

    def __str__(self) -> str:
        return "…" if self.value else ""

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.

    library          folder of the library
    embedding_model  "" for the packaged model, or a folder with model.onnx and tokenizer.json
    passage_tokens   budget of a passage in tokens of the embedding model
    max_article_mb   larger files are refused, in megabytes
    read_seconds, read_memory_mb  what reading one page, PDF or Word file may take
    fetch_seconds    what fetching one page may take
    fetch_delay      seconds between two pages of one site
    allow_hosts      hosts and networks on private addresses that may be fetched from, with commas
    max_question     longest question that is answered, in characters
    candidates       passages fetched from each index before fusion
    quotes           most quotes in one answer
    second_look      whether a reader reads the best units beside the question
    model            name of the chat model; "" for what the endpoint offers, or for none
    api_key, base_url  the OpenAI-compatible endpoint
    embedding_endpoint_model  name of an embedding model there; "" to embed on this machine
    model_deadline   seconds that a model's answer may take, retries included
    model_retries    how often a call is tried again that failed for now
    temperature      0 for the model's likeliest words
    max_tokens       longest answer of the model, in tokens
    context_tokens   what the model takes, prompt and answer together, in tokens
    evidence_shown   most numbered evidence in a prompt
    prices           "model=in:out, …": what a million tokens cost, in and out
    host, port       where `serve` listens
    insecure         whether it may listen where others reach it, with no access control
    password         what readers sign in with
    access_keys      keys of programs, with commas: "key" or "name=key"
    token_secret     what a wiki's side signs short-lived tokens with
    user_header      the header in which a trusted proxy names the reader
    trusted_proxies  addresses and networks of such proxies, with commas
    server_names     host names that the server is reached under, with commas, beside its address
    root_path        the path under which a proxy serves it, such as /ask
    frame_ancestors  origins whose pages may frame it, with commas
    cors_origins     origins whose scripts may call the API, with commas
    questions_per_minute, requests_per_minute  what one reader may ask, and send in all; 0: no limit
    max_body_kb      larger requests are refused, in kilobytes
    body_seconds     what sending a request may take
    answers_at_once, answers_waiting  how many questions are answered, and wait, at one time
    log              "json" for a line of JSON on each request and answer
    log_questions    whether that has the questions' text
    uploads          whether readers may add and remove articles on the page: on, off, or "" for
                     where only this machine can reach it
    max_upload_mb    larger uploaded files are refused, in megabytes
    keep_days        answers that nobody gave a verdict on are forgotten after so many days; with 0
                     none is kept
    """

    library: Path = Path()
    embedding_model: str = ""
    passage_tokens: int = 180
    max_article_mb: float = 10.0
    read_seconds: float = 60.0
    read_memory_mb: int = 1500
    fetch_seconds: float = 30.0
    fetch_delay: float = 1.0
    allow_hosts: str = ""
    max_question: int = 4000
    candidates: int = 40
    quotes: int = 3
    second_look: bool = True
    model: str = ""
    api_key: Secret = Secret()
    base_url: str = ""
    embedding_endpoint_model: str = ""
    model_deadline: float = 60.0
    model_retries: int = 2
    temperature: float = 0.0
    max_tokens: int = 400
    context_tokens: int = 8192
    evidence_shown: int = 6
    prices: str = ""
    host: str = "127.0.0.1"
    port: int = 7860
    insecure: bool = False
    password: Secret = Secret()
    access_keys: Secret = Secret()
    token_secret: Secret = Secret()
    user_header: str = ""
    trusted_proxies: str = ""
    server_names: str = ""
    root_path: str = ""
    frame_ancestors: str = ""
    cors_origins: str = ""
    questions_per_minute: int = 60
    requests_per_minute: int = 1200
    max_body_kb: int = 256
    body_seconds: float = 20.0
    answers_at_once: int = 8
    answers_waiting: int = 100
    log: str = ""
    log_questions: bool = False
    uploads: str = ""
    max_upload_mb: float = 100.0
    keep_days: int = 365

    @property
    def public(self) -> bool:
        """Whether others than this machine reach the server, as far as the settings tell."""
        names = self.server_names.replace(",", " ").split()
        proxied = self.trusted_proxies or self.root_path or self.user_header
        return bool(proxied) or not all(map(is_loopback, (self.host, *names)))

    @property
    def may_upload(self) -> bool:
        """Whether readers may add articles and remove them, as far as the settings say."""
        return self.uploads == "on" or (not self.uploads and not self.public)

    @property
    def model_chosen(self) -> bool:
        """Whether a model shall be asked: one is named, or there is an endpoint or a key."""
        return bool(self.model or self.api_key or self.base_url)

    def price(self, model: str) -> tuple[float, float] | None:
        """What a million tokens in and out of `model` cost; None where `prices` has no such.

        Raises:
            SettingsError: `prices` is not of the form ``model=in:out, …``.
        """
        for entry in filter(None, (e.strip() for e in self.prices.split(","))):
            name, _, cost = entry.rpartition("=")
            try:
                into, out = (float(c) for c in cost.split(":"))
            except ValueError:
                into = out = -1.0
            if not name or into < 0 or out < 0:
                raise SettingsError(f"prices: {entry!r} is not of the form model=in:out")
            if name.strip() == model:
                return into, out
        return None


_BOUNDS: dict[str, tuple[float, float]] = {
    "passage_tokens": (32, 480),
    "max_article_mb": (0.001, 1000),
    "read_seconds": (1, 3600),
    "read_memory_mb": (300, 64_000),
    "fetch_seconds": (1, 600),
    "fetch_delay": (0, 60),
    "max_question": (10, 100_000),
    "candidates": (10, 1000),
    "quotes": (1, 10),
    "port": (0, 65535),
    "model_deadline": (1, 3600),
    "model_retries": (0, 10),
    "temperature": (0, 2),
    "max_tokens": (16, 16_384),
    "context_tokens": (512, 4_000_000),
    "evidence_shown": (1, 40),
    "questions_per_minute": (0, 100_000),
    "requests_per_minute": (0, 1_000_000),
    "max_body_kb": (16, 100_000),
    "body_seconds": (0.1, 600),
    "answers_at_once": (1, 256),
    "answers_waiting": (0, 10_000),
    "max_upload_mb": (0.001, 10_000),
    "keep_days": (0, 36_500),
}
_CHOICES: dict[str, tuple[str, ...]] = {"log": ("", "json"), "uploads": ("", "on", "off")}
_TRUTH = {"true": True, "yes": True, "on": True, "1": True,
          "false": False, "no": False, "off": False, "0": False}  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def default_library() -> Path:
    """The per-user folder for the library, where no other is named."""
    import platformdirs

    return Path(platformdirs.user_data_dir("pullquote", appauthor=False)) / "library"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The per-user folder for what can be made again, such as the prepared model."""
    import platformdirs

    return Path(
        environ.get("PULLQUOTE_CACHE") or platformdirs.user_cache_dir("pullquote", appauthor=False)
    )


def _convert(name: str, value: object, origin: str) -> Any:
    """`value` as the type of the field `name`, or a SettingsError that names `origin`."""
    default = getattr(_DEFAULTS, name)
    if isinstance(default, Path):
        return Path(str(value)).expanduser()
    if isinstance(default, bool):
        if str(value).lower() not in _TRUTH:
            raise SettingsError(f"{origin}: {name} must be true or false, not {value!r}")
        return _TRUTH[str(value).lower()]
    try:
        if isinstance(value, bool):
            raise ValueError("a truth value")
        converted = type(default)(str(value))
    except ValueError:
        kind = type(default).__name__
        raise SettingsError(f"{origin}: {name} must be a {kind}, not {value!r}") from None
    if name in _BOUNDS:
        low, high = _BOUNDS[name]
        if not low <= converted <= high:
            raise SettingsError(f"{origin}: {name} must be from {low:g} to {high:g}, not {value!r}")
    if converted not in _CHOICES.get(name, (converted,)):
        choices = " or ".join(filter(None, _CHOICES[name]))
        raise SettingsError(f"{origin}: {name} must be {choices}, not {value!r}")
    return converted


_DEFAULTS = Settings()


def load(environ: Mapping[str, str], folder: Path | None = None, **flags: object) -> Settings:
    """The settings in force.

    Args:
        environ: the environment, as a parameter so that tests need not change the real one.
        folder: where ``pullquote.toml`` is looked for; the current folder by default.
        flags: values from the command line; None means not given.

    Raises:
        SettingsError: an unknown name, or a value of the wrong type or out of range.
    """
    names = {f.name for f in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    path = (folder or Path.cwd()) / FILE
    if path.is_file():
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{path}: {error}") from error
        for key, value in content.items():
            if key not in names:
                raise SettingsError(
                    f"{path}: unknown setting {key!r}; known: {', '.join(sorted(names))}"
                )
            values[key] = _convert(key, value, str(path))
    for variable, value in environ.items():
        key = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and variable != "PULLQUOTE_CACHE" and value:
            if key not in names or key in _STANDARD_NAMES:
                known = ", ".join(sorted(PREFIX + n.upper() for n in names - set(_STANDARD_NAMES)))
                raise SettingsError(f"unknown variable {variable}; known: {known}")
            values[key] = _convert(key, value, variable)
    for key, variable in _STANDARD_NAMES.items():
        if environ.get(variable):
            values[key] = _convert(key, environ[variable], variable)
    for key, value in flags.items():
        if value is not None:
            values[key] = _convert(key, value, f"--{key.replace('_', '-')}")
    if "library" not in values:
        values["library"] = default_library()
    settings = Settings(**values)
    settings.price("")  # says so now where they cannot be read
    return settings
