"""Fifty readers at once: how long they wait, whether anything fails, whether memory stays flat.

    python -m tests.loading                 # 50 readers, two minutes, the example articles
    python -m tests.loading --rate 1000     # one client sending so many requests a second

Starts a server of its own on a free port of 127.0.0.1, and asks it in quotes mode. The readers run
on the same machine, and take their share of its processors.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
KEY = "loading-the-server-0123456789"


def resident(process: int) -> float:
    """The memory of `process` that is in use, in megabytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


@contextmanager
def server(**settings: str) -> Iterator[tuple[int, int]]:
    """A `pullquote serve` over the example articles: its process and its port."""
    with tempfile.TemporaryDirectory() as folder:
        own = {f"PULLQUOTE_{name.upper()}": value for name, value in settings.items()}
        command = [sys.executable, "-c", "from ui.cli import main; main()"]
        process = subprocess.Popen(
            [*command, "serve", str(TOP / "examples" / "articles"), "--library", folder,
             "--mode", "quotes", "--port", "0", "--no-open"],
            cwd=TOP, env={**os.environ, **own}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr
            for line in process.stderr:
                if line.startswith("Pullquote is at"):
                    break
            else:
                raise RuntimeError("the server did not start")
            yield process.pid, int(line.rstrip("/\n").rpartition(":")[2])
        finally:
            process.terminate()
            process.wait(20)


class Connection:
    """One kept connection that sends requests one after another."""

    def __init__(self, port: int, key: str = "") -> None:
        self._port = port
        self._head = f"Authorization: Bearer {key}\r\n" if key else ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, method: str, path: str, body: bytes = b"") -> int:
        """Send one request, read its response whole, and give its status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self._head}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert length, head
        await reader.readexactly(int(length[1]))
        if b"connection: close" in head.lower():
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def questions() -> list[bytes]:
    lines = (TOP / "examples/questions/articles.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.dumps({"question": json.loads(line)["question"]}).encode() for line in lines]


async def readers(port: int, process: int, count: int, seconds: float) -> int:
    bodies, waits, statuses = questions(), list[float](), Counter[object]()
    first = Connection(port)
    for body in bodies:  # every question once, so that what is kept in memory is there
        await first.send("POST", "/api/ask", body)
    start = time.monotonic()
    end = start + seconds
    memory = {0: resident(process)}

    async def reader(number: int) -> None:
        connection, turn = Connection(port), number
        while time.monotonic() < end:
            begun = time.monotonic()
            try:
                status: object = await connection.send(
                    "POST", "/api/ask", bodies[turn % len(bodies)]
                )
            except (OSError, EOFError) as error:
                status = type(error).__name__
                connection.close()
            statuses[status] += 1
            waits.append(time.monotonic() - begun)
            turn += count
        connection.close()

    async def watch() -> None:
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(30.0, left))
            memory[round(time.monotonic() - start)] = resident(process)

    await asyncio.gather(watch(), *(reader(n) for n in range(count)))
    waits.sort()
    print(
        f"{count} readers, {seconds:g} s: {len(waits)} answers, {len(waits) / seconds:.1f} a second"
    )
    print(f"statuses: {dict(statuses)}")
    for share in (0.5, 0.95, 0.99):
        print(f"{share:.0%} within {waits[int(share * (len(waits) - 1))]:.3f} s")
    print(f"longest {waits[-1]:.3f} s")
    print("memory: " + ", ".join(f"{mb:.0f} MB after {at} s" for at, mb in memory.items()))
    print(f"load of the machine, last minute: {os.getloadavg()[0]:.1f}")
    grown = max(memory.values()) / memory[0]
    return 0 if set(statuses) == {200} and grown < 1.15 else 1


async def flood(port: int, process: int, rate: int, seconds: float) -> int:
    """One client, let in, sends `rate` requests a second; then another one asks."""
    body, statuses, pool = (
        questions()[0],
        Counter[int](),
        [Connection(port, KEY) for _ in range(40)],
    )
    before, start = resident(process), time.monotonic()

    async def send(connection: Connection, number: int) -> None:
        for turn in range(number, round(rate * seconds), len(pool)):
            await asyncio.sleep(start + turn / rate - time.monotonic())
            statuses[await connection.send("POST", "/api/ask", body)] += 1

    await asyncio.gather(*(send(c, n) for n, c in enumerate(pool)))
    took = time.monotonic() - start
    begun = time.monotonic()
    other = await Connection(port, f"{KEY}-other").send("POST", "/api/ask", body)
    sent = sum(statuses.values())
    print(f"{sent} requests in {took:.1f} s: {sent / took:.0f} a second")
    print(f"statuses: {dict(statuses)}")
    print(f"another reader then: {other} after {time.monotonic() - begun:.3f} s")
    print(f"memory: {before:.0f} MB before, {resident(process):.0f} MB after")
    print(f"load of the machine, last minute: {os.getloadavg()[0]:.1f}")
    return 0 if set(statuses) <= {200, 429} and other == 200 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=int, help="flood it with so many requests a second instead")
    given = parser.parse_args()
    if given.rate:
        with server(access_keys=f"one={KEY},two={KEY}-other") as (process, port):
            return asyncio.run(flood(port, process, given.rate, min(given.seconds, 20)))
    with server() as (process, port):
        return asyncio.run(readers(port, process, given.readers, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
