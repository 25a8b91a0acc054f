from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

from lisa_scaffold import files, git, process
from lisa_scaffold.errors import LisaError
from lisa_scaffold.git import repository
from lisa_scaffold.model import Identity
from lisa_scaffold.template.source import Source, find_recorded_source

from ..conftest import Tree
from ..support.sweeps import sampled
from ..support.tools import commit_all, passes
from ..support.updates import write


def test_git_says_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match=r"^git log: fatal: not a git repository"):
        git.git("log", cwd=tmp_path)


def test_identity_is_that_of_the_configuration(home: Path) -> None:
    assert git.read_identity() == Identity("Ada Example", "ada@example.org")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada = B, C\n")
    assert git.read_identity() == Identity("Ada = B, C", "")
    (home / ".gitconfig").write_text("")
    assert git.read_identity() == Identity("", "")


def test_who_commits_is_told_or_nobody(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git itself would take the names of the account and the machine, where it has them."""
    passes("git", "init", "--quiet", cwd=tmp_path)
    repository = git.find_repository(tmp_path)
    assert git.read_committer(repository).startswith("Ada Example <ada@example.org> ")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\tuseConfigOnly = false\n")
    assert git.read_signers(repository) is None
    with pytest.raises(LisaError, match="git does not know who commits") as raised:
        git.read_committer(repository)
    assert raised.value.hint.startswith("Tell it once: git config --global user.name ")
    monkeypatch.setenv("EMAIL", "ada@mail.example.org")
    assert git.read_committer(repository).startswith("Ada <ada@mail.example.org> ")


def test_tags_of_a_place_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(git.GitError, match="git ls-remote: fatal"):
        git.list_remote_tags(git.make_clonable(tmp_path))


def test_an_export_holds_the_files_of_a_commit_and_obeys_no_attribute(
    small_template: Path, tmp_path: Path, tree: Tree
) -> None:
    tree(small_template, {".gitattributes": "*.txt export-ignore\n"})
    git.git("add", "--all", cwd=small_template)
    git.git("commit", "-q", "-m", "Attributes", cwd=small_template)
    bare = tmp_path / "bare"
    git.clone_bare(git.make_clonable(small_template), bare)
    for name, commit in {
        "one": "v0.1.0",
        "two": "HEAD",
        "three": "v0.2.0-1-g" + short(bare),
    }.items():
        git.export(bare, commit, tmp_path / name)
        expected = "0.1.0" if name == "one" else "0.2.0"
        assert (tmp_path / name / "template/version.txt").read_text() == expected


def test_of_tags_the_commits_alone_are_copied(small_template: Path, tmp_path: Path) -> None:
    (small_template / ".git/hooks").mkdir(exist_ok=True)
    (small_template / ".git/hooks/post-checkout").write_text("#!/bin/sh\nexit 1\n")
    copy = tmp_path / "copy"
    oid = passes("git", "rev-parse", "v0.1.0", cwd=small_template).strip()
    git.copy_tags(
        git.make_clonable(small_template), {"v0.2.0": "refs/tags/v0.2.0", "v0.1.0": oid}, copy
    )
    assert passes("git", "tag", cwd=copy).split() == ["v0.1.0", "v0.2.0"]
    assert passes("git", "rev-list", "--count", "v0.2.0", cwd=copy) == "1\n"
    assert not (copy / "hooks").exists()
    for tag, version in ("v0.1.0", "0.1.0"), ("v0.2.0", "0.2.0"):
        git.export(copy, f"refs/tags/{tag}", tmp_path / tag)
        assert (tmp_path / tag / "template/version.txt").read_text() == version


def test_a_tag_that_is_missing_is_not_copied(small_template: Path, tmp_path: Path) -> None:
    with pytest.raises(git.GitError, match="git fetch: fatal"):
        git.copy_tags(
            git.make_clonable(small_template),
            {tag: f"refs/tags/{tag}" for tag in ("v0.1.0", "v0.9.0")},
            tmp_path / "copy",
        )


@pytest.mark.parametrize("address", ["https://localhost:1/l.git", "git@localhost:l.git"])
def test_an_address_is_no_folder_of_a_checkout(
    address: str, small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git itself would clone ``./https:/localhost:1/l.git``, which a checkout may hold."""
    checkout = tmp_path / "checkout"
    (checkout / address).parent.mkdir(parents=True)
    passes("git", "clone", "--quiet", "--bare", small_template, checkout / address, cwd=tmp_path)
    (checkout / address / "copier.yml").write_text("name: x\n")
    monkeypatch.chdir(checkout)
    assert git.make_clonable(address) == git.Address(address, is_local=False)
    assert git.make_clonable(f"./{address}", checkout).is_local
    assert Source(address).working_copy is None
    assert find_recorded_source(address, checkout).location == address
    with pytest.raises(git.GitError):
        git.clone_bare(git.make_clonable(address), tmp_path / "copy")


def test_of_a_slow_clone_the_repository_alone_is_looked_at(
    small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git runs at the top of all folders then: to look through them takes minutes."""
    monkeypatch.setattr(process, "PATIENCE", 0)
    looked_at = set()

    def look(folder: Path, _: object) -> str:
        looked_at.add(folder)
        return ""

    monkeypatch.setattr(files, "find_hindrance", look)
    git.clone_bare(git.make_clonable(small_template), tmp_path / "copy")
    with pytest.raises(git.GitError):
        git.clone_bare(git.make_clonable("https://localhost:1/l.git"), tmp_path / "other")
    assert looked_at == {small_template, tmp_path / "other"}


def short(repository: Path) -> str:
    return passes("git", "rev-parse", "--short", "HEAD", cwd=repository).strip()


def test_an_unknown_commit_is_an_error(small_template: Path, tmp_path: Path) -> None:
    with pytest.raises(git.GitError, match="git ls-tree: fatal"):
        git.export(small_template / ".git", "v9.9.9", tmp_path / "out")
    with pytest.raises(git.GitError, match="git read-tree: fatal"):
        git.export(small_template / ".git", "v9.9.9", tmp_path / "out", bounded=False)


@pytest.mark.parametrize(
    "name",
    [
        *("HEAD^{/(.*)(.*)(.*)(.*)\\1\\2\\3\\4zzzz}", ":/(.*)*x", "HEAD~1", "main^", "a..b"),
        *("main@{1}", "main:file", "v*", "", "a b", "v1\n"),
    ],
)
def test_a_commit_is_named_and_not_looked_for(
    name: str, small_template: Path, tmp_path: Path
) -> None:
    """A pattern takes git for ever, if somebody makes one for that."""
    with pytest.raises(git.GitError, match="no name of a commit"):
        git.export(small_template / ".git", name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "date", ["", " -5 +0000", " 67768036191676799 +0000", " 99999999999999999 +0000"]
)
def test_a_commit_without_a_date_has_no_year(date: str, tmp_path: Path) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    blob = written(tmp_path, b"x", "hash-object", "-w", "--stdin")
    tree = written(tmp_path, f"100644 blob {blob}\tfile\n".encode(), "mktree")
    said = f"tree {tree}\nauthor Ada <ada@example.org>{date}\ncommitter A <a@b> 1 +0000\n\nm\n"
    commit = written(
        tmp_path, said.encode(), "hash-object", "-w", "--literally", "-t", "commit", "--stdin"
    )
    passes("git", "update-ref", "HEAD", commit, cwd=tmp_path)
    found = git.read_history(git.find_repository(tmp_path))
    assert found.authors == (("Ada", "ada@example.org"),)
    assert found.years in (None, (1970, 1970))  # which git has for one that is too large


@pytest.mark.parametrize(
    ("commits", "authors"),
    [
        # Two addresses of one person, and somebody else's last commit.
        ("Ada a@x.org, Ada a@y.org, Bo b@x.org", ["Ada a@x.org", "Bo b@x.org"]),
        ("Ada a@x.org, Bo b@x.org", ["Ada a@x.org", "Bo b@x.org"]),
        ("Ada a@x.org, Bo b@x.org, Bo b@x.org", ["Bo b@x.org", "Ada a@x.org"]),
        ("ada a@x.org, Ada a@x.org, Ada a@y.org", ["ada a@x.org"]),
        ("Ada old@x.org, Ada a@x.org, Ada a@x.org", ["Ada a@x.org"]),
        ("Nick n@x.org, Bo b@x.org, Bo b@x.org, Ada a@x.org", ["Ada a@x.org", "Bo b@x.org"]),
    ],
)
def test_a_person_of_several_addresses_is_one(
    commits: str, authors: list[str], tmp_path: Path
) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    mailmap = "Ada <a@x.org> Nick <n@x.org>\n" if "Nick" in commits else ""
    (tmp_path / ".mailmap").write_text(mailmap)
    passes("git", "add", ".", cwd=tmp_path)
    for number, commit in enumerate(commits.split(", ")):
        (tmp_path / "file").write_text(str(number))
        passes("git", "add", ".", cwd=tmp_path)
        name, email = commit.split(" ")
        author = f"--author={name} <{email}>"
        passes("git", "commit", "--quiet", author, "--message", "m", cwd=tmp_path)
    found = git.read_history(git.find_repository(tmp_path)).authors
    assert [" ".join(each) for each in found] == authors


def written(folder: Path, said: bytes, *command: str) -> str:
    return process.run(["git", *command], cwd=folder, stdin=said).stdout.decode().strip()


def nested(folder: Path, name: str, levels: int) -> str:
    """Name of a tree of ten entries, each of which is a tree of ten entries, and so on."""
    for level in range(levels):
        mode = "100644 blob" if level == 0 and name else "040000 tree"
        entries = "".join(f"{mode} {name}\t{number}\n" for number in range(10)) if name else ""
        name = written(folder, entries.encode(), "mktree")
    return name


@pytest.mark.parametrize("inner", [b"x", b""], ids=["files", "folders"])
def test_a_small_repository_of_countless_files_is_not_written(inner: bytes, tmp_path: Path) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    blob = written(tmp_path, inner, "hash-object", "-w", "--stdin") if inner else ""
    bomb = nested(tmp_path, blob, 12)
    out = tmp_path / "out"
    with pytest.raises(git.TooLargeError, match="more than 50000 files and folders"):
        git.export(tmp_path / ".git", bomb, out)
    assert not any(out.iterdir())


def test_one_of_large_files_is_not_written_either(
    small_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("lisa_scaffold.git.checkout"), "MOST_BYTES", 20)
    with pytest.raises(git.TooLargeError, match="MB of files"):
        git.export(small_template / ".git", "v0.1.0", tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_a_new_repository_has_one_commit_on_main(tmp_path: Path, home: Path) -> None:
    (tmp_path / "file").write_text("x")
    (home / ".gitconfig").write_text("[user]\nname = Né É\nemail = n@example.org\n")
    git.init_repository(tmp_path)
    who = git.read_signers(tmp_path)
    git.start_repository(tmp_path, "Start", "https://x.example.org/p.git", who)
    log = git.git("log", "--format=%D|%an|%ae|%cn|%s", cwd=tmp_path)
    assert log == "HEAD -> main|Né É|n@example.org|Né É|Start\n"
    assert git.git("remote", "get-url", "origin", cwd=tmp_path) == "https://x.example.org/p.git\n"
    assert git.git("status", "--porcelain", cwd=tmp_path) == ""


def test_the_first_commit_needs_no_signing_key_and_runs_no_hook(tmp_path: Path, home: Path) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (home / ".gitconfig").write_text(
        "[user]\n\tname = N\n\temail = n@example.org\n"
        f"[commit]\n\tgpgSign = true\n[core]\n\thooksPath = {hooks}\n[gpg]\n\tprogram = false\n"
    )
    (tmp_path / "file").write_text("x")
    git.init_repository(tmp_path)
    who = git.read_signers(tmp_path)
    git.start_repository(tmp_path, "Start", "https://x.example.org/p.git", who)
    assert git.git("log", "--format=%s", cwd=tmp_path) == "Start\n"


def test_what_gitignore_names_is_ignored_be_it_there_or_not(tmp_path: Path) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("/build/\n*.log\n!keep.log\n")
    (tmp_path / "a.log").write_text("")
    paths = ("build/x", "a.log", "b.log", "keep.log", "-a", "src/x")
    assert [path for path in paths if git.ignores(tmp_path, path)] == ["build/x", "a.log", "b.log"]
    assert not git.ignores(tmp_path, "../x")


def test_the_tags_of_a_bundle_are_those_that_git_tells(tmp_path: Path) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    passes("git", "commit", "--quiet", "--allow-empty", "-m", "One", cwd=tmp_path)
    passes("git", "tag", "v1.0.0", cwd=tmp_path)
    passes("git", "tag", "-a", "-m", "Two", "v1.1.0", cwd=tmp_path)
    passes("git", "bundle", "create", "--quiet", "b.bundle", "--all", cwd=tmp_path)
    told = passes("git", "ls-remote", "--tags", "--refs", "b.bundle", cwd=tmp_path)
    lines = (line.partition("\trefs/tags/") for line in told.splitlines())
    found = git.list_remote_tags(git.make_clonable(tmp_path / "b.bundle"))
    assert found == {tag: hashed for hashed, _, tag in lines}
    assert list(git.list_remote_tags(git.make_clonable(tmp_path))) == ["v1.0.0", "v1.1.0"]


@pytest.mark.sweep
def test_a_bundle_of_countless_tags_is_read_by_git(tmp_path: Path) -> None:
    """Its head is longer than what is read of it here."""
    names = [f"v1.0.{number}" for number in range(20_000)]
    lines = "".join(f"{number:040x} refs/tags/{name}\n" for number, name in enumerate(names))
    (tmp_path / "b.bundle").write_text(f"# v2 git bundle\n{lines}\n")
    assert len(git.list_remote_tags(git.make_clonable(tmp_path / "b.bundle"))) == len(names)


def test_settings_of_the_environment_hold_beside_ours(
    small_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror, say, by which an address without a network is reached."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{small_template.as_uri()}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://x.example.org/x.git")
    address = git.make_clonable("https://x.example.org/x.git")
    assert list(git.list_remote_tags(address)) == ["v0.1.0", "v0.2.0"]


@pytest.mark.parametrize("count", ["", "x", "-1", "\u0663", "9" * 5000, " 1"])
def test_a_count_of_settings_that_git_refuses_counts_none(
    count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", count)
    assert git.count_settings() == 0
    assert git.git("config", "--get", "core.fsmonitor") == "false\n"


@pytest.mark.skipif(sys.platform != "linux", reason="nobody tells there what a process does")
@sampled("setting", ["include.path", "core.excludesFile"], 2)
def test_a_pipe_that_a_setting_names_holds_git_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    os.mkfifo(tmp_path / "pipe")
    passes("git", "config", setting, str(tmp_path / "pipe"), cwd=tmp_path)
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    monkeypatch.setattr(process, "_STILL", 0.3)
    with pytest.raises(LisaError, match="git waits for something that does not come"):
        git.list_files(tmp_path)


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes"])
def test_a_pipe_in_the_place_of_a_file_holds_git_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    passes("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "a").touch()
    passes("git", "add", "a", cwd=tmp_path)
    repository = git.find_repository(tmp_path)
    os.mkfifo(tmp_path / name)
    monkeypatch.setattr(process, "PATIENCE", 0.05)
    with pytest.raises(LisaError, match="no regular file, and git waits"):
        git.find_ignored(repository, ["b"]) if name == ".gitignore" else git.clean_trees(
            repository, tmp_path / "aside", {"b": git.Blob("100644", b"")}
        )


def test_a_commit_of_which_nothing_is_lost_has_the_files_that_git_lists(tmp_path: Path) -> None:
    for path in ("same.txt", "inner/same.txt", "a\tb\nc/\udcff.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("same\n")
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("run")
    commit_all(tmp_path)
    head = git.git("rev-parse", "HEAD", cwd=tmp_path).strip()
    module = f"160000,{head},module"
    (tmp_path / "module").mkdir()
    git.git("update-index", "--add", "--cacheinfo", module, cwd=tmp_path)
    git.git("commit", "--quiet", "--message=Module", cwd=tmp_path)
    expected = git.list_files(tmp_path)
    assert expected is not None
    assert expected["module"] == "160000"
    assert len(expected) == 6
    assert git.refuse_lost(git.find_repository(tmp_path)) == expected
    inner = {"same.txt": expected["inner/same.txt"]}
    assert git.refuse_lost(git.find_repository(tmp_path / "inner")) == inner


def test_what_has_no_commit_or_promises_to_bring_the_rest_has_lost_nothing(
    small_template: Path, tmp_path: Path
) -> None:
    git.git("init", "--quiet", cwd=tmp_path)
    assert git.refuse_lost(git.find_repository(tmp_path)) is None
    commit = git.git("rev-parse", "HEAD", cwd=small_template).strip()
    clone = tmp_path / "clone"
    git.bring_clone(git.make_clonable(small_template.as_uri()), clone, commit)
    assert git.refuse_lost(git.find_repository(clone)) is None


@pytest.mark.parametrize("lost", ["HEAD", "HEAD^{tree}", "HEAD:inner", "HEAD:inner/a.txt"])
@pytest.mark.parametrize("left", [None, b"", b"nonsense"])
def test_a_part_of_the_current_commit_that_is_lost_or_broken_is_told(
    lost: str, left: bytes | None, tmp_path: Path
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/a.txt").write_text("a\n")
    commit_all(tmp_path)
    name = git.git("rev-parse", lost, cwd=tmp_path).strip()
    place = tmp_path / ".git/objects" / name[:2] / name[2:]
    place.unlink()
    if left is not None:
        place.write_bytes(left)
    with pytest.raises(git.GitError) as caught:
        git.refuse_lost(git.find_repository(tmp_path))
    assert caught.value.hint == "A part of the repository is missing or broken: clone it again."


def test_commands_that_read_share_one_configuration_of_ours(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    commit_all(tmp_path)
    repository = git.find_repository(tmp_path)
    with repository.shown() as one, repository.shown() as other:
        assert one["GIT_COMMON_DIR"] != other["GIT_COMMON_DIR"]
    with repository.keep_view() as kept:
        with kept.shown() as one, kept._replace(head=None).shown() as other:
            assert one == other
        folder = Path(str(one["GIT_COMMON_DIR"]))
        assert (folder / "config").is_file()
        assert kept.git("rev-parse", "HEAD").strip() == repository.head
    assert not folder.exists()


PLAIN: dict[str, Sequence[Sequence[str]]] = {
    "as cloned": (),
    "packed": (("pack-refs", "--all"),),
    "detached": (("checkout", "--quiet", "--detach"),),
    "other branch": (("switch", "--quiet", "--create", "feature/x"),),
}
ODD: dict[str, Sequence[Sequence[str]]] = {
    "unborn": (("switch", "--quiet", "--orphan", "new"),),
    "branch that is another's": (
        ("symbolic-ref", "refs/heads/alias", "refs/heads/main"),
        ("symbolic-ref", "HEAD", "refs/heads/alias"),
    ),
    "own work tree": (("config", "core.worktree", ".."),),
    "newer form": (("config", "core.repositoryformatversion", "1"),),
    "of no form": (("config", "--unset", "core.repositoryformatversion"),),
}


@pytest.mark.parametrize("case", [*PLAIN, *ODD])
def test_of_an_ordinary_clone_git_says_what_its_files_do(tmp_path: Path, case: str) -> None:
    folder = tmp_path / "clone"
    write(folder, {"a": "a\n"})
    git.git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git.git("add", "--all", cwd=folder)
    git.git("commit", "--quiet", "--message=Start", cwd=folder)
    for words in (PLAIN | ODD)[case]:
        git.git(*words, cwd=folder)
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        asked = repository._ask_for_repository(place, frozenset())
        assert repository._find_plain(place) == (asked if case in PLAIN else None)
        assert repository.find_repository(place) == asked


def test_a_folder_in_a_clone_and_a_linked_work_tree_are_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    write(folder, {"a/b": "b\n"})
    git.git("init", "--quiet", cwd=folder)
    git.git("add", "--all", cwd=folder)
    git.git("commit", "--quiet", "--message=Start", cwd=folder)
    git.git("worktree", "add", "--quiet", tmp_path / "linked", cwd=folder)
    for place in (folder / "a", tmp_path / "linked"):
        assert repository._find_plain(place) is None
        assert repository.find_repository(place).head == repository.find_repository(folder).head


def test_what_is_no_repository_is_none_though_another_lies_around_it(tmp_path: Path) -> None:
    git.git("init", "--quiet", cwd=tmp_path)
    head = "0" * 39 + "1"
    write(tmp_path / "inner", {".git/HEAD": head, ".git/objects": ""})
    assert repository._find_plain(tmp_path / "inner") is None
