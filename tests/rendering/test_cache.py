from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.template import cache


@pytest.fixture
def at_the_desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No CI job, whatever runs the tests; the root of caches."""
    for name in ("CI", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "root"))
    return tmp_path / "root"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert cache.read(tmp_path / "a") is None
    cache.write(tmp_path / "a", b"content")
    assert cache.read(tmp_path / "a") == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    cache.write(tmp_path / "nowhere/a", b"content")
    assert cache.read(tmp_path / "nowhere/a") is None


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as if the disk had no room for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_no_trouble_and_leaves_nothing(tmp_path: Path) -> None:
    with full_disk(10):
        cache.write(tmp_path / "a", b"content")
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write(tmp_path / "a", b"content")
    monkeypatch.setattr(cache, "LARGEST", 6)
    assert cache.read(tmp_path / "a") is None
    cache.write(tmp_path / "b", b"content")
    assert not (tmp_path / "b").exists()


@given(st.data())
def test_what_is_not_as_it_was_written_is_not_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = tmp_path_factory.getbasetemp() / "damaged"
    cache.write(place, b"some content")
    whole = place.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    damaged = whole[:at] + data.draw(st.binary(max_size=3)) + whole[at + data.draw(st.just(1)) :]
    place.write_bytes(damaged)
    assert cache.read(place) == (b"some content" if damaged == whole else None)


def test_what_was_written_under_another_name_is_not_read(tmp_path: Path) -> None:
    cache.write(tmp_path / "a", b"content")
    (tmp_path / "a").rename(tmp_path / "b")
    assert cache.read(tmp_path / "b") is None


def a_link(place: Path) -> None:
    place.rename(place.with_name("elsewhere"))
    place.symlink_to("elsewhere")


def a_pipe(place: Path) -> None:
    place.unlink()
    os.mkfifo(place)


def a_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


def a_device(place: Path) -> None:
    place.unlink()
    place.symlink_to("/dev/zero")


def open_to_a_group(place: Path) -> None:
    place.chmod(0o620)


def open_to_all(place: Path) -> None:
    place.chmod(0o602)


@pytest.mark.parametrize(
    "change", [a_link, a_pipe, a_folder, a_device, open_to_a_group, open_to_all]
)
def test_what_is_no_file_of_the_users_alone_is_not_read(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    cache.write(tmp_path / "a", b"content")
    change(tmp_path / "a")
    assert cache.read(tmp_path / "a") is None
    cache.write(tmp_path / "a", b"content")  # which replaces it, where that can be
    assert cache.read(tmp_path / "a") == (None if change is a_folder else b"content")
    assert not list(tmp_path.glob(".*"))


def test_what_another_user_wrote_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write(tmp_path / "a", b"content")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.read(tmp_path / "a") is None


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    for number, name in enumerate("abcd"):
        cache.write(tmp_path / name, b"")
        os.utime(tmp_path / name, (number, number))
    cache.read(tmp_path / "a")
    cache.prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "d"]


def test_what_cannot_be_removed_keeps_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "folder/below").mkdir(parents=True)
    for path in (tmp_path / "folder", tmp_path / "link"):
        os.utime(path, (0, 0), follow_symlinks=False)
    for name in "abc":
        cache.write(tmp_path / name, b"")
    cache.prune(tmp_path, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_pruning_nothing_is_no_trouble(tmp_path: Path) -> None:
    cache.prune(tmp_path / "nowhere", 2)


def test_processes_that_write_read_and_prune_at_once_read_whole_files_or_none(
    tmp_path: Path,
) -> None:
    script = (
        "import sys; from pathlib import Path; from lisa_scaffold.template import cache\n"
        "for turn in range(300):\n"
        "    place = Path(sys.argv[1], str(turn % 7))\n"
        "    cache.write(place, b'content' * 1000)\n"
        "    assert cache.read(place) in (None, b'content' * 1000)\n"
        "    cache.prune(place.parent, 3)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    assert [each.communicate()[1] for each in running] == [b""] * 3
    assert [each.returncode for each in running] == [0] * 3
    assert not list(tmp_path.glob(".*"))


def test_the_folder_is_the_users_own(at_the_desk: Path) -> None:
    folder = cache.folder("renders")
    assert folder == at_the_desk / "lisa-scaffold/renders"
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]


@pytest.mark.usefixtures("at_the_desk")
@pytest.mark.parametrize("named", ["", "cache", "./cache", "~/cache"])
def test_a_relative_path_is_ignored(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert cache.folder("jinja") == home / ".cache/lisa-scaffold/jinja"
    monkeypatch.setenv("HOME", "home")
    assert cache.folder("jinja") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("below", "mode", "used"),
    [
        ("", 0o700, True),
        ("", 0o755, True),
        ("", 0o775, True),  # where each user has a group of their own, as some systems let it
        ("", 0o777, False),
        ("lisa-scaffold", 0o755, True),
        ("lisa-scaffold", 0o770, False),
        ("lisa-scaffold", 0o702, False),
        ("lisa-scaffold/jinja", 0o750, False),
        ("lisa-scaffold/jinja", 0o704, False),
        ("lisa-scaffold/jinja", 0o777, False),
    ],
)
def test_a_folder_that_others_may_write_to_is_not_used(
    at_the_desk: Path, below: str, mode: int, used: bool
) -> None:
    folder = cache.folder("jinja")
    assert folder
    (at_the_desk / below).chmod(mode)
    assert cache.folder("jinja") == (folder if used else None)


@pytest.mark.parametrize("below", ["lisa-scaffold", "lisa-scaffold/jinja"])
def test_a_folder_that_is_a_link_is_not_used(at_the_desk: Path, below: str) -> None:
    assert cache.folder("jinja")
    a_link(at_the_desk / below)
    assert cache.folder("jinja") is None


def test_the_users_caches_may_lie_on_another_disk(at_the_desk: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    at_the_desk.symlink_to("disk")
    assert cache.folder("jinja") == tmp_path / "disk/lisa-scaffold/jinja"
    (tmp_path / "disk/.git").mkdir()  # what counts is where that is
    assert cache.folder("jinja") is None


def test_a_folder_of_another_user_is_not_used(
    at_the_desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache.folder("jinja")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.folder("jinja") is None
    shutil.rmtree(at_the_desk / "lisa-scaffold")
    assert cache.folder("jinja") is None
    assert list(at_the_desk.iterdir()) == []  # as a root would leave there what is not the user's


@pytest.mark.parametrize("mark", [".git/", ".git", ".copier-answers.yml"])
@pytest.mark.parametrize("place", [".", "root", "root/lisa-scaffold", "root/lisa-scaffold/jinja"])
def test_nothing_is_kept_in_a_checkout(
    at_the_desk: Path, tmp_path: Path, mark: str, place: str
) -> None:
    marked = tmp_path / place
    marked.mkdir(mode=0o700, parents=True, exist_ok=True)
    (marked / mark).mkdir() if mark.endswith("/") else (marked / mark).write_text("")
    assert cache.folder("jinja") is None
    assert at_the_desk.exists() == (place != ".")


@pytest.mark.usefixtures("at_the_desk")
def test_a_home_under_git_is_the_users_own_but_not_in_ci(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    (home / ".git").mkdir()
    assert cache.folder("jinja") == home / ".cache/lisa-scaffold/jinja"
    monkeypatch.setenv("CI", "true")
    assert cache.folder("jinja") is None
    monkeypatch.delenv("CI")
    (home / ".copier-answers.yml").touch()
    assert cache.folder("jinja") is None


@pytest.mark.parametrize("home", ["", ".", "checkout/..", None])
def test_a_home_that_says_nothing_spares_no_checkout(
    at_the_desk: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    (at_the_desk / ".git").mkdir(parents=True)
    (at_the_desk / "checkout").mkdir()
    monkeypatch.chdir(at_the_desk)
    monkeypatch.setenv("HOME", home) if home is not None else monkeypatch.delenv("HOME")
    assert cache.folder("jinja") is None


def test_a_job_of_gitlab_keeps_nothing_in_what_it_was_given(
    at_the_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))
    assert cache.folder("jinja") is None
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path / "builds"))
    assert cache.folder("jinja") == at_the_desk / "lisa-scaffold/jinja"


@pytest.mark.parametrize("named", ["file", "file/below", "loop"])
def test_a_folder_that_cannot_be_made_is_not_used(
    at_the_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    del at_the_desk
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / named))
    assert cache.folder("jinja") is None
