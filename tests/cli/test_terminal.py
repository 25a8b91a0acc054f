"""What hostile repositories say reaches nobody's terminal raw, and no token of theirs leaves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
import yaml

from lisa_scaffold import cli, git
from lisa_scaffold.cli import terminal
from lisa_scaffold.report.check import FORMATS
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE

from ..support.adopting import BRANCH, SETUPTOOLS, make
from ..support.adopting import show as show_file
from ..support.sweeps import sampled
from ..support.terminals import MAIN, on_a_terminal
from ..support.updates import QUESTIONS, Capture, Workshop, open_workshop

pytestmark = pytest.mark.usefixtures("no_hook_programs")

COPY = "\x1b]52;c;ZXZpbA==\x07"  # fills the clipboard
EVIL = f"a{COPY}\x9b31m\u202e\x7f"
FORGED = "\nlisa-scaffold: all is well"
TOKEN = "glpat-0123456789abcdefghij"  # noqa: S105
ADDRESS = f"https://oauth2:{TOKEN}@gitlab.example.org/lisa/template.git"
CLEAN = ADDRESS.replace(f"oauth2:{TOKEN}", "***")
CHANGELOG = "# Changelog\n\n## [1.3.0] - 2026-11-02\n\n- Faster noise.\n"


def assert_harmless(*texts: str) -> None:
    for text in texts:
        assert not [each for each in text if not each.isprintable() and each not in "\n\t"]
        assert FORGED not in f"\n{text}"
        assert TOKEN not in text


@pytest.fixture
def hostile(tmp_path: Path) -> Workshop:
    """A project whose template says in all places what would steer a terminal."""
    workshop = open_workshop(tmp_path, {"template/kept.txt": "a\n", "CHANGELOG.md": "# Changes\n"})
    files = {
        "CHANGELOG.md": f"# Changes\n\n## [1.1.0]\n\n- Better {EVIL}\n",
        f"template/{EVIL}{FORGED}.txt": "a\n",
        "template/kept.txt": f"{EVIL}\n",
        "copier.yml": (
            f"{QUESTIONS}more:\n  type: str\n  default: {json.dumps(EVIL)}\n"
            f"_tasks:\n  - {json.dumps(EVIL + FORGED)}\n"
        ),
    }
    workshop.edit({"kept.txt": "mine\n"})
    workshop.release("v1.1.0", files)
    return workshop


@sampled("options", [[], ["--branch", "newer"], ["--dry-run"], ["--format", "json"]], 4)
def test_an_update_shows_a_hostile_template(
    hostile: Workshop, options: list[str], capsys: Capture
) -> None:
    assert cli.main(["update", str(hostile.project), "--defaults", "--verbose", *options]) == 0
    out, err = capsys.readouterr()
    assert_harmless(err)
    if "--dry-run" not in options:
        assert_harmless(out)
        assert "\\u202e" in out
    if "--branch" in options:
        assert_harmless(git.git("log", "-1", "--format=%B", "newer", cwd=hostile.project))


def show(*words: str, cwd: Path, **variables: str) -> str:
    """What a command writes where its standard output is a terminal."""
    shown = on_a_terminal(*words, cwd=cwd, variables=variables)
    assert shown.code in (0, 1)
    return shown.text


@sampled(
    ("words", "path", "content"),
    [
        (
            ["check", "--select", "CHG002", "--diff"],
            "CHANGELOG.md",
            f"# Changelog\n\n## [1.3.0] - 2026-11-02\n\x0c {EVIL} \udce9 {ADDRESS} \u2028\r\n",
        ),
        (["update", "--defaults", "--dry-run"], "a.txt", f"\udce9 {EVIL} {ADDRESS}\r\nb\n"),
    ],
    2,
)
def test_a_diff_is_exact_for_programs_and_harmless_for_people(
    words: list[str], path: str, content: str, tmp_path: Path
) -> None:
    content_there = content.encode(errors="surrogateescape")
    workshop = open_workshop(tmp_path, {"template/a.txt": content_there})
    workshop.release("v1.1.0", {"template/a.txt": content_there + b"more\n"})
    project = workshop.project
    workshop.edit({"pyproject.toml": '[project]\nname = "x"\n', path: content_there})

    shown = show(*words, cwd=project)
    assert_harmless(shown)
    assert "\\x1b]52;c;ZXZpbA==\\x07\\x9b31m\\u202e\\x7f" in shown
    assert CLEAN in shown

    command = [sys.executable, "-c", MAIN, *words]
    diff = subprocess.run(command, capture_output=True, cwd=project, check=False).stdout
    assert ADDRESS.encode() in diff
    (tmp_path / "patch").write_bytes(diff)
    git.git("apply", "--whitespace=nowarn", tmp_path / "patch", cwd=project)
    changed = (project / path).read_bytes()
    assert content_there.split(b"\n")[-2] in changed
    assert changed != content_there


def test_a_diff_is_whole_for_programs_and_short_for_people(tmp_path: Path) -> None:
    words = ["check", "--select", "CHG002", "--diff"]
    long = "x" * 5000
    git.git("init", "--quiet", cwd=tmp_path)
    changelog = f"# Changelog\n\n## [1.3.0] - 2026-11-02\n\n{long}\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.3.0"\n')
    shown = show(*words, cwd=tmp_path)
    assert "more characters)" in shown
    assert long not in shown.replace("\n", "")
    command = [sys.executable, "-c", MAIN, *words]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert long.encode() in done.stdout
    assert b"fixes.patch" not in done.stderr


COLOURS = re.compile(r"\x1b\[(?:0|1|1;31|33|36)m")


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A project whose findings quote what would steer a terminal, and a colour of ours."""
    name = f"a\\u001b[33m {ascii(EVIL)[1:-1].replace(chr(92) + 'x', chr(92) + 'u00')}"
    project = f'[project]\nname = "{name}"\nversion = "1"\nlicence = "x"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    return tmp_path


def test_colour_is_for_terminals_and_ours_alone(faulty: Path) -> None:
    shown = show("check", cwd=faulty)
    assert "\x1b[1;31mmust  \x1b[0m  \x1b[36mMET001\x1b[0m" in shown
    assert "a\\x1b[33m" in shown
    assert_harmless(COLOURS.sub("", shown))
    plain = show("check", "--color=never", cwd=faulty)
    assert COLOURS.sub("", shown) == plain
    wide = [line for line in plain.split("\n") if len(line) > 70]
    assert [line for line in wide if max(map(len, line.split())) < 30] == []


@sampled(
    ("words", "variables"),
    [
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        (["--color=never"], {}),
        (["--format=json", "--color=always"], {}),
        (["--diff", "--color=always"], {}),
    ],
    3,
)
def test_no_colour(words: list[str], variables: dict[str, str], faulty: Path) -> None:
    assert "\x1b" not in show("check", *words, cwd=faulty, **variables)


def test_colour_in_a_pipe_only_where_it_is_asked_for(faulty: Path, capsys: Capture) -> None:
    assert cli.main(["check", str(faulty)]) == 1
    assert "\x1b" not in capsys.readouterr().out
    assert cli.main(["check", str(faulty), "--color=always"]) == 1
    assert "\x1b[36mMET001" in capsys.readouterr().out
    report = faulty / "report.txt"
    words = ["--color=always", "--format=text", "--output", str(report)]
    assert cli.main(["check", str(faulty), *words]) == 1
    assert "\x1b" not in report.read_text("utf-8")


def test_an_empty_no_color_says_nothing(faulty: Path) -> None:
    assert "\x1b[36m" in show("check", cwd=faulty, NO_COLOR="")


def test_bad_usage_is_shown_harmless(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        cli.main(["update", "--no-such-option", f"{EVIL}{FORGED}", ADDRESS])
    assert_harmless(capsys.readouterr().err)


def test_messages_commands_and_tracebacks_are_harmless(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / f"{EVIL}{FORGED} \udce9"
    assert cli.main(["update", str(place)]) == 2
    assert_harmless(capsys.readouterr().err)
    make(place, {"pyproject.toml": "[project\n", "CHANGELOG.md": CHANGELOG})
    assert cli.main(["check", "--verbose", str(place)]) == 1
    assert_harmless(*capsys.readouterr())

    def broken(*_: object) -> None:
        raise ValueError(EVIL + ADDRESS)

    monkeypatch.setattr("lisa_scaffold.verbs.check.check", broken)
    assert cli.main(["check", str(place)]) == 3
    assert_harmless(capsys.readouterr().err)


def test_warnings_of_libraries_are_harmless(tmp_path: Path) -> None:
    code = "import warnings, lisa_scaffold.cli.explain as verb; "
    code += f"verb.run = lambda _: warnings.warn({EVIL!r})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code} or 0; {MAIN}", "explain"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert_harmless(done.stderr)
    assert "UserWarning: a\\x1b]52;c;" in done.stderr


@sampled("encoding", ["ascii:strict", "latin-1", "ascii"], 3)
def test_any_encoding_of_the_terminal_will_do(encoding: str, tmp_path: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for words in (["new", "--defaults", "--dry-run", "made"], ["explain", "LIC001"]):
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *words],
            capture_output=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        done.stdout.decode(encoding.partition(":")[0])


@sampled("form", FORMATS, 3)
def test_machine_forms_are_in_utf_8_whatever_the_terminal(form: str, tmp_path: Path) -> None:
    make(tmp_path / "x", {"pyproject.toml": '[project]\nname = "é光"\n'})
    words = ["check", "--select", "CHG", "--format", form, "x"]
    command = [sys.executable, "-c", MAIN, *words]
    said = {
        subprocess.run(
            command,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            check=False,
        ).stdout
        for encoding in ("utf-8", "latin-1")
    }
    # GitLab's form names no project; people read text in what their terminal speaks.
    assert len(said) == (2 if form == "text" else 1)


# --- Credentials ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_of_the_report_tells_a_token(form: str, tmp_path: Path, capsys: Capture) -> None:
    project = make(
        tmp_path / "x",
        {
            "pyproject.toml": (
                f'[project]\nname = "x"\n\n[[tool.lisa-scaffold.waivers]]\ncode = "CHG001"\n'
                f'reason = "see {ADDRESS}"\n'
            ),
            # Its address is cut where lines and messages are.
            "CHANGELOG.md": f"# {'c' * 200} {ADDRESS}\n\n## [{'c' * 460} {ADDRESS}] - 1\n",
            ".copier-answers.yml": f"_commit: v1.0.0\n_src_path: {ADDRESS}\nkind: package\n",
        },
    )
    cli.main(["check", "--select", "CHG,TPL", "--fix", "--format", form, str(project)])
    assert_harmless(*capsys.readouterr())
    cli.main(["check", "--format", form, str(project)])
    assert_harmless(*capsys.readouterr())


def test_a_template_that_cannot_be_reached_is_named_without_its_token(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"https://oauth2:{TOKEN}@127.0.0.1:1/t.git?private_token={TOKEN}"
    workshop = open_workshop(tmp_path, {})
    answers = f"_commit: v1.0.0\n_src_path: {address}\n"
    workshop.edit({".copier-answers.yml": answers})
    for words in (["update", "--verbose"], ["adopt"]):
        assert cli.main([*words, "--defaults", str(workshop.project)]) == 2
        err = capsys.readouterr().err
        assert_harmless(err)
        assert "https://***@127.0.0.1:1/t.git?private_token=***" in err
    monkeypatch.setenv(SOURCE_VARIABLE, address)
    assert cli.main(["new", "--defaults", "--verbose", str(tmp_path / "new")]) == 2
    assert_harmless(capsys.readouterr().err)


@pytest.fixture
def reached(tmp_path: Path, home: Path) -> Workshop:
    """A project that records its template by an address with a token, which leads to it."""
    workshop = open_workshop(tmp_path, {"template/a.txt": "a\n"})
    workshop.release("v1.1.0", {"template/a.txt": "b\n"})
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[url "{workshop.template}"]\n\tinsteadOf = {ADDRESS}\n')
    old = workshop.read(".copier-answers.yml")
    workshop.edit({".copier-answers.yml": old.replace(str(workshop.template), ADDRESS)})
    return workshop


def test_a_recorded_token_goes_on_working_and_is_not_shown(
    reached: Workshop, capsys: Capture
) -> None:
    words = ["update", str(reached.project), "--defaults", "--verbose"]
    assert cli.main([*words, "--branch", "newer"]) == 0
    out, err = capsys.readouterr()
    assert_harmless(out, err, git.git("log", "-1", "--format=%B", "newer", cwd=reached.project))
    assert f".copier-answers.yml: _src_path: {CLEAN}: the password or token" in out
    assert cli.main([*words, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert_harmless(out, err)
    assert CLEAN in json.loads(out)["notes"][0]
    assert yaml.safe_load(reached.read(".copier-answers.yml"))["_src_path"] == ADDRESS


def test_our_own_template_needs_no_token_and_keeps_none(
    reached: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    ours = CANONICAL_URL.replace("https://", f"https://oauth2:{TOKEN}@")
    old = reached.read(".copier-answers.yml")
    reached.edit({".copier-answers.yml": old.replace(ADDRESS, ours)})
    monkeypatch.setenv(SOURCE_VARIABLE, ADDRESS)
    assert cli.main(["update", str(reached.project), "--defaults"]) == 0
    assert_harmless(*capsys.readouterr())
    assert yaml.safe_load(reached.read(".copier-answers.yml"))["_src_path"] == CANONICAL_URL


def test_new_records_no_token_of_a_mirror(
    tmp_path: Path, small_template: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[url "{small_template}"]\n\tinsteadOf = {ADDRESS}\n')
    monkeypatch.setenv(SOURCE_VARIABLE, ADDRESS)
    project = tmp_path / "new"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        cli.main(["new", "--data", "name=x", "--data", "distribution=x", str(project)])
    files = [path.read_bytes() for path in project.rglob("*") if path.is_file()]
    assert not [each for each in files if TOKEN.encode() in each]


@sampled(
    "remote",
    [
        f"https://oauth2:{TOKEN}@gitlab.in2p3.fr/lisa/noise.git",
        f"https://{TOKEN}@gitlab.in2p3.fr/lisa/noise.git",
        f"https://oauth2:a/{TOKEN}@gitlab.in2p3.fr/lisa/noise.git",
        f"ssh://git:{TOKEN}@gitlab.in2p3.fr/lisa/noise.git",
        f"https://gitlab.in2p3.fr/lisa/noise.git?private_token={TOKEN}",
    ],
    5,
)
def test_adopt_writes_no_token_of_the_remote(remote: str, tmp_path: Path, capsys: Capture) -> None:
    said = 'description="Noise of the instrument."'
    files = {
        **SETUPTOOLS,
        "setup.py": str(SETUPTOOLS["setup.py"]).replace(said, f'description="See {ADDRESS}"'),
        ".cruft.json": json.dumps({"template": ADDRESS, "commit": "v1", "context": {}}),
    }
    project = make(tmp_path / "noise", files, remote)
    before = git.git("grep", "--count", TOKEN, "HEAD", cwd=project)
    words = ["adopt", str(project), "--defaults", "--verbose", "--from-cookiecutter", "none"]
    assert cli.main(words) == 0
    assert_harmless(*capsys.readouterr())
    assert_harmless(git.git("log", "-1", "--format=%B", BRANCH, cwd=project))
    answers = yaml.safe_load(show_file(project, ".copier-answers.yml"))
    assert (answers["forge_host"], answers["namespace"]) == ("gitlab.in2p3.fr", "lisa")
    assert answers["description"] == f"See {CLEAN}"
    # What people wrote stays theirs, and is copied nowhere else.
    after = git.git("grep", "--count", TOKEN, BRANCH, cwd=project)
    assert len(after.split()) <= len(before.split())


def test_a_former_template_is_named_without_its_token(tmp_path: Path, capsys: Capture) -> None:
    address = f"https://oauth2:{TOKEN}@127.0.0.1:1/t.git"
    record = json.dumps({"template": address, "commit": "v1", "context": {}})
    project = make(tmp_path / "noise", {**SETUPTOOLS, ".cruft.json": record})
    assert cli.main(["adopt", str(project), "--defaults", "--verbose"]) == 2
    err = capsys.readouterr().err
    assert_harmless(err)
    assert "https://***@127.0.0.1:1/t.git@v1" in err


# --- The dialogue ---------------------------------------------------------------------------------


@pytest.mark.sweep
def test_the_dialogue_shows_a_hostile_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    said = json.dumps(f"Which{EVIL} {ADDRESS}?")
    default = f"{EVIL}\udce9".encode("utf-8", "replace").decode() + f" {ADDRESS}"
    workshop = open_workshop(tmp_path, {})
    questions = (
        f"{QUESTIONS}which:\n  type: str\n  help: {said}\n  default: b\n  choices:\n"
        f"    - {json.dumps(EVIL)}\n    - b\n"
        f"more:\n  type: str\n  help: More\n  default: {json.dumps(default)}\n"
        f"  placeholder: {said}\n"
        f"last:\n  type: str\n  help: Last\n  default: x\n  validator: \"{{% if last != 'y' %}}"
        f'wrong \\u202e {ADDRESS}{{% endif %}}"\n'
    )
    workshop.release("v1.1.0", {"copier.yml": questions})
    child: pexpect.spawn[str] = pexpect.spawn(
        sys.executable,
        ["-c", MAIN, "update"],
        cwd=workshop.project,
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 200),
    )
    child.delaybeforesend = None
    seen = ""
    for wait, keys in (("Which", "\x1b[A\r"), ("More", "\r"), ("Last", "\r"), ("wrong", "\x15y\r")):
        child.expect_exact(wait)
        seen += f"{child.before}{child.after}"
        child.send(keys)
    child.expect(pexpect.EOF)
    seen += str(child.before)
    child.close()
    assert child.exitstatus == 0
    for raw in (COPY, "]52;c;ZXZpbA==\x07", "\x9b", "\u202e", TOKEN):
        assert raw not in seen
    assert "\\u202e" in seen
    answers = yaml.safe_load(workshop.read(".copier-answers.yml"))
    assert (answers["which"], answers["more"], answers["last"]) == (EVIL, default, "y")


def test_a_line_to_copy_is_never_folded(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(terminal, "_count_columns", lambda _stream: 30)
    command = "    git mv a_long_name.py another_long_name.py src/glitch/"
    terminal.complain("lisa-scaffold", f"two scripts at the root\n{command}", "  Then commit them.")
    terminal.say("a sentence that is folded at the width", command)
    assert capsys.readouterr().err.splitlines() == [
        "lisa-scaffold: two scripts at",
        "  the root",
        command,
        "  Then commit them.",
        "a sentence that is folded at",
        "  the width",
        command,
    ]
