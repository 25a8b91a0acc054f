"""What an instruction of a Dockerfile leaves behind on purpose, or cleans up by a script."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import found

INSTALL = "yum install -y tar"


def image(*lines: str, **files: str) -> dict[str, Any]:
    lines = ("FROM x.org/a:1", *lines, "USER a")
    return {"Dockerfile": "\n".join(lines) + "\n", ".dockerignore": "*\n", **files}


@pytest.mark.parametrize(
    ("install", "does"),
    [
        (INSTALL, "yum clean all"),
        ("dnf -y install tar", "rm -rf /var/cache/dnf"),
        ("apt-get update && apt-get install -y tar", "rm -rf /var/lib/apt/lists/*"),
        ("apk add tar", "rm -rf /var/cache/apk/*"),
        ("pip install tar", "pip cache purge"),
    ],
)
@pytest.mark.parametrize("call", ["/opt/docker/bin/tidy", "scripts/tidy", "sh ./tidy"])
def test_a_script_of_the_project_cleans_up(install: str, does: str, call: str) -> None:
    line = f"RUN {install} && \\\n  {call}"
    assert found(image(line, **{"scripts/tidy": f"#!/bin/sh\n{does}\n"}), "CON") == []
    other = image(line, **{"scripts/tidy": "#!/bin/sh\nldconfig\n"})
    assert found(other, "CON") == [("CON007", "Dockerfile", 2)]


@pytest.mark.parametrize(
    ("call", "is_found"),
    [
        *((f"{each}", False) for each in ("/opt/clean.sh", "clean-layer.sh", "/bin/yum_clean_all")),
        *((f"bash {each}", False) for each in ("/srv/cleanup.sh", "'/x/apt-clean'")),
        *((each, True) for each in ("/opt/cleaver", "clean", "make -C /clean/a", "/opt/setup.sh")),
    ],
)
def test_a_script_of_the_base_is_judged_by_its_name(call: str, *, is_found: bool) -> None:
    wanted = [("CON007", "Dockerfile", 2)] if is_found else []
    assert found(image(f"RUN {INSTALL} && {call}"), "CON") == wanted


def test_what_a_script_of_the_project_does_counts_and_not_its_name() -> None:
    files = image(f"RUN {INSTALL} && /opt/clean.sh", **{"bin/clean.sh": "rm -rf /root/.ssh\n"})
    assert found(files, "CON") == [("CON007", "Dockerfile", 2)]


@pytest.mark.parametrize(
    ("code", "install"),
    [
        ("DL3009", "apt-get update && apt-get install -y tar"),
        ("DL3019", "apk add tar"),
        ("DL3032", INSTALL),
        ("DL3036", "zypper install tar"),
        ("DL3040", "dnf install tar"),
        ("DL3042", "pip install tar"),
    ],
)
def test_what_hadolint_is_told_to_ignore(code: str, install: str) -> None:
    for comment in (f"# hadolint ignore={code}", f"#hadolint  ignore = DL3008, {code}"):
        assert found(image(comment, f"RUN {install}"), "CON") == []
        assert found(image(comment, "# Why.", f"RUN {install}"), "CON") == []
    for comment in ("# hadolint ignore=DL3008", f"# {code}", f"# hadolint ignore={code}0"):
        files = image(comment, f"RUN {install}")
        assert found(files, "CON") == [("CON007", "Dockerfile", 3)]
    away = image(f"# hadolint ignore={code}", "RUN true", f"RUN {install}")
    assert found(away, "CON") == [("CON007", "Dockerfile", 4)]


def test_a_base_that_hadolint_is_told_to_ignore() -> None:
    base = "FROM x.org/b:latest\nUSER a\n"
    assert found({"Dockerfile": base}, "CON002") == [("CON002", "Dockerfile", 1)]
    assert found({"Dockerfile": f"# hadolint ignore=DL3007\n{base}"}, "CON002") == []
