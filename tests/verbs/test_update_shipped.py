"""What the published sources have, and folders of another name, when the template changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.updates import (
    Capture,
    Workshop,
    open_workshop,
    report,
    statuses,
    update,
    write,
)

BUILD = (
    '[build-system]\nrequires = [ "setuptools", "setuptools-scm" ]\n'
    'build-backend = "setuptools.build_meta"\n\n[project]\nname = "demo"\nversion = "1"\n'
)
OLD = "graft src\ngraft docs\nprune docs/_build\ninclude README.md\nexclude Dockerfile\n"
NEW = """# Nothing else: docs
exclude *
recursive-exclude * *

graft src
graft docs
prune docs/_build
include README.md pyproject.toml MANIFEST.in

global-exclude *.so
"""
PAGES = {"docs/conf.py": "html_title = 'demo'\n", "docs/index.md": "# Demo\n"}
FILE = "MANIFEST.in"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    files = {
        "pyproject.toml": BUILD,
        FILE: OLD,
        "src/demo.py": "",
        "README.md": "# Demo\n",
        "Dockerfile": "FROM scratch\n",
        **PAGES,
    }
    return open_workshop(tmp_path, {f"template/{path}": text for path, text in files.items()})


def notes(workshop: Workshop, capsys: Capture, path: str = FILE) -> list[str]:
    told = report(workshop, capsys)
    return [each for each in told["notes"] if each.startswith(f"{path}: ")]


def tasks(workshop: Workshop, capsys: Capture) -> list[str]:
    """What is left to do: an update that leaves something says so by its exit code."""
    capsys.readouterr()
    assert update(workshop.project, "--format", "json") == ExitCode.FINDINGS
    told: list[str] = json.loads(capsys.readouterr().out)["tasks"]
    return told


def test_what_the_sources_had_stays_there(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit(
        {
            "setup.py": "import setuptools\n\nsetuptools.setup()\n",
            "csrc/f.c": "int f(void) { return 1; }\n",
            "csrc/deep/g.h": "",
        }
    )
    workshop.release("v1.1.0", {f"template/{FILE}": NEW})
    said = "the published sources had more of yours, which stays by `graft csrc` and `include "
    assert notes(workshop, capsys) == [f"{FILE}: {said}setup.py`."]
    last = "include README.md pyproject.toml MANIFEST.in\n"
    assert workshop.read(FILE) == NEW.replace(last, f"{last}graft csrc\ninclude setup.py\n")


def test_what_was_not_shipped_is_not_now(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({FILE: f"{OLD}exclude private.txt\n", "private.txt": "", "open.txt": ""})
    workshop.release("v1.1.0", {f"template/{FILE}": OLD.replace("graft docs", "exclude *")})
    said = "the published sources had more of yours, which stays by `include open.txt`."
    assert notes(workshop, capsys)[-1] == f"{FILE}: {said}"
    assert "include private.txt" not in workshop.read(FILE)


def test_a_part_of_a_folder_stays_by_its_files(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({FILE: f"{OLD}prune data/raw\n", "data/raw/1.dat": "", "data/a.txt": ""})
    commands = "exclude *\nrecursive-exclude * *\ngraft src\n"
    workshop.release("v1.1.0", {f"template/{FILE}": f"{commands}{OLD}"})
    said = "the published sources had more of yours, which stays by `include data/a.txt`."
    assert notes(workshop, capsys)[-1] == f"{FILE}: {said}"


def test_what_no_command_can_name_is_left_to_do(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"my notes.txt": "", "lib.so": ""})
    workshop.release("v1.1.0", {f"template/{FILE}": NEW})
    told = tasks(workshop, capsys)
    said = "no longer in the published sources: lib.so and my notes.txt: add them."
    assert told == [f"{FILE}: {said}"]
    assert workshop.read(FILE) == NEW


def test_what_the_template_takes_out_of_its_own_goes(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v1.1.0", {f"template/{FILE}": NEW.replace("README.md ", "")})
    assert notes(workshop, capsys) == []
    assert workshop.read(FILE) == NEW.replace("README.md ", "")


def test_another_backend_reads_no_manifest(workshop: Workshop, capsys: Capture) -> None:
    hatch = BUILD.replace('"setuptools", "setuptools-scm"', '"hatchling"')
    workshop.edit(
        {"pyproject.toml": hatch.replace("setuptools.build_meta", "hatchling.build"), "a.txt": ""}
    )
    workshop.release("v1.1.0", {f"template/{FILE}": NEW})
    assert notes(workshop, capsys) == []


def test_a_folder_of_another_name_is_followed(workshop: Workshop, capsys: Capture) -> None:
    for path, text in PAGES.items():
        workshop.edit({path: None, path.replace("docs", "doc"): text})
    nox = 'def docs(s):\n    # docs/ here\n    s.run("sphinx", "docs", "docs/_build")\n'
    spelled = 'skip = "*.bib,./docs/_api"\nurl = "https://docs/a"\nsdist = [ "/docs/" ]\n'
    using = "See docs/index.md at https://docs/a\n\nA page is in `docs/`, as `docs/index.md`\n"
    workshop.edit({".gitignore": "/docs/_build/\n/a/docs/\n/docs/mine/\n"})
    workshop.release(
        "v1.1.0",
        {
            f"template/{FILE}": NEW,
            "template/.gitignore": "# /docs/\n/docs/_build/\n/docs/_api/\n!docs/a\nb/docs\n",
            "template/noxfile.py": nox,
            "template/tool.toml": spelled,
            "template/USING.md": using,
        },
    )
    rest = "the template's docs is doc here: correct it."
    assert tasks(workshop, capsys) == [
        f"USING.md: line 3: {rest}",
        f"noxfile.py: line 3: {rest}",
        f"tool.toml: lines 1 and 3: {rest}",
    ]
    assert workshop.read(".gitignore") == (
        "/doc/_build/\n/a/docs/\n/docs/mine/\n# /docs/\n/doc/_api/\n!doc/a\nb/docs\n"
    )
    followed = NEW.replace("graft docs", "graft doc").replace("prune docs/", "prune doc/")
    assert workshop.read(FILE) == followed


def test_of_a_locked_file_its_jobs_are_told_and_of_a_moved_one_nothing(
    workshop: Workshop, capsys: Capture
) -> None:
    ownership = "_lisa_ownership:\n  locked: [jobs.yml]\n  seeded: [docs/index.md]\n"
    template = workshop.template
    write(template, {"copier.yml": (template / "copier.yml").read_text() + ownership})
    for path, text in PAGES.items():
        workshop.edit({path: None, path.replace("docs", "doc"): text})
    workshop.release(
        "v1.1.0",
        {"template/jobs.yml": "- docs/_build/\n", "template/docs/index.md": "# Other\n"},
    )
    said = "line 1: the template's docs is doc here: tell its jobs so in .gitlab-ci.yml."
    capsys.readouterr()
    assert update(workshop.project, "--format", "json") == ExitCode.FINDINGS
    told = json.loads(capsys.readouterr().out)
    assert told["tasks"] == [f"jobs.yml: {said}"]
    assert statuses(told) == {"jobs.yml": "added"}
    assert workshop.read("doc/index.md") == PAGES["docs/index.md"]


def test_a_folder_that_is_gone_or_shared_is_not_followed(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({**dict.fromkeys(PAGES), "text/unlike.md": "# Unlike\n"})
    workshop.release("v1.1.0", {"template/noxfile.py": 'print("docs/_build")\n'})
    assert report(workshop, capsys)["tasks"] == []
