"""The job `release-notes` finds the section of a version in every form that `check` reads."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from lisa_scaffold.project.facts import Facts, Given

from ..support.checking import clean, messages

# Of Debian's images, mawk; of Alpine's, busybox; other images may have the others.
AWKS = [each for each in ("mawk", "gawk", "original-awk", "busybox") if shutil.which(each)]
START = "# Changelog\n\nAll notable changes.\n\n"
OTHER = "\n- an older change\n"


@cache
def script() -> str:
    """What the job runs."""
    job = Facts.of(clean(), Given(tags=())).pipeline.jobs["release-notes"]
    return "\n".join(job.data["script"])


def take_notes(folder: Path, text: str, tag: str, awk: str) -> str | None:
    """The notes of a tag; `None` where the job fails for want of a section."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "awk").unlink(missing_ok=True)
    (programs / "awk").symlink_to(str(shutil.which(awk)))
    (folder / "CHANGELOG.md").write_text(text, newline="")
    told = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_REF_PROTECTED": "true",
    }
    command = ["sh", "-euc", script()]
    done = subprocess.run(
        command, cwd=folder, env=told, capture_output=True, text=True, check=False
    )
    if done.returncode == 1 and "says nothing about" in done.stderr:
        return None
    assert (done.returncode, done.stderr) == (0, "")
    return (folder / "release-notes.md").read_text().strip()


FORMS = [
    f"{mark}{name}{end}\n"
    for name in (
        *("0.1.0", "v0.1.0", "V0.1.0", "[0.1.0]", "[v0.1.0]", "Version 0.1.0", "version 0.1.0"),
        *("**0.1.0**", "**[0.1.0]**", "`0.1.0`", "[0.1.0](https://example.org/a_(b))"),
        *("[0.1.0](https://example.org/0.1.0) (2026-01-02)", "0.1.0 - 2026-01-02", "0.1.0: first"),
        *("0.1.0 (2026-01-02)", "[0.1.0] \N{EN DASH} 2026-01-02", "0.1", "0.1.0, the first"),
        "0.1.0(2026)",
        *("lisa-noise 0.1.0", "Release v0.1.0 (2026-01-02)", "Changes in version 0.1.0"),
    )
    for mark, end in (("## ", ""), ("### ", " ###"), ("# ", ""), (" ##\t", " "), ("", "\n-----"))
] + ["0.1.0\n=====\n", "[0.1.0]\n---\n", "0.1.0\n  ---  \n"]


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize("form", FORMS)
def test_what_check_reads_the_job_reads(form: str, awk: str, tmp_path: Path) -> None:
    is_underlined = "\n" in form.strip()
    other = form.replace("0.1", "0.0") if is_underlined else f"{form.partition('0')[0]}0.0.9\n"
    text = f"{START}## [Unreleased]\n\n- later\n\n{form}\n- a change\n\n{other}{OTHER}"
    if form.startswith("# ") or "=" in form:
        text = text.replace("## [Unreleased]", "# [Unreleased]")
    files = {**clean(), "CHANGELOG.md": text}
    assert messages(files, "CHG005", head_tags=("v0.1.0",)) == []
    taken = take_notes(tmp_path, text, "v0.1.0", awk)
    assert taken is not None
    assert taken.splitlines()[0] == "- a change"
    assert "an older change" not in taken
    assert "later" not in taken


@pytest.mark.parametrize("awk", AWKS)
@pytest.mark.parametrize(
    ("text", "tag", "taken"),
    [
        ("## 0.1.0\n- a\n### Fixed\n- b\n## 0.0.9\n- c\n", "v0.1.0", "- a\n### Fixed\n- b"),
        ("## 0.1\n- a\n## 0.0\n- b\n", "v0.1.3", "- a"),
        ("## 0.1\n- a\n## 0.1.2\n- b\n", "v0.1.3", None),
        ("## 0.1.0\n- a\n", "v0.1.3", None),
        ("## 1.0.0rc1\n- a\n", "v1.0.0", None),
        ("## 1.0.0-rc.1\n- a\n## 1.0.0-beta2\n- b\n", "v1.0.0rc1", "- a"),
        ("## 1.0.0-rc.1\n- a\n## 1.0.0-beta2\n- b\n", "v1.0.0b2", "- b"),
        ("## 10.1.0\n- a\n## 0.1.0.1\n- b\n## 0.1.0.\n- c\n", "v0.1.0", None),
        ("```\n## 0.1.0\n```\n<!--\n## 0.1.0\n- no\n-->\n## 0.1.0\n- a\n", "v0.1.0", "- a"),
        ("## 0.1.0\n```\n## 0.0.9\n```\n- a\n", "v0.1.0", "```\n## 0.0.9\n```\n- a"),
        ("## 0.1.0\r\n- a\r\n## 0.0.9\r\n- b\r\n", "v0.1.0", "- a"),
        ("## 0.1.0\n- a\n---\n- b\n\n## 0.0.9\n", "v0.1.0", "- a\n---\n- b"),
        ("- 0.1.0\n-----\n- a\n", "v0.1.0", None),
        ("## [0.1.0]\n- a\n\n[0.1.0]: https://example.org\n", "v0.1.0", "- a"),
        ("## 0.1.0\n\n## 0.0.9\n- a\n", "v0.1.0", None),
        ("## Since 0.1.0\n- a\n## 0.1.0\n- b\n", "v0.1.0", "- b"),
        ("# 1\n## 1.0.0\n- a\n### 1.0.0 in short\n- b\n", "v1.0.0", "- a\n### 1.0.0 in short\n- b"),
        ("0.1.0\n~~~~~\n- a\n", "v0.1.0", None),
        ("#### 0.1.0\n- a\n", "v0.1.0", None),
        ("", "v0.1.0", None),
    ],
)
def test_sections(text: str, tag: str, taken: str | None, awk: str, tmp_path: Path) -> None:
    assert take_notes(tmp_path, text, tag, awk) == taken


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("## 0.0.9\n\nHere 0.1.0 is told of.\n", True),
        ("## 0.0.9\n\nhttps://example.org/releases\n", True),
        ("## lisa-noise 0.1.0\n\n## 0.0.9\n", False),
        ("## 0.1\n", False),
    ],
)
def test_what_the_job_does_not_read_check_does_not_take(text: str, found: bool) -> None:
    files = {**clean(), "CHANGELOG.md": f"{START}{text}"}
    said = ["users cannot see what 0.1.0 (the tag v0.1.0) changes: add a section for it"]
    assert messages(files, "CHG005", head_tags=("v0.1.0",)) == (said if found else [])
    alone = {path: each for path, each in files.items() if path != ".copier-answers.yml"}
    assert messages(alone, "CHG005", head_tags=("v0.1.0",)) == []
