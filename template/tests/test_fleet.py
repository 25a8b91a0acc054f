from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*told: object, cwd: Path = ROOT) -> str:
    words = [str(word) for word in told]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fleet(*words: object) -> str:
    return run(sys.executable, "-m", "lisa_scaffold", "fleet", *words)


def test_the_settings_make_a_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yml"
    fleet("pipeline", ROOT, "--update", "", "--history-branch", "kept", "--output", path)
    assert "lisa-scaffold fleet update" in path.read_text(encoding="utf-8")


def test_a_clone_is_looked_at_and_shown(tmp_path: Path) -> None:
    clone = tmp_path / "clones" / "noise"
    clone.mkdir(parents=True)
    (clone / "README.md").write_text("# Noise\n", encoding="utf-8")
    run("git", "init", "--quiet", cwd=clone)
    run("git", "add", "README.md", cwd=clone)
    who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org")
    run("git", *who, "commit", "--quiet", "--message=Begin", cwd=clone)
    (tmp_path / "fleet.toml").write_text('folders = ["clones"]\n', encoding="utf-8")
    status, page = tmp_path / "status.json", tmp_path / "page.html"
    fleet("status", tmp_path, "--format", "json", "--output", status)
    (project,) = json.loads(status.read_text(encoding="utf-8"))["projects"]
    assert (project["name"], project["state"]) == ("noise", "no template")
    fleet("page", status, "--output", page)
    assert "noise" in page.read_text(encoding="utf-8")
