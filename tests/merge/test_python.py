"""Python source."""

from __future__ import annotations

import pytest

from lisa_scaffold.formats.python import find_problem
from lisa_scaffold.merge import check_clean, merge_file, merge_openly
from lisa_scaffold.merge.imports import merge_imports
from lisa_scaffold.model import Declined, Merged
from tests.merge.material import PYTHON as BASE


def merge(ours: str, theirs: str, path: str = "a.py", base: str = BASE) -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    assert not isinstance(result, Declined)
    return None if result is None else result.content.decode()


def changed(old: str, new: str, text: str = BASE) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_imports_are_sets_in_order() -> None:
    ours = changed("import os\n", "import json\nimport os\n")
    theirs = changed("import os\n", "import abc\nimport os\n")
    assert merge(ours, theirs) == changed("import os\n", "import abc\nimport json\nimport os\n")


def test_names_of_one_module_are_a_set() -> None:
    line = "from numpy import array, zeros"
    ours, theirs = (
        changed(line, line + ", zeta"),
        changed(line, line.replace("array", "array, ones")),
    )
    assert merge(ours, theirs) == changed(line, "from numpy import array, ones, zeros, zeta")
    long = [f"from numpy import array, {name * 12}, zeros" for name in ("ones", "twos")]
    assert merge(changed(line, long[0]), changed(line, long[1])) == changed(
        line,
        f"from numpy import (\n    array,\n    {'ones' * 12},\n    {'twos' * 12},\n    zeros,\n)",
    )


def test_an_import_that_the_other_side_uses_stays() -> None:
    ours = (
        changed("import sys\n", "")
        .replace(", sys.argv", "")
        .replace("import os\n", "import io\nimport os\n")
    )
    theirs = (
        changed("import os\n", "import glob\nimport os\n")
        + "\n\ndef third():\n    return sys.path\n"
    )
    merged = merge(ours, theirs)
    assert merged is not None
    assert "import sys\n" in merged
    assert ", sys.argv" not in merged


def test_git_losing_a_used_import_is_found() -> None:
    ours = changed("import sys\n", "").replace(", sys.argv", "")
    theirs = BASE + "\n\ndef third():\n    return sys.path\n"
    git = ours + "\n\ndef third():\n    return sys.path\n"
    texts = [text.encode() for text in (BASE, ours, theirs, git)]
    assert check_clean("a.py", *texts) == "it uses sys without defining or importing it"


@pytest.mark.parametrize(
    ("merged", "said"),
    [
        (BASE + "def first():\n    pass\n", "it defines first twice"),
        (BASE + "    def grow(self):\n        pass\n", "it defines Thing.grow twice"),
        (BASE + "def (\n", "it is no valid Python any more"),
    ],
)
def test_what_git_may_break_is_found(merged: str, said: str) -> None:
    texts = [text.encode() for text in (BASE, BASE + "A = 1\n", BASE + "B = 1\n", merged)]
    assert check_clean("a.py", *texts) == said


def test_definitions_added_at_one_place() -> None:
    mine, yours = ("\n\ndef mine():\n    return 1\n", "\n\n@cached\ndef yours():\n    return 2\n")
    assert merge(BASE + mine, BASE + yours) == BASE + mine + yours


def test_methods_added_at_one_place() -> None:
    mine, yours = (
        "\n    def mine(self):\n        return 1\n",
        "\n    def yours(self):\n        return 2\n",
    )
    assert merge(BASE + mine, BASE + yours) == BASE + mine + yours


def test_elements_added_at_one_place() -> None:
    ours, theirs = (
        changed('    "two",\n', '    "two",\n    "a",\n'),
        changed('    "two",\n', '    "two",\n    "b",\n'),
    )
    assert merge(ours, theirs) == changed('    "two",\n', '    "two",\n    "a",\n    "b",\n')


def test_two_statements_at_one_place_are_a_conflict() -> None:
    assert merge(BASE + "\n\nprint(1)\n", BASE + "\n\nrun(2)\n") is None


def test_the_main_block_stays_last() -> None:
    main, mine = '\n\nif __name__ == "__main__":\n    first(1)\n', "\n\ndef mine():\n    return 1\n"
    assert merge(BASE + main, BASE + mine) == BASE + mine + main


def test_a_function_that_the_project_removed_stays_away_and_the_change_is_in_the_patch() -> None:
    function = 'def first(value):\n    """The first."""\n    return os.fspath(value)\n\n\n'
    ours = changed(function, "")
    theirs = changed("import os\n", "import json\nimport os\n")
    theirs = changed("os.fspath(value)", "json.dumps(value)", theirs)
    result = merge_file("a.py", BASE.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert "+    return json.dumps(value)\n" in result.patch
    assert "+import json\n" in result.patch
    assert (
        merge_file("a.py", BASE.encode(), ours.encode(), theirs.encode(), keep_prose=False) is None
    )


def test_a_function_that_the_project_renamed_and_the_template_changed_is_a_conflict() -> None:
    head = "def first(value):"
    ours = changed(head, "def one(value):")
    assert merge(ours, changed(head, "def first(value: object):")) is None


def test_a_function_that_the_template_removed_and_the_project_changed_stays() -> None:
    function = 'def first(value):\n    """The first."""\n    return os.fspath(value)\n\n\n'
    ours = changed("os.fspath(value)", "os.fspath(value) + SUFFIX")
    theirs = changed(function, "").replace("LIMIT = 10", "LIMIT = 11")
    result = merge_file("a.py", BASE.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == ours.replace("LIMIT = 10", "LIMIT = 11")
    assert "-    return os.fspath(value) + SUFFIX\n" in result.patch
    assert "first: the template no longer has it" in result.notes[0]


def test_a_function_that_the_project_rewrote_stays_with_a_patch() -> None:
    line = '    """The first."""\n    return os.fspath(value)\n'
    mine = "    for each in range(10):\n        print(each, value)\n    sys.exit(NAME * LIMIT)\n"
    ours, theirs = changed(line, mine), changed("os.fspath(value)", "str(value)")
    sides = [text.encode() for text in (BASE, ours, theirs.replace("LIMIT = 10", "LIMIT = 11"))]
    result = merge_file("a.py", *sides)
    assert isinstance(result, Merged)
    assert result.content.decode() == ours.replace("LIMIT = 10", "LIMIT = 11")
    assert result.notes[0].startswith("first: the project rewrote it, the template changed it")
    assert "-    return os.fspath(value)\n+    return str(value)\n" in result.patch
    assert merge_file("a.py", *sides, keep_prose=False) is None


def test_one_function_that_both_edited_is_a_conflict() -> None:
    line = "    return os.fspath(value)\n"
    assert merge(changed(line, "    return 1\n"), changed(line, "    return 2\n")) is None


def test_what_the_project_replaced_is_declined() -> None:
    theirs = changed("LIMIT = 10", "LIMIT = 11")
    result = merge_file("a.py", BASE.encode(), b"from x import main\n\nmain()\n", theirs.encode())
    assert isinstance(result, Declined)
    assert result.content == b"from x import main\n\nmain()\n"
    assert "-LIMIT = 10\n+LIMIT = 11\n" in result.patch


def test_what_the_template_emptied_stays_the_projects() -> None:
    ours = BASE + "\n\nmore = 1\n"
    result = merge_file("a.py", BASE.encode(), ours.encode(), b"")
    assert isinstance(result, Declined)
    assert result.content == ours.encode()


def test_invalid_source_is_merged_by_lines() -> None:
    base = "{% if x %}\nimport a\nimport b\nimport c\n{% endif %}\n"
    ours, theirs = changed("import a", "import d", base), changed("import c", "import e", base)
    assert merge(ours, theirs, base=base) == changed("import a", "import d", theirs)


def test_an_import_in_place_of_what_the_template_removed_stays_with_a_note() -> None:
    base = (
        "import sys\n\nif sys.path:\n    from a import v\nelse:\n    from b import v\n\nx = v()\n"
    )
    ours = "from b import v\n\nx = v()\n"
    result = merge_file("a.py", base.encode(), ours.encode(), b"from c import x\n")
    assert isinstance(result, Merged)
    assert result.content == b"from b import v\nfrom c import x\n"
    assert result.notes == (
        "from b import v: the template removed what used it; it stays, though nothing uses it.",
    )


def test_only_the_first_text_of_a_module_is_its_docstring() -> None:
    ours = changed("LIMIT = 10\n", 'LIMIT = 10\n\n"""A remark."""\n')
    theirs = changed('"""A module."""\n', '"""A better module."""\n')
    assert merge(ours, theirs) == ours.replace("A module", "A better module")
    bare = BASE.removeprefix('"""A module."""\n\n')
    remark, titled = bare + '\n\n"""A remark."""\n', '"""A title."""\n\n' + bare
    assert merge(remark, titled, base=bare) == '"""A title."""\n\n' + remark


def test_of_an_import_that_the_template_removed_what_the_project_still_uses_stays() -> None:
    base = "from m import a, b\n\n\ndef f():\n    return a, b\n\n\ndef g():\n    return 1\n"
    ours = base.replace("return 1", "return b")
    theirs = base.replace("from m import a, b\n", "from n import c\n").replace("a, b\n", "c\n")
    result = merge_file("a.py", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == (
        "from m import b\nfrom n import c\n\n\ndef f():\n    return c\n\n\ndef g():\n    return b\n"
    )


def test_an_import_that_heads_its_group_on_one_side_has_no_line_above_it_on_the_other() -> None:
    base = ["from __future__ import annotations", "", "import shlex", "import sys"]
    ours = [*base[:2], "import os", *base[2:]]
    theirs = [*base[:2], *base[3:]]
    assert merge_imports(base, ours, theirs) == ([*ours[:3], *ours[4:]], ())


def test_a_function_that_both_sides_added_nearly_alike_stays_the_projects_with_a_patch() -> None:
    added = "\n\ndef more(value):\n    for each in value:\n        os.remove(each)\n    return {}\n"
    ours, theirs = BASE + added.format("None"), BASE + added.format("value")
    result = merge_file("a.py", BASE.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert result.reason.startswith("more: both sides added it, nearly alike")
    assert "-    return None\n+    return value\n" in result.patch
    assert merge(BASE + "\n\ndef more():\n    pass\n", theirs) is None


def test_exported_names_are_a_set_in_any_layout() -> None:
    base = "__all__: list[str] = []\n"
    ours = '__all__: list[str] = ["Commit", "Log"]\n'
    merged = '__all__: list[str] = ["Commit", "Log", "main"]\n'
    assert merge(ours, '__all__: list[str] = ["main"]\n', base=base) == merged
    spread = '__all__: list[str] = [\n    "Commit",\n    "Log",\n]\n'
    both = '__all__: list[str] = [\n    "Commit",\n    "Log",\n    "main",\n]\n'
    assert merge(spread, '__all__: list[str] = ["main"]\n', base=base) == both
    assert merge("__all__ = [*a]\n", '__all__ = ["b"]\n', base="__all__ = []\n") is None


def test_exported_names_that_both_sides_added_are_those_of_both() -> None:
    ours, theirs = '__all__ = ["Log", "run"]\n', '__all__ = ["main"]\n'
    both = '__all__ = ["Log", "main", "run"]\n'
    assert merge("x = 1\n" + ours, "x = 1\n" + theirs, base="x = 1\n") == "x = 1\n" + both
    other = "__all__ = [*names]\n"
    assert merge("x = 1\n" + ours, "x = 1\n" + other, base="x = 1\n") is None


def test_what_both_sides_add_in_one_place_leaves_other_additions_where_they_are() -> None:
    def module(*names: str) -> bytes:
        return "\n\n".join(f"def {name}():\n    return '{name}'\n" for name in names).encode()

    base, ours, theirs = module("a", "b"), module("a", "b", "mine"), module("a", "one", "b", "two")
    merged = module("a", "one", "b", "mine", "two")
    assert merge_file("a.py", base, ours, theirs) == Merged(merged)
    merged = module("a", "one", "b", "two", "mine")
    assert merge_file("a.py", base, theirs, ours) == Merged(merged)


def test_a_remark_that_one_side_rewrote_and_code_that_the_other_rewrote_go_together() -> None:
    base = b"# One remark\nvalue = 1\n"
    ours = b"# Something else entirely\n# on two lines\nvalue = 1\n"
    theirs = b"# One remark\nvalue = compute(other, numbers)\n"
    merged = b"# Something else entirely\n# on two lines\nvalue = compute(other, numbers)\n"
    assert merge_file("a.py", base, ours, theirs) == Merged(merged)
    assert merge_file("a.py", base, theirs, ours) == Merged(merged)


def test_a_remark_beside_an_import_that_one_side_removed_is_left_to_people() -> None:
    base = b"import os\nfrom a import b\n\nx = b\ny = os\n"
    ours = b"import os\nfrom a import b, c\n\nx = b\ny = os\nz = c\n"
    theirs = b"import os\n\nx = 1\ny = os\n"
    merged = merge_file("a.py", base, ours, theirs)
    assert isinstance(merged, Merged)
    assert merged.content == b"import os\nfrom a import c\n\nx = 1\ny = os\nz = c\n"
    remarked = base.replace(b"import b", b"import b  # needed")
    assert merge_file("a.py", remarked, ours, theirs) is None
    assert merge_file("a.py", remarked, theirs, ours) is None


def test_a_name_is_not_imported_from_two_places() -> None:
    """Git leaves a conflict; the second import would win without a word."""
    base = '"""A."""\n\nfrom a import x\nimport os\n\nprint(x, os)\n'
    ours, theirs = base.replace("from a", "from b"), base.replace("from a", "from c")
    assert merge_file("a.py", base.encode(), ours.encode(), theirs.encode()) is None
    theirs = base.replace("import os", "import os\nimport os.path")
    result = merge_file("a.py", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == theirs.replace("from a", "from b")


CALLED = """\
class A:
    def make(self):
        return App(
            first=1,
            second=2,
        )

    def last(self):
        return 1
"""


def test_an_argument_that_both_add_in_two_places_is_given_once() -> None:
    ours, theirs = (
        CALLED.replace(f"{at},", f"{at},\n            debug=True,")
        for at in ("first=1", "second=2")
    )
    result = merge_file("a.py", CALLED.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == ours
    twice = ours.replace("second=2,", "second=2,\n            debug=False,")
    assert find_problem("", CALLED, ours, twice) == "it gives debug twice to one call"


def test_methods_of_one_name_that_both_add_in_two_places_are_one_conflict() -> None:
    ours, theirs = (
        CALLED.replace(mark, f"    def new(self):\n{body}\n\n{mark}")
        for mark, body in (
            ("    def make", "        for each in self.all:\n            yield each, 1"),
            ("    def last", "        return []"),
        )
    )
    sides = [side.encode() for side in (CALLED, ours, theirs)]
    assert merge_file("a.py", *sides) is None
    part = merge_openly("a.py", *sides)
    assert part is not None
    assert part.places == 1
    assert part.ours.decode().count("def new") == 1
    assert part.theirs.decode().count("def new") == 1


SETUP = 'settings.load("default")\n'


@pytest.mark.parametrize("swapped", [False, True])
def test_statements_below_the_imports_stay_above_what_the_other_side_defines(
    swapped: bool,
) -> None:
    base = "import a\n\n\ndef old():\n    return a\n"
    mine = "import a\nimport b\n\n\ndef mine():\n    return a, b\n"
    offered = f"import a\nimport settings\n\n{SETUP}\n\ndef old():\n    return a\n"
    sides = (offered, mine) if swapped else (mine, offered)
    assert merge(*sides, base=base) == (
        f"import a\nimport b\nimport settings\n\n{SETUP}\n\ndef mine():\n    return a, b\n"
    )


def test_a_main_block_stays_below_what_the_other_side_defines() -> None:
    block = 'if __name__ == "__main__":\n    print(a)\n'
    mine = f"import a\n\nprint(a)\n\n{block}"
    merged = merge(mine, "import a\n\n\ndef f():\n    return a\n", base="import a\n")
    assert merged is not None
    assert merged.endswith(f"\n\n{block}")
