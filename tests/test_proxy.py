"""Behind a real nginx with TLS under a path, by the configuration that is documented."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from rag.assistant import Assistant
from rag.settings import load
from tests.serving import served
from ui.records import Records
from ui.service import Service
from ui.web.app import create_app

TOP = Path(__file__).resolve().parent.parent
NAME = "localhost"
PASSWORD = "correct horse"

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx on the PATH")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for NAME that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


@contextmanager
def nginx(folder: Path, behind: str) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The documented configuration in front of `behind`; its address, and who trusts it."""
    pem, private = certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = (TOP / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name wiki.example.org", f"server_name {NAME}"),
        ("/etc/ssl/certs/wiki.example.org.pem", str(pem)),
        ("/etc/ssl/private/wiki.example.org.key", str(private)),
        ("http://127.0.0.1:7860/", f"{behind}/"),
    ):
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{text}\n}}\n",
        encoding="utf-8",
    )
    command = ["nginx", "-p", str(folder), "-e", f"{folder}/error.log", "-c", "nginx.conf"]
    process = subprocess.Popen(command)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < end
                time.sleep(0.05)
        yield f"https://{NAME}:{port}/ask", ssl.create_default_context(cafile=str(pem))
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def proxied(assistant: Assistant, folder: Path, **guard: Any) -> Iterator[httpx.Client]:
    settings = load(
        {}, folder, library=folder, root_path="/ask/", server_names=NAME,
        trusted_proxies="127.0.0.1", **guard,
    )  # fmt: skip
    app = create_app(Service(assistant, Records(folder)), settings=settings)
    with (
        served(app) as behind,
        nginx(folder, behind) as (address, trust),
        httpx.Client(base_url=address, verify=trust, trust_env=False, timeout=60) as client,
    ):
        yield client


def test_the_page_works_under_a_path_with_tls(
    assistant: Assistant, answered: str, browser: Browser, tmp_path: Path
) -> None:
    with proxied(assistant, tmp_path, password=PASSWORD) as client:
        context = browser.new_context(ignore_https_errors=True)
        page, failed = context.new_page(), []
        page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
        page.goto(str(client.base_url))
        assert page.url.endswith("/ask/login?next=/")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        box = page.locator("textarea").first
        box.wait_for(timeout=60_000)
        assert page.url.endswith("/ask/")
        box.fill(answered)
        box.press("Enter")
        quote = assistant.answer(answered).citations[0].quote.text[:40]
        expect(page.get_by_text(quote).first).to_be_visible(timeout=60_000)
        [cookie] = context.cookies()
        assert (cookie["path"], cookie["secure"], cookie["httpOnly"]) == ("/ask", True, True)
        assert not [url for url in failed if "favicon" not in url], failed
        context.close()


def test_the_api_works_under_a_path_with_tls(
    assistant: Assistant, answered: str, tmp_path: Path
) -> None:
    key = {"Authorization": f"Bearer {'k' * 20}"}
    with proxied(assistant, tmp_path, access_keys="k" * 20) as client:
        body = {"question": answered}
        assert client.post("/api/ask", json=body, headers=key).json()["citations"]
        with client.stream("POST", "/api/ask", json=body | {"stream": True}, headers=key) as got:
            assert any(line == "event: answer" for line in got.iter_lines())
        assert client.post("/api/ask", json=body).status_code == 401
        docs = client.get("/api/docs", headers={**key, "Accept": "text/html"}).text
        assert f"curl {client.base_url}api/ask" in docs
        described = client.get("/api/openapi.json", headers=key).json()
        assert described["servers"] == [{"url": "/ask"}]
        gone = client.get("/api/nothing", headers=key)
        assert gone.json()["error"]["message"].startswith("no such way in")


def test_readers_are_told_apart_and_named_by_the_proxy_alone(
    assistant: Assistant, answered: str, tmp_path: Path
) -> None:
    with proxied(assistant, tmp_path, user_header="X-Forwarded-User") as client:
        # nginx signs nobody in here, and passes on no name that a client claims.
        forged = {"X-Forwarded-User": "root", "X-Forwarded-For": "127.0.0.1"}
        got = client.post("/api/ask", json={"question": answered}, headers=forged)
        assert got.status_code == 401
