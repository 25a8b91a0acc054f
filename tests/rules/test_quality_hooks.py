"""Hooks of pre-commit, and their versions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from lisa_scaffold.rules.quality_hooks import _is_cheap

from ..support.checking import clean, edited, findings, fixed, found, messages, text

HOOKS = ".pre-commit-config.yaml"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PCH = "https://github.com/pre-commit/pre-commit-hooks"
RUFF = "https://github.com/astral-sh/ruff-pre-commit"


def hooks(content: str, **files: str) -> dict[str, Any]:
    """A folder of nothing but hooks, and what else is given."""
    return {HOOKS: content, "a.py": "", **files}


def one(repo: str, rev: str, *lines: str) -> dict[str, Any]:
    """One hook, each line of it."""
    entry = "\n        ".join(lines)
    return hooks(f"repos:\n  - repo: {repo}\n    rev: {rev}\n    hooks:\n      - {entry}\n")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("exclude: a\n", 1, "no list `repos`, so pre-commit stops: add it"),
        ("repos:\n  - 3\n", 2, "no `repo`, so pre-commit stops: add the address of the repository"),
        (
            "repos:\n  - repo: https://x.org/a\n    rev: v1\n",
            2,
            "no `hooks`, so pre-commit stops: list the hooks to run",
        ),
        (
            "repos:\n  - repo: https://x.org/a\n    hooks: []\n",
            2,
            "https://x.org/a has no `rev`, so pre-commit stops: add a version tag",
        ),
        (
            "repos:\n  - repo: local\n    hooks:\n      - name: a\n",
            4,
            "no `id`, so pre-commit stops: name the hook",
        ),
        (
            "files: '('\nrepos: []\n",
            1,
            "`files` is not a regular expression, so pre-commit stops: correct it",
        ),
    ],
)
def test_what_pre_commit_refuses(content: str, line: int, message: str) -> None:
    assert found(hooks(content), "QTY") == [("QTY012", HOOKS, line)]
    assert messages(hooks(content), "QTY") == [message]


def test_what_pre_commit_reads() -> None:
    local = "repos:\n  - repo: meta\n    hooks: [{id: identity}]\n  - repo: local\n    hooks: []\n"
    assert found(hooks(local), "QTY") == []
    assert found({"a.py": ""}, "QTY") == []


@pytest.mark.parametrize(
    ("repo", "rev", "name", "message"),
    [
        (
            PCH,
            "v4.6.0",
            "flake8",
            "v4.6.0 no longer has flake8, so pre-commit stops: use PyCQA/flake8",
        ),
        (
            PCH,
            "v4.3.0",
            "forbid-submodules",
            "v4.3.0 does not have forbid-submodules yet, so pre-commit stops: use 4.4 or newer",
        ),
        (
            f"{PCH}.git",
            "v6.0.0",
            "trailing-whitespaces",
            "pre-commit/pre-commit-hooks has no hook trailing-whitespaces, so pre-commit stops: "
            "did you mean trailing-whitespace?",
        ),
        (
            RUFF,
            "v0.9.0",
            "ruff-check",
            "v0.9.0 does not have ruff-check yet, so pre-commit stops: use 0.11.10 or newer",
        ),
        (
            RUFF,
            f"{COMMIT}  # frozen: v0.9.0",
            "ruff-check",
            "v0.9.0 does not have ruff-check yet, so pre-commit stops: use 0.11.10 or newer",
        ),
        (
            RUFF,
            "v0.0.250",
            "ruff-format",
            "v0.0.250 does not have ruff-format yet, so pre-commit stops: use 0.0.290 or newer",
        ),
    ],
)
def test_hooks_that_do_not_exist(repo: str, rev: str, name: str, message: str) -> None:
    files = one(repo, rev, f"id: {name}")
    assert found(files, "QTY") == [("QTY013", HOOKS, 5)]
    assert messages(files, "QTY") == [message]


@pytest.mark.parametrize(
    ("repo", "rev", "name"),
    [
        (PCH, "v3.4.0", "flake8"),
        (PCH, "v99.0.0", "something-new"),
        (PCH, "v0.1.0", "anything"),
        (PCH, COMMIT, "anything"),
        (PCH, f"{COMMIT}  # frozen: v99.0.0", "anything"),
        (RUFF, "v0.11.0", "ruff"),
        ("https://github.com/somebody/hooks", "v1.0", "anything"),
    ],
)
def test_hooks_that_may_exist(repo: str, rev: str, name: str) -> None:
    assert found(one(repo, rev, f"id: {name}"), "QTY") == []


GITHUB = "https://github.com"


@pytest.mark.parametrize(
    ("repo", "name", "last_without", "since"),
    [
        (RUFF, "ruff-format", "v0.0.289", "v0.0.290"),
        (RUFF, "ruff-check", "v0.11.9", "v0.11.10"),
        (PCH, "check-builtin-literals", "v1.1.1", "v1.2.0"),
        (PCH, "check-toml", "v2.2.3", "v2.3.0"),
        (PCH, "fix-byte-order-marker", "v3.2.0", "v3.3.0"),
        (PCH, "destroyed-symlinks", "v3.3.0", "v3.4.0"),
        (PCH, "check-shebang-scripts-are-executable", "v3.4.0", "v4.0.0"),
        (PCH, "forbid-submodules", "v4.3.0", "v4.4.0"),
        (PCH, "check-illegal-windows-names", "v4.6.0", "v5.0.0"),
        (f"{GITHUB}/pre-commit/pygrep-hooks", "python-no-eval", "v1.3.0", "v1.4.0"),
        (f"{GITHUB}/pre-commit/pygrep-hooks", "text-unicode-replacement-char", "v1.4.0", "v1.5.0"),
        (f"{GITHUB}/pre-commit/pygrep-hooks", "rst-inline-touching-normal", "v1.5.0", "v1.6.0"),
        (f"{GITHUB}/pre-commit/pygrep-hooks", "rst-directive-colons", "v1.6.0", "v1.7.0"),
        (
            f"{GITHUB}/pre-commit/pygrep-hooks",
            "python-check-blanket-type-ignore",
            "v1.8.0",
            "v1.9.0",
        ),
    ],
)
def test_a_hook_is_there_from_its_first_version_on(
    repo: str, name: str, last_without: str, since: str
) -> None:
    assert found(one(repo, last_without, f"id: {name}"), "QTY013") == [("QTY013", HOOKS, 5)]
    assert found(one(repo, since, f"id: {name}"), "QTY013") == []


@pytest.mark.parametrize(
    ("repo", "oldest", "newest", "newer", "names"),
    [
        ("astral-sh/ruff-pre-commit", "v0.0.86", "v0.16.4", "v0.16.5", "ruff"),
        (
            "pre-commit/pre-commit-hooks",
            "v1.0.0",
            "v6.0.0",
            "v6.0.1",
            "check-added-large-files check-ast check-byte-order-marker check-case-conflict "
            "check-docstring-first check-executables-have-shebangs check-json "
            "check-merge-conflict check-symlinks check-vcs-permalinks check-xml check-yaml "
            "debug-statements detect-aws-credentials detect-private-key "
            "double-quote-string-fixer end-of-file-fixer file-contents-sorter "
            "fix-encoding-pragma forbid-new-submodules mixed-line-ending name-tests-test "
            "no-commit-to-branch pretty-format-json requirements-txt-fixer sort-simple-yaml "
            "trailing-whitespace",
        ),
        (
            "pre-commit/pygrep-hooks",
            "v1.2.0",
            "v1.10.0",
            "v1.10.1",
            "python-check-blanket-noqa python-check-mock-methods python-no-log-warn "
            "python-use-type-annotations rst-backticks",
        ),
        ("pre-commit/mirrors-mypy", "v0.1", "v1.19.1", "v1.19.2", "mypy"),
        ("psf/black-pre-commit-mirror", "22.1.0", "26.3.1", "26.3.2", "black black-jupyter"),
        ("PyCQA/flake8", "3.7.0", "7.3.0", "7.3.1", "flake8"),
        ("PyCQA/isort", "5.0.0", "8.0.1", "8.0.2", "isort"),
        ("asottile/pyupgrade", "v1.0.0", "v3.21.2", "v3.21.3", "pyupgrade"),
        ("codespell-project/codespell", "v1.15.0", "v2.4.3", "v2.4.4", "codespell"),
        ("kynan/nbstripout", "0.3.7", "0.9.1", "0.9.2", "nbstripout"),
        ("Yelp/detect-secrets", "v0.8.0", "v1.5.0", "v1.5.1", "detect-secrets"),
    ],
)
def test_the_hooks_of_a_repository_are_known_from_one_version_to_another(
    repo: str, oldest: str, newest: str, newer: str, names: str
) -> None:
    def count(rev: str, names: str) -> int:
        entries = "".join(f"      - id: {name}\n" for name in names.split())
        content = f"repos:\n  - repo: {GITHUB}/{repo}\n    rev: {rev}\n    hooks:\n{entries}"
        return len(found(hooks(content), "QTY013"))

    for rev in (oldest, newest, newer):
        assert count(rev, names) == 0
    assert count(oldest, "unheard-of") == count(newest, "unheard-of") == 1
    assert count(newer, "unheard-of") == 0


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("autopep8-wrapper", "pre-commit/mirrors-autopep8"),
        ("flake8", "PyCQA/flake8"),
        ("pyflakes", "PyCQA/flake8"),
    ],
)
def test_hooks_that_another_repository_took_over(name: str, instead: str) -> None:
    assert found(one(PCH, "v3.4.0", f"id: {name}"), "QTY013") == []
    assert messages(one(PCH, "v4.0.0", f"id: {name}"), "QTY013") == [
        f"v4.0.0 no longer has {name}, so pre-commit stops: use {instead}"
    ]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (("id: a", "files: ^source/"), 6),
        (("id: a", r"exclude: \.(py|yaml)$"), 5),
        (("id: a", "files: nonesuch"), 6),
    ],
)
def test_hooks_that_run_on_nothing(lines: tuple[str, ...], line: int) -> None:
    files = one("https://x.org/a", "v1", *lines)
    assert found(files, "QTY") == [("QTY014", HOOKS, line)]
    assert messages(files, "QTY") == [
        f"{lines[0][4:]} matches no file, so it checks nothing: correct `files` or `exclude`"
    ]


def test_hooks_that_run_on_nothing_are_one_finding() -> None:
    files = hooks(
        "exclude: ^tests/\nrepos:\n  - repo: local\n    hooks:\n      - id: a\n"
        "        files: ^lib/\n      - id: b\n      - id: c\n        files: ^tests/\n"
    )
    files["tests/a.py"] = ""
    assert messages(files, "QTY014") == [
        "a matches no file, so it checks nothing: correct `files` or `exclude`; others in line 9"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("id: a", r"files: \.py$"),
        ("id: a", "files: ^source/", "always_run: true"),
        ("id: a", "files: ^source/", "language: fail"),
        ("id: a", "files: (a*)*b"),
        ("id: hadolint", r"files: \.py$"),
        # They wait for a first file of their kind.
        ("id: hadolint",),
        ("id: check-gitlab-ci",),
        # They are switched off.
        *(("id: a", f"files: {each}") for each in ("none", "'^$'", "$^", "a^", "(?!)", "^NONE$")),
        *(("id: a", f"exclude: '{each}'") for each in (".*", "^.*$", "^")),
    ],
)
def test_hooks_that_may_run(lines: tuple[str, ...]) -> None:
    assert found(one("https://x.org/a", "v1", *lines), "QTY") == []


def test_a_pattern_for_all_hooks() -> None:
    files = hooks("files: ^lib/\nrepos:\n  - repo: local\n    hooks:\n      - id: a\n")
    assert found(files, "QTY") == [("QTY014", HOOKS, 5)]
    assert found({**files, "PKG-INFO": ""}, "QTY") == []


@pytest.mark.parametrize(
    ("pattern", "cheap"),
    [
        ("^(src|tests)/", True),
        (r"(?x)^(a/.*\.py|b/.*|c)$", True),
        (r"\.py$", True),
        ("(a+)+$", False),
        ("(a|a)*b", False),
        ("a?" * 30 + "a" * 30, False),
        (".*.*.*.*.*.*x", False),
        (r"(.)\1", False),
        ("^" + "(|a)" * 30 + "b", False),
        ("^(?:a|aa)" * 20 + "b", False),
    ],
)
def test_patterns_that_may_take_for_ever_are_left(pattern: str, *, cheap: bool) -> None:
    assert _is_cheap(pattern, ["a" * 100] * 100) is cheap


def test_what_takes_long_to_be_compiled_is_not() -> None:
    """Python looks at each of a million characters, in each of thousands of ranges."""
    dear = "(?i)" + "[\0-\U0010ffff]" * 20_000
    files = hooks(
        f"files: {json.dumps(dear)}\nrepos:\n  - repo: local\n    hooks:\n      - id: a\n"
    )
    start = time.process_time()
    found(files, "QTY")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://gitlab.com/pycqa/flake8", f"{GITHUB}/PyCQA/flake8"),
        (f"{GITHUB}/ambv/black", f"{GITHUB}/psf/black"),
        (f"{GITHUB}/python/black", f"{GITHUB}/psf/black"),
        (f"{GITHUB}/charliermarsh/ruff-pre-commit", RUFF),
        (f"{GITHUB}/timothycrosley/isort", f"{GITHUB}/PyCQA/isort"),
        (f"{GITHUB}/sirosen/check-jsonschema", f"{GITHUB}/python-jsonschema/check-jsonschema"),
        ("git://github.com/a/b", f"{GITHUB}/a/b"),
        ("git://git.x.org/a/b", "https://git.x.org/a/b"),
    ],
)
def test_addresses_that_moved(old: str, new: str) -> None:
    told = "is an old address, which others may take over"
    if old.startswith(("https://gitlab.com/pycqa/", "git://github.com/")):
        told = "is closed, so the hook cannot be fetched"
    if old.startswith("git://git.x.org/"):
        told = "comes without encryption, so that anybody on the way may change it"
    assert messages(one(old, "v1", "id: a"), "QTY016") == [f"{old} {told}: write {new}"]
    assert fixed(one(old, "v1", "id: a"), "QTY016") == {HOOKS: one(new, "v1", "id: a")[HOOKS]}
    assert found(one(new, "v1", "id: a"), "QTY016") == []


MIRROR = f"{GITHUB}/pre-commit/mirrors-isort"
ISORT = f"{GITHUB}/PyCQA/isort"


@pytest.mark.parametrize("address", [MIRROR, f"{MIRROR}.git", f"{MIRROR}/"])
def test_a_mirror_that_ended_has_other_tags(address: str) -> None:
    files = one(address, "v5.10.1", "id: isort")
    told = f"{address} gets no new versions: write {ISORT}, and `rev: 5.10.1`"
    assert messages(files, "QTY016") == [told]
    assert fixed(files, "QTY016") == {HOOKS: one(ISORT, "5.10.1", "id: isort")[HOOKS]}
    quoted = one(address, '"v5.0.0"  # pinned', "id: isort")
    right = one(ISORT, '"5.0.0"  # pinned', "id: isort")
    assert fixed(quoted, "QTY016") == {HOOKS: right[HOOKS]}


@pytest.mark.parametrize(
    "revision", ["v4.3.21", "master", "5.10.1", "f0001b2c4a5e6d7f8091a2b3c4d5e6f708192a3b"]
)
def test_a_mirror_is_left_where_no_tag_of_the_other_is_known(revision: str) -> None:
    files = one(MIRROR, revision, "id: isort")
    told = f"{MIRROR} gets no new versions: write {ISORT}, and a tag that it has"
    assert [(each.message, each.fixable) for each in findings(files, "QTY016")] == [(told, False)]


def test_a_mirror_in_one_line_is_left() -> None:
    files = hooks(f"repos: [{{repo: {MIRROR}, rev: v5.10.1, hooks: [{{id: isort}}]}}]\n")
    assert [each.fixable for each in findings(files, "QTY016")] == [False]


def test_revisions_that_move() -> None:
    files = one("https://x.org/a", "main", "id: a")
    assert found(files, "QTY") == [("QTY015", HOOKS, 3)]
    assert messages(files, "QTY") == [
        "with the branch `main`, people run different checks: write a version tag"
    ]


def test_names_of_today() -> None:
    files = hooks(
        "default_stages: [commit, push]  # both\nrepos:\n"
        "  - repo: https://gitlab.com/pycqa/flake8\n    rev: 3.9.2\n"
        "    hooks:\n      - id: flake8\n        stages:\n          - push\n"
    )
    assert found(files, "QTY") == [
        ("QTY016", HOOKS, 1),
        ("QTY016", HOOKS, 1),
        ("QTY016", HOOKS, 3),
        ("QTY016", HOOKS, 8),
    ]
    assert messages(files, "QTY")[0] == "commit will stop working: write pre-commit"
    assert fixed(files, "QTY016") == {
        HOOKS: "default_stages: [pre-commit, pre-push]  # both\nrepos:\n"
        "  - repo: https://github.com/PyCQA/flake8\n    rev: 3.9.2\n"
        "    hooks:\n      - id: flake8\n        stages:\n          - pre-push\n"
    }
    assert found(one("git://github.com/o/r", "v1", "id: a"), "QTY016") == [("QTY016", HOOKS, 2)]


def test_one_version() -> None:
    files = edited(clean(), HOOKS, "rev: v0.17.6", "rev: v0.17.5")
    line = text(files, HOOKS).split("\n").index("    rev: v0.17.5") + 1
    assert found(files, "QTY") == [("QTY017", HOOKS, line)]
    assert messages(files, "QTY") == [
        "ruff v0.17.5 may disagree with 0.17.6 in pyproject.toml: use one version"
    ]
    loose = edited(files, "pyproject.toml", '"ruff==0.17.6"', '"ruff>=0.17.6"')
    assert found(loose, "QTY") == []


@pytest.mark.parametrize(
    ("hook", "pin", "is_found"),
    [
        *(("v0.17.0", "0.17", False), ("v0.17", "0.17.0", False)),
        *(("v0.17.1", "0.17", True), ("v0.17.10", "0.17.1", True), ("v0.17.0", "0.17.0.0", False)),
    ],
)
def test_zeros_at_the_end_of_a_version_count_for_nothing(
    hook: str, pin: str, is_found: bool
) -> None:
    files = edited(clean(), HOOKS, "rev: v0.17.6", f"rev: {hook}")
    files = edited(files, "pyproject.toml", '"ruff==0.17.6"', f'"ruff=={pin}"')
    line = text(files, HOOKS).split("\n").index(f"    rev: {hook}") + 1
    assert found(files, "QTY017") == ([("QTY017", HOOKS, line)] if is_found else [])


@pytest.mark.parametrize(
    ("address", "tool", "hook"),
    [
        ("charliermarsh/ruff-pre-commit", "ruff", "ruff-check"),
        *(("ambv/black", "black", "black"), ("python/black", "black", "black")),
        ("timothycrosley/isort", "isort", "isort"),
    ],
)
def test_one_version_by_an_old_address_too(address: str, tool: str, hook: str) -> None:
    group = f'[dependency-groups]\ndev = [ "{tool}==1.3.0" ]\n'
    files = {
        HOOKS: f"repos:\n- repo: https://github.com/{address}\n  rev: 1.2.3\n"
        f"  hooks: [id: {hook}]\n",
        "pyproject.toml": f'[project]\nname = "a"\nversion = "1"\n{group}',
    }
    assert {("QTY016", HOOKS, 2), ("QTY017", HOOKS, 3)} <= set(found(files, "QTY"))
    # With the address of today nothing new is found, and so it is not withheld.
    assert address not in str(fixed(files, "QTY016")[HOOKS])


@pytest.mark.parametrize("own", ["0.17.6", "0.17.5"])
def test_one_version_where_each_python_has_its_own(own: str) -> None:
    pins = f"\"ruff=={own}; python_version >= '3.12'\", \"ruff==0.17.4 ; python_version < '3.12'\""
    files = edited(clean(), "pyproject.toml", '"ruff==0.17.6"', pins)
    told = ["ruff v0.17.6 may disagree with 0.17.5 and 0.17.4 in pyproject.toml: use one version"]
    assert messages(files, "QTY") == ([] if own == "0.17.6" else told)


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_one_version_where_hooks_are_frozen(quote: str) -> None:
    frozen = f"rev: {quote}{COMMIT}{quote}  # frozen: "
    same = edited(clean(), HOOKS, "rev: v0.17.6", f"{frozen}v0.17.6")
    assert found(same, "QTY") == []
    other = edited(clean(), HOOKS, "rev: v0.17.6", f"{frozen}v0.17.5")
    assert messages(other, "QTY") == [
        "ruff v0.17.5 may disagree with 0.17.6 in pyproject.toml: use one version"
    ]
    untold = edited(clean(), HOOKS, "rev: v0.17.6", f"rev: {COMMIT}")
    assert found(untold, "QTY") == []


def test_the_hook_of_ruffs_linter() -> None:
    old = one(RUFF, "v0.12.0", "id: ruff", "args: [--fix]")
    assert messages(old, "QTY019") == [
        "`ruff` is an old name that does not say which hook is meant: write `ruff-check`"
    ]
    right = one(RUFF, "v0.12.0", "id: ruff-check", "args: [--fix]")
    assert fixed(old, "QTY019") == {HOOKS: right[HOOKS]}
    for rev, name in (("v0.11.9", "ruff"), ("v0.12.0", "ruff-check"), ("v0.12.0", "ruff-format")):
        assert found(one(RUFF, rev, f"id: {name}"), "QTY019") == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".github/workflows/a.yml", "env:\n  SKIP: ruff\n"),
        ("Makefile", "lint:\n\tpre-commit run --all-files ruff\n"),
    ],
)
def test_a_hook_that_is_run_by_name_is_left_to_people(path: str, content: str) -> None:
    files = {**one(RUFF, "v0.12.0", "id: ruff"), path: content}
    assert [each.fixable for each in findings(files, "QTY019")] == [False]
