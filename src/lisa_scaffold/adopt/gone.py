"""Modules that a project imports and that the Pythons of its jobs do not have any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from posixpath import basename
from re import MULTILINE
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

# The first Python without each: https://docs.python.org/3/whatsnew/
_GONE = {
    "3.8": "macpath",
    "3.9": "_dummy_thread dummy_threading",
    "3.10": "formatter parser symbol",
    "3.11": "binhex",
    "3.12": "asynchat asyncore distutils imp smtpd",
    "3.13": (
        "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev "
        "pipes sndhdr spwd sunau telnetlib uu xdrlib"
    ),
}
_SINCE = {module: version for version, names in _GONE.items() for module in names.split()}
_OLD = (
    "ConfigParser HTMLParser Queue StringIO __builtin__ cPickle cStringIO commands cookielib "
    "httplib sets thread urllib2 urlparse"
)
_SINCE |= dict.fromkeys(_OLD.split(), "3")
SETUPTOOLS = {
    "pkg_resources": "setuptools<82",
    "setuptools": "setuptools",
    "distutils": "setuptools",
}
"""What brings a module that no environment has by itself, as far as something does."""
_BUILD = ("setup.py", "setupegg.py", "ez_setup.py", "versioneer.py", "bootstrap.py", "conf.py")


class Import(NamedTuple):
    """A module that is imported and is not there.

    Attributes
    ----------
    module
        Its name.
    path, line
        The first place that imports it.
    since
        The first Python without it; empty for one that has never been a part of Python.
    """

    module: str
    path: str
    line: int
    since: str

    @property
    def requirement(self) -> str:
        """What brings it; empty where nothing does."""
        return SETUPTOOLS.get(self.module, "")


def find_gone(facts: Facts) -> list[Import]:
    """The modules that code or tests import unconditionally and that are not there, each once.

    What builds the package has an environment of its own, and is not asked here.
    """
    found: dict[str, Import] = {}
    for path in facts.files:
        if not path.endswith(".py") or basename(path) in _BUILD or path.startswith(("doc", ".")):
            continue
        # To parse each file of a large project takes seconds; to look for words does not.
        if not _NAMED.search(facts.text(path)):
            continue
        module = facts.python(path)
        for name, line in _find_imports(module.body) if isinstance(module, ast.Module) else ():
            top = name.split(".")[0]
            if top in _SINCE or top in SETUPTOOLS:
                found.setdefault(top, Import(top, path, line, _SINCE.get(top, "")))
    return [*found.values()]


_NAMED = compile_lazily(
    rf"^[ \t]*+(?:import|from)[ \t].*\b(?:{'|'.join([*_SINCE, *SETUPTOOLS])})\b", MULTILINE
)


def _find_imports(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """What a module imports whenever it is imported itself.

    Below ``try`` or ``if`` there is another way; in a function it may never happen.
    """
    for node in body:
        match node:
            case ast.Import(names=names, lineno=line):
                yield from ((each.name, line) for each in names)
            case ast.ImportFrom(module=str(name), level=0, lineno=line):
                yield name, line
            case ast.ClassDef(body=inner) | ast.With(body=inner):
                yield from _find_imports(inner)
