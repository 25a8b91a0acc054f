"""Versions of templates that stay open, for whoever needs them for many projects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lisa_scaffold import workplace
from lisa_scaffold.template.narrow import narrow
from lisa_scaffold.template.rendering import Template
from lisa_scaffold.template.source import Source


class Shelf:
    """Opens each version of a template once, and keeps it for as long as the shelf is there.

    Parameters
    ----------
    stack
        What closes them.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._opened: dict[tuple[str, str, str], Template] = {}
        self._narrow: dict[Template, Template] = {}

    def open_all(self, source: Source, *versions: str) -> tuple[Template, ...]:
        """The template at several versions.

        Raises
        ------
        LisaError
            As of :meth:`Source.open_all`.
        """
        keys = [(source.location, source.recorded, version) for version in versions]
        new = [key for key in dict.fromkeys(keys) if key not in self._opened]
        if new:
            opened = self._stack.enter_context(source.open_all(*(key[2] for key in new)))
            self._opened.update(zip(new, opened, strict=True))
        return tuple(self._opened[key] for key in keys)

    def narrow(self, template: Template) -> Template:
        """An opened version, of which the locked files alone are rendered.

        Raises
        ------
        LisaError
            If the template is broken.
        """
        if template not in self._narrow:
            folder = self._stack.enter_context(workplace.folder())
            self._narrow[template] = narrow(template, folder / "narrow")
        return self._narrow[template]


@contextmanager
def keep_open() -> Iterator[Shelf]:
    """A shelf, whose templates are closed at the end."""
    with ExitStack() as stack:
        yield Shelf(stack)
