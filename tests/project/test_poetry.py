"""Tests of what Poetry's tables say."""

from __future__ import annotations

from typing import Any

import pytest

from lisa_scaffold.project.poetry import convert_requirement

PLACE = "https://example.org/a.git"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"git": PLACE}, f"a @ git+{PLACE}"),
        ({"git": f"git+{PLACE}"}, f"a @ git+{PLACE}"),
        ({"git": PLACE, "branch": "main"}, f"a @ git+{PLACE}@main"),
        ({"git": PLACE, "tag": "v1", "rev": ""}, f"a @ git+{PLACE}@v1"),
        ({"git": PLACE, "rev": "1234abc"}, f"a @ git+{PLACE}@1234abc"),
        ({"git": "git@example.org:x/a.git"}, "a @ git+ssh://git@example.org/x/a.git"),
        ({"git": "ssh://git@example.org/x/a"}, "a @ git+ssh://git@example.org/x/a"),
        ({"url": "https://example.org/a.whl"}, "a @ https://example.org/a.whl"),
        ({"path": "../a"}, "a @ file:../a"),
    ],
)
def test_where_a_requirement_lies(spec: dict[str, Any], expected: str) -> None:
    assert convert_requirement("a", spec) == expected
