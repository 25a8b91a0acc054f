"""Modules of a project's own: whether one that is imported is there, or may come to be."""

from __future__ import annotations

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sharing import shared

# What may write or compile a module, or say that git has it not.
_MAKERS = (
    *("setup.py", "setup.cfg", "build.py", "hatch_build.py", "pdm_build.py"),
    *("CMakeLists.txt", "**/CMakeLists.txt", "Makefile", "**/.gitignore"),
)
_SETTINGS = ("*.toml", "noxfile.py")
_HOOKED = compile_lazily(r"\bsys\.modules\b|\b__path__\b|\bmeta_path\b")
_WORD = compile_lazily(r"[A-Za-z_]\w*")
_WRITTEN = compile_lazily(r"(?<!\w)([A-Za-z_]\w*)\.py\b")


def list_made(facts: Facts) -> set[str]:
    """The words of what may write a module: one of these names may come to be."""
    return set().union(*(find_words(facts.text(path)) for path in facts.paths(*_MAKERS)))


@shared
def find_words(text: str) -> frozenset[str]:
    """All that may be the name of a module in a text."""
    return frozenset(_WORD.findall(text))


def list_written(facts: Facts) -> set[str]:
    """The modules that settings name by their files, such as that of the version."""
    return {stem for path in facts.paths(*_SETTINGS) for stem in _WRITTEN.findall(facts.text(path))}


def list_stems(facts: Facts) -> set[str]:
    """The names of all files: one of them may be put at its place."""
    return {path.rpartition("/")[2].partition(".")[0] for path in facts.files}


def is_there(facts: Facts, wanted: str, name: str, folder: str) -> bool:
    """Whether a module is where its package is, or something above it may find it elsewhere."""
    parts = wanted.removeprefix(f"{name}.").split(".")
    for end in range(len(parts)):
        above = "/".join([folder, *parts[:end]])
        if end and facts.paths(f"{above}.*"):
            return True  # a module, which may bring others
        if _HOOKED.search(facts.text(f"{above}/__init__.py")):
            return True
    stem = "/".join([folder, *parts])
    return bool(facts.paths(f"{stem}.*", f"{stem}/**"))


def may_be_made(wanted: str, known: set[str]) -> bool:
    """Whether something makes a module that is not there; what makes modules is known by names."""
    last = wanted.rpartition(".")[2]
    return last in known or last.endswith(("_pb2", "_pb2_grpc"))
