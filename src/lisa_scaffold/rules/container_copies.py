"""Container: what an image is made from is in the project."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress

from lisa_scaffold.formats.dockerfile import Instruction
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, Hit, rule

_FILE = "Dockerfile"
# A path that means one file or folder: no variable, pattern, address or here-document.
_LITERAL = compile_lazily(r"(?!-)[\w./@+-]++")


@rule("CON010", MUST, when=lambda facts: facts.is_of_template and facts.dockerfile(_FILE))
def copied_files_are_there(facts: Facts) -> Iterator[Hit]:
    """What the Dockerfile copies is there.

    Why: The image cannot be built: the job that builds it fails, in merge requests that touch the
    image at the earliest.

    How: Bring the file back from git, or take it out of the `COPY`. What a build makes first, as
    `.gitignore` tells, is not meant; nor are projects that the template does not know, whose
    Dockerfile may be built with another folder.

    Source: [Docker: COPY](https://docs.docker.com/reference/dockerfile/#copy).
    """
    for each in facts.dockerfile(_FILE).instructions:
        for source in _list_sources(each) if each.verb in ("COPY", "ADD") else ():
            path = source.removeprefix("./").strip("/")
            there = path in ("", ".") or facts.has(path) or facts.paths(f"{path}/**")
            if not there and not facts.ignores(path):
                message = (
                    f"`{source}` is not there, so no image can be built: add it, or change this"
                )
                yield Hit(_FILE, each.line, message)


def _list_sources(instruction: Instruction) -> list[str]:
    """What an instruction copies from the folder of the build, where its words say that plainly."""
    words: list[str] = []
    if not instruction.value.startswith("[") and "<<" not in instruction.value:
        with suppress(ValueError):
            words = shlex.split(instruction.value)
    options = [word for word in words if word.startswith("--")]
    if any(word.startswith(("--from=", "--parents")) for word in options):
        return []
    *sources, _ = [word for word in words if word not in options] or [""]
    return [each for each in sources if _LITERAL.fullmatch(each)]
