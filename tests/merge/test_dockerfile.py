"""Dockerfiles."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.merge.dockerfile import split_instructions
from lisa_scaffold.model import Declined, Merged
from tests.merge.material import DOCKERFILE as BASE
from tests.support.sweeps import examples


def merge(ours: str, theirs: str, path: str = "Dockerfile") -> str | None:
    result = merge_file(path, BASE.encode(), ours.encode(), theirs.encode())
    assert not isinstance(result, Declined)
    return None if result is None else result.content.decode()


def changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new, 1)


@pytest.mark.parametrize(
    "path", ["Dockerfile", "docker/Dockerfile.gpu", "a.dockerfile", "Containerfile"]
)
def test_settings_added_by_both_sides(path: str) -> None:
    ours, theirs = (
        changed("ENV B=2\n", "ENV B=2\nENV D=4\n"),
        changed("ENV B=2\n", "ENV B=2\nENV C=3\n"),
    )
    assert merge(ours, theirs, path) == changed("ENV B=2\n", "ENV B=2\nENV C=3\nENV D=4\n")


def test_packages_added_by_both_sides_are_a_sorted_set() -> None:
    ours = changed("        git \\\n", "        git \\\n        graphviz \\\n")
    theirs = changed("        git \\\n", "        git \\\n        jq \\\n")
    assert merge(ours, theirs) == changed(
        "        git \\\n", "        git \\\n        graphviz \\\n        jq \\\n"
    )


def test_a_step_and_a_setting_at_one_place() -> None:
    ours = changed("COPY . /src\n", "COPY . /src\nRUN make\n")
    theirs = changed("COPY . /src\n", "COPY . /src\nENV C=3\n")
    assert merge(ours, theirs) == changed("COPY . /src\n", "COPY . /src\nENV C=3\nRUN make\n")


def test_two_steps_at_one_place_are_a_conflict() -> None:
    ours = changed("COPY . /src\n", "COPY . /src\nRUN make\n")
    theirs = changed("COPY . /src\n", "COPY . /src\nCOPY x /y\n")
    assert merge(ours, theirs) is None


def test_of_two_newer_images_the_newest_wins() -> None:
    ours, theirs = (
        changed("python:3.11 AS", "python:3.12 AS"),
        changed("python:3.11 AS", "python:3.13 AS"),
    )
    result = merge_file("Dockerfile", BASE.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == theirs
    assert "3.12 by the project" in result.notes[0]


def test_another_image_and_a_newer_tag_are_a_conflict() -> None:
    ours, theirs = (
        changed("org/python:3.11 AS", "org/conda:3.11 AS"),
        changed("python:3.11 AS", "python:3.13 AS"),
    )
    assert merge(ours, theirs) is None


def test_a_renamed_stage_that_the_other_side_copies_from_is_a_conflict() -> None:
    theirs = BASE.replace("AS build", "AS builder").replace("--from=build", "--from=builder")
    ours = changed('CMD ["python"]\n', 'COPY --from=build /etc /etc\nCMD ["python"]\n')
    assert merge(ours, theirs) is None
    git = theirs.replace('CMD ["python"]\n', 'COPY --from=build /etc /etc\nCMD ["python"]\n')
    said = check_clean("Dockerfile", *(text.encode() for text in (BASE, ours, theirs, git)))
    assert said == "it copies from build, which is no stage of it"


def test_heredocs_comments_and_continuations_are_one_instruction() -> None:
    text = (
        "# syntax=docker/dockerfile:1\n\n# Why.\nRUN <<EOF\nENV not=one\nEOF\n"
        "RUN a && \\\n  # inside\n\n  b\nCMD x\n# The end.\n"
    )
    units = split_instructions(text.split("\n")[:-1])
    assert [(unit.gap, len(unit.lines)) for unit in units] == [
        (0, 1),
        (1, 4),
        (0, 4),
        (0, 1),
        (0, 1),
    ]


STAGE = """
FROM build AS debug
# Find users.
RUN apt-get update
RUN apt-get install -y libnss-ldapd
RUN sed -i 's/files/ldap files/g' /etc/nsswitch.conf
# Edit in place.
RUN pip install debugpy
RUN pip install -e .
ENTRYPOINT ["/bin/bash", "-c"]
CMD ["while true; do sleep 30; done;"]
"""


def test_a_stage_that_both_sides_added_nearly_alike_stays_the_projects_with_a_patch() -> None:
    ours = BASE + STAGE.replace("sleep 30", "sleep 5")
    theirs = changed("ENV B=2\n", "ENV B=3\n") + STAGE
    sides = [text.encode() for text in (BASE, ours, theirs)]
    result = merge_file("Dockerfile", *sides)
    assert isinstance(result, Merged)
    assert result.content.decode() == ours.replace("ENV B=2\n", "ENV B=3\n")
    assert result.notes[0].startswith("the stage debug: both sides added it, nearly alike")
    assert '+CMD ["while true; do sleep 30; done;"]\n' in result.patch
    assert merge_file("Dockerfile", *sides, keep_prose=False) is None
    assert merge(BASE + STAGE, BASE + "\nFROM build AS debug\nRUN other\n") is None


def test_a_change_that_the_other_side_contains_is_no_conflict() -> None:
    ours = changed(
        "RUN pip install /src\n", "RUN touch a && pip install -U pip && pip install /src\n"
    )
    theirs = changed("RUN pip install /src\n", "RUN touch a && pip install /src\n")
    assert merge(ours, theirs) == ours


def test_a_comment_above_a_step_that_both_sides_added() -> None:
    ours = changed("COPY . /src\n", "COPY . /src\nRUN make\n")
    theirs = changed("COPY . /src\n", "COPY . /src\n# All of it.\nRUN make\n")
    assert merge(ours, theirs) == theirs


def test_two_steps_in_the_place_of_one_are_a_conflict() -> None:
    ours = changed("RUN pip install /src\n", "RUN uv sync --locked\n")
    theirs = changed("RUN pip install /src\n", "RUN make install\n")
    assert merge(ours, theirs) is None


def test_a_dockerfile_that_both_sides_added_has_the_stages_of_both_the_projects_last() -> None:
    ours = "FROM a AS run\nRUN x\n"
    theirs = "# For developers.\nFROM b AS developer\nRUN y\n"
    result = merge_file("Dockerfile", None, ours.encode(), theirs.encode())
    note = "both sides added it; the template's stages come first."
    assert result == Merged(f"{theirs}\n{ours}".encode(), (note,))
    assert merge_file("Dockerfile", None, ours.encode(), b"FROM b AS run\nRUN y\n") is None


# Modules that are copied, each with a step of its own, as images of many parts have them.
MODULES = """\
FROM a
WORKDIR /build
COPY support/tools tools

COPY support/stats/ stats/
RUN stats/install.sh 3.2

COPY support/pvxs/ pvxs/
RUN pvxs/install.sh 1.3

# The program itself.
COPY src src
RUN cd src && make
RUN src/install.sh proxy
"""
PVXS = "COPY support/pvxs/ pvxs/\nRUN pvxs/install.sh 1.3\n\n"
SEQUENCER = "COPY support/sequencer sequencer\nRUN sequencer/install.sh R2-2\n\n"
MOTOR = "COPY support/motor/ motor\nRUN motor/install.sh R7\n\n"


def of_modules(ours: str, theirs: str) -> Merged | None:
    result = merge_file("Dockerfile", *(text.encode() for text in (MODULES, ours, theirs)))
    assert not isinstance(result, Declined)
    return result


@pytest.mark.parametrize("by_project", [True, False])
def test_steps_about_another_path_are_no_edits_of_those_that_both_sides_dropped(
    by_project: bool,
) -> None:
    put, dropped = MODULES.replace(PVXS, SEQUENCER), MODULES.replace(PVXS, "")
    sides = (put, dropped) if by_project else (dropped, put)
    assert of_modules(*sides) == Merged(put.encode())


def test_steps_about_another_path_are_edits_where_the_other_side_has_edits() -> None:
    renamed = MODULES.replace(PVXS, PVXS.replace("pvxs", "pvxs7"))
    edited = MODULES.replace("install.sh 1.3", "install.sh 1.3 --fast")
    result = of_modules(renamed, edited)
    assert result is not None
    assert result.content.decode() == renamed.replace("install.sh 1.3", "install.sh 1.3 --fast")


def test_a_step_that_both_put_in_the_place_of_another_is_the_same_step() -> None:
    """Though one side has dropped what followed, so that it stands between other neighbours."""
    ours = MODULES.replace("RUN cd src && make", "RUN tools/make src")
    theirs = ours.replace("RUN src/install.sh proxy\n", "")
    ours = ours.replace("stats/install.sh 3.2", "stats/install.sh 3.4")
    result = of_modules(ours, theirs)
    assert result == Merged(ours.replace("RUN src/install.sh proxy\n", "").encode())


def test_steps_at_one_place_that_copy_what_they_use_stand_one_below_the_other() -> None:
    ours, theirs = MODULES.replace(PVXS, PVXS + SEQUENCER), MODULES.replace(PVXS, PVXS + MOTOR)
    result = of_modules(ours, theirs)
    assert result is not None
    assert result.content.decode() == MODULES.replace(PVXS, PVXS + MOTOR + SEQUENCER)
    assert result.notes == (
        "COPY support/motor/ motor: both sides added steps at one place; "
        "the template's come first.",
    )


@pytest.mark.parametrize(
    ("own", "offered"),
    [
        (SEQUENCER, "COPY support/other sequencer/other\nRUN sequencer/other/x\n\n"),
        (SEQUENCER, "COPY support/motor motor\nRUN make all\n\n"),
        (SEQUENCER, "COPY support/motor motor\nWORKDIR motor\nRUN make all\n\n"),
        (SEQUENCER, "RUN make all\n\n"),
        (SEQUENCER, "COPY . .\n\n"),
    ],
)
def test_steps_at_one_place_that_may_need_each_other_are_a_conflict(own: str, offered: str) -> None:
    ours, theirs = MODULES.replace(PVXS, PVXS + own), MODULES.replace(PVXS, PVXS + offered)
    assert of_modules(ours, theirs) is None
    assert of_modules(theirs, ours) is None


def test_a_comment_on_what_the_project_has_taken_out_stays_out() -> None:
    base = "FROM a\n# Only what is needed.\nRUN extract /assets /python\nCMD a\n"
    ours = base.replace(" /python", "")
    theirs = base.replace("RUN", "# The folder /python is made by uv.\nRUN")
    result = merge_file("Dockerfile", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert result.reason == (
        "the comment above RUN extract /assets: the template's uses what the project has removed; "
        "it is not taken."
    )
    assert "+# The folder /python is made by uv.\n" in result.patch
    # Of another word nobody can tell.
    theirs = base.replace("RUN", "# The folder is made by uv.\nRUN")
    result = merge_file("Dockerfile", base.encode(), ours.encode(), theirs.encode())
    assert result == Merged(theirs.replace(" /python", "").encode())


@pytest.mark.parametrize(("own", "offered"), [("4b1", "4"), ("4", "4b1")])
def test_of_a_release_and_its_pre_release_the_release_stays(own: str, offered: str) -> None:
    base = "ARG BASE=7.0.9ec3\nFROM a:${BASE}\n"
    ours, theirs = (base.replace("ec3", f"ec{number}") for number in (own, offered))
    result = merge_file("Dockerfile", base.encode(), ours.encode(), theirs.encode())
    note = (
        f"Both sides moved a version up (ARG BASE=7.0.9ec{own} by the project, "
        f"ARG BASE=7.0.9ec{offered} by the template): the newer one stays."
    )
    assert result == Merged(base.replace("ec3", "ec4").encode(), (note,))


@pytest.mark.parametrize(("own", "offered"), [("4b1", "5"), ("4", "5"), ("4b1", "4b2")])
def test_of_other_versions_that_nobody_can_read_none_is_newer(own: str, offered: str) -> None:
    base = "ARG BASE=7.0.9ec3\nFROM a:${BASE}\n"
    ours, theirs = (base.replace("ec3", f"ec{number}") for number in (own, offered))
    assert merge_file("Dockerfile", base.encode(), ours.encode(), theirs.encode()) is None


INSTALL = "FROM python:3.13\n\nRUN pip install dist/*.whl\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("pip install dist/*.whl ipython", "uv pip install --no-deps dist/*.whl", None),
        ("pip install dist/*.whl ipython", "pip install --require-hashes dist/*.whl", None),
        ("pip install --no-deps dist/*.whl", "pip install dist/*.whl ipython", None),
        (
            "pip install dist/*.whl ipython",
            "uv pip install dist/*.whl",
            "uv pip install dist/*.whl ipython",
        ),
        (
            "pip install --quiet dist/*.whl",
            "pip install --no-deps dist/*.whl",
            "pip install --quiet --no-deps dist/*.whl",
        ),
        (
            "pip install dist/*.whl ipython",
            "pip install dist/*.whl 'rich>=2' ./own",
            "pip install dist/*.whl ipython 'rich>=2' ./own",
        ),
        (
            "apt-get update && pip install dist/*.whl a[b] && true",
            "apt-get update && pip install dist/*.whl c && true",
            None,
        ),
        ("pip install dist/*.whl a==1", "pip install dist/*.whl a==2", None),
        ("pip install dist/*.whl a", "pip install dist/*.whl $B", None),
        ("pip install x && cp dist/*.whl a", "pip install x && cp dist/*.whl b", None),
    ],
)
def test_what_is_added_to_an_installation_comes_with_what_it_needs(
    ours: str, theirs: str, merged: str | None
) -> None:
    was = "pip install dist/*.whl"
    sides = (INSTALL, INSTALL.replace(was, ours), INSTALL.replace(was, theirs))
    result = merge_file("Dockerfile", *(side.encode() for side in sides))
    expected = merged and INSTALL.replace(was, merged)
    assert (isinstance(result, Merged) and result.content.decode()) == (expected or False)


NAMES = ("alive", "busy", "calc", "delay", "ether")
ADDED = ("file", "genicam"), ("hdf", "iocStats")


def module(name: str) -> str:
    return f"COPY support/{name} {name}\nRUN {name}/install.sh\n"


@settings(max_examples=examples(100))
@given(st.data())
def test_each_side_drops_and_adds_modules(data: st.DataObject) -> None:
    sides = []
    for added in ADDED:
        kept = data.draw(st.sets(st.sampled_from(NAMES), min_size=1))
        side = [name for name in NAMES if name in kept]
        for name in added:
            side.insert(data.draw(st.integers(0, len(side))), name)
        sides.append(side)
    texts = ["FROM a\n" + "\n".join(map(module, side)) + "\nCMD a\n" for side in (NAMES, *sides)]
    result = merge_file("Dockerfile", *(text.encode() for text in texts))
    assert isinstance(result, Merged)
    wanted = {name for name in NAMES if name in sides[0] and name in sides[1]}
    merged = re.findall(r"COPY support/(\w+)", result.content.decode())
    assert sorted(merged) == sorted(wanted.union(*ADDED))
    assert all(module(name) in result.content.decode() for name in merged)
    for side in sides:
        assert [name for name in merged if name in side] == [n for n in side if n in merged]


def test_both_sides_have_something_more_installed_in_the_middle_of_a_run() -> None:
    step = "FROM a\nRUN apt-get update && apt-get install -y git{} && rm -rf /var/lib/apt/lists\n"
    sides = (step.format(more).encode() for more in ("", " curl", " make g++"))
    result = merge_file("Dockerfile", *sides)
    assert isinstance(result, Merged)
    assert result.content.decode() == step.format(" curl make g++")
