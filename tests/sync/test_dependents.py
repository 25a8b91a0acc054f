"""What depends on something that is left out."""

from __future__ import annotations

import pytest

from lisa_scaffold.sync.dependents import find_broken

MODULE = "src/pkg/example.py"
TEST = "tests/test_example.py"


def broken(source: str, *known: str, before: str = "", path: str = TEST) -> dict[str, str]:
    brought = {path: (before.encode(), source.encode())}
    return find_broken(brought, [MODULE, "src/pkg/__init__.py", path], {path, *known})


@pytest.mark.parametrize(
    "source",
    [
        "from pkg.example import f\n",
        "from pkg import example\n",
        "import pkg.example as x\n",
        "def test():\n    from pkg.example import f\n",
    ],
)
def test_a_test_needs_the_module_that_it_imports(source: str) -> None:
    assert broken(source, "src/pkg/__init__.py") == {TEST: MODULE}
    for place in (MODULE, "pkg/example.py", "src/pkg/example/__init__.py"):
        assert broken(source, "src/pkg/__init__.py", place) == {}


def test_a_module_that_imports_its_neighbour_needs_it() -> None:
    path = "src/pkg/other.py"
    for source in ("from . import example\n", "from .example import f\n"):
        assert broken(source, "src/pkg/__init__.py", path=path) == {path: MODULE}
    assert broken("from .. import example\n", "src/pkg/__init__.py", path=path) == {}


def test_only_what_is_new_in_a_module_counts() -> None:
    source = "from pkg.example import f\n"
    assert broken(f"{source}x = 1\n", "src/pkg/__init__.py", before=source) == {}
    assert broken("import os\nx = (\n") == {}


def test_what_needs_something_that_needs_something_goes_too() -> None:
    brought = {
        "tests/a.py": (b"", b"import pkg.example\n"),
        "tests/b.py": (b"", b"from tests.a import x\n"),
        "tests/c.py": (b"y = 1\n", b"from tests.a import x\n"),
        "tests/d.py": (b"", b"from tests.c import y\n"),
    }
    theirs = [MODULE, "src/pkg/__init__.py", *brought]
    assert find_broken(brought, theirs, {"src/pkg/__init__.py", *brought}) == {
        "tests/a.py": MODULE,
        "tests/b.py": "tests/a.py",
        "tests/c.py": "tests/a.py",
    }
