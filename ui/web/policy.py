"""Who may come in, from where, and how much they may ask: the settings of the server, read once."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from rag.errors import SettingsError, UsageError
from rag.settings import Settings, is_loopback

Network = IPv4Network | IPv6Network
_SHORTEST = {"password": 8, "access_keys": 16, "token_secret": 32}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one server.

    `keys` has the name of each access key. `names` are the hosts that requests may name, none for
    any. `ancestors` and `origins` are web origins. `public` says whether other machines reach the
    server; `questions` and `requests` are what one reader may do in a minute.
    """

    password: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    token_secret: str = ""
    user_header: str = ""
    proxies: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()
    root_path: str = ""
    ancestors: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    questions: int = 60
    requests: int = 1200
    public: bool = False
    body_bytes: int = 256 * 1024
    body_seconds: float = 20.0

    @property
    def guarded(self) -> bool:
        """Whether somebody must show that they may come in."""
        return bool(self.password or self.keys or self.token_secret or self.user_header)

    @property
    def limited(self) -> bool:
        """Whether readers are held to so much a minute; whoever is alone is not."""
        return self.public or self.guarded

    def key_name(self, key: str) -> str | None:
        """The name of the access key `key`; None where it is none. Takes as long either way."""
        found = None
        for known, name in self.keys.items():
            if hmac.compare_digest(known.encode(), key.encode()):
                found = name
        return found

    def is_proxy(self, address: str) -> bool:
        """Whether `address` is a proxy whose word is taken."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.proxies)


def read_policy(settings: Settings) -> Policy:
    """The rules that the settings make.

    Raises:
        SettingsError: one cannot be what it is.
        UsageError: others could reach the server, and nothing says who may come in.
    """
    keys = dict(_keys(settings.access_keys.value))
    for name, given in (
        ("password", [settings.password.value]),
        ("access_keys", list(keys)),
        ("token_secret", [settings.token_secret.value]),
    ):
        if any(0 < len(secret) < _SHORTEST[name] for secret in given):
            raise SettingsError(f"{name}: too short, {_SHORTEST[name]} characters at least")
    proxies = tuple(_networks(settings.trusted_proxies))
    if settings.user_header and not proxies:
        raise SettingsError(
            "user_header: name the proxies that may set it in trusted_proxies, or anybody could"
        )
    root_path = settings.root_path.rstrip("/")
    if root_path and not root_path.startswith("/"):
        raise SettingsError(f"root_path: must begin with a slash, not {settings.root_path!r}")
    named = _words(settings.server_names)
    local = is_loopback(settings.host)
    # Where it listens for others they may come under any name, unless told which; this machine's
    # own names are nobody else's to point here.
    names = {*named, "localhost", "127.0.0.1", "::1", *((settings.host,) if local else ())}
    policy = Policy(
        password=settings.password.value,
        keys=keys,
        token_secret=settings.token_secret.value,
        user_header=settings.user_header.lower(),
        proxies=proxies,
        names=frozenset(n.lower() for n in names) if local or named else frozenset(),
        root_path=root_path,
        ancestors=tuple(_origins("frame_ancestors", settings.frame_ancestors)),
        origins=tuple(_origins("cors_origins", settings.cors_origins)),
        questions=settings.questions_per_minute,
        requests=settings.requests_per_minute,
        body_bytes=settings.max_body_kb * 1024,
        body_seconds=settings.body_seconds,
        public=settings.public,
    )
    if policy.public and not (policy.guarded or settings.insecure):
        where = settings.host if not local else "it through a proxy"
        raise UsageError(
            f"others could reach {where}, and nothing says who may ask: set password, access_keys, "
            "token_secret, or user_header with trusted_proxies (docs/deploy.md), or say --insecure "
            "to let in everybody"
        )
    return policy


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _keys(text: str) -> list[tuple[str, str]]:
    """Each key with its name; one without is called after its place."""
    found = []
    for place, entry in enumerate(filter(None, (e.strip() for e in text.split(","))), 1):
        name, equals, key = entry.partition("=")
        found.append((key, name.strip()) if equals and name.strip() else (entry, f"key {place}"))
    return found


def _networks(text: str) -> Sequence[Network]:
    try:
        return [ip_network(word, strict=False) for word in _words(text)]
    except ValueError as error:
        raise SettingsError(f"trusted_proxies: {error}") from error


def _origins(name: str, text: str) -> Sequence[str]:
    """Web origins such as https://wiki.example.org, without the slash that a person may add."""
    found = []
    for word in _words(text):
        parts = urlsplit(word.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            raise SettingsError(f"{name}: {word!r} is no origin such as https://wiki.example.org")
        if "*" in word or ";" in word:
            raise SettingsError(f"{name}: {word!r}: name each origin, without *")
        found.append(f"{parts.scheme}://{parts.netloc.lower()}")
    return found
