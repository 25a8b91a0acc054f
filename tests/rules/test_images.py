"""The last day on which each release of an image's system is repaired."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lisa_scaffold.rules.images import explain_change, explain_end, find_python

# Python, Debian (with its long-term support), Ubuntu, Alpine, CentOS and Node.js say so themselves.
ENDS = """\
python:2.7                Python 2.7                2020-01-01
python:3.5                Python 3.5                2020-09-30
python:3.6                Python 3.6                2021-12-23
python:3.7                Python 3.7                2023-06-27
python:3.8                Python 3.8                2024-10-07
python:3.9                Python 3.9                2025-10-31
python:3.10               Python 3.10               2026-10-31
python:3.11               Python 3.11               2027-10-31
python:3.12               Python 3.12               2028-10-31
python:3.13               Python 3.13               2029-10-31
python:3.14.1             Python 3.14.1             2030-10-31
python:3.13-bookworm      Debian 12 (bookworm)      2028-06-30
debian:8                  Debian 8                  2020-06-30
debian:9                  Debian 9                  2022-06-30
debian:10                 Debian 10                 2024-06-30
debian:11                 Debian 11                 2026-08-31
debian:12.4               Debian 12.4               2028-06-30
debian:13                 Debian 13                 2030-06-30
debian:jessie             Debian 8                  2020-06-30
debian:stretch            Debian 9                  2022-06-30
debian:buster             Debian 10                 2024-06-30
debian:bullseye-slim      Debian 11                 2026-08-31
debian:bookworm           Debian 12                 2028-06-30
debian:trixie             Debian 13                 2030-06-30
ubuntu:14.04              Ubuntu 14.04              2019-04-25
ubuntu:16.04              Ubuntu 16.04              2021-04-30
ubuntu:18.04              Ubuntu 18.04              2023-05-31
ubuntu:20.04              Ubuntu 20.04              2025-05-31
ubuntu:22.04              Ubuntu 22.04              2027-04-30
ubuntu:24.04              Ubuntu 24.04              2029-04-30
ubuntu:trusty             Ubuntu 14.04              2019-04-25
ubuntu:xenial             Ubuntu 16.04              2021-04-30
ubuntu:bionic             Ubuntu 18.04              2023-05-31
ubuntu:focal              Ubuntu 20.04              2025-05-31
ubuntu:jammy              Ubuntu 22.04              2027-04-30
ubuntu:noble              Ubuntu 24.04              2029-04-30
python:3.13-noble         Ubuntu 24.04 (noble)      2029-04-30
alpine:3.10               Alpine 3.10               2023-05-01
alpine:3.11               Alpine 3.11               2023-05-01
alpine:3.12               Alpine 3.12               2023-05-01
alpine:3.13               Alpine 3.13               2023-05-01
alpine:3.14               Alpine 3.14               2023-05-01
alpine:3.15               Alpine 3.15               2023-11-01
alpine:3.16               Alpine 3.16               2024-05-23
alpine:3.17               Alpine 3.17               2024-11-22
alpine:3.18               Alpine 3.18               2025-05-09
alpine:3.19               Alpine 3.19               2025-11-01
alpine:3.20               Alpine 3.20               2026-04-01
alpine:3.21               Alpine 3.21               2026-11-01
alpine:3.22               Alpine 3.22               2027-05-01
centos:6                  Centos 6                  2020-11-30
centos:centos7            Centos 7                  2024-06-30
centos:centos8            Centos 8                  2021-12-31
node:8                    Node 8                    2023-04-30
node:10                   Node 10                   2023-04-30
node:12                   Node 12                   2023-04-30
node:14                   Node 14                   2023-04-30
node:16                   Node 16                   2023-09-11
node:18                   Node 18                   2025-04-30
node:20                   Node 20                   2026-04-30
node:22-alpine            Node 22                   2027-04-30
"""


@pytest.mark.uncounted
@pytest.mark.parametrize("line", ENDS.splitlines(), ids=lambda line: line.split()[0])
def test_the_day_after_the_last_repair_is_the_first_to_tell(line: str) -> None:
    name, label, last = line[:26].strip(), line[26:52].strip(), line[52:]
    day = date.fromisoformat(last)
    assert explain_end(name, day) == ""
    told = explain_end(name, day + timedelta(days=1))
    assert told == f"{label} has had no security fixes since {last}: use a newer version"


@pytest.mark.parametrize("name", ["debian:sid", "python:3", "python:latest", "fedora:30", "$IMAGE"])
def test_nothing_is_told_where_no_day_is_known(name: str) -> None:
    assert explain_end(name, date(2099, 1, 1)) == ""
    assert explain_end("debian:8", None) == ""


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("python:bookworm", True),
        ("ghcr.io/astral-sh/uv:bookworm-slim", True),
        ("docker.io/library/postgres:trixie", True),
        ("debian:bookworm", False),
        ("example/base:buster", False),
        ("registry.example.org/group/tools:noble", False),
        ("example/base:latest", True),
    ],
)
def test_the_name_of_a_release_may_be_a_version(name: str, *, moves: bool) -> None:
    assert bool(explain_change(name)) == moves


@pytest.mark.parametrize(
    "name",
    [
        *("BINDERIMAGE", "a/BASE_IMAGE", "@BASE@", "%%BASE%%", "__BASE__", "<base>", "{{ base }}"),
        *("$BASE", "${BASE}-slim", "Base", "example.org/Base", ""),
    ],
)
def test_a_word_that_is_replaced_is_no_image(name: str) -> None:
    assert explain_change(name) == ""
    assert explain_change(f"{name}:latest") == ""


@pytest.mark.parametrize(
    "name",
    [
        *("debian", "a/b", "a/b/c_d", "Example.org/a", "localhost/a", "localhost:5000/a.b"),
        *("[::1]:5000/a", "10.0.0.1/a__b"),
    ],
)
def test_names_of_images(name: str) -> None:
    assert explain_change(name) == f"the image {name} may change any day: add a version tag"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("nvidia/cuda:12.1.0-devel-ubuntu20.04", "Ubuntu 20.04"),
        ("a/gpu:v1.5_cuda-11.6_ubuntu-20.04_python-only", "Ubuntu 20.04"),
        ("apache/airflow:2.5.2-python3.8", "Python 3.8"),
        ("example.org/a/b:bullseye", "Debian 11 (bullseye)"),
        ("osrf/ros:noetic-desktop-focal", "Ubuntu 20.04 (focal)"),
        ("nginx:1.21-alpine3.14", "Alpine 3.14"),
        ("a/b:1.0-centos7", "Centos 7"),
        ("python:3.13-alpine3.14", "Alpine 3.14"),
        *(("a/b:python3.13", ""), ("a/b:myubuntu20.04", ""), ("a/b:1-python38", "")),
        *(("a/b:ubuntu20.041", ""), ("a/focal:1", ""), ("a/b:2.5.2-python3", "")),
    ],
)
def test_what_a_tag_says_of_the_system_in_any_image(name: str, label: str) -> None:
    told = explain_end(name, date(2026, 11, 30))
    assert told.partition(" has had")[0] == label


@pytest.mark.parametrize(
    ("name", "version"),
    [
        *(("python:3.11-slim", (3, 11)), ("docker.io/library/python:3.9.2", (3, 9))),
        *(("ghcr.io/astral-sh/uv:python3.10-bookworm-slim", (3, 10)), ("a:1-python-3.8", (3, 8))),
        *(("python:3", None), ("python", None), ("a:3.11", None), ("debian:12", None)),
    ],
)
def test_the_python_of_an_image(name: str, version: tuple[int, int] | None) -> None:
    assert find_python(name) == version
