"""The jobs that a page promises to each kind of project are there, with the usual answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lisa_scaffold.project.facts import Facts, Given

from ..conftest import ROOT
from ..support.answers import answers, template

LINES = {
    kind: re.findall(r"`([\w-]+)`", named)
    for kind, named in re.findall(
        r"^A project of the kind `(\w+)` has (.*) like a package",
        (ROOT / "docs/practice/ci.md").read_text(encoding="utf-8"),
        re.M,
    )
}


@pytest.mark.parametrize("kind", ["image", "pipeline", "service", "fleet"])
def test_what_a_kind_has_like_a_package(kind: str, tmp_path: Path) -> None:
    root = tmp_path / "it"
    template().render(answers(kind=kind), root)
    paths = [path for path in root.rglob("*.yml") if path.is_file()]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    jobs = Facts.of(files, Given(tags=())).pipeline.jobs
    assert [name for name in LINES[kind] if name not in jobs] == []
