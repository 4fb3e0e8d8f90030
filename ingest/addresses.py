"""Which addresses of the network may be fetched from.

A page that someone else wrote must not make this machine ask its own network for something. So
names are resolved here, each address is looked at, and the connection goes to the very address
that was looked at: a name that resolves to another one a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore

from rag.errors import SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedError(Exception):
    """A host has no address, or none that may be connected to."""


class Allowed:
    """The hosts and networks that may be fetched from although they are private."""

    def __init__(self, entries: str) -> None:
        """Read host names, addresses and networks (``10.0.0.0/8``), with commas between.

        Raises:
            SettingsError: an entry has a slash and is no network.
        """
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for entry in filter(None, (e.strip().lower() for e in entries.split(","))):
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                if "/" in entry:
                    raise SettingsError(f"allow_hosts: {entry!r} is no network") from None
                self._hosts.add(entry)

    def checked(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be connected to.

        Raises:
            RefusedError: it has none, or none that may be.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RefusedError(f"no such host as {host} ({error})") from error
        addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
        good = [a for a in addresses if self._may(host, ipaddress.ip_address(a))]
        if not good:
            where = "" if host == addresses[0] else f" ({addresses[0]})"
            raise RefusedError(
                f"{host} is on a private network{where}, which is not fetched from; "
                f"to allow it, set PULLQUOTE_ALLOW_HOSTS={host} (allow_hosts in pullquote.toml)"
            )
        return good

    def _may(self, host: str, address: Address) -> bool:
        if host.lower() in self._hosts or any(address in n for n in self._networks):
            return True
        return all(a.is_global and not a.is_multicast for a in _all_forms(address))


def _all_forms(address: Address) -> Iterable[Address]:
    """An address, and the IPv4 address that an IPv6 one may carry to the other network."""
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        yield from (a for a in carried if a is not None)


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to no others."""

    def __init__(self, allowed: Allowed) -> None:
        self._allowed = allowed
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """Connect to the first address of `host` that is allowed and answers.

        Raises:
            RefusedError: none is allowed.
            httpcore.ConnectError: none answers.
        """
        error: httpcore.ConnectError | None = None
        for address in self._allowed.checked(host, port):
            try:
                return self._plain.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as failed:
                error = failed
        raise error or httpcore.ConnectError(f"no address of {host} answers")
