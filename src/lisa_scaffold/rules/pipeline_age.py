"""GitLab pipeline: images and keywords that will still be there tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.formats.edit import replace_in_line
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.gitlab import Job, Pipeline, flatten_script
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules import images
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import (
    MUST,
    SHOULD,
    Hit,
    count_more,
    count_more_places,
    join_alike,
    rule,
)


@cached_in_facts
def _find_images(facts: Facts) -> dict[str, list[tuple[Job, Keys]]]:
    """Every image, its variables expanded, with the jobs and the keys that name it."""
    pipeline = facts.pipeline
    found: dict[str, list[tuple[Job, Keys]]] = {}
    for job in (*pipeline.jobs.values(), *pipeline.hidden.values()):
        named: list[tuple[Keys, str]] = []
        if "image" in job.data and not _is_machine(job):
            named.append((("image",), job.image))
        named += [(("services", index), name) for index, name in enumerate(job.services)]
        for keys, name in named:
            found.setdefault(pipeline.expand(name, job), []).append((job, keys))
    return found


def _is_machine(job: Job) -> bool:
    """Whether what the job calls its image is a virtual machine, as on GitLab's macOS runners."""
    # https://docs.gitlab.com/ci/runners/hosted_runners/macos/#supported-macos-images
    is_mac = any("macos" in tag.lower() for tag in flatten_script(job.get("tags")))
    return is_mac or re.fullmatch(r"macos-\d+-xcode-[\d.]+", job.image) is not None


def _judge_images(
    facts: Facts,
    judge: Callable[[str], str],
    is_meant: Callable[[str, Job], bool] = lambda _name, _job: False,
) -> list[tuple[Place, str]]:
    """Each place of the images for which there is a message, sorted.

    Parameters
    ----------
    judge
        What is wrong with an image; empty where nothing is.
    is_meant
        Whether a job has it on purpose all the same.
    """
    found = []
    pipeline = facts.pipeline
    default = pipeline.settings.get("default")
    for name, users in _find_images(facts).items():
        message = judge(name)
        if not message:
            continue
        places = []
        told: dict[Place, str] = {}
        for job, keys in users:
            if is_meant(name, job):
                continue
            place = pipeline.place_of(job, *keys)
            if variable := _find_variable(pipeline, job, keys):
                told.setdefault(pipeline.place("variables", variable), f"`{variable}`: {message}")
                continue
            if place == job.place and keys[0] not in job.own:  # the job has it by default
                is_in_default = isinstance(default, dict) and keys[0] in default
                place = pipeline.place(*(("default", *keys) if is_in_default else keys))
            places.append(place)
        found += [*told.items(), *((place, message) for place in dict.fromkeys(places))]
    return sorted(found)


_NAMED = compile_lazily(r"\$\{?(\w{1,100})\}?")


def _find_variable(pipeline: Pipeline, job: Job, keys: Keys) -> str:
    """The variable of the pipeline whose value an image is: there it can be changed."""
    text = job.image if keys[0] == "image" else job.services[int(keys[1])]
    own = job.get("variables")
    given = {str(name) for name in own} if isinstance(own, dict) else set()
    led: dict[str, None] = {}
    while (match := _NAMED.fullmatch(text)) and match[
        1
    ] in pipeline.variables.keys() - given - led.keys():
        led[match[1]] = None
        text = pipeline.variables[match[1]]
    return next(reversed(led), "")


_OWN = compile_lazily(r"CI_REGISTRY_IMAGE\}?(/[\w./-]{1,100})")


@cached_in_facts
def _find_own(facts: Facts) -> set[str]:
    """What the pipeline adds to the name of the project's own image."""
    return {name for path in facts.pipeline.files for name in _OWN.findall(facts.text(path))}


def _is_own(facts: Facts, name: str) -> bool:
    """Whether an image is the project's own, which follows its own branches."""
    repository = images.read(name).repository
    return "CI_REGISTRY_IMAGE" in name or any(map(repository.endswith, _find_own(facts)))


@rule("CI008", SHOULD, when=lambda facts: facts.pipeline)
def images_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Images are pinned to a version.

    Why: Otherwise a pipeline that passed yesterday may fail today, although nothing was changed.

    How: Write the version as the tag, such as `python:3.12`.

    Source: [GitLab: security of pipelines](https://docs.gitlab.com/ci/pipeline_security/).
    """
    found = _judge_images(
        facts, lambda name: "" if _is_own(facts, name) else images.explain_change(name)
    )
    # What a tool writes it would write again.
    written = [each for each in found if not facts.is_generated(each[0].path)]
    yield from join_alike(Hit(*place, message) for place, message in written)


@rule("CI009", SHOULD, when=lambda facts: facts.pipeline)
def images_are_maintained(facts: Facts) -> Iterator[Hit]:
    """Images are still maintained.

    Why: Known vulnerabilities stay open, the package servers of old systems are switched off, and
    one day the image is gone.

    How: Use a newer tag, or the image that replaces it. Tests on an old Python that the package
    promises to support, beside a newer one, are not meant.

    Source: [Python](https://devguide.python.org/versions/),
    [Debian](https://www.debian.org/releases/), [Ubuntu](https://ubuntu.com/about/release-cycle),
    [Kaniko](https://github.com/GoogleContainerTools/kaniko).
    """
    places: dict[str, list[Place]] = {}
    for place, message in _judge_images(
        facts,
        lambda name: images.explain_end(name, facts.given.today),
        lambda name, job: _tries_promise(facts, name, job),
    ):
        places.setdefault(message, []).append(place)
    for message, found in places.items():
        yield Hit(*found[0], f"{message}{count_more_places(found)}")


_TESTS = compile_lazily(r"\b(?:tests?|pytest|py\.test|unittest|nosetests|tox|nox|coverage run)\b")
_LONGEST = 10_000


def _tries_promise(facts: Facts, name: str, job: Job) -> bool:
    """Whether a job tests on an old Python that the package supports, beside a newer one."""
    if images.find_python(name) is None:
        return False
    if not _promises(facts, name) and not _names_python(name, job):
        return False
    newer = (other for other in _find_images(facts) if images.find_python(other))
    tests = any(_TESTS.search(each) for each in (re.sub("[_-]", " ", job.name), *job.commands))
    return tests and not all(images.explain_end(each, facts.given.today) for each in newer)


def _names_python(image: str, job: Job) -> bool:
    """Whether a job is for the Python of its image: its name says so, or what it runs."""
    version = images.find_python(image)
    words = " ".join([job.name, *job.commands])[:_LONGEST]
    pattern = (
        rf"(?i)(?:py|python|cp)[-_:]?{version[0]}[._-]?{version[1]}(?!\d)" if version else r"\Z."
    )
    return re.search(pattern, words) is not None


def _promises(facts: Facts, image: str) -> bool:
    """Whether the metadata promises to support the Python of an image."""
    version = images.find_python(image)
    if version is None:
        return False
    oldest = facts.package.oldest_python
    label = f"Programming Language :: Python :: {version[0]}.{version[1]}"
    return label in facts.package.texts("classifiers") or bool(oldest and oldest <= version)


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
_VARIABLE = compile_lazily(r"\$\{?(CI_BUILD_[A-Z_]+|CI_JOB_JWT(?:_V[12])?)\b")


@rule("CI010", MUST, when=lambda facts: facts.pipeline, fixes=True)
def nothing_removed(facts: Facts) -> Iterator[Hit]:
    """The pipeline uses no keyword or variable that GitLab has removed.

    Why: GitLab refuses the pipeline, or the variable is empty and the command does something else.

    How: Write what replaced it: `stages` for `types`, `stage` for `type`, `coverage_report` for
    `cobertura`, `CI_COMMIT_…` and `CI_JOB_…` for `CI_BUILD_…`, `id_tokens` for `CI_JOB_JWT`.

    Source: [GitLab: deprecations and removals](https://docs.gitlab.com/update/deprecations/).
    """
    for path in facts.pipeline.files:
        document = facts.yaml(path)
        if isinstance(document.get("types"), list):
            fix = _rename_key(facts, path, document.line("types"), "types", "stages")
            yield Hit(
                path,
                document.line("types"),
                "GitLab no longer accepts `types`: write `stages`",
                fix=fix,
            )
        for name, job in document.data.items() if isinstance(document.data, dict) else ():
            if isinstance(job, dict) and name not in ("variables", "default", "workflow"):
                yield from _removed_in_job(facts, document, str(name), job)
        yield from _removed_variables(facts, path)


def _removed_in_job(
    facts: Facts, document: Document, name: str, job: dict[str, Any]
) -> Iterator[Hit]:
    path = document.path
    if isinstance(job.get("type"), str):
        line = document.line(name, "type")
        fix = None if "stage" in job else _rename_key(facts, path, line, "type", "stage")
        yield Hit(path, line, "GitLab no longer accepts `type`: write `stage`", fix=fix)
    reports = (name, "artifacts", "reports")
    if document.get(*reports, "cobertura") is None:
        return
    line = document.line(*reports, "cobertura")
    text = facts.lines(path)[line - 1]
    # Only one path on one line can be rewritten.
    match = re.fullmatch(r"( *)cobertura: *([\"']?[\w./-]+[\"']?)( *#.*)?", text)
    fix = None
    if match and document.get(*reports, "coverage_report") is None:
        pad, report = match[1], f"{match[2]}{match[3] or ''}"
        new = f"{pad}coverage_report:\n{pad}  coverage_format: cobertura\n{pad}  path: {report}"
        fix = Fix.edit(path, replace_in_line(line, text, new))
    yield Hit(path, line, "GitLab no longer accepts `cobertura`: write `coverage_report`", fix=fix)


def _rename_key(facts: Facts, path: str, line: int, old: str, new: str) -> Fix | None:
    text = facts.lines(path)[line - 1]
    if not re.match(rf"\s*{old}\s*:", text):
        return None
    return Fix.edit(path, replace_in_line(line, text, text.replace(old, new, 1)))


def _removed_variables(facts: Facts, path: str) -> Iterator[Hit]:
    if "CI_BUILD_" not in facts.text(path) and "CI_JOB_JWT" not in facts.text(path):
        return
    own = facts.pipeline.variables
    for number, line in enumerate(facts.lines(path), 1):
        for name in dict.fromkeys(_VARIABLE.findall(line.split(" #")[0])):
            if name in _JWT:
                yield Hit(
                    path, number, f"GitLab has removed {name}, so it is empty: use `id_tokens`"
                )
            elif name in _VARIABLES and name not in own:
                new = _VARIABLES[name]
                change = partial(re.sub, rf"(\$\{{?){name}\b", rf"\g<1>{new}")
                fix = Fix.edit(path, change)
                yield Hit(
                    path, number, f"GitLab has removed {name}, so it is empty: write {new}", fix=fix
                )


_BELONG_UNDER_DEFAULT = ("image", "services", "cache", "before_script", "after_script")


@rule("CI011", SHOULD, when=lambda facts: facts.pipeline, fixes=True)
def nothing_deprecated(facts: Facts) -> Iterator[Hit]:
    """The pipeline uses no keyword that GitLab has deprecated.

    Why: `only` and `except` get no new features and cannot be combined with `rules`; GitLab may
    stop reading what belongs under `default` at the top level.

    How: Write `rules` instead of `only` and `except`, and put `image`, `services`, `cache`,
    `before_script` and `after_script` under `default`.

    Source: [GitLab: deprecated keywords](https://docs.gitlab.com/ci/yaml/deprecated_keywords/).
    """
    for path in facts.pipeline.files:
        if facts.is_generated(path):
            continue
        document = facts.yaml(path)
        data = document.data if isinstance(document.data, dict) else {}
        misplaced = [key for key in _BELONG_UNDER_DEFAULT if key in data]
        if misplaced:
            fix = None
            if len(misplaced) == 1 and "default" not in data:
                fix = _move_under_default(facts, path, misplaced[0])
            lines = [document.line(key) for key in misplaced]
            message = (
                f"GitLab may stop reading `{misplaced[0]}` here: move it below `default:`"
                f"{count_more(lines)}"
            )
            yield Hit(path, lines[0], message, fix=fix)
        old = [
            (document.line(str(name), key), key)
            for name, job in data.items()
            for key in ("only", "except")
            if isinstance(job, dict) and key in job
        ]
        if old:
            old.sort()
            message = (
                f"`{old[0][1]}` is outdated and cannot be combined with `rules`: write `rules`"
                f"{count_more([at for at, _ in old])}"
            )
            yield Hit(path, old[0][0], message)


def _move_under_default(facts: Facts, path: str, key: str) -> Fix | None:
    """Move the lines of a top-level key under ``default``, where they can be told for sure."""
    if facts.pipeline.settings.get("default") is not None or "\t" in facts.text(path):
        return None
    # GitLab refuses a key that is there and at the top, and another file may have it at the top.
    files = (facts.yaml(each).data for each in facts.pipeline.files)
    if not facts.pipeline.is_local or sum(key in each for each in files if each) > 1:
        return None
    lines = facts.lines(path)
    start = next((i for i, line in enumerate(lines) if re.match(rf"{key}\s*:", line)), None)
    if start is None or "&" in lines[start]:
        return None
    end = last = start + 1
    while end < len(lines) and re.match(r"\s|- |-$|$", lines[end]):
        end += 1
        last = end if lines[end - 1].strip() else last
    after = next((line for line in lines[end:] if line and not line.startswith("#")), "a")
    if not re.match(r"[\w.\"']", after):
        return None
    old = "".join(f"{line}\n" for line in lines[start:last])
    new = "".join(f"  {line}\n" if line else "\n" for line in lines[start:last])

    def change(text: str) -> str:
        whole = f"\n{text}" if text.endswith("\n") else f"\n{text}\n"
        if whole.count(f"\n{old}") != 1:
            return text
        return whole.replace(f"\n{old}", f"\ndefault:\n{new}")[1:]

    return Fix.edit(path, change)
