"""Files that move, change their kind, or stand in each other's way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.updates import (
    QUESTIONS,
    TEN,
    Capture,
    Workshop,
    open_workshop,
    report,
    statuses,
    update,
    write,
)

MINE = TEN.replace("line 2\n", "mine\n")
THEIRS = TEN.replace("line 9\n", "theirs\n")
BOTH = MINE.replace("line 9\n", "theirs\n")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    questions = QUESTIONS + "_preserve_symlinks: true\n"
    files = {"copier.yml": questions, "template/a.dat": TEN, "template/b.dat": "b\n"}
    return open_workshop(tmp_path, files)


def files(workshop: Workshop) -> set[str]:
    """The files of the project, less its answers."""
    found = git.git("ls-files", "--cached", "--others", cwd=workshop.project).splitlines()
    return {*found} - {".copier-answers.yml"}


def test_a_file_that_both_renamed_has_the_projects_name_and_both_edits(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"mine.dat": "merged"}
    assert result["notes"] == [
        "mine.dat: the template moves a.dat to theirs.dat, the project has moved it here."
    ]
    assert files(workshop) == {"mine.dat", "b.dat"}
    assert workshop.read("mine.dat") == BOTH


@pytest.mark.sweep
def test_prose_that_the_template_moved_and_the_project_rewrote_is_told_with_both_names(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/guide.md": TEN})
    workshop.edit({"guide.md": TEN.replace("line 2\n", "Words of our own entirely.\n")})
    changed = TEN.replace("line 2\n", "A sentence by the template.\n")
    workshop.release("v1.1.0", {"template/guide.md": None, "template/manual.md": changed})
    result = report(workshop, capsys)
    assert [each for each in result["changes"] if each["path"] == "manual.md"] == [
        {"path": "manual.md", "status": "renamed", "was": "guide.md"}
    ]
    assert files(workshop) == {"manual.md"}
    assert "Words of our own entirely.\n" in workshop.read("manual.md")


@pytest.mark.sweep
def test_a_file_that_both_only_renamed_stays_where_the_project_has_it(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": TEN})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "kept"}
    assert files(workshop) == {"mine.dat", "b.dat"}


def test_a_file_that_only_the_template_edited_beside_two_renamings_is_updated(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "updated"}
    assert workshop.read("mine.dat") == THEIRS
    assert files(workshop) == {"mine.dat", "b.dat"}


def test_a_conflict_in_a_file_that_both_renamed_is_one_conflict(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN.replace("line 5\n", "mine\n")})
    theirs = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/theirs.dat": theirs})
    assert report(workshop, capsys)["conflicts"] == ["mine.dat"]
    assert "mine\n=======\ntheirs\n" in workshop.read("mine.dat")
    stages = [git.git("show", f":{n}:mine.dat", cwd=workshop.project) for n in (1, 3)]
    assert stages == [TEN, theirs]
    assert files(workshop) == {"mine.dat", "b.dat"}
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


@pytest.mark.sweep
def test_a_moved_file_that_both_edited_is_told_as_merged(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/c.dat": THEIRS})
    assert update(workshop.project) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "Merged (both had changed them)\n  a.dat -> c.dat\n" in said
    assert "Renamed" not in said
    assert workshop.read("c.dat") == BOTH


def test_a_moved_file_that_one_side_edited_is_told_as_renamed(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release(
        "v1.1.0",
        {
            "template/a.dat": None,
            "template/c.dat": TEN,
            "template/b.dat": None,
            "template/d.dat": "b\n",
        },
    )
    changes = report(workshop, capsys)["changes"]
    assert [(each["path"], each["status"], each.get("was")) for each in changes[1:]] == [
        ("c.dat", "renamed", "a.dat"),
        ("d.dat", "renamed", "b.dat"),
    ]
    assert workshop.read("c.dat") == MINE


@pytest.mark.sweep
def test_a_moved_file_in_conflict_tells_its_old_name(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": TEN.replace("line 5\n", "mine\n")})
    moved = TEN.replace("line 5\n", "theirs\n")
    workshop.release("v1.1.0", {"template/a.dat": None, "template/c.dat": moved})
    changes = report(workshop, capsys)["changes"]
    assert {"path": "c.dat", "status": "conflict", "was": "a.dat"} in changes


def test_a_file_that_the_project_moved_unchanged_is_updated_there(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": None, "mine.dat": TEN})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"mine.dat": "updated"}
    assert workshop.read("mine.dat") == THEIRS


@pytest.mark.sweep
def test_a_merge_in_a_file_that_the_project_moved_is_read_again(
    tmp_path: Path, capsys: Capture
) -> None:
    """Git joins two additions of the same key, far enough apart, without a conflict."""
    middle = "".join(f"key{number} = {number}\n" for number in range(12))
    toml = f"[a]\nx = 1\n{middle}[z]\ny = 1\n"
    workshop = open_workshop(tmp_path, {"template/c.toml": toml})
    workshop.edit({"c.toml": None, "m.toml": toml.replace("x = 1\n", "x = 1\nnew = 1\n")})
    workshop.release("v1.1.0", {"template/c.toml": toml.replace("[z]", "new = 2\n[z]")})
    assert report(workshop, capsys)["conflicts"] == ["m.toml"]


def link(folder: Path, name: str, target: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)


def test_a_file_against_a_link_is_one_conflict_at_its_path(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    link(workshop.template / "template", "a.dat", "b.dat")
    workshop.release("v1.1.0", {})
    result = report(workshop, capsys)
    assert (result["conflicts"], statuses(result)) == (["a.dat"], {"a.dat": "conflict"})
    assert files(workshop) == {"a.dat", "b.dat"}
    assert workshop.read("a.dat") == MINE
    stages = git.git("ls-files", "--unmerged", cwd=workshop.project).splitlines()
    assert [line.split(" ")[0] for line in stages] == ["100644", "100644", "120000"]
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


@pytest.mark.sweep
def test_a_link_that_the_project_put_in_the_place_of_a_file_stays(
    workshop: Workshop, capsys: Capture
) -> None:
    link(workshop.project, "a.dat", "b.dat")
    workshop.edit({})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept"}
    note = "the project has made a link of it, the template changed the file."
    assert result["notes"] == [f"a.dat: {note}"]
    assert "+" in result["quotations"]["a.dat"]
    assert (workshop.project / "a.dat").readlink() == Path("b.dat")
    assert files(workshop) == {"a.dat", "b.dat"}


@pytest.mark.sweep
def test_a_file_of_another_mode_gives_way_to_a_link(workshop: Workshop, capsys: Capture) -> None:
    (workshop.project / "a.dat").chmod(0o755)
    workshop.edit({})
    link(workshop.template / "template", "a.dat", "b.dat")
    workshop.release("v1.1.0", {})
    result = report(workshop, capsys)
    assert (result["conflicts"], statuses(result)) == ([], {"a.dat": "updated"})
    assert (workshop.project / "a.dat").readlink() == Path("b.dat")


@pytest.mark.sweep
def test_a_new_file_has_no_place_where_the_project_has_a_folder(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"c.dat/mine.txt": "mine\n"})
    workshop.release("v1.1.0", {"template/c.dat": "theirs\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"c.dat": "left out"}
    note = "c.dat: the project has a folder where the template has a file."
    assert result["notes"] == [note]
    assert "+theirs\n" in result["patches"]["c.dat"]
    assert files(workshop) == {"a.dat", "b.dat", "c.dat/mine.txt"}


def test_a_new_folder_has_no_place_where_the_project_has_a_file(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"c": "mine\n"})
    workshop.release("v1.1.0", {"template/c/one.dat": "1\n", "template/c/two.dat": "2\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"c": "kept", "c/one.dat": "left out", "c/two.dat": "left out"}
    assert "+2\n" in result["patches"]["c/two.dat"]
    assert files(workshop) == {"a.dat", "b.dat", "c"}
    assert workshop.read("c") == "mine\n"


@pytest.mark.sweep
def test_a_file_that_the_project_edited_is_not_replaced_by_a_folder(
    workshop: Workshop, capsys: Capture
) -> None:
    workshop.edit({"a.dat": MINE})
    (workshop.template / "template/a.dat").unlink()
    workshop.release("v1.1.0", {"template/a.dat/inner.dat": "inner\n"})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "kept", "a.dat/inner.dat": "left out"}
    assert workshop.read("a.dat") == MINE


def test_a_folder_in_a_files_place_stays_where_the_template_edits_the_file(
    workshop: Workshop, capsys: Capture
) -> None:
    (workshop.project / "a.dat").unlink()
    workshop.edit({"a.dat/mine.txt": "mine\n"})
    workshop.release("v1.1.0", {"template/a.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "left out"}
    assert "+theirs\n" in result["quotations"]["a.dat"]
    assert files(workshop) == {"a.dat/mine.txt", "b.dat"}


PINNED = "# To test\npytest==8.0\nhypothesis==6.1\n"


def test_a_dropped_file_in_which_the_project_only_moved_pins_is_removed(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/requirements.txt": PINNED})
    workshop.edit({"requirements.txt": PINNED.replace("8.0", "8.4").replace("6.1", "6.2")})
    workshop.release("v1.1.0", {"template/requirements.txt": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"requirements.txt": "removed"}
    assert result["notes"] == [
        "requirements.txt: the template no longer has it; the project only moved versions in it "
        "(pytest==8.4; hypothesis==6.2)."
    ]
    assert files(workshop) == set()


def test_a_dropped_workflow_is_removed_and_its_moved_hashes_told_with_their_versions(
    tmp_path: Path, capsys: Capture
) -> None:
    old, new = f"a/b@{'1' * 40} # v1", f"a/b@{'2' * 40} # v2"
    text = f"jobs:\n  test:\n    steps:\n    - uses: {old}\n"
    workshop = open_workshop(tmp_path, {"template/a.yml": text})
    workshop.edit({"a.yml": text.replace(old, new)})
    workshop.release("v1.1.0", {"template/a.yml": None})
    assert report(workshop, capsys)["notes"] == [
        "a.yml: the template no longer has it; the project only moved versions in it "
        f"(- uses: {new})."
    ]
    assert files(workshop) == set()


def test_a_dropped_file_that_the_project_edited_is_kept(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/requirements.txt": PINNED})
    workshop.edit({"requirements.txt": PINNED.replace("8.0", "8.4") + "numpy\n"})
    workshop.release("v1.1.0", {"template/requirements.txt": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"requirements.txt": "kept"}
    assert result["notes"] == [
        "requirements.txt: the template no longer has it; the project edited it."
    ]
    assert files(workshop) == {"requirements.txt"}


SKIPPING = QUESTIONS + "_skip_if_exists: [s.dat, t.dat]\n"


def test_a_seeded_file_that_the_template_drops_stays(tmp_path: Path, capsys: Capture) -> None:
    """COPIER deletes it. The next version does not even name it any more."""
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.release("v1.1.0", {"copier.yml": QUESTIONS, "template/s.dat": None})
    result = report(workshop, capsys)
    assert statuses(result) == {"s.dat": "kept"}
    assert result["notes"] == ["s.dat: the template no longer has it; it is the project's."]
    assert workshop.read("s.dat") == TEN


@pytest.mark.sweep
def test_a_seeded_file_that_both_dropped_is_no_news(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.edit({"s.dat": None})
    workshop.release("v1.1.0", {"template/s.dat": None})
    assert statuses(report(workshop, capsys)) == {}
    assert files(workshop) == set()


def test_a_seeded_file_that_moves_goes_along_with_what_people_wrote(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.edit({"s.dat": MINE})
    workshop.release("v1.1.0", {"template/s.dat": None, "template/t.dat": TEN})
    assert statuses(report(workshop, capsys)) == {"t.dat": "renamed"}
    assert workshop.read("t.dat") == MINE


PACKAGE = QUESTIONS + "_lisa_ownership:\n  seeded: [src/**]\n"


@pytest.mark.sweep
def test_seeded_files_go_along_with_a_package_of_another_name(
    tmp_path: Path, capsys: Capture
) -> None:
    """Their content names the package, so that no two are alike."""
    folder = "template/src/{{ name }}"
    files = {f"{folder}/{each}.py.jinja": f"import {{{{ name }}}}.{each}\n" for each in "abc"}
    workshop = open_workshop(tmp_path, {"copier.yml": PACKAGE, **files})
    own = "import demo.a\n\nMINE = 1\n"
    workshop.edit({"src/demo/a.py": own, "src/demo/own.py": "x = 1\n", "src/demo/c.py": None})
    told = report(workshop, capsys, "--data", "name=other")
    assert workshop.read("src/other/a.py") == own
    assert workshop.read("src/other/b.py") == "import demo.b\n"
    assert not (workshop.project / "src/demo/a.py").exists()
    assert not (workshop.project / "src/other/c.py").exists()
    assert (workshop.project / "src/demo/own.py").exists()
    moved = [change for change in told["changes"] if change["status"] == "renamed"]
    assert [(change["was"], change["path"]) for change in moved] == [
        ("src/demo/a.py", "src/other/a.py"),
        ("src/demo/b.py", "src/other/b.py"),
    ]
    assert told["conflicts"] == []
    said = "it moves with its folder; where it names that, the change is yours."
    assert {f"src/other/{each}.py: {said}" for each in "ab"} <= {*told["notes"]}


@pytest.mark.sweep
def test_seeded_files_of_two_folders_that_become_one_stay(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(
        tmp_path,
        {"copier.yml": PACKAGE, "template/src/a/x.py": "1\n", "template/src/b/x.py": "2\n"},
    )
    workshop.edit({"src/a/x.py": "mine\n"})
    workshop.release(
        "v1.1.0",
        {"template/src/a/x.py": None, "template/src/b/x.py": None, "template/src/c/x.py": "3\n"},
    )
    report(workshop, capsys)
    assert workshop.read("src/a/x.py") == "mine\n"
    assert workshop.read("src/c/x.py") == "3\n"


def test_of_a_seeded_file_that_the_project_moved_nothing_is_told(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    workshop.edit({"s.dat": None, "docs/mine.dat": MINE})
    workshop.release("v1.1.0", {"template/s.dat": THEIRS})
    result = report(workshop, capsys)
    assert statuses(result) == {"s.dat": "left out"}
    assert (result["notes"], result["patches"], result["quotations"]) == ([], {}, {})
    assert workshop.read("docs/mine.dat") == MINE


@pytest.mark.sweep
def test_a_seeded_file_gives_way_to_a_folder(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"copier.yml": SKIPPING, "template/s.dat": TEN})
    shutil.rmtree(workshop.template / "template")
    write(
        workshop.template, {"template/.copier-answers.yml.jinja": "{{ _copier_answers|to_yaml }}"}
    )
    workshop.release("v1.1.0", {"template/s.dat/inner.dat": "inner\n"})
    report(workshop, capsys)
    assert files(workshop) == {"s.dat/inner.dat"}


def test_a_file_of_the_project_stays_where_it_is_when_its_folder_moves(
    workshop: Workshop, capsys: Capture
) -> None:
    names = [f"old/{number}.dat" for number in range(4)]
    workshop.release("v1.1.0", {f"template/{name}": f"{name}\n{TEN}" for name in names})
    assert update(workshop.project) == ExitCode.DONE
    workshop.edit({"old/mine.dat": "mine\n"})
    (workshop.template / "template/old").rename(workshop.template / "template/new")
    workshop.release("v1.2.0", {})
    assert "old/mine.dat" not in statuses(report(workshop, capsys))
    assert workshop.read("old/mine.dat") == "mine\n"
    assert workshop.read("new/0.dat") == f"old/0.dat\n{TEN}"


@pytest.mark.sweep
def test_a_name_that_changes_its_case_alone(workshop: Workshop, capsys: Capture) -> None:
    workshop.edit({"a.dat": MINE})
    workshop.release("v1.1.0", {"template/a.dat": None, "template/A.dat": THEIRS})
    assert statuses(report(workshop, capsys)) == {"A.dat": "merged"}
    assert files(workshop) == {"A.dat", "b.dat"}
    assert workshop.read("A.dat") == BOTH


def sparse(workshop: Workshop, *folders: str) -> None:
    git.git("sparse-checkout", "set", *folders, cwd=workshop.project)


def index(workshop: Workshop) -> dict[str, str]:
    """The flag of each path in the index: H in the work tree too, S left out of it."""
    said = git.git("ls-files", "-t", cwd=workshop.project).splitlines()
    return {line[2:]: line[0] for line in said if not line.endswith(".copier-answers.yml")}


@sampled("mode", ["--cone", "--no-cone"], 2)
def test_a_sparse_checkout_stays_sparse(tmp_path: Path, capsys: Capture, mode: str) -> None:
    names = ["in/a.dat", "out/b.dat", "out/c.dat", "out/gone.dat"]
    workshop = open_workshop(tmp_path, {f"template/{name}": TEN for name in names})
    workshop.edit({"out/c.dat": MINE})
    sparse(workshop, mode, *(["in"] if mode == "--cone" else ["/*", "!/out/", "!/new/"]))
    new = {f"template/{name}": THEIRS for name in [*names, "new/d.dat", "in/new.dat"]}
    workshop.release("v1.1.0", {**new, "template/out/gone.dat": None})
    assert report(workshop, capsys)["conflicts"] == []
    shown = {"in/a.dat": "H", "in/new.dat": "H"}
    left_out = dict.fromkeys(["new/d.dat", "out/b.dat", "out/c.dat"], "S")
    assert index(workshop) == {**shown, **left_out}
    assert {path.name for path in workshop.project.iterdir()} == {
        ".git",
        ".copier-answers.yml",
        "in",
    }
    assert git.git("show", ":out/c.dat", cwd=workshop.project) == BOTH
    staged = git.git("diff", "--cached", "--no-renames", "--name-status", cwd=workshop.project)
    assert staged.split()[2:] == [
        *("M", "in/a.dat", "A", "in/new.dat", "A", "new/d.dat"),
        *("M", "out/b.dat", "M", "out/c.dat", "D", "out/gone.dat"),
    ]
    git.git("reset", "--merge", cwd=workshop.project)
    assert workshop.status() == []


@pytest.mark.sweep
def test_a_conflict_outside_a_sparse_checkout_comes_into_the_work_tree(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {"template/in/a.dat": TEN, "template/out/b.dat": TEN}
    workshop = open_workshop(tmp_path, files)
    workshop.edit({"out/b.dat": TEN + "mine\n"})
    sparse(workshop, "in")
    workshop.release("v1.1.0", {"template/out/b.dat": TEN + "theirs\n"})
    assert report(workshop, capsys)["conflicts"] == ["out/b.dat"]
    assert "<<<<<<< project\nmine\n=======\ntheirs\n" in workshop.read("out/b.dat")
    assert "UU out/b.dat" in workshop.status()


def test_an_edit_outside_a_sparse_checkout_is_never_overwritten(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {"template/in/a.dat": TEN, "template/out/b.dat": TEN}
    workshop = open_workshop(tmp_path, files)
    sparse(workshop, "in")
    write(workshop.project, {"out/b.dat": "mine\n", "out/c.dat": "mine\n"})
    workshop.release("v1.1.0", {"template/out/c.dat": "theirs\n"})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "out/c.dat: the template adds it, and an untracked file" in capsys.readouterr().err
    workshop.release("v1.2.0", {"template/out/c.dat": None, "template/out/b.dat": THEIRS})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "out/b.dat" in capsys.readouterr().err
    assert workshop.read("out/b.dat") == "mine\n"


CRLF = TEN.replace("\n", "\r\n")


@sampled("asked", ["attributes", "settings"], 2)
def test_a_template_with_crlf_stages_what_git_would(
    tmp_path: Path, capsys: Capture, asked: str
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": CRLF, "template/b.dat": CRLF})
    if asked == "attributes":
        write(workshop.project, {".gitattributes": "*.dat text=auto\n"})
    else:
        git.git("config", "core.autocrlf", "input", cwd=workshop.project)
    git.git("add", "--renormalize", ".", cwd=workshop.project)
    workshop.edit({"b.dat": MINE.replace("\n", "\r\n")})
    theirs = THEIRS.replace("\n", "\r\n")
    new = {"template/a.dat": theirs, "template/b.dat": theirs, "template/c.dat": CRLF}
    workshop.release("v1.1.0", new)
    result = report(workshop, capsys)
    assert statuses(result) == {"a.dat": "updated", "b.dat": "merged", "c.dat": "added"}
    staged = [git.git("show", f":{name}", cwd=workshop.project) for name in ("a.dat", "b.dat")]
    assert staged == [THEIRS, BOTH]
    assert git.git("show", ":c.dat", cwd=workshop.project) == TEN
    git.git("add", "--all", cwd=workshop.project)
    assert git.git("show", ":c.dat", cwd=workshop.project) == TEN


@pytest.mark.sweep
def test_a_new_file_goes_through_the_projects_filter(tmp_path: Path, capsys: Capture) -> None:
    workshop = open_workshop(tmp_path, {"template/sub/a.txt": "a secret\n"})
    for key, tool in {"clean": "sed s/secret/hidden/", "smudge": "sed s/hidden/secret/"}.items():
        git.git("config", "--global", f"filter.hide.{key}", tool)
    write(workshop.project, {"sub/.gitattributes": "*.txt filter=hide\n"})
    git.git("add", "--renormalize", ".", cwd=workshop.project)
    workshop.edit({})
    workshop.release(
        "v1.1.0", {"template/sub/a.txt": "my secret\n", "template/sub/b.txt": "secret\n"}
    )
    assert statuses(report(workshop, capsys)) == {"sub/a.txt": "updated", "sub/b.txt": "added"}
    for name, shown in {"sub/a.txt": "my secret\n", "sub/b.txt": "secret\n"}.items():
        assert workshop.read(name) == shown
        staged = git.git("cat-file", "blob", f":{name}", cwd=workshop.project)
        assert staged == shown.replace("secret", "hidden")
    assert workshop.status() == ["A  sub/b.txt", "M  .copier-answers.yml", "M  sub/a.txt"]


@pytest.mark.sweep
def test_a_filter_that_is_required_and_missing_is_one_message(
    tmp_path: Path, capsys: Capture
) -> None:
    workshop = open_workshop(tmp_path, {"template/a.dat": TEN})
    workshop.edit({".gitattributes": "*.txt filter=hide\n"})
    git.git("config", "--global", "filter.hide.clean", "no-such-program")
    git.git("config", "--global", "filter.hide.required", "true")
    workshop.release("v1.1.0", {"template/a.txt": "a\n"})
    assert update(workshop.project) == ExitCode.REFUSED
    assert "no-such-program" in capsys.readouterr().err
    assert workshop.status() == []


@pytest.mark.parametrize("is_moved", [False, True])
def test_what_both_made_of_one_example_stands_in_two_folders(
    is_moved: bool, tmp_path: Path, capsys: Capture
) -> None:
    example = {f"template/root/{name}.dat": TEN.replace("line", name) for name in ("a", "b")}
    workshop = open_workshop(tmp_path, example)
    mine = {"own/a.dat": workshop.read("root/a.dat").replace("a 5", "mine"), "root/a.dat": None}
    # Where the project moved the whole folder, the template's comes to it.
    moved = {"own/b.dat": workshop.read("root/b.dat")} if is_moved else {}
    workshop.edit({**mine, "root/b.dat": None, **moved})
    theirs = example["template/root/a.dat"].replace("a 5", "theirs")
    new = {"template/ping/a.dat": theirs, "template/ping/b.dat": example["template/root/b.dat"]}
    more = {} if is_moved else {"template/ping/c.dat": "new\n"}
    workshop.release("v1.1.0", {**dict.fromkeys(example), **new, **more})
    result = report(workshop, capsys)
    if is_moved:
        assert result["conflicts"] == ["own/a.dat"]
        return
    assert result["conflicts"] == []
    assert workshop.read("own/a.dat") == mine["own/a.dat"]
    assert workshop.read("ping/a.dat") == theirs
    assert (
        "own/a.dat: the template moves root/a.dat to ping/a.dat, the project has moved it here; "
        "the template's comes beside it."
    ) in result["notes"]
