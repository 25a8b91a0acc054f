"""Tools that look at the code, and where they read their settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge

from ..support.checking import changed, clean, edited, findings, fixed, found, messages, text

TOML = "pyproject.toml"
BARE: dict[str, Any] = {
    TOML: '[project]\nname = "a"\n',
    "src/a/__init__.py": "",
    "tests/test_a.py": "def test_a():\n    pass\n",
}


def with_toml(lines: str, **files: str) -> dict[str, Any]:
    """A package of nothing but its settings, and what else is given."""
    return {TOML: lines, "src/a/__init__.py": "", **files}


def settings(lines: str) -> str:
    return f'[project]\nname = "a"\n\n{lines}'


def test_a_package_without_any_tool() -> None:
    assert found(BARE, "QTY") == [
        ("QTY004", ".pre-commit-config.yaml", 1),
        ("QTY001", TOML, 1),
        ("QTY002", TOML, 1),
        ("QTY003", TOML, 1),
    ]
    assert messages(BARE, "QTY") == [
        "no commit hooks, so mistakes only show in CI: add this file, run `pre-commit install`",
        "no linter, so undefined names go unnoticed: run `ruff check` in CI",
        "no type checker, so wrong types go unnoticed: run `mypy` in CI",
        "nobody sees which lines have no test: run `pytest --cov` (from `pytest-cov`)",
    ]


@pytest.mark.parametrize(
    ("path", "content", "gone"),
    [
        (".flake8", "[flake8]\n", "QTY001"),
        ("tox.ini", "[testenv]\ncommands = pylint src\n", "QTY001"),
        ("Makefile", "check:\n\tpyright src\n", "QTY002"),
        (".github/workflows/ci.yml", "jobs: {a: {steps: [{run: ty check}]}}\n", "QTY002"),
        ("noxfile.py", 'session.run("coverage", "run", "-m", "unittest")\n', "QTY003"),
        ("lefthook.yml", "pre-commit: {}\n", "QTY004"),
    ],
)
def test_any_tool_will_do(path: str, content: str, gone: str) -> None:
    codes = {code for code, _, _ in found({**BARE, path: content}, "QTY")}
    assert codes == {"QTY001", "QTY002", "QTY003", "QTY004"} - {gone}


def test_a_word_that_only_holds_the_name_is_no_tool() -> None:
    files = {**BARE, "Makefile": "all: my-ruff ruff-like\n"}
    assert "QTY001" in {code for code, _, _ in found(files, "QTY")}


@pytest.mark.parametrize(
    "files",
    [
        {"PKG-INFO": "Name: a\n"},
        {".gitlab-ci.yml": "include:\n  - project: group/ci\n    file: all.yml\n"},
        {".github/workflows/ci.yml": "jobs:\n  a:\n    uses: o/r/.github/workflows/a.yml@v1\n"},
    ],
)
def test_nothing_is_missed_where_not_all_can_be_seen(files: dict[str, Any]) -> None:
    assert found({**BARE, **files}, "QTY") == []


def test_a_folder_without_git_or_package(tmp_path: Path) -> None:
    (tmp_path / TOML).write_text(BARE[TOML], encoding="utf-8")
    assert judge.list_findings(rules.load_family("QTY"), Facts.read(tmp_path)) == []
    assert found({"Dockerfile": "FROM debian:12\n"}, "QTY") == []


# --- pytest ---------------------------------------------------------------------------------------

PYTEST = '[tool.pytest.ini_options]\nminversion = "8"  # kept\nfilterwarnings = ["error"]\n'
STRICT = 'addopts = [ "--strict-markers", "--strict-config" ]\nxfail_strict = true\n'


def test_pytest_is_strict() -> None:
    files = with_toml(settings(PYTEST))
    assert found(files, "QTY005") == [("QTY005", TOML, 4)]
    assert messages(files, "QTY005") == [
        "pytest silently accepts unknown markers, unknown settings and unexpected passes: add "
        "`--strict-markers`, `--strict-config`, `xfail_strict = true`"
    ]
    assert fixed(files, "QTY005") == {TOML: settings(PYTEST + STRICT)}
    assert found(with_toml(settings(PYTEST + STRICT)), "QTY005") == []


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ('addopts = [ "-ra" ]', 'addopts = [ "-ra", "--strict-markers", "--strict-config" ]'),
        ('addopts = "-ra"', 'addopts = "-ra --strict-markers --strict-config"'),
        (
            'addopts = "-ra --strict-config"',
            'addopts = "-ra --strict-config --strict-markers"',
        ),
    ],
)
def test_options_keep_their_form(value: str, right: str) -> None:
    files = with_toml(settings(f"{PYTEST}{value}\nxfail_strict = true\n"))
    assert fixed(files, "QTY005") == {TOML: settings(f"{PYTEST}{right}\nxfail_strict = true\n")}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("pytest.ini", "[pytest]\nstrict = true\nfilterwarnings = error\n"),
        ("setup.cfg", "[tool:pytest]\nfilterwarnings =\n    error\nstrict=true\n"),
        (
            "tox.ini",
            "[pytest]\naddopts = -W error --strict-config --strict-markers\nstrict_xfail=1\n",
        ),
        ("pytest.toml", '[pytest]\nstrict = true\nfilterwarnings = ["error"]\n'),
    ],
)
def test_other_files_of_pytest(path: str, content: str) -> None:
    assert found(with_toml("", **{path: content}), "QTY") == []
    lax = with_toml("", **{path: content.split("\n", 1)[0] + "\n"})
    # An empty section of these two is none of pytest's own.
    expected = [] if path in ("setup.cfg", "tox.ini") else ["QTY005", "QTY006"]
    assert [code for code, _, _ in found(lax, "QTY")] == expected


def test_no_settings_at_all() -> None:
    files = {**BARE, "tox.ini": "[testenv]\ncommands = pytest\n"}
    assert ("QTY005", TOML, 1) in found(files, "QTY")
    for path in ("PKG-INFO", "config/pytest.ini"):
        assert "QTY005" not in {code for code, _, _ in found({**files, path: ""}, "QTY")}


def test_warnings_are_errors() -> None:
    files = with_toml(settings(PYTEST.replace('["error"]', '["ignore::DeprecationWarning"]')))
    assert found(files, "QTY006") == [("QTY006", TOML, 6)]
    assert messages(files, "QTY006") == [
        'nobody sees warnings of passing tests: write `filterwarnings = ["error"]`'
    ]
    assert found({**files, "Makefile": "test:\n\tpytest -W error\n"}, "QTY006") == []


# --- Where settings stand -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "table", "message"),
    [
        ("pytest.ini", "[pytest]\n", "tool.pytest.ini_options", "pytest reads only pytest.ini"),
        ("ruff.toml", "", "tool.ruff", "ruff reads only ruff.toml"),
        ("mypy.ini", "[mypy]\n", "tool.mypy", "mypy reads only mypy.ini"),
        (
            ".coveragerc",
            "[run]\nbranch=1\n",
            "tool.coverage.run",
            "coverage reads only .coveragerc",
        ),
    ],
)
def test_settings_that_nothing_reads(path: str, content: str, table: str, message: str) -> None:
    files = with_toml(settings(f"[{table}]\nx = 1\n"), **{path: content})
    assert found(files, "QTY007") == [("QTY007", TOML, 4)]
    assert messages(files, "QTY007") == [f"{message} and ignores this: move it there"]
    named = {**files, "Makefile": f"all:\n\ttool --config-file={TOML}\n"}
    assert found(named, "QTY007") == []
    assert found(with_toml(files[TOML]), "QTY007") == []


@pytest.mark.parametrize(
    ("cfg", "remedy"),
    [
        ("a = numpy\n", "delete it, as it says the same"),
        ("a = google\n", "move it there"),
        ("a = numpy\nc = d\n", "move it there"),
    ],
)
def test_settings_that_say_the_same_twice(cfg: str, remedy: str) -> None:
    files = {"pytest.ini": "[pytest]\na = numpy\nb = c\n", "setup.cfg": f"[tool:pytest]\n{cfg}"}
    told = f"pytest reads only pytest.ini and ignores this: {remedy}"
    assert messages(files, "QTY007") == [told]


def test_flake8_reads_no_toml() -> None:
    files = with_toml(settings("[tool.flake8]\nmax-line-length = 100\n"))
    assert found(files, "QTY007") == [("QTY007", TOML, 4)]
    assert found({**files, "requirements-dev.txt": "Flake8-pyproject\n"}, "QTY007") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            'testpaths = [ "src", "tests" ]',
            'testpaths = [ "src", "test" ]',
            0,
            "pytest looks for tests in test",
        ),
        ('files = [ "src", "tests" ]', 'files = [ "src", "x/y" ]', 0, "mypy looks at x/y"),
        ('source_pkgs = [ "lisa_example" ]', 'source_pkgs = [ "old" ]', 0, "coverage measures old"),
    ],
)
def test_paths_that_are_gone(old: str, new: str, line: int, message: str) -> None:
    files = edited(clean(), TOML, old, new)
    at = text(files, TOML).split("\n").index(new) + 1 + line
    assert found(files, "QTY") == [("QTY008", TOML, at)]
    assert messages(files, "QTY") == [f"{message}, which does not exist: correct the name"]
    assert found({**files, "PKG-INFO": ""}, "QTY") == []


@pytest.mark.parametrize("value", ['["./tests/"]', '["*/tests"]', '"tests ../other $HOME/x"'])
def test_paths_that_may_be_there(value: str) -> None:
    files = edited(clean(), TOML, 'testpaths = [ "src", "tests" ]', f"testpaths = {value}")
    assert found(files, "QTY") == []


# --- ruff and mypy --------------------------------------------------------------------------------


def test_ruffs_table() -> None:
    before = (
        '[tool.ruff]\nline-length = 88\n# What we look at\nselect = [\n  "E",  # all\n]\n'
        '[tool.ruff.isort]\nknown-first-party = ["a"]\n\n[tool.ruff.lint]\npreview = true\n'
    )
    after = (
        "[tool.ruff]\nline-length = 88\n"
        '[tool.ruff.lint.isort]\nknown-first-party = ["a"]\n\n[tool.ruff.lint]\npreview = true\n'
        '# What we look at\nselect = [\n  "E",  # all\n]\n'
    )
    files = with_toml(settings(before))
    assert found(files, "QTY009") == [("QTY009", TOML, 10)]
    assert messages(files, "QTY009") == [
        "ruff will stop reading this here: move it to `tool.ruff.lint.isort`; also in line 7"
    ]
    assert fixed(files, "QTY009") == {TOML: settings(after)}


def test_the_table_of_an_old_ruff_and_of_none() -> None:
    old = '[dependency-groups]\nlint = ["ruff==0.0.290"]\n[tool.ruff]\nselect = ["E"]\n'
    assert found(with_toml(settings(old)), "QTY009") == []
    assert found(with_toml(BARE[TOML]), "QTY009") == []
    assert found(with_toml(BARE[TOML], **{"ruff.toml": 'select = ["E"]\n'}), "QTY009") == [
        ("QTY009", "ruff.toml", 1)
    ]


def test_rules_that_ruff_dropped() -> None:
    def ruff(ignored: str) -> str:
        return settings(f"[tool.ruff.lint]\nignore = [\n{ignored}]\n")

    files = with_toml(ruff('  "ANN101",  # self\n  "D203",\n  "TRY200",\n  "ANN102",\n'))
    assert found(files, "QTY010") == [("QTY010", TOML, 6), ("QTY010", TOML, 8)]
    assert messages(files, "QTY010") == [
        "ruff warns about ANN101 and ANN102 or stops, as they were removed: delete them; "
        "also in line 9",
        "ruff warns about TRY200 or stops, as it was removed: write B904",
    ]
    assert fixed(files, "QTY010") == {TOML: ruff('  "D203",\n  "B904",\n')}


def test_rules_that_the_pinned_ruff_still_has() -> None:
    value = '[dependency-groups]\nlint = ["ruff==0.7.4"]\n[tool.ruff.lint]\nignore = ["ANN101"]\n'
    assert found(with_toml(settings(value)), "QTY010") == []
    assert found(with_toml(settings(value.replace("0.7.4", "0.8.0"))), "QTY010") != []


def test_mypy_looks_into_functions() -> None:
    value = '[tool.mypy]\npython_version = "3.11"\n'
    files = with_toml(settings(value))
    assert found(files, "QTY011") == [("QTY011", TOML, 4)]
    assert messages(files, "QTY011") == [
        "mypy skips functions without annotations: write `check_untyped_defs = true`"
    ]
    assert fixed(files, "QTY011") == {TOML: settings(f"{value}check_untyped_defs = true\n")}
    assert found({**files, "Makefile": "types:\n\tmypy --strict src\n"}, "QTY011") == []
    assert found(changed(files, {TOML: settings(f"{value}strict = true\n")}), "QTY011") == []


@pytest.mark.parametrize(
    ("code", "last", "without", "other"),
    [
        *(
            (code, "0.7.4", "0.8.0", "")
            for code in ("ANN101", "ANN102", "E999", "PT004", "PT005", "UP027")
        ),
        *((code, "0.12.12", "0.13.0", "") for code in ("PD901", "UP038")),
        ("S320", "0.11.13", "0.12.0", ""),
        ("S410", "0.2.2", "0.3.0", ""),
        ("PLR1706", "0.1.15", "0.2.0", ""),
        ("PGH001", "0.1.15", "0.2.0", "S307"),
        ("PGH002", "0.1.15", "0.2.0", "G010"),
        ("PLR1701", "0.4.10", "0.5.0", "SIM101"),
        ("RUF011", "0.1.15", "0.2.0", "B035"),
        ("RUF035", "0.9.10", "0.10.0", "S704"),
        ("TRY200", "0.1.15", "0.2.0", "B904"),
    ],
)
def test_a_rule_of_ruff_is_gone_from_a_version_on(
    code: str, last: str, without: str, other: str
) -> None:
    def told(version: str) -> list[str]:
        pinned = f'[dependency-groups]\nlint = ["ruff=={version}"]\n'
        settings = f'[tool.ruff.lint]\nextend-select = ["{code}"]\n'
        return messages({"pyproject.toml": pinned + settings}, "QTY010")

    assert told(last) == []
    remedy = f"write {other}" if other else "delete it"
    assert told(without) == [f"ruff warns about {code} or stops, as it was removed: {remedy}"]


@pytest.mark.parametrize(
    "path",
    [
        ".pre-commit-config.yaml",
        ".pre-commit-config.yml",
        "prek.toml",
        "lefthook.yml",
        ".lefthook.yml",
        "trunk.yaml",
        ".trunk/trunk.yaml",
        ".husky/pre-commit",
    ],
)
def test_hooks_of_any_tool_are_hooks(path: str) -> None:
    assert found({**BARE, path: ""}, "QTY004") == []


def test_ruff_reads_what_it_extends() -> None:
    files = with_toml(settings("[tool.ruff]\nline-length = 99\n"))
    assert found({**files, ".ruff.toml": ""}, "QTY007") == [("QTY007", TOML, 4)]
    for extended in ("pyproject.toml", "./pyproject.toml"):
        own = {".ruff.toml": f'extend = "{extended}"\n'}
        assert found({**files, **own}, "QTY007") == []
    through = {".ruff.toml": 'extend = "ruff.toml"\n', "ruff.toml": 'extend = "pyproject.toml"\n'}
    assert found({**files, **through}, "QTY007") == []
    loop = {".ruff.toml": 'extend = ".ruff.toml"\n'}
    assert len(found({**files, **loop}, "QTY007")) == 1


@pytest.mark.parametrize(
    "command", ["coverage run --rcfile=pyproject.toml", "COVERAGE_RCFILE=pyproject.toml"]
)
def test_a_command_names_the_settings(command: str) -> None:
    files = with_toml(settings("[tool.coverage.run]\nbranch = true\n"))
    files = {**files, ".coveragerc": "[run]\nbranch = 1\n"}
    assert len(found(files, "QTY007")) == 1
    assert found({**files, "Makefile": f"all:\n\t{command}\n"}, "QTY007") == []


def test_paths_that_are_modules() -> None:
    old = 'testpaths = [ "src", "tests" ]'
    files = edited(clean(), TOML, old, 'testpaths = [ "lisa_other.tests" ]')
    assert len(found(files, "QTY008")) == 1
    named = edited(files, TOML, 'addopts = [ "-ra"', 'addopts = [ "--pyargs", "-ra"')
    assert found(named, "QTY008") == []


def test_a_module_that_lies_somewhere_on_the_path() -> None:
    new = 'source_pkgs = [ "lisa_example", "helper" ]'
    files = edited(clean(), TOML, 'source_pkgs = [ "lisa_example" ]', new)
    assert len(found(files, "QTY008")) == 1
    assert found({**files, "tests/helper.py": ""}, "QTY008") == []


@pytest.mark.parametrize(
    ("old", "right", "told"),
    [
        (
            '[tool.ruff.lint]\nextend-ignore = [ "E501" ]\n',
            '[tool.ruff.lint]\nignore = [ "E501" ]\n',
            "`extend-ignore` is outdated and means the same as `ignore`: write `ignore`",
        ),
        (
            '[tool.ruff.lint]\nselect = [ "E" ]\nextend-unfixable = [ "E501" ]\n',
            '[tool.ruff.lint]\nselect = [ "E" ]\nunfixable = [ "E501" ]\n',
            "`extend-unfixable` is outdated and means the same as `unfixable`: write `unfixable`",
        ),
        (
            "[tool.mypy]\nstrict = true\nshow_error_codes = true\n",
            "[tool.mypy]\nstrict = true\n",
            "mypy shows error codes anyway: delete `show_error_codes`",
        ),
    ],
)
def test_settings_of_today(old: str, right: str, told: str) -> None:
    assert messages({"pyproject.toml": old}, "QTY020") == [told]
    assert fixed({"pyproject.toml": old}, "QTY020") == {"pyproject.toml": right}
    assert found({"pyproject.toml": right}, "QTY020") == []


def test_settings_that_are_not_the_same() -> None:
    both = '[tool.ruff.lint]\nignore = [ "E1" ]\nextend-ignore = [ "E5" ]\n'
    assert [each.fixable for each in findings({"pyproject.toml": both}, "QTY020")] == [False]
    inherited = f'[tool.ruff]\nextend = "base.toml"\n{both}'
    assert found({"pyproject.toml": inherited}, "QTY020") == []


@pytest.mark.parametrize("path", [TOML, "pytest.ini", "tox.ini", "setup.cfg"])
def test_what_cannot_be_read_is_one_finding(path: str) -> None:
    files = {**clean(), path: "[pytest\n"}
    codes = {code for code, *_ in found(files)}
    assert codes & {"SYN001", "SYN003"}
    assert "QTY005" not in codes


@pytest.mark.parametrize(
    ("written", "is_found"),
    [
        *(('"tests"', False), ("'tests' \"src/a\"", False), ('"my tests"', False)),
        *(("tests src/a", False), ('"none"', True), ("tests,src/a", True), ('"tests', False)),
    ],
)
def test_pytest_reads_paths_as_a_shell_does(written: str, is_found: bool) -> None:
    files = with_toml("", **{"tests/test_a.py": "", "my tests/test_b.py": ""})
    files["setup.cfg"] = f"[tool:pytest]\ntestpaths = {written}\n"
    assert found(files, "QTY008") == ([("QTY008", "setup.cfg", 2)] if is_found else [])


@pytest.mark.parametrize(
    "path", ["dep/requirements-lint.txt", "requirements/lint.txt", "ci/environment-dev.yml"]
)
def test_a_plugin_that_reads_settings_may_be_listed_anywhere(path: str) -> None:
    settings = "[tool.flake8]\nmax-line-length = 99\n"
    assert messages({TOML: settings}, "QTY007") == [
        "flake8 does not read this file: move the settings to .flake8, or delete them"
    ]
    assert found({TOML: settings, path: "flake8-pyproject >= 1.0\n"}, "QTY007") == []


def test_paths_of_one_setting_are_one_finding() -> None:
    settings = '[tool.mypy]\nfiles = [\n  "src/a.py",\n  "lib/b.py",\n  "lib/c.py",\n]\n'
    files = {TOML: settings, "src/a.py": ""}
    assert found(files, "QTY008") == [("QTY008", TOML, 4)]
    assert messages(files, "QTY008") == [
        "mypy looks at lib/b.py and lib/c.py, which do not exist: correct the names"
    ]


def test_removed_rules_of_one_line() -> None:
    files = {TOML: '[tool.ruff.lint]\nignore = ["ANN101", "ANN102", "D203"]\n'}
    assert messages(files, "QTY010") == [
        "ruff warns about ANN101 and ANN102 or stops, as they were removed: delete them"
    ]
    assert fixed(files, "QTY010") == {TOML: '[tool.ruff.lint]\nignore = ["D203"]\n'}
