"""Two real wikis on loopback, read and written through their own forms and interfaces."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from urllib.parse import quote, urlencode

MEDIAWIKI = Path("/usr/share/mediawiki")
OTTERWIKI = Path(sys.prefix) / "otterwiki"
PASSWORD = "a-long-pass-phrase-4"


class Wiki(Protocol):
    """A wiki that a test reads and writes as a person would."""

    url: str

    def write(self, title: str, text: str) -> None: ...

    def delete(self, title: str) -> None: ...

    def page(self, title: str) -> str: ...


@dataclass
class Session:
    """Requests with the cookies of one visitor."""

    url: str
    opener: Any = field(default_factory=lambda: urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())))  # fmt: skip

    def get(self, path: str) -> str:
        return self.opener.open(self.url + path, timeout=30).read().decode()

    def post(self, path: str, fields: Mapping[str, str]) -> str:
        data = urlencode(fields).encode()
        return self.opener.open(self.url + path, data, timeout=30).read().decode()


@dataclass
class Otter:
    """An Otter Wiki, its pages written by its editor's form."""

    url: str
    repository: Path

    def page(self, title: str) -> str:
        return f"{self.url}/{quote(title)}"

    def write(self, title: str, text: str) -> None:
        self._submit(title, "edit", "save", {"content": text, "commit": "for a test"})

    def delete(self, title: str) -> None:
        self._submit(title, "delete", "delete", {"message": "for a test"})

    def _submit(self, title: str, form: str, action: str, fields: dict[str, str]) -> None:
        session = Session(self.url)
        [token, *_] = re.findall(
            r'name="csrf_token" value="([^"]+)"', session.get(f"/{quote(title)}/{form}")
        )
        session.post(f"/{quote(title)}/{action}", {"csrf_token": token, **fields})


@dataclass
class Media:
    """A MediaWiki, its pages written through its interface by its first user."""

    url: str
    api: str
    settings: Path
    session: Session

    def page(self, title: str) -> str:
        return f"{self.url}/index.php/{title.replace(' ', '_')}"

    def write(self, title: str, text: str) -> None:
        done = self._do(action="edit", title=title, text=text)
        assert done["edit"]["result"] == "Success", done

    def write_many(self, texts: Mapping[str, str]) -> None:
        """Write new pages at once, as whoever runs the wiki can."""
        with TemporaryDirectory() as folder:
            for title, text in texts.items():
                Path(folder, title).write_text(text)
            script = MEDIAWIKI / "maintenance" / "importTextFiles.php"
            subprocess.run(
                ["php", str(script), *map(str, Path(folder).iterdir())], check=True,
                env={**os.environ, "MW_CONFIG_FILE": str(self.settings)}, capture_output=True,
            )  # fmt: skip

    def delete(self, title: str) -> None:
        assert "delete" in self._do(action="delete", title=title)

    def _token(self, kind: str) -> str:
        said = json.loads(
            self.session.get(f"/api.php?action=query&meta=tokens&type={kind}&format=json")
        )
        return str(said["query"]["tokens"][f"{kind}token"])

    def log_in(self) -> None:
        fields = {"action": "login", "lgname": "Admin", "lgpassword": PASSWORD,
                  "lgtoken": self._token("login"), "format": "json"}  # fmt: skip
        said = json.loads(self.session.post("/api.php", fields))
        assert said["login"]["result"] == "Success", said

    def _do(self, **fields: str) -> dict[str, Any]:
        fields |= {"token": self._token("csrf"), "format": "json"}
        return json.loads(self.session.post("/api.php", fields))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def running(command: list[str], environ: Mapping[str, str], url: str, log: Path) -> Iterator[None]:
    """A server, from when it answers at `url` on."""
    with log.open("wb") as out:
        # A group of its own: PHP's workers outlive the one that started them.
        process = subprocess.Popen(
            command, env={**os.environ, **environ}, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            for _ in range(300):
                assert process.poll() is None, log.read_text()[-2000:]
                try:
                    urllib.request.urlopen(url, timeout=10).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise AssertionError(f"nothing answers at {url}")
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


@contextmanager
def otter_wiki(folder: Path, port: int, extra_settings: str = "") -> Iterator[Otter]:
    """An Otter Wiki in `folder`, with `extra_settings` at the end of its settings."""
    flask = OTTERWIKI / "bin" / "flask"
    assert flask.exists(), "An Otter Wiki is needed: make wikis installs it"
    repository, url = folder / "repository", f"http://127.0.0.1:{port}"
    repository.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    settings = {
        "REPOSITORY": str(repository), "SECRET_KEY": "0123456789abcdef" * 2,
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/db.sqlite", "SITE_NAME": "Quay handbook",
    }  # fmt: skip
    file = folder / "settings.cfg"
    lines = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    file.write_text(f"{lines}{extra_settings}\n")
    command = [str(flask), "--app", "otterwiki.server", "run", "--port", str(port)]
    with running(command, {"OTTERWIKI_SETTINGS": str(file)}, url, folder / "log"):
        yield Otter(url, repository)


@contextmanager
def media_wiki(folder: Path, port: int, extra_settings: str = "") -> Iterator[Media]:
    """A MediaWiki in `folder` on SQLite, with `extra_settings` at the end of LocalSettings.php."""
    assert MEDIAWIKI.is_dir(), "MediaWiki is needed: apt-get install mediawiki php-cli php-sqlite3"
    folder.mkdir(parents=True, exist_ok=True)
    settings, url = folder / "LocalSettings.php", f"http://127.0.0.1:{port}"
    environ = {"MW_CONFIG_FILE": str(settings), "PHP_CLI_SERVER_WORKERS": "4"}
    done = subprocess.run(
        ["php", str(MEDIAWIKI / "maintenance" / "install.php"), "--dbtype", "sqlite",
         "--dbpath", str(folder), "--dbname", "wiki", "--confpath", str(folder), "--server", url,
         "--scriptpath", "", "--pass", PASSWORD, "--lang", "en", "Quay wiki", "Admin"],
        env={**os.environ, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert settings.exists(), done.stdout + done.stderr
    with settings.open("a") as file:
        file.write(f"\n$wgCacheDirectory = '{folder}';\n{extra_settings}\n")
    # Settings that a test changes are in force at once.
    command = [
        "php",
        "-d",
        "opcache.revalidate_freq=0",
        "-S",
        f"127.0.0.1:{port}",
        "-t",
        str(MEDIAWIKI),
    ]
    with running(command, environ, f"{url}/api.php", folder / "log"):
        wiki = Media(url, f"{url}/api.php", settings, Session(url))
        wiki.log_in()
        yield wiki
