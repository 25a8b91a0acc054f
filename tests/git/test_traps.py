"""Nothing that a repository names is run, by any command, in whatever part it plays.

Every test first has a repository with a program in each place where git lets one stand.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.cli.resolve import find_editor
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.template import CANONICAL_URL
from lisa_scaffold.verbs.resolve import Session, find_open

from ..support.adopting import SETUPTOOLS
from ..support.sweeps import sampled
from ..support.tools import commit_all, passes, run
from ..support.traps import Traps
from ..support.updates import TEN, Capture, Workshop, open_workshop, update, write

THEIRS = TEN.replace("line 9\n", "theirs\n")
MINE = TEN.replace("line 2\n", "mine\n")
BOTH = MINE.replace("line 9\n", "theirs\n")


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    folder = tmp_path / "traps"
    folder.mkdir()
    return Traps(folder)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A project that is one version behind its template."""
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    workshop.edit({"a.dat": MINE, "pyproject.toml": '[project]\nname = "x"\n'})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS, "template/c.dat": "c\n"})
    return workshop


@pytest.fixture
def armed(workshop: Workshop, traps: Traps) -> Workshop:
    traps.arm_project(workshop.project)
    return workshop


def test_the_traps_are_live(armed: Workshop, traps: Traps) -> None:
    """Each of these commands runs what it finds: otherwise the other tests would prove nothing."""
    env = {"GIT_PAGER": "cat", "GIT_EDITOR": "true"}

    def sprung(*words: str) -> set[str]:
        run("git", *words, cwd=armed.project, env=env)
        return traps.sprung()

    assert {"core.fsmonitor of config.worktree", "filter.long.process"} <= sprung("status")
    passes("git", "config", "--unset", "filter.long.process", cwd=armed.project)
    write(armed.project, {"own/own.dat": "changed\n", "a.dat": "changed\n"})
    assert "diff.trap.command" in sprung("diff")
    assert "diff.external" in sprung("diff", "a.dat")
    assert "diff.trap.textconv" in sprung("diff", "--no-ext-diff")
    assert "gpg.program" in sprung("log", "-1")
    assert {"hook post-index-change", "filter.trap.clean"} <= sprung("add", ".")
    (armed.project / "own/own.dat").unlink()
    assert "filter.trap.smudge" in sprung("checkout", "own/own.dat")
    assert {"hook pre-commit", "gpg.program"} <= sprung("commit", "-m", "Change")
    assert "hook reference-transaction" in sprung("branch", "new")
    assert "remote.other.uploadpack" in sprung("fetch", "other")
    assert "remote.trap.vcs" in sprung("fetch", "trap")
    assert "core.sshCommand" in sprung("ls-remote", "git@x.example.org:x.git")
    assert "core.gitProxy" in sprung("ls-remote", "git://x.example.org/x.git")
    assert "url.insteadOf" in sprung("ls-remote", "https://x.example.org/x.git")
    assert "alias.update" in sprung("update")
    made = armed.project / "made"
    run("git", "init", "made", cwd=armed.project)
    assert not (made / ".git/hooks/pre-commit").exists()


UPDATES = {
    "plain": (),
    "dry run": ("--dry-run",),
    "branch": ("--branch", "next"),
    "other answers": ("--data", "name=other"),
    "nothing to do": ("--to", "v1.0.0"),
}


@pytest.mark.uncounted
@sampled("options", UPDATES.values(), 2, ids=UPDATES)
@sampled("inside", [False, True], 2, ids=["named", "current folder"])
def test_an_update_runs_nothing(
    armed: Workshop,
    traps: Traps,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    inside: bool,
) -> None:
    if inside:
        monkeypatch.chdir(armed.project)
    path = "." if inside else str(armed.project)
    assert cli.main(["update", path, "--defaults", *options]) == ExitCode.DONE
    assert traps.sprung() == set()
    if options in ((), ("--data", "name=other")):
        assert armed.read("a.dat") == BOTH


CHECKS = {"plain": (), "fix": ("--fix",), "diff": ("--diff",), "page": ("--format", "html")}


@pytest.mark.uncounted
@pytest.mark.parametrize("options", CHECKS.values(), ids=CHECKS)
def test_a_check_runs_nothing(armed: Workshop, traps: Traps, options: tuple[str, ...]) -> None:
    write(armed.project, {"CHANGELOG.md": "# Changelog\n", "broken.toml": "=\n"})
    assert cli.main(["check", str(armed.project), *options]) == ExitCode.FINDINGS
    assert traps.sprung() == set()


def test_a_status_runs_nothing(armed: Workshop, traps: Traps) -> None:
    assert cli.main(["status", str(armed.project), "--diff"]) == ExitCode.DONE
    assert traps.sprung() == set()


def test_the_merge_driver_runs_nothing(
    armed: Workshop, traps: Traps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(armed.project)
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    sides = {"base": "x = 1\n", "ours": "x = 2\n", "theirs": "x = 3\n"}
    write(tmp_path / "sides", sides)
    files = [str(tmp_path / "sides" / name) for name in sides]
    assert cli.main(["merge-driver", "run", *files, "a.toml"]) == ExitCode.FINDINGS
    assert cli.main(["merge-driver", "remove"]) == ExitCode.DONE
    assert traps.sprung() == set()


@pytest.mark.sweep
def test_to_resolve_conflicts_runs_nothing(
    workshop: Workshop, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.edit({"a.dat": TEN.replace("line 9\n", "mine\n")})
    assert update(workshop.project) == ExitCode.FINDINGS
    traps.arm(workshop.project / ".git")
    traps.sprung()
    repository = git.find_repository(workshop.project)
    session = Session(repository, find_open(repository))
    found = session.find_next()
    assert found is not None
    session.decide(found, "theirs")
    assert session.finish() == (["a.dat"], [])
    for name in ("GIT_EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EDITOR", "mine --wait")
    assert find_editor(repository) == ["mine", "--wait"]
    monkeypatch.setenv("GIT_EDITOR", "mine 'open")
    with pytest.raises(LisaError, match="mine 'open: no words that a shell would read"):
        find_editor(repository)
    assert traps.sprung() == set()


def test_a_link_to_another_template_runs_nothing(
    workshop: Workshop, traps: Traps, tmp_path: Path
) -> None:
    workshop.edit({".copier-answers.yml": None})
    traps.arm_project(workshop.project)
    # Without its filter, git cannot tell whether this file is as it was.
    passes("git", "config", "--global", "filter.trap.clean", "cat", cwd=tmp_path)
    passes("git", "config", "--global", "filter.long.clean", "cat", cwd=tmp_path)
    words = ("adopt", "--template", str(workshop.template), "--defaults")
    assert cli.main([*words, str(workshop.project)]) == ExitCode.DONE
    assert traps.sprung() == set()


ADOPTIONS = {"dry run": ("--dry-run",), "branch": (), "in place": ("--in-place",)}


@pytest.mark.uncounted
@sampled("options", ADOPTIONS.values(), 3, ids=ADOPTIONS)
def test_an_adoption_runs_nothing(
    tmp_path: Path, traps: Traps, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    write(project, SETUPTOOLS)
    commit_all(project)
    traps.arm_project(project)
    # Without its filter, git cannot tell whether this file is as it was.
    passes("git", "config", "--global", "filter.trap.clean", "cat", cwd=tmp_path)
    passes("git", "config", "--global", "filter.long.clean", "cat", cwd=tmp_path)
    monkeypatch.chdir(project)
    assert cli.main(["adopt", "--defaults", *options]) == ExitCode.DONE
    assert traps.sprung() == set()


@pytest.mark.usefixtures("no_hook_programs")
@sampled("below", [True, False], 2, ids=["below it", "in it"])
def test_a_new_project_runs_nothing_of_the_repository_around(
    armed: Workshop,
    traps: Traps,
    monkeypatch: pytest.MonkeyPatch,
    below: bool,
) -> None:
    monkeypatch.chdir(armed.project)
    made = Path("new/one" if below else "one")
    assert cli.main(["new", "--defaults", str(made)]) == ExitCode.DONE
    assert cli.main(["explain", "LIC001"]) == ExitCode.DONE
    assert traps.sprung() == set()
    assert not (made / ".git/hooks/pre-commit").exists()
    who = passes("git", "-c", "log.showSignature=false", "log", "--format=%an", cwd=made)
    assert who == "Ada Example\n"


def record(workshop: Workshop, source: str) -> None:
    """Let the project name another source than the template's folder."""
    answers = workshop.read(".copier-answers.yml").splitlines()
    kept = [line for line in answers if not line.startswith("_src_path")]
    said = "\n".join([*kept, f"_src_path: {json.dumps(source)}\n"])
    workshop.edit({".copier-answers.yml": said})


@sampled("form", ["path", "address", "bare"], 3)
def test_a_template_runs_nothing(workshop: Workshop, traps: Traps, form: str) -> None:
    source, recorded = workshop.template, str(workshop.template)
    if form == "bare":
        source = workshop.template.with_name("bare.git")
        passes("git", "clone", "--quiet", "--bare", workshop.template, source, cwd=source.parent)
        recorded = str(source)
    elif form == "address":
        recorded = workshop.template.as_uri()
    record(workshop, recorded)
    if form == "bare":
        traps.arm(source)
    else:
        traps.arm_project(source)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.DONE
    assert traps.sprung() == set()
    assert workshop.read("a.dat") == BOTH


def test_a_template_that_the_environment_names_runs_nothing(
    workshop: Workshop, tmp_path: Path, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare.git"
    passes("git", "clone", "--quiet", "--bare", workshop.template, bare, cwd=tmp_path)
    traps.arm(bare)
    record(workshop, CANONICAL_URL)
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", "bare.git")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.DONE
    write(workshop.project, {"broken.toml": "=\n"})
    assert cli.main(["check", str(workshop.project)]) == ExitCode.FINDINGS
    (workshop.project / "broken.toml").unlink()
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", ".")
    monkeypatch.chdir(bare)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.DONE
    assert traps.sprung() == set()
    assert workshop.read("a.dat") == BOTH


@pytest.mark.uncounted
def test_a_former_template_runs_nothing(tmp_path: Path, traps: Traps) -> None:
    template, project = tmp_path / "cookie", tmp_path / "project"
    write(template, {"cookiecutter.json": "{}", "{{ cookiecutter.x }}/a": "a\n"})
    commit_all(template)
    traps.arm_project(template)
    named = {"template": str(template), "commit": "HEAD", "context": {"cookiecutter": {"x": "x"}}}
    write(project, {**SETUPTOOLS, ".cruft.json": json.dumps(named)})
    commit_all(project)
    cli.main(["adopt", str(project), "--defaults"])
    assert traps.sprung() == set()


def partial(workshop: Workshop) -> Path:
    """A clone of the project that lacks the content of its own files."""
    origin, clone = workshop.project, workshop.project.with_name("partial")
    passes("git", "config", "uploadpack.allowFilter", "true", cwd=origin)
    passes("git", "clone", "--quiet", "--filter=blob:none", origin.as_uri(), clone, cwd=origin)
    for pack in (clone / ".git/objects/pack").glob("*.idx"):
        if " blob " in passes("git", "verify-pack", "-v", pack, cwd=clone):
            for file in pack.parent.glob(f"{pack.stem}.*"):
                file.unlink()
    return clone


@pytest.mark.uncounted
def test_a_partial_clone_is_filled_and_runs_nothing(workshop: Workshop, traps: Traps) -> None:
    clone = partial(workshop)
    traps.arm(clone / ".git")
    uploadpack = traps.program("remote.origin.uploadpack")
    passes("git", "config", "remote.origin.uploadpack", uploadpack, cwd=clone)
    spare = shutil.copytree(clone, clone.with_name("spare"))
    run("git", "cat-file", "blob", "HEAD:a.dat", cwd=spare)
    assert "remote.origin.uploadpack" in traps.sprung()
    assert cli.main(["update", str(clone), "--defaults"]) == ExitCode.DONE
    assert traps.sprung() == set()
    assert (clone / "a.dat").read_text() == BOTH


@pytest.mark.uncounted
def test_a_promise_in_the_name_of_a_remote_runs_nothing(workshop: Workshop, traps: Traps) -> None:
    """Git hands that name to itself as an argument."""
    clone = partial(workshop)
    option = f"--upload-pack={traps.program('name of a remote')}"
    for key, value in {"promisor": "true", "url": str(workshop.project)}.items():
        passes("git", "config", f"remote.{option}.{key}", value, cwd=clone)
    for key in ("promisor", "partialclonefilter"):
        passes("git", "config", "--unset", f"remote.origin.{key}", cwd=clone)
    passes("git", "config", "extensions.partialClone", option, cwd=clone)
    spare = shutil.copytree(clone, clone.with_name("spare"))
    run("git", "cat-file", "blob", "HEAD:a.dat", cwd=spare)
    assert traps.sprung() == {"name of a remote"}
    assert cli.main(["update", str(clone), "--defaults"]) == ExitCode.DONE
    assert traps.sprung() == set()


@sampled("address", ["ext::sh -c '{}'", "ssh://-oProxyCommand={}/x"], 2)
def test_a_partial_clone_fetches_by_plain_transports_alone(
    workshop: Workshop, traps: Traps, address: str, capsys: Capture
) -> None:
    clone = partial(workshop)
    url = address.format(traps.program("url"))
    passes("git", "config", "remote.origin.url", url, cwd=clone)
    passes("git", "config", "protocol.ext.allow", "always", cwd=clone)
    assert cli.main(["update", str(clone), "--defaults"]) == ExitCode.REFUSED
    assert traps.sprung() == set()
    assert capsys.readouterr().err.startswith("lisa-scaffold: git ")


def embedded(workshop: Workshop, traps: Traps) -> Path:
    """A bare repository that is committed to the project as plain files, a project itself."""
    inner = workshop.project / "vendored"
    passes("git", "clone", "--quiet", "--bare", workshop.template, inner, cwd=workshop.project)
    traps.arm(inner)
    passes("git", "config", "core.worktree", "..", cwd=inner)
    passes("git", "config", "core.bare", "false", cwd=inner)
    for folder in ("branches", "refs/heads", "refs/tags", "objects/info"):
        (inner / folder).mkdir(parents=True, exist_ok=True)
        (inner / folder / ".keep").touch()
    write(inner, {"pyproject.toml": '[project]\nname = "x"\n'})
    shutil.copy(workshop.project / ".copier-answers.yml", inner)
    traps.sprung()
    return inner


@pytest.mark.uncounted
@pytest.mark.parametrize("source", ["vendored", "./vendored", "{project}/vendored", "~/vendored"])
def test_a_template_within_the_project_is_refused(
    workshop: Workshop, traps: Traps, capsys: Capture, source: str, home: Path
) -> None:
    embedded(workshop, traps)
    (home / "vendored").symlink_to(workshop.project / "vendored")
    record(workshop, source.format(project=workshop.project))
    assert cli.main(["update", str(workshop.project), "--dry-run"]) == ExitCode.REFUSED
    assert "a template is never read out of the project itself" in capsys.readouterr().err
    assert traps.sprung() == set()


COMMANDS = {
    "check": ("check",),
    "fix": ("check", "--fix"),
    "update": ("update",),
    "adopt": ("adopt", "--defaults"),
}


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("place", ["vendored", "vendored/refs"])
def test_a_bare_repository_is_refused(
    workshop: Workshop, traps: Traps, capsys: Capture, words: tuple[str, ...], place: str
) -> None:
    inner = embedded(workshop, traps)
    folder = workshop.project / place
    if folder != inner:
        write(folder, {"pyproject.toml": '[project]\nname = "x"\n'})
        shutil.copy(workshop.project / ".copier-answers.yml", folder)
    assert cli.main([words[0], str(folder), *words[1:]]) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert f"{folder}: " in err
    if words[0] != "adopt":
        assert "a bare repository, or a folder inside of one" in err
    assert traps.sprung() == set()


ADDRESSES = {
    "ext::sh -c 'echo x >> {mark}'": "no address of a repository",
    "fd::7": "no address of a repository",
    "git+ext::sh -c 'echo x >> {mark}'": "no address of a repository",
    "--upload-pack=echo x >> {mark}": "no address of a repository",
    "ftp://x.example.org/x.git": "git is not let fetch by 'ftp'",
    "": "a template is never read out of the project itself",
    " ": "no address of a repository",
    "'a\\tb'": "nothing is there",
    "/dev/zero": "neither a folder nor a git bundle",
    "file:///dev/zero": "neither a folder nor a git bundle",
    "file:///dev/%7aero": "neither a folder nor a git bundle",
    "{fifo}": "neither a folder nor a git bundle",
    "{mark}": "nothing is there",
    "zero": "neither a folder nor a git bundle",
    "circle": "nothing is there that can be read",
    ".git": "a template is never read out of the project itself",
    "nothing/here": "nothing is there",
    "~nobody-of-that-name/x": "nothing is there",
    "x" * 5000: "nothing is there",
}


@sampled(("address", "why"), ADDRESSES.items(), 4, ids=range(len(ADDRESSES)))
def test_an_address_that_is_none_is_one_message(
    workshop: Workshop, tmp_path: Path, capsys: Capture, address: str, why: str
) -> None:
    mark = tmp_path / "mark"
    os.mkfifo(tmp_path / "fifo")
    (workshop.project / "zero").symlink_to("/dev/zero")
    (workshop.project / "circle").symlink_to("circle")
    said = address.format(mark=mark, fifo=tmp_path / "fifo")
    record(workshop, said)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.REFUSED
    out, err = capsys.readouterr()
    assert (out, why in err) == ("", True), err
    assert not mark.exists()
    named = json.dumps({"template": said, "commit": "HEAD"})
    (workshop.project / ".copier-answers.yml").unlink()
    workshop.edit({**SETUPTOOLS, ".cruft.json": named})
    assert cli.main(["adopt", str(workshop.project), "--defaults"]) == ExitCode.REFUSED
    assert "the former template cannot be reached" in capsys.readouterr().err
    assert not mark.exists()


def test_another_work_tree_that_a_configuration_names_is_refused(
    workshop: Workshop, capsys: Capture
) -> None:
    above = workshop.project.parent
    passes("git", "config", "core.worktree", str(above), cwd=workshop.project)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.REFUSED
    assert f"its configuration makes {above} the work tree" in capsys.readouterr().err


owned_by_others = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def give_away(folder: Path) -> None:
    for place in (folder, *folder.rglob("*")):
        os.chown(place, 12345, 12345, follow_symlinks=False)


@pytest.mark.uncounted
@owned_by_others
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_repository_of_somebody_else_is_refused(
    armed: Workshop, traps: Traps, capsys: Capture, words: tuple[str, ...]
) -> None:
    if words[0] == "adopt":
        (armed.project / ".copier-answers.yml").unlink()
    give_away(armed.project)
    assert cli.main([words[0], str(armed.project), *words[1:]]) == ExitCode.REFUSED
    assert "dubious ownership" in capsys.readouterr().err
    assert traps.sprung() == set()


@owned_by_others
@pytest.mark.parametrize("bare", [False, True])
def test_a_template_of_somebody_else_is_refused(
    workshop: Workshop, traps: Traps, capsys: Capture, bare: bool
) -> None:
    source = workshop.template
    if bare:
        source = workshop.template.with_name("bare.git")
        passes("git", "clone", "--quiet", "--bare", workshop.template, source, cwd=source.parent)
        record(workshop, str(source))
    traps.arm(source if bare else source / ".git")
    give_away(source)
    assert cli.main(["update", str(workshop.project), "--defaults"]) == ExitCode.REFUSED
    assert "dubious ownership" in capsys.readouterr().err
    assert traps.sprung() == set()


def define(scope: str, project: Path, change: str = "sed s/secret/hidden/") -> None:
    back = "sed s/hidden/secret/"
    for key, tool in {"clean": change, "smudge": back, "required": "true"}.items():
        passes("git", "config", scope, f"filter.hide.{key}", tool, cwd=project)


@pytest.fixture
def hiding(tmp_path: Path) -> Workshop:
    """A project that hides a word of some files, by a filter that nobody has defined yet."""
    workshop = open_workshop(tmp_path, {"template/sub/a.txt": "a secret\n", "template/b.dat": TEN})
    write(workshop.project, {"sub/.gitattributes": "*.txt filter=hide\n"})
    define("--local", workshop.project)
    passes("git", "add", "--renormalize", ".", cwd=workshop.project)
    workshop.edit({})
    return workshop


@sampled("options", [(), ("--branch", "next"), ("--dry-run",)], 3)
def test_a_path_whose_filter_the_repository_alone_defines_is_not_written(
    hiding: Workshop, capsys: Capture, options: tuple[str, ...]
) -> None:
    hiding.release("v1.1.0", {"template/sub/a.txt": "my secret\n"})
    assert cli.main(["update", str(hiding.project), "--defaults", *options]) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert "sub/a.txt: its filter 'hide' is defined in the repository's own configuration" in err
    assert "git config --global" in err
    assert (hiding.status(), hiding.read("sub/a.txt")) == ([], "a secret\n")


@pytest.mark.sweep
def test_other_paths_of_such_a_project_are_updated(hiding: Workshop) -> None:
    hiding.release("v1.1.0", {"template/b.dat": THEIRS})
    assert cli.main(["update", str(hiding.project), "--defaults"]) == ExitCode.DONE
    assert hiding.status() == ["M  .copier-answers.yml", "M  b.dat"]


@pytest.mark.sweep
def test_a_file_that_the_project_moved_to_where_such_a_filter_is_is_not_written(
    hiding: Workshop, capsys: Capture
) -> None:
    (hiding.project / "b.dat").rename(hiding.project / "sub/b.txt")
    hiding.edit({})
    hiding.release("v1.1.0", {"template/b.dat": THEIRS})
    assert cli.main(["update", str(hiding.project), "--defaults"]) == ExitCode.REFUSED
    assert "sub/b.txt: its filter 'hide'" in capsys.readouterr().err
    assert hiding.status() == []


def test_where_both_define_a_filter_the_user_s_is_run(hiding: Workshop, traps: Traps) -> None:
    define("--global", hiding.project)
    define("--local", hiding.project, traps.program("filter.hide.clean"))
    hiding.release("v1.1.0", {"template/sub/a.txt": "my secret\n"})
    assert cli.main(["update", str(hiding.project), "--defaults"]) == ExitCode.DONE
    assert traps.sprung() == set()
    assert hiding.read("sub/a.txt") == "my secret\n"
    staged = passes("git", "cat-file", "blob", ":sub/a.txt", cwd=hiding.project)
    assert staged == "my hidden\n"


def test_an_adoption_tells_a_filter_from_a_change(
    tmp_path: Path, capsys: Capture, tree: Callable[..., Path]
) -> None:
    project = tree(tmp_path / "project", {**SETUPTOOLS, "a.txt": "secret\n"})
    passes("git", "init", "--quiet", cwd=project)
    define("--local", project)
    write(project, {".gitattributes": "*.txt filter=hide\n"})
    passes("git", "add", "--all", cwd=project)
    passes("git", "commit", "--quiet", "--message=Start", cwd=project)
    os.utime(project / "a.txt", (0, 0))
    assert cli.main(["adopt", str(project), "--defaults"]) == ExitCode.REFUSED
    assert "a.txt: its filter 'hide' is defined" in capsys.readouterr().err


@pytest.mark.uncounted
def test_programs_of_the_current_folder_are_not_taken_for_the_user_s(
    workshop: Workshop, traps: Traps, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("git", "sh", "prek", "pre-commit"):
        shutil.copy(traps.program(name), workshop.project / name)
    monkeypatch.chdir(workshop.project)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    passes("/usr/bin/env", "git", cwd=workshop.project)
    assert traps.sprung() == {"git"}
    assert cli.main(["update", "--dry-run", "--defaults"]) == ExitCode.DONE
    assert cli.main(["new", "--defaults", "made"]) == ExitCode.DONE
    assert traps.sprung() == set()


def test_a_local_clone_does_not_say_which_program_serves_it(tmp_path: Path, traps: Traps) -> None:
    """Where it lacks objects, its own settings say where they come from, and by what."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    write(origin, {"a": "1\n"})
    commit_all(origin)
    program = traps.program("remote.origin.uploadpack")
    passes("git", "config", "remote.origin.uploadpack", program, cwd=origin)
    commit = passes("git", "rev-parse", "HEAD", cwd=origin).strip()
    git.bring_clone(git.make_clonable(origin.as_uri()), clone, commit)
    assert (clone / "a").read_text() == "1\n"
    served = passes("git", "config", "remote.origin.uploadpack", cwd=clone).strip()
    assert "GIT_NO_LAZY_FETCH=1" in served
    assert served.endswith("git-upload-pack")
    assert traps.sprung() == set()
