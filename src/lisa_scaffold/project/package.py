"""What is said about a Python package, in one form.

It may stand in ``[project]``, in Poetry's or Flit's own table, or in setuptools' files; nothing is
ever run to know it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from lisa_scaffold.formats.document import Key, Keys

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet


_BACKENDS = {
    "flit_core": "flit",
    "hatchling": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "pdm": "pdm",
    "poetry": "poetry",
    "poetry_dynamic_versioning": "poetry",
    "scikit_build_core": "scikit-build-core",
    "setuptools": "setuptools",
    "uv_build": "uv",
}


class Place(NamedTuple):
    """Where something is said."""

    path: str
    line: int


@dataclass(frozen=True)
class Package:
    """What is said about a package, keyed as in the ``[project]`` table (PEP 621).

    Attributes
    ----------
    form
        Who says it: ``project``, ``poetry``, ``flit`` or ``setuptools`` (``setup.cfg``,
        ``setup.py``); empty where nobody does.
    data
        What is said. ``license`` is the text of an SPDX expression or, in the older forms, of
        whatever stands there; requirements are in the form of PEP 508.
    unknown
        Keys that are set in a way that only a build can tell.
    where
        Finds the place of a key and its items.
    """

    form: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    where: Callable[[Keys], Place] = lambda _keys: Place("pyproject.toml", 1)

    def get(self, key: str, default: Any = None) -> Any:
        """What is said under a key, or the default."""
        return self.data.get(key, default)

    def text(self, key: str) -> str:
        """The text under a key; empty where there is none."""
        said = self.data.get(key)
        return said if isinstance(said, str) else ""

    def texts(self, key: str) -> list[str]:
        """The list of texts under a key; empty where there is none."""
        said = self.data.get(key)
        return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []

    def place(self, *keys: Key) -> Place:
        """Where a key, or one of its items, stands."""
        return self.where(keys)

    @cached_property
    def backend(self) -> str:
        """The build backend.

        Returns
        -------
        str
            ``setuptools``, ``hatchling``, ``poetry``, ``flit``, ``uv``, ``scikit-build-core``,
            ``pdm``, ``maturin``, ``meson-python``, or the name of another; empty without a package.
        """
        named = self.text("build-backend")
        first = re.split(r"[.:]", named)[0]
        return _BACKENDS.get(first, first) if named else "setuptools" if self.form else ""

    @cached_property
    def name(self) -> str:
        """The distribution name in its normalised form; empty where it is not known."""
        from packaging.utils import canonicalize_name

        return canonicalize_name(self.text("name"))

    @cached_property
    def pythons(self) -> SpecifierSet | None:
        """The supported Pythons; ``None`` where nothing, or nothing valid, is said."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        said = self.text("requires-python")
        try:
            return SpecifierSet(said) if said else None
        except InvalidSpecifier:
            return None

    @cached_property
    def oldest_python(self) -> tuple[int, int] | None:
        """The oldest supported Python, such as ``(3, 11)``; ``None`` where it is not known."""
        said = self.text("requires-python")
        simple = re.fullmatch(
            r"\s*>=\s*(\d+)\.(\d+)(\.\d+)?(\s*,\s*<[\d.]+|\s*,\s*!=[\d.*]+)*", said
        )
        if simple:
            return int(simple[1]), int(simple[2])
        allowed = self.pythons
        if allowed is None or not any(spec.operator in (">=", ">", "~=", "==") for spec in allowed):
            return None
        minors = ((major, minor) for major in (2, 3) for minor in range(40))
        return next((v for v in minors if _allows(allowed, v)), None)


def _allows(allowed: SpecifierSet, version: tuple[int, int]) -> bool:
    """Whether any patch release of a Python will do."""
    return any(allowed.contains(f"{version[0]}.{version[1]}.{patch}") for patch in (0, 1, 99))
