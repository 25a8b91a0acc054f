"""Hostile and broken projects: the check ends soon, needs little memory, and keeps its promises."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..support.checking import clean
from ..support.sweeps import examples, sampled
from ..support.tools import git

MEMORY = 700 * 1024 * 1024
SECONDS = 60

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = 50_000
CYCLE = "include:\n  - local: /.gitlab/a.yml\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = write(tmp_path / "project", clean())
    git("init", "--quiet", cwd=folder)
    return folder


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def checked(folder: Path) -> dict[str, Any]:
    """The report of a check in a process with bounded time and memory."""
    done = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", "check", "--format", "json", folder],
        capture_output=True,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    assert done.stderr == b""
    report: dict[str, Any] = json.loads(done.stdout)
    assert [each for each in report["findings"] if each["code"] == "INT001"] == []
    return report


def codes(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["code"], each["path"]) for each in report["findings"]}


@pytest.mark.uncounted
@sampled(
    ("path", "content", "code"),
    [
        (".gitlab-ci.yml", BOMB, "SYN002"),
        (".gitlab-ci.yml", "[" * DEEP, "SYN002"),
        (".gitlab-ci.yml", "a: &a\n  b: *a\n", None),
        (".gitlab-ci.yml", "a: &a {<<: *a}\n", None),
        (".gitlab-ci.yml", b"\xff\xfe\x00a", None),
        (".gitlab-ci.yml", "- a\n", None),
        (".gitlab-ci.yml", "a: !reference [a]\n", None),
        (".copier-answers.yml", "_commit: [v1]\n_src_path: {a: b}\n", "TPL001"),
        (".copier-answers.yml", "_commit: v1.0.0 or so\n_src_path: x\n", "TPL001"),
        ("pyproject.toml", "a = " + "[" * DEEP, "SYN001"),
        ("pyproject.toml", "[a" + ".a" * DEEP + "]\n", None),
        ("pyproject.toml", b"\x80\x81", "SYN001"),
        ("pyproject.toml", "project = 3\n", None),
        ("pyproject.toml", "[tool]\nlisa-scaffold = 3\n", "CFG001"),
        ("notebooks/deep.ipynb", "[" * DEEP, "SYN004"),
        ("setup.py", "(" * DEEP, "SYN005"),
        ("setup.py", "x = " + "-" * DEEP + "1", "SYN005"),
        ("setup.py", f"x = {'not ' * 400}y", "SYN005"),
        ("noxfile.py", f"@nox.session(tags={'not ' * 900}x)\ndef a(session): pass\n", "SYN005"),
        ("dags/a.py", f"import airflow\nif {'not ' * 400}x:\n    pass\n", None),
        ("Dockerfile", "FROM a AS b\nFROM b AS a\nFROM ${A:-${A}}\n", None),
        ("Dockerfile", "RUN <<E\n" * 5_000, None),
        ("README.md", "#" * 900_000, None),
        ("MANIFEST.in", "graft ../../../../../etc\ninclude /etc/passwd\n", "PKG005"),
        ("CHANGELOG.md", "## [" * 200_000, None),
        ("CITATION.cff", BOMB, "SYN002"),
    ],
    8,
    ids=lambda value: repr(value)[:24],
)
def test_a_file_that_means_harm(
    project: Path, path: str, content: str | bytes, code: str | None
) -> None:
    report = checked(write(project, {path: content}))
    assert code is None or (code, path) in codes(report)


@pytest.mark.sweep
def test_a_file_of_100_mb(project: Path) -> None:
    write(project, {"README.md": "a" * 100_000_000, "pyproject.toml": "# \n" * 34_000_000})
    assert ("SYN001", "pyproject.toml") in codes(checked(project))


@pytest.mark.sweep
def test_many_files(project: Path) -> None:
    write(project, {f"many/{number // 200}/{number}.txt": "" for number in range(5_000)})
    checked(project)


@pytest.mark.uncounted
def test_links_out_of_the_tree_are_not_followed(project: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.toml"
    secret.write_text("[[[ no TOML, and nobody's business")
    for name in ("pyproject.toml", ".gitlab-ci.yml", "LICENSE"):
        (project / name).unlink()
        (project / name).symlink_to(secret)
    (project / "all").symlink_to("/")
    (project / "loop").symlink_to("loop")
    report = json.dumps(checked(project))
    assert "nobody's business" not in report


@pytest.mark.uncounted
def test_what_is_no_file(project: Path) -> None:
    for name in ("pyproject.toml", "README.md"):
        (project / name).unlink()
    (project / "pyproject.toml").mkdir()
    os.mkfifo(project / "README.md")
    checked(project)


@pytest.mark.sweep
def test_includes_in_a_circle(project: Path) -> None:
    write(
        project,
        {
            ".gitlab-ci.yml": CYCLE + "a:\n  extends: b\n  script: x\nb:\n  extends: a\n",
            ".gitlab/a.yml": "include:\n  - local: /.gitlab-ci.yml\n  - local: /.gitlab/*.yml\n",
        },
    )
    checked(project)


@pytest.mark.sweep
def test_names_that_nobody_expects(project: Path) -> None:
    for name in (b"\xff.py", b"new\nline.toml", b"-rf", b"\x1b[31m.md", "\u202egnp.py".encode()):
        path = os.path.join(os.fsencode(project), name)  # noqa: PTH118 - bytes that are no UTF-8
        with open(path, "wb") as file:  # noqa: PTH123 - the same
            file.write(b"= = =\n<<<<<<< a\n=======\n>>>>>>> b\n")
    report = checked(project)
    assert report["findings"]
    text = subprocess.run(
        [sys.executable, "-m", "lisa_scaffold", "check", project], capture_output=True, check=False
    )
    assert text.returncode == 1
    assert b"\x1b" not in text.stdout


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(sorted(clean())),
        st.binary(max_size=40) | st.sampled_from([b"", b"\0", b"---\n", b"{}", b"[]", b"a: b\n"]),
        min_size=1,
        max_size=4,
    )
)
def test_any_bytes_in_any_files(tmp_path: Path, contents: dict[str, bytes]) -> None:
    from lisa_scaffold.report.check import FORMATS, report
    from lisa_scaffold.verbs.check import Wanted, check

    folder = write(tmp_path, {**clean(), **contents})
    (result,) = check([folder], Wanted(fixes=True, excerpts=True))
    assert [each for each in result.before.findings if each.code == "INT001"] == []
    for form in FORMATS:
        assert report(form, [result.checked])
