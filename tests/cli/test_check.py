from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode

from ..conftest import Tree
from ..support.answers import answers, template
from ..support.checking import clean
from ..support.tools import commit_all, git
from ..support.updates import write

Captured = pytest.CaptureFixture[str]
CHANGELOG = "# Changelog\n\n## [1.3.0] - 2026-11-02\n\n- Faster noise.\n"
REPAIRED = CHANGELOG.replace("## [1.3.0]", "## [Unreleased]\n\n## [1.3.0]")


@pytest.fixture
def project(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tree(
        tmp_path / "lisa-noise",
        {"pyproject.toml": '[project]\nname = "lisa-noise"\n', "CHANGELOG.md": CHANGELOG},
    )
    git("init", "--quiet", cwd=folder)
    commit_all(folder, "One")
    monkeypatch.chdir(folder)
    return folder


def check(*words: str | Path) -> int:
    return cli.main(["check", "--select", "CHG002", "--fail-on", "should", *map(str, words)])


@pytest.mark.usefixtures("project")
def test_findings_end_in_1(capsys: Captured) -> None:
    assert check() == 1
    said = capsys.readouterr()
    assert "should  CHG002  CHANGELOG.md:3" in said.out
    assert said.err == ""


@pytest.mark.usefixtures("project")
def test_no_findings_end_in_0(capsys: Captured) -> None:
    assert cli.main(["check", "--select", "CHG001"]) == 0
    assert capsys.readouterr().out.endswith("No findings; 1 rule checked.\n")


def test_a_check_imports_nothing_that_costs_more_than_its_rules(tmp_path: Path) -> None:
    """Of these, `dataclasses` brings `inspect`, and `packaging.utils` brings `logging`."""
    files = clean()
    del files[".copier-answers.yml"]  # with it, the template is rendered once
    write(tmp_path, files)
    git("init", "--quiet", cwd=tmp_path)
    script = (
        "import sys; from lisa_scaffold import cli; cli.main(['check', '--strict']);"
        "print(sorted({'argcomplete', 'copier', 'dataclasses', 'difflib', 'inspect', 'jinja2',"
        "'logging', 'packaging.utils', 'prompt_toolkit', 'traceback'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert "No findings; " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_what_should_be_fails_where_it_is_told_to(project: Path) -> None:
    select = ["check", "--select", "CHG002,SYN001"]
    assert cli.main(select) == 0
    assert cli.main([*select, "--fail-on", "should"]) == 1
    (project / "pyproject.toml").write_text("[project\n")
    assert cli.main(select) == 1


@pytest.mark.usefixtures("project")
def test_codes_may_be_written_in_any_way(capsys: Captured) -> None:
    assert cli.main(["check", "--select", "chg002, LIC", "--ignore", "lic"]) == 0
    assert "; 1 rule checked" in capsys.readouterr().out
    assert cli.main(["check", "--select", "CHG", "--ignore", "CHG002"]) == 0
    assert "No findings" in capsys.readouterr().out


def test_reports_go_where_they_are_sent(project: Path, tmp_path: Path, capsys: Captured) -> None:
    reports = tmp_path / "reports"
    code = check(
        *("--format", "gitlab", "--output", reports / "quality.json"),
        *("--format", "junit", "--output", reports / "junit.xml"),
        *("--format", "html", "--output", reports / "page.html"),
        *("--format", "markdown", "--output", reports / "comment.md"),
        *("--format", "json", project),
    )
    assert code == 1
    assert json.loads(capsys.readouterr().out)["summary"]["should"] == 1
    assert json.loads((reports / "quality.json").read_text())[0]["check_name"] == "CHG002"
    assert (reports / "junit.xml").read_text().startswith("<?xml")
    assert "## [1.3.0]" in (reports / "page.html").read_text()
    assert (reports / "comment.md").read_text().startswith("### lisa-scaffold check")


@pytest.mark.usefixtures("project")
def test_repair(project: Path, capsys: Captured) -> None:
    assert check("--fix") == 0
    assert (project / "CHANGELOG.md").read_text() == REPAIRED
    assert "Repaired\n  should  CHG002  CHANGELOG.md:3" in capsys.readouterr().out
    assert check("--fix") == 0
    assert "Repaired" not in capsys.readouterr().out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("journal", [".git/lisa-scaffold", ".lisa-scaffold"])
def test_what_a_kill_may_have_left_half_changed_is_told(
    project: Path, capsys: Captured, journal: str
) -> None:
    (project / journal / "pending").mkdir(parents=True)
    check()
    said = capsys.readouterr().err
    assert "a command was interrupted there, and its change is not complete\n  Start it" in said
    (project / journal / "pending").rmdir()
    check()
    assert capsys.readouterr().err == ""


def test_the_diff_is_all_on_standard_output_and_nothing_is_written(
    project: Path, capsys: Captured
) -> None:
    assert check("--diff") == 1
    said = capsys.readouterr()
    assert said.out == (
        "--- a/CHANGELOG.md\n+++ b/CHANGELOG.md\n@@ -1,5 +1,7 @@\n # Changelog\n \n"
        "+## [Unreleased]\n+\n ## [1.3.0] - 2026-11-02\n \n - Faster noise.\n"
    )
    assert "1 finding (1 should)" in said.err
    assert (project / "CHANGELOG.md").read_text() == CHANGELOG


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "text", "--format", "json"], "several reports would go to standard output"),
        (["--output", "a", "--output", "b"], "--output b: no --format is left for it"),
        (["--output", "CHANGELOG.md/x"], "CHANGELOG.md/x: "),
        (["nowhere"], "nowhere: no such folder"),
        (["--select", "XYZ"], "XYZ: no such rule"),
        (["--ignore", "CHG02"], "CHG02: no such rule"),
    ],
)
def test_bad_usage_is_refused(
    project: Path, words: list[str], message: str, capsys: Captured
) -> None:
    del project
    assert check(*words) == 2
    assert capsys.readouterr().err.startswith(f"lisa-scaffold: {message}")


def test_explain(capsys: Captured) -> None:
    assert cli.main(["explain", "chg002"]) == 0
    assert capsys.readouterr().out.startswith("CHG002 (should")
    assert cli.main(["explain", "chg"]) == 0
    assert capsys.readouterr().out.startswith("Changelog\n  CHG001")
    assert cli.main(["explain"]) == 0
    assert "\nLicence\n" in capsys.readouterr().out
    assert cli.main(["explain", "chg002,LIC001", "pkg"]) == 0
    parts = capsys.readouterr().out
    assert parts.index("CHG002 (should") < parts.index("\nLIC001 (") < parts.index("\nPackaging\n")
    assert cli.main(["explain", "CHG001", "CHG999"]) == 2
    assert capsys.readouterr().err.startswith("lisa-scaffold: CHG999: no such rule\n  Did you mean")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--select", "CHG002", "--ignore", "CHG"),
            "no rule is left: --ignore takes all that --select CHG002 names",
        ),
        (
            ("--ignore", "CHG", "--select", "CHG002,CHG001"),
            "no rule is left: --ignore takes all that --select CHG002,CHG001 names",
        ),
    ],
)
def test_a_choice_that_leaves_no_rule_is_refused(
    words: tuple[str, ...], said: str, capsys: Captured
) -> None:
    assert cli.main(["check", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in " ".join(told.err.split())


def test_settings_that_leave_no_rule_are_told(project: Path, capsys: Captured) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.lisa-scaffold]\nignore = ["CHG"]\n')
    assert check() == 0
    said = capsys.readouterr().out
    assert "nothing is checked: the settings of the project leave out every rule" in said


def test_a_copy_of_our_jobs_is_judged_once_the_project_names_it(
    tmp_path: Path, capsys: Captured
) -> None:
    """By default nobody takes what has the name of ours for ours."""
    root = tmp_path / "project"
    template().render(answers(ci_rules="component"), root)
    pipeline = root / ".gitlab-ci.yml"
    own = pipeline.read_text("utf-8")
    pipeline.write_text(own.replace("/LISA/lisa-scaffold/", "/mirrors/lisa-scaffold/"), "utf-8")
    commit_all(root)
    assert cli.main(["check", str(root), "--select", "TPL005"]) == ExitCode.FINDINGS
    assert "$CI_SERVER_FQDN/mirrors/lisa-scaffold is not known to be" in capsys.readouterr().out
    settings = root / "pyproject.toml"
    named = '\n[tool.lisa-scaffold]\nmirrors = ["gitlab.in2p3.fr/mirrors/lisa-scaffold"]\n'
    settings.write_text(settings.read_text("utf-8") + named, "utf-8")
    commit_all(root)
    assert cli.main(["check", str(root)]) == ExitCode.DONE
    # Its jobs are read: one that misses something is found.
    pipeline.write_text(pipeline.read_text("utf-8") + "\nmine:\n  extends: [.nixx]\n", "utf-8")
    assert cli.main(["check", str(root)]) == ExitCode.FINDINGS
    assert ".nixx" in capsys.readouterr().out
