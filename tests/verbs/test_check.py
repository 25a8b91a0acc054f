from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.model import Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.report.check import report
from lisa_scaffold.rules import Selection, judge, repair
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.judge import Found as RuleFound
from lisa_scaffold.rules.rule import Hit, Rule
from lisa_scaffold.sync import transaction
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE
from lisa_scaffold.verbs import check
from lisa_scaffold.verbs.check import Result, Wanted

from ..conftest import Tree
from ..support.tools import commit_all, git

CHANGELOG = "# Changelog\n\n## [1.3.0] - 2026-11-02\n\n- Faster noise.\n"
SETTINGS = "[[tool.lisa-scaffold.waivers]]\n"
Found = list[tuple[str, str, int]]


@pytest.fixture
def project(tmp_path: Path, tree: Tree) -> Path:
    """A project with one finding of the changelog's rules: no place for what comes next."""
    folder = tree(
        tmp_path / "lisa-noise",
        {"pyproject.toml": '[project]\nname = "lisa-noise"\n', "CHANGELOG.md": CHANGELOG},
    )
    git("init", "--quiet", cwd=folder)
    commit_all(folder, "One")
    return folder


def checked(folder: Path, *select: str, **wanted: object) -> Result:
    asked = Wanted(Selection(select), **wanted)  # type: ignore[arg-type]
    (result,) = check.check([folder], asked)
    return result


def found(result: Result) -> Found:
    return [(each.code, each.path, each.line) for each in result.checked.findings]


CHG = [("CHG002", "CHANGELOG.md", 3)]


def test_findings_name_and_kind(project: Path) -> None:
    result = checked(project, "CHG")
    assert found(result) == CHG
    assert (result.checked.name, result.checked.kind) == ("lisa-noise", "package")
    assert result.checked.version == ""
    assert "CHG002" in result.checked.applied
    assert result.changes == {}


def test_many_projects_are_checked_at_once_and_told_in_their_order(
    project: Path, tmp_path: Path, tree: Tree
) -> None:
    copies = [
        tree(
            tmp_path / f"lisa-{number:02}",
            {
                "pyproject.toml": f'[project]\nname = "lisa-{number:02}"\n',
                "CHANGELOG.md": CHANGELOG if number % 2 else "# Changelog\n\n## [Unreleased]\n",
            },
        )
        for number in range(20)
    ]
    wanted = Wanted(Selection(("CHG",)), fixes=True)
    alone = list(check.check([project, *copies, project], wanted))
    assert list(check.check([project, *copies, project], wanted, jobs=2)) == alone
    assert [each.checked.name for each in alone] == ["lisa-noise", *(c.name for c in copies)]
    assert [bool(each.changes) for each in alone] == [True, *([False, True] * 10)]


def test_of_many_projects_one_that_git_refuses_is_named(tmp_path: Path, tree: Tree) -> None:
    copies = [
        tree(tmp_path / f"lisa-{number:02}", {"pyproject.toml": "[project]\n"})
        for number in range(20)
    ]
    tree(copies[13], {".git": "nowhere\n"})
    with pytest.raises(LisaError, match="lisa-13") as caught:
        list(check.check(copies, Wanted(), jobs=3))
    with pytest.raises(LisaError) as alone:
        list(check.check(copies, Wanted()))
    assert (caught.value.message, caught.value.hint) == (alone.value.message, alone.value.hint)


def test_a_project_in_a_folder_of_a_repository_tells_where_it_stands(
    project: Path, tree: Tree
) -> None:
    inner = tree(project / "packages/inner", {"pyproject.toml": '[project]\nname = "inner"\n'})
    assert checked(inner, "CHG").checked.prefix == "packages/inner/"
    assert checked(project, "CHG").checked.prefix == ""


def set_(project: Path, settings: str) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(f"{pyproject.read_text()}\n{settings}")


# --- Selection and waivers ------------------------------------------------------------------------


def test_a_project_selects_and_ignores(project: Path) -> None:
    set_(project, '[tool.lisa-scaffold]\nselect = ["CHG"]\nignore = ["CHG002"]\n')
    assert found(checked(project)) == []
    assert found(checked(project, "CHG002")) == []
    set_(project, "")
    (project / "pyproject.toml").write_text('[tool.lisa-scaffold]\nselect = ["CHG"]\n')
    assert found(checked(project)) == CHG


def test_what_a_project_ignores_is_said(project: Path) -> None:
    """In every form, with what it would be judged by otherwise; not what nobody asks for."""
    set_(project, '[tool.lisa-scaffold]\nignore = ["CHG002", "LIC", "HLM"]\n')
    asked = checked(project, "CHG", "LIC", "HLM").checked
    assert {*asked.ignored} >= {"CHG002", "LIC001"}
    assert not any(code.startswith("HLM") for code in asked.ignored)
    must = [*asked.ignored.values()].count(Severity.MUST)
    licences = sum(code.startswith("LIC") for code in asked.ignored)
    said = f"ignores {len(asked.ignored)} rules ({must} must) by its settings: "
    said += f"CHG002, LIC ({licences})"
    assert said in asked.notes
    for form in ("text", "json", "html", "markdown"):
        assert said in report(form, [asked]).replace("\\", "")
    assert json.loads(report("json", [asked]))["projects"][0]["ignored"] == [*asked.ignored]
    assert checked(project, "MET").checked.ignored == {}


def test_a_code_in_the_settings_that_means_nothing_is_a_finding(project: Path) -> None:
    set_(project, '[tool.lisa-scaffold]\nignore = ["CHG999"]\n')
    assert [code for code, _, _ in found(checked(project, "CHG", "CFG"))] == ["CHG002", "CFG002"]


def test_a_waiver_excepts_with_its_reason(project: Path) -> None:
    set_(project, f'{SETTINGS}code = "CHG002"\nreason = "history as it was"\n')
    result = checked(project, "CHG", "CFG")
    assert found(result) == []
    (waived,) = result.checked.waived
    assert (waived.finding.code, waived.reason) == ("CHG002", "history as it was")


@pytest.mark.parametrize(
    ("waiver", "codes"),
    [
        ('path = "docs/**"\n', ["CHG002", "CFG004"]),
        ('path = "CHANGELOG.*"\n', []),
        ('path = "**"\n', []),
        ("expires = 2026-11-25\n", ["CHG002", "CFG003"]),
        ("expires = 2026-11-26\n", []),
    ],
)
def test_a_waiver_holds_for_its_path_and_until_its_end(
    project: Path, waiver: str, codes: list[str]
) -> None:
    set_(project, f'{SETTINGS}code = "CHG"\nreason = "kept"\n{waiver}')
    result = checked(project, "CHG", "CFG", today=date(2026, 11, 26))
    assert [code for code, _, _ in found(result)] == codes


def test_a_waiver_whose_rule_was_not_run_is_not_called_unneeded(project: Path) -> None:
    set_(project, f'{SETTINGS}code = "LIC001"\nreason = "kept"\n')
    assert found(checked(project, "CHG", "CFG")) == CHG
    assert ("CFG004", "pyproject.toml", 5) not in found(checked(project, "LIC001", "CFG"))


def test_a_waiver_of_all_that_was_run_may_be_unneeded(project: Path) -> None:
    set_(project, f'{SETTINGS}code = "CFG"\nreason = "kept"\n')
    assert [code for code, _, _ in found(checked(project, "CFG"))] == ["CFG004"]


def test_a_waiver_without_a_reason_has_no_effect(project: Path) -> None:
    set_(project, f'{SETTINGS}code = "CHG002"\n')
    assert [code for code, _, _ in found(checked(project, "CHG", "CFG"))] == ["CHG002", "CFG001"]


# --- Where the template comes in ------------------------------------------------------------------


@pytest.fixture
def template(small_template: Path, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> Path:
    """The small template as ours: versions v0.1.0 to v0.3.0, of which the last locks a file."""
    settings = (small_template / "copier.yml").read_text()
    locked = f"{settings}_lisa_ownership:\n  locked:\n    - version.txt\n"
    tree(
        small_template,
        {
            "copier.yml": locked,
            "template/version.txt": "0.3.0",
            "pyproject.toml": '[project]\nversion = "0.3.0"\n',
        },
    )
    commit_all(small_template, "0.3.0")
    git("tag", "v0.3.0", cwd=small_template)
    bare = small_template.with_name("template.git")
    git("clone", "--quiet", "--bare", small_template, bare, cwd=small_template.parent)
    monkeypatch.setenv(SOURCE_VARIABLE, str(bare))
    return bare


def record(project: Path, version: str, source: str = CANONICAL_URL, **answers: object) -> None:
    lines = [
        f"_commit: {version}",
        f"_src_path: {source}",
        *(f"{k}: {v}" for k, v in answers.items()),
    ]
    (project / ".copier-answers.yml").write_text("\n".join(lines) + "\n")


@pytest.mark.usefixtures("template")
def test_a_locked_file_that_was_edited_is_found_and_restored(project: Path) -> None:
    record(project, "v0.3.0", name="one", size=3)
    (project / "version.txt").write_text("0.3.0 or so")
    commit_all(project, "Two")
    first = checked(project, "TPL", fixes=True)
    assert [(each.code, each.path) for each in first.before.findings] == [("TPL002", "version.txt")]
    assert first.changes == {"version.txt": b"0.3.0"}
    assert found(first) == []
    transaction.write_files(project, first.changes, first.stamps)
    assert (project / "version.txt").read_text() == "0.3.0"
    again = checked(project, "TPL", fixes=True)
    assert (found(again), again.changes, again.checked.notes) == ([], {}, ())


@pytest.mark.usefixtures("template")
def test_the_recorded_version_decides_and_not_the_newest(project: Path) -> None:
    record(project, "v0.2.0", name="one", size=3)
    result = checked(project, "TPL")
    assert found(result) == []
    assert result.checked.notes == (
        "1 version behind v0.3.0 of the template: lisa-scaffold update.",
    )


@pytest.mark.usefixtures("template")
def test_an_edit_that_is_not_committed_is_not_thrown_away(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(project, "v0.3.0", name="one", size=3)
    (project / "version.txt").write_text("mine")
    result = checked(project, "TPL", fixes=True)
    assert [(each.code, each.path) for each in result.checked.findings] == [
        ("TPL002", "version.txt")
    ]
    assert result.changes == {}
    assert result.checked.notes == (
        "version.txt: not committed, so --fix neither replaces nor deletes it: commit it first.",
    )
    # No report promises the repair, that of what would be changed neither.
    assert result.before.notes == result.checked.notes
    for each in (result.before, result.checked):
        assert [finding.repair for finding in each.findings] == [""]
    assert cli.main(["check", str(project), "--select", "TPL"]) == ExitCode.FINDINGS
    assert "Repair 1" not in capsys.readouterr().out
    (project / "setup.cfg").write_text("")
    commit_all(project, "Mine")
    again = checked(project, "TPL", fixes=True)
    assert [finding.repair for finding in again.before.findings] == ["--fix"]
    assert again.before.notes == ()
    assert cli.main(["check", str(project), "--select", "TPL"]) == ExitCode.FINDINGS
    assert "Repair 1" in capsys.readouterr().out


@pytest.mark.usefixtures("template")
def test_a_version_that_does_not_exist_is_a_finding(project: Path) -> None:
    record(project, "v0.2.7")
    result = checked(project, "TPL")
    assert found(result) == [("TPL003", ".copier-answers.yml", 1)]
    assert result.checked.findings[0].message.startswith("v0.2.7: no such version")


@pytest.mark.usefixtures("template")
def test_a_newer_version_than_is_known_is_a_note(project: Path) -> None:
    record(project, "v9.0.0")
    result = checked(project, "TPL")
    assert found(result) == []
    assert result.checked.notes == (
        "Made from v9.0.0; this lisa-scaffold knows versions up to v0.3.0, so the locked files "
        "were not compared. For a newer one: bring what LISA_SCAFFOLD_TEMPLATE names up to date, "
        "or unset that variable",
    )


def test_another_template_is_not_asked(project: Path) -> None:
    record(project, "v1.0.0", source="https://nowhere.example.org/template.git")
    result = checked(project, "TPL")
    assert found(result) == []
    assert result.checked.notes == (
        "Made from https://nowhere.example.org/template.git, another template: what that locks is "
        "not known here.",
    )
    # Its versions are none of ours.
    assert result.checked.version == ""


# --- Repairs --------------------------------------------------------------------------------------


def test_a_repair_keeps_mode_and_line_ends(project: Path) -> None:
    changelog = project / "CHANGELOG.md"
    changelog.write_bytes(CHANGELOG.replace("\n", "\r\n").encode())
    changelog.chmod(0o755)
    commit_all(project, "Two")
    result = checked(project, "CHG", fixes=True)
    transaction.write_files(project, result.changes, result.stamps)
    assert changelog.read_bytes().startswith(b"# Changelog\r\n\r\n## [Unreleased]\r\n\r\n##")
    assert changelog.stat().st_mode & 0o777 == 0o755
    assert [each.code for each in result.checked.fixed] == ["CHG002"]
    assert result.checked.diff.startswith("--- a/CHANGELOG.md\n+++ b/CHANGELOG.md\n")


@pytest.mark.parametrize("is_tracked", [True, False])
def test_what_is_edited_while_it_is_checked_is_not_written_over(
    is_tracked: bool, project: Path
) -> None:
    changelog = project / "CHANGELOG.md"
    changelog.write_text(CHANGELOG)
    if is_tracked:
        commit_all(project, "Two")
    result = checked(project, "CHG", fixes=True)
    assert [*result.changes] == ["CHANGELOG.md"]
    edited = CHANGELOG.replace("# Changelog", "# Changelog!")
    with changelog.open("r+") as file:
        file.write(edited)
    with pytest.raises(LisaError, match="changed since it was read"):
        transaction.write_files(project, result.changes, result.stamps)
    assert changelog.read_text() == edited
    changelog.unlink()
    with pytest.raises(LisaError, match="changed since it was read"):
        transaction.write_files(project, result.changes, result.stamps)
    assert not changelog.exists()


def test_what_git_ignores_is_not_written_over(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No rule sees it, so that one may want to make it."""
    (project / "pyproject.toml").unlink()
    setup = "import numpy\nfrom setuptools import setup\n\nsetup(name='demo', version='1')\n"
    (project / "setup.py").write_text(setup)
    (project / ".gitignore").write_text("pyproject.toml\n")
    commit_all(project, "Two")
    (project / "pyproject.toml").write_text("# mine\n")
    assert cli.main(["check", str(project), "--fix=unsafe"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "pyproject.toml: there already, and not a part of the project\n" in said
    assert (project / "pyproject.toml").read_text() == "# mine\n"


def test_rules_are_run_again_only_after_repairs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[Facts] = []
    run = judge.run

    def counted(chosen: Sequence[Rule], facts: Facts) -> list[RuleFound]:
        runs.append(facts)
        return run(chosen, facts)

    monkeypatch.setattr(judge, "run", counted)
    result = checked(project, "CHG", fixes=True)
    assert [each.code for each in result.checked.fixed] == ["CHG002"]
    assert len(runs) == 2
    runs.clear()
    assert checked(project, "SYN", fixes=True).changes == {}
    assert len(runs) == 1


def test_what_is_waived_is_not_repaired(project: Path) -> None:
    set_(project, f'{SETTINGS}code = "CHG"\nreason = "kept"\n')
    assert checked(project, "CHG", fixes=True).changes == {}


# --- What is refused ------------------------------------------------------------------------------


def test_what_is_no_project_is_refused_before_anything_is_checked(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name, message in (
        ("nowhere", "no such folder"),
        ("file", "no folder"),
        ("empty", "no project there"),
    ):
        with pytest.raises(LisaError) as refused:
            next(iter(check.check([project, tmp_path / name], Wanted())))
        assert refused.value.message == f"{tmp_path / name}: {message}"


def test_a_folder_of_dags_is_a_project(tmp_path: Path, tree: Tree) -> None:
    text = "from airflow.sdk import DAG\nDAG('a', schedule_interval=None)\n"
    folder = tree(tmp_path / "dags", {"a.py": "import airflow\n", "b.py": text})
    assert found(checked(folder, "DAG007")) == [("DAG007", "b.py", 2)]
    (folder / "b.py").write_text("import other\nother.DAG()\n")
    with pytest.raises(LisaError) as refused:
        checked(folder)
    assert refused.value.message == f"{folder}: no project there"
    assert refused.value.hint.endswith(", or DAGs of Airflow.")


def test_a_code_that_means_no_rule_is_refused(project: Path) -> None:
    with pytest.raises(LisaError) as refused:
        checked(project, "CHG0002")
    assert refused.value.message == "CHG0002: no such rule"
    assert refused.value.hint.startswith("Did you mean CHG002")


def test_a_folder_without_git_is_checked(tmp_path: Path, tree: Tree) -> None:
    folder = tree(tmp_path / "unpacked", {"setup.py": "", "CHANGELOG.md": CHANGELOG})
    assert found(checked(folder, "CHG")) == CHG


# --- Repairs that are none ------------------------------------------------------------------------


def rule_that_fixes(code: str, old: str, new: str, word: str, *, safe: bool = True) -> Rule:
    """A rule against a word in a file, whose fix replaces something."""

    def finds(facts: Facts) -> Iterator[Hit]:
        for number, line in enumerate(facts.lines("a.txt"), 1):
            if word in line:
                fix = Fix.edit("a.txt", lambda text: text.replace(old, new))
                yield Hit("a.txt", number, f"{word} is there", fix=fix if safe else fix.as_unsafe())

    return Rule(code, Severity.SHOULD, finds, fixes=True)


FACTS = Facts.of({"a.txt": "one\ntwo\n"})


def repaired(*chosen: Rule, unsafe: bool = True) -> tuple[str, list[tuple[str, str]]]:
    done = repair.apply_fixes(chosen, FACTS, unsafe=unsafe)
    return done.facts.text("a.txt"), [(each.code, why) for each, why in done.withheld]


def test_a_repair_that_leaves_its_finding_is_withheld() -> None:
    grows = rule_that_fixes("XXX001", "one", "one one", "one")
    good = rule_that_fixes("XXX002", "two", "2", "two")
    assert repaired(grows, good) == ("one\n2\n", [("XXX001", "the finding would still be there")])


def test_a_repair_that_brings_another_finding_is_withheld() -> None:
    bad = rule_that_fixes("XXX001", "one", "three", "one")
    other = rule_that_fixes("XXX002", "x", "y", "three")
    why = "it would bring XXX002 in a.txt: three is there"
    assert repaired(bad, other) == ("one\ntwo\n", [("XXX001", why)])


def test_a_finding_of_another_rule_that_only_moves_is_none_that_comes() -> None:
    """Such as of a tool whose settings are in another file then."""

    def finds(facts: Facts) -> Iterator[Hit]:
        path = "b.txt" if facts.text("a.txt").startswith("3") else "a.txt"
        yield Hit(path, 1, "it has no settings")

    moves = rule_that_fixes("XXX001", "one", "3", "one")
    assert repaired(moves, Rule("XXX002", Severity.SHOULD, finds)) == ("3\ntwo\n", [])


def test_a_repair_that_does_nothing_is_told() -> None:
    idle = rule_that_fixes("XXX001", "x", "y", "one")
    assert repaired(idle) == ("one\ntwo\n", [("XXX001", "there is nothing that it would change")])


def test_an_unsafe_repair_is_for_who_asks() -> None:
    risky = rule_that_fixes("XXX001", "one", "1", "one", safe=False)
    assert repaired(risky, unsafe=False) == ("one\ntwo\n", [])
    assert repaired(risky) == ("1\ntwo\n", [])


def test_unsafe_repairs_are_told_apart(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[build-system]\nbuild-backend = "hatchling.build"\nrequires = ["hatchling"]\n'
        '[project]\nname = "lisa-noise"\nversion = "1.0"\nrequires-python = ">=3.11,<4"\n'
    )
    safe = checked(project, "MET013", fixes=True)
    assert [(each.code, each.repair) for each in safe.checked.findings] == [
        ("MET013", "--fix=unsafe")
    ]
    assert safe.changes == {}
    assert safe.checked.notes[-1].startswith("1 more can be repaired by --fix=unsafe")
    asked = checked(project, "MET013", fixes=True, unsafe=True)
    assert list(asked.changes) == ["pyproject.toml"]
    assert asked.checked.findings == ()


# --- Projects inside a project --------------------------------------------------------------------

WORKSPACE = (
    '[project]\nname = "all"\nversion = "1"\n[tool.uv.workspace]\nmembers = ["packages/*"]\n'
)
ONE = '[project]\nname = "one"\nversion = "1"\n'


@pytest.fixture
def workspace(tmp_path: Path, tree: Tree) -> Path:
    folder = tree(
        tmp_path / "all",
        {
            "pyproject.toml": WORKSPACE,
            ".gitignore": "x\n",
            ".pre-commit-config.yaml": "repos: []\n",
            "ruff.toml": "",
            "packages/one/pyproject.toml": ONE,
            "packages/one/src/one/__init__.py": "",
            "examples/two/pyproject.toml": ONE,
        },
    )
    git("init", "--quiet", cwd=folder)
    commit_all(folder, "One")
    return folder


def test_members_have_what_the_top_has(workspace: Path) -> None:
    codes = {code for code, _, _ in found(checked(workspace / "packages/one"))}
    assert codes & {"FIL002", "QTY001", "QTY004"} == set()
    assert "QTY002" in codes


def test_tests_of_a_member_may_be_at_the_top(workspace: Path, tree: Tree) -> None:
    assert "FIL003" in {code for code, _, _ in found(checked(workspace / "packages/one"))}
    tree(workspace, {"tests/test_one.py": ""})
    commit_all(workspace, "Tests")
    assert "FIL003" not in {code for code, _, _ in found(checked(workspace / "packages/one"))}


def test_a_member_is_sent_to_the_top_for_hooks(workspace: Path) -> None:
    (workspace / ".pre-commit-config.yaml").unlink()
    commit_all(workspace, "No hooks")
    said = {
        each.code: each.message for each in checked(workspace / "packages/one").checked.findings
    }
    assert said["QTY004"] == (
        "no commit hooks, so mistakes only show in CI: add this file at the repository's top, "
        "where alone it is read, run `pre-commit install`"
    )


def test_members_are_checked_where_that_is_asked_for(workspace: Path) -> None:
    (alone,) = check.check([workspace], Wanted())
    assert alone.checked.notes == (
        "1 project inside is not checked: --members does (packages/one)",
    )
    both = list(check.check([workspace], Wanted(members=True)))
    assert [each.checked.prefix for each in both] == ["", "packages/one/"]
    assert both[0].checked.notes == ()


def test_strict_rules_are_for_who_asks(workspace: Path) -> None:
    (lenient,) = check.check([workspace], Wanted(Selection(strict=False)))
    (strict,) = check.check([workspace], Wanted(Selection(strict=True)))
    assert "CHG001" not in lenient.checked.applied
    assert "CHG001" in strict.checked.applied
    set_(workspace, "[tool.lisa-scaffold]\nstrict = true\n")
    (set_strict,) = check.check([workspace], Wanted(Selection(strict=False)))
    assert set_strict.checked.applied == strict.checked.applied


def test_metadata_that_only_a_run_knows_are_told_of(project: Path) -> None:
    (project / "pyproject.toml").unlink()
    (project / "setup.py").write_text("from setuptools import setup\nsetup(**make())\n")
    told = "setup.py: what it tells setuptools only a run knows: no rule sees that metadata"
    assert told in checked(project, "MET").checked.notes
    assert checked(project, "CHG").checked.notes == ()
    (project / "setup.py").write_text("from setuptools import setup\nsetup(name='a')\n")
    assert checked(project, "MET").checked.notes == ()


def test_what_a_pipeline_includes_from_elsewhere_is_said(project: Path) -> None:
    names = [f"project: lisa/{number}, file: a.yml" for number in range(5)]
    entries = "".join(f"  - {{{each}}}\n" for each in names)
    (project / ".gitlab-ci.yml").write_text(f"include:\n{entries}")
    asked = checked(project, "TPL").checked
    (told,) = asked.notes
    assert told.startswith(
        "what the jobs do cannot be judged wholly: the pipeline includes project lisa/0: a.yml, "
        "project lisa/1: a.yml, project lisa/2: a.yml and 2 more, which may change any of them. "
    )
    assert checked(project, "CHG").checked.notes == ()
    for form in ("text", "json", "html", "markdown", "junit"):
        assert "cannot be judged wholly" in report(form, [asked]).replace("\\", "")
    (project / ".gitlab-ci.yml").write_text("include:\n  - template: Jobs/SAST.gitlab-ci.yml\n")
    assert checked(project, "TPL").checked.notes == ()


def test_a_page_whose_links_are_not_looked_up_is_told_once(project: Path) -> None:
    (project / "README.rst").write_text("`a <gone.rst>`_\n\n" + "word " * 10_000)
    told = "README.rst: too long, or too odd, so that its links are not looked up"
    assert checked(project, "DOC").checked.notes == (told,)
    assert checked(project, "CHG").checked.notes == ()
