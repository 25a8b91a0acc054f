"""Documentation: links that lead somewhere, pages that are one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import git
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import docs, find_rule

from ..support.checking import changed, clean, findings, found, messages
from ..support.updates import write

CONF = "docs/conf.py"


def with_readme(more: str, **files: Any) -> dict[str, Any]:
    text = f"# A\n\nInstall it with pip.\n{more}\n"
    return changed(clean(), {"README.md": text, **files})


def test_generated_projects_pass() -> None:
    assert found(clean(forge="esa"), "DOC") == []


@pytest.mark.parametrize(
    ("line", "target", "column"),
    [
        ("See [the text](LICENSE.md).", "LICENSE.md", 16),
        ("See [it](./docs/none.md#top).", "docs/none.md", 10),
        ('See [it](<docs/none.md> "title").', "docs/none.md", 11),
        ("![logo](docs/a%20b.png)", "docs/a b.png", 9),
        ("\n[it]: docs/none.md\n\nSee [it].", "docs/none.md", 7),
        ("[it](/docs/none.md)", "docs/none.md", 6),
        (r"[it](docs/a\_b.md)", "docs/a_b.md", 6),
    ],
)
def test_links(line: str, target: str, column: int) -> None:
    files = with_readme(line)
    number = 4 + (len(line) - len(line.lstrip("\n")))
    assert found(files, "DOC") == [("DOC001", "README.md", number)]
    assert [(f.message, f.column) for f in findings(files, "DOC")] == [
        (f"`{target}` does not exist: correct or delete this link", column)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[a](LICENSE) [b](docs/) [c](docs/index.md#use) [d](#use) [e](https://example.org/x)",
        "[a](mailto:a@example.org) [b](../../issues) [c](docs/_build/index.html)",
        "`[a](none.md)` and ``[b](`none`)``",
        "```\n[a](none.md)\n```",
        "<!-- [a](none.md) -->",
        "[^1]: none.md",
        "\\[a\\](none.md)",
        "\\[a](none.md)",
        "<!-- of\n\n[a](none.md)\n\nseveral lines -->",
        "\n    [a](none.md)",
        "<pre>\n[a](none.md)\n</pre>",
        "`code\n[a](none.md)`",
        "$x[a](none.md)$",
    ],
)
def test_other_links(line: str) -> None:
    assert found(with_readme(line), "DOC") == []


def test_links_in_restructured_text() -> None:
    text = "A\n=\n\nInstall it with pip: `how <docs/none.rst>`_ and `why <docs/index.md>`_.\n"
    files = {path: content for path, content in clean().items() if path != "README.md"}
    readme = {**files, "README.rst": text}
    assert found(readme, "DOC001") == [("DOC001", "README.rst", 4)]
    assert messages(readme, "DOC001") == [
        "`docs/none.rst` does not exist: correct or delete this link"
    ]


def test_links_of_a_page_that_is_a_link(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "docs/contributing.md": "[a](install.md) [b](none.md) [c](../pages/a.md)\n",
            "docs/install.md": "x\n",
            "real/a.md": "x\n",
        },
    )
    (tmp_path / "CONTRIBUTING.md").symlink_to("docs/contributing.md")
    (tmp_path / "pages").symlink_to("real")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "README.md").write_text("[a](pages/b.md) [b](out/x) [c](loop/x) [d](pages/a.md)\n")
    git.git("init", "--quiet", cwd=tmp_path)
    git.git("add", ".", cwd=tmp_path)
    facts = Facts.read(tmp_path)
    hits = [(each.path, each.message) for each in find_rule("DOC001").hits(facts)]
    assert hits == [
        ("CONTRIBUTING.md", "`docs/none.md` does not exist: correct or delete this link"),
        ("README.md", "`pages/b.md` does not exist: correct or delete this link"),
    ]


def test_a_source_distribution_may_lack_what_is_linked() -> None:
    assert found(with_readme("[a](none.md)", **{"PKG-INFO": "x\n"}), "DOC") == []


@pytest.mark.parametrize(
    ("target", "others", "remedy"),
    [
        (".github/a.md", ["a.md"], "correct (there is `a.md`) or delete"),
        (
            "roles/my-plugin/b/",
            ["roles/my_plugin/b/c"],
            "correct (there is `roles/my_plugin/b`) or delete",
        ),
        ("Guide.md", ["docs/guide.md"], "correct (there is `docs/guide.md`) or delete"),
        ("a.md", ["one/a.md", "two/a.md"], "correct or delete"),
        ("a.md", ["b.md"], "correct or delete"),
    ],
)
def test_where_a_link_may_have_led(target: str, others: list[str], remedy: str) -> None:
    files = {"README.md": f"# A\n\n[x]({target})\n", **dict.fromkeys(others, "x\n")}
    missing = target.rstrip("/")
    assert messages(files, "DOC001") == [f"`{missing}` does not exist: {remedy} this link"]


def test_one_missing_file_is_one_finding_of_a_page() -> None:
    files = {"README.md": "# A\n\n[x](a.md)\n\n[y](a.md#y) and [z](b.md)\n"}
    assert found(files, "DOC001") == [("DOC001", "README.md", 3), ("DOC001", "README.md", 5)]
    assert messages(files, "DOC001") == [
        "`a.md` does not exist: correct or delete this link; also in line 5",
        "`b.md` does not exist: correct or delete this link",
    ]


@pytest.mark.parametrize(
    ("page", "text", "is_found"),
    [
        *(("docs/index.rst", ".. include:: ../README.md", False),),
        *(("docs/index.md", "```{include} ../README.md\n:end-before: x\n```", False),),
        *(("docs/index.md", '{% include-markdown "../README.md" %}', False),),
        *(("docs/index.md", '--8<-- "README.md"', False), ("docs/a.md", "{!README.md!}", False)),
        *(("docs/index.md", "See README.md.", True), ("pages/a.rst", ".. include:: A.md", True)),
        *(("other/a.rst", ".. include:: ../README.md", True),),
    ],
)
def test_a_page_that_another_one_includes(page: str, text: str, *, is_found: bool) -> None:
    files = {"README.md": "# A\n\n![x](_static/a.png)\n", "docs/_static/a.png": "", page: text}
    assert found(files, "DOC001") == ([("DOC001", "README.md", 3)] if is_found else [])
    rooted = {**files, "README.md": "![x](/_static/a.png)\n"}
    assert found(rooted, "DOC001") == [("DOC001", "README.md", 1)]


@pytest.mark.parametrize(
    ("path", "code", "is_found"),
    [
        *(("a/b.py", 'os.makedirs("results")', False), ("b.py", "P = './results/x.h5'", False)),
        *(("b.py", "a = Path('out', 'results')", False), ("b.sh", "mkdir -p results/a", False)),
        *(("Makefile", "all:\n\trun -o results", False), ("b.sh", "run > results/a.txt", False)),
        *(("b.py", "results = 1  # the results", True), ("b.py", "'no results'", True)),
        *(("b.sh", "echo results", True), ("b.txt", "'results'", True)),
    ],
)
def test_a_folder_that_a_program_makes(path: str, code: str, *, is_found: bool) -> None:
    files = {"README.md": "# A\n\n[x](results) and [y](results/)\n", path: f"{code}\n"}
    assert found(files, "DOC001") == ([("DOC001", "README.md", 3)] if is_found else [])
    assert found({**files, "README.md": "[x](results.md)\n"}, "DOC001") == [
        ("DOC001", "README.md", 1)
    ]


def test_how_to_install() -> None:
    files = changed(clean(), {"README.md": "# A\n\nIt does things.\n"})
    assert found(files, "DOC") == [("DOC002", "README.md", 1)]
    assert messages(files, "DOC") == ["new users cannot see how to install this: add the command"]
    lines = (
        "uv add a",
        "## Installation",
        "See the documentation.",
        "docker run a",
        "docker-compose up",
    )
    for line in (*lines, "The [A website](https://a.example.org/) has more.", "See the wiki."):
        assert found(changed(clean(), {"README.md": f"# A\n\n{line}\n"}), "DOC") == []
    for path in ("INSTALL", "INSTALL.rst", "install.md"):
        assert found({**files, path: "Do this.\n"}, "DOC") == []
    assert found({**files, "src/install.py": ""}, "DOC") == [("DOC002", "README.md", 1)]
    assert found({"Dockerfile": "FROM a:1\n", "README.md": "# A\n"}, "DOC") == []


def test_the_page_of_a_forge() -> None:
    line = "Already a pro? Just edit this README.md and make it your own. Want to make it easy?"
    files = with_readme(line)
    assert found(files, "DOC") == [("DOC003", "README.md", 4)]
    assert messages(files, "DOC") == [
        "this is GitLab's text for any new project: write what this one is for"
    ]


HOST = "https://gitlab.in2p3.fr"


def test_badges() -> None:
    files = with_readme(f"![p]({HOST}/LISA/other/badges/main/pipeline.svg)")
    assert found(files, "DOC") == [("DOC004", "README.md", 4)]
    assert messages(files, "DOC") == [
        "this badge shows the state of LISA/other: put your project into its address"
    ]
    for good in (
        f"{HOST}/lisa/Lisa-Example/badges/main/pipeline.svg",
        f"{HOST}/LISA/lisa-example/-/badges/release.svg",
        f"{HOST}/LISA/lisa-example/-/jobs/artifacts/main/raw/a.svg?job=a",
        "https://zenodo.org/badge/1.svg",
        "https://gitlab.example.org/LISA/other/badges/main/pipeline.svg",
    ):
        assert found(with_readme(f"![p]({good})"), "DOC") == []


def test_version_of_the_pages() -> None:
    files = changed(clean(), {CONF: 'project = "A"\nrelease = "0.9"\nversion = "0.9"\n'})
    assert found(files, "DOC") == [("DOC005", CONF, 2)]
    assert messages(files, "DOC") == [
        "`release` stays 0.9, whatever the package has: use `importlib.metadata.version`; also in "
        "line 3",
    ]
    static = {"pyproject.toml": "[project]\nname = 'a'\nversion = '0.9.1'\n"}
    assert messages({**files, **static}, "DOC") == [
        "`release` stays 0.9, but the package has 0.9.1: use `importlib.metadata.version`"
    ]
    same = {CONF: 'release = "0.9.1"\nversion = "0.9"\n', **static}
    assert found({**files, **same}, "DOC") == []
    # Nothing is installed that could be asked.
    site = {
        "pyproject.toml": "[project]\nname = 'a'\nversion = '0.9.1'\n[tool.uv]\npackage = false\n"
    }
    assert found({CONF: 'release = "1.0"\n', **site}, "DOC005") == []


@pytest.mark.parametrize(
    ("lines", "more", "is_told"),
    [
        ("", {}, True),
        ("python: {install: [{path: ., method: pip}]}\n", {}, False),
        ("build: {jobs: {post_install: [make install]}}\n", {}, False),
        ("python: {install: [{requirements: r.txt}]}\n", {"r.txt": "sphinx\n"}, True),
        ("python: {install: [{requirements: r.txt}]}\n", {"r.txt": "sphinx\n-e .[all]\n"}, False),
        ("conda: {environment: e.yml}\n", {"e.yml": "dependencies:\n- pip:\n  - .\n"}, False),
    ],
)
def test_pages_that_nothing_installs_the_package_for(
    lines: str, more: dict[str, str], *, is_told: bool
) -> None:
    files = {CONF: 'release = "0.9"\n', ".readthedocs.yaml": f"version: 2\n{lines}", **more}
    (said,) = messages(changed(clean(), files), "DOC005")
    told = ", and let .readthedocs.yaml install the package (`path: .` under `python.install`)"
    assert said.endswith(f"use `importlib.metadata.version`{told if is_told else ''}")


def test_a_link_that_looks_like_a_host() -> None:
    assert messages(with_readme("See [it](example.org)."), "DOC001") == [
        "`example.org` does not exist: write https://example.org, or correct or delete it"
    ]


@pytest.mark.parametrize(
    ("target", "files", "is_found"),
    [
        *(("a.html", ["a.rst"], False), ("./a.html#x", ["a.md"], False)),
        *(("docs/a.html", ["docs/a.ipynb"], False), ("docs/a.html", ["a.rst"], True)),
        *(("a.html", [], True), ("a.html", ["a.py"], True), ("a.htm", ["a.rst"], True)),
        *((".html", [".rst"], False), ("a.html/b", ["a.rst"], True)),
    ],
)
def test_the_page_that_is_made_of_a_file(target: str, files: list[str], is_found: bool) -> None:
    there = {**with_readme(f"[it]({target})"), **dict.fromkeys(files, "x\n")}
    assert found(there, "DOC001") == ([("DOC001", "README.md", 4)] if is_found else [])


GOOD = """\
version: 2
build:
  os: ubuntu-24.04
  tools:
    python: "3.13"
sphinx:
  configuration: docs/conf.py
python:
  install:
    - method: pip
      path: .
    - requirements: ./docs/index.md
"""


def test_read_the_docs() -> None:
    path = ".readthedocs.yaml"
    assert found(changed(clean(), {path: GOOD}), "DOC") == []

    def broken(old: str, new: str) -> dict[str, Any]:
        assert old in GOOD
        return changed(clean(), {path: GOOD.replace(old, new)})

    assert messages(broken("version: 2", "version: 1"), "DOC") == [
        "Read the Docs refuses this file: write `version: 2`"
    ]
    assert found(broken("  os: ubuntu-24.04\n", ""), "DOC") == [("DOC006", path, 2)]
    old = changed(clean(), {path: "build:\n  image: latest\n"})
    assert messages(old, "DOC006") == [
        "Read the Docs refuses this file: write `version: 2`, add `os` and `tools` below `build` "
        "and delete `build.image` (now `build.os`)"
    ]
    assert found(broken("docs/conf.py", "doc/conf.py"), "DOC") == [("DOC006", path, 7)]
    assert messages(broken("docs/index.md", "docs/requirements.txt"), "DOC") == [
        "./docs/requirements.txt does not exist, so the pages cannot be built: correct the path"
    ]


BADGE = "https://travis-ci.org/a/b.svg"


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("README.md", f"# A\n\n<!-- ![a]({BADGE}) -->\n", None),
        ("README.md", f"# A\n<!--\n![a]({BADGE})\n-->\n", None),
        ("README.md", f"# A\n<!--\n-->\n![a]({BADGE})\n", 4),
        ("README.md", f"# A\n<!-- a --> ![a]({BADGE})\n", 2),
        ("README.md", f"# A\n<!-- a --> b <!--\n ![a]({BADGE})\n", None),
        ("README.rst", f"A\n=\n\n.. image:: {BADGE}\n", 4),
        ("README.rst", f"A\n=\n\n.. |a| image:: {BADGE}\n", 4),
        ("README.rst", f"A\n=\n\n.. _a: {BADGE}\n", 4),
        ("README.rst", f"A\n=\n\n.. see {BADGE}\n", None),
        ("README.rst", f"A\n=\n\n..\n\n  .. image:: {BADGE}\n", None),
        ("README.rst", f"A\n=\n\n.. image:: x\n   :target: {BADGE}\n", 5),
    ],
)
def test_a_badge_that_nobody_sees(path: str, text: str, line: int | None) -> None:
    assert found({path: text}, "DOC007") == ([("DOC007", path, line)] if line else [])


def test_services_that_are_closed() -> None:
    badges = "![a](https://api.travis-ci.org/a/b.svg)\n![b](https://lgtm.com/a)\n"
    assert messages(with_readme(badges), "DOC007") == [
        "travis-ci.org was closed in 2021, so this is of no use: delete it; also in line 5"
    ]
    use = "so this is of no use: delete it with what uses it, or write another address"
    target = "Works with `Travis CI`_.\n\n.. _Travis CI: https://travis-ci.org/\n"
    told = f"travis-ci.org was closed in 2021, {use}"
    assert messages({"README.rst": target}, "DOC007") == [told]
    assert messages({"README.md": "By [CI].\n\n[CI]: https://travis-ci.org/a\n"}, "DOC007") == [
        told
    ]
    assert (
        found(
            with_readme("![a](https://app.travis-ci.com/a) https://lgtm.com.example.org/a"),
            "DOC007",
        )
        == []
    )
    job = {".travis.yml": "after_success: bash <(curl -s https://codecov.io/bash)\n"}
    assert found({**clean(), **job}, "DOC007") == [("DOC007", ".travis.yml", 1)]
    done = {".github/workflows/a.yml": "jobs:\n  # - run: bash <(curl https://codecov.io/bash)\n"}
    assert found({**clean(), **done}, "DOC007") == []
    beside = {"tox.ini": "[testenv]\ncommands = a  # see https://codecov.io/bash\n"}
    assert found({**clean(), **beside}, "DOC007") == []
    assert messages({".lgtm.yml": "extraction: {}\n"}, "DOC007") == [
        "lgtm.com was closed in 2022, so nothing reads this file: delete it"
    ]


def test_the_tools_of_read_the_docs() -> None:
    path = ".readthedocs.yaml"
    plain = "version: 2\nbuild:\n  os: ubuntu-24.04\n"
    assert messages({**clean(), path: plain}, "DOC006") == [
        "Read the Docs refuses this file: add `tools` below `build`"
    ]
    assert messages({**clean(), path: f"{plain}  tools: {{}}\n"}, "DOC006") == []
    assert messages({**clean(), path: f"{plain}  commands: [make]\n"}, "DOC006") == []


@pytest.mark.parametrize(
    ("more", "is_found"),
    [
        ("", True),
        ("  jobs:\n    post_build: [make]\n", True),
        ("  jobs:\n    pre_build: [jupyter-book config sphinx docs/]\n", False),
        ("  jobs:\n    post_checkout: [cp x/conf.py docs/gone.py]\n", False),
        ("  commands: [make]\n", False),
    ],
)
def test_what_read_the_docs_makes_itself(more: str, *, is_found: bool) -> None:
    path = ".readthedocs.yaml"
    plain = "version: 2\nbuild:\n  os: ubuntu-24.04\n  tools: {python: '3.12'}\n"
    files = {path: f"{plain}{more}sphinx:\n  configuration: docs/gone.py\n"}
    assert bool(found(files, "DOC006")) is is_found


def test_what_read_the_docs_lacks_is_one_finding() -> None:
    path = ".readthedocs.yml"
    files = {path: "version: 2\nbuild:\n  image: latest\n"}
    assert found(files, "DOC006") == [("DOC006", path, 2)]
    assert messages(files, "DOC006") == [
        "Read the Docs refuses this file: add `os` and `tools` below `build` "
        "and delete `build.image` (now `build.os`)"
    ]


_BUILT = "version: 2\nbuild:\n  os: ubuntu-24.04\n  tools: {python: '3.12', ruby: '3.3'}\n"


@pytest.mark.parametrize(
    ("more", "line", "remedy"),
    [
        ("  image: latest\n", 5, "delete `build.image` (now `build.os`)"),
        ("python:\n  version: 3.7\n", 6, "delete `python.version` (now `build.tools.python`)"),
        ("python:\n  system_packages: true\n", 6, "delete `python.system_packages`"),
        ("requirements_file: a.txt\n", 5, "delete `requirements_file` (now `python.install`)"),
        ("  jobs:\n    pre_biuld: [make]\n", 6, "delete `build.jobs.pre_biuld`"),
        (
            "sphinx: {config: a}\nconda: {file: a}\n",
            5,
            "delete `sphinx.config` and delete `conda.file` (now `conda.environment`)",
        ),
    ],
)
def test_keys_that_read_the_docs_refuses(more: str, line: int, remedy: str) -> None:
    path = ".readthedocs.yaml"
    files = {path: f"{_BUILT}{more}"}
    assert messages(files, "DOC006") == [f"Read the Docs refuses this file: {remedy}"]
    assert [at for _, _, at in found(files, "DOC006")] == [line]


@pytest.mark.parametrize(
    "more",
    [
        "  apt_packages: [make]\n  commands: [make]\n",
        "  jobs:\n    build: {html: [make]}\n    post_build: [make]\n",
        "formats: all\nconda: {environment: a.yml}\n",
        "sphinx: {builder: html, fail_on_warning: true}\n",
        "mkdocs: {fail_on_warning: true}\n",
        "submodules: {include: all, exclude: [a], recursive: true}\n",
        "search: {ranking: {a/*: -1}, ignore: [404.html]}\n",
        "python:\n  install: [{method: pip, path: ., extra_requirements: [docs]}]\n",
        "python: []\nsphinx:\n",
    ],
)
def test_keys_that_read_the_docs_knows(more: str) -> None:
    assert messages({".readthedocs.yaml": f"{_BUILT}{more}"}, "DOC006") == []


ODD = "`a <gone.rst>`_ and {}\n"


@pytest.mark.parametrize("more", ["`b " * 4_000, "word " * 7_000, "1. a\n\n" * 600, "x" * 4_000])
def test_a_page_that_nobody_has_time_for(more: str) -> None:
    files = {**clean(), "README.rst": ODD.format(more)}
    assert found(files, "DOC001") == []
    assert docs.find_unread(Facts.of(files)) == ["README.rst"]
    there = {**files, "gone.rst": ""}
    assert docs.find_unread(Facts.of(there)) == []


def test_a_page_of_usual_length_is_read() -> None:
    files = {**clean(), "README.rst": ODD.format("more.\n\n" + "A ``word`` and another.\n\n" * 300)}
    assert messages(files, "DOC001") == ["`gone.rst` does not exist: correct or delete this link"]
    assert docs.find_unread(Facts.of(files)) == []
    long = {**clean(), "README.md": "[a](gone.md)\n" + "word " * 31_000}
    assert docs.find_unread(Facts.of(long)) == ["README.md"]


@pytest.mark.parametrize(
    ("page", "is_found"),
    [
        ("(here)=\n\n# A\n\nSee [it](here).\n", False),
        ("# A\n\nSee [it](there).\n", False),
        ("# A\n\nSee [it](nowhere).\n", True),
        ("# A (nowhere)=1\n\nSee [it](nowhere).\n", True),
    ],
)
def test_a_link_to_a_label_of_myst(page: str, *, is_found: bool) -> None:
    files = {"CONTRIBUTING.md": page, "docs/b.md": "# B\n\n(there)=\n\n## C\n"}
    assert bool(found(files, "DOC001")) == is_found


@pytest.mark.parametrize(
    ("path", "text", "is_found"),
    [
        (
            "pyproject.toml",
            '[tool.commitizen]\nversion_files = ["docs/conf.py:^release ="]\n',
            False,
        ),
        ("pyproject.toml", "[[tool.bumpversion.files]]\nfilename = 'docs/conf.py'\n", False),
        ("pyproject.toml", "[tool.ruff]\nexclude = ['docs/conf.py']\n", True),
        ("setup.cfg", "[bumpversion:file:docs/conf.py]\n", False),
        ("setup.cfg", "[flake8]\nexclude = docs/conf.py\n", True),
        (".bumpversion.cfg", "[bumpversion:file:docs/conf.py]\n", False),
        ("tbump.toml", "[[file]]\nsrc = 'docs/conf.py'\n", False),
        (".cz.toml", "[tool.commitizen]\nversion_files = ['src/a.py']\n", True),
    ],
)
def test_a_version_that_a_tool_raises(path: str, text: str, *, is_found: bool) -> None:
    project = '[project]\nname = "a"\nversion = "0.9"\n'
    files = {"pyproject.toml": project, "docs/conf.py": "release = '0.8'\n"}
    files[path] = f"{files.get(path, '')}{text}"
    assert bool(found(files, "DOC005")) == is_found


@pytest.mark.parametrize(
    ("page", "is_found"),
    [
        ("GET /api/2.5/tenders", False),
        ("GET /api/v2.5", False),
        ("GET /api/2.51", True),
        ("", True),
    ],
)
def test_pages_of_a_version_of_an_interface(page: str, *, is_found: bool) -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'a'\nversion = '3.1'\n",
        "docs/conf.py": 'version = "2.5"\nrelease = version\n',
        "docs/index.rst": f"A\n=\n\n{page}\n",
    }
    assert bool(found(files, "DOC005")) == is_found
