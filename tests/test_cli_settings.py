"""The command line's help, and settings by flag, variable and file."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ui.cli import main


def test_help_has_examples_and_names_every_command():
    text = CliRunner().invoke(main, ["--help"]).stdout
    assert all(c in text for c in ("ingest", "ask", "serve", "status", "show", "remove"))
    for command in ("ingest", "ask", "serve"):
        assert "Examples:" in CliRunner().invoke(main, [command, "--help"]).stdout


@pytest.mark.parametrize(("content", "says"), [
    ("colour = 'red'", "unknown setting 'colour'"),
    ("port = 'high'", "port must be a int"),
    ("port = ", "pullquote.toml"),
])  # fmt: skip
def test_a_wrong_settings_file_is_named(tmp_path, monkeypatch, content, says):
    (tmp_path / "pullquote.toml").write_text(content)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 2 and says in result.stderr


def test_flags_win_over_variables_over_the_file(tmp_path):
    from rag.settings import load

    (tmp_path / "pullquote.toml").write_text("port = 1\nhost = 'file'\nlibrary = 'file'")
    environ = {"PULLQUOTE_PORT": "2", "PULLQUOTE_HOST": "variable", "OPENAI_API_KEY": "secret-key"}
    settings = load(environ, tmp_path, port=3, host=None)
    assert (settings.port, settings.host, settings.library) == (3, "variable", Path("file"))
    assert settings.api_key.value == "secret-key" and "secret-key" not in repr(settings)
