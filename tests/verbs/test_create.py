from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import git, template
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Created
from lisa_scaffold.template import Template
from lisa_scaffold.verbs import new

from ..conftest import ROOT, Tree
from ..support.fleets import COPIER, open_fleet
from ..support.tools import passes

OWN = Template("v0.1.0", ROOT)


def answers(**given: Any) -> dict[str, Any]:
    return {question.key: question.value for question in OWN.questions(given)}


def make(destination: Path, **given: Any) -> Created:
    chosen = answers(**given)
    with new.prepare(OWN, chosen, destination) as project:
        shown = new.preview(OWN, chosen, project)
        return new.create(project, shown, destination, new.begin(project, destination))


def left(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_suggestions_come_from_folder_git_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = new.suggest_answers(tmp_path / "lisa-noise")
    assert (found["project_name"], found["author_name"]) == ("lisa-noise", "Ada Example")
    assert found["copyright_year"].isdigit()
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Example")
    assert new.suggest_answers(None)["author_name"] == "Grace Example"


def test_the_address_of_last_resort_is_the_environments(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".gitconfig").write_text("")
    monkeypatch.setenv("EMAIL", "ada@mail.example.org")
    assert new.suggest_answers(None)["author_email"] == "ada@mail.example.org"


@pytest.mark.usefixtures("no_hook_programs")
def test_a_project_is_a_clean_repository_on_main(tmp_path: Path) -> None:
    made = make(tmp_path / "lisa-noise", project_name="LISA Noise", namespace="lisa/data")
    assert made.path == tmp_path / "lisa-noise"
    assert made.remote == "https://gitlab.in2p3.fr/lisa/data/lisa-noise.git"
    assert (made.hooks, made.notes) == (None, ())
    tracked = git.git("ls-files", cwd=made.path).split("\n")[:-1]
    assert tuple(sorted(tracked)) == made.preview.paths
    assert git.git("status", "--porcelain", "--ignored", cwd=made.path) == ""
    log = git.git("log", "--format=%an|%ae|%s", cwd=made.path)
    assert log == "Ada Example|ada@example.org|Start from lisa-scaffold v0.1.0\n"
    assert left(tmp_path) == ["lisa-noise", "only-git"]


def test_a_project_in_another_repository_is_seen(tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    assert new.find_outer(outer / "more" / "lisa-noise") is None
    git.git("init", "--quiet", str(outer), cwd=tmp_path)
    assert new.find_outer(outer / "more" / "lisa-noise") == outer
    assert new.find_outer(outer / "lisa-noise") == outer
    # Whoever lets it ignore the folder, or has begun a repository there, knows.
    (outer / ".gitignore").write_text("/more/\n")
    assert new.find_outer(outer / "more" / "lisa-noise") is None
    git.git("init", "--quiet", str(outer / "lisa-noise"), cwd=tmp_path)
    assert new.find_outer(outer / "lisa-noise") is None
    # A submodule, or another work tree.
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: nowhere\n")
    assert new.find_outer(tmp_path / "tree" / "a") == tmp_path / "tree"


@pytest.mark.usefixtures("no_hook_programs")
@pytest.mark.parametrize("known", ["", "name = Ada", "email = ada@example.org", "name = ..<>"])
@pytest.mark.parametrize("started", [False, True], ids=["new", "started"])
def test_without_a_git_identity_all_is_staged_and_nobody_commits(
    tmp_path: Path, home: Path, known: str, *, started: bool
) -> None:
    """Whatever the name of the account, of the machine, or of the project's author is."""
    (home / ".gitconfig").write_text(f"[user]\n{known}\nuseConfigOnly = false\n")
    if started:
        git.git("init", "--quiet", str(tmp_path / "p"), cwd=tmp_path)
    made = make(tmp_path / "p", author_name="Grace Example", author_email="grace@example.org")
    assert (made.uncommitted, made.notes) == ("Start from lisa-scaffold v0.1.0", ())
    status = git.git("status", "--porcelain", "--branch", cwd=made.path).splitlines()
    assert status[0] == "## No commits yet on main"
    assert [line[:3] for line in status[1:]] == ["A  "] * len(made.preview.paths)
    assert git.git("count-objects", cwd=made.path).split()[0] != "0"
    assert git.git("remote", "get-url", "origin", cwd=made.path).strip() == made.remote
    # What the message tells to do next.
    git.git("config", "--global", "user.name", "Ada Example", cwd=made.path)
    git.git("config", "--global", "user.email", "ada@example.org", cwd=made.path)
    git.git("commit", "--quiet", "--message", made.uncommitted, cwd=made.path)
    assert git.git("status", "--porcelain", "--branch", cwd=made.path) == "## main\n"
    tracked = git.git("ls-files", cwd=made.path).split("\n")[:-1]
    assert tuple(sorted(tracked)) == made.preview.paths


@pytest.mark.usefixtures("no_hook_programs")
@pytest.mark.parametrize(
    ("told", "signed"),
    [
        ({"EMAIL": "a@example.org"}, "Ada <a@example.org>, Ada <a@example.org>"),
        (
            {"GIT_AUTHOR_EMAIL": "b@example.org", "EMAIL": "a@example.org"},
            "Ada <b@example.org>, Ada <a@example.org>",
        ),
        (
            {"GIT_COMMITTER_EMAIL": "c@b", "GIT_COMMITTER_NAME": "Bot", "EMAIL": "a@b"},
            "Ada <a@b>, Bot <c@b>",
        ),
    ],
)
def test_the_environment_says_who_commits_as_it_says_to_git(
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, str],
    signed: str,
) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    made = make(tmp_path / "p")
    assert git.git("log", "--format=%an <%ae>, %cn <%ce>", cwd=made.path).strip() == signed


@pytest.mark.usefixtures("no_hook_programs")
def test_an_identity_that_is_for_some_folders_alone_signs_there(tmp_path: Path, home: Path) -> None:
    (home / "work").write_text("[user]\n\tname = Ada\n\temail = ada@work.example.org\n")
    (home / ".gitconfig").write_text(
        f'[includeIf "gitdir:{tmp_path}/work/"]\n\tpath = {home}/work\n'
    )
    made = make(tmp_path / "work/p")
    assert git.git("log", "--format=%ae", cwd=made.path) == "ada@work.example.org\n"
    assert make(tmp_path / "elsewhere/p").uncommitted


@pytest.mark.usefixtures("no_hook_programs")
def test_the_namespace_s_name_is_no_package_s_and_why_is_told(tmp_path: Path) -> None:
    made = make(tmp_path / "lisa", project_name="lisa")
    assert made.preview.answers["distribution"] == "lisa-lisa"
    assert made.notes == (
        "It is named lisa-lisa: lisa alone is the namespace that packages of the mission share. "
        "Another name: lisa-new --data distribution=NAME",
    )


@pytest.mark.usefixtures("no_hook_programs")
def test_the_folder_has_the_permissions_that_the_user_gives_folders(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        made = make(tmp_path / "p")
    finally:
        os.umask(old)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o750


@pytest.mark.usefixtures("no_hook_programs")
def test_missing_parents_are_made(tmp_path: Path) -> None:
    assert make(tmp_path / "a/b/p").path == tmp_path / "a/b/p"
    assert left(tmp_path / "a/b") == ["p"]


@pytest.mark.usefixtures("no_hook_programs")
def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    assert (make(tmp_path / "p").path / "pyproject.toml").is_file()


@pytest.mark.usefixtures("no_hook_programs")
def test_the_folder_one_stands_in_is_filled_and_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "p"
    here.mkdir()
    monkeypatch.chdir(here)
    inode = here.stat().st_ino
    make(Path())
    assert here.stat().st_ino == inode
    assert git.git("status", "--porcelain", cwd=here) == ""
    assert left(tmp_path) == ["only-git", "p"]


@pytest.mark.usefixtures("no_hook_programs")
@pytest.mark.parametrize("origin", ["", "https://gitlab.example.org/lisa/own.git"])
def test_a_repository_in_which_nothing_was_done_is_filled(tmp_path: Path, origin: str) -> None:
    """After ``git init``, or as the clone of an empty project."""
    place = tmp_path / "p"
    git.git("init", "--quiet", "--initial-branch=master", str(place), cwd=tmp_path)
    git.git("config", "user.name", "Ada of here", cwd=place)
    if origin:
        git.git("remote", "add", "origin", origin, cwd=place)
    new.refuse_destination(place)
    made = make(place)
    assert made.remote == (origin or "https://gitlab.in2p3.fr/LISA/lisa-example.git")
    assert made.is_cloned == bool(origin)
    assert git.git("remote", "get-url", "origin", cwd=place).strip() == made.remote
    assert git.git("status", "--porcelain", "--branch", cwd=place) == "## main\n"
    log = git.git("log", "--format=%an|%ae|%cn|%s", cwd=place)
    assert log == "Ada of here|ada@example.org|Ada of here|Start from lisa-scaffold v0.1.0\n"
    assert git.git("fsck", "--strict", cwd=place) == ""
    with pytest.raises(LisaError, match="p: the folder is not empty"):
        new.refuse_destination(place)


def test_a_repository_with_a_commit_or_a_file_is_refused(tmp_path: Path) -> None:
    for name in "committed", "with-a-file":
        git.git("init", "--quiet", str(tmp_path / name), cwd=tmp_path)
    (tmp_path / "with-a-file/notes.txt").write_text("mine")
    git.git("commit", "--quiet", "--allow-empty", "--message=x", cwd=tmp_path / "committed")
    for name in "committed", "with-a-file":
        with pytest.raises(LisaError, match=f"{name}: the folder is not empty"):
            new.refuse_destination(tmp_path / name)


@pytest.mark.parametrize(
    ("file", "command"),
    [("pyproject.toml", "lisa-scaffold adopt"), (".copier-answers.yml", "lisa-scaffold update")],
)
def test_who_has_a_project_is_shown_the_way(file: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "run.py").touch()
    (tmp_path / file).touch()
    with pytest.raises(LisaError) as refused:
        new.refuse_destination(tmp_path)
    assert command in str(refused.value.hint)


def test_a_destination_that_is_taken_is_refused(tmp_path: Path, tree: Tree) -> None:
    tree(tmp_path, {"full/file": "x", "file": "y"})
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, why in {
        "full": "the folder is not empty",
        "file": "there is a file of that name",
        "link": "a link to nowhere",
    }.items():
        with pytest.raises(LisaError, match=f"{name}: {why}"):
            new.refuse_destination(tmp_path / name)
    new.refuse_destination(tmp_path / "new")


@pytest.mark.parametrize("cloned", [True, False])
@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("analysis", "analysis: a link, which is not written to"),
        ("packages/new", "packages: a link, which is not written to"),
        ("a/packages/b/new", "a/packages: a link, which is not written to"),
        ("packages/../new", "packages/../new: leads through a link and back"),
        ("{here}/packages/new", "{here}/packages: a link, which is not written to"),
    ],
)
def test_no_link_of_a_checkout_leads_elsewhere(  # noqa: PLR0913, PLR0917 - pytest passes them
    tmp_path: Path,
    tree: Tree,
    monkeypatch: pytest.MonkeyPatch,
    cloned: bool,
    destination: str,
    said: str,
) -> None:
    here, outside = tmp_path / "checkout", tmp_path / "outside"
    tree(here, {"a/file": "", **({".git/HEAD": ""} if cloned else {})})
    (outside / "empty").mkdir(parents=True)
    (here / "analysis").symlink_to("../outside/empty")
    for folder in (here, here / "a"):
        (folder / "packages").symlink_to(outside)
    monkeypatch.chdir(here)
    with pytest.raises(LisaError) as caught:
        new.refuse_destination(Path(destination.format(here=here)))
    assert caught.value.message.endswith(said.format(here=here))


def test_the_user_s_own_links_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real/here").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link/here")
    for name in ("new", ".", "../other", str(tmp_path / "link/new")):
        new.refuse_destination(Path(name))


def test_a_preparation_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with new.prepare(OWN, answers(), tmp_path / "a/b/p") as project:
            assert (project / "pyproject.toml").is_file()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert left(tmp_path) == []


def test_a_destination_taken_meanwhile_is_left_alone(tmp_path: Path, tree: Tree) -> None:
    chosen = answers()
    with new.prepare(OWN, chosen, tmp_path / "p") as project:
        shown = new.preview(OWN, chosen, project)
        who = new.begin(project, tmp_path / "p")
        tree(tmp_path, {"p/theirs": "x"})
        with pytest.raises(LisaError, match="p: Directory not empty"):
            new.create(project, shown, tmp_path / "p", who)
    assert left(tmp_path) == ["p"]
    assert left(tmp_path / "p") == ["theirs"]


def test_a_folder_filled_meanwhile_gets_nothing_of_ours(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "p"
    here.mkdir()
    monkeypatch.chdir(here)
    chosen = answers()
    with new.prepare(OWN, chosen, Path()) as project:
        shown = new.preview(OWN, chosen, project)
        who = new.begin(project, Path())
        tree(here, {"docs/theirs": "x"})
        with pytest.raises(LisaError, match=r"not empty|exists"):
            new.create(project, shown, Path(), who)
    assert left(here) == ["docs"]


def test_a_parent_that_is_a_file_is_one_message(tmp_path: Path, tree: Tree) -> None:
    tree(tmp_path, {"file": "x"})
    with (
        pytest.raises(LisaError, match="file"),
        new.prepare(OWN, answers(), tmp_path / "file/p"),
    ):
        pass


def hook_program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.usefixtures("no_hook_programs")
def test_hooks_are_installed_by_the_program_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "only-git"
    hook_program(folder, "pre-commit", 'echo x > ".git/hooks/made-by-pre-commit"')
    made = make(tmp_path / "p")
    assert made.hooks == "pre-commit"
    assert (made.path / ".git/hooks/made-by-pre-commit").is_file()
    hook_program(folder, "prek", "true")
    assert make(tmp_path / "q").hooks == "prek"


@pytest.mark.usefixtures("no_hook_programs")
def test_hooks_that_cannot_be_installed_are_a_note(tmp_path: Path) -> None:
    hook_program(tmp_path / "only-git", "pre-commit", "echo first; echo no way >&2; exit 1")
    made = make(tmp_path / "p")
    assert made.hooks is None
    assert made.notes == ("The git hooks were not installed, pre-commit says: no way",)


def test_hooks_go_into_the_new_project_whatever_the_environment_names(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of another repository runs with this set."""
    other = tmp_path / "other"
    passes("git", "init", "--quiet", other, cwd=tmp_path)
    prek = tree(
        tmp_path / "bin", {"prek": "#!/bin/sh\ngit rev-parse --absolute-git-dir >&2\nexit 1"}
    )
    (prek / "prek").chmod(0o755)
    monkeypatch.setenv("PATH", f"{prek}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    (note,) = make(tmp_path / "lisa-noise").notes
    assert note.endswith("/project/.git")
    assert not (other / ".git/index").exists()


@pytest.mark.usefixtures("no_hook_programs")
@pytest.mark.parametrize("name", [".git", "sub/.GIT", "sub/.git"])
def test_a_template_that_writes_into_a_folder_of_git_s_own_is_refused(
    tmp_path: Path, name: str
) -> None:
    destination = tmp_path / "lisa-noise"
    with new.prepare(OWN, answers(), destination) as project:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).symlink_to(tmp_path)
        with pytest.raises(LisaError, match=f"^{name}: the template writes into a folder of git"):
            new.begin(project, destination)
    assert left(tmp_path) == ["only-git"]


def test_what_a_newer_version_has_is_told_with_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = open_fleet(tmp_path, monkeypatch)
    kinds = "kind:\n  type: str\n  help: Kind\n  default: package\n  choices: [{}]\n"
    fleet.release("v3.0.0", {"copier.yml": COPIER + kinds.format("package, image")})
    fleet.release("v4.0.0", {"copier.yml": COPIER + kinds.format("package, image, pipeline")})
    given = {"kind": "pipeline", "nose": "x"}
    with template.find_default_source().open("v3.0.0") as old:
        with pytest.raises(AnswersError) as caught:
            old.questions(given)
        told = new.name_newer(caught.value, old, given, {})
    assert told.problems == {
        "kind": "'pipeline' is none of: package, image; v3.0.0 has not got it, v4.0.0 has",
        "nose": "no such question; there are name, kind",
    }
