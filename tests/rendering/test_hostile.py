"""Templates and answers that nobody trusts: one message says whose fault it is, and where."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lisa_scaffold import apart, cli, git, template
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.template import Source, Template, questions

from ..support.sweeps import examples, sampled
from ..support.updates import (
    ANSWERS,
    QUESTIONS,
    Capture,
    Files,
    Workshop,
    commit,
    open_workshop,
    write,
)

Links = Mapping[str, str]


@dataclass(frozen=True)
class Bad:
    """A version of a template that goes wrong, and what is said about it."""

    said: str
    files: Files = field(default_factory=dict)
    links: Links = field(default_factory=dict)
    options: tuple[str, ...] = ()


def ask(more: str) -> Files:
    """The usual questions, and more lines of ``copier.yml``."""
    return {"copier.yml": f"{QUESTIONS}{more}\n"}


def file(text: str) -> Files:
    return {"template/a.txt.jinja": f"first\n{text}\n"}


EXPRESSIONS = {
    "{{ 1 / 0 }}": "ZeroDivisionError: division by zero",
    "{{ 'a' + 1 }}": "TypeError",
    "{{ 2.0 ** 10000 }}": "OverflowError",
    "{{ {}['a'].b }}": "has no attribute",
    "{{ [1].index(2) }}": "ValueError: 2 is not in list",
    "{{ {}.pop('a') }}": "KeyError: 'a'",
    "{{ ''.encode('nothing') }}": "LookupError",
    "{{ 10 ** 5000 }}": "Exceeds the limit",
    "{{ name.__class__.a }}": "unsafe",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}": "RecursionError",
    "{{ 'x' * 10 ** 12 }}": "memory",
    "{{ nothing | from_json }}": "",
    "{{ '[' | from_yaml }}": "",
    "{{ 'a' | regex_search('(') }}": "",
    "{% include 'nothing' %}": "nothing",
    "{% include '../../nothing' %}": "nothing",
    "{{ '%c' % 55296 }}": "",
}

PLACED: dict[str, Bad] = {
    "a default": Bad("copier.yml: question new: Zero", ask("new:\n  default: '{{ 1 / 0 }}'")),
    "a typed default": Bad(
        "copier.yml: question new: ValueError: invalid literal",
        ask("new:\n  type: int\n  default: 'x'"),
    ),
    "an odd type": Bad("copier.yml: question new: ", ask("new:\n  type: nothing\n  default: x")),
    "choices": Bad("question new: Zero", ask("new:\n  default: a\n  choices: '{{ 1 / 0 }}'")),
    "odd choices": Bad("question new: ", ask("new:\n  default: a\n  choices: [[a, b, c]]")),
    "a choice": Bad("question new: Zero", ask("new:\n  default: a\n  choices: ['{{ 1 / 0 }}']")),
    "when": Bad("question new: Zero", ask("new:\n  default: a\n  when: '{{ 1 / 0 }}'")),
    "ask": Bad("question new: Zero", ask("new:\n  default: a\n  ask: '{{ 1 / 0 }}'")),
    "a validator": Bad(
        "question 'new': division by zero", ask("new:\n  default: a\n  validator: '{{ 1 / 0 }}'")
    ),
    "a question of that name": Bad("question now: ", ask("now: 1")),
    "no default": Bad("new: the template has no default", ask("new:\n  type: str")),
    "a long number": Bad("Exceeds the limit", ask("new: " + "1" * 500_000)),
    "a long number in hexadecimal": Bad(
        "question new: a number of more than 4300 digits",
        # Nothing renders it: it would be told in the report.
        {**ask("new: 0x" + "f" * 20_000), "template/.copier-answers.yml.jinja": "a: b\n"},
    ),
    "_exclude": Bad("copier.yml: _exclude: Zero", ask("_exclude: ['{{ 1 / 0 }}']")),
    "an odd _exclude": Bad("_exclude: ", ask("_exclude: [1]")),
    "a wrong _exclude": Bad("_exclude: ", ask("_exclude: ['[z-a]']")),
    "_skip_if_exists": Bad("ZeroDivisionError", ask("_skip_if_exists: ['{{ 1 / 0 }}']")),
    "a number in _skip_if_exists": Bad("copier.yml: 5: no text", ask("_skip_if_exists: [5]")),
    "a list in _skip_if_exists": Bad("copier.yml: [5]: no text", ask("_skip_if_exists: [[5]]")),
    "a wrong _skip_if_exists": Bad("character range", ask("_skip_if_exists: ['[z-a]']")),
    "_subdirectory": Bad("_subdirectory: Zero", ask("_subdirectory: '{{ 1 / 0 }}'")),
    "_subdirectory upwards": Bad("is forbidden", ask("_subdirectory: ../..")),
    "_subdirectory elsewhere": Bad("is forbidden", ask("_subdirectory: /etc")),
    "_subdirectory nowhere": Bad("No such file", ask("_subdirectory: nowhere")),
    "_subdirectory of no text": Bad("copier.yml: _subdirectory: ", ask("_subdirectory: 5")),
    "_templates_suffix": Bad("TypeError", ask("_templates_suffix: 5")),
    "_envops of no mapping": Bad("_envops: ", ask("_envops: [1]")),
    "unknown _envops": Bad("_envops: TypeError", ask("_envops: {odd: 1}")),
    "odd _envops": Bad("", ask("_envops: {variable_start_string: 5}")),
    "_envops that finalize": Bad(
        "not callable", {**ask("_envops: {finalize: a}"), **file("{{1}}")}
    ),
    "_envops that load code": Bad("_envops: TypeError", ask("_envops: {extensions: [os]}")),
    "_envops without an end": Bad("", ask("_envops: {block_start_string: '{{'}")),
    "an odd _envops.undefined": Bad("Unsupported", ask("_envops: {undefined: os.system}")),
    "_min_copier_version": Bad("_min_copier_version: Invalid", ask("_min_copier_version: x")),
    "a newer Copier": Bad("requires Copier version", ask("_min_copier_version: '99'")),
    "_answers_file": Bad("_answers_file: Zero", ask("_answers_file: '{{ 1 / 0 }}'")),
    "_answers_file elsewhere": Bad("AssertionError", ask("_answers_file: /tmp/x")),
    "_jinja_extensions": Bad("those are code", ask("_jinja_extensions: [nothing]")),
    "_jinja_extensions, with trust": Bad(
        "copier.yml: _jinja_extensions: ModuleNotFoundError: No module named 'nothing'",
        ask("_jinja_extensions: [nothing.at.all]"),
        options=("--trust",),
    ),
    "_tasks of no list": Bad("TypeError", ask("_tasks: 5")),
    "_lisa_ownership": Bad("_lisa_ownership", ask("_lisa_ownership: [1]")),
    "odd patterns of ownership": Bad("_lisa_ownership", ask("_lisa_ownership: {locked: [1]}")),
    "wrong patterns of ownership": Bad("range", ask("_lisa_ownership: {seeded: ['[z-a]']}")),
    "a name": Bad("{{ 1 ", {"template/{{ 1 / 0 }}.txt": ""}),
    "a name upwards": Bad(
        "is forbidden", {**ask("up: ../../up"), "template/{{ up }}.txt.jinja": ""}
    ),
    "a name elsewhere": Bad(
        "is forbidden", {**ask("up: /tmp/lisa-up"), "template/{{ up }}.txt.jinja": ""}
    ),
    "a name below .git": Bad(
        '".git" is forbidden',
        {**ask("_exclude: []\nat: .git"), "template/{{ at }}/hooks/post-checkout": "x"},
    ),
    "a folder of git's in other spelling": Bad(
        "is forbidden", {**ask("at: .GiT"), "template/{{ at }}/hooks/post-checkout": "x"}
    ),
    "a name that no disk takes": Bad(
        "File name too long", {**ask("at: '{{ \"a\" * 999 }}'"), "template/{{ at }}": "x"}
    ),
    "a name with a zero": Bad("null", {**ask('at: "a\\0b"'), "template/{{ at }}": "x"}),
    "a link out": Bad("is forbidden", links={"template/a": "/etc/hostname"}),
    "a link to a device": Bad("is forbidden", links={"template/a": "/dev/zero"}),
    "a linked folder": Bad("is forbidden", links={"template/a": "/etc"}),
    "a link to itself": Bad("a", links={"template/a": "a"}),
    "an included link": Bad(
        "outside the template root", file("{% include 'a' %}"), {"a": "/etc/hostname"}
    ),
    "a link that is written through": Bad(
        "",
        {**ask("_preserve_symlinks: true\nat: linked"), "template/{{ at }}/b": "x"},
        {"template/linked": "/etc"},
    ),
    "no text": Bad("UnicodeDecodeError", {"template/a.txt.jinja": b"\xff"}),
    "settings of no text": Bad("copier.yml", {"copier.yml": b"\xff\xfe\xff"}),
    "settings that are a list": Bad("copier.yml", {"copier.yml": "- a\n- b\n"}),
    "settings that are a text": Bad("copier.yml", {"copier.yml": "a"}),
    "settings with odd keys": Bad("", {"copier.yml": "1: 2\n"}),
    "settings with a tag": Bad("copier.yml", ask("new: !!python/object:os.system {}")),
    "settings that include others": Bad(
        "forbidden", ask("new: !include " + "../" * 20 + "etc/host*")
    ),
    "settings that include a file": Bad("relative path", ask("new: !include /etc/hostname")),
    "settings that include themselves": Bad("RecursionError", ask("new: !include copier.yml")),
    "deep settings": Bad("copier.yml", ask("new: " + "[" * 50_000)),
    "settings twice": Bad("copier.yaml", {"copier.yaml": "a: 1\n"}),
    "settings that link out": Bad(
        "copier.yml: a link that leads out", links={"copier.yml": "/etc/hostname"}
    ),
    "settings that link to a device": Bad(
        "copier.yml: a link that leads out", links={"copier.yml": "/dev/zero"}
    ),
    "settings that link to themselves": Bad("copier.yml: ", links={"copier.yml": "copier.yml"}),
    "settings that link to a folder": Bad(
        "copier.yml: no regular file", links={"copier.yml": "template"}
    ),
    "settings that link nowhere": Bad("no regular file", links={"copier.yml": "nowhere"}),
}

BAD: dict[str, Bad] = {
    **{f"file: {text!r}": Bad(said, file(text)) for text, said in EXPRESSIONS.items()},
    **{
        f"default: {text!r}": Bad(said, ask(f"new:\n  default: {yaml.dump(text)}"))
        for text, said in EXPRESSIONS.items()
        if "macro" not in text
    },
    **PLACED,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{name}_NAME", "Ada Example")
            patch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
        return open_workshop(tmp_path_factory.mktemp("shop"), {"template/a.dat": "a\n"})


Release = Callable[[Files, Links], str]


@pytest.fixture
def release(shop: Workshop) -> Release:
    """Make a version that differs from the first in some files, and in no other way."""

    def released(files: Files, links: Links) -> str:
        known = git.git("tag", "--list", cwd=shop.template).split()
        version = f"v1.{len(known)}.0"
        git.git("checkout", "--quiet", "--force", "v1.0.0", cwd=shop.template)
        write(shop.template, files)
        for name, target in links.items():
            (shop.template / name).unlink(missing_ok=True)
            (shop.template / name).symlink_to(target)
        commit(shop.template, version)
        git.git("tag", version, cwd=shop.template)
        return version

    return released


@pytest.fixture
def project(shop: Workshop, tmp_path: Path) -> Path:
    """A copy of the project, made from the first version."""
    return shutil.copytree(shop.project, tmp_path / "project")


def state(project: Path) -> tuple[str, str]:
    refs = git.git("for-each-ref", cwd=project)
    return refs, git.git("status", "--porcelain", "--ignored", cwd=project)


@sampled("name", BAD, 10)
def test_what_a_template_does_wrong(
    name: str, project: Path, release: Release, capsys: Capture
) -> None:
    bad = BAD[name]
    version = release(bad.files, bad.links)
    before = state(project)
    code = cli.main(["update", str(project), "--defaults", "--to", version, *bad.options])
    err = capsys.readouterr().err
    assert code == ExitCode.REFUSED, err
    assert "Traceback" not in err
    assert bad.said in err
    assert "shop0/template" in err or "has no default" in err
    assert len(err.splitlines()) == 2
    assert state(project) == before


@pytest.mark.parametrize("name", ["file: '{{ 1 / 0 }}'", "an included link"])
def test_the_file_and_its_line_are_named(
    name: str, project: Path, release: Release, capsys: Capture
) -> None:
    version = release(BAD[name].files, BAD[name].links)
    cli.main(["update", str(project), "--defaults", "--to", version])
    assert f"version {version} of the template is broken: template/a.txt.jinja" in (
        capsys.readouterr().err
    )


def test_an_included_file_is_named(project: Path, release: Release, capsys: Capture) -> None:
    files = {**file("{% include 'parts/b' %}"), "parts/b": "\n\n{{ 1 / 0 }}"}
    cli.main(["update", str(project), "--defaults", "--to", release(files, {})])
    assert "is broken: parts/b:3: ZeroDivisionError" in capsys.readouterr().err


LOADER = """\
from importlib.util import module_from_spec, spec_from_file_location
from jinja2.ext import Extension


class Loader(Extension):
    def __init__(self, environment):
        super().__init__(environment)
        place = environment.loader.searchpath[0] + "/extensions/slug.py"
        spec = spec_from_file_location("slug", place)
        spec.loader.exec_module(module_from_spec(spec))
"""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "x = 1\nimport nowhere_at_all\n",
            "2: ModuleNotFoundError: No module named 'nowhere_at_all'",
        ),
        ("def f(:\n", "1: SyntaxError: invalid syntax (slug.py, line 1)"),
        ("raise OSError(f'no {__file__}')\n", "1: OSError: no extensions/slug.py"),
        (
            "\n\nraise RuntimeError('in\\n  File \"/tmp/lisa-scaffold-0123456789abcdef/new/a\"')\n",
            '3: RuntimeError: in File "a"',
        ),
    ],
)
def test_the_file_of_an_extension_is_named(  # noqa: PLR0913, PLR0917 - four fixtures
    project: Path,
    release: Release,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    said: str,
) -> None:
    """As copier-template-extensions loads them, from the template's own files."""
    write(project.parent, {"own/own_loader.py": LOADER})
    monkeypatch.syspath_prepend(project.parent / "own")
    files = {**ask("_jinja_extensions: [own_loader.Loader]"), "extensions/slug.py": source}
    cli.main(["update", str(project), "--defaults", "--trust", "--to", release(files, {})])
    err = capsys.readouterr().err
    lacks = "needs nowhere-at-all, which is not here"
    state = lacks if "ModuleNotFoundError" in said else "is broken"
    assert f"of the template {state}: extensions/slug.py:{said}\n" in err
    assert "lisa-scaffold-" not in err
    advice = "pip install nowhere-at-all, or pipx inject lisa-scaffold nowhere-at-all."
    assert (advice in err) == ("ModuleNotFoundError" in said)


def test_a_long_message_of_an_error_costs_little(
    project: Path, release: Release, capsys: Capture
) -> None:
    """An expression puts as much as it likes into it."""
    version = release(file("{{ {}['/' * 200000].a }}"), {})
    start = time.process_time()
    assert cli.main(["update", str(project), "--defaults", "--to", version]) == ExitCode.REFUSED
    assert time.process_time() - start < 10
    assert "has no attribute '////" in capsys.readouterr().err


RING = (
    "{% set n = namespace(a=[], b=[]) %}{% for i in range(60) %}"
    "{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}{% endfor %}{{ n.a == n.b }}"
)
LONG = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
ENDLESS = {
    "in a file": file(LONG),
    "in one call": file(RING),
    "in a default": ask(f'new:\n  default: "{LONG}"'),
    "in a name": {f"template/{LONG}a": ""},
    "in a pattern": ask(f'_exclude: ["{LONG}"]'),
}


@sampled("where", ENDLESS, 5)
def test_what_has_no_end_is_ended(
    where: str,
    project: Path,
    release: Release,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "SECONDS", 1)
    version = release(ENDLESS[where], {})
    assert cli.main(["update", str(project), "--defaults", "--to", version]) == 2
    assert "is broken: it takes more than 1 s" in capsys.readouterr().err


def test_what_is_written_has_bounds(
    project: Path, release: Release, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MOST_WRITTEN", 1024**2)
    many = "{% yield i from range(99999) %}{{ i }}{% endyield %}"
    version = release({f"template/{many}": "x"}, {})
    assert cli.main(["update", str(project), "--defaults", "--to", version]) == 2
    assert "it writes more than 1 MB" in capsys.readouterr().err


@pytest.mark.uncounted
@pytest.mark.parametrize("trust", [False, True])
def test_no_variable_of_the_user_is_told_without_trust(
    project: Path,
    release: Release,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    trust: bool,
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "glpat-of-the-user")
    text = file("{{ '$SOME_TOKEN'|expandvars }} {{ '$HOME'|expandvars }}")
    version = release(text, {})
    options = ("--dry-run", *(["--trust"] if trust else []))
    assert cli.main(["update", str(project), "--defaults", "--to", version, *options]) == 0
    told = capsys.readouterr().out
    assert ("glpat-of-the-user" in told) is trust
    assert os.environ["HOME"] in told
    assert "SOME_TOKEN" in os.environ


@sampled(
    "expression",
    [
        "'{}/*'|fileglob|join",
        "'{}/nothing/*'|fileglob|join",
        "('../' * 9 ~ '{}/*')|fileglob|join",
        "'~/*'|fileglob|join",
        "'~'|expanduser",
        "'{}'|realpath",
        "'.'|realpath",
    ],
    9,
)
def test_no_path_outside_is_looked_at_without_trust(
    project: Path, release: Release, capsys: Capture, tmp_path: Path, expression: str
) -> None:
    (tmp_path / "secret-of-the-user").touch()
    text = f"{{{{ {expression.format(tmp_path)} }}}}"
    version = release({**file(text), **ask(f'new:\n  default: "{text}"\n  when: false')}, {})
    words = ["update", str(project), "--defaults", "--to", version, "--dry-run"]
    assert cli.main(words) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert f"version {version} of this template looks at a path outside" in said.err
    assert "--trust" in said.err
    assert "secret-of-the-user" not in said.out + said.err
    assert cli.main([*words, "--trust"]) == ExitCode.DONE


def test_paths_of_the_template_may_be_looked_at(
    project: Path, release: Release, capsys: Capture
) -> None:
    text = "{{ (_copier_conf.src_path ~ '/copier.y*')|fileglob|map('basename')|join }}"
    version = release(file(text), {})
    words = ["update", str(project), "--defaults", "--to", version, "--dry-run"]
    assert cli.main(words) == 0
    assert "+copier.yml" in capsys.readouterr().out


@sampled("text", ["", "# nothing\n", "---\n", "null\n"], 4)
def test_settings_may_be_empty(text: str, project: Path, release: Release) -> None:
    version = release({"copier.yml": text}, {})
    assert cli.main(["update", str(project), "--defaults", "--to", version, "--dry-run"]) == 0


def test_settings_may_be_a_link_inside(project: Path, release: Release) -> None:
    version = release({"own/settings.yml": QUESTIONS}, {"copier.yml": "own/settings.yml"})
    assert cli.main(["update", str(project), "--defaults", "--to", version, "--dry-run"]) == 0


def test_the_changelog_is_the_template_s(
    project: Path, release: Release, tmp_path: Path, capsys: Capture
) -> None:
    secret = tmp_path / "secret"
    version = release({"template/more": ""}, {"CHANGELOG.md": str(secret)})
    secret.write_text(f"## {version}\n\nsecret\n")
    assert cli.main(["update", str(project), "--defaults", "--to", version, "--dry-run"]) == 0
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err


def test_a_fifo_as_settings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "copier.yml")
    with pytest.raises(LisaError, match=r"copier\.yml: no regular file"):
        Template("v1", tmp_path, "elsewhere").questions({})


@pytest.mark.parametrize("at", [".git", "inner/.git", ".GIT"])
def test_a_new_project_gets_no_hooks(at: str, tmp_path: Path) -> None:
    """Where git would find them later; our own address makes it no better."""
    write(tmp_path / "source", {"copier.yml": "_exclude: []\n", f"{at}/hooks/post-checkout": "x"})
    with pytest.raises(LisaError, match="is forbidden"):
        Template("v1", tmp_path / "source").render({}, tmp_path / "made")


def test_nor_by_a_link_to_them(tmp_path: Path) -> None:
    source = tmp_path / "source"
    questions = "_preserve_symlinks: true\n_exclude: [copier.yml]\nat: {default: z}\n"
    write(source, {"copier.yml": questions, "{{ at }}z/post-checkout": "x", "a/b": ""})
    (source / "zz").symlink_to(".git/hooks")
    with pytest.raises(LisaError, match=r"is forbidden|File exists"):
        Template("v1", source).render({"at": "z"}, tmp_path / "made")
    assert not (tmp_path / "made" / ".git").exists()


@pytest.mark.parametrize("address", [template.CANONICAL_URL, "elsewhere"])
def test_a_defect_of_ours_is_none_of_the_template_s(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"copier.yml": "a: 1\n"})
    monkeypatch.setattr(questions, "Question", None)
    with pytest.raises(Exception, match="'NoneType' object is not callable") as caught:
        Template("v1", tmp_path, address).questions({})
    assert not isinstance(caught.value, LisaError)


def test_a_full_disk_is_no_fault_of_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write(tmp_path / "source", {"copier.yml": "", "a": "a"})
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        Template("v1", tmp_path / "source").render({}, tmp_path / "made")


def test_our_own_template_is_rendered_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes with the package needs no bounds, and would pay for them at each render."""
    root = Path(__file__).parents[2]
    monkeypatch.setattr(apart, "run", None)
    assert Template("v1", root).questions({})
    with pytest.raises(TypeError):
        Template("v1", root, "elsewhere").questions({})


def test_extensions_are_loaded_with_trust_where_an_answer_is_given(
    project: Path, release: Release
) -> None:
    version = release(ask("_jinja_extensions: [jinja2.ext.do]"), {})
    command = ["update", str(project), "--dry-run", "--to", version, "--data", "name=b"]
    assert cli.main(command) == ExitCode.REFUSED
    assert cli.main([*command, "--trust"]) == ExitCode.DONE


@sampled(
    ("line", "said"),
    [
        ("new: 0x" + "f" * 500_000, "no YAML that can be read"),
        ("new: " + "1" * 500_000, "no YAML that can be read"),
        ("new: [" + "x, " * 70_000 + "]", "new: more than 65536"),
        ("new: " + "x" * 70_000, "new: more than 65536 characters"),
        ('new: "\\ud800"', "no YAML that can be read"),
        ("new: {2020-01-01: a}", "new: date: a key that is no text"),
        ("new: &a [*a]", "no YAML that can be read"),
        ("new: &a [*a, *a]", "no YAML that can be read"),
        ("new: " + "[" * 60 + "]" * 60, "new: nested deeper than 50 levels"),
        ("1: a", "int: a key that is no text"),
        ("2020-01-01: a", "date: a key that is no text"),
    ],
    3,
    ids=lambda text: text[:20],
)
def test_answers_that_no_template_can_take(
    line: str, said: str, project: Path, capsys: Capture, tmp_path: Path
) -> None:
    command = ["update", str(project), "--defaults"]
    given = tmp_path / "given.yml"
    given.write_text(f"{line}\n")
    assert cli.main([*command, "--data-file", str(given)]) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert re.match(rf"lisa-scaffold: {given}(:1)?: {re.escape(said)}", err)
    file = project / ".copier-answers.yml"
    write(project, {file.name: f"{file.read_text()}{line}\n"})
    assert cli.main(command) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert re.match(rf"lisa-scaffold: {file}(:\d+)?: {re.escape(said)}", err)
    assert len(err.splitlines()) == 2
    assert cli.main(["check", str(project)]) in (ExitCode.DONE, ExitCode.FINDINGS)


@pytest.mark.uncounted
@sampled(
    "given", ["1" * 500_000, "x", "0x" + "f" * 20_000, "[", "1e999"], 2, ids=lambda text: text[:5]
)
@sampled("kind", ["int", "yaml", "json", "float"], 4)
def test_numbers_on_the_command_line(
    given: str, kind: str, project: Path, release: Release, capsys: Capture
) -> None:
    version = release(ask(f"new:\n  type: {kind}\n  default: 1"), {})
    command = ["update", str(project), "--to", version, "--dry-run", "--data", f"new={given}"]
    code = cli.main(command)
    err = capsys.readouterr().err
    assert code in (ExitCode.DONE, ExitCode.REFUSED), err[:500]
    if code:
        assert "new: " in err
        assert len(err) < 1000


@sampled(
    "line",
    [
        *("left_out: {2020-01-01: a}", "new: &a [*a]", "new: 0x" + "f" * 20_000, 'new: "\\ud800"'),
        *('_src_path: "~a\\0/x"', f"_commit: v{'9' * 5000}"),
    ],
    2,
    ids=lambda text: text[:20],
)
def test_a_check_of_such_answers(line: str, tmp_path: Path, capsys: Capture) -> None:
    """Of a project that records our own template, whose locked files are rendered."""
    usual = [f"_src_path: {template.CANONICAL_URL}\n", "_commit: v0.1.0\n"]
    kept = "".join(each for each in usual if each.split(":")[0] != line.partition(":")[0])
    recorded = f"{kept}{line}\n"
    write(tmp_path, {".copier-answers.yml": recorded})
    assert cli.main(["check", str(tmp_path), "--format", "json"]) == ExitCode.FINDINGS
    assert capsys.readouterr().err == ""


def test_an_answer_named_self_is_dropped(shop: Workshop, release: Release, tmp_path: Path) -> None:
    version = release({"template/more": "x"}, {})
    with Source(str(shop.template), str(shop.template)).open(version) as opened:
        made = opened.replay({"self": "x", "name": "n"}, {}, tmp_path / "made")
    assert made.answers == {"name": "n"}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.dates()
    | st.datetimes()
    | st.sets(st.integers(), max_size=2)
    | st.sampled_from(["\ud800", "{{ 1 / 0 }}", float("nan")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.dates(), inner, max_size=2)
    ),
    max_leaves=5,
)
KINDS = ("str", "int", "float", "bool", "yaml", "json", "path")
TYPED = "".join(f"{kind}_: {{type: {kind}, default: '1'}}\n" for kind in KINDS)


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template with a question of each type, all of them rendered."""
    folder = tmp_path_factory.mktemp("typed")
    shown = "".join(f"{{{{ {kind}_ }}}}\n" for kind in KINDS)
    files = {"a.jinja": shown, "{{ str_ }}": "", ".copier-answers.yml.jinja": ANSWERS}
    write(folder, {"copier.yml": f"{TYPED}many: {{multiselect: true, choices: [a, b]}}\n", **files})
    return folder


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    recorded=st.dictionaries(st.sampled_from([f"{kind}_" for kind in (*KINDS, "more")]), VALUES),
    given=st.dictionaries(st.sampled_from([f"{kind}_" for kind in KINDS]), VALUES, max_size=2),
)
def test_answers_of_any_type(
    recorded: dict[str, Any],
    given: dict[str, Any],
    typed: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Rendered they are, or refused with a message; what is rendered can be read again."""
    folder = tmp_path_factory.mktemp("made")
    try:
        Template("v1", typed).replay(recorded, given, folder / "made")
    except LisaError:
        return
    answered = yaml.safe_load((folder / "made/.copier-answers.yml").read_bytes())
    assert isinstance(answered, dict)
