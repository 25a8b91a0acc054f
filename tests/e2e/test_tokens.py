"""Jobs' own lines, with the real tools, in repositories whose files mean harm."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

import pytest

from ..support.answers import KINDS, answers, template
from ..support.tools import commit_all, passes, program, run
from ..template.test_tokens import script_of, shell, stand_in, with_hostile_names
from .parts import http
from .parts.cache import cached

CHANCE = random.Random(7)  # noqa: S311 - it opens nothing
KEY = "".join(CHANCE.choices(string.ascii_letters + string.digits, k=40))


def scanner(project: Path) -> Path:
    """Folder of the real program, in the version that the job names."""
    pin = re.findall(r'"(detect-secrets==.*)"', (project / ".gitlab/ci/security.yml").read_text())[
        0
    ]

    def make(path: Path) -> None:
        passes(program("uv"), "venv", "--quiet", "--relocatable", path, cwd=Path("/"))
        passes(
            *(program("uv"), "pip", "install", "--quiet", "--python", path, "--", pin),
            cwd=Path("/"),
        )

    return cached("detect-secrets", [pin], make) / "bin"


# Each of them alone: a file named "--" would make names of all that come after it.
@pytest.mark.parametrize("kind", ["package", "image"])
@pytest.mark.parametrize(
    "name", ["--exclude-files=.*", "--exclude-lines=.*", "--version", "-n\n$(touch pwned)", ""]
)
def test_the_scan_finds_a_secret_beside_names_that_mean_something(
    kind: str, name: str, tmp_path: Path
) -> None:
    render = tmp_path / "render"
    script = script_of(kind, "secrets", render)
    programs = scanner(render)
    project = with_hostile_names(tmp_path / "project", *([name] if name else []))
    assert shell(script, project, programs).returncode == 0
    for path in ("plain.py", name or "-x"):
        (project / path).write_text(f"password = '{KEY}'\n", encoding="utf-8")
    commit_all(project)
    done = shell(script, project, programs)
    assert done.returncode == 123, done.stdout
    found = re.findall(r"Location: +(.*?):1\n", done.stdout, re.DOTALL)
    assert sorted(set(found)) == sorted(["plain.py", name or "-x"])
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_scan_finds_nothing_in_a_fresh_repository(kind: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    script = script_of(kind, "secrets", project)
    commit_all(project)
    done = shell(script, project, scanner(project))
    assert done.returncode == 0, done.stdout


def test_hooks_refuse_a_name_that_would_be_an_option(tmp_path: Path) -> None:
    project = tmp_path / "project"
    template().render(answers(), project)
    # The others' repositories are out of reach, and need not be asked.
    config = project / ".pre-commit-config.yaml"
    first = re.match(r".*?- repo: local.*?\n\n", config.read_text(), re.DOTALL)
    assert first
    config.write_text(first[0], encoding="utf-8")
    commit_all(project)
    passes(program("pre-commit"), "run", "--all-files", cwd=project)
    (project / "--exclude-files=.*").write_text("Nothing.\n", encoding="utf-8")
    commit_all(project)
    done = run(program("pre-commit"), "run", "--all-files", cwd=project)
    assert done.returncode == 1
    assert "Rename it: programs take a name that begins with a dash" in done.stdout
    assert "--exclude-files=.*" in done.stdout


def test_an_upload_goes_where_the_job_says_whatever_the_checkout_and_variables_say(
    tmp_path: Path,
) -> None:
    """The address for uploads of a checkout, or of a variable, would get the token."""
    project = tmp_path / "project"
    script = script_of("package", "publish-package", project)
    sent: list[http.Request] = []
    taken: list[http.Request] = []

    def answer(request: http.Request) -> bytes:
        sent.append(request)
        return b""

    def take(request: http.Request) -> bytes:
        taken.append(request)
        return b""

    passes(
        *(program("uv"), "build", "--quiet", "--wheel", "--sdist", "--out-dir", "dist"),
        cwd=project,
        env={"SETUPTOOLS_SCM_PRETEND_VERSION": "1.2.3"},
    )
    uv = stand_in(tmp_path / "programs", "uv", f'#!/bin/sh\nexec "{program("uv")}" "$@"\n')
    with http.serving(answer) as ours, http.serving(take) as theirs:
        (project / "uv.toml").write_text(f'publish-url = "{theirs}"\n', encoding="utf-8")
        done = shell(
            script,
            project,
            uv,
            CI_API_V4_URL=ours,
            CI_COMMIT_TAG="v1.2.3",
            CI_JOB_TOKEN="of-the-job",  # noqa: S106 - it opens nothing
            CI_PROJECT_ID="7",
            UV_CONFIG_FILE="uv.toml",
            UV_PUBLISH_URL=theirs,
        )
        assert done.returncode == 0, done.stdout
        assert {request.path for request in sent} == {"/projects/7/packages/pypi"}
        assert len(sent) == 2

        index = script_of("package", "publish-index", tmp_path / "other")
        done = shell(
            index.replace("uv publish", "uv publish --dry-run"),
            project,
            uv,
            LISA_INDEX_TOKEN="of-ada",  # noqa: S106 - it opens nothing
            UV_CONFIG_FILE="uv.toml",
            UV_PUBLISH_INDEX="theirs",
            UV_PUBLISH_URL=theirs,
        )
        assert "against https://" in done.stdout, done.stdout
        assert theirs not in done.stdout
    assert taken == []


@pytest.mark.parametrize(
    ("kind", "job", "tool"),
    [
        ("package", "publish-package", "uv"),
        ("package", "sonar", "pysonar"),
        ("image", "contents", "syft"),
    ],
)
def test_a_locked_tool_is_installed_beside_modules_of_the_checkout(
    kind: str, job: str, tool: str, tmp_path: Path
) -> None:
    """Each lock is whole: all that the tool needs is in it, as wheels for this machine."""
    project = tmp_path / "project"
    template().render(answers(kind=kind), project)
    script = script_of(kind, job, project, "before_script")
    for module in ("venv", "pip", "ensurepip"):
        (project / f"{module}.py").write_text("open('pwned', 'w')\n", encoding="utf-8")
    lock = re.findall(
        r"LOCK: (\S+)", "".join(p.read_text() for p in project.glob(".gitlab/ci/*.yml"))
    )
    (wanted,) = [name for name in lock if f"/{tool}." in name]
    done = shell(
        f"{script}\n{tool} --version", project, tmp_path, LOCK=wanted, CI_PROJECT_DIR=str(project)
    )
    assert done.returncode == 0, done.stdout
    assert not (project / "pwned").exists()

    text = (project / wanted).read_text()
    (project / wanted).write_text(re.sub(r"sha256:[0-9a-f]{4}", "sha256:0000", text))
    done = shell(script, project, tmp_path, LOCK=wanted, CI_PROJECT_DIR=str(project))
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stdout
