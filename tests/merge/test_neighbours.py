"""What comes from the other side looks like what stands around it."""

from __future__ import annotations

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Declined, Merged


def merged(path: str, base: str | None, ours: str, theirs: str) -> str:
    former = None if base is None else base.encode()
    result = merge_file(path, former, ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    return result.content.decode()


WIDE = """\
repos:
    - repo: a
      hooks:
          - id: one
"""
NARROW = """\
repos:
- repo: a
  hooks:
  - id: one
"""


def test_items_and_block_scalars_come_in_the_projects_indentation() -> None:
    """COPIER conflicts wherever the project has indented a list otherwise."""
    theirs = NARROW + "  - id: two\n    entry: |\n      a\n        b\n- repo: b\n  hooks: []\n"
    assert merged(".pre-commit-config.yaml", NARROW, WIDE, theirs) == WIDE + (
        "          - id: two\n            entry: |\n              a\n                b\n"
        "    - repo: b\n      hooks: []\n"
    )


def test_the_projects_items_follow_an_indentation_of_the_templates() -> None:
    ours = NARROW + "  - id: two\n"
    expected = WIDE + "          - id: two\n"
    assert merged(".pre-commit-config.yaml", NARROW, ours, WIDE) == expected


def test_members_of_json_come_in_the_projects_indentation() -> None:
    base = '{\n  "a": {\n    "b": 1\n  },\n  "z": 1\n}\n'
    ours = '{\n    "a": {\n        "b": 2\n    },\n    "z": 1\n}\n'
    theirs = base.replace('"b": 1', '"b": 1,\n    "c": [\n      1\n    ]')
    assert merged("a.json", base, ours, theirs) == ours.replace(
        '"b": 2', '"b": 2,\n        "c": [\n          1\n        ]'
    )


def test_tabs_stay_tabs() -> None:
    base = '{\n  "a": 1,\n  "b": 1\n}\n'
    ours = base.replace("  ", "\t").replace('"a": 1', '"a": 2')
    theirs = base.replace('"b": 1', '"b": 2')
    assert merged("a.json", base, ours, theirs) == ours.replace('"b": 1', '"b": 2')


def test_a_list_in_one_line_gains_no_comma_at_its_end() -> None:
    base = 'a = ["x"]\n'
    ours, theirs = 'a = ["x", "y"]\n', 'a = [\n    "x",\n    "z",\n]\n'
    assert ", ]" not in merged("a.toml", base, ours, theirs)
    assert ", ]" not in merged("a.toml", base, theirs, ours)


def test_a_pin_that_the_project_explains_is_not_replaced_by_a_newer_one() -> None:
    """COPIER conflicts in the whole of a file that both sides added."""
    ours = 'python-version: "3.11"  # 3.12 has no wheels of ours\nname: x\n'
    theirs = 'python-version: "3.13"\nname: x\n'
    kept = merge_file("a.yml", None, ours.encode(), theirs.encode())
    assert isinstance(kept, Declined)
    assert kept.content.decode() == ours
    assert '+python-version: "3.13"\n' in kept.patch
    plain = ours.replace("  # 3.12 has no wheels of ours", "")
    assert merged("a.yml", None, plain, theirs) == theirs


def test_a_blank_line_that_parts_tables_or_statements_is_not_lost() -> None:
    base = "[a]\nx = 1\n\n[b]\ny = 1\n"
    ours, theirs = base.replace("x = 1", "x = 2\nz = 1"), "[a]\nx = 1\n[b]\ny = 2\n"
    assert merged("a.toml", base, ours, theirs) == ours.replace("y = 1", "y = 2")
    base = '"""Doc."""\n\nimport os\n\nNAMES: list[str] = []\n'
    ours = base.replace("import os\n", "import os\nimport re\n").replace("[]", "[re.X]")
    theirs = base.replace("import os\n\n", "import os\nimport sys\n")
    assert merged("a.py", base, ours, theirs) == ours.replace("re\n", "re\nimport sys\n")


def test_items_of_the_templates_have_the_quotes_of_the_projects() -> None:
    base = 'a = ["x"]\nb = ["x"]\n'
    ours = "a = ['x', 'y']\nb = ['x', \"y\"]\n"
    theirs = 'a = ["x", "z", "it\'s"]\nb = ["x", "z"]\n'
    assert merged("a.toml", base, ours, theirs) == (
        "a = ['x', 'y', 'z', \"it's\"]\nb = ['x', \"y\", \"z\"]\n"
    )
