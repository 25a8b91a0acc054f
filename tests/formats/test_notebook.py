"""The Python of notebooks."""

from __future__ import annotations

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
