from __future__ import annotations

import inspect
import marshal
import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from copier._jinja_ext import SandboxedEnvironment, YieldExtension
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined

from lisa_scaffold.template import Template, cache, compiled

from ..conftest import Tree
from ..support.sweeps import sampled

pytestmark = pytest.mark.usefixtures("own_cache")

EXTENSIONS = ("jinja2_ansible_filters.AnsibleCoreFiltersExtension", YieldExtension)


def rendered(root: Path, folder: Path) -> str:
    Template("v1.0.0", root).render({"name": "x", "size": 1}, folder)
    return (folder / "name.txt").read_text()


def test_what_was_compiled_is_found_again_wherever_the_files_lie(
    small_template: Path, tmp_path: Path
) -> None:
    first = rendered(small_template, tmp_path / "one")
    folder = cache.folder("jinja")
    assert folder is not None
    kept = sorted(folder.iterdir())
    assert kept
    moved = small_template.rename(tmp_path / "elsewhere")
    assert rendered(moved, tmp_path / "two") == first
    assert sorted(folder.iterdir()) == kept


def test_another_text_is_compiled_anew(small_template: Path, tmp_path: Path, tree: Tree) -> None:
    rendered(small_template, tmp_path / "one")
    tree(small_template, {"template/name.txt.jinja": "other {{ name }}\n"})
    assert rendered(small_template, tmp_path / "two") == "other x\n"


def test_other_settings_are_compiled_anew(small_template: Path, tmp_path: Path, tree: Tree) -> None:
    tree(small_template, {"template/name.txt.jinja": "{% if true %}\nyes\n{% endif %}\n"})
    assert rendered(small_template, tmp_path / "one") == "\nyes\n\n"
    questions = (small_template / "copier.yml").read_text() + "_envops:\n  trim_blocks: true\n"
    tree(small_template, {"copier.yml": questions})
    assert rendered(small_template, tmp_path / "two") == "yes\n"


def test_a_home_that_cannot_be_written_to_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_template: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.folder("jinja") is None
    assert rendered(small_template, tmp_path / "one") == "x 1\n"


def test_what_was_used_longest_ago_goes(
    monkeypatch: pytest.MonkeyPatch, small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    rendered(small_template, tmp_path / "one")
    folder = cache.folder("jinja")
    assert folder is not None
    used = {path.name for path in folder.iterdir()}
    for number in range(20):
        (folder / f"old-{number}").write_text("x")
        os.utime(folder / f"old-{number}", (number, number))
    monkeypatch.setattr(compiled, "MOST_KEPT", len(used) + 2)
    tree(small_template, {"template/name.txt.jinja": "other {{ name }}\n"})
    rendered(small_template, tmp_path / "two")
    left = {path.name for path in folder.iterdir()}
    assert used <= left
    assert {name for name in left if name.startswith("old-")} == {"old-18", "old-19"}


def kept() -> dict[str, bytes]:
    """What the cache holds, as it is read."""
    folder = cache.folder("jinja")
    assert folder is not None
    return {path.name: cache.read(path) or b"" for path in folder.iterdir()}


def environment(**options: Any) -> SandboxedEnvironment:
    """As Copier makes one from ``_envops``, with what we do to it."""
    made = SandboxedEnvironment(extensions=options.pop("extensions", EXTENSIONS), **options)
    compiled.keep_compiled(made)
    return made


def said(text: str, context: Mapping[str, Any] | None = None, **options: Any) -> str:
    """A text as one environment renders it."""
    return environment(**options).from_string(text).render(context or {})


TEXT = (
    "{# a -#}\n{% if x is defined %}\n{{ x }}\n{% endif %}\n[[ x ]]<% if x %>y<% endif %>\n"
    "% set y = 1\n%% a\n{{ nothing }}{{ [x].nothing }}{{ '<' ~ x }}(( x )){= x =}\n"
)
OTHERS: dict[str, list[Any]] = {
    "block_start_string": ["<%"],
    "block_end_string": ["%>"],
    "variable_start_string": ["[[", "(("],
    "variable_end_string": ["]]", "))"],
    "comment_start_string": ["{="],
    "comment_end_string": ["=}"],
    "line_statement_prefix": ["%"],
    "line_comment_prefix": ["%%", "%"],
    "trim_blocks": [True],
    "lstrip_blocks": [True],
    "newline_sequence": ["\r\n", "\r"],
    "keep_trailing_newline": [True],
    "optimized": [False],
    "undefined": [StrictUndefined],
    "finalize": [repr],
    "autoescape": [True],
    "enable_async": [True],
}
RUNNING_ALONE = {"extensions", "loader", "cache_size", "auto_reload", "bytecode_cache"}
"""What decides nothing of the compiled code, or (extensions) lets none be kept."""


def test_every_setting_of_jinja_is_in_the_key_or_decides_nothing() -> None:
    taken = set(inspect.signature(Environment.__init__).parameters) - {"self"}
    assert taken == OTHERS.keys() | RUNNING_ALONE
    named = {*OTHERS, "is_async"} - {"enable_async"}
    assert set(compiled.SETTINGS) == named


def outcome(text: str, options: Mapping[str, Any], *, kept: bool) -> str:
    """What an environment makes of a text, or says is wrong with it."""
    plain = SandboxedEnvironment(extensions=EXTENSIONS, **options)
    if kept:
        compiled.keep_compiled(plain)
    try:
        return plain.from_string(text).render(x="<b>")
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in OTHERS.items()}
    )
)
def test_templates_with_other_settings_never_spoil_each_other(options: dict[str, Any]) -> None:
    """In one process, over one cache, each is as Jinja alone makes it."""
    assert outcome(TEXT, options, kept=True) == outcome(TEXT, options, kept=False)
    assert outcome(TEXT, options, kept=True) == outcome(TEXT, options, kept=False)


ESCAPED = "{{ x }}{{ '<' }}{% set y %}<{% endset %}{{ y }}"


@pytest.mark.parametrize("first", [False, True])
def test_escaping_is_part_of_the_key(first: bool) -> None:
    right = {False: "<b><<", True: "&lt;b&gt;&lt;<"}
    for autoescape in (first, not first, first):
        assert said(ESCAPED, {"x": "<b>"}, autoescape=autoescape) == right[autoescape]


@pytest.mark.parametrize("first", [False, True])
def test_coroutines_are_part_of_the_key(first: bool) -> None:
    for enable_async in (first, not first, first):
        assert said("{% for a in b %}{{ a }}{% endfor %}", {"b": "12"}, enable_async=enable_async)
    assert len(kept()) == 2


def test_the_version_of_each_package_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiled._versions() == tuple(map(version_of, compiled._PACKAGES))
    for number in range(len(compiled._PACKAGES)):
        said("{{ x }}")
        others = list(compiled._versions())
        others[number] += ".1"
        with monkeypatch.context() as patch:
            patch.setattr(compiled, "_versions", lambda others=others: tuple(others))
            said("{{ x }}")
    assert len(kept()) == 1 + len(compiled._PACKAGES)


def version_of(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def test_how_a_filter_is_called_is_part_of_the_key() -> None:
    from jinja2 import pass_environment

    def named(environment: Environment, value: str) -> str:
        return f"{type(environment).__name__} {value}"

    for function, right in ((str.upper, "A"), (pass_environment(named), "SandboxedEnvironment a")):
        made = SandboxedEnvironment(extensions=EXTENSIONS)
        made.filters["of"] = function
        compiled.keep_compiled(made)
        assert made.from_string("{{ 'a'|of }}").render() == right


def same(value: object) -> object:
    return value


@pytest.mark.parametrize(
    "options",
    [
        {"finalize": same},
        {"extensions": (*EXTENSIONS, "jinja2.ext.do")},
        {"extensions": ()},
        {"autoescape": same},
    ],
)
def test_what_code_decides_is_not_kept(options: dict[str, Any]) -> None:
    assert said("{{ x }}", {"x": 1}, **options) == "1"
    assert kept() == {}


def test_what_is_kept_is_the_same_wherever_the_files_lay(
    small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered(small_template, tmp_path / "one")
    first = kept()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    rendered(small_template.rename(tmp_path / "elsewhere"), tmp_path / "two")
    assert kept().keys() == first.keys()


IMPURE = [
    "'$LISA_SEEN'|expandvars",
    "'~'|expanduser",
    "'.'|realpath",
    "'/'|relpath",
    "'*'|fileglob|join",
    "99999999|ans_random",
    "range(9999)|list|shuffle|join",
    "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]|shuffle|join",
    "'52:54'|random_mac",
    "'%s'|strftime",
    "'a'.upper",
]
PLACES = [
    "{{ %s }}",
    "{{ '(' ~ (%s) ~ ')' }}",
    "{{ [%s]|first }}",
    "{{ (%s) if true else 1 }}",
    "{%% set a = %s %%}{{ a }}",
    "{%% set a %%}{{ %s }}{%% endset %%}{{ a }}",
    "{%% if (%s) == '' %%}a{%% else %%}b{%% endif %%}",
    "{%% for a in [%s] %%}{{ a }}{%% endfor %%}",
    "{%% macro a(b=%s) %%}{{ b }}{%% endmacro %%}{{ a() }}",
    "{%% with a = %s %%}{{ a }}{%% endwith %%}",
    "{%% filter replace('a', %s) %%}a{%% endfilter %%}",
    "{%% autoescape (%s) == 'never' %%}{{ '<' }}{%% endautoescape %%}",
    "{%% include [(%s) ~ '', 'one'] %%}",
]


def code(text: str) -> str:
    return environment(loader=DictLoader({"one": ""})).compile(text, raw=True)


@pytest.mark.parametrize("place", PLACES)
@sampled("expression", IMPURE, 4)
def test_what_a_filter_says_is_never_part_of_compiled_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, expression: str, place: str
) -> None:
    """Compiled by another user, elsewhere and at another time, the code is the same."""
    monkeypatch.setenv("LISA_SEEN", "secret-of-the-user")
    first = code(place % expression)
    monkeypatch.setenv("LISA_SEEN", "never")
    monkeypatch.setenv("HOME", str(tmp_path / "another"))
    (tmp_path / "a").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda *_: "another time")
    assert code(place % expression) == first
    assert "secret-of-the-user" not in first


def test_escaping_that_an_expression_decides_is_decided_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "{% autoescape '$LISA_SEEN'|expandvars == 'yes' %}{{ '<' }}{% endautoescape %}"
    for value, right in (("no", "<"), ("yes", "&lt;"), ("no", "<")):
        monkeypatch.setenv("LISA_SEEN", value)
        assert said(text) == right


def test_a_variable_of_the_user_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("one", "two"):
        monkeypatch.setenv("LISA_SEEN", value)
        assert said("{{ '$LISA_SEEN'|expandvars }}") == value


def swap(how: Callable[[bytes], bytes]) -> None:
    """Change every file of the cache."""
    folder = cache.folder("jinja")
    assert folder is not None
    for path in folder.iterdir():
        path.write_bytes(how(path.read_bytes()))


@given(st.data())
def test_a_damaged_entry_is_made_again(data: st.DataObject) -> None:
    assert said("{{ x }}", {"x": 1}) == "1"
    names = kept().keys()
    change = data.draw(
        st.one_of(
            st.binary(max_size=60).map(lambda junk: lambda _: junk),
            st.integers(0, 200).map(lambda at: lambda whole: whole[:at]),
            st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=4)).map(
                lambda at: lambda whole: whole[: at[0]] + at[1] + whole[at[0] + len(at[1]) :]
            ),
        )
    )
    swap(change)
    assert said("{{ x }}", {"x": 1}) == "1"
    assert kept().keys() == names
    assert all(kept().values())


class Bomb:
    """What leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("content", [b"", b"N.", marshal.dumps("no code"), b"\xe3", b"("])
def test_an_entry_that_is_no_code_is_made_again(content: bytes) -> None:
    said("{{ x }}")
    names = kept().keys()
    folder = cache.folder("jinja")
    assert folder is not None
    for name in names:
        cache.write(folder / name, content)
    assert said("{{ x }}", {"x": 1}) == "1"
    assert kept().keys() == names
    assert content not in kept().values()


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    said("{{ x }}")
    mark = tmp_path / "mark"
    bomb = pickle.dumps(Bomb(mark), 2)
    swap(lambda _: bomb)
    said("{{ x }}")
    folder = cache.folder("jinja")
    assert folder is not None
    for name in kept():
        cache.write(folder / name, bomb)
    assert said("{{ x }}", {"x": 1}) == "1"
    assert not mark.exists()
