"""Container: what the image starts from, which user it runs as, and what it contains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lisa_scaffold.formats.dockerfile import Dockerfile, Instruction, Stage
from lisa_scaffold.formats.edit import Change, replace_block
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.cleaning import cleans, is_ignored, speaks_of
from lisa_scaffold.rules.compose import find_built
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.images import find_dockerfiles
from lisa_scaffold.rules.invented import (
    is_invented,
    is_said_of_secret,
    is_to_be_changed,
    names_secret,
)
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, join_alike, join_same, rule
from lisa_scaffold.rules.users import runs_as_told

_PAIR = compile_lazily(r"(?<!\w)([A-Za-z_]\w*)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|\S*)")
# Images whose own user is root; of others the user is not known here.
_ROOTED = compile_lazily(
    r"(?:(?:docker\.io/)?(?:library/)?(?:debian|ubuntu|alpine|fedora|rockylinux|almalinux|python"
    r"|node|gcc|buildpack-deps|golang|rust|centos|amazonlinux|oraclelinux|archlinux|julia|r-base"
    r"|continuumio/(?:mini|ana)conda3|condaforge/(?:miniforge3|mambaforge)|rootproject/root"
    r"|tensorflow/tensorflow|pytorch/pytorch|nvidia/cuda)"
    r"|nvcr\.io/nvidia/(?:cuda|pytorch|tensorflow)|ghcr\.io/astral-sh/uv)(?:[:@].*)?"
)


@cached_in_facts
def _find_written(facts: Facts) -> list[Dockerfile]:
    """The Dockerfiles that people write: what a tool writes, it would write again."""
    return [each for each in find_dockerfiles(facts) if not facts.is_generated(each.path)]


@cached_in_facts
def _find_shipped(facts: Facts) -> list[Dockerfile]:
    """The Dockerfiles of images that run something: not those that people develop in.

    Nor those whose last stage only makes what other images copy.
    Neither those of actions: GitHub builds them anew for each run, and runs them as root.
    """
    # https://docs.github.com/actions/sharing-automations/creating-actions/dockerfile-support-for-github-actions#user
    return [
        each
        for each in _find_written(facts)
        if not each.path.startswith((".devcontainer/", ".github/"))
        and not facts.has(*(f"{_folder(each)}action.{end}" for end in ("yml", "yaml")))
        and not (each.stages and _MAKES.fullmatch(each.stages[-1].name or ""))
    ]


# By its path an image is one in which a pipeline, or who develops, works.
_OF_PIPELINE = compile_lazily(
    r"(?:.*/)?\.?(?:(?:[\w-]+-)?ci(?:-[\w-]+)?|circleci|gitlab|woodpecker|e2e|devel|development"
    r"|dev(?:[-_]?(?:scripts?|tools?))?)/.*"
    r"|(?:.*/)?(?:(?:Docker|Container)file[._-](?:ci|tests?)(?:[._-][\w.-]+)?"
    r"|(?:ci|tests?)(?:-[\w-]+)?\.Dockerfile)"
)
# A stage of that name makes what other images take.
_MAKES = compile_lazily(r"(?:[\w.]+[-_])?(?:build|builder|compile|compiler)", re.IGNORECASE)


@cached_in_facts
def _find_run(facts: Facts) -> list[Dockerfile]:
    """The Dockerfiles of images that people run: not those in which a pipeline works."""
    shipped = [each for each in _find_shipped(facts) if not _OF_PIPELINE.fullmatch(each.path)]
    return [each for each in shipped if not _runs_tests(each)]


_TESTS = compile_lazily(
    r"\b(?:pytest|py\.test|tox|nox|nosetests|ctest|behave)\b(?!\.)|-m[\s\"',]{1,9}unittest\b"
    r"|\b(?:manage\.py|make|npm|yarn|pnpm|setup\.py)[\s\"',]{1,9}(?:run[\s\"',]{1,9})?(?:tests?|check)\b"
    r"|\brun[-_]?tests?(?:\.\w+)?\b"
)


def _runs_tests(docker: Dockerfile) -> bool:
    """Whether an image is there to run tests: what it starts are these."""
    every = [
        each for stage in reversed(docker.chain(docker.stages[-1])) for each in stage.instructions
    ]
    # The last one of each counts.
    started = {each.verb: each.value for each in every if each.verb in ("CMD", "ENTRYPOINT")}
    return any(_TESTS.search(value) for value in started.values())


def _folder(docker: Dockerfile) -> str:
    """The folder of a Dockerfile with its slash; empty at the top."""
    return docker.path[: docker.path.rfind("/") + 1]


def _find_bases(docker: Dockerfile) -> Iterator[Stage]:
    """The stages that start from an external image."""
    names = {"scratch", *(each.name.lower() for each in docker.stages if each.name)}
    for stage in docker.stages:
        if stage.resolved.lower() not in names:
            yield stage


def _is_built_here(facts: Facts, image: str) -> bool:
    """Whether a bare name is that of an image whose Dockerfile stands beside."""
    repository = images.read(image).repository
    if any(each.fullmatch(repository) for each in find_built(facts)):
        return True
    if "/" in image or ":" in image:
        return False
    # The name of the project stands in those of its own images, beside what tells them apart.
    name = facts.package.name
    if name and image != name and f"-{name}-" in f"-{image}-":
        return True
    return any(
        image in path.rpartition("/")[0].split("/") or f".{image}" in path
        for path in facts.paths(*images.DOCKERFILES)
    )


def _is_built_beside(facts: Facts, docker: Dockerfile, image: str) -> bool:
    """Whether another folder with a Dockerfile is called as an image is, and starts from another.

    Of repositories of images alone: elsewhere a folder ``redis`` is about the public one.
    """
    name = _last_name(image)
    if "/" not in image or facts.package.form:
        return False
    return any(
        each.path.endswith((f"/{name}/Dockerfile", f"/{name}/Containerfile"))
        and each.path != docker.path
        and all(_last_name(stage.resolved) != name for stage in each.stages)
        for each in find_dockerfiles(facts)
    )


def _gives_way(facts: Facts, docker: Dockerfile) -> bool:
    """Whether others are built from an image, by its folder or file, and each names a user."""
    folder, _, file = docker.path.rpartition("/")
    marked = re.fullmatch(r"(?:Docker|Container)file[._-](.+)|(.+)\.[Dd]ockerfile", file)
    name = (marked[1] or marked[2]) if marked else folder.rpartition("/")[2]
    others = [
        each
        for each in find_dockerfiles(facts)
        if each.path != docker.path and _is_called(each.chain(each.stages[-1])[-1].resolved, name)
    ]
    return bool(others) and all(map(_names_user, others))


def _is_called(image: str, name: str) -> bool:
    """Whether an image has a name, alone or behind that of its project."""
    return bool(name) and f"-{_last_name(image)}".replace("_", "-").endswith(
        f"-{name}".replace("_", "-")
    )


def _names_user(docker: Dockerfile) -> bool:
    users = [
        each.value.split(":")[0]
        for stage in docker.chain(docker.stages[-1])
        for each in reversed(stage.instructions)
        if each.verb == "USER"
    ]
    return bool(users) and users[0] not in ("root", "0")


def _last_name(image: str) -> str:
    return images.read(image).repository.rpartition("/")[2]


def _wants_cde(facts: Facts) -> bool:
    return bool(facts.answers.get("container") and facts.answers.get("cde_image"))


@rule("CON001", SHOULD, kinds=PACKAGE, when=_wants_cde)
def starts_from_cde(facts: Facts) -> Iterator[Hit]:
    """The image is based on the CDE image.

    Why: The data centre runs the CDE image, with its libraries and its user `lisauser`. An image on
    another base is tested against something else.

    How: Start the last stage `FROM` the CDE image, as in the `Dockerfile` of the template.

    Source: The Common Development Environment is the common base of LISA's containers.
    """
    for docker in find_dockerfiles(facts):
        base = docker.base(docker.stages[-1])
        if "$" not in base and not _is_cde(facts, base):
            line = docker.stages[-1].instructions[0].line
            message = (
                f"starts from {base}, but LISA runs the CDE image: write `FROM ${{CDE_IMAGE}}`"
            )
            yield Hit(docker.path, line, message)


def _is_cde(facts: Facts, image: str) -> bool:
    wanted = images.read(str(facts.answers["cde_image"])).repository
    named = images.read(image).repository
    # A mirror has another host and the same name.
    return named == wanted or named.rpartition("/")[2] == wanted.rpartition("/")[2]


@rule("CON002", SHOULD, when=find_dockerfiles)
def bases_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Base images are pinned to a version.

    Why: Without a tag, or with `latest`, the same commit may build a different image tomorrow.

    How: Give the base image a version tag, or better a digest. One is not meant whose comment tells
    hadolint to ignore that (DL3006, DL3007).

    Source: [Docker: pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions).
    """
    yield from join_alike(_find_moving(facts))


def _find_moving(facts: Facts) -> Iterator[Hit]:
    """The images that may change, wherever a Dockerfile takes one."""
    for docker in _find_written(facts):
        for stage in _find_bases(docker):
            message = images.explain_change(stage.resolved)
            if not message or _is_built_here(facts, stage.resolved):
                continue
            if is_ignored(stage.instructions[0], facts.lines(docker.path), "DL3006", "DL3007"):
                continue
            if not _is_built_beside(facts, docker, stage.resolved):
                yield Hit(docker.path, stage.instructions[0].line, message)
        for each in docker.instructions:
            other = re.search(r"--from=(\S+)", each.value) if each.verb == "COPY" else None
            name = other[1] if other else ""
            # A bare name is a stage, or a context that the command of the build names.
            is_image = re.search(r"[/:]", name) is not None
            if is_image and (message := images.explain_change(name)):
                yield Hit(docker.path, each.line, message)


@rule("CON003", SHOULD, kinds=PACKAGE, when=_wants_cde)
def base_can_be_replaced(facts: Facts) -> Iterator[Hit]:
    """The CDE image is a build argument.

    Why: A new CDE, or a mirror of it, can then be tried without changing the repository; CI sets it
    for all projects at once.

    How: Write `ARG CDE_IMAGE=…` above the first stage, and `FROM ${CDE_IMAGE}`.

    Source: [Docker: ARG before FROM](https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact);
    the name of the CDE image changes with each release of the CDE.
    """
    for docker in find_dockerfiles(facts):
        for stage in _find_bases(docker):
            if "$" not in stage.image and _is_cde(facts, stage.image):
                message = (
                    "CI cannot choose the CDE image here: write `ARG CDE_IMAGE=…` at the top, "
                    "and here `FROM ${CDE_IMAGE}`"
                )
                yield Hit(docker.path, stage.instructions[0].line, message)


# Programs that start as root and give its rights up themselves, or that need them.
_CHANGES_USER = (
    r"\b(?:gosu|su-exec|setpriv|runuser|chpst|(?:s6-)?setuidgid)\b|\bsudo\s(?:-\S+\s){0,20}-u\b"
    r"|\bsu\s(?:-\S*\s){0,20}[\w$][^\n]{0,200}\s-c\b|\buwsgi\b[^\n]{0,200}\s--uid\b"
)
_INSTALLS_CHANGER = compile_lazily(r"\b(?:gosu|su-exec|openssh-server)\b")
_STARTS_AS_ROOT = compile_lazily(
    _CHANGES_USER + r"|\bsshd\b(?!_)|\b(?:xrootd|cmsd)\b[^\n]{0,200}\s-R\s"
)
_SCRIPT = compile_lazily(r"[\w.-]+")


def _starts_as_root(facts: Facts, docker: Dockerfile, chain: list[Stage]) -> bool:
    """Whether what an image starts has to be root for a while, as far as that can be seen."""
    every = [each for stage in chain for each in stage.instructions]
    started = [each.value for each in every if each.verb in ("ENTRYPOINT", "CMD")]
    texts = [*started, *_read_scripts(facts, docker, started)]
    # A script may start another one.
    texts = [*started, *_read_scripts(facts, docker, texts)]
    named = {word for text in texts for word in _UWSGI.findall(text)}
    settings = [path for path in facts.files if path.rpartition("/")[2] in named]
    if any(_OF_USER.search(facts.text(path)) for path in settings[:_MOST_SCRIPTS]):
        return True
    return any(_STARTS_AS_ROOT.search(_COMMENT.sub("", text)) for text in texts) or any(
        _INSTALLS_CHANGER.search(each.value) for each in every if each.verb in ("RUN", "COPY")
    )


def _read_scripts(facts: Facts, docker: Dockerfile, texts: Sequence[str]) -> list[str]:
    """The texts of the files below a Dockerfile whose names stand in some texts."""
    names = {word for text in texts for word in _SCRIPT.findall(text)}
    paths = (path for path in facts.files if path.startswith(_folder(docker)))
    named = [path for path in paths if path.rpartition("/")[2] in names]
    return [facts.text(path) for path in named[:_MOST_SCRIPTS]]


_MOST_SCRIPTS = 20
# uWSGI is another user once it has its socket, where its settings say so.
_UWSGI = compile_lazily(r"\buwsgi\b[^\n]{0,200}?([\w.-]+\.ini)\b")
_OF_USER = compile_lazily(r"(?m)^[ \t]*uid[ \t]*=[ \t]*(?!root\b|0\b)\S")
_COMMENT = compile_lazily(r"(?m)^\s*#.*$")


_STARTS = ("CMD", "COPY", "ADD", "ENTRYPOINT")
_FETCHED = compile_lazily(r"(?:--\S+\s+)*[\"\[]*(?:https?://|\$)\S*\s+\S+")


def _runs_nothing(chain: list[Stage]) -> bool:
    """Whether an image starts nothing and holds nothing of the project: others work in it."""
    every = (each for stage in chain for each in stage.instructions if each.verb in _STARTS)
    return all(each.verb == "ADD" and _FETCHED.fullmatch(each.value) for each in every)


# By its path an image is what others start from: each of them names its own user.
_OF_BASE = compile_lazily(
    r"(?:.*/)?(?:[\w-]+-)?base/[^/]*|(?:.*/)?(?:Docker|Container)file[._-](?:[\w-]+-)?base"
    r"|(?:.*/)?(?:[\w-]+[._-])?base\.(?:Docker|docker|Container)file"
)


@rule("CON004", SHOULD, when=_find_run)
def ends_as_user(facts: Facts) -> Iterator[Hit]:
    """The image runs as an ordinary user.

    Why: Otherwise a mistake in the program, or in a library, has the rights of root; clusters and
    many registries refuse such images.

    How: End with `USER lisauser`, or another user that is not root. What starts as root and gives
    its rights up (`gosu`, `setpriv`, uWSGI's `uid`, `xrootd -R`), or needs them (`sshd`), is not
    meant, nor is an image that starts tests, or in which a pipeline works or others start: one that
    runs and copies nothing, is called a base (`Dockerfile.base`), or from which others of the
    project are built that name their user. Nor is one that every service of Compose (`user`), or
    the values of a chart (`runAsUser`), run as another.

    Source: [Docker: USER](https://docs.docker.com/build/building/best-practices/#user); the CDE has
    the user `lisauser`.
    """
    yield from join_same(_find_rooted(facts), across=True)


def _find_rooted(facts: Facts) -> Iterator[Hit]:
    """The images that run as root and need not."""
    for docker in _find_run(facts):
        if _OF_BASE.fullmatch(docker.path):
            continue
        chain = docker.chain(docker.stages[-1])
        users = [
            each for stage in chain for each in reversed(stage.instructions) if each.verb == "USER"
        ]
        is_root = bool(users) and users[0].value.split(":")[0] in ("root", "0")
        may_be_root = not users and (_ROOTED.fullmatch(chain[-1].resolved) or _wants_cde(facts))
        if not (is_root or may_be_root) or _starts_as_root(facts, docker, chain):
            continue
        if not _wants_cde(facts) and (_runs_nothing(chain) or runs_as_told(facts, docker)):
            continue
        if _gives_way(facts, docker):
            continue
        if is_root:
            message = (
                "clusters refuse an image that runs as root: write `USER` and an ordinary user"
            )
            yield Hit(docker.path, users[0].line, message)
        else:
            message = (
                "clusters refuse an image that runs as root: end with `USER` and an ordinary user"
            )
            yield Hit(docker.path, docker.stages[-1].instructions[0].line, message)


def _read_variables(instruction: Instruction) -> Iterator[tuple[str, str]]:
    """Names and values that an ``ARG`` or ``ENV`` sets; an argument may have no value."""
    if instruction.verb == "ENV" and "=" not in instruction.value.split(" ")[0]:
        name, _, value = instruction.value.partition(" ")
        yield name, value.strip()
        return
    for name, value in _PAIR.findall(instruction.value):
        yield name, value.strip("\"'")
    if instruction.verb == "ARG":
        yield from ((word, "") for word in instruction.value.split() if "=" not in word)


def _find_secrets(facts: Facts) -> Iterator[tuple[Dockerfile, Instruction, str, str]]:
    for docker in find_dockerfiles(facts):
        if docker.path.startswith(".devcontainer/"):
            continue
        for instruction in docker.instructions:
            if instruction.verb in ("ARG", "ENV"):
                for name, value in _read_variables(instruction):
                    if names_secret(name):
                        yield docker, instruction, name, value


_OF_NAME = compile_lazily(r"(?:\w+_)?(?:USER(?:NAME)?|DB|DATABASE)", re.IGNORECASE)


def _find_users(docker: Dockerfile) -> set[str]:
    """The names of users and databases that a Dockerfile gives: what a password is that is none."""
    settings = (each for each in docker.instructions if each.verb == "ENV")
    pairs = (pair for each in settings for pair in _read_variables(each))
    return {value for name, value in pairs if _OF_NAME.fullmatch(name)}


@rule("CON005", MUST, when=find_dockerfiles)
def no_secret(facts: Facts) -> Iterator[Hit]:
    """No Dockerfile contains a secret.

    Why: It is in git, and in the history of every image that is built.

    How: Change the secret, then mount it only while it is needed:
    `RUN --mount=type=secret,id=NAME`. A word that is to be replaced (`changeme`, `NOT_SET`) is not
    meant, nor what only says where a secret lies, nor a password that is the name of its user.

    Source: [Docker: build secrets](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/).
    """
    if images.serve_tests(facts):
        return
    for docker, instruction, name, value in _find_secrets(facts):
        is_told = value and "$" not in value and not is_said_of_secret(name, value)
        if value in _find_users(docker):
            continue
        if is_told and not is_invented(value) and not is_to_be_changed(value):
            message = (
                f"everybody can read {name} here: change it, then use `RUN --mount=type=secret`"
            )
            yield Hit(docker.path, instruction.line, message)


@rule("CON006", SHOULD, when=find_dockerfiles)
def no_secret_argument(facts: Facts) -> Iterator[Hit]:
    """No build argument is a secret.

    Why: `docker history` shows the arguments of a build to everybody who has the image.

    How: Mount it only while it is needed: `RUN --mount=type=secret,id=NAME`.

    Source: [Docker: build secrets](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/).
    """
    for docker, instruction, name, value in _find_secrets(facts):
        if instruction.verb == "ARG" and not value:
            message = (
                f"everybody with the image can read {name}: use `RUN --mount=type=secret` instead"
            )
            yield Hit(docker.path, instruction.line, message)


# `uv pip` has a cache of its own, and other options. pip takes what begins an option's name alone.
_PIP = compile_lazily(
    r"(?<!uv )\bpip[\d.]* install\b"
    r"(?![^&|;]{0,2000}--no-ca(?:c(?:h(?:e(?:-(?:d(?:ir?)?)?)?)?)?)?(?![\w-]))"
    # What comes of files that are there is not kept a second time.
    r"(?![^&|;]{0,2000}--no-index\b)"
    r"(?!(?=[^&|;]{0,2000}(?:\.whl|(?:--find-links|-f)[ =](?!https?:)))[^&|;]{0,2000}--no-deps\b)"
)
_APT = compile_lazily(r"\bapt(?:-get)?\b(?: -\S+){0,20} install\b")
_UPDATE = compile_lazily(r"\bapt(?:-get)?\b(?: -\S+){0,20} update\b")
_LISTS = compile_lazily(
    r"rm\s[^&|;]{0,1000}/var/lib/(?:apt|\{[^{}]{0,200}\bapt\b)|\bapt(?:-get)? dist-?clean\b"
    r"|\bfind\s[^&;]{0,200}/var/lib/apt[^&;]{0,200}(?:\s-delete\b|\brm\b)"
    r"|\bcd\s+/var/lib/apt(?:/lists)?/?\s*(?:&&|;)[\s\\]*rm\s"
)
# The same command throws pip's cache away, or keeps none.
_NO_PIP_CACHE = compile_lazily(
    r"\bpip[\d.]* cache (?:purge|remove)\b|\brm\s(?:(?!rm\s)[^&|;]){0,1000}?(?:\.cache|/tmp/pip)"
    r"|\bPIP_NO_CACHE_DIR=|\bPIP_CACHE_DIR=/(?:tmp|dev)\b|\bpip[\d.]* config set \S*no-cache-dir"
    r"|\bXDG_CACHE_HOME=/tmp"
)


def _find_lists(facts: Facts, docker: Dockerfile, stage: Stage) -> tuple[list[int], list[int]]:
    """Lines that leave apt's lists behind: with an installation, and alone for a later one."""
    lines = facts.lines(docker.path)
    with_install: list[int] = []
    alone: list[int] = []
    updates: list[int] = []
    for run in stage.instructions:
        if run.verb != "RUN" or _bounded_mounts(run):
            continue
        if speaks_of(_KEPT, run, lines) or is_ignored(run, lines, "DL3009"):
            continue
        block = "\n".join(lines[run.line - 1 : run.end])
        update, installed = _UPDATE.search(block), _APT.search(block)
        if installed and not update:
            # The lists are those of an earlier RUN, where they stay.
            alone, updates = alone + updates, []
        if update and not cleans(facts, _LISTS, block):
            number = run.line + block.count("\n", 0, (installed or update).start())
            (with_install if installed else updates).append(number)
    return with_install, alone


# Its folders are not those of Debian.
_IN_TERMUX = compile_lazily(r"(?:^|/)termux/")
_KEPT = compile_lazily(r"/var/lib/apt|\bapt(?:-get)?(?:'s)?[ -](?:package )?(?:lists|cache)\b")


_FLAGS = r"(?:\s+-\S+){0,20}\s+"
_RPM = r"\b(yum|dnf|microdnf|zypper)\b"
_BY_RPM = compile_lazily(rf"{_RPM}{_FLAGS}(?:install|update|upgrade|in|groupinstall)\b")
_RPM_CLEAN = compile_lazily(
    rf"{_RPM}{_FLAGS}(?:clean|cc)\b|\brm\s[^&|;]{{0,1000}}/var/(?:cache|lib)/(?:yum|dnf|libdnf|zypp|\*)"
)
_BY_APK = compile_lazily(r"\bapk\b(?![^&|;]{0,2000}--no-cache\b)[^&|;]{0,200}?\sadd\b")
_APK_CLEAN = compile_lazily(r"\brm\s[^&|;]{0,1000}/var/cache/(?:apk|\*)|\bapk\s+cache\s+clean\b")


_RPM_CODES = {"yum": "DL3032", "zypper": "DL3036"}  # DL3040 of dnf and microdnf


def _find_packed(facts: Facts, docker: Dockerfile, stage: Stage) -> Iterator[tuple[int, str]]:
    """Lines at which another manager of packages leaves something behind, each with the remedy."""
    lines = facts.lines(docker.path)
    for run in stage.instructions:
        if run.verb != "RUN" or _bounded_mounts(run):
            continue
        block = "\n".join(lines[run.line - 1 : run.end])
        by_rpm, by_apk = _BY_RPM.search(block), _BY_APK.search(block)
        code = _RPM_CODES.get(by_rpm[1], "DL3040") if by_rpm else ""
        if by_rpm and not cleans(facts, _RPM_CLEAN, block) and not is_ignored(run, lines, code):
            name = by_rpm[1]
            clean = f"{name} clean --all" if name == "zypper" else f"{name} clean all"
            told = f"{name}'s cache bloats the image: end this RUN with `&& {clean}`"
            yield run.line + block.count("\n", 0, by_rpm.start()), told
        if by_apk and not cleans(facts, _APK_CLEAN, block) and not is_ignored(run, lines, "DL3019"):
            told = "apk's index bloats the image: add `--no-cache`"
            yield run.line + block.count("\n", 0, by_apk.start()), told


_PIP_CACHE = ("PIP_NO_CACHE_DIR", "PIP_CACHE_DIR")
_PIP_SET = compile_lazily(r"\bpip[\d.]* config (?:\S+ )?set \S*no-cache-dir")
_VARIABLE = compile_lazily(r"\$\{?(\w+)")
_OF_OPTIONS = compile_lazily(r"OPT|ARG|FLAG|PIP|CACHE", re.IGNORECASE)


def _find_kept(
    facts: Facts, docker: Dockerfile, stage: Stage, below: Sequence[Stage]
) -> Iterator[tuple[int, Change]]:
    """Where a stage installs by pip and keeps the cache: the line, and what would not keep it."""
    lines = facts.lines(docker.path)
    inherited = [each for other in reversed(below) for each in other.instructions]
    values = {
        name: value
        for each in (*(one for one in inherited if one.verb == "ENV"), *stage.instructions)
        if each.verb in ("ARG", "ENV")
        for name, value in _read_variables(each)
    }
    is_set = any(
        (each.verb == "RUN" and _PIP_SET.search(each.value))
        or (each.verb in ("COPY", "ADD") and "pip.conf" in each.value)
        for each in (*inherited, *stage.instructions)
    )
    if is_set or any(name in values for name in _PIP_CACHE):
        return
    for run in stage.instructions:
        if run.verb != "RUN" or _bounded_mounts(run):
            continue
        block = "\n".join(lines[run.line - 1 : run.end])
        if cleans(facts, _NO_PIP_CACHE, block) or is_ignored(run, lines, "DL3042"):
            continue
        ends = [m.end() for m in _PIP.finditer(block) if not _may_say(block[m.end() :], values)]
        if ends:
            new = block
            for end in reversed(ends):
                new = f"{new[:end]} --no-cache-dir{new[end:]}"
            yield run.line + block.count("\n", 0, ends[0]), replace_block(block, new)


def _may_say(rest: str, values: Mapping[str, str]) -> bool:
    """Whether a variable in a command of pip says, or may say, that nothing is kept."""
    command = re.split(r"[;&|]", rest, maxsplit=1)[0]
    for name in _VARIABLE.findall(command):
        value = values.get(name)
        if "no-cache" in (value or "") or (not value and _OF_OPTIONS.search(name)):
            return True
    return False


def _bounded_mounts(run: Instruction) -> bool:
    return re.search(r"--mount=\S{0,1000}type=(?:cache|tmpfs)", run.value) is not None


@rule("CON007", SHOULD, when=_find_run, fixes=True)
def no_caches(facts: Facts) -> Iterator[Hit]:
    """No cache of a package manager stays in the image.

    Why: It makes the image larger for nothing, wherever it is copied to; a later `RUN` cannot
    remove it.

    How: Write `pip install --no-cache-dir`, and `rm -rf /var/lib/apt/lists/*` in the same `RUN` as
    `apt-get install`; or use a cache mount. Likewise `dnf clean all`, `yum clean all` and
    `zypper clean --all`, and `apk add --no-cache`. Images that start tests, or in which a pipeline
    works, are not meant. A script that the same `RUN` calls may do it. An
    instruction is not meant whose comment speaks of apt's lists, or tells hadolint to ignore one of
    the codes below.

    Source: [Docker: apt-get](https://docs.docker.com/build/building/best-practices/#apt-get);
    hadolint's [DL3009](https://github.com/hadolint/hadolint/wiki/DL3009),
    [DL3019](https://github.com/hadolint/hadolint/wiki/DL3019),
    [DL3032](https://github.com/hadolint/hadolint/wiki/DL3032),
    [DL3036](https://github.com/hadolint/hadolint/wiki/DL3036),
    [DL3040](https://github.com/hadolint/hadolint/wiki/DL3040) and
    [DL3042](https://github.com/hadolint/hadolint/wiki/DL3042).
    """
    yield from join_same(_find_caches(facts), across=True)


def _find_caches(facts: Facts) -> Iterator[Hit]:
    """Every instruction that leaves a cache behind."""
    clean = "`&& rm -rf /var/lib/apt/lists/*`"
    for docker in _find_run(facts):
        chain = docker.chain(docker.stages[-1])
        for index, stage in enumerate(chain):
            for number, change in _find_kept(facts, docker, stage, chain[index + 1 :]):
                message = "pip's cache bloats the image: add `--no-cache-dir`"
                yield Hit(docker.path, number, message, fix=Fix.edit(docker.path, change))
            for number, message in _find_packed(facts, docker, stage):
                yield Hit(docker.path, number, message)
            if _IN_TERMUX.search(stage.resolved):
                continue
            with_install, alone = _find_lists(facts, docker, stage)
            for number in with_install:
                message = f"apt's package lists bloat the image: end this RUN with {clean}"
                yield Hit(docker.path, number, message)
            for number in alone:
                message = (
                    "apt's package lists bloat the image: join this RUN with that of "
                    f"`apt-get install`, and end it with {clean}"
                )
                yield Hit(docker.path, number, message)


@rule("CON008", SHOULD, when=_find_run)
def context_is_bounded(facts: Facts) -> Iterator[Hit]:
    """A `.dockerignore` limits what `COPY .` copies.

    Why: `COPY .` copies the git history, data and credentials of your checkout into the image.

    How: Add a `.dockerignore` that excludes everything (`*`) except what the build needs (`!src`).
    What is built from its own folder inside the repository is not meant: no history is there. A
    build that takes the version from git (setuptools-scm) needs `.git`.

    Source: [Docker: .dockerignore](https://docs.docker.com/build/concepts/context/#dockerignore-files).
    """
    yield from join_same(_find_unbounded(facts), across=True)


def _find_unbounded(facts: Facts) -> Iterator[Hit]:
    """The instructions that copy everything."""
    for docker in _find_run(facts):
        # A context is the root, or the folder of the Dockerfile.
        folder = docker.path.rpartition("/")[0]
        beside = [f"{folder}/.dockerignore"] if folder else []
        own = (f"{docker.path}.dockerignore", ".dockerignore", ".containerignore")
        if facts.has(*own, *beside):
            continue
        last = [each for stage in docker.chain(docker.stages[-1]) for each in stage.instructions]
        # What a stage has that only gives files to the last one is in no image.
        is_given = any(each.verb == "COPY" and "--from=" in each.value for each in last)
        for each in last if is_given else docker.instructions:
            words = [word for word in each.value.split() if not word.startswith("--")]
            is_all = each.verb in ("COPY", "ADD") and _WHOLE.match(" ".join(words))
            if is_all and "--from=" not in each.value and not _is_context(facts, docker):
                message = "this copies everything, even .git and private files: add a .dockerignore"
                if _reads_history(facts):
                    message = (
                        "this copies everything, even private files: add a .dockerignore that lets "
                        ".git through, where the build finds the version"
                    )
                yield Hit(docker.path, each.line, message)
                break


# The first source is the whole context, also as the first of a list.
_WHOLE = compile_lazily(r"(?:\[ ?)?[\"']?(?:\./?|/)[\"']?[, ]")
_OF_HISTORY = compile_lazily(
    r"(?i)\b(?:setuptools|hatch|vcs|pdm|uv|poetry)[-_.](?:scm|vcs|versioning|dynamic[-_]versioning"
    r"|git[-_]versioning)\b|\b(?:versioneer|versioningit|dunamai|miniver|use_scm_version|pbr)\b"
)


def _reads_history(facts: Facts) -> bool:
    """Whether a build takes the version from git."""
    text = "\n".join(map(facts.text, facts.paths("pyproject.toml", "setup.py", "setup.cfg")))
    return _OF_HISTORY.search(text) is not None


_INSTALLS_ALL = compile_lazily(r"\binstall\b[^\n;&|]{0,300}[ \"'](?:-e ?)?\.(?:[\[ \"'\n]|$)")


def _is_context(facts: Facts, docker: Dockerfile) -> bool:
    """Whether the folder of a Dockerfile is what is sent to the build: no git history is there."""
    folder = _folder(docker)
    builds = facts.has(f"{folder}pyproject.toml", f"{folder}setup.py")
    if folder and builds and any(map(_INSTALLS_ALL.search, (e.value for e in docker.instructions))):
        return True
    words = {word.strip("[]\"',./") for each in docker.instructions for word in each.value.split()}
    return bool(folder) and any(
        f"{folder}{word}" in facts.files and word not in facts.files for word in words if word
    )


@rule("CON009", SHOULD, when=find_dockerfiles)
def bases_are_maintained(facts: Facts) -> Iterator[Hit]:
    """Base images are still maintained.

    Why: Known vulnerabilities stay open, and the package servers of old systems are switched off,
    so that one day the image cannot be built.

    How: Use a newer tag, or the image that replaces it. An image in which a pipeline works may have
    the oldest Python that the package supports.

    Source: [Python](https://devguide.python.org/versions/),
    [Debian](https://www.debian.org/releases/), [Ubuntu](https://ubuntu.com/about/release-cycle).
    """
    yield from join_same(
        (
            Hit(docker.path, stage.instructions[0].line, message)
            for docker in find_dockerfiles(facts)
            for stage in _find_bases(docker)
            if not _is_for_oldest(facts, docker, stage)
            if (message := images.explain_end(stage.resolved, facts.given.today))
        ),
        across=True,
    )


def _is_for_oldest(facts: Facts, docker: Dockerfile, stage: Stage) -> bool:
    """Whether a pipeline works in an image with the oldest Python that the package supports."""
    oldest = facts.package.oldest_python
    if not oldest or not _OF_PIPELINE.fullmatch(docker.path):
        return False
    return images.find_python(stage.resolved) == oldest
