"""The metadata of a Python package, in one form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lisa_scaffold.formats.document import Key, Keys
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import normalize_name

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
_PYTHON = compile_lazily(r"Programming Language :: Python :: (\d{1,3})\.(\d{1,3})")


class Place(NamedTuple):
    """Where something is stated."""

    path: str
    line: int


class Package:
    """The metadata of a package, keyed as in the ``[project]`` table (PEP 621).

    Attributes
    ----------
    form
        Where it is stated: ``project``, ``poetry``, ``flit`` or ``setuptools`` (``setup.cfg``,
        ``setup.py``); empty where it is not.
    data
        The values. ``license`` is the text of an SPDX expression or, in the older forms, any
        text; requirements are in the form of PEP 508.
    unknown
        Keys whose values only a build can tell.
    where
        Finds the place of a key and its items.
    """

    def __init__(
        self,
        form: str = "",
        data: Mapping[str, Any] = MappingProxyType({}),
        unknown: frozenset[str] = frozenset(),
        where: Callable[[Keys], Place] = lambda _keys: Place("pyproject.toml", 1),
    ) -> None:
        self.form = form
        self.data = data
        self.unknown = unknown
        self.where = where

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.data.get(key, default)

    def text(self, key: str) -> str:
        """The text under a key; empty where there is none."""
        value = self.data.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """The list of texts under a key; empty where there is none."""
        value = self.data.get(key)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

    def table(self, key: str) -> dict[str, Any]:
        """The table under a key; empty where there is none."""
        value = self.data.get(key)
        return value if isinstance(value, dict) else {}

    def place(self, *keys: Key) -> Place:
        """Where a key, or one of its items, is stated."""
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
        return normalize_name(self.text("name"))

    @cached_property
    def pythons(self) -> SpecifierSet | None:
        """The supported Pythons; ``None`` where nothing valid is stated."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        text = self.text("requires-python")
        try:
            return SpecifierSet(text) if text else None
        except InvalidSpecifier:
            return None

    def allows_python(self, version: str) -> bool:
        """Whether it can be installed with the newest patch of a Python, such as ``3.11``.

        That is what an image of its name has. Where nothing valid is stated, it can.
        """
        return self.pythons is None or f"{version}.99" in self.pythons

    @cached_property
    def oldest_python(self) -> tuple[int, int] | None:
        """The oldest supported Python, such as ``(3, 11)``; ``None`` where it is not known."""
        text = self.text("requires-python")
        simple = re.fullmatch(
            r"\s*>=\s*(\d+)\.(\d+)(\.\d+)?(\s*,\s*<[\d.]+|\s*,\s*!=[\d.*]+)*", text
        )
        if simple:
            return int(simple[1]), int(simple[2])
        allowed = self.pythons
        if allowed is None or not any(spec.operator in (">=", ">", "~=", "==") for spec in allowed):
            return None
        for major, minor in ((major, minor) for major in (2, 3) for minor in range(40)):
            if any(allowed.contains(f"{major}.{minor}.{patch}") for patch in (0, 1, 99)):
                return major, minor
        return None

    @cached_property
    def classified_pythons(self) -> list[tuple[int, tuple[int, int]]]:
        """The Pythons that classifiers name, each with the index of its classifier."""
        return [
            (index, (int(match[1]), int(match[2])))
            for index, text in enumerate(self.texts("classifiers"))
            if (match := _PYTHON.fullmatch(text))
        ]

    @cached_property
    def oldest_promised_python(self) -> tuple[int, int] | None:
        """The oldest Python that installers or readers take for supported; ``None``: not known.

        It is the oldest supported one, or of classifiers where no ``requires-python`` is stated.
        """
        if self.text("requires-python"):
            return self.oldest_python
        return min((version for _, version in self.classified_pythons), default=None)


def join_author_and_url(data: dict[str, Any]) -> None:
    """Turn authors, maintainers and ``url`` into the lists and tables of PEP 621."""
    for who in ("author", "maintainer"):
        person = {"name": data.pop(who, None), "email": data.pop(f"{who}_email", None)}
        if stated := {key: value for key, value in person.items() if value}:
            data[f"{who}s"] = [stated]
    if url := data.pop("url", None):
        data["urls"] = {"Homepage": url, **(data.get("urls") or {})}
