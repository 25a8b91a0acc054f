"""Container: what the image starts from, which user it runs as, and what it contains."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.formats.dockerfile import Dockerfile, Instruction, Stage
from lisa_scaffold.formats.edit import replace_in_line
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule

FILES = (
    *("Dockerfile", "Containerfile", "docker/Dockerfile", "docker/*/Dockerfile"),
    *("images/Dockerfile", "images/*/Dockerfile"),
)
_SECRET = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|SECRET_KEY|ACCESS_KEY)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"(?<!\w)([A-Za-z_]\w*)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|\S*)")
# Images whose own user is root; of others the user is not known here.
_ROOTED = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?:debian|ubuntu|alpine|fedora|rockylinux|almalinux|python|node"
    r"|gcc|buildpack-deps|continuumio/(?:mini|ana)conda3)(?:[:@].*)?"
)


@cached_in_facts
def _find_dockerfiles(facts: Facts) -> list[Dockerfile]:
    return [each for path in facts.paths(*FILES) if (each := facts.dockerfile(path))]


def _last_stages(docker: Dockerfile) -> list[Stage]:
    """The stages that the image is built from, the last one first."""
    names = {each.name.lower(): each for each in docker.stages if each.name}
    chain = [docker.stages[-1]]
    seen = {chain[0].instructions[0].line}
    while below := names.get(chain[-1].resolved.lower()):
        if below.instructions[0].line in seen:
            break
        chain.append(below)
        seen.add(below.instructions[0].line)
    return chain


def _find_bases(docker: Dockerfile) -> Iterator[Stage]:
    """The stages that start from an external image."""
    names = {"scratch", *(each.name.lower() for each in docker.stages if each.name)}
    for stage in docker.stages:
        if stage.resolved.lower() not in names:
            yield stage


def _wants_cde(facts: Facts) -> bool:
    return bool(facts.answers.get("container") and facts.answers.get("cde_image"))


@rule("CON001", SHOULD, kinds=PACKAGE, when=_wants_cde)
def starts_from_cde(facts: Facts) -> Iterator[Hit]:
    """The image starts from the CDE image.

    Why: The CDE image is what the data centre runs: its libraries and its user `lisauser`. An
    image on another base is tested against something else.

    How: Let the last stage start `FROM` the CDE image, as the template's `Dockerfile` does.

    Source: The Common Development Environment is the one base of LISA's containers.
    """
    for docker in _find_dockerfiles(facts):
        base = docker.base(docker.stages[-1])
        if "$" not in base and not _is_cde(facts, base):
            line = docker.stages[-1].instructions[0].line
            yield Hit(docker.path, line, f"starts from {base}, not from the CDE image")


def _is_cde(facts: Facts, image: str) -> bool:
    wanted = images.read(str(facts.answers["cde_image"])).repository
    named = images.read(image).repository
    # A mirror has another host and the same name.
    return named == wanted or named.rpartition("/")[2] == wanted.rpartition("/")[2]


@rule("CON002", SHOULD, when=_find_dockerfiles)
def bases_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Base images are pinned to a version.

    Why: Without a tag, or with `latest`, the same commit builds another image tomorrow.

    How: Give the base image a version tag, better a digest.

    Source: [Docker: pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions).
    """
    for docker in _find_dockerfiles(facts):
        for stage in _find_bases(docker):
            image = stage.resolved
            tag = re.search(r":([^/:@]+)(?:@|$)", image)
            if "$" in image or "@" in image or (tag and tag[1] != "latest"):
                continue
            why = "the tag latest" if tag else "no tag"
            yield Hit(docker.path, stage.instructions[0].line, f"{image} has {why}")


@rule("CON003", SHOULD, kinds=PACKAGE, when=_wants_cde)
def base_can_be_replaced(facts: Facts) -> Iterator[Hit]:
    """The CDE image is an argument of the build.

    Why: A new CDE, or a mirror of it, has to be tried without a change of the repository; CI sets
    it for all projects at once.

    How: `ARG CDE_IMAGE=…` above the first stage, and `FROM ${CDE_IMAGE}`.

    Source: [Docker: ARG before FROM](https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact);
    the CDE reference moves with each release of the CDE.
    """
    for docker in _find_dockerfiles(facts):
        for stage in _find_bases(docker):
            if "$" not in stage.image and _is_cde(facts, stage.image):
                yield Hit(
                    docker.path, stage.instructions[0].line, "the CDE image is no argument here"
                )


@rule("CON004", SHOULD, when=_find_dockerfiles)
def ends_as_user(facts: Facts) -> Iterator[Hit]:
    """The image runs as an ordinary user.

    Why: A mistake in the program, or in a library, has the rights of root; clusters and many
    registries refuse such images.

    How: End with `USER lisauser`, or another user that is not root.

    Source: [Docker: USER](https://docs.docker.com/build/building/best-practices/#user); the CDE has
    the user `lisauser`.
    """
    for docker in _find_dockerfiles(facts):
        chain = _last_stages(docker)
        users = [
            each for stage in chain for each in reversed(stage.instructions) if each.verb == "USER"
        ]
        if users and users[0].value.split(":")[0] in ("root", "0"):
            yield Hit(docker.path, users[0].line, "the image runs as root")
        elif not users and (_ROOTED.fullmatch(chain[-1].resolved) or _wants_cde(facts)):
            yield Hit(
                docker.path, docker.stages[-1].instructions[0].line, "no USER: it runs as root"
            )


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
    for docker in _find_dockerfiles(facts):
        for instruction in docker.instructions:
            if instruction.verb in ("ARG", "ENV"):
                for name, value in _read_variables(instruction):
                    if _SECRET.fullmatch(name):
                        yield docker, instruction, name, value


@rule("CON005", MUST, when=_find_dockerfiles)
def no_secret(facts: Facts) -> Iterator[Hit]:
    """No secret stands in a Dockerfile.

    Why: It is in git, and in the history of every image that is built.

    How: Change the secret, then mount it while it is needed: `RUN --mount=type=secret,id=NAME`.

    Source: [Docker: build secrets](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/).
    """
    for docker, instruction, name, value in _find_secrets(facts):
        if value and "$" not in value:
            yield Hit(docker.path, instruction.line, f"{name} has a value here")


@rule("CON006", SHOULD, when=_find_dockerfiles)
def no_secret_argument(facts: Facts) -> Iterator[Hit]:
    """No secret is an argument of a build.

    Why: `docker history` shows the arguments of a build to everybody who has the image.

    How: Mount it while it is needed: `RUN --mount=type=secret,id=NAME`.

    Source: [Docker: build secrets](https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/).
    """
    for docker, instruction, name, value in _find_secrets(facts):
        if instruction.verb == "ARG" and not value:
            yield Hit(docker.path, instruction.line, f"the argument {name} stays in the image")


_PIP = re.compile(r"\bpip[\d.]* install\b(?![^&|;]*--no-cache-dir)")
_APT = re.compile(r"\bapt(?:-get)?\b(?: -\S+)* install\b")
_LISTS = re.compile(r"rm\s[^&|;]*/var/lib/apt(?:/lists)?|\bapt(?:-get)? dist-?clean\b")


@rule("CON007", SHOULD, when=_find_dockerfiles, fixes=True)
def no_caches(facts: Facts) -> Iterator[Hit]:
    """No cache of a package manager stays in the image.

    Why: It makes the image larger by what nobody needs, in every place that it is copied to; the
    next layer cannot take it away.

    How: `pip install --no-cache-dir`, and `rm -rf /var/lib/apt/lists/*` in the same `RUN`; or a
    cache mount.

    Source: [Docker: apt-get](https://docs.docker.com/build/building/best-practices/#apt-get);
    hadolint's [DL3009](https://github.com/hadolint/hadolint/wiki/DL3009) and
    [DL3042](https://github.com/hadolint/hadolint/wiki/DL3042).
    """
    for docker in _find_dockerfiles(facts):
        lines = facts.lines(docker.path)
        for stage in _last_stages(docker):
            keeps_pip_cache = not any(
                name == "PIP_NO_CACHE_DIR"
                for each in stage.instructions
                if each.verb in ("ARG", "ENV")
                for name, _ in _read_variables(each)
            )
            for run in stage.instructions:
                if run.verb != "RUN" or "--mount=type=cache" in run.value:
                    continue
                found = []
                if keeps_pip_cache and (match := _PIP.search(run.value)):
                    found.append((match[0], "pip's cache stays"))
                if (match := _APT.search(run.value)) and not _LISTS.search(run.value):
                    found.append((match[0], "apt's lists stay"))
                own_lines = list(enumerate(lines[run.line - 1 : run.end], run.line))
                for text, message in found:
                    number = next((n for n, line in own_lines if text in line), run.line)
                    fix = None
                    if message.startswith("pip"):
                        change = replace_in_line(number, text, f"{text} --no-cache-dir")
                        fix = Fix.edit(docker.path, change)
                    yield Hit(docker.path, number, message, fix=fix)


@rule("CON008", SHOULD, when=_find_dockerfiles)
def context_is_bounded(facts: Facts) -> Iterator[Hit]:
    """What a build copies whole is bounded by a `.dockerignore`.

    Why: `COPY .` takes the history, data and credentials of the working copy into the image.

    How: Add a `.dockerignore` that excludes all (`*`) and names what the build needs (`!src`).

    Source: [Docker: .dockerignore](https://docs.docker.com/build/concepts/context/#dockerignore-files).
    """
    for docker in _find_dockerfiles(facts):
        # A context is the root, or the folder of the Dockerfile.
        folder = docker.path.rpartition("/")[0]
        beside = [f"{folder}/.dockerignore"] if folder else []
        own = (f"{docker.path}.dockerignore", ".dockerignore", ".containerignore")
        if facts.has(*own, *beside):
            continue
        for each in docker.instructions:
            words = [word for word in each.value.split() if not word.startswith("--")]
            if each.verb in ("COPY", "ADD") and "--from=" not in each.value and words[:1] == ["."]:
                yield Hit(
                    docker.path, each.line, "copies everything, and there is no .dockerignore"
                )
                break


@rule("CON009", SHOULD, when=_find_dockerfiles)
def bases_are_maintained(facts: Facts) -> Iterator[Hit]:
    """Base images are still maintained.

    Why: Known vulnerabilities stay open, and the package servers of old systems are switched off,
    so that one day the image cannot be built.

    How: Take a newer tag, or the image that took its place.

    Source: [Python](https://devguide.python.org/versions/),
    [Debian](https://www.debian.org/releases/), [Ubuntu](https://ubuntu.com/about/release-cycle).
    """
    for docker in _find_dockerfiles(facts):
        for stage in _find_bases(docker):
            if message := images.explain_end(stage.resolved, facts.given.today):
                yield Hit(docker.path, stage.instructions[0].line, message)
