"""The picture of the package in CONTRIBUTING shows the imports as they are."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

from ..conftest import ROOT

SPEC = spec_from_file_location("house", ROOT / "docs/house.py")
assert SPEC
assert SPEC.loader
house = module_from_spec(SPEC)
SPEC.loader.exec_module(house)


def test_the_picture_is_up_to_date() -> None:
    assert house.PICTURE.read_text(encoding="utf-8") == house.draw(), "run: python docs/house.py"


def test_the_highest_import_decides_the_floor() -> None:
    imports = {"cli": {"git", "errors"}, "git": {"errors"}, "errors": set[str]()}
    assert house.stack(imports) == {"cli": 2, "git": 1, "errors": 0}


def test_what_other_imports_imply_is_not_drawn() -> None:
    imports = {"cli": {"git", "errors"}, "git": {"errors"}, "errors": set[str]()}
    assert house.reduce(imports) == {"cli": {"git"}, "git": {"errors"}, "errors": set()}
