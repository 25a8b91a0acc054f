"""The container: its base, its user, what is left in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ..support.checking import changed, clean, edited, fixed, found, messages, text

FILE = "Dockerfile"
PLAIN = {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', ".dockerignore": "*\n"}


def image(*lines: str, **files: str) -> dict[str, Any]:
    """A project that never saw the template, with a Dockerfile."""
    return {**PLAIN, FILE: "\n".join(lines) + "\n", **files}


def line_of(files: dict[str, Any], start: str, number: int = 0) -> int:
    lines = text(files, FILE).splitlines()
    return [i for i, line in enumerate(lines, 1) if line.startswith(start)][number]


def test_a_fresh_project_passes_and_one_without_a_container_is_not_looked_at() -> None:
    assert found(clean(), "CON") == []
    assert found(clean(container=False), "CON") == []
    assert found(clean(kind="image"), "CON") == []
    assert found(PLAIN, "CON") == []


def test_another_base_than_the_cde() -> None:
    files = edited(clean(), FILE, "FROM ${CDE_IMAGE}\n", "FROM docker.io/library/python:3.12\n")
    line = line_of(files, "FROM", 1)
    assert found(files, "CON") == [("CON001", FILE, line)]
    assert messages(files, "CON") == [
        "starts from docker.io/library/python:3.12, but LISA runs the CDE image: write `FROM "
        "${CDE_IMAGE}`"
    ]


def test_a_mirror_of_the_cde_is_the_cde() -> None:
    files = clean()
    base = next(line for line in text(files, FILE).splitlines() if line.startswith("ARG CDE_IMAGE"))
    mirror = "ARG CDE_IMAGE=localhost:5000/mirror/lisa-cde:9.9"
    assert found(edited(files, FILE, base, mirror), "CON") == []


def test_a_base_that_is_no_argument() -> None:
    cde = "gitlab-registry.in2p3.fr/lisa/lisa-cde:0.4.0"
    files = edited(clean(), FILE, "FROM ${CDE_IMAGE}\n", f"FROM {cde}\n")
    assert found(files, "CON") == [("CON003", FILE, line_of(files, "FROM", 1))]


def test_projects_without_the_template_choose_their_base() -> None:
    assert found(image("FROM example.org/base:1", "USER 1000"), "CON") == []


@pytest.mark.parametrize(
    ("base", "why"),
    [
        (
            "example.org:5000/base",
            "the image example.org:5000/base may change any day: add a version tag",
        ),
        (
            "example.org/base:latest",
            "the image example.org/base:latest may change any day: use a version tag",
        ),
        ("example.org/base:1.2", None),
        ("example.org/base@sha256:" + "0" * 64, None),
        ("scratch", None),
        ("$BASE", None),
    ],
)
def test_a_base_is_pinned(base: str, why: str | None) -> None:
    files = image(f"FROM {base} AS one", "FROM one", "USER a")
    assert found(files, "CON") == ([("CON002", FILE, 1)] if why else [])
    assert messages(files, "CON") == ([why] if why else [])


def test_an_argument_without_a_pinned_default() -> None:
    files = image("ARG BASE=debian", "FROM ${BASE}", "USER a")
    assert found(files, "CON") == [("CON002", FILE, 2)]


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["FROM debian:12", "CMD a"], 1),
        (["FROM debian:12", "USER a", "USER root", "ENTRYPOINT a"], 3),
        (["FROM debian:12", "USER 0:0", "COPY a b"], 2),
        (["FROM debian:12 AS one", "USER root", "FROM one AS two", "ADD a b"], 2),
        (["FROM debian:12 AS one", "CMD a", "USER root", "FROM one AS two"], 3),
        # What starts nothing and holds nothing is for others to work in.
        (["FROM debian:12"], None),
        (["FROM debian:12", "RUN a", "ENV b=c", "WORKDIR /a", "USER root"], None),
        (["FROM debian:12 AS one", "COPY a b", "FROM debian:12", "RUN a"], None),
        (["FROM debian:12 AS one", "USER root", "FROM debian:12", "USER a"], None),
        (["FROM example.org/base:1"], None),
        (["FROM debian:12", "USER root", "USER ${NB_UID}"], None),
    ],
)
def test_an_image_ends_as_an_ordinary_user(lines: list[str], line: int | None) -> None:
    expected = [] if line is None else [("CON004", FILE, line)]
    assert found(image(*lines), "CON") == expected


@pytest.mark.parametrize(
    ("path", "base", "user", "is_found"),
    [
        ("docker/a-env/Dockerfile", "org/a-env:latest", "USER a", False),
        ("docker/env/Dockerfile", "example.org/org/project_env", "USER a", False),
        ("Dockerfile.env", "project-env:1", "USER a:a", False),
        ("docker/env.Dockerfile", "env", "USER a", False),
        # Nobody names a user there.
        ("docker/a-env/Dockerfile", "org/a-env:latest", "RUN b", True),
        ("docker/a-env/Dockerfile", "org/a-env:latest", "USER root", True),
        ("docker/a-env/Dockerfile", "org/another", "USER a", True),
        ("Dockerfile", "org/a-env", "USER a", True),
    ],
)
def test_a_base_of_others_that_name_their_user(
    path: str, base: str, user: str, *, is_found: bool
) -> None:
    files = {path: "FROM debian:12\nCMD a\n", "app/Dockerfile": f"FROM {base}\n{user}\nCMD b\n"}
    told = [each for each in found(files, "CON004") if each[1] == path]
    assert told == ([("CON004", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("base", "is_found"),
    [
        ("tensorflow/tensorflow:2.5.0-gpu", True),
        ("nvidia/cuda:12.4.1-devel-ubuntu22.04", True),
        ("nvcr.io/nvidia/pytorch:24.05-py3", True),
        ("condaforge/miniforge3:24.3.0-0", True),
        ("jupyter/scipy-notebook:2024", False),
        ("mambaorg/micromamba:1.5", False),
        ("tensorflow/serving:2.5", False),
    ],
)
def test_images_whose_own_user_is_root(base: str, *, is_found: bool) -> None:
    assert bool(found(image(f"FROM {base}", "CMD a"), "CON004")) == is_found


def test_a_generated_image_names_its_user() -> None:
    files = edited(clean(), FILE, "USER lisauser\n", "")
    assert found(files, "CON") == [("CON004", FILE, line_of(files, "FROM", 1))]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ENV API_TOKEN=abc", "CON005"),
        ('ENV A=1 DB_PASSWORD="two words"', "CON005"),
        ("ENV SECRET abc", "CON005"),
        ("ARG TOKEN=abc", "CON005"),
        ("ARG GITLAB_TOKEN", "CON006"),
        ("ENV API_TOKEN=${API_TOKEN}", None),
        ("ENV API_TOKEN=NOT_SET", None),
        ("ENV A=1 DB_PASSWORD=changeme API_KEY=''", None),
        ("ARG TOKEN=your-token", None),
        ("ENV ALLOW_EMPTY_PASSWORD=yes", None),
        ("ENV PRIVATE_KEY=/etc/ssl/private/a.pem", None),
        ("ENV API_TOKEN=NOT_SET DB_PASSWORD=hunter2", "CON005"),
        ("ENV TOKEN_FILE=/run/secrets/token", None),
        ("ENV TOKENIZERS=1", None),
        ("ARG PASSWORD_LENGTH=8", None),
        ("RUN --mount=type=secret,id=token cat /run/secrets/token", None),
    ],
)
def test_secrets(line: str, code: str | None) -> None:
    files = image("FROM example.org/base:1", line, "USER a")
    assert found(files, "CON") == ([(code, FILE, 2)] if code else [])


def test_the_value_of_a_secret_is_never_told() -> None:
    reported = messages(image("FROM example.org/base:1", "ENV API_TOKEN=hunter2"), "CON")
    assert reported == [
        "everybody can read API_TOKEN here: change it, then use `RUN --mount=type=secret`"
    ]


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (["RUN pip install a"], [2]),
        (["RUN a \\", "  && python3 -m pip install -r b.txt \\", "  && c"], [3]),
        (["RUN apt-get update && apt-get -y install a"], [2]),
        (["RUN pip install --no-cache-dir a"], []),
        (["RUN --mount=type=cache,target=/root/.cache pip install a"], []),
        (["ENV PIP_NO_CACHE_DIR=1", "RUN pip install a"], []),
        (["RUN apt-get install -y a && rm -rf /var/lib/apt/lists/*"], []),
        (["# RUN pip install a"], []),
    ],
)
def test_caches(lines: list[str], at: list[int]) -> None:
    files = image("FROM example.org/base:1", *lines, "USER a")
    assert found(files, "CON") == [("CON007", FILE, line) for line in at]


@pytest.mark.parametrize("option", ["--no-cache", "--no-cache-d", "--no-cache-di", "--no-ca"])
def test_pip_takes_the_beginning_of_an_option(option: str) -> None:
    assert found(image("FROM x.org/a:1", f"RUN pip install {option} a", "USER a"), "CON") == []


@pytest.mark.parametrize(
    ("options", "is_found"),
    [
        ("--no-deps --find-links dist a", False),
        ("--find-links=/dist a --no-deps", False),
        ("-f https://example.org/a --no-deps a", True),
        ("--find-links dist a", True),
    ],
)
def test_files_that_are_there_are_not_kept_twice(options: str, *, is_found: bool) -> None:
    files = image("FROM x.org/a:1", f"RUN pip install {options}", "USER a")
    assert found(files, "CON") == ([("CON007", FILE, 2)] if is_found else [])


@pytest.mark.parametrize("path", ["Dockerfile.test", "docker/tests.Dockerfile"])
def test_an_image_of_tests_by_its_name(path: str) -> None:
    lines = image("FROM x.org/a:1", "RUN pip install a")[FILE]
    assert found({path: lines}, "CON007") == []
    assert found({path.replace("test", "latest"): lines}, "CON007") != []


def test_what_only_looks_like_the_option_is_none() -> None:
    for option in ("--no-clean", "--no-compile", "--no-cachet", "--no-cache-dirs"):
        files = image("FROM x.org/a:1", f"RUN pip install {option} a", "USER a")
        assert found(files, "CON") == [("CON007", FILE, 2)]


@pytest.mark.parametrize(
    "command",
    [
        "find /var/lib/apt/lists -mindepth 1 -delete",
        "find /var/lib/apt/lists/ -type f -exec rm -f {} +",
        "find /var/lib/apt/lists -type f | xargs rm",
        "cd /var/lib/apt/lists && rm -rf *",
        "rm -rf /var/cache/* /var/lib/{apt,log}/*",
    ],
)
def test_lists_are_removed_in_many_ways(command: str) -> None:
    line = f"RUN apt-get update && apt-get install -y git && {command}"
    assert found(image("FROM x.org/a:1", line, "USER a"), "CON") == []


def test_without_an_update_there_are_no_lists() -> None:
    install = "RUN apt-get install -y git"
    assert found(image("FROM x.org/a:1", install, "USER a"), "CON") == []
    clean_update = "RUN apt-get update && rm -rf /var/lib/apt/lists/*"
    assert found(image("FROM x.org/a:1", clean_update, install), "CON") == []


@pytest.mark.parametrize(
    ("comment", "is_found"),
    [
        *(("# Deliberately NOT deleting /var/lib/apt/lists: R installs by apt.", False),),
        *(("# apt's lists are needed below.\n# See the README.", False),),
        *(("# Install git by apt.", True), ("# Lists the files.", True)),
        *(("# apt's lists are needed below.\n", True),),
    ],
)
def test_lists_that_a_comment_keeps(comment: str, is_found: bool) -> None:
    run = "RUN apt-get update && apt-get install -y git"
    files = image("FROM x.org/a:1", *comment.split("\n"), run, "USER a")
    wanted = [("CON007", FILE, 3 + comment.count("\n"))] if is_found else []
    assert found(files, "CON") == wanted


def test_an_update_of_its_own_is_joined_with_the_installation() -> None:
    files = image(
        *("FROM x.org/a:1", "RUN apt-get update", "RUN apt-get install -y a", "RUN b"),
        *("RUN apt-get update", "RUN apt-get install -y b && rm -rf /var/lib/apt/lists/*"),
    )
    assert found(files, "CON") == [("CON007", FILE, 2)]
    assert messages(files, "CON") == [
        "apt's package lists bloat the image: join this RUN with that of `apt-get install`, and "
        "end it with `&& rm -rf /var/lib/apt/lists/*`; also in line 5"
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ['ENTRYPOINT ["gosu", "me", "run"]'],
        ['ENTRYPOINT ["tini", "--", "gosu", "me"]', 'CMD ["run"]'],
        ["RUN apk add --no-cache su-exec", 'ENTRYPOINT ["/own.sh"]'],
        ["COPY --from=gosu /gosu /usr/local/bin/gosu", 'CMD ["a"]'],
        ["ENTRYPOINT exec setpriv --reuid=me run"],
        ["CMD xrootd -R xrootd -c /etc/a.cfg"],
        ['CMD ["/usr/sbin/sshd", "-D"]'],
        ["CMD su me -c run"],
        ["CMD sudo -E -u me run"],
        ["USER me", "USER root", 'ENTRYPOINT ["gosu", "me"]'],
        ['ENTRYPOINT ["/usr/local/bin/start.sh"]'],
    ],
)
def test_what_gives_root_up_or_needs_it_starts_as_root(lines: list[str]) -> None:
    script = '#!/bin/sh\nchown a b\nexec gosu me "$@"\n'
    assert found(image("FROM debian:13", *lines, **{"docker/start.sh": script}), "CON") == []


@pytest.mark.parametrize(
    "lines",
    [
        ['CMD ["run"]'],
        ['ENTRYPOINT ["/start.sh"]'],
        ["COPY sshd_config /etc/ssh/", 'CMD ["run"]'],
        ["CMD xrootd -c /etc/a.cfg"],
    ],
)
def test_what_stays_root_is_found(lines: list[str]) -> None:
    script = "#!/bin/sh\n# Not by gosu\nchown -R a b\nexec run\n"
    files = image("FROM debian:13", *lines, **{"start.sh": script})
    assert found(files, "CON") == [("CON004", FILE, 1)]


def test_only_scripts_of_the_image_itself_are_read() -> None:
    docker = 'FROM debian:13\nENTRYPOINT ["/start.sh"]\n'
    files = {"a/Dockerfile": docker, "b/start.sh": "exec gosu me\n"}
    assert found(files, "CON") == [("CON004", "a/Dockerfile", 1)]
    assert found({**files, "a/start.sh": "exec gosu me\n"}, "CON") == []
    chain = {**files, "a/start.sh": "exec \\\n  drop-privs \\\n  run\n"}
    assert found({**chain, "a/drop-privs": 'exec setpriv --reuid me "$@"\n'}, "CON") == []
    assert [each[0] for each in found({**chain, "a/drop-privs": "run\n"}, "CON")] == ["CON004"]


def test_what_a_stage_copies_that_only_gives_is_in_no_image() -> None:
    lines = (
        "FROM x.org/a:1 AS one",
        "COPY . .",
        "FROM x.org/a:1",
        "COPY --from=one /a /a",
        "USER a",
    )
    files = changed(image(*lines), {".dockerignore": None})
    assert found(files, "CON") == []
    assert found({**files, FILE: text(files, FILE) + "COPY . .\n"}, "CON") == [("CON008", FILE, 6)]
    # Where nothing is copied, each stage may be an image.
    apart = text(files, FILE).replace("COPY --from=one /a /a\n", "")
    assert found({**files, FILE: apart}, "CON") == [("CON008", FILE, 2)]


def test_a_version_without_repairs_is_one_finding_of_a_file() -> None:
    files = {FILE: "FROM python:3.8 AS a\nFROM python:3.8-slim\nFROM debian:10\nUSER me\n"}
    assert messages(files, "CON009", today=date(2026, 1, 1)) == [
        "Python 3.8 has had no security fixes since 2024-10-07: use a newer version; also in line "
        "2",
        "Debian 10 has had no security fixes since 2024-06-30: use a newer version",
    ]


def test_a_stage_that_does_not_last_may_have_caches() -> None:
    files = image(
        "FROM debian:12 AS build",
        "RUN pip install a",
        "FROM debian:12",
        "COPY --from=build /a /a",
        "USER a",
    )
    assert found(files, "CON") == []


def test_pip_is_told_to_keep_no_cache() -> None:
    lines = ("FROM a:1", "RUN x \\", "  && pip install -q a  # why", "USER a")
    after = image(*lines)[FILE].replace("pip install -q", "pip install --no-cache-dir -q")
    assert fixed(image(*lines), "CON007") == {FILE: after}


@pytest.mark.parametrize(
    ("copy", "line"),
    [
        ("COPY . /app", 2),
        ("ADD --chown=a:a . /app", 2),
        ("COPY ./ .", 2),
        ("ADD / /app", 2),
        ('COPY [".", "/app"]', 2),
        ('COPY [ "./", "/app" ]', 2),
        ('COPY [ "src", "." ]', None),
        ("COPY ./src .", None),
        ("COPY .env /app", None),
        ("COPY --from=one . /app", None),
        ("COPY src /app", None),
    ],
)
def test_what_is_copied_whole_is_bounded(copy: str, line: int | None) -> None:
    files = changed(image("FROM example.org/base:1", copy, "USER a"), {".dockerignore": None})
    assert found(files, "CON") == ([] if line is None else [("CON008", FILE, line)])
    assert found({**files, "Dockerfile.dockerignore": "*\n"}, "CON") == []


@pytest.mark.parametrize(
    ("path", "content", "is_needed"),
    [
        ("pyproject.toml", '[build-system]\nrequires = ["setuptools-scm>=8"]\n', True),
        ("pyproject.toml", '[build-system]\nrequires = ["hatchling", "hatch-vcs"]\n', True),
        ("setup.py", "from setuptools import setup\nsetup(use_scm_version=True)\n", True),
        ("setup.cfg", "[options]\nsetup_requires = setuptools_scm\n", True),
        ("setup.py", "from setuptools import setup\nsetup(version='1')\n", False),
    ],
)
def test_the_history_is_copied_where_a_build_reads_it(
    path: str, content: str, *, is_needed: bool
) -> None:
    files = {FILE: "FROM example.org/base:1\nCOPY . .\nUSER a\n", path: content}
    told = "this copies everything, even .git and private files: add a .dockerignore"
    if is_needed:
        told = (
            "this copies everything, even private files: add a .dockerignore that lets .git "
            "through, where the build finds the version"
        )
    assert messages(files, "CON008") == [told]


def test_bases_are_maintained() -> None:
    files = {"Dockerfile": "ARG OS=debian:10-slim\nFROM ${OS}\nUSER me\n"}
    assert found(files, "CON", today=date(2026, 1, 1)) == [("CON009", "Dockerfile", 2)]
    assert messages(files, "CON", today=date(2026, 1, 1)) == [
        "Debian 10 has had no security fixes since 2024-06-30: use a newer version"
    ]
    assert found(files, "CON") == []
    newer = {"Dockerfile": "FROM debian:13\nUSER me\n"}
    assert found(newer, "CON", today=date(2026, 1, 1)) == []


def test_apt_may_clean_up_itself() -> None:
    install = "RUN apt-get update && apt-get install -y git"
    assert found(image("FROM x.org/a:1", install), "CON") == [("CON007", FILE, 2)]
    for command in ("apt-get dist-clean", "apt distclean"):
        assert found(image("FROM x.org/a:1", f"{install} && {command}"), "CON") == []


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install a && pip cache purge",
        "RUN pip install a && rm -rf ~/.cache/pip",
        "RUN pip install a && rm -rf /root/.cache",
        "RUN PIP_NO_CACHE_DIR=1 pip install a",
        "RUN uv pip install --system a && uv cache clean",
        "RUN uv pip install --no-cache a",
        "RUN --mount=target=/root/.cache,type=cache pip install a",
        "RUN --mount=type=tmpfs,target=/root/.cache pip install a",
        "RUN pip install \\\n  a \\\n  --no-cache-dir",
        "RUN pip config set global.no-cache-dir true && pip install a",
    ],
)
def test_caches_that_do_not_stay(line: str) -> None:
    assert found(image("FROM example.org/base:1", line, "USER a"), "CON") == []


def test_several_installations_in_one_instruction() -> None:
    files = image(
        *("FROM example.org/base:1", "RUN pip install a && pip install b \\", "  && pip install c"),
        *("RUN pip install d", "USER a"),
    )
    assert messages(files, "CON") == [
        "pip's cache bloats the image: add `--no-cache-dir`; also in line 4"
    ]
    (text,) = fixed(files, "CON007").values()
    assert text is not None
    assert text.count("--no-cache-dir") == 4
    assert "pip install --no-cache-dir b \\\n  && pip install --no-cache-dir c\n" in text


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        *(("Dockerfile.dev", True), ("dev.Dockerfile", True), ("containers/a/Dockerfile", True)),
        *(("Containerfile", True), ("a/b/c/Dockerfile", True)),
        *(("Dockerfile.j2", False), ("tests/Dockerfile", False), ("Dockerfile.md", False)),
        *(("Dockerfile.dockerignore", False), ("{{ name }}/Dockerfile", False)),
    ],
)
def test_dockerfiles_by_other_names(name: str, is_read: bool) -> None:
    files = {name: "FROM debian\nUSER a\n"}
    assert found(files, "CON002") == ([("CON002", name, 1)] if is_read else [])


def test_what_is_made_into_a_dockerfile_is_none() -> None:
    lines = ("FROM debian", "{% if a %}", "COPY . .", "{% endif %}")
    assert found({"includes/Dockerfile": "\n".join(lines)}, "CON") == []


@pytest.mark.parametrize(
    ("path", "others"),
    [
        (".github/actions/a/Dockerfile", {}),
        ("a/Dockerfile", {"a/action.yml": "runs:\n  using: docker\n"}),
        ("Dockerfile", {"action.yaml": "runs:\n  using: docker\n"}),
    ],
)
def test_an_action_of_github_is_built_anew_and_runs_as_root(
    path: str, others: dict[str, str]
) -> None:
    text = "FROM debian:13\nRUN pip install a\nCOPY . .\nUSER root\nENTRYPOINT a\n"
    assert found({path: text, **others}, "CON") == []
    assert len(found({"b/Dockerfile": text, **others}, "CON")) == 3
    secret = {path: f"{text}ENV API_TOKEN=abc\n", **others}
    assert found(secret, "CON") == [("CON005", path, 6)]


HEADS = [
    "# THIS FILE WAS AUTO-GENERATED\n#\n#  $ lcitool manifest ci/manifest.yml\n",
    "#\n# NOTE: THIS DOCKERFILE IS GENERATED BY A SCRIPT\n#\n# PLEASE DO NOT EDIT IT DIRECTLY.\n",
    "# syntax=docker/dockerfile:1\n# @generated by a\n",
    "# Automatically generated from a.yml\n",
    "# Autogenerated. Do not modify.\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_what_a_tool_writes_it_would_write_again(head: str) -> None:
    text = "FROM debian\nRUN pip install a\nRUN apt-get update && apt-get install a\nCMD a\n"
    assert found({FILE: f"{head}{text}"}, "CON") == []
    assert len(found({FILE: f"# Generates much.\n{text}"}, "CON")) == 4
    assert len(found({FILE: f"{text}{head}"}, "CON")) == 4
    old = f"{head}FROM debian:8\nENV API_TOKEN=abc\n"
    codes = [code for code, *_ in found({FILE: old}, "CON", today=date(2026, 1, 1))]
    assert codes == ["CON009", "CON005"]


@pytest.mark.parametrize(
    ("path", "is_run"),
    [
        *(("ci/docker/build.Dockerfile", False), (".gitlab-ci/Dockerfile", False)),
        *((".cscs-ci/Dockerfile", False), ("ci-scripts/a/Dockerfile", False)),
        *((".ci/Dockerfile", False), ("docker/Dockerfile.ci", False), ("a/ci.Dockerfile", False)),
        *(("docker/Dockerfile.ci-oldest", False), ("Dockerfile.ci_a", False)),
        ("a/ci-oldest.Dockerfile", False),
        *(("docker/images/dev/Dockerfile", False), ("e2e/Dockerfile", False)),
        *(("city/Dockerfile", True), ("ci.d/Dockerfile", True), ("Dockerfile.cid", True)),
        *(("device/Dockerfile", True), ("dev-site/Dockerfile", True)),
    ],
)
def test_an_image_in_which_a_pipeline_works(path: str, is_run: bool) -> None:
    told = [code for code, *_ in found({path: "FROM debian:13\nCOPY . .\nCMD a\n"}, "CON")]
    assert told == (["CON004", "CON008"] if is_run else [])
    caches = found({path: "FROM debian:13\nRUN pip install a\n"}, "CON")
    assert caches == ([("CON007", path, 2)] if is_run else [])


@pytest.mark.parametrize(
    ("starts", "is_run"),
    [
        *((("CMD python3 -m pytest tests/$A",), False), (('CMD ["tox", "-e", "py"]',), False)),
        *((('ENTRYPOINT ["py.test"]', 'CMD ["-v"]'), False), (("CMD ./run_tests.sh",), False)),
        *((('CMD ["python", "manage.py", "test"]',), False), (("CMD make -j test",), True)),
        *((("CMD npm run test",), False), (('CMD ["python", "-m", "unittest"]',), False)),
        *((("CMD pytest", "CMD serve"), True), (("CMD serve --tests",), True)),
        *((("CMD cat pytest.ini",), True), (("CMD python -m unit",), True), ((), True)),
    ],
)
def test_an_image_that_starts_tests(starts: tuple[str, ...], *, is_run: bool) -> None:
    files = image("FROM debian:13", "RUN pip install a", "COPY . .", *starts)
    wanted = [("CON004", FILE, 1), ("CON007", FILE, 2)] if is_run else []
    assert found(files, "CON") == wanted


@pytest.mark.parametrize(
    ("path", "is_run"),
    [
        *(
            ("Dockerfile.base", False),
            ("docker/Dockerfile.gpu-base", False),
            ("base/Dockerfile", False),
        ),
        *(("images/alpine-base/Dockerfile", False), ("web-base.Dockerfile", False)),
        *(("database/Dockerfile", True), ("Dockerfile.based", True), ("bases/Dockerfile", True)),
    ],
)
def test_a_base_has_no_user(path: str, *, is_run: bool) -> None:
    files = {path: "FROM debian:13\nRUN a\nCMD a\n"}
    assert found(files, "CON004") == ([("CON004", path, 1)] if is_run else [])


def test_people_develop_as_they_like() -> None:
    files = {".devcontainer/Dockerfile": "FROM debian:13\nRUN pip install a\nCOPY . .\n"}
    assert found(files, "CON") == []


@pytest.mark.parametrize(
    ("base", "moves"),
    [
        *(("python:slim", True), ("docker:dind", True), ("a/b:debug", True), ("node:lts", True)),
        *(("python:slim-bookworm", True), ("debian:bookworm-slim", False), ("ubuntu:noble", False)),
        *(("python:3-slim", False), ("docker:27-dind", False), ("a/b:production", False)),
        *(("mcr.microsoft.com/devcontainers/base:jammy", False), ("amd64/debian:sid", False)),
        *(("bitnami/minideb:bookworm", False), ("a.org/debian:latest", True)),
    ],
)
def test_tags_that_move(base: str, moves: bool) -> None:
    message = [f"the image {base} may change any day: use a version tag"] if moves else []
    assert messages(image(f"FROM {base}", "USER a"), "CON002") == message
    copied = image("FROM debian:13 AS one", f"COPY --from={base} /a /b", "USER a")
    assert messages(copied, "CON002") == message


def test_one_base_of_several_stages_is_one_finding() -> None:
    files = image("FROM a.org/b:latest AS one", "FROM a.org/b:latest", "USER a")
    assert found(files, "CON002") == [("CON002", FILE, 1)]
    assert messages(files, "CON002") == [
        "the image a.org/b:latest may change any day: use a version tag; also in line 2"
    ]


def test_bases_that_may_change_are_one_finding() -> None:
    files = image("FROM a.org/b:latest AS one", "FROM a.org/c", "USER a")
    files["x/Dockerfile"] = "FROM a.org/d:latest\nUSER a\n"
    assert found(files, "CON002") == [("CON002", FILE, 1)]
    assert messages(files, "CON002") == [
        "the image a.org/b:latest may change any day: use a version tag; others in line 2, "
        "x/Dockerfile:1"
    ]


def test_what_is_copied_from_a_stage_or_a_context() -> None:
    lines = ("COPY --from=one /a /b", "COPY --from=0 /a /b", "COPY --from=context /a /b")
    assert found(image("FROM debian:13 AS one", *lines, "USER a"), "CON002") == []


LONG = "".join(f"\t--build-arg ARGUMENT_{number}=$(ARGUMENT_{number}) \\\n" for number in range(12))


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("docker/build.sh", "docker build nest -t a/nest-debian --build-arg b=c"),
        ("docker/build.sh", "docker build nest \\\n  -t a/nest-$system:$version"),
        ("Makefile", "base:\n\tpodman build --tag=a/${NAME}-debian:latest ."),
        ("Dockerfile.nest", "# docker build --tag a/nest-debian .\nFROM debian:13"),
        (".gitlab-ci.yml", "a:\n  script: docker buildx build --pull -t 'a/nest-debian' ."),
        ("docker/README.md", "```shell\ndocker build --no-cache -t a/nest-debian ./nest\n```"),
        ("Makefile", "NEST=a/nest-debian\nbuild:\n\tdocker build -t $(NEST):latest ."),
        ("Makefile", f"N ?= a/nest-debian # x\nb:\n\tdocker build\\\n{LONG}\t-t ${{N}}:$V ."),
        ("build.sh", 'R="a"\nexport N="$R/nest-debian"\nI="${N}"\ndocker build -t "$I:1" .'),
        (".gitlab-ci.yml", "variables:\n  N: a/nest-debian\na:\n  script: docker build -t $N ."),
    ],
)
def test_images_that_a_command_here_builds(path: str, command: str) -> None:
    files = {"Dockerfile": "FROM a/nest-debian\nFROM a/nest-debian:latest\n"}
    assert found({**files, path: f"{command}\n"}, "CON002") == []
    other = command.replace("a/", "b/").replace('"a"', '"b"')
    assert messages({**files, path: f"{other}\n"}, "CON002") == [
        "the image a/nest-debian may change any day: add a version tag; others in line 2"
    ]


def test_a_command_that_may_build_anything_says_nothing() -> None:
    files = {
        "Dockerfile": "FROM debian\n",
        "a.sh": "docker build -t $IMAGE .\ndocker run -t debian\n",
    }
    assert found(files, "CON002") == [("CON002", "Dockerfile", 1)]


def test_images_that_are_built_beside() -> None:
    files = {
        "docker/base/Dockerfile": "FROM debian:13\nUSER a\n",
        "docker/dev/Dockerfile": "FROM base\nUSER a\n",
    }
    assert found(files, "CON") == []
    assert len(found({**files, "docker/dev/Dockerfile": "FROM other\nUSER a\n"}, "CON")) == 1


def test_what_several_images_lack_is_one_finding() -> None:
    text = "FROM debian:latest\nCMD a\nCOPY . .\n"
    files = {f"{each}/Dockerfile": text for each in "abc"} | {"c/.dockerignore": "*\n"}
    assert messages(files, "CON") == [
        "the image debian:latest may change any day: use a version tag; also in b/Dockerfile:1, "
        "c/Dockerfile:1",
        "clusters refuse an image that runs as root: end with `USER` and an ordinary user; also in "
        "b/Dockerfile:1, c/Dockerfile:1",
        "this copies everything, even .git and private files: add a .dockerignore; also in "
        "b/Dockerfile:3",
    ]
    old = {f"{each}/Dockerfile": "FROM python:3.8\nUSER a\n" for each in "ab"}
    assert messages(old, "CON009", today=date(2026, 1, 1)) == [
        "Python 3.8 has had no security fixes since 2024-10-07: use a newer version; also in "
        "b/Dockerfile:1"
    ]


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (["ARG PIP_OPTS=--no-cache-dir", "RUN pip install $PIP_OPTS a"], None),
        (["ARG OTHER='-q --no-cache-dir'", "RUN pip install ${OTHER} a"], None),
        (["ARG PIP_OPTS", "RUN pip install ${PIP_OPTS} a"], None),
        (["RUN pip install $PIP_ARGS a"], None),
        (["RUN PIP_FLAGS=--no-cache-dir && pip install $PIP_FLAGS a"], None),
        (["RUN PIP='pip install --no-cache-dir' && $PIP a"], None),
        (["RUN pip config set global.no-cache-dir true", "RUN pip install a"], None),
        (["COPY pip.conf /etc/pip.conf", "RUN pip install a"], None),
        (["ARG PIP_OPTS=-q", "RUN pip install $PIP_OPTS a"], 3),
        (["ARG VERSION", "RUN pip install a==$VERSION"], 3),
        (["ARG WHAT=a", "RUN pip install $WHAT"], 3),
        (["RUN pip install a && echo $PIP_OPTS"], 2),
    ],
)
def test_options_of_pip_in_variables(lines: list[str], at: int | None) -> None:
    files = image("FROM example.org/base:1", *lines, "USER a")
    assert found(files, "CON007") == ([("CON007", FILE, at)] if at else [])


def test_only_the_installation_that_keeps_its_cache_is_repaired() -> None:
    line = "RUN pip install $PIP_OPTS a && pip install b"
    files = image("FROM example.org/base:1", line, "USER a")
    right = text(files, FILE).replace("install b", "install --no-cache-dir b")
    assert fixed(files, "CON007") == {FILE: right}


def test_a_stage_has_the_variables_of_the_one_that_it_starts_from() -> None:
    rest = ("FROM one", "RUN pip install a", "USER a")
    set_below = image("FROM x.org/a:1 AS one", "ENV PIP_NO_CACHE_DIR=1", *rest)
    assert found(set_below, "CON") == []
    # An argument is one of its own stage.
    argument = image("FROM x.org/a:1 AS one", "ARG PIP_NO_CACHE_DIR=1", *rest)
    assert found(argument, "CON") == [("CON007", FILE, 4)]


def test_caches_of_several_images_are_one_finding_and_one_repair() -> None:
    one = "FROM x.org/a:1\nRUN pip install a\nRUN pip install b && pip install c\nUSER a\n"
    files = {
        "a/Dockerfile": one,
        "b/Dockerfile": one.replace("pip", "pip3"),
        ".dockerignore": "*\n",
    }
    assert found(files, "CON") == [("CON007", "a/Dockerfile", 2)]
    assert messages(files, "CON") == [
        "pip's cache bloats the image: add `--no-cache-dir`; also in line 3, b/Dockerfile:2, 3"
    ]
    right = one.replace("install", "install --no-cache-dir")
    assert fixed(files, "CON007") == {
        "a/Dockerfile": right,
        "b/Dockerfile": right.replace("pip", "pip3"),
    }


@pytest.mark.parametrize(
    ("path", "content", "is_found"),
    [
        ("compose.yaml", "services:\n  a:\n    build: a\n    image: me/base:2\n", False),
        ("compose.yaml", "services:\n  a:\n    build: a\n    image: me/${NAME:-base}\n", False),
        ("compose.yaml", "services:\n  a:\n    image: me/base:2\n", True),
        ("build.sh", "docker build . -t me/${PWD##*/}:latest\n", False),
        ("build.sh", "docker build . -t me/$(basename $PWD):latest\n", False),
        ("build.sh", "docker build . -t you/${PWD##*/}:latest\n", True),
        ("build.sh", "docker build . -t ${NAME}\n", True),
    ],
)
def test_a_base_that_is_built_beside(path: str, content: str, is_found: bool) -> None:
    files = image("FROM me/base", "USER a", **{path: content})
    assert found(files, "CON002") == ([("CON002", FILE, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("default", "is_found"),
    [
        *(("error_please_pass_build_args", False), ("REQUIRED", False), ("unset", False)),
        *(("must-be-given", False), ("placeholder", False), ("please", False)),
        *(("setup", True), ("nonesuch", True), ("error.example.org/a", True), ("debian", True)),
    ],
)
def test_an_argument_that_has_to_be_given_is_no_image(default: str, is_found: bool) -> None:
    files = image(f"ARG IMAGE={default}", "FROM $IMAGE", "USER a")
    assert found(files, "CON002") == ([("CON002", FILE, 2)] if is_found else [])


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *(("docs/using/recipe_code/a.dockerfile", False), ("doc/tutorials/Dockerfile", False)),
        *(("docs/snippets/a/Dockerfile", False), ("docs/Dockerfile", True)),
        *(("recipes/Dockerfile", True), ("docs/image/Dockerfile", True)),
    ],
)
def test_what_pages_show_is_no_image(path: str, is_found: bool) -> None:
    files = {path: "FROM debian:latest\nUSER a\n"}
    assert found(files, "CON002") == ([("CON002", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("command", "is_found"),
    [
        ("pip install --no-index --user /tmp/wheels/*.whl", False),
        ("pip install --user --no-index a", False),
        ("pip install --no-deps *.whl", False),
        ("pip install /wheels/*.whl --no-deps", False),
        ("pip install /wheels/*.whl", True),
        ("pip install --no-deps a", True),
        ("pip install a && ls --no-index", True),
    ],
)
def test_what_comes_from_files_is_kept_nowhere_else(command: str, *, is_found: bool) -> None:
    files = image("FROM x.org/a:1", f"RUN {command}")
    assert found(files, "CON007") == ([("CON007", FILE, 2)] if is_found else [])


@pytest.mark.parametrize(
    ("last", "more", "is_found"),
    [
        ('ENTRYPOINT [ "python", "hello.py" ]', {"jobs/one/hello.py": ""}, False),
        ("RUN pip install -r requirements.txt", {"jobs/one/requirements.txt": ""}, False),
        ("RUN pip install .", {"jobs/one/requirements.txt": ""}, True),
        ('ENTRYPOINT [ "python", "hello.py" ]', {"jobs/one/hello.py": "", "hello.py": ""}, True),
    ],
)
def test_a_context_inside_the_repository(
    last: str, more: dict[str, str], *, is_found: bool
) -> None:
    path = "jobs/one/Dockerfile"
    files = {path: f"FROM x.org/a:1\nCOPY . .\n{last}\n", **more}
    assert found(files, "CON008") == ([("CON008", path, 2)] if is_found else [])


@pytest.mark.parametrize("folder", ["samples", "dags/samples/one", "demo", "tutorials/a"])
def test_images_that_are_shown(folder: str) -> None:
    assert found({f"{folder}/Dockerfile": "FROM debian:13\nCOPY . .\n"}, "CON") == []


@pytest.mark.parametrize(
    ("folder", "is_run"),
    [
        ("obsolete", False),
        ("dags/cwl/obsolete/salmon", False),
        ("unused_images/a", False),
        ("deprecated-images", False),
        ("old", False),
        ("gold", True),
        ("archive", True),
    ],
)
def test_images_that_are_set_aside(folder: str, *, is_run: bool) -> None:
    path = f"{folder}/Dockerfile"
    wanted = [("CON004", path, 1)] if is_run else []
    assert found({path: "FROM debian:13\nCMD [ 'a' ]\n"}, "CON") == wanted


def test_an_image_that_has_the_name_of_the_project() -> None:
    own = image("FROM a-slim-py3", "USER 1000")
    assert found(own, "CON002") == []
    for other in ("debian", "b-slim", "a", "banana-slim"):
        assert found(image(f"FROM {other}", "USER 1000"), "CON002") == [("CON002", FILE, 1)]


def test_an_image_with_a_server_that_starts_as_root() -> None:
    lines = ("FROM python:3.13", "RUN {}", "COPY run.sh /", "USER root")
    for command, is_found in (
        ("apt-get update && apt-get install -y openssh-server", False),
        ("apt-get update && apt-get install -y openssh-client", True),
    ):
        files = image(*(line.format(command) for line in lines))
        assert bool(found(files, "CON004")) == is_found


OLD = "FROM python:{}\nCOPY . .\nCMD a\n"


@pytest.mark.parametrize(
    ("path", "version", "is_told"),
    [
        *(("docker/Dockerfile.ci-oldest", each, False) for each in ("3.9", "3.9.2-slim")),
        ("docker/Dockerfile.ci-oldest", "3.8", True),
        ("Dockerfile", "3.9", True),
    ],
)
def test_a_pipeline_may_have_the_oldest_python(path: str, version: str, *, is_told: bool) -> None:
    project = "[project]\nname = 'a'\nversion = '1'\nrequires-python = '>=3.9'\n"
    files = {"pyproject.toml": project, path: OLD.format(version)}
    wanted = [("CON009", path, 1)] if is_told else []
    assert found(files, "CON009", today=date(2026, 1, 1)) == wanted


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [
        (["FROM debian:13 AS builder", "COPY . .", "RUN make"], False),
        (["FROM debian:13 AS wheel-build", "COPY . ."], False),
        (["FROM debian:13 AS rebuilt", "COPY . ."], True),
        (["FROM debian:13 AS builder", "RUN make", "FROM debian:13", "COPY a b"], True),
        (["FROM debian:13", "ADD $address /dist/", "RUN make"], False),
        (["FROM debian:13", "ADD --checksum=a https://example.org/a.tar /dist/"], False),
        (["FROM debian:13", "ADD a.tar /dist/"], True),
        (["FROM debian:13", "ADD $address /dist/", "CMD a"], True),
    ],
)
def test_what_only_makes_something_is_not_run(lines: list[str], *, is_told: bool) -> None:
    files = {FILE: "\n".join(lines), ".dockerignore": "*\n"}
    assert bool(found(files, "CON004")) == is_told


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        ("yum install -y a", "yum's cache bloats the image: end this RUN with `&& yum clean all`"),
        ("dnf -y upgrade", "dnf's cache bloats the image: end this RUN with `&& dnf clean all`"),
        (
            "microdnf install a",
            "microdnf's cache bloats the image: end this RUN with `&& microdnf clean all`",
        ),
        (
            "zypper --non-interactive in a",
            "zypper's cache bloats the image: end this RUN with `&& zypper clean --all`",
        ),
        ("apk update && apk add a", "apk's index bloats the image: add `--no-cache`"),
        ("apk add --virtual b a", "apk's index bloats the image: add `--no-cache`"),
        ("yum install -y a && yum -y clean all", ""),
        ("dnf install -y a && rm -rf /var/cache/dnf", ""),
        ("dnf install -y a && rm -rf /var/cache/*", ""),
        ("--mount=type=cache,target=/var/cache/dnf dnf install -y a", ""),
        *(("apk add --no-cache a", ""), ("apk --no-cache add a", ""), ("apk update && a", "")),
        ("apk add a && rm -rf /var/cache/apk/*", ""),
        *(("yum repolist", ""), ("pip list && dnf info install-a", ""), ("apk info", "")),
    ],
)
def test_what_other_managers_of_packages_leave(command: str, remedy: str) -> None:
    files = image("FROM example.org/base:1", f"RUN a \\\n && {command}", "USER a")
    if command.startswith("--mount"):
        files = image("FROM example.org/base:1", f"RUN {command}", "USER a")
    assert messages(files, "CON007") == ([remedy] if remedy else [])
    assert found(files, "CON007") == ([("CON007", FILE, 3)] if remedy else [])


@pytest.mark.parametrize(
    ("base", "own", "is_told"),
    [
        ("me/tool", "FROM debian:13\nUSER a\n", False),
        ("me/tool:latest", "FROM debian:13\nUSER a\n", False),
        ("me/tool", "FROM tool/base:1\nUSER a\n", False),
        ("me/other", "FROM debian:13\nUSER a\n", True),
        ("me/tool", "FROM you/tool:1\nUSER a\n", True),
    ],
)
def test_an_image_that_another_folder_is_called(base: str, own: str, *, is_told: bool) -> None:
    path = "docker/app/Dockerfile"
    files = {path: f"FROM {base}\nUSER a\n", "docker/tool/Dockerfile": own}
    assert found(files, "CON002") == ([("CON002", path, 1)] if is_told else [])
    assert found({**PLAIN, **files}, "CON002") == [("CON002", path, 1)]


@pytest.mark.parametrize(
    ("base", "is_found"),
    [
        ("termux/termux-docker:aarch64", False),
        ("docker.io/termux/termux-docker:x86_64", False),
        ("example.org/nottermux/a:1", True),
    ],
)
def test_an_image_whose_lists_lie_elsewhere(base: str, *, is_found: bool) -> None:
    files = image(f"FROM {base}", "RUN apt-get update && apt-get install -y a", "USER a")
    assert found(files, "CON007") == ([("CON007", FILE, 2)] if is_found else [])


@pytest.mark.parametrize(
    ("last", "beside", "is_found"),
    [
        ("RUN uv pip install --system .", "pyproject.toml", False),
        ("RUN pip install -e '.[all]'", "setup.py", False),
        ("RUN pip install a", "pyproject.toml", True),
        ("RUN pip install ./b", "pyproject.toml", True),
        ("RUN pip install .", "b.py", True),
    ],
)
def test_a_project_inside_is_its_own_context(last: str, beside: str, *, is_found: bool) -> None:
    path = "jobs/one/Dockerfile"
    files = {path: f"FROM x.org/a:1\nCOPY . /a\n{last}\n", f"jobs/one/{beside}": "", beside: ""}
    assert found(files, "CON008") == ([("CON008", path, 2)] if is_found else [])


@pytest.mark.parametrize(
    ("folder", "is_run"),
    [
        *(("third_party/a", False), ("a/_vendor", False), ("test-containers/a", False)),
        *(("pagila-test", False), ("latest", True), ("testbed", True), ("attest", True)),
        *(("test-infra/a", False), ("agents/test-repair", True)),
    ],
)
def test_images_of_others_or_for_tests(folder: str, *, is_run: bool) -> None:
    path = f"{folder}/Dockerfile"
    wanted = [("CON004", path, 1)] if is_run else []
    assert found({path: "FROM debian:13\nCMD [ 'a' ]\n"}, "CON") == wanted


@pytest.mark.parametrize("folder", ["devscripts/files", "dev-tools", "a/dev_scripts"])
def test_an_image_for_those_who_develop_may_run_as_root(folder: str) -> None:
    assert found({f"{folder}/Dockerfile": "FROM debian:13\nCMD [ 'a' ]\n"}, "CON004") == []


def test_a_base_that_compose_builds_and_names_itself() -> None:
    compose = "services:\n  web:\n    build: .\n"
    files = {"compose.yaml": compose, "compose.dev.yaml": f"name: dev-site\n{compose}"}
    tools = "tools/Dockerfile"
    assert found({**files, tools: "FROM dev-site-web\nUSER a\n"}, "CON002") == []
    assert found({**files, tools: "FROM other-web\nUSER a\n"}, "CON002") == [("CON002", tools, 1)]


@pytest.mark.parametrize(
    ("settings", "start", "is_found"),
    [
        ("[uwsgi]\nuid = www-data\n", "exec uwsgi --http :80 uwsgi.ini", False),
        ("[uwsgi]\nuid = root\n", "exec uwsgi uwsgi.ini", True),
        ("[uwsgi]\nprocesses = 2\n", "exec uwsgi uwsgi.ini", True),
        ("[uwsgi]\nuid = www-data\n", "exec gunicorn a:b", True),
        ("", "uwsgi --http :80 --uid nobody", False),
    ],
)
def test_uwsgi_gives_up_the_rights_of_root(settings: str, start: str, *, is_found: bool) -> None:
    docker = 'FROM python:3.13.7-slim\nCOPY . .\nCMD ["./start.sh"]\n'
    files = {"Dockerfile": docker, "start.sh": f"#!/bin/sh\n{start}\n", "uwsgi.ini": settings}
    assert found(files, "CON004") == ([("CON004", "Dockerfile", 1)] if is_found else [])


@pytest.mark.parametrize(
    ("lines", "is_found"),
    [
        ("ENV MYSQL_USER=sea\nENV MYSQL_PASSWORD=sea", False),
        ("ENV MYSQL_PASSWORD=sea MYSQL_DATABASE=sea", False),
        ("ENV MYSQL_USER=sea\nENV MYSQL_PASSWORD=hunter2", True),
        ("ENV NAME=hunter2\nENV MYSQL_PASSWORD=hunter2", True),
    ],
)
def test_a_password_that_is_the_name_of_its_user(lines: str, *, is_found: bool) -> None:
    files = {"Dockerfile": f"FROM mysql:8.4\n{lines}\n"}
    assert bool(found(files, "CON005")) == is_found
