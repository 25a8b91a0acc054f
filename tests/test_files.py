"""The one writer and the one reader: nothing outside of a root, and nothing of git's own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from hypothesis import given as tried_with
from hypothesis import strategies as st

from lisa_scaffold import cli, files, process
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.git import git as ask_git

from .support.checking import clean
from .support.sweeps import sampled
from .support.tools import git
from .support.updates import open_workshop, write

SECRET = b"somebody's secret\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with files, beside one that is nobody's business."""
    write(tmp_path / "outside", {"secret": SECRET, "deep/secret": SECRET})
    folder = tmp_path / "root"
    write(folder, {"a/b/c.txt": "c\n", "d.txt": "d\n", ".git/config": SECRET, "sub/.git": SECRET})
    return folder


def message(do: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(LisaError) as refused:
        do(*arguments)
    return refused.value.message


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- Reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("l", "d.txt"),
        ("l", "./a/../d.txt"),
        ("a/l", "../d.txt"),
        ("a/b/l", "../../l2"),
        ("l", "folder/../d.txt"),
    ],
)
def test_links_that_stay_inside_are_followed(root: Path, link: str, target: str) -> None:
    (root / "l2").symlink_to("a/../d.txt")
    (root / "folder").symlink_to("a")
    (root / link).symlink_to(target)
    assert files.read(root, link) == b"d\n" == (root / link).read_bytes()


def test_a_link_says_the_roots_own_place(root: Path) -> None:
    (root / "l").symlink_to(root / "a/b")
    other = root.with_name("other")
    other.symlink_to(root)
    assert files.read(root, "l/c.txt") == b"c\n"
    assert files.read(other, "l/c.txt") == b"c\n"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("../outside/secret", "leads out of the folder, so it is not read"),
        ("a/../../outside/secret", "leads out of the folder, so it is not read"),
        ("/dev/zero", "leads out of the folder, so it is not read"),
        ("/proc/self/environ", "leads out of the folder, so it is not read"),
        (".git/config", "leads below a folder of git's own, so it is not read"),
        (".GIT/config", "leads below a folder of git's own, so it is not read"),
        (".g\u200cit/config", "leads below a folder of git's own, so it is not read"),
        ("git~1/config", "leads below a folder of git's own, so it is not read"),
        (".git . ::$INDEX_ALLOCATION/config", "leads below a folder of git's own, so it is not"),
        ("sub/.git", "leads below a folder of git's own, so it is not read"),
        ("l", "a link, which is not followed"),
        ("folder/l", "leads out of the folder, so it is not read"),
    ],
)
def test_links_that_lead_elsewhere_are_refused(root: Path, target: str, said: str) -> None:
    (root / "folder").symlink_to("..")
    (root / "l").symlink_to(target)
    assert message(files.read, root, "l").startswith(f"{root}/l: {said}")


def test_what_is_no_file_is_refused_at_once(root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "to-pipe").symlink_to("pipe")
    for name in ("pipe", "to-pipe"):
        assert message(files.read, root, name) == f"{root}/{name}: no regular file"
    assert message(files.read, root, "a") == f"{root}/a: Is a directory"


def test_what_is_missing_is_nothing(root: Path) -> None:
    (root / "dangling").symlink_to("nowhere")
    for path in ("nope", "nope/x", "d.txt/x", "dangling"):
        assert files.read(root, path) is None


def test_what_is_too_large_is_refused_unread(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(10**13)
    assert message(files.read, root, "large") == f"{root}/large: larger than 1 MB"
    write(root, {"four": b"1234"})
    assert files.read(root, "four", 4) == b"1234"
    with pytest.raises(LisaError):
        files.read(root, "four", 3)


# --- Writing --------------------------------------------------------------------------------------


def test_a_file_is_replaced_and_keeps_its_mode(root: Path) -> None:
    (root / "d.txt").chmod(0o640)
    other = root / "other"
    os.link(root / "d.txt", other)
    files.write(root, "d.txt", b"new\n")
    assert (root / "d.txt").read_bytes() == b"new\n"
    assert stat.S_IMODE((root / "d.txt").stat().st_mode) == 0o640
    assert other.read_bytes() == b"d\n"


def test_a_new_file_has_the_usual_mode_and_its_folders(root: Path) -> None:
    before = os.umask(0o027)
    try:
        files.write(root, "new/folder/x", b"x\n")
    finally:
        os.umask(before)
    assert stat.S_IMODE((root / "new/folder/x").stat().st_mode) == 0o640
    assert names(root / "new/folder") == ["x"]


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", "", ".", "a/./x", ".git/x", "A/.Git/x"]
)
def test_paths_that_lead_out_are_refused(root: Path, path: str) -> None:
    said = f"{root}/{path}: "
    assert message(files.write, root, path, b"x").startswith(said)
    assert message(files.remove, root, path).startswith(said)
    assert message(files.move_in, root / "d.txt", root, path, "draft").startswith(said)


def test_nothing_is_written_through_a_link(root: Path) -> None:
    outside = root.with_name("outside")
    (root / "file").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "a/dangling").symlink_to(outside / "new")
    for path in ("file", "folder/secret", "folder/new", "a/dangling"):
        message(files.write, root, path, b"x")
    assert names(outside) == ["deep", "secret"]
    assert (outside / "secret").read_bytes() == SECRET


def test_drafts_have_names_that_nobody_can_foresee() -> None:
    names = {files.make_draft_name() for _ in range(1000)}
    assert len(names) == 1000
    assert all(map(files.is_draft_name, names))
    assert not files.is_draft_name(".CHANGELOG.md.lisa-scaffold")


# --- Any tree -------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["a", "b", ".git", ".GIT", "git~1", "..", ".", "-rf", "\udcff", "l\nine", "\u202e", "é", "*"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
TARGETS = PATHS | st.sampled_from(["/", "/dev/zero", "../outside", "../outside/secret", "..", "."])
ENTRIES = st.lists(
    st.tuples(PATHS, st.sampled_from(["file", "link", "pipe", "folder"]), TARGETS), max_size=8
)


def lay_out(top: Path, entries: list[tuple[str, str, str]]) -> Path:
    """A root with whatever can be made of what is said, beside a folder with a secret."""
    write(top / "outside", {"secret": SECRET, "a/b": SECRET})
    root = top / "root"
    root.mkdir()
    for path, kind, target in entries:
        place = root / path
        if ".." in path.split("/"):
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.parent.resolve().is_relative_to(root):
                continue
            if kind == "file" and not os.path.lexists(place):
                git_own = any(map(files.is_git_folder, place.parent.resolve().parts))
                hidden = git_own or files.is_git_folder(place.name)
                place.write_bytes(SECRET if hidden else b"open\n")
            elif kind == "link":
                place.symlink_to(target)
            elif kind == "pipe":
                os.mkfifo(place)
            elif kind == "folder":
                place.mkdir()
        except OSError:
            continue
    return root


def outside_of(root: Path) -> dict[str, bytes]:
    """What lies beside a root, and below each of git's own folders in it."""
    found = {}
    for above, _, names in os.walk(root.parent):
        for name in names:
            place = Path(above, name)
            inner = place.relative_to(root.parent).parts
            if inner[0] != "root" or any(map(files.is_git_folder, inner)):
                regular = stat.S_ISREG(place.lstat().st_mode)
                found[str(place)] = place.read_bytes() if regular else b""
    return found


@tried_with(ENTRIES, PATHS)
def test_what_is_read_is_never_from_elsewhere(
    entries: list[tuple[str, str, str]], path: str
) -> None:
    with tempfile.TemporaryDirectory() as top:
        root = lay_out(Path(top), entries)
        try:
            content = files.read(root, path)
        except LisaError:
            return
        assert content in (None, b"open\n")


@tried_with(ENTRIES, PATHS, st.sampled_from(["write", "remove", "move in", "keep"]))
def test_what_is_written_never_lands_elsewhere(
    entries: list[tuple[str, str, str]], path: str, verb: str
) -> None:
    with tempfile.TemporaryDirectory() as top:
        root = lay_out(Path(top), entries)
        prepared = Path(top, "prepared")
        prepared.write_bytes(b"new\n")
        before = outside_of(root)
        try:
            match verb:
                case "write":
                    files.write(root, path, b"new\n")
                    assert files.read(root, path, links=False) == b"new\n"
                case "remove":
                    files.remove(root, path)
                case "move in":
                    files.move_in(prepared, root, path, files.make_draft_name())
                case _:
                    files.keep(root, path, Path(top, "kept"))
        except (LisaError, OSError):
            pass
        after = outside_of(root)
        kept = after.pop(f"{top}/kept", None)
        assert kept in (None, b"open\n", b"")
        if verb == "move in":
            after.setdefault(str(prepared), b"new\n")
        assert after == before


# --- Every verb -----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a repair to be made, and the current folder."""
    folder = tmp_path / "project"
    changelog = "# Changelog\n\n## [1.3.0] - 2026-11-02\n\n- Faster noise.\n"
    write(
        folder,
        {
            "pyproject.toml": '[build-system]\n[project]\nname = "noise"\n',
            "CHANGELOG.md": changelog,
        },
    )
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message=One", cwd=folder)
    write(tmp_path / "outside", {"secret": SECRET})
    monkeypatch.chdir(folder)
    return folder


def fix() -> int:
    return cli.main(["check", "--fix", "--select", "CHG"])


@pytest.mark.parametrize("name", [".CHANGELOG.md.lisa-scaffold", ".0.lisa-scaffold"])
def test_a_repair_writes_over_no_link_that_was_laid_for_it(project: Path, name: str) -> None:
    (project / name).symlink_to("../outside/secret")
    assert fix() == ExitCode.DONE
    assert "Unreleased" in (project / "CHANGELOG.md").read_text()
    assert (project.with_name("outside") / "secret").read_bytes() == SECRET
    assert (project / name).is_symlink()


def test_an_interrupted_repair_is_completed_by_the_next(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lisa_scaffold.sync import transaction

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(transaction._Change, "finish", killed)
        with pytest.raises(Killed):
            fix()
    assert "Unreleased" not in (project / "CHANGELOG.md").read_text()
    capsys.readouterr()
    assert fix() == ExitCode.DONE
    assert capsys.readouterr().err == ".: A repair that had been interrupted was completed.\n"
    assert "Unreleased" in (project / "CHANGELOG.md").read_text()


def test_a_check_alone_writes_nothing(project: Path) -> None:
    before = sorted(map(str, project.rglob("*")))
    assert cli.main(["check"]) == ExitCode.FINDINGS
    assert sorted(map(str, project.rglob("*"))) == before


@pytest.mark.uncounted
@sampled(
    ("output", "link", "target"),
    [
        ("reports/x.html", "reports", "../outside"),
        ("reports/x.html", "reports/x.html", "../../outside/secret"),
        ("x.html", "x.html", "../outside/secret"),
        ("x.html", "x.html", "../outside/new"),
        (".git/hooks/post-commit", "other", "x"),
        ("x.html", "x.html", "/dev/full"),
    ],
    3,
)
def test_a_report_goes_through_no_link_of_a_checkout(
    project: Path, output: str, link: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / link).parent.mkdir(exist_ok=True)
    (project / link).symlink_to(target)
    for given in (output, str(project / output)):
        assert cli.main(["check", "--format", "html", "--output", given]) == ExitCode.REFUSED
        said = capsys.readouterr().err
        assert said.startswith(f"lisa-scaffold: {given}: ")
        assert said.endswith("  Name another file for --output.\n")
    outside = project.with_name("outside")
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == SECRET


def test_a_report_goes_through_links_of_the_users_own(project: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "link").symlink_to(mine)
    (mine / "x.json").symlink_to("y.json")
    for output in (tmp_path / "link/x.json", tmp_path / "link/new/z.json", Path("reports/z.json")):
        assert cli.main(["check", "--format", "json", "--output", str(output)]) == 1
        assert output.read_bytes().startswith(b"{")
    assert (mine / "x.json").is_symlink()
    assert names(project / "reports") == ["z.json"]


@pytest.mark.parametrize("checked", [".", "sub", "here"])
def test_a_report_follows_no_link_that_came_with_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: str
) -> None:
    """Without git, whatever the current folder and the way to it are."""
    archive, mine = tmp_path / "real/archive", tmp_path / "mine.html"
    (archive / "sub").mkdir(parents=True)
    for folder in (archive, archive / "sub"):
        (folder / "setup.py").write_text("")
    mine.write_text("mine\n")
    (archive / "report.html").symlink_to(mine)
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "alias/archive")
    path = tmp_path / "alias/archive" if checked == "here" else Path(checked)
    command = ["check", str(path), "--format", "html", "--output", "report.html"]
    assert cli.main(command) == ExitCode.REFUSED
    assert mine.read_text() == "mine\n"


@pytest.mark.parametrize("device", ["/dev/null", "/dev/stdout"])
@pytest.mark.usefixtures("project")
def test_a_report_goes_to_a_device(device: str) -> None:
    command = [sys.executable, "-m", "lisa_scaffold", "check", "--format", "json", "--output"]
    done = subprocess.run([*command, device], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"{") == (device == "/dev/stdout")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "zero", "large"])
def test_a_file_of_answers_is_a_file(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(project / "pipe")
    (project / "zero").symlink_to("/dev/zero")
    with (project / "large").open("wb") as file:
        file.truncate(10**10)
    assert cli.main(["new", "x", "--data-file", name]) == ExitCode.REFUSED
    why = "larger than 1 MB" if name == "large" else "no regular file"
    assert capsys.readouterr().err.startswith(f"lisa-scaffold: {name}: {why}\n")


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("printf 'licens: x\\n'", b"licens"),
        ("yes", b"larger than 1 MB"),
    ],
)
def test_answers_come_out_of_a_pipe_of_the_shells(tmp_path: Path, source: str, said: bytes) -> None:
    command = f'exec "{sys.executable}" -m lisa_scaffold new x --data-file <({source})'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == ExitCode.REFUSED
    assert said in done.stderr


ODD: dict[str, Callable[[Path], Any]] = {
    "a link out": lambda place: place.symlink_to("../outside/secret"),
    "endless": lambda place: place.symlink_to("/dev/zero"),
    "git's": lambda place: place.symlink_to(".git/config"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a loop": lambda place: place.symlink_to(place.name),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("verb", ["check", "update", "adopt"])
def test_odd_answers_are_one_message(
    project: Path, verb: str, make: Callable[[Path], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    make(project / ".copier-answers.yml")
    code = cli.main([verb])
    said = capsys.readouterr()
    if verb == "check":
        assert (code, said.err) == (ExitCode.FINDINGS, "")
    else:
        assert code == ExitCode.REFUSED
        assert len(said.err.splitlines()) == 2
    assert SECRET.decode().strip() not in said.out + said.err
    assert "[core]" not in said.out + said.err


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", [".cruft.json", ".cookiecutter_replay.json"])
def test_odd_records_of_a_former_template_are_one_message(
    project: Path,
    name: str,
    make: Callable[[Path], Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(project / name)
    assert cli.main(["adopt", "--dry-run"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    assert SECRET.decode().strip() not in said


def test_no_report_shows_what_is_below_git(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job's token stands in the address of the remote."""
    git("remote", "add", "origin", "https://x:glpat-not-a-token@gitlab.example.org/x", cwd=project)
    for name in ("CHANGELOG.md", "CITATION.cff", "Dockerfile", "pyproject.toml", "README.md"):
        (project / name).unlink(missing_ok=True)
        (project / name).symlink_to(".git/config")
    git("add", "--all", cwd=project)
    for form in ("text", "json", "junit", "gitlab", "html", "markdown"):
        cli.main(["check", "--format", form])
        said = capsys.readouterr()
        assert "glpat-" not in said.out + said.err
        assert "repositoryformatversion" not in said.out


@pytest.mark.uncounted
@sampled("make", [ODD["endless"], ODD["a link out"], ODD["a folder"]], 3)
def test_an_odd_changelog_of_a_template_is_told_and_not_shown(
    tmp_path: Path, make: Callable[[Path], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.txt": "a\n"})
    write(tmp_path / "outside", {"secret": "## 1.1.0\n\nsomebody's secret\n"})
    place = workshop.template / "CHANGELOG.md"
    make(place)
    if place.is_dir():
        (place / "file").touch()
    workshop.release("v1.1.0", {"template/a.txt": "b\n"})
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "Not shown: CHANGELOG.md: " in said
    assert "somebody's secret" not in said


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes", ".git/info/exclude"])
def test_a_pipe_that_git_waits_for_is_found(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    (project / name).unlink(missing_ok=True)
    # What has another time than in the index is compared, and so its attributes are read.
    for path in ask_git("ls-files", cwd=project).splitlines():
        if (project / path).is_file():
            os.utime(project / path, (1, 1))
    os.mkfifo(project / name)
    said = f"{project / name}: no regular file, and git waits for what comes out of it"
    with pytest.raises(LisaError) as refused:
        ask_git("status", cwd=project)
    assert refused.value.message == said


def test_a_slow_command_that_nothing_hinders_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.01)
    slow = [sys.executable, "-c", "import time; time.sleep(0.2); print('done')"]
    assert process.run(slow, hindered=lambda _: "").stdout == b"done\n"


def test_nobody_looks_on_for_what_hinders_a_command_that_has_ended(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.01)
    looked: Queue[bool] = Queue()

    def look(is_over: Callable[[], bool]) -> str:
        looked.put(is_over())
        while not is_over():
            time.sleep(0.01)
        looked.put(is_over())
        return ""

    process.run(["sleep", "0.2"], hindered=look)
    assert [looked.get(timeout=10) for _ in range(2)] == [False, True]
    os.mkfifo(project / ".git/pipe")
    assert files.find_hindrance(project, lambda: False)
    assert files.find_hindrance(project, lambda: True) == ""


def test_a_folder_without_git_takes_no_links_as_its_rules(tmp_path: Path) -> None:
    from lisa_scaffold.project.facts import Facts

    write(tmp_path / "outside", {"ignore": "*.toml\n"})
    folder = tmp_path / "folder"
    write(folder, {**clean(), ".lisa-scaffold/plan.json": "{}"})
    (folder / ".gitignore").unlink(missing_ok=True)
    (folder / ".gitignore").symlink_to("../outside/ignore")
    facts = Facts.read(folder)
    assert facts.has("pyproject.toml")
    assert not facts.paths(".lisa-scaffold/*")


def test_of_what_is_no_file_the_head_is_nothing(tmp_path: Path) -> None:
    """At once: a pipe would be waited for, a device never ends."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "file").write_bytes(b"0123456789")
    for name in ("pipe", "link", ".", "missing", "a\0b", "/dev/zero", "x" * 300):
        assert files.read_head(tmp_path / name, 4) == b""
    assert files.read_head(tmp_path / "file", 4) == b"0123"
