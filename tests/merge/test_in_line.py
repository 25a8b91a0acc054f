"""Lists in one line that both sides extend; git leaves each in conflict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file
from lisa_scaffold.merge.in_line import extend
from lisa_scaffold.model import Merged


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        ('x = ["a"]', 'x = ["a", "b"]', 'x = ["a", "c"]', 'x = ["a", "b", "c"]'),
        ('x = ["b"]', 'x = ["a", "b"]', 'x = ["b", "d"]', 'x = ["a", "b", "d"]'),
        ("x = []", 'x = ["b"]', 'x = ["a"]', 'x = ["a", "b"]'),
        ("x = {1}", "x = {1, 3}", "x = {1, 2}", "x = {1, 2, 3}"),
        ("x = (m.z, b)", "x = (m.z, b, d)", "x = (m.z, b, c)", "x = (m.z, b, d, c)"),
        ("{'a': 1}", "{'a': 1, 'b': 2}", "{'a': 1, 'c': d}", "{'a': 1, 'b': 2, 'c': d}"),
        ("f(a, b=1)", "f(a, b=1, c=2)", "f(a, b=1, d=3)", "f(a, b=1, c=2, d=3)"),
        ("f(x=[a], y=1)", "f(x=[a, b], y=1)", "f(x=[a, c], y=1)", "f(x=[a, b, c], y=1)"),
        (
            "s.install('.')",
            "s.install('.', 'a')",
            "s.install('.', 'b')",
            "s.install('.', 'a', 'b')",
        ),
        ('x = ["a"]', 'x = ["a", "c", "b"]', 'x = ["a", "b", "d"]', 'x = ["a", "c", "b", "d"]'),
        ("x: [a]  # [b]", "x: [a, b]  # [b]", "x: [a, c]  # [b]", "x: [a, b, c]  # [b]"),
    ],
)
def test_what_both_add_is_united(base: str, ours: str, theirs: str, both: str) -> None:
    assert extend(base, ours, theirs) == both


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ('x = ["a"]', 'x = ["b"]', 'x = ["a", "c"]'),
        ("x = ['a', 'b']", "x = ['b', 'a', 'c']", "x = ['a', 'b', 'd']"),
        ("f(a)", "f(a, b)", "f(a, c)"),
        ("f(a, b=1)", "f(a, b=1, c=2)", "f(a, b=1, c=3)"),
        ('os.path.join("a")', 'os.path.join("a", "b")', 'os.path.join("a", "c")'),
        ('run(["a"])', 'run(["a", "b"])', 'run(["a", "c"])'),
        ('command = ["a"]', 'command = ["a", "b"]', 'command = ["a", "c"]'),
        ('CMD ["a"]', 'CMD ["a", "b"]', 'CMD ["a", "c"]'),
        ("def f(a):", "def f(a, b=1):", "def f(a, c=1):"),
        ("x: tuple[int]", "x: tuple[int, A]", "x: tuple[int, B]"),
        ("x: Callable[[A], B]", "x: Callable[[A, C], B]", "x: Callable[[A, D], B]"),
        ('x = ["a"] + y', 'x = ["a", "b"] + z', 'x = ["a", "c"] + y'),
        ('x = {"a": 1}', 'x = {"a": 1, "b": 2}', 'x = {"a": 1, "b": 3}'),
        ("x = ['a', 'a']", "x = ['a', 'a', 'b']", "x = ['a', 'a', 'c']"),
        ("x = [a if b else c]", "x = [a if b else c, d]", "x = [a if b else c, e]"),
        ("x = [a]", "x = [a, *b]", "x = [a, c]"),
        ("x = [a]", "x = [a, b]", "x = [a, c"),
        ("x y", "x y z", "x y w"),
    ],
)
def test_what_has_an_order_or_is_no_addition_stays_in_conflict(
    base: str, ours: str, theirs: str
) -> None:
    assert extend(base, ours, theirs) is None


SESSION = """\
import nox

nox.options.sessions = ["lint", "types"]


@nox.session(python=["3.11"])
def tests(session):
    session.install(".", "pytest")
    session.run("pytest", "-q")
"""


def merged(path: str, base: str, ours: str, theirs: str) -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    return result.content.decode() if isinstance(result, Merged) else None


@pytest.mark.parametrize(
    ("item", "ours", "theirs"),
    [
        ('"types"', '"types", "own"', '"types", "docs"'),
        ('"3.11"', '"3.11", "3.12"', '"3.11", "3.13"'),
        ('".", "pytest"', '".", "pytest", "mock"', '".", "pytest", "tox"'),
    ],
)
def test_a_list_in_a_module_has_what_both_added(item: str, ours: str, theirs: str) -> None:
    both = f"{ours}, {theirs.rpartition(' ')[2]}"
    sides = [SESSION.replace(item, each) for each in (ours, theirs)]
    assert merged("noxfile.py", SESSION, *sides) == SESSION.replace(item, both)


def test_the_arguments_of_a_command_stay_in_conflict() -> None:
    ours, theirs = (SESSION.replace('"-q"', f'"-q", "{each}"') for each in ("a", "b"))
    assert merged("noxfile.py", SESSION, ours, theirs) is None


@pytest.mark.parametrize("key", ["args", "addopts", "plugins"])
@pytest.mark.parametrize(("path", "sign"), [("a.toml", " ="), ("a.yml", ":")])
def test_a_list_with_an_order_stays_in_conflict(key: str, path: str, sign: str) -> None:
    base, ours, theirs = (f'{key}{sign} ["a"{more}]\n' for more in ("", ', "b"', ', "c"'))
    assert merged(path, base, ours, theirs) is None


ITEMS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4)


@given(ITEMS, ITEMS, ITEMS, st.data())
def test_every_item_is_there_once_and_in_the_order_of_each_side(
    base: list[str], ours: list[str], theirs: list[str], data: st.DataObject
) -> None:
    sides = []
    for own in (ours, theirs):
        side = [*base]
        for item in own:
            if item not in side:
                side.insert(data.draw(st.integers(0, len(side))), item)
        sides.append(side)
    lines = [f"x = [{', '.join(items)}]" for items in (base, *sides)]
    done = extend(lines[0], lines[1], lines[2])
    if done is None:
        assert set(sides[1]) <= set(sides[0]) or sides[0] == base
        return
    items = done[len("x = [") : -1].split(", ")
    assert sorted(items) == sorted({*sides[0], *sides[1]})
    assert [item for item in items if item in base] == base
    if all(side == sorted(side) for side in sides):
        assert items == sorted(items) or base != sorted(base)
