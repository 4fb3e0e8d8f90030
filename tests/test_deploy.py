"""What is shipped for running it: that it builds from the files named, and names what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from rag.settings import load
from ui.web.policy import read_policy
from ui.web.tokens import Tokens

TOP = Path(__file__).resolve().parent.parent
DEPLOY = TOP / "deploy"
SECRET = "a secret of thirty-two characters"


def block(language: str) -> str:
    """The code in `language` of the page on the API that mints a token."""
    text = (TOP / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    [found] = [code for code in blocks if "pullquote_token" in code]
    return str(found)


def test_a_token_minted_in_python_as_documented_lets_in() -> None:
    names: dict[str, object] = {}
    exec(block("python"), names)
    minted = names["pullquote_token"]("Zoë", SECRET)  # type: ignore[operator]
    assert Tokens(SECRET, b"x" * 32).check(minted).who == "Zoë"


@pytest.mark.skipif(shutil.which("php") is None, reason="needs php on the PATH")
def test_a_token_minted_in_php_as_documented_lets_in() -> None:
    code = f"{block('php')}\necho pullquote_token($argv[1], $argv[2]);"
    run = subprocess.run(
        ["php", "--", "Zoë", SECRET], input=code, capture_output=True, text=True, check=True
    )
    assert Tokens(SECRET, b"x" * 32).check(run.stdout).who == "Zoë"


def test_every_variable_that_is_named_is_a_setting(tmp_path: Path) -> None:
    known = {f"PULLQUOTE_{name.upper()}" for name in load({}).__dataclass_fields__}
    for path in (*DEPLOY.iterdir(), TOP / "docs" / "deploy.md"):
        named = set(re.findall(r"PULLQUOTE_[A-Z_]+", path.read_text(encoding="utf-8")))
        assert named <= known | {"PULLQUOTE_CACHE"}, path.name
    proxied = dict(
        re.findall(r"^(PULLQUOTE_\w+)=(.+)$", (TOP / "docs" / "deploy.md").read_text(), re.M)
    )
    proxied["PULLQUOTE_PASSWORD"] = "correct horse"
    policy = read_policy(load(proxied, tmp_path))
    assert (policy.root_path, policy.public, policy.guarded) == ("/ask", True, True)


def test_the_page_on_running_it_names_every_setting_of_the_server() -> None:
    text = (TOP / "docs" / "deploy.md").read_text(encoding="utf-8")
    fields = list(load({}).__dataclass_fields__)
    for name in fields[fields.index("password") : fields.index("log_questions") + 1]:
        assert f"`{name}`" in text, name


def test_the_compose_file_needs_a_password_and_opens_to_this_machine_alone() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["pullquote"]
    assert service["environment"]["PULLQUOTE_PASSWORD"].startswith("${PULLQUOTE_PASSWORD:?")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert (DEPLOY / service["build"]["context"]).resolve() == TOP
    assert (TOP / service["build"]["dockerfile"]).is_file()


def test_the_container_has_all_that_the_package_is_made_of(tmp_path: Path) -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    source.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M):
        *names, target = line.split()
        for name in names:
            if (TOP / name).is_dir():
                shutil.copytree(TOP / name, source / target, ignore=ignored)
            else:
                shutil.copy(TOP / name, source / target)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(wheels), str(source)], check=True)
    [wheel] = wheels.glob("pullquote-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name}
    rooms = [p for room in ("rag", "ingest", "ui", "eval") for p in (TOP / room).rglob("*")]
    kept = {
        path.relative_to(TOP).as_posix()
        for path in rooms
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }
    assert packed >= kept, sorted(kept - packed)


def test_the_unit_starts_what_the_command_line_has() -> None:
    unit = (DEPLOY / "pullquote.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/pullquote/bin/pullquote serve --no-open" in unit
    for line in unit.splitlines():
        assert re.match(r"^(#.*|\[\w+\]|[A-Z]\w+=.*|)$", line), line
