"""``adopt --template``: a project is linked to the template that it was made from, and no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli
from lisa_scaffold import git as everything
from lisa_scaffold.adopt import nearest
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.template import Render, Template

from ..support.sweeps import sampled
from ..support.tools import git
from ..support.updates import ANSWERS, Capture, Workshop, open_workshop, update

QUESTIONS = """\
_subdirectory: template
project_name:
  type: str
  help: Name
package_name:
  type: str
  help: Package
  default: pkg
author_email:
  type: str
  help: Address
  default: nobody@example.org
docs:
  type: bool
  help: Documentation
colour:
  type: str
  help: Colour
  choices: [red, green, blue]
parts:
  type: str
  help: Parts
  choices: [alpha, beta, gamma]
  multiselect: true
  default: [alpha]
secret:
  type: str
  help: Not recorded
  default: x
  secret: true
"""
FILES = {
    "copier.yml": QUESTIONS,
    "template/.copier-answers.yml.jinja": ANSWERS,
    "template/README.md.jinja": "# {{ project_name }}\n\nA {{ colour }} project.\n\nOne.\n",
    "template/pyproject.toml.jinja": (
        '[project]\nname = "{{ package_name }}"\nversion = "1.0"\n'
        'authors = [{ name = "Ada Example", email = "{{ author_email }}" }]\n'
    ),
    "template/src/{{ package_name }}/__init__.py": '"""Noise."""\n',
    "template/parts.txt.jinja": "{{ parts | join('\\n') }}\n",
    "template/{% if docs %}docs{% endif %}/index.md": "# Pages\n\nAll of it.\n",
}
ANSWERED: dict[str, Any] = {
    "project_name": "noise",
    "package_name": "noise",
    "author_email": "ada@example.org",
    "docs": True,
    "colour": "blue",
    "parts": ["beta", "gamma"],
}
RELEASES = {
    "v1.1.0": {"template/README.md.jinja": "# {{ project_name }}\n\nA {{ colour }} one.\n\nOne.\n"},
    "v1.2.0": {"template/LICENSE": "Do what you like.\n\nNo warranty.\n"},
    "v2.0.0": {"template/README.md.jinja": "# {{ project_name }}\n\nIt is {{ colour }}.\n\nTwo.\n"},
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project of version v1.1.0 that has forgotten where it comes from, and was edited."""
    workshop = open_workshop(tmp_path, FILES, **ANSWERED)
    for version, files in RELEASES.items():
        workshop.release(version, files)
    assert update(workshop.project, "--to", "v1.1.0") == ExitCode.DONE
    workshop.edit({".copier-answers.yml": None, "src/noise/model.py": "X = 1\n"})
    return workshop


# Where every answer is given, none is looked for: each that is tried takes a render.
GIVEN = [f"--data={key}={value}" for key, value in ANSWERED.items() if key != "parts"]
GIVEN += ["--data=parts=[beta, gamma]"]


def link(workshop: Workshop, *options: str) -> int:
    words = ("adopt", "--template", str(workshop.template), "--defaults", *options)
    return cli.main([*words, str(workshop.project)])


@pytest.mark.uncounted
def test_version_and_answers_are_those_that_it_was_made_from(
    workshop: Workshop, capsys: Capture
) -> None:
    capsys.readouterr()
    assert link(workshop, "--format", "json") == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert {each["key"]: each["value"] for each in told["answers"]} == ANSWERED
    assert {each["key"]: each["source"] for each in told["answers"]} == {
        "project_name": "README.md:1",
        "package_name": "src/noise",
        "author_email": "pyproject.toml:4",
        "docs": "what fits the files best",
        "colour": "what fits the files best",
        "parts": "what fits the files best",
    }
    assert (told["version"], told["tried"]) == ("v1.1.0", 4)
    assert told["lines"] == {"same": 12, "all": 12}
    assert told["branch"] == "lisa-scaffold/adopt"
    assert workshop.status() == []
    changed = git("diff", "--name-only", "HEAD...lisa-scaffold/adopt", cwd=workshop.project)
    assert changed.split() == [".copier-answers.yml"]


@pytest.mark.sweep
def test_from_then_on_it_is_updated(workshop: Workshop) -> None:
    assert link(workshop) == ExitCode.DONE
    git("merge", "--quiet", "lisa-scaffold/adopt", cwd=workshop.project)
    assert cli.main(["status", str(workshop.project)]) == ExitCode.DONE
    assert update(workshop.project) == ExitCode.DONE
    assert workshop.read("README.md") == "# noise\n\nIt is blue.\n\nTwo.\n"
    assert workshop.read("src/noise/model.py") == "X = 1\n"
    assert "No warranty" in workshop.read("LICENSE")


def test_what_is_given_holds(workshop: Workshop) -> None:
    options = ("--in-place", "--to", "v1.0.0", "--data", "colour=green")
    assert link(workshop, *options) == ExitCode.DONE
    assert workshop.status() == ["A  .copier-answers.yml"]
    record = workshop.read(".copier-answers.yml")
    assert "_commit: v1.0.0\n" in record
    assert "colour: green\n" in record
    assert "secret" not in record


@pytest.mark.sweep
def test_a_dry_run_shows_the_record_and_adds_nothing(workshop: Workshop, capsys: Capture) -> None:
    capsys.readouterr()
    assert link(workshop, "--dry-run") == ExitCode.DONE
    said = capsys.readouterr()
    assert "_commit: v1.1.0\n" in said.out
    assert "at version v1.1.0, the nearest of 4 that were tried." in said.err
    assert workshop.status() == []
    assert "adopt" not in git("branch", "--list", cwd=workshop.project)


@pytest.mark.sweep
def test_markdown_is_for_merge_requests(workshop: Workshop, capsys: Capture) -> None:
    capsys.readouterr()
    assert link(workshop, "--format", "markdown") == ExitCode.DONE
    said = capsys.readouterr().out
    assert said.startswith("## Links project to the template ")
    head = "| Answer | Value | From |\n| --- | --- | --- |\n| project\\_name | "
    assert f"\n### Answers, and where each comes from\n\n{head}" in said


@pytest.mark.sweep
def test_a_version_that_cannot_be_rendered_is_passed_over(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.release("v2.1.0", {"template/README.md.jinja": "# {{ project_name | nosuch }}\n"})
    workshop.release("v2.2.0", RELEASES["v2.0.0"])
    capsys.readouterr()
    assert link(workshop) == ExitCode.DONE
    assert "at version v1.1.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--data", "colour=brown"], "colour: "),
        (["--data", "size=1"], "size: "),
        (["--to", "v9"], "v9: no such version of the template"),
    ],
)
def test_what_is_wrong_is_told(
    workshop: Workshop, capsys: Capture, given: list[str], said: str
) -> None:
    assert link(workshop, *given) == ExitCode.REFUSED
    assert said in capsys.readouterr().err


@pytest.mark.sweep
def test_of_many_versions_those_alone_are_opened_that_are_tried(
    workshop: Workshop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs git a process or two, and a name to look for among all names."""
    made = "".join(
        f"create refs/tags/v1.{minor}.{patch} {commit}\n"
        for minor in (0, 1)
        for commit in git("rev-parse", f"v1.{minor}.0", cwd=workshop.template).split()
        for patch in range(1, 301)
    )
    everything.complete("update-ref", "--stdin", cwd=workshop.template, stdin=made.encode())
    opened: list[str] = []

    def export(*words: Any, **options: Any) -> Any:
        opened.append(str(words[1]))
        return exporting(*words, **options)

    exporting = everything.export
    monkeypatch.setattr(everything, "export", export)
    monkeypatch.delattr(everything, "copy_tags")
    capsys.readouterr()
    assert link(workshop, "--format", "json") == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["lines"] == {"same": 12, "all": 12}
    # The first one and the best one once more, to take the answers from.
    assert len(set(opened)) == told["tried"] < 60
    assert len(opened) <= told["tried"] + 2


@pytest.mark.sweep
def test_what_no_file_tells_is_asked_for(workshop: Workshop, capsys: Capture) -> None:
    asked = QUESTIONS.replace("project_name", "motto")
    workshop.release("v3.0.0", {"copier.yml": asked, "template/README.md.jinja": "{{ motto }}\n"})
    assert link(workshop, "--to", "v3.0.0") == ExitCode.REFUSED
    assert "motto: the template has no default for it" in capsys.readouterr().err
    assert link(workshop, "--to", "v3.0.0", "--data", "motto=On") == ExitCode.DONE


def test_a_template_without_an_answers_file_is_refused(workshop: Workshop, capsys: Capture) -> None:
    workshop.release("v3.0.0", {"template/.copier-answers.yml.jinja": None})
    assert link(workshop, "--to", "v3.0.0", *GIVEN) == ExitCode.REFUSED
    assert "writes no answers file, so no project of it can be updated" in capsys.readouterr().err


@pytest.mark.sweep
def test_a_project_that_records_it_is_refused(workshop: Workshop, capsys: Capture) -> None:
    assert link(workshop, "--in-place") == ExitCode.DONE
    git("commit", "--quiet", "--message", "Link", cwd=workshop.project)
    assert link(workshop) == ExitCode.REFUSED
    assert ".copier-answers.yml: there already" in capsys.readouterr().err


def test_what_a_trusted_template_prints_is_no_part_of_the_report(
    workshop: Workshop, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noisy.py").write_text(
        "from jinja2.ext import Extension\n\n\n"
        "class Noisy(Extension):\n"
        "    def __init__(self, environment):\n"
        "        print('Here I am.')\n"
        "        super().__init__(environment)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    asked = f"_jinja_extensions: [noisy.Noisy]\n{QUESTIONS}"
    workshop.release("v3.0.0", {"copier.yml": asked})
    capsys.readouterr()
    assert link(workshop, "--to", "v3.0.0", "--trust", "--format", "json") == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["version"] == "v3.0.0"


def test_our_own_template_is_no_other(workshop: Workshop, capsys: Capture) -> None:
    ours = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
    words = ["adopt", "--template", ours, str(workshop.project)]
    assert cli.main(words) == ExitCode.REFUSED
    assert "Leave --template out" in capsys.readouterr().err


@pytest.mark.uncounted
@sampled("target", ["/etc/hostname", "README.md", "/dev/zero"], 3)
def test_a_link_is_no_answers_file(target: str, workshop: Workshop, capsys: Capture) -> None:
    """It may lead to any file of the user's, which would be recorded and pushed."""
    more = f"{QUESTIONS}_preserve_symlinks: true\n_answers_file: linked.yml\n"
    (workshop.template / "template/linked.yml").symlink_to(target)
    workshop.release("v3.0.0", {"copier.yml": more})
    capsys.readouterr()
    assert link(workshop, "--to", "v3.0.0", *GIVEN) == ExitCode.REFUSED
    assert "version v3.0.0 of the template writes no answers file" in capsys.readouterr().err
    assert git("branch", "--list", "lisa-scaffold/*", cwd=workshop.project) == ""


@pytest.mark.sweep
def test_of_many_versions_two_are_there_at_once(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small repository may stand for a hundred versions of hundreds of megabytes each."""
    for number in range(12):
        workshop.release(f"v2.{number}.1", {"template/more.txt": f"{number}\n"})
    most = [0]
    replay = Template.replay

    def look(version: Template, *words: Any, **options: Any) -> Render:
        rendered = replay(version, *words, **options)
        above = {version.root.parent, rendered.folder.parent}
        folders = [each for place in above for each in place.iterdir() if each.is_dir()]
        most[0] = max(most[0], len(folders))
        return rendered

    monkeypatch.setattr(Template, "replay", look)
    assert link(workshop) == ExitCode.DONE
    # The repository, a version, and a render.
    assert most == [3]


def test_a_search_has_an_end(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(nearest, "LONGEST", -1)
    assert link(workshop) == ExitCode.REFUSED
    assert "what is nearest is not found within" in capsys.readouterr().err


@pytest.mark.sweep
def test_a_folder_that_no_other_clone_finds_is_told(workshop: Workshop, capsys: Capture) -> None:
    words = ["adopt", "--template", str(workshop.template), "--defaults", "--format", "markdown"]
    assert cli.main([*words, str(workshop.project)]) == ExitCode.DONE
    said = " ".join(capsys.readouterr().out.split())
    assert "The template is a folder of this machine" in said
