"""The CDE's own repository: its images, built with Docker, and what they do."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from ...support.tools import git, run
from ..parts.cde import HOME, NAME, REPORT, VERSION, all_passed
from ..parts.docker import Docker
from .conftest import Cde, Published

TOKEN = "a-token-of-this-test"  # noqa: S105 - it opens nothing
# What the images may weigh here; their own tests know the budget of what is in them.
LARGEST = {"operations": 1.1e9, "development": 2.0e9}


def inspected(docker: Docker, image: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(docker("image", "inspect", image))
    return found[0]


def test_the_tests_of_operations_passed_inside_of_it(cde: Cde, docker: Docker) -> None:
    all_passed(docker.run(cde.operations, "cat", REPORT), 30)


def test_the_tests_of_development_passed_inside_of_it(trixie: Cde, docker: Docker) -> None:
    all_passed(docker.run(trixie.development, "cat", REPORT), 60)


def test_operations_is_what_it_says(cde: Cde, docker: Docker) -> None:
    found = inspected(docker, cde.operations)
    settings = found["Config"]
    assert (settings["User"], settings["WorkingDir"]) == ("lisauser", "/home/lisauser")
    assert settings["Cmd"] == ["bash"]
    prefix = "org.opencontainers.image."
    url = f"https://gitlab.in2p3.fr/LISA/{NAME}"
    assert {key.removeprefix(prefix): value for key, value in settings["Labels"].items()} == {
        "base.name": f"localhost/debian:{cde.release}",
        "licenses": "BSD-3-Clause",
        "revision": git("rev-parse", "HEAD", cwd=cde.repository.root).strip(),
        "source": url,
        "title": f"{NAME} operations",
        "url": url,
        "version": VERSION,
    }
    assert docker.run(cde.operations, "cat", f"{HOME}/contents/version") == f"{VERSION}\n"
    assert found["Size"] < LARGEST["operations"]


def test_it_runs_as_anybody_and_writes_nothing(cde: Cde, docker: Docker) -> None:
    foreign = ("--user=12345:54321", "--read-only", "--cap-drop=ALL", "--env=HOME=/nowhere")
    say = "import astropy, h5py, scipy, sys; print(*sys.version_info[:2])"
    said = docker.run(cde.operations, "python3", "-W", "ignore", "-c", say, options=foreign)
    assert said.split() == cde.python.split(".")


def test_development_is_built_on_operations(trixie: Cde, docker: Docker) -> None:
    operations, development = (
        inspected(docker, image) for image in (trixie.operations, trixie.development)
    )
    # The last two of operations are the version and the report of the tests.
    shared = operations["RootFS"]["Layers"][:-2]
    assert development["RootFS"]["Layers"][: len(shared)] == shared
    assert development["Config"]["Cmd"] == ["jupyter-service"]
    assert development["Config"]["User"] == "lisauser"
    assert set(development["Config"]["ExposedPorts"]) == {"8888/tcp"}
    assert development["Size"] < LARGEST["development"]


def test_bash_is_the_other_end_point(trixie: Cde, docker: Docker) -> None:
    where = docker.run(trixie.development, "bash", "-lc", "command -v ruff; pwd")
    assert where.split() == [f"{HOME}/venv/bin/ruff", "/home/lisauser"]


# --- Jupyter Lab ----------------------------------------------------------------------------------


@contextmanager
def serving(docker: Docker, image: str, *options: str) -> Iterator[str]:
    """A container that runs what the image runs, with a network of its own; its name."""
    name = f"jupyter-{uuid4().hex[:8]}"
    docker("run", "--detach", f"--name={name}", "--pull=never", "--network=none", *options, image)
    try:
        yield name
    finally:
        docker("rm", "--force", name)


def answer(docker: Docker, container: str, path: str, token: str = "") -> str:
    """The status with which the service answers."""
    ask = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
    patient = ("--retry", "60", "--retry-delay", "1", "--retry-connrefused")
    who = ("--header", f"Authorization: token {token}") if token else ()
    url = f"http://127.0.0.1:8888{path}"
    return docker("exec", container, *ask, *patient, *who, url)


def test_jupyter_answers_who_has_the_token(trixie: Cde, docker: Docker) -> None:
    image = trixie.development
    with serving(docker, image, f"--env=JUPYTER_TOKEN={TOKEN}") as container:
        assert answer(docker, container, "/api/contents") == "403"
        assert answer(docker, container, "/api/contents", TOKEN) == "200"
        assert answer(docker, container, "/lab", TOKEN) == "200"


def test_jupyter_makes_a_token_and_prints_it(trixie: Cde, docker: Docker) -> None:
    with serving(docker, trixie.development) as container:
        assert answer(docker, container, "/api/contents") == "403"
        made = re.search(
            r"http://127[.]0[.]0[.]1:8888/lab[?]token=([0-9a-f]{48})", docker("logs", container)
        )
        assert made
        assert answer(docker, container, "/api/contents", made[1]) == "200"


# --- Where there can be no image ------------------------------------------------------------------


def test_an_image_that_fails_its_tests_is_never_finished(
    trixie: Cde, docker: Docker, tmp_path: Path
) -> None:
    """The test is the only thing that is changed: all else comes from the cache."""
    git("clone", "--quiet", trixie.repository.root, tmp_path / NAME, cwd=tmp_path)
    test = tmp_path / NAME / "images/tests/test_operations.py"
    changed = test.read_text(encoding="utf-8").replace(
        'HOME = Path("/home/lisauser")', 'HOME = Path("/home/ada")'
    )
    test.write_text(changed, encoding="utf-8")
    base = f"localhost/debian:{trixie.release}"
    said = docker.cannot_build(
        tmp_path / NAME / "images", "localhost/none", BASE_IMAGE=base, VERSION=VERSION
    )
    assert "FAILED test_operations.py::test_the_home_is_the_user_s_own" in said
    assert docker("images", "--quiet", "localhost/none") == ""


def test_without_a_version_there_is_no_image(trixie: Cde, docker: Docker) -> None:
    base = f"localhost/debian:{trixie.release}"
    said = docker.cannot_build(trixie.repository.root / "images", "localhost/none", BASE_IMAGE=base)
    assert "VERSION is missing: give --build-arg VERSION=X.Y.Z" in said


def test_a_runner_without_privilege_is_told_to_take_kaniko(trixie: Cde, docker: Docker) -> None:
    """As on a shared runner: root in a container, under the seccomp profile of Docker."""
    options = ("--user=root", f"--volume={trixie.repository.root}:/builds:ro", "--workdir=/builds")
    variables = ("--env=LISA_BUILDER=buildah", "--env=VERSION=1", "--env=REVISION=abc")
    words = ("run", "--rm", "--pull=never", "--network=host", *options, *variables)
    code, said = docker.tries(*words, trixie.operations, "images/build", "operations")
    assert code == 1
    assert said.startswith(
        "images/build: this machine forbids unshare, which buildah needs\n"
        "  Set LISA_BUILDER to kaniko (and LISA_BUILDER_IMAGE to its image), or LISA_BUILDER_TAG"
    )


# --- Where it is pushed to ------------------------------------------------------------------------


def test_a_push_gives_the_image_and_its_digest(
    published: Published, trixie: Cde, docker: Docker
) -> None:
    host, name = published.reference.split("/", 1)[0], f"lisa/{NAME}"
    url = f"http://{host}/v2/{name}/manifests/{VERSION}"
    form = "application/vnd.docker.distribution.manifest.v2+json"
    request = urllib.request.Request(url, headers={"Accept": form})
    with urllib.request.urlopen(request) as answered:  # noqa: S310
        digest = answered.headers["Docker-Content-Digest"]
        manifest = json.load(answered)
    assert published.pinned == f"{host}/{name}@{digest}"
    assert manifest["config"]["digest"] == inspected(docker, trixie.operations)["Id"]


# --- The bill of materials ------------------------------------------------------------------------


def test_the_bill_of_materials_names_what_is_in_the_image(
    trixie: Cde, docker: Docker, tmp_path: Path
) -> None:
    root = trixie.repository.root
    source, target = f"docker:{trixie.operations}", tmp_path / "operations"
    done = run(
        *("nox", "--session", "contents", "--", source, target), cwd=root, env=docker.environment
    )
    assert done.returncode == 0, done.stdout
    bill = json.loads(target.with_suffix(".cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    found = {(part["name"], part.get("version")) for part in bill["components"]}
    pins = docker.run(trixie.operations, "cat", f"{HOME}/contents/python.txt").split()
    debian = docker.run(trixie.operations, "cat", f"{HOME}/contents/debian.tsv").splitlines()
    assert {tuple(pin.split("==")) for pin in pins} - found == set()
    assert len(debian) > 150
    named = {tuple(line.replace(":amd64", "").split("\t")) for line in debian}
    assert named - found == set()
    page = target.with_suffix(".md").read_text(encoding="utf-8")
    assert "\n## Python packages\n" in page
    assert re.search(r"^\| h5py \| [0-9.]+ \|$", page, flags=re.MULTILINE)
    assert re.search(r"^\| libhdf5-dev \| 1[.]\S+ \|$", page, flags=re.MULTILINE)
