"""What a pipeline names will be there tomorrow: images and keywords.

CI008 images pinned · CI009 images maintained · CI010 removed keywords · CI011 deprecated keywords
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lisa_scaffold.formats.document import Document, Key
from lisa_scaffold.formats.edit import Change, replace_in_line
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Job
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules import images
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule


def _images(facts: Facts) -> dict[str, list[tuple[Job, str]]]:
    """Every image, its variables put in, with the jobs that name it and the keys where they do."""
    pipeline = facts.pipeline
    found: dict[str, list[tuple[Job, str]]] = {}
    for job in (*pipeline.jobs.values(), *pipeline.hidden.values()):
        named = [("image", job.image)] if "image" in job.data else []
        services = job.get("services")
        for each in services if isinstance(services, list) else []:
            name = each.get("name") if isinstance(each, dict) else each
            named += [("services", name)] if isinstance(name, str) else []
        for key, name in named:
            found.setdefault(pipeline.expand(name, job), []).append((job, key))
    return found


def _hits(facts: Facts, judge: Callable[[str], str]) -> Iterator[Hit]:
    """The places of images that somebody has a word to say about."""
    for name, places in facts.cached(_images).items():
        if message := judge(name):
            for place in dict.fromkeys(_place(facts, *each) for each in places):
                yield Hit(*place, message)


def _place(facts: Facts, job: Job, key: str) -> Place:
    place = facts.pipeline.place_of(job, key)
    by_default = place == job.place and key not in job.own
    return _shared_place(facts, key) if by_default else place


def _shared_place(facts: Facts, key: str) -> Place:
    """Where an image stands that jobs have by default."""
    default = facts.pipeline.settings.get("default")
    keys = ("default", key) if isinstance(default, dict) and key in default else (key,)
    return facts.pipeline.place(*keys)


@rule("CI008", SHOULD, when=lambda facts: facts.pipeline)
def images_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Images have a tag that stays, or a digest.

    Why: The pipeline of an old commit fails, or passes, for a reason that no commit tells.

    How: Write the version as tag, such as `python:3.12`.

    Source: [GitLab: security of pipelines](https://docs.gitlab.com/ci/pipeline_security/).
    """
    # The project's own image follows its own branches.
    yield from _hits(facts, lambda name: "" if "CI_REGISTRY_IMAGE" in name else images.moves(name))


@rule("CI009", SHOULD, when=lambda facts: facts.pipeline)
def images_are_maintained(facts: Facts) -> Iterator[Hit]:
    """Images are still maintained.

    Why: Known vulnerabilities stay open, package servers of old systems are switched off, and one
    day the image is gone.

    How: Take a newer tag, or the image that took its place.

    Source: [Python](https://devguide.python.org/versions/),
    [Debian](https://www.debian.org/releases/), [Ubuntu](https://ubuntu.com/about/release-cycle),
    [Kaniko](https://github.com/GoogleContainerTools/kaniko).
    """
    yield from _hits(facts, lambda name: images.ended(name, facts.given.today))


# --- Keywords -------------------------------------------------------------------------------------

_VARIABLES = {
    "CI_BUILD_BEFORE_SHA": "CI_COMMIT_BEFORE_SHA",
    "CI_BUILD_ID": "CI_JOB_ID",
    "CI_BUILD_MANUAL": "CI_JOB_MANUAL",
    "CI_BUILD_NAME": "CI_JOB_NAME",
    "CI_BUILD_REF": "CI_COMMIT_SHA",
    "CI_BUILD_REF_NAME": "CI_COMMIT_REF_NAME",
    "CI_BUILD_REF_SLUG": "CI_COMMIT_REF_SLUG",
    "CI_BUILD_REPO": "CI_REPOSITORY_URL",
    "CI_BUILD_STAGE": "CI_JOB_STAGE",
    "CI_BUILD_TAG": "CI_COMMIT_TAG",
    "CI_BUILD_TOKEN": "CI_JOB_TOKEN",
    "CI_BUILD_TRIGGERED": "CI_PIPELINE_TRIGGERED",
}
_JWT = ("CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2")
_VARIABLE = re.compile(r"\$\{?(CI_BUILD_[A-Z_]+|CI_JOB_JWT(?:_V[12])?)\b")


@rule("CI010", MUST, when=lambda facts: facts.pipeline, fixes=True)
def nothing_removed(facts: Facts) -> Iterator[Hit]:
    """No keyword or variable is used that GitLab has removed.

    Why: GitLab refuses the pipeline, or the variable is empty and the command does something else.

    How: Write what took its place: `stages` for `types`, `stage` for `type`, `coverage_report` for
    `cobertura`, `CI_COMMIT_…` and `CI_JOB_…` for `CI_BUILD_…`, `id_tokens` for `CI_JOB_JWT`.

    Source: [GitLab: deprecations and removals](https://docs.gitlab.com/update/deprecations/).
    """
    for path in facts.pipeline.files:
        document = facts.yaml(path)
        if isinstance(document.get("types"), list):
            fix = _rename(facts, path, document.line("types"), "types", "stages")
            yield Hit(path, document.line("types"), "`types` is `stages` today", fix=fix)
        for name, said in document.data.items() if isinstance(document.data, dict) else ():
            if isinstance(said, dict) and name not in ("variables", "default", "workflow"):
                yield from _removed(facts, document, str(name), said)
        yield from _variables(facts, path)


def _removed(facts: Facts, document: Document, name: str, said: dict[str, Any]) -> Iterator[Hit]:
    path = document.path
    if isinstance(said.get("type"), str):
        line = document.line(name, "type")
        fix = None if "stage" in said else _rename(facts, path, line, "type", "stage")
        yield Hit(path, line, "`type` is `stage` today", fix=fix)
    keys = (name, "artifacts", "reports", "cobertura")
    if document.get(*keys) is not None:
        fix = _coverage(facts, document, keys)
        yield Hit(path, document.line(*keys), "`cobertura` is `coverage_report` today", fix=fix)


def _rename(facts: Facts, path: str, line: int, old: str, new: str) -> Fix | None:
    text = facts.lines(path)[line - 1]
    if not re.match(rf"\s*{old}\s*:", text):
        return None
    return Fix.edit(path, replace_in_line(line, text, text.replace(old, new, 1)))


def _coverage(facts: Facts, document: Document, keys: tuple[Key, ...]) -> Fix | None:
    """Write the report anew where it is one path on one line."""
    line = document.line(*keys)
    text = facts.lines(document.path)[line - 1]
    match = re.fullmatch(r"( *)cobertura: *([\"']?[\w./-]+[\"']?)( *#.*)?", text)
    if not match or document.get(*keys[:-1], "coverage_report") is not None:
        return None
    pad, path = match[1], f"{match[2]}{match[3] or ''}"
    new = f"{pad}coverage_report:\n{pad}  coverage_format: cobertura\n{pad}  path: {path}"
    return Fix.edit(document.path, replace_in_line(line, text, new))


def _variables(facts: Facts, path: str) -> Iterator[Hit]:
    if "CI_BUILD_" not in facts.text(path) and "CI_JOB_JWT" not in facts.text(path):
        return
    own = facts.pipeline.variables
    for number, line in enumerate(facts.lines(path), 1):
        for name in dict.fromkeys(_VARIABLE.findall(line.split(" #")[0])):
            if name in _JWT:
                yield Hit(path, number, f"{name} is gone: use `id_tokens`")
            elif name in _VARIABLES and name not in own:
                new = _VARIABLES[name]
                fix = Fix.edit(path, _replaced(name, new))
                yield Hit(path, number, f"{name} is {new} today", fix=fix)


def _replaced(old: str, new: str) -> Change:
    """Put a variable in the place of another, wherever it is used."""
    return lambda text: re.sub(rf"(\$\{{?){old}\b", rf"\g<1>{new}", text)


_GLOBAL = ("image", "services", "cache", "before_script", "after_script")


@rule("CI011", SHOULD, when=lambda facts: facts.pipeline, fixes=True)
def nothing_deprecated(facts: Facts) -> Iterator[Hit]:
    """No keyword is used that GitLab has deprecated.

    Why: `only` and `except` gain nothing new and do not go together with `rules`; what stands
    outside of `default` may be removed.

    How: Write `rules` for `only` and `except`, and put `image`, `services`, `cache`,
    `before_script` and `after_script` under `default`.

    Source: [GitLab: deprecated keywords](https://docs.gitlab.com/ci/yaml/deprecated_keywords/).
    """
    for path in facts.pipeline.files:
        document = facts.yaml(path)
        data = document.data if isinstance(document.data, dict) else {}
        named = [key for key in _GLOBAL if key in data]
        for key in named:
            message = f"`{key}` belongs under `default`"
            fix = (
                _under_default(facts, path, key)
                if named == [key] and "default" not in data
                else None
            )
            yield Hit(path, document.line(key), message, fix=fix)
        for name, said in data.items():
            for key in ("only", "except"):
                if isinstance(said, dict) and key in said:
                    yield Hit(
                        path, document.line(str(name), key), f"`{key}` is deprecated: `rules`"
                    )


def _under_default(facts: Facts, path: str, key: str) -> Fix | None:
    """Put the lines of a key under ``default``, two spaces deeper."""
    if facts.pipeline.settings.get("default") is not None or "\t" in facts.text(path):
        return None
    block = _block(facts.lines(path), key)
    if not block:
        return None
    new = ["default:", *(f"  {line}" if line else line for line in block)]

    def change(text: str) -> str:
        old = "\n{}\n".format("\n".join(block))
        whole = f"\n{text}" if text.endswith("\n") else f"\n{text}\n"
        if whole.count(old) != 1:
            return text
        return whole.replace(old, "\n{}\n".format("\n".join(new)))[1:]

    return Fix.edit(path, change)


def _block(lines: list[str], key: str) -> list[str]:
    """The lines of a key at the top of a YAML file; none where they cannot be told for sure."""
    start = next((i for i, line in enumerate(lines) if re.match(rf"{key}\s*:", line)), None)
    if start is None or "&" in lines[start]:
        return []
    end = last = start + 1
    while end < len(lines) and re.match(r"\s|- |-$|$", lines[end]):
        end += 1
        last = end if lines[end - 1].strip() else last
    after = next((line for line in lines[end:] if line and not line.startswith("#")), "a")
    return lines[start:last] if re.match(r"[\w.\"']", after) else []
