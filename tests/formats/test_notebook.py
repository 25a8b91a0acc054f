"""The Python of notebooks."""

from __future__ import annotations

import json

import pytest

from lisa_scaffold.formats import notebook


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a\n", [(1, "a")]),
        (
            ["%pylab inline\n", "!pip install b\n", "\n", "?help\n", "import a.x as b, c\n"],
            "4 5 a c",
        ),
        ("\n\n%matplotlib inline\nfrom a.b import c\n", [(4, "a")]),
        ("if x:\n    import a\nimport", [(2, "a")]),
        ("%%time\nimport a\n", [(2, "a")]),
        ("%%capture --no-stderr\nimport a\n", [(2, "a")]),
        ("%%bash\nimport a\n", []),
        ("%%writefile a.py\nimport a\n", []),
        ("%%script python\nimport a\n", []),
        ("# import a\nfrom . import b\nx = 'import a'\n", []),
        (None, []),
        ([1, "import a"], [(1, "a")]),
    ],
)
def test_imports_of_a_cell(source: object, expected: object) -> None:
    if expected == "4 5 a c":
        expected = [(5, "a"), (5, "c")]
    cells = ["x", {"cell_type": "markdown", "source": "import a"}]
    (found,) = notebook.read_cells([*cells, {"cell_type": "code", "source": source}])
    assert found.number == 3
    assert [*notebook.find_imports(found.code)] == expected


def test_a_large_notebook() -> None:
    """Pictures make it large; what they are is not looked at."""
    picture = {"image/png": "1" * 5_000_000}
    cells = [{"cell_type": "code", "source": "import a", "outputs": [{"data": picture}]}]
    found = notebook.read_notebook(json.dumps({"cells": cells}).encode())
    assert found == notebook.Cells((notebook.Cell(1, "import a", "import a"),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON (line 1)"),
        ("", "no JSON (line 1)"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "a number of more than 4300 digits"),
        (f"[{'[],' * 500_000}1]", "more than 500000 lists and objects"),
        ("[]", ""),
        ('{"cells": {}}', ""),
    ],
)
def test_a_notebook_without_cells(text: str, why: str) -> None:
    assert notebook.read_notebook(text.encode()) == notebook.Cells(problem=why)
