"""Settings of tools: strict, in the file that the tool reads, and true to the project."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import islice
from posixpath import normpath

from lisa_scaffold.formats.document import Document, Key, Keys
from lisa_scaffold.formats.edit import (
    Change,
    add_item,
    move_key,
    remove_key,
    replace_item,
    set_value,
)
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.files import is_there
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import SHOULD, UNSAFE, Hit, count_more, join_words, rule
from lisa_scaffold.rules.tools import find_oldest_pin, has_tests, runs_can_be_seen

TOML = "pyproject.toml"

Place = tuple[Document, tuple[str, ...]]

# In the order in which a tool looks: the first one wins.
_PYTEST = (
    *(("pytest.toml", "pytest"), (".pytest.toml", "pytest")),
    *(("pytest.ini", "pytest"), (".pytest.ini", "pytest"), (TOML, "tool", "pytest", "ini_options")),
    *((TOML, "tool", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")),
)
_RUFF = ((".ruff.toml",), ("ruff.toml",), (TOML, "tool", "ruff"))
_MYPY = (("mypy.ini", "mypy"), (".mypy.ini", "mypy"), (TOML, "tool", "mypy"), ("setup.cfg", "mypy"))
_COVERAGE = (
    *((".coveragerc", "run"), ("setup.cfg", "coverage:run"), ("tox.ini", "coverage:run")),
    (TOML, "tool", "coverage", "run"),
)
_PLACES = {"pytest": _PYTEST, "ruff": _RUFF, "mypy": _MYPY, "coverage": _COVERAGE}


def _read(facts: Facts, path: str) -> Document:
    return facts.toml(path) if path.endswith(".toml") else facts.ini(path)


def _find_settings(facts: Facts, where: tuple[tuple[str, ...], ...]) -> list[Place]:
    """Where a tool has settings; it reads only the first place."""
    found: list[Place] = []
    for path, *keys in where:
        if facts.has(path):
            document = _read(facts, path)
            value = document.get(*keys)
            is_own_file = path.endswith(("pytest.ini", "pytest.toml", "mypy.ini", "ruff.toml"))
            is_outer = (
                keys == ["tool", "pytest"] and isinstance(value, dict) and "ini_options" in value
            )
            if (value or is_own_file) and not is_outer:
                found.append((document, tuple(keys)))
    return found


def _uses_pytest(facts: Facts) -> bool:
    """Whether pytest has settings, or surely has none."""
    if any(facts.has(path) and _read(facts, path).problem for path, *_ in _PYTEST):
        return False
    if _find_settings(facts, _PYTEST):
        return True
    # Settings may stand in a folder, and be named by a command.
    elsewhere = any(path.endswith("pytest.ini") for path in facts.files)
    runs = runs_can_be_seen(facts) and has_tests(facts) and facts.automation.names("pytest")
    return runs and not elsewhere


def find_pytest_options(facts: Facts) -> tuple[Document, Keys, str] | None:
    """The options that settings give to pytest, with the file and the keys of them."""
    for document, keys in _find_settings(facts, _PYTEST)[:1]:
        options = document.get(*keys, "addopts")
        if options:
            joined = shlex.join(map(str, options)) if isinstance(options, list) else str(options)
            return document, (*keys, "addopts"), joined
    return None


_STRICT = {
    "unknown markers": ("--strict-markers", "strict_markers", "strict"),
    "unknown settings": ("--strict-config", "strict_config", "strict"),
    "unexpected passes": (
        "",
        "xfail_strict",
        "strict_xfail",
        "strict",
    ),
}


@rule("QTY005", SHOULD, when=_uses_pytest, fixes=UNSAFE, strict=True)
def pytest_is_strict(facts: Facts) -> Iterator[Hit]:
    """Unknown markers, unknown settings and unexpected passes make pytest fail.

    Why: Otherwise a misspelt marker or setting is ignored, so the wrong tests run, or none; and a
    test that unexpectedly passes goes unnoticed.

    How: Write `addopts = ["--strict-config", "--strict-markers"]` and `xfail_strict = true` under
    `[tool.pytest.ini_options]`.

    Source: [good practices of pytest](https://docs.pytest.org/en/stable/explanation/goodpractices.html#using-pytest-s-strict-mode).
    """
    document, keys = (_find_settings(facts, _PYTEST) or [(Document(TOML), ())])[0]
    missing = {
        what: names
        for what, names in _STRICT.items()
        if not any(
            str(document.get(*keys, name)).strip().lower() in ("true", "1", "yes", "on")
            for name in names[1:]
        )
        and not (names[0] and names[0] in facts.automation.text)
    }
    if missing:
        fix = None
        if keys[-1:] == ("ini_options",):
            fix = Fix.edit(TOML, *_add_strict_options(document, keys, list(missing.values())))
        options = "`, `".join(names[0] or "xfail_strict = true" for names in missing.values())
        message = f"pytest silently accepts {join_words([*missing])}: add `{options}`"
        yield Hit(document.path, document.line(*keys), message, fix=fix)


def _add_strict_options(
    document: Document, keys: tuple[str, ...], missing: list[tuple[str, ...]]
) -> Iterator[Change]:
    """Add what is missing, options in the form that the others have."""
    flags = [names[0] for names in missing if names[0]]
    at = (*keys, "addopts")
    options = document.get(*at)
    match options:
        case list():
            yield from (add_item(at, quoted(flag)) for flag in flags)
        case str() if flags:
            yield set_value(at, quoted(" ".join([options.strip(), *flags]).strip()))
        case None if flags:
            yield set_value(at, f"[ {', '.join(map(quoted, flags))} ]")
    if any(not names[0] for names in missing):
        yield set_value((*keys, "xfail_strict"), "true")


@rule("QTY006", SHOULD, when=lambda facts: _find_settings(facts, _PYTEST), strict=True)
def warnings_are_errors(facts: Facts) -> Iterator[Hit]:
    """A warning makes a test fail.

    Why: A warning says what the next version of a dependency will break, while there is still time;
    nobody reads it in the log of a run that passes.

    How: Write `filterwarnings = ["error"]` under `[tool.pytest.ini_options]`, and after `"error"`
    the warnings that you cannot avoid, as `"ignore:…"`.

    Source: [pytest: warnings](https://docs.pytest.org/en/stable/how-to/capture-warnings.html#controlling-warnings).
    """
    document, keys = _find_settings(facts, _PYTEST)[0]
    filters = document.get(*keys, "filterwarnings")
    lines = filters if isinstance(filters, list) else str(filters or "").split("\n")
    in_command = re.search(r"-W[ \"',]*error", facts.automation.text)
    if not in_command and not any(str(line).strip().startswith("error") for line in lines):
        line = document.line(*keys, "filterwarnings")
        yield Hit(
            document.path,
            line,
            'nobody sees warnings of passing tests: write `filterwarnings = ["error"]`',
        )


# What stands before a file that a command, or a variable, names as the configuration.
_BEFORE_SETTINGS = compile_lazily(
    r"(?<![\w-])(?:-c|--[\w-]*config[\w-]*|--rcfile|\w*(?:RCFILE|CONFIG(?:_FILE)?))"
    r"[ =:\"',]+(?:\./|[^\s\"']*/)?\Z"
)
_LONGEST_BEFORE = 200
_MOST_NAMED = 1000


def _is_named(path: str, automation: str) -> bool:
    """Whether a file is named as the configuration of a tool anywhere in what is run."""
    places = islice(re.finditer(re.escape(path), automation), _MOST_NAMED)
    befores = (automation[max(0, at.start() - _LONGEST_BEFORE) : at.start()] for at in places)
    return any(_BEFORE_SETTINGS.search(before) for before in befores)


@rule("QTY007", SHOULD)
def settings_are_read(facts: Facts) -> Iterator[Hit]:
    """The settings of a tool are where it reads them.

    Why: A tool reads only one file. It silently ignores a second one, and whoever changes that
    wonders why nothing happens.

    How: Merge the two files, and delete one.

    Source: [pytest](https://docs.pytest.org/en/stable/reference/customize.html#configuration-file-formats),
    [ruff](https://docs.astral.sh/ruff/configuration/#config-file-discovery),
    [mypy](https://mypy.readthedocs.io/en/stable/config_file.html),
    [coverage](https://coverage.readthedocs.io/en/latest/config.html).
    """
    automation = facts.automation.text
    for tool, where in _PLACES.items():
        places = _find_settings(facts, where)
        read = _extended(facts, tool, places)
        for document, keys in places[1:]:
            path = document.path
            if path in read:
                continue
            if not _is_named(path, automation):
                first = places[0][0].path
                remedy = "move it there"
                if _says_same(places[0], (document, keys)):
                    remedy = "delete it, as it says the same"
                message = f"{tool} reads only {first} and ignores this: {remedy}"
                yield Hit(path, document.line(*keys), message)
    if facts.pyproject.get("tool", "flake8"):
        plugins = ("flake8-pyproject", "pyproject-flake8", "pflake8", "flakeheaven", "flake9")
        told = (automation, *map(facts.text, facts.paths(*_INSTALLED)))
        if not any(name in text.lower() for text in told for name in plugins):
            line = facts.pyproject.line("tool", "flake8")
            message = "flake8 does not read this file: move the settings to .flake8, or delete them"
            yield Hit(TOML, line, message)


def _says_same(first: Place, other: Place) -> bool:
    """Whether all that stands at one place stands at the first, too."""
    there, here = (document.get(*keys) for document, keys in (first, other))
    if not isinstance(here, dict) or not isinstance(there, dict):
        return False
    return all(name in there and there[name] == value for name, value in here.items())


# Where requirements of a desk or a pipeline are listed, whatever the folder.
_INSTALLED = (
    *("**/*requirements*.txt", "**/*requirements*.in", "**/requirements/*", "**/environment*.y*ml"),
    *("**/Dockerfile*", "Pipfile"),
)


def _extended(facts: Facts, tool: str, places: list[Place]) -> set[str]:
    """The files that the first one takes in, one through the other."""
    found: set[str] = set()
    document = places[0][0] if places and tool == "ruff" else None
    while document is not None:
        above = ("tool", "ruff") if document.path == TOML else ()
        path = normpath(str(document.get(*above, "extend", default="")) or "-")
        if path in found or not facts.has(path):
            break
        found.add(path)
        document = facts.toml(path)
    return found


_PATHS = (
    *((_PYTEST, "testpaths", "pytest looks for tests in"), (_MYPY, "files", "mypy looks at")),
    *((_MYPY, "mypy_path", "mypy looks into"), (_COVERAGE, "source", "coverage measures")),
    (_COVERAGE, "source_pkgs", "coverage measures"),
)


@rule("QTY008", SHOULD, when=lambda facts: facts.is_checkout)
def paths_exist(facts: Facts) -> Iterator[Hit]:
    """The paths in the settings of tools exist.

    Why: If a folder was renamed, the tool now checks nothing, or everything.

    How: Write the current name of the folder.

    Source: [pytest: testpaths](https://docs.pytest.org/en/stable/reference/reference.html#confval-testpaths),
    [coverage: source](https://coverage.readthedocs.io/en/latest/source.html).
    """
    for where, name, verb in _PATHS:
        for document, keys in _find_settings(facts, where)[:1]:
            if name == "testpaths" and _names_modules(facts, document, keys):
                continue
            value = document.get(*keys, name)
            if isinstance(value, list):
                paths = [each for each in value if isinstance(each, str)]
            else:
                paths = _split(value, name) if isinstance(value, str) else []
            gone = [(at, path) for at, path in enumerate(paths) if not _exists(facts, path, name)]
            if gone:
                item: tuple[Key, ...] = (gone[0][0],) if isinstance(value, list) else ()
                line = document.line(*keys, name, *item)
                which = "which do not exist: correct the names"
                if not gone[1:]:
                    which = "which does not exist: correct the name"
                told = join_words([path for _, path in gone])
                yield Hit(document.path, line, f"{verb} {told}, {which}")


def _split(text: str, name: str) -> list[str]:
    """The paths in one text: pytest reads it as a shell does, the others between commas too."""
    if name != "testpaths":
        return [each for each in re.split(r"[\s,]+", text) if each]
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _names_modules(facts: Facts, document: Document, keys: tuple[str, ...]) -> bool:
    """Whether pytest is told that its arguments are modules, wherever these are installed."""
    return "--pyargs" in str(document.get(*keys, "addopts")) or "--pyargs" in facts.automation.text


def _exists(facts: Facts, path: str, key: str) -> bool:
    """Whether a path exists, as far as that can be told."""
    if path.startswith(("/", "~", "..")) or re.search(r"[$*?{:]", path):
        return True
    plain = path.removeprefix("./").rstrip("/")
    if key.startswith("source") and "/" not in plain:
        # It may be the name of a package, which is in a folder of any name.
        name = plain.partition(".")[0]
        own = {each.partition(".")[0] for each in facts.layout.names}
        if not own or name in own:
            return True
        # A module may lie wherever the tests, or a command, put it on the path.
        module = re.compile(rf"(?:.*/)?{re.escape(name)}(?:/.*|\.pyi?)")
        if any(module.fullmatch(each) for each in facts.files):
            return True
    return is_there(facts, plain)


# --- ruff -----------------------------------------------------------------------------------------

_LINT = (
    *("allowed-confusables", "dummy-variable-rgx", "explicit-preview-rules", "extend-fixable"),
    *("extend-ignore", "extend-per-file-ignores", "extend-safe-fixes", "extend-select"),
    *("extend-unsafe-fixes", "external", "fixable", "flake8-annotations", "flake8-bandit"),
    *("flake8-bugbear", "flake8-builtins", "flake8-comprehensions", "flake8-copyright"),
    *("flake8-errmsg", "flake8-gettext", "flake8-implicit-str-concat"),
    *("flake8-import-conventions", "flake8-pytest-style", "flake8-quotes", "flake8-self"),
    *("flake8-tidy-imports", "flake8-type-checking", "flake8-unused-arguments", "ignore"),
    *("ignore-init-module-imports", "isort", "logger-objects", "mccabe", "pep8-naming"),
    *("per-file-ignores", "pycodestyle", "pydocstyle", "pyflakes", "pylint", "pyupgrade", "select"),
    *("task-tags", "typing-modules", "unfixable"),
)


@rule("QTY009", SHOULD, when=lambda facts: _find_settings(facts, _RUFF), fixes=True)
def ruff_table(facts: Facts) -> Iterator[Hit]:
    """Settings of ruff's linter are under `lint`.

    Why: ruff warns at every run that the old place is deprecated, and will stop reading it.

    How: Move them from `[tool.ruff]` to `[tool.ruff.lint]`.

    Source: [ruff 0.2](https://astral.sh/blog/ruff-v0.2.0).
    """
    document, keys = _find_settings(facts, _RUFF)[0]
    old = [name for name in _LINT if document.get(*keys, name) is not None]
    if not old or find_oldest_pin(facts, "ruff") < (0, 1, 6):
        return
    changes = [move_key((*keys, name), (*keys, "lint", name)) for name in old]
    text = facts.text(document.path)
    all_move = all(change(text) != text for change in changes)
    fix = Fix.edit(document.path, *changes) if all_move else None
    lines = [document.line(*keys, name) for name in old]
    right = ".".join((*keys, "lint", old[0]))
    message = f"ruff will stop reading this here: move it to `{right}`{count_more(lines)}"
    yield Hit(document.path, lines[0], message, fix=fix)


# Rules that were removed: the version of ruff, and the rule that took the place.
_REMOVED = {
    **dict.fromkeys(("ANN101", "ANN102", "E999", "PT004", "PT005", "UP027"), ((0, 8, 0), "")),
    **dict.fromkeys(("PD901", "UP038"), ((0, 13, 0), "")),
    "S320": ((0, 12, 0), ""),
    "S410": ((0, 3, 0), ""),
    "PLR1706": ((0, 2, 0), ""),
    "PGH001": ((0, 2, 0), "S307"),
    "PGH002": ((0, 2, 0), "G010"),
    "PLR1701": ((0, 5, 0), "SIM101"),
    "RUF011": ((0, 2, 0), "B035"),
    "RUF035": ((0, 10, 0), "S704"),
    "TRY200": ((0, 2, 0), "B904"),
}
_CODES = ("select", "extend-select", "ignore", "extend-ignore", "fixable", "unfixable")


@rule("QTY010", SHOULD, when=lambda facts: _find_settings(facts, _RUFF), fixes=True)
def ruff_rules(facts: Facts) -> Iterator[Hit]:
    """The rules in ruff's settings exist.

    Why: ruff refuses to start if a removed rule is selected, and warns at every run if one is
    ignored.

    How: Delete it, or write the rule that replaced it.

    Source: [ruff's rules](https://docs.astral.sh/ruff/rules/).
    """
    document, keys = _find_settings(facts, _RUFF)[0]
    found: dict[str, list[tuple[str, int, Fix]]] = {}
    for above in ((), ("lint",)):
        for name in _CODES:
            at = (*keys, *above, name)
            items = [each for each in document.items(*at) if isinstance(each, str)]
            for index, code in enumerate(document.items(*at)):
                removed, other = _REMOVED.get(str(code), ((), ""))
                if removed and removed <= find_oldest_pin(facts, "ruff"):
                    new = quoted(other) if other and other not in items else None
                    fix = Fix.edit(document.path, replace_item(at, str(code), new))
                    line = document.line(*at, index)
                    found.setdefault(other, []).append((str(code), line, fix))
    for other, removals in found.items():
        codes = [code for code, _, _ in removals]
        steps = tuple(step for _, _, fix in removals for step in fix.steps)
        gone = "as they were removed" if codes[1:] else "as it was removed"
        remedy = f"write {other}" if other else f"delete {'them' if codes[1:] else 'it'}"
        more = count_more([line for _, line, _ in removals])
        message = f"ruff warns about {join_words(codes)} or stops, {gone}: {remedy}{more}"
        yield Hit(document.path, removals[0][1], message, fix=Fix(steps))


_LOOK_INSIDE = ("strict", "check_untyped_defs", "disallow_untyped_defs", "disallow_incomplete_defs")
_LOOK_INSIDE_OPTION = compile_lazily(
    r"mypy.{0,200}--(?:strict|check-untyped-defs|disallow-(?:untyped|incomplete)-defs)(?![\w-])"
)


@rule("QTY011", SHOULD, when=lambda facts: _find_settings(facts, _MYPY), fixes=UNSAFE, strict=True)
def mypy_looks(facts: Facts) -> Iterator[Hit]:
    """Functions without annotations are type-checked too.

    Why: By default mypy silently skips them, so a run that passes may have checked nothing.

    How: Write `strict = true`, or `check_untyped_defs = true` in a project that has few annotations
    so far.

    Source: [mypy: existing code](https://mypy.readthedocs.io/en/stable/existing_code.html).
    """
    document, keys = _find_settings(facts, _MYPY)[0]
    if any(document.get(*keys, name) is not None for name in _LOOK_INSIDE):
        return
    if not _LOOK_INSIDE_OPTION.search(facts.automation.text):
        fix = None
        if document.path == TOML:
            fix = Fix.edit(TOML, set_value((*keys, "check_untyped_defs"), "true"))
        message = "mypy skips functions without annotations: write `check_untyped_defs = true`"
        yield Hit(document.path, document.line(*keys), message, fix=fix)


_SAME_AS = {"extend-ignore": "ignore", "extend-unfixable": "unfixable"}


@rule("QTY020", SHOULD, fixes=True, strict=True)
def settings_of_today(facts: Facts) -> Iterator[Hit]:
    """No setting is obsolete.

    Why: An obsolete setting does nothing, or the same as another one, and readers wonder what the
    difference is.

    How: For ruff, write `ignore` and `unfixable` instead of `extend-ignore` and `extend-unfixable`.
    For mypy, delete `show_error_codes`: it always shows them.

    Source: [ruff: extend-ignore](https://docs.astral.sh/ruff/settings/#lint_extend-ignore),
    [mypy 0.990](https://mypy.readthedocs.io/en/stable/changelog.html).
    """
    for document, keys in _find_settings(facts, _RUFF)[:1]:
        # Beside `extend` the two are not the same: the one adds, the other replaces.
        if document.get(*keys, "extend") is not None:
            continue
        for above in ((), ("lint",)):
            for old, new in _SAME_AS.items():
                at, to = (*keys, *above, old), (*keys, *above, new)
                if document.get(*at) is not None:
                    fix = None
                    if document.get(*to) is None:
                        fix = Fix.edit(document.path, move_key(at, to))
                    message = f"`{old}` is outdated and means the same as `{new}`: write `{new}`"
                    yield Hit(document.path, document.line(*at), message, fix=fix)
    for document, keys in _find_settings(facts, _MYPY)[:1]:
        at = (*keys, "show_error_codes")
        if document.get(*at) is not None:
            fix = Fix.edit(TOML, remove_key(at)) if document.path == TOML else None
            message = "mypy shows error codes anyway: delete `show_error_codes`"
            yield Hit(document.path, document.line(*at), message, fix=fix)
