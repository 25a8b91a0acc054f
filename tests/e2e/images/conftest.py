"""One engine for all, and the CDE images that generated projects start from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache as once
from functools import cached_property
from pathlib import Path

import pytest

from ...support.tools import passes
from ..conftest import make_project
from ..parts import apptainer, cache, kaniko, registry
from ..parts import docker as engine
from ..parts import kubernetes as clusters
from ..parts.apptainer import Apptainer
from ..parts.base import PYTHONS, write_context
from ..parts.cde import NAME, VERSION, Repository, make_repository
from ..parts.compose import Stack, get, make_stack, wait_for
from ..parts.docker import Docker
from ..parts.gitlab import Event, GitLab, Outcome, pushed
from ..parts.hook_repositories import digest, make_stand_ins


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share an engine share a worker."""
    for item in items:
        for name in ("docker", "buildah"):
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """A running engine."""
    with engine.started() as started:
        yield started


@pytest.fixture(scope="session")
def kubernetes(
    docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[clusters.Cluster]:
    """A cluster of Kubernetes, whose node is that engine."""
    with clusters.started(docker, tmp_path_factory.mktemp("kubernetes")) as started:
        yield started


@dataclass(frozen=True)
class Cde:
    """The two CDE images on one Debian release, each built when somebody asks for it."""

    repository: Repository
    docker: Docker

    @property
    def release(self) -> str:
        return self.repository.release

    @property
    def python(self) -> str:
        return PYTHONS[self.release]

    @cached_property
    def operations(self) -> str:
        """Name of the operations image."""
        return self._built("operations", "")

    @cached_property
    def development(self) -> str:
        """Name of the development image."""
        return self._built("development", "-dev")

    def _built(self, image: str, suffix: str) -> str:
        name = self.repository.build(image, self.docker.client, self.docker.environment)
        kept = f"localhost/{NAME}:{self.release}{suffix}"
        self.docker("tag", name, kept)
        return kept


@pytest.fixture(scope="session")
def cdes(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Cde]:
    """The CDE images on a Debian release."""

    @once
    def make(release: str) -> Cde:
        folder: Path = tmp_path_factory.mktemp(release)
        docker.build(write_context(release, folder / "base"), f"localhost/debian:{release}")
        return Cde(make_repository(folder / NAME, release), docker)

    return make


@pytest.fixture(scope="session", params=PYTHONS)
def cde(request: pytest.FixtureRequest, cdes: Callable[[str], Cde]) -> Cde:
    """The CDE images, on each Debian release in turn."""
    release: str = request.param
    return cdes(release)


@pytest.fixture(scope="session")
def trixie(cdes: Callable[[str], Cde]) -> Cde:
    """The CDE images on the newest of them."""
    return cdes("trixie")


@dataclass(frozen=True)
class Published:
    """The operations image in a registry.

    Attributes
    ----------
    reference
        Its name there, with its version as tag.
    pinned
        The same by its digest.
    """

    reference: str
    pinned: str


@pytest.fixture(scope="session")
def published(
    trixie: Cde, docker: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Published]:
    """Push the operations image as the pipeline does."""
    assert trixie.operations
    folder = tmp_path_factory.mktemp("registry")
    with (
        cache.borrowed("registry", folder / "data") as (data, _),
        registry.serving(folder, data) as host,
    ):
        name = f"{host}/lisa/{NAME}"
        repository, client = trixie.repository, docker.client
        repository.build("operations", client, docker.environment, f"{name}:{VERSION}")
        yield Published(f"{name}:{VERSION}", f"{name}@{repository.digest}")


@pytest.fixture(scope="session")
def cluster(
    trixie: Cde,
    docker: Docker,
    published: Published,
    tmp_path_factory: pytest.TempPathFactory,
) -> Apptainer:
    """Apptainer, and what it made: the operations image as in the pipeline, from the registry."""
    made = apptainer.installed(tmp_path_factory.mktemp("cluster"))

    def operations(path: Path) -> None:
        made("build", "operations.sif", f"docker://{published.pinned}")
        shutil.move(made.work / "operations.sif", path)

    def development(path: Path) -> None:
        archive = made.work / "development.tar"
        docker("save", f"--output={archive}", trixie.development)
        archive.chmod(0o644)
        made("build", "development.sif", f"docker-archive:{archive.name}")
        archive.unlink()
        shutil.move(made.work / "development.sif", path)

    for make, image in (operations, trixie.operations), (development, trixie.development):
        recipe = [docker("image", "inspect", "--format={{.Id}}", image), apptainer.QUICK]
        name = f"{make.__name__}.sif"
        shutil.copy(cache.cached(name, recipe, make), made.work / name)
    made("push", "operations.sif", f"oras://{published.reference}-sif")
    made("push", "development.sif", f"oras://{published.reference}-dev-sif")
    return made


# --- A runner of GitLab's -------------------------------------------------------------------------

PATH = "LISA/lisa-example"
# What the runner itself needs in containers of its own.
HELPER = """\
FROM localhost/debian:trixie
RUN apt-get update && apt-get install --yes --no-install-recommends rsync
"""
HELPER_IMAGE = "localhost/helper:1"


@dataclass(frozen=True)
class Runner:
    """A pushed project, and an engine that runs its jobs."""

    gitlab: GitLab
    docker: Docker
    variables: dict[str, str]
    options: tuple[str, ...]

    @property
    def root(self) -> Path:
        return self.gitlab.project

    def run(self, event: Event, *jobs: str) -> Outcome:
        happens = Event(event.branch, {**event.variables, **self.variables}, event.unset)
        return self.gitlab.run(self.docker, HELPER_IMAGE, happens, *jobs, options=self.options)


def build_from(docker: Docker, dockerfile: str, folder: Path, image: str) -> None:
    """Build an image that needs a Dockerfile and nothing else."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    docker.build(folder, image)


def forget_all_but_caches(state: Path) -> None:
    """A new session begins as a runner's machine does that has run other pipelines."""
    for path in state.glob("*"):
        if path.is_file():
            path.unlink()
        elif path.name != "cache":
            shutil.rmtree(path)


def with_hooks(project: Path, folder: Path) -> tuple[str, ...]:
    """What brings the repositories of a project's hooks into a job's container."""
    stand_ins = make_stand_ins(project, folder / "stand-ins")
    lines = ["[safe]\n\tdirectory = *\n"]
    lines += [
        f'[url "file:///stand-ins/{name}"]\n\tinsteadOf = {url}\n'
        for url, name in stand_ins.items()
    ]
    (folder / "gitconfig").write_text("".join(lines))
    return (
        f"--volume={folder}/stand-ins:/stand-ins:ro",
        f"--volume={folder}/gitconfig:/etc/gitconfig:ro",
    )


@pytest.fixture(scope="session")
def runner(
    docker: Docker,
    cdes: Callable[[str], Cde],
    wheel: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Runner]:
    """The project with every job; the hooks' repositories are local ones of the same address."""
    folder = tmp_path_factory.mktemp("jobs")
    development = cdes("trixie").development
    docker("tag", development, f"localhost/python:{PYTHONS['trixie']}")
    docker("tag", cdes("bookworm").operations, f"localhost/python:{PYTHONS['bookworm']}")
    build_from(docker, HELPER, folder / "helper", HELPER_IMAGE)
    build_from(docker, kaniko.DOCKERFILE, folder / "kaniko", kaniko.IMAGE)
    root = make_project("hatchling", folder / "project").root
    with cache.borrowed(f"gitlab-{digest()}", folder / "kept") as (kept, _):
        forget_all_but_caches(kept / "state")
        # Whatever user an image has.
        (kept / "packages").mkdir(exist_ok=True)
        (kept / "packages").chmod(0o777)
        wheel.parent.chmod(0o755)
        yield Runner(
            pushed(root, PATH, kept / "state"),
            docker,
            {
                "CI_REGISTRY": kaniko.REGISTRY,
                "CI_REGISTRY_IMAGE": f"{kaniko.REGISTRY}/{PATH.lower()}",
                "CI_REGISTRY_PASSWORD": kaniko.PASSWORD,
                "CI_REGISTRY_USER": kaniko.USER,
                "LISA_BUILDER_IMAGE": kaniko.IMAGE,
                "LISA_PYTHON_IMAGE": "localhost/python",
                "LISA_SCAFFOLD": f"/wheel/{wheel.name}",
                "LISA_JOB_IMAGE": development,
                "PIP_NO_COMPILE": "1",
                "PRE_COMMIT_HOME": "/packages/pre-commit",
                "SPHINX_OFFLINE": "1",
                "UV_CACHE_DIR": "/packages/uv",
            },
            (
                f"--volume={kept}/packages:/packages",
                f"--volume={wheel.parent}:/wheel:ro",
                *with_hooks(root, folder),
            ),
        )


# --- A web service -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def stack(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The service at a desk, in its first version."""
    made = make_stack(docker, tmp_path_factory.mktemp("service"))
    passes("deploy/secrets", "desk", cwd=made.root)
    try:
        # The bucket is there before the service is ready.
        made.compose("up", "--detach", "--wait", "--pull=never", "db", "store")
        made.compose("run", "--rm", "--no-TTY", "prepare")
        code, said = made.release("1.0.0")
        assert code == 0, said
        wait_for(lambda: get("/challenges/example/")[0] == 200, 120)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout=1", "--remove-orphans")
