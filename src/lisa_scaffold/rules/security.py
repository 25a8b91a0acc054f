"""Security: no secrets in git, and nothing is run that others can change.

The patterns are cheap and certain. Scanning the whole history is left to a job and a hook.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.gitlab import to_text
from lisa_scaffold.project.marks import ADDRESS, KEY
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules import images
from lisa_scaffold.rules.compose import is_thrown_away
from lisa_scaffold.rules.images import find_dockerfiles
from lisa_scaffold.rules.invented import (
    is_invented,
    is_plain_word,
    is_said_of_secret,
    is_to_be_changed,
    names_secret,
)
from lisa_scaffold.rules.rule import (
    MADE_TO_RUN,
    MUST,
    SHOULD,
    Hit,
    count_more,
    is_made,
    join_same,
    rule,
)
from lisa_scaffold.rules.template import find_stray, is_remote_component
from lisa_scaffold.versions import normalize_name

if TYPE_CHECKING:
    from lisa_scaffold.project.gitlab import Include

_BEGIN = compile_lazily(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----")
_FEWEST_LETTERS = 40
_BODY = compile_lazily(r"[\"'\s>|]*[A-Za-z0-9+/=]{40,}\\?n?[\"',\s]*")
_JOINED = compile_lazily(r"\\n[A-Za-z0-9+/=]{40,}")
# What lies there belongs to a server that exists while tests run.
_TESTS = compile_lazily(
    r"(?:^|/)(?:(?:[\w.]+[-_.])?tests?|testing|test[-_]?(?:data|certs|keys?)\w*"
    r"|tests?[-_][\w.-]+|fixtures|examples?"
    r"|samples?|molecule|(?:dummy|fake|mock|unsafe|insecure|snakeoil)[\w-]*)"
    r"(?:/|(?:\.\w{1,10})?$)|\.(?:samples?|examples?|dist|template|tmpl|tpl)$",
    re.IGNORECASE,
)


_FAKE = compile_lazily(
    r"(?:^|/)(?:dummy|fake|mock|unsafe|insecure|snakeoil)[\w.-]*$", re.IGNORECASE
)


@rule("SEC001", MUST, when=lambda facts: facts.marks)
def no_private_key(facts: Facts) -> Iterator[Hit]:
    """No private key is in git.

    Why: Everybody who can read the repository, now or later, can act in the name of its owner.

    How: Replace the key wherever it is used; deleting the file is not enough, because git keeps it.
    Pass keys to jobs in protected variables of type "file". What lies in a folder for tests is not
    meant, nor a key that a file named `fake…` or `insecure…` has as well, nor the keys of a
    repository whose README begins with that its images are for tests, nor a key that lacks a part,
    as in an example.

    Source: [GitLab: CI/CD variables](https://docs.gitlab.com/ci/variables/#cicd-variable-security).
    """
    if not images.serve_tests(facts):
        yield from join_same(_find_keys(facts), across=True)


@cached_in_facts
def _find_fake_keys(facts: Facts) -> frozenset[str]:
    """The keys that are nobody's, as the names of their files say."""
    found = set()
    for path in filter(_FAKE.search, facts.marks):
        lines = facts.lines(path)
        found |= {_read_key(lines, mark.line) for mark in facts.marks[path] if KEY in mark.text}
    return frozenset(found - {""})


def _read_key(lines: Sequence[str], begin: int) -> str:
    """A key without line breaks, from the line after its beginning on; empty where it is cut."""
    near = lines[begin : begin + _MOST_OF_KEY]
    end = next((at for at, line in enumerate(near) if _ENDS in line), 0)
    return "".join(line.strip() for line in near[:end])


def _find_keys(facts: Facts) -> Iterator[Hit]:
    """Every private key that is whole, where it may be somebody's."""
    for path, marks in facts.marks.items():
        if _TESTS.search(path):
            continue
        begun = {mark: begin for mark in marks if (begin := _BEGIN.search(mark.text))}
        # A text with too many lines has none here.
        lines = facts.lines(path) if begun else []
        bodies = [number for number, line in enumerate(lines, 1) if _is_body(line)]
        for mark, begin in begun.items():
            # The key itself follows; examples leave it out.
            at = bisect_right(bodies, mark.line)
            is_near = at < len(bodies) and bodies[at] <= mark.line + _NEAR
            if is_near and _is_cut(lines[mark.line : mark.line + _MOST_OF_KEY]):
                continue
            if is_near and _read_key(lines, mark.line) in _find_fake_keys(facts):
                continue
            if is_near or _is_body(mark.text[begin.end() :]):
                message = (
                    "this private key is in every clone, for ever: replace it wherever it is used"
                )
                yield Hit(path, mark.line, message, column=mark.text.index(KEY) + 1)


_LONGEST = 1000
_NEAR = 6
_MOST_OF_KEY = 200  # lines; one of 16384 bits has 196
_ENDS = "-----END "
_GAP = compile_lazily(r"[#\s>|\"'*/]*(?:\.{3,}|…|\[(?:\.{3}|…)\]|<.{1,40}>)[\s\"',]*")
# A sequence whose length takes two bytes: a key of 1024 bits or more that no password hides.
_SEQUENCE = b"\x30\x82"


def _is_cut(lines: Sequence[str]) -> bool:
    """Whether a key, from the line after its beginning on, lacks a part: an example shows its form.

    What leaves out lines may say so; besides, the key itself tells how long it is.
    """
    end = next((at for at, line in enumerate(lines) if _ENDS in line), 0)
    body = lines[:end]
    if any(_GAP.fullmatch(line[:_LONGEST]) for line in body):
        return True
    parts = [_LETTERS.findall(line[:_LONGEST].replace("\\n", "")) for line in body]
    if any(len(each) != 1 for each in parts):  # something else stands beside the key
        return False
    letters = "".join(each for (each,) in parts).rstrip("=")
    head = base64.b64decode(letters[:8]) if len(letters) >= _FEWEST_LETTERS else b""
    return head.startswith(_SEQUENCE) and len(letters) * 3 // 4 < 4 + int.from_bytes(head[2:4])


_LETTERS = compile_lazily(r"[A-Za-z0-9+/=]+")


def _is_body(line: str) -> bool:
    """Whether a line looks like one of those that a key is written in."""
    start = line[:_LONGEST]
    return len(start) >= _FEWEST_LETTERS and bool(_BODY.fullmatch(start) or _JOINED.search(start))


_TOKENS = {
    "this GitLab token": r"gl(?:pat|dt|rt)-([A-Za-z0-9_-]{20,64}(?:\.[\w.]{2,20})?)",
    "this GitLab trigger token": r"glptt-([0-9a-f]{40})",
    "this GitHub token": r"gh[pos]_([A-Za-z0-9]{36})",
    "this fine-grained GitHub token": r"github_pat_([A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
    "this PyPI token": r"pypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)([\w-]{50,})",
    "this AWS key": r"AKIA([A-Z2-7]{16})",
    "this SonarQube token": r"sq[pua]_([0-9a-f]{40})",
    "this Docker Hub token": r"dckr_pat_([\w-]{27})",
    "this Zenodo token": r"(?i:\w{0,40}zenodo\w{0,20}(?:token|key)\w{0,20})[\"']?\s*[:=]\s*[\"']?"
    r"([A-Za-z0-9]{60})",
}
"""How tokens look, by what they are; the group is the secret part."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The same, compiled when a mark is found, not at import."""
    around = r"(?<![A-Za-z0-9_-]){}(?![A-Za-z0-9_])"
    return {name: re.compile(around.replace("{}", each, 1)) for name, each in _TOKENS.items()}


_PLACEHOLDER = compile_lazily(
    r"(?i)x{4}|\.{3}|0{6}|1234567|abcdefg|example|dummy|fake|token|secret"
)
# An address that is signed names the key, whose secret half it does not hold.
_SIGNED = compile_lazily(r"(?:AWSAccessKeyId|X-Amz-Credential)=$", re.IGNORECASE)
_FEWEST = 8
"""A secret has at least so many different characters; examples often have fewer."""


@rule("SEC002", MUST, when=lambda facts: facts.marks)
def no_token(facts: Facts) -> Iterator[Hit]:
    """No token is in git.

    Why: Whoever finds it can push, publish or spend money in the name of its owner, and programs
    search public repositories for tokens all the time.

    How: Revoke the token first; deleting the line is not enough, because git keeps it. Pass tokens
    to jobs in masked and protected variables. The name of a key of AWS (`AKIA…`) is told where what
    may be its secret half stands near it.

    Source: [GitLab: token prefixes](https://docs.gitlab.com/security/tokens/#token-prefixes),
    [GitHub: token formats](https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
    """
    for path, marks in facts.marks.items():
        found: dict[str, list[tuple[int, int]]] = {}
        for mark in marks:
            for name, pattern in _patterns().items():
                match = pattern.search(mark.text)
                if not match or _PLACEHOLDER.search(match[1]) or len(set(match[1])) < _FEWEST:
                    continue
                if _SIGNED.search(mark.text[: match.start()]):
                    continue
                if name == _OF_AWS and not _has_secret_half(facts.lines(path), mark.line):
                    continue
                if not (path.endswith(_PAGES) and _is_for_example(facts.lines(path), mark.line)):
                    found.setdefault(name, []).append((mark.line, match.start() + 1))
        for name, places in found.items():
            line, column = places[0]
            more = count_more([at for at, _ in places])
            message = f"{name} is in every clone, for ever: revoke it, and use a CI variable{more}"
            yield Hit(path, line, message, column=column)


_OF_AWS = "this AWS key"
_SECRET_HALF = compile_lazily(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_HEX = compile_lazily(r"[0-9a-f]{40}|[0-9A-F]{40}")


def _has_secret_half(lines: Sequence[str], number: int) -> bool:
    """Whether what may be the secret half of a key stands near its name, which opens nothing."""
    near = lines[max(0, number - 1 - _AROUND) : number + _AROUND]
    found = (each for line in near for each in _SECRET_HALF.findall(line[:_LONGEST]))
    return any(not _HEX.fullmatch(each) and len(set(each)) >= _FEWEST for each in found)


_PAGES = (".md", ".rst", ".txt", ".adoc")
_EXAMPLE = compile_lazily(r"\bexample\.(?:com|org|net)\b|\byour[-_. ]|<your\b", re.IGNORECASE)
_AROUND = 5


def _is_for_example(lines: list[str], number: int) -> bool:
    """Whether the lines around one of a page are about a server that does not exist."""
    around = lines[max(0, number - 1 - _AROUND) : number + _AROUND]
    return any(_EXAMPLE.search(line[:_LONGEST]) for line in around)


_CONFIGURED = (
    *(".gitlab-ci.yml", ".gitlab/**.yml", "*.toml", "requirements*.txt", "Dockerfile", "*.cfg"),
    *("pip.conf", ".pip/pip.conf", ".netrc", ".pypirc", ".git-credentials", ".gitmodules"),
    *(".github/workflows/*", ".pre-commit-config.yaml", "environment*.yml", "compose*.y*ml"),
    *("docker-compose*.y*ml", "*.sh", ".ci/*"),
)
_IN_ADDRESS = compile_lazily(
    r"\b[a-z][a-z0-9+.-]{1,20}://(?P<user>[^\s/:@\"'$<{]{0,100}):(?P<password>[^\s/@\"']{6,200})"
    r"@(?P<host>[\w.-]+)"
)
_IN_FILE = compile_lazily(r"(?:^|\s)password(?:\s*+[:=]\s*+|\s++)(?P<password>[^\s#]{6,})")
_NO_PASSWORD = compile_lazily(r"[$<>{}*%]|^(?:secret|postgres|token)$", re.IGNORECASE)
# A service of the same file, by its usual name; nobody else reaches it there.
_LOCAL_HOST = compile_lazily(
    r"localhost|127\..*|.*\bexample\b.*|(?:[\w-]*[_-])?(?:db|database|postgres(?:ql)?|redis|rabbit(?:mq)?"
    r"|mysql|maria(?:db)?|mongo(?:db)?)(?:[_-]?\w{0,20})?"
)


@rule("SEC003", MUST)
def no_password(facts: Facts) -> Iterator[Hit]:
    """No address or credentials file contains a password.

    Why: Everybody who can read the repository can read it, and job logs show it.

    How: Change the password, and read it from a variable: `https://user:${TOKEN}@host`. A password
    that is the name of its user (`airflow:airflow`) is not meant. In jobs, Dockerfiles and files of
    settings any other counts; elsewhere, as in code, data and pages, one that looks like chance, of
    a host that may exist, and not below a folder for tests or examples.

    Source: [GitLab: CI/CD variables](https://docs.gitlab.com/ci/variables/#cicd-variable-security).
    """
    configured = dict.fromkeys(facts.paths(*_CONFIGURED))
    places = {path: _find_passwords(facts, path) for path in configured}
    for path in facts.marks:
        if path not in configured and not _TESTS.search(path):
            places[path] = _find_certain_passwords(facts, path)
    for path, found in places.items():
        if found:
            message = "everybody here can read this password: change it, then use a variable"
            yield Hit(path, found[0], f"{message}{count_more(found)}")


def _find_passwords(facts: Facts, path: str) -> list[int]:
    """The lines with a password in a file that is for configuration alone."""
    if "://" not in facts.text(path) and path not in (".netrc", ".pypirc"):
        return []
    lines = enumerate(facts.lines(path), 1)
    return [number for number, line in lines if _has_password(facts, path, line)]


def _find_certain_passwords(facts: Facts, path: str) -> list[int]:
    """The lines with a password in any other file, where it can be nothing else."""
    return [
        mark.line
        for mark in facts.marks[path]
        if ADDRESS in mark.text
        and any(map(_is_certain, islice(_IN_ADDRESS.finditer(mark.text), _MOST_ADDRESSES)))
        and not (path.endswith(_PAGES) and _is_for_example(facts.lines(path), mark.line))
    ]


_MOST_ADDRESSES = 50  # in one line
_NO_HOST = compile_lazily(
    r"[\d.]+|[^.]*|.*\.(?:example|internal|invalid|local|localhost|svc|test|tld)"
    r"|(?:.*\.)?(?:acme|bar|company|domain|foo|host|myhost|server|your[\w-]*)\.(?:com|org|net)",
    re.IGNORECASE,
)
# A word that is written with digits, such as p4ssw0rd.
_AS_LETTERS = str.maketrans("0134578$", "oleastbs")
_WORDS = compile_lazily(
    r"abc|admin|demo|dummy|example|fake|foo|guest|key|pass|private|qwert|secr|sekr|test|token|user"
    r"|word|xxx|your"
)
_CHANGE = compile_lazily(r"(?<=[a-z])(?=[A-Z\d])|(?<=[A-Z])(?=[a-z\d])|(?<=\d)(?=[A-Za-z])")
_FEWEST_CHANGES = 4
_HEX_KEY = compile_lazily(r"[0-9a-f]{32}")


def _is_certain(match: re.Match[str]) -> bool:
    """Whether a password in an address looks like chance, and its host like one that exists."""
    user, password, host = match.group("user", "password", "host")
    # The address of a project in Sentry is no secret, whatever its second half is.
    if _NO_HOST.fullmatch(host) or _LOCAL_HOST.fullmatch(host) or _HEX_KEY.fullmatch(user):
        return False
    if _NO_PASSWORD.search(password) or _PLACEHOLDER.search(password):
        return False
    is_mixed = len(_CHANGE.findall(password)) >= _FEWEST_CHANGES
    as_word = password.lower().translate(_AS_LETTERS)
    return is_mixed and len(set(password)) >= _FEWEST and not _WORDS.search(as_word)


def _has_password(facts: Facts, path: str, line: str) -> bool:
    match = _IN_ADDRESS.search(line) if "://" in line else None
    if match is None and path in (".netrc", ".pypirc"):
        match = _IN_FILE.search(line)
    if match is None or line.lstrip().startswith(("#", "//")):
        return False
    password = match["password"]
    if _NO_PASSWORD.search(password) or is_invented(password) or is_to_be_changed(password):
        return False
    if match.re.groups == 1:
        return True
    # Who is called as the password is has the one that programs come with.
    is_default = match["user"].lower() == password.lower()
    host = match["host"]
    is_desk = "." not in host and "compose" in path and is_thrown_away(facts, path)
    return not is_default and not is_desk and not _LOCAL_HOST.fullmatch(host)


_MAY_CHANGE = "may change any day, and runs with your secrets"
_BRANCHES = ("main", "master", "develop", "HEAD", "trunk")


_ADDRESS = compile_lazily(r"https?://(?!(?:www\.)?github\.com/)[\w.-]+/([\w.-]+)/[\w.-]+")
_REPOSITORY = compile_lazily(
    r"\bgit(?:lab)?\.[\w.-]{2,60}/([\w.-]{1,60})/(?:[\w.-]{1,60}/){0,6}?([\w.-]{1,60})(?=/-/|\.git\b|/badges/)"
)


@rule("SEC004", SHOULD, when=lambda facts: facts.pipeline.includes)
def includes_are_pinned(facts: Facts) -> Iterator[Hit]:
    """Pipeline includes from elsewhere are pinned to a version.

    Why: Whoever can change that branch or file can run commands in your pipeline, with its
    variables.

    How: Give a `project` a `ref` with a tag or a commit, a `component` a version, and a `remote` an
    address with a version, or `integrity`. In projects of others, what is of the group that
    `[project.urls]` or the README names is not meant: a group may keep one pipeline for all.

    Source: [GitLab: includes](https://docs.gitlab.com/ci/yaml/#includeremote): `integrity`,
    [components](https://docs.gitlab.com/ci/components/#use-a-component).
    """
    yield from join_same(
        (
            Hit(*include.place, message)
            for include in facts.pipeline.includes
            # Of those by lisa-scaffold TPL004 and TPL005 tell more.
            if not (_is_of_group(facts, include) or is_remote_component(include))
            and not find_stray(facts, include)
            and (message := _check_include(include))
        ),
        across=True,
    )


def _is_of_group(facts: Facts, include: Include) -> bool:
    """Whether an include is of the project's own group, and the project not of the template."""
    if facts.is_of_template or include.form not in ("project", "component"):
        return False
    path = include.address.partition("@")[0]
    if include.form == "component":
        _, _, path = path.partition("/")
    return path.strip("/").partition("/")[0].lower() in _find_groups(facts)


@cached_in_facts
def _find_groups(facts: Facts) -> set[str]:
    """The groups that the project is of, by the addresses of its own that it tells."""
    found = (_ADDRESS.match(str(each)) for each in facts.package.table("urls").values())
    groups = {match[1].lower() for match in found if match}
    for path in facts.paths("README*"):
        groups |= {
            group.lower()
            for group, name in _REPOSITORY.findall(facts.text(path))
            if normalize_name(name) == facts.package.name
        }
    return groups


def _check_include(include: Include) -> str:
    """Why an include may change; empty where it does not, or cannot be told."""
    ref = include.entry.get("ref")
    match include.form:
        case "project" if ref is None:
            return f"{include.address} {_MAY_CHANGE}: add `ref` with a tag or a commit"
        case "project" if ref in _BRANCHES:
            return f"{include.address} {_MAY_CHANGE}: use a tag or a commit, not {ref}"
        case "component" if re.search(rf"@(~latest|{'|'.join(_BRANCHES)})$", include.address):
            return f"{include.address} {_MAY_CHANGE}: name a version"
        case "remote" if "integrity" not in include.entry:
            if re.search(rf"/({'|'.join(_BRANCHES)})/", include.address):
                return f"{include.address} {_MAY_CHANGE}: add `integrity`, or use a version"
    return ""


_FETCH = r"(?:curl|wget|pip[\d.]* install|git clone|ADD|--(?:extra-)?index-url|apt-key adv)"
_PLAIN = compile_lazily(
    rf"\b{_FETCH}\b[^|;&\n]{{0,300}}?\b(?:git\+)?((?:http|ftp)://(?!localhost|127\.|\[|[^./\s]+[/:])\S+)"
)
_RUN_UNSEEN = compile_lazily(
    r"\b(?:curl|wget)\b[^|;&\n]{0,300}\|\s*(?:sudo\s+(?:-\S+\s+){0,20})?(?:ba|z|da|k)?sh\b"
    r"|\b(?:ba|z|da)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b"
)


def _find_lines(
    facts: Facts, signs: Sequence[str], explain: Callable[[str], str]
) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """The lines with one of some signs for which there is a message, in jobs and Dockerfiles."""
    paths = (*facts.pipeline.files, *(docker.path for docker in find_dockerfiles(facts)))
    for path in dict.fromkeys(paths):
        text = facts.text(path)
        if not any(sign in text for sign in signs):
            continue
        lines = ((n, line[:_LONGEST]) for n, line in enumerate(facts.lines(path), 1))
        found = [
            (number, message)
            for number, line in lines
            if any(sign in line for sign in signs)
            and not line.lstrip().startswith("#")
            and (message := explain(line))
        ]
        if found:
            yield path, found


def _explain_open_line(line: str) -> str:
    match = _PLAIN.search(line)
    told = "comes unencrypted, so anybody on the way can change it: use https"
    return f"{match[1]} {told}" if match else ""


@rule("SEC005", SHOULD)
def fetched_over_a_closed_line(facts: Facts) -> Iterator[Hit]:
    """Jobs and images fetch nothing over plain `http` or `ftp`.

    Why: Anybody on the way can replace it with something else, which then runs with the permissions
    of the job.

    How: Use `https`, or compare the hash of the file before it is used.

    Source: [CWE-494](https://cwe.mitre.org/data/definitions/494.html).
    """
    for path, found in _find_lines(facts, ("http:", "ftp:"), _explain_open_line):
        yield Hit(path, found[0][0], f"{found[0][1]}{count_more([at for at, _ in found])}")


def _explain_unseen(line: str) -> str:
    told = "this runs whatever the server sends: download a version, check its hash, then run it"
    return told if _RUN_UNSEEN.search(line) else ""


@rule("SEC006", SHOULD, strict=True)
def nothing_unseen_is_run(facts: Facts) -> Iterator[Hit]:
    """Jobs and images run no download unchecked.

    Why: Whoever controls that server, today or next year, can run commands with the permissions of
    the job.

    How: Install a version from a package index, or download the file and compare its hash before it
    is run.

    Source: [OpenSSF Scorecard: Pinned-Dependencies](https://github.com/ossf/scorecard/blob/main/docs/checks.md#pinned-dependencies).
    """
    for path, found in _find_lines(facts, ("curl", "wget"), _explain_unseen):
        yield Hit(path, found[0][0], f"{found[0][1]}{count_more([at for at, _ in found])}")


_SETTINGS = ("**/.env", "**/.env.*", "**/*.env", "**/*.env.*")
_NOT_OF_PLACE = frozenset(
    [
        *("ci", "default", "defaults", "desk", "dev", "devel", "development", "dist", "e2e"),
        *("example", "local", "sample", "sh", "template", "test", "testing", "tests", "tmpl"),
        *("tpl", "md", "py", "j2", "in"),
    ]
)
"""Words in the name of a file of settings that is for nobody's site, or is made into one."""
_NO_SECRET = compile_lazily(
    r"(?i)(?:.*/)?(?:readme.*|\.git\w+|.*\.(?:md|example|sample|enc|age|gpg|sops.*))"
)


@rule("SEC007", SHOULD, must_in=MADE_TO_RUN)
def settings_in_git_have_no_secret(facts: Facts) -> Iterator[Hit]:
    """No file of settings or secrets that git has tells a secret, and no variable of a pipeline.

    Why: It is in git, for everybody who ever gets a copy; and a place that is set up after it has
    the same secret as all others.

    How: Change it, take the file out of git (`git rm --cached`), and let `.gitignore` name it: git
    still keeps the old one. A variable of `.gitlab-ci.yml` is set in GitLab's settings instead,
    masked and protected. A file that by its name is an example, for a desk or for tests is not
    meant; in projects that the template did not make, neither are plain words, nor passwords of
    servers beside it, and in pipelines neither anywhere.

    Source: [The twelve-factor app: config](https://12factor.net/config).
    """
    tracked = frozenset(facts.tracked)
    is_ours = is_made(facts, MADE_TO_RUN)
    for path in facts.paths(*_SETTINGS):
        words = path.rpartition("/")[2].lower().replace("_", ".").replace("-", ".").split(".")
        if path not in tracked or _NOT_OF_PLACE & {*words} or _TESTS.search(path):
            continue
        lines: list[tuple[int, str]] = []
        settings = facts.env(path)
        for name, value in settings.data.items():
            if _tells_secret(name, value, is_ours=is_ours):
                lines.append((settings.line(name), name))
        if lines and not is_thrown_away(facts, path):
            message = f"everybody can read {lines[0][1]} here: change it, and take it out of git"
            yield Hit(path, lines[0][0], f"{message}{count_more([at for at, _ in lines])}")
    for path in facts.paths("secrets/**") if is_ours else ():
        if path in tracked and not _NO_SECRET.fullmatch(path) and facts.text(path).strip():
            message = "this secret is in git: change it, and take the file out (`git rm --cached`)"
            yield Hit(path, 1, message)
    yield from _find_in_pipeline(facts)


_OF_SERVER = compile_lazily(r"(?i).*(?:PASSWORD|PASSWD|SECRET)")


def _find_in_pipeline(facts: Facts) -> Iterator[Hit]:
    """Secrets among the variables of a pipeline, but those of servers that a job starts."""
    pipeline = facts.pipeline
    jobs = [*pipeline.jobs.values(), *pipeline.hidden.values()]
    # A variable that several jobs inherit stands in one place.
    places: dict[Place, str] = {}

    def add(table: Any, place: Callable[[str], Place], *, serves: bool) -> None:
        found = table.get("variables") if isinstance(table, dict) else None
        for name, value in found.items() if isinstance(found, dict) else ():
            said = to_text(value)
            # A slash makes it a path, or the address of which another rule tells.
            if (
                "/" not in said
                and _tells_secret(str(name), said, is_ours=False)
                and not (serves and _OF_SERVER.fullmatch(str(name)))
            ):
                places[place(str(name))] = str(name)

    serves = any(each.services for each in jobs)
    add(pipeline.settings, lambda name: pipeline.place("variables", name), serves=serves)
    for at, each in enumerate(pipeline.rules):
        place = partial(pipeline.place, "workflow", "rules", at, "variables")
        add(each, place, serves=serves)
    for job in jobs:
        add(job.data, partial(pipeline.place_of, job, "variables"), serves=bool(job.services))
        for at, each in enumerate(job.rules):
            place = partial(pipeline.place_of, job, "rules", at, "variables")
            add(each, place, serves=bool(job.services))
    for where, name in places.items():
        message = (
            f"everybody can read {name} here: change it, and set it in GitLab's settings, masked "
            "and protected"
        )
        yield Hit(*where, message)


def _tells_secret(name: str, value: str, *, is_ours: bool) -> bool:
    """Whether a setting is a secret, or an address with one.

    Parameters
    ----------
    is_ours
        Whether the template made the project: words that anybody begins with count there too.
    """
    if "://" in value:
        match = _IN_ADDRESS.search(value)
        said, host = (match["password"], match["host"]) if match else ("", "")
        if not match or (not is_ours and (_LOCAL_HOST.fullmatch(host) or said == match["user"])):
            return False
        if _NO_PASSWORD.search(said) and not is_ours:
            return False
    else:
        said = value if names_secret(name) and not is_said_of_secret(name, value) else ""
    if not said or "$" in said or is_invented(said):
        return False
    return is_ours or not (is_to_be_changed(said) or is_plain_word(said) or _is_worded(said))


_BETWEEN_WORDS = compile_lazily(r"[-_.: ]+")
_FEWEST_OF_CHANCE = 6


def _is_worded(said: str) -> bool:
    """Whether a secret is made of words, or too short to be anybody's."""
    return len(said) < _FEWEST_OF_CHANCE or all(map(str.isalpha, _BETWEEN_WORDS.split(said)))
