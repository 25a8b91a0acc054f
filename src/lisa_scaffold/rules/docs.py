"""Documentation: links lead somewhere, pages are the project's own, builds find their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from posixpath import dirname, normpath
from urllib.parse import urlsplit

from lisa_scaffold.formats import markdown, restructured
from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.rules.rule import (
    MUST,
    PACKAGE,
    SHOULD,
    Hit,
    count_more,
    join_same,
    join_words,
    rule,
)
from lisa_scaffold.versions import normalize_name

_NAMES = ("README", "CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY", "SUPPORT")
_PAGES = tuple(f"{name}{suffix}" for name in _NAMES for suffix in (".md", ".rst"))
_READMES = ("README.md", "README.rst", "README.txt", "README")
_MOST_LINKS = 5_000
_LONGEST_LINE = 10_000


@rule("DOC001", MUST, when=lambda facts: facts.is_checkout)
def links(facts: Facts) -> Iterator[Hit]:
    """Links in the README, and in the pages beside it, lead to files that exist.

    Why: Readers who want to know more end up on an error page.

    How: Correct the path, which is relative to the page, or delete the link. A folder that a
    program of the project makes when it is run is not meant, nor is what is there for another page
    that includes this one.

    Source: [GitLab: links](https://docs.gitlab.com/user/markdown/#links); a published LISA package
    links to a licence file that it does not have.
    """
    yield from join_same(_find_dead_links(facts))


# What ends in the name of no file, but in a domain's.
_HOST = compile_lazily(
    r"(?:www\.[\w-]+|[\w-]+(?:\.[\w-]+)*)\.(?:com|org|net|eu|de|fr|io|int|edu|gov)(?:/|$)"
)


def _find_dead_links(facts: Facts) -> Iterator[Hit]:
    """Every link that leads nowhere."""
    for page in facts.paths(*_PAGES):
        find = partial(_find_missing_of_page, facts, page)
        links = restructured.find_links if page.endswith(".rst") else markdown.find_links
        for link in islice(links(facts.text(page), find), _MOST_LINKS):
            missing = find(link.target)
            near = _find_only(facts, missing)
            remedy = f"correct (there is `{near}`) or delete" if near else "correct or delete"
            message = f"`{missing}` does not exist: {remedy} this link"
            if _HOST.match(link.target) and not near:
                message = f"`{missing}` does not exist: write https://{link.target}, or {remedy} it"
            yield Hit(page, link.line, message, column=link.column)


def _find_only(facts: Facts, missing: str) -> str:
    """The only file or folder with the name of a missing one; empty where none or several."""
    found = facts.cached(_find_places).get(missing.rpartition("/")[2].lower(), [])
    return found[0] if len(found) == 1 else ""


def _find_places(facts: Facts) -> dict[str, list[str]]:
    """Every file and folder by the last part of its path, in small letters."""
    places: dict[str, list[str]] = {}
    for path in (*facts.files, *facts.folders):
        places.setdefault(path.rpartition("/")[2].lower(), []).append(path)
    return places


def find_unread(facts: Facts) -> list[str]:
    """Pages with links that may lead nowhere, and which take too long to be read."""
    unread = []
    for page in facts.paths(*_PAGES) if facts.is_checkout else ():
        form = restructured if page.endswith(".rst") else markdown
        text = facts.text(page)
        if not form.is_cheap(text):
            targets = (each.target for each in form.find_candidates(text))
            if any(_find_missing_of_page(facts, page, each) for each in targets):
                unread.append(page)
    return unread


def _folder_of(facts: Facts, page: str) -> str:
    """The folder that the links of a page start from."""
    above = dirname(facts.real_path(page) or page)
    return f"{above}/" if above else ""


def _find_missing_of_page(facts: Facts, page: str, target: str) -> str:
    """The missing file of the project that a page means; empty where there is none.

    Where another page includes it, its links may start from the folder of that.
    """
    missing = _find_missing_target(facts, _folder_of(facts, page), target)
    if not missing or target.startswith("/"):
        return missing
    places = facts.cached(_find_including).get(page.rpartition("/")[2], ())
    found = all(_find_missing_target(facts, folder, target) for folder in places)
    return missing if found else ""


# Of docutils, MyST, and the plugins of MkDocs; what is included comes last on the line.
_INCLUDES = compile_lazily(
    r"(?:\binclude::|\{include\}|\binclude-markdown\b|--8<--|\{!)[^\n]{0,200}?([\w.-]+\.(?:md|rst))\b"
)


def _find_including(facts: Facts) -> dict[str, set[str]]:
    """The folders of the pages that include another page, by the name of that."""
    found: dict[str, set[str]] = {}
    for path in facts.paths("**/*.md", "**/*.rst"):
        for name in _INCLUDES.findall(facts.text(path)):
            found.setdefault(name, set()).add(path[: path.rfind("/") + 1])
    return found


def _find_missing_target(facts: Facts, folder: str, target: str) -> str:
    """The missing file of the project that a target means; empty where there is none."""
    path = _path_of(target, folder)
    if not path or is_there(facts, path):
        return ""
    # The page that is made of a file beside it, where the README is a page of the documentation.
    stem, dot, _ = path.rpartition(".html")
    is_made = dot and path.endswith(".html") and any(facts.has(f"{stem}{end}") for end in _SOURCES)
    is_made = bool(is_made) or _is_made_by_program(facts, path)
    return "" if is_made or target in facts.cached(_find_labels) else path


_CODE = ("**/*.py", "**/*.sh", "**/*.ipynb", "**/Makefile", "**/Snakefile")
_MOST_LOOKED_UP = 20


def _is_made_by_program(facts: Facts, path: str) -> bool:
    """Whether a missing path is a folder that code of the project names: a run may make it."""
    name = path.rpartition("/")[2]
    known = facts.cached(_keep_folders)
    if "." in name or (path not in known and len(known) >= _MOST_LOOKED_UP):
        return False
    if path not in known:
        word = re.escape(name)
        named = re.compile(
            rf"[\"'](?:[^\"'\n]{{0,100}}/)?{word}(?:/[^\"'\n]{{0,100}})?[\"']"
            rf"|(?:\bmkdir\b|\s-o\b|--out|>)[^\n]{{0,100}}?[\s\"'/=]{word}(?:[/\s\"']|$)"
        )
        texts = map(facts.text, facts.paths(*_CODE))
        known[path] = any(name in text and named.search(text) for text in texts)
    return known[path]


def _keep_folders(_facts: Facts) -> dict[str, bool]:
    """The folders that were looked up, and whether code names them."""
    return {}


_LABEL = compile_lazily(r"(?m)^\(([\w.:-]{1,100})\)=[ \t]*$")


def _find_labels(facts: Facts) -> set[str]:
    """What MyST knows as the place of a text: a link may name it."""
    texts = map(facts.text, facts.paths("**/*.md"))
    return {label for text in texts if ")=" in text for label in _LABEL.findall(text)}


_SOURCES = (".rst", ".md", ".txt", ".ipynb", ".adoc")


def _path_of(target: str, folder: str) -> str:
    """The file of this project that a link in a folder leads to; empty where it leads elsewhere."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not parts.path or "//" in parts.path:
        return ""
    path = parts.path.lstrip("/") if parts.path.startswith("/") else f"{folder}{parts.path}"
    path = normpath(path)
    # A path that leads out of the project is a trick to reach other pages of the forge.
    return "" if path.startswith("..") or "@" in path else path


_INSTALL = compile_lazily(
    r"install|\bpip\b|\buv (add|sync|run)\b|\bconda\b|\bpoetry (add|install)\b|docker (run|pull)"
    r"|docker[- ]compose\b",
    re.IGNORECASE,
)


@rule("DOC002", SHOULD, kinds=PACKAGE, when=lambda facts: facts.has(*_READMES))
def how_to_install(facts: Facts) -> Iterator[Hit]:
    """The README, or a page that it leads to, says how to install the package.

    Why: It is the first thing that a new user needs to know.

    How: Give the command, or a link to the page that does. A file `INSTALL` will do.

    Source: [packaging guide](https://packaging.python.org/en/latest/guides/making-a-pypi-friendly-readme/);
    [Read the Docs: what to write](https://www.writethedocs.org/guide/writing/beginners-guide-to-docs/#what-to-write).
    """
    path = facts.first(*_READMES) or ""
    text = facts.text(path)
    leads_on = re.search(
        r"(?i)documentation|\bdocs\b|readthedocs|\.pages\.|\b(?:web|home) ?(?:site|page)|wiki\b",
        text,
    )
    if text and not (_INSTALL.search(text) or leads_on or facts.paths("INSTALL*", "install.*")):
        yield Hit(path, 1, "new users cannot see how to install this: add the command")


GITLAB = (
    "To make it easy for you to get started with GitLab, here's a list of recommended next steps",
    "Already a pro? Just edit this README.md and make it your own",
    "Choose a self-explaining name for your project.",
    "Every project is different, so consider which of these sections apply to yours",
)
"""Sentences of the README that GitLab puts into a new project."""


@rule("DOC003", SHOULD, when=lambda facts: facts.has(*_READMES))
def own_words(facts: Facts) -> Iterator[Hit]:
    """The README is about this project.

    Why: The page that GitLab puts into every new project says nothing about this one.

    How: Replace its sections, and delete those that stay empty.

    Source: [GitLab: create a project](https://docs.gitlab.com/user/project/): a new project can be
    initialized with a README.
    """
    path = facts.first(*_READMES) or ""
    for number, line in enumerate(facts.lines(path), 1):
        if any(sentence in line for sentence in GITLAB):
            yield Hit(
                path,
                number,
                "this is GitLab's text for any new project: write what this one is for",
            )
            return


_BADGE = compile_lazily(
    r"https?://([\w.-]+)/([\w./~-]{1,200}?)/(?:-/)?(?:badges|jobs/artifacts)/", re.IGNORECASE
)


def _paths_on_forges(facts: Facts) -> dict[str, set[str]]:
    """The paths of the project on each forge that the metadata names."""
    found: dict[str, set[str]] = {}
    for address in facts.package.table("urls").values():
        match = re.match(r"https?://([\w.-]+)/([\w./~-]+)", str(address))
        if match:
            path = match[2].partition("/-/")[0].removesuffix(".git").strip("/")
            found.setdefault(match[1].lower(), set()).add(path.lower())
    return found


@rule(
    "DOC004",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.has(*_READMES) and _paths_on_forges(facts),
)
def own_badges(facts: Facts) -> Iterator[Hit]:
    """Badges show the state of this project.

    Why: A badge copied from another project shows whether that project passes.

    How: Put the path of this project into the address of the badge.

    Source: [GitLab: badges](https://docs.gitlab.com/user/project/badges/); LISA packages copy badge
    jobs from each other byte for byte.
    """
    path, paths_on_forges = facts.first(*_READMES) or "", _paths_on_forges(facts)
    for number, line in enumerate(facts.lines(path), 1):
        for match in _BADGE.finditer(line):
            known = paths_on_forges.get(match[1].lower())
            if known and not any(match[2].lower().startswith(own) for own in known):
                message = (
                    f"this badge shows the state of {match[2]}: put your project into its address"
                )
                yield Hit(path, number, message, column=match.start() + 1)


_CONF = ("docs/conf.py", "doc/conf.py", "docs/source/conf.py", "doc/source/conf.py")
_RELEASE = compile_lazily(
    r"^(release|version)\s*=\s*(['\"])(\d[\w.+-]*)\2\s*(?:#.*)?$", re.MULTILINE
)


@rule("DOC005", SHOULD, kinds=PACKAGE, when=lambda facts: facts.is_built and facts.first(*_CONF))
def version_of_pages(facts: Facts) -> Iterator[Hit]:
    """The documentation takes its version from the package.

    Why: Otherwise the pages soon show a version that they do not describe.

    How: In `conf.py`, write `release = importlib.metadata.version("name-of-the-package")`. What
    builds the pages has to install the package for that: on Read the Docs, `python.install` with
    `path: .` and `method: pip`. Where the tool that raises the version is told of `conf.py`, it may
    stay.

    Source: [Sphinx](https://www.sphinx-doc.org/en/master/usage/configuration.html#confval-release);
    [single-sourcing the version](https://packaging.python.org/en/latest/discussions/single-source-version/).
    """
    path = facts.first(*_CONF) or ""
    if _is_raised_by_tool(facts, path):
        return
    stated = facts.package.text("version")
    found: list[re.Match[str]] = []
    for match in _RELEASE.finditer(facts.text(path)):
        # A short version is a part of the long one.
        same = stated == match[3] or (match[1] == "version" and stated.startswith(f"{match[3]}."))
        found += [] if same or _is_of_interface(facts, match[3]) else [match]
    if found:
        lines = [facts.text(path).count("\n", 0, match.start()) + 1 for match in found]
        told = f"but the package has {stated}" if stated else "whatever the package has"
        message = (
            f"`{found[0][1]}` stays {found[0][3]}, {told}: use `importlib.metadata.version`"
            f"{_explain_install(facts)}{count_more(lines)}"
        )
        yield Hit(path, lines[0], message)


_ITSELF = compile_lazily(r"(?m)^\s*(?:-\s+)?(?:(?:-e|--editable)[ =]+)?\.{1,2}(?:/\S*)?(?:\[\S*)?$")


def _explain_install(facts: Facts) -> str:
    """What Read the Docs has to do besides, where nothing there installs the package."""
    path = facts.first(*_READTHEDOCS)
    document = facts.yaml(path or "")
    # Commands of its own may install it in ways that nothing here knows.
    own = document.get("build", "commands") or document.get("build", "jobs")
    if not path or not isinstance(document.data, dict) or document.problem or own:
        return ""
    installed = document.items("python", "install")
    if any(isinstance(each, dict) and each.get("path") is not None for each in installed):
        return ""
    keys: list[Keys] = [("conda", "environment")]
    keys += [("python", "install", index, "requirements") for index, _ in enumerate(installed)]
    named = [str(document.get(*each, default="")) for each in keys]
    name = normalize_name(facts.package.text("name"))
    for text in (facts.text(normpath(each)) for each in named if each):
        if _ITSELF.search(text) or (name and name in normalize_name(text)):
            return ""
    return f", and let {path} install the package (`path: .` under `python.install`)"


# What raises the version of a package, by its settings: commitizen, bump-my-version and the like.
_RAISING = ("commitizen", "bumpversion", "bumpver", "tbump", "semantic_release", "hatch")
_RAISING_FILES = (
    *(
        ".bumpversion.cfg",
        ".bumpversion.toml",
        "tbump.toml",
        "bumpver.toml",
        "release-please*.json",
    ),
    *(".cz.*", "cz.*", "releaserc.*", ".releaserc*"),
)


def _is_raised_by_tool(facts: Facts, path: str) -> bool:
    """Whether the settings of a tool that raises the version name a file."""
    tables = (str(facts.pyproject.get("tool", name)) for name in _RAISING)
    files = map(facts.text, facts.paths(*_RAISING_FILES))
    named = f"bumpversion:file:{path}" in facts.text("setup.cfg")
    return named or any(path in text for text in (*tables, *files))


def _is_of_interface(facts: Facts, version: str) -> bool:
    """Whether the pages are of a version of an interface, which its addresses have."""
    address = re.compile(rf"\bapi/v?{re.escape(version)}\b")
    pages = facts.paths("**/*.rst", "**/*.md")
    return any("api/" in text and address.search(text) for text in map(facts.text, pages))


_FORMAT = 2
_READTHEDOCS = (".readthedocs.yaml", ".readthedocs.yml")


_MAY_MAKE = frozenset(
    [
        *("post_checkout", "pre_system_dependencies", "post_system_dependencies"),
        *("pre_create_environment", "create_environment", "post_create_environment"),
        *("pre_install", "install", "post_install", "pre_build", "build"),
    ]
)
"""Jobs of Read the Docs that run before its own build is over, and may write files."""

_KEYS: dict[Keys, frozenset[str]] = {
    (): frozenset(
        [
            *("version", "formats", "python", "conda", "build", "sphinx", "mkdocs"),
            *("submodules", "search"),
        ]
    ),
    ("python",): frozenset(["install"]),
    ("conda",): frozenset(["environment"]),
    ("build",): frozenset(["os", "tools", "apt_packages", "jobs", "commands"]),
    ("build", "jobs"): _MAY_MAKE | {"post_build"},
    ("sphinx",): frozenset(["builder", "configuration", "fail_on_warning"]),
    ("mkdocs",): frozenset(["configuration", "fail_on_warning"]),
    ("submodules",): frozenset(["include", "exclude", "recursive"]),
    ("search",): frozenset(["ranking", "ignore"]),
}
"""The keys that Read the Docs knows, by those above them; it refuses every other."""

_NOW = {
    "build.image": "build.os",
    "python.version": "build.tools.python",
    **dict.fromkeys(
        [
            *("requirements_file", "python.requirements", "python.extra_requirements"),
            *("python.pip_install", "python.setup_py_install"),
        ],
        "python.install",
    ),
    "conda.file": "conda.environment",
}


def _find_refused(document: Document) -> list[Keys]:
    """The keys that Read the Docs does not know."""
    tables = {above: document.get(*above) if above else document.data for above in _KEYS}
    return [
        (*above, key)
        for above, table in tables.items()
        if isinstance(table, dict)
        for key in table
        if key not in _KEYS[above]
    ]


def _tell_refused(keys: Keys) -> str:
    name = ".".join(map(str, keys))
    return f"delete `{name}`" + (f" (now `{_NOW[name]}`)" if name in _NOW else "")


@rule("DOC006", MUST, when=lambda facts: facts.first(*_READTHEDOCS))
def read_the_docs(facts: Facts) -> Iterator[Hit]:
    """The configuration of Read the Docs is complete, and names keys and files that exist.

    Why: Otherwise Read the Docs does not build the pages.

    How: Give `version: 2`, `build` with `os` and `tools`, and the path of `conf.py` or
    `mkdocs.yml`. Delete keys that Read the Docs does not know, such as `build.image`.

    Source: [Read the Docs](https://docs.readthedocs.com/platform/stable/config-file/v2.html).
    """
    path = facts.first(*_READTHEDOCS) or ""
    document = facts.yaml(path)
    if not isinstance(document.data, dict) or document.problem or not document:
        return
    is_old = document.get("version") != _FORMAT
    # Commands of its own may fetch their tools themselves.
    wanted = ("os",) if document.get("build", "commands") else ("os", "tools")
    missing = [f"`{key}`" for key in wanted if document.get("build", key) is None]
    remedies = [f"write `version: {_FORMAT}`"] if is_old else []
    remedies += [f"add {join_words(missing)} below `build`"] if missing else []
    refused = sorted(_find_refused(document), key=lambda keys: document.line(*keys))
    remedies += map(_tell_refused, refused)
    if remedies:
        at: Keys = ("version",) if is_old else ("build",) if missing else refused[0]
        line = document.line(*at)
        message = f"Read the Docs refuses this file: {join_words(remedies)}"
        yield Hit(path, line, message)
    jobs = document.get("build", "jobs")
    if document.get("build", "commands") or (isinstance(jobs, dict) and _MAY_MAKE & jobs.keys()):
        return  # they may make what is named
    named: list[Keys] = [("sphinx", "configuration"), ("mkdocs", "configuration")]
    installed = document.items("python", "install")
    named += [("python", "install", index, "requirements") for index, _ in enumerate(installed)]
    for keys in named:
        target = document.get(*keys)
        if isinstance(target, str) and not is_there(facts, normpath(target)):
            yield Hit(
                path,
                document.line(*keys),
                f"{target} does not exist, so the pages cannot be built: correct the path",
            )


_DEAD = {
    "travis-ci.org": "was closed in 2021",
    "lgtm.com": "was closed in 2022",
    "requires.io": "was closed in 2022",
    "landscape.io": "was closed in 2019",
    "codecov.io/bash": "was switched off in 2022",
}
_DEAD_ADDRESS = compile_lazily(
    rf"https?://(?:[\w-]+\.)*({'|'.join(map(re.escape, _DEAD))})(?![\w.-]*\w\.)"
)
_DEAD_FILES = {
    **dict.fromkeys((".lgtm.yml", "lgtm.yml"), "lgtm.com"),
    **dict.fromkeys((".landscape.yml", ".landscape.yaml"), "landscape.io"),
}
_RUN_BY = (".travis.yml", ".gitlab-ci.yml", ".gitlab/**.yml", ".github/workflows/*", "tox.ini")


_BEGINS_COMMENT = compile_lazily(r"\.\.(?:\s*$|\s+(?![_\[|])(?!\S[^\n]*::))")


def _hide_comments(path: str, lines: Sequence[str]) -> Iterator[str]:
    """The lines of a page or of settings, empty where they are comments, whole or at their end."""
    is_rst, is_page = path.endswith(".rst"), path in _READMES
    ends = ""
    for line in lines:
        if is_rst:
            is_inside = ends and (not line.strip() or line[:1].isspace())
            ends = ".." if is_inside or _BEGINS_COMMENT.match(line) else ""
            yield "" if ends else line
        elif is_page:
            shown = "" if ends else line.partition("<!--")[0]
            rest = line if ends else line[len(shown) :]
            _, closed, last = rest.rpartition("-->")
            ends = "-->" if (rest and not closed) or "<!--" in last else ""
            yield shown + ("" if ends else last)
        else:
            yield re.split(r"(?:^|\s)#", line, maxsplit=1)[0]


# What names an address for links elsewhere on the page.
_DEFINES = compile_lazily(r"\s{0,20}(?:\.\. [_|]|\[[^\]\n]{1,100}\]:)")


@rule("DOC007", SHOULD)
def services_live(facts: Facts) -> Iterator[Hit]:
    """No page, job or file relies on a service that is closed.

    Why: A badge shows nothing, or the advertisement of whoever bought the name; a job fails or
    uploads nothing.

    How: Delete the badge or the line, or switch to a service that replaces it.

    Source: [Travis CI](https://docs.travis-ci.com/user/migrate/open-source-repository-migration),
    [LGTM](https://github.blog/news-insights/product-news/the-next-step-for-lgtm-com-github-code-scanning/),
    [Codecov](https://docs.codecov.com/docs/about-the-codecov-bash-uploader).
    """
    for path in facts.paths(*_DEAD_FILES):
        service = _DEAD_FILES[path]
        yield Hit(path, 1, f"{service} {_DEAD[service]}, so nothing reads this file: delete it")
    for path in facts.paths(*_READMES, *_RUN_BY):
        text = facts.text(path)
        if not any(name in text for name in _DEAD):
            continue
        found = [
            (number, match)
            for number, line in enumerate(_hide_comments(path, facts.lines(path)), 1)
            if (match := _DEAD_ADDRESS.search(line[:_LONGEST_LINE]))
        ]
        if found:
            number, match = found[0]
            more = count_more([at for at, _ in found])
            is_used = any(_DEFINES.match(each.string) for _, each in found)
            rest = " with what uses it, or write another address" if is_used else ""
            message = f"{match[1]} {_DEAD[match[1]]}, so this is of no use: delete it{rest}"
            yield Hit(path, number, f"{message}{more}")
