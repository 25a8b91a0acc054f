"""One project of a fleet: where it stands, and what is done to bring a newer version into it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from lisa_scaffold import git, project, template, workplace
from lisa_scaffold.errors import LisaError, UnsuitableError
from lisa_scaffold.fleet import seal, waves
from lisa_scaffold.fleet.base import (
    Base,
    find_base,
    find_obstacle,
    find_older,
    find_unresolved,
    find_waiting,
    open_at,
    say_log,
    say_there,
)
from lisa_scaffold.fleet.clones import find_clone, hold_clone
from lisa_scaffold.fleet.find import Member
from lisa_scaffold.fleet.forge import BRANCHES, Forge, MergeRequest, Remote
from lisa_scaffold.fleet.outcomes import (
    Outcome,
    Place,
    Repaired,
    Wanted,
    Words,
    Work,
    judge_result,
    list_files,
    list_tasks,
    name_kind,
    repair,
    stands,
)
from lisa_scaffold.fleet.patience import Patience
from lisa_scaffold.fleet.seal import Mark
from lisa_scaffold.fleet.trouble import name_command, say_error
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.project import Project
from lisa_scaffold.sync import transaction
from lisa_scaffold.template import Source
from lisa_scaffold.template.rendering import is_ours
from lisa_scaffold.template.shelf import Shelf
from lisa_scaffold.verbs import update_target
from lisa_scaffold.verbs.update import Prepared, Updated, read_settings
from lisa_scaffold.verbs.update_target import Target
from lisa_scaffold.versions import is_newer


class Updater:
    """Updates projects.

    Parameters
    ----------
    wanted
        What the run is asked for.
    words
        What is said of updates.
    shelf
        Where the versions of the template stay open.
    clones
        The folder for clones of a server's projects.
    forge
        The server.
    """

    late: Callable[[Outcome], None] = staticmethod(lambda _: None)
    """Takes what comes after the run has been interrupted."""

    def __init__(
        self, wanted: Wanted, words: Words, shelf: Shelf, clones: Path, forge: Forge | None
    ) -> None:
        self.wanted, self.words, self.shelf = wanted, words, shelf
        self.clones, self.forge = clones, forge
        self.patience = Patience()
        self.sources: dict[str, Source] = {}

    # --- Where it stands --------------------------------------------------------------------------

    def look(self, member: Member) -> Place:
        """Where a project stands; nothing is raised."""
        place = Place(member, Outcome(member.name, "due", place=str(member.folder or "")))
        if member.problem:
            return place.settle("failed", member.problem)
        try:
            with self._held(member):
                return self._look(place)
        except Exception as error:
            self.patience.judge(error)
            return place.settle("failed", say_error(error, member.folder))

    def _held(self, member: Member) -> AbstractContextManager[object]:
        """Keep other commands away from the clone of a server's project."""
        remote = member.remote
        return hold_clone(self.clones, remote.clone) if remote else nullcontext()

    def lost(self, member: Member, error: LisaError) -> Place:
        """The place of a project whose process has died."""
        return Place(member, Outcome(member.name, "failed", said=say_error(error)))

    def _look(self, place: Place) -> Place:
        member, remote = place.member, place.member.remote
        branches: Mapping[str, str] = {}
        if member.folder:
            folder = member.folder
        else:
            self.patience.refuse()
            address = git.make_clonable(remote.clone if remote else "")
            references = git.list_references(address, remote.branch if remote else "")
            self.patience.hear()
            branches, folder = references.branches, find_clone(self.clones, address.url)
            if not references.head:
                return place.settle("failed", "it has no default branch")
            git.bring_clone(address, folder, references.head)
        repository = git.find_repository(folder)
        head, base = repository.head or "", None
        if member.folder:
            base = find_base(repository)
            head, branches = base.commit, base.told.tips
            place = place._replace(note=base.note)
            place = place.settle("due", target=base.target)
            git.refuse_lost(repository._replace(head=head))
        place = place._replace(head=head)
        with open_at(repository, head) as there:
            place = self._choose_work(place, there)
        branch = place.outcome.branch
        if not branch:
            return _name_repairs(place, repository, base) if base else place
        if clash := _say_clash(member, branch, branches):
            return place.settle("failed", clash)
        if tip := branches.get(branch, ""):
            place = _look_at_tip(place, repository, tip, base)
        if place.outcome.action == "touched":
            return place
        if remote:
            return self._look_at_requests(place, remote, branches)
        return _judge_clone(_judge(place), repository, base) if base else place

    def _choose_work(self, place: Place, folder: Path) -> Place:
        """What a project gets, if anything: then it has a branch."""
        settings = read_settings(folder)
        # Whoever wanted to be left alone, and mistyped it, is left alone.
        wrong = next((each for each in settings.problems if "fleet" in each.message), None)
        if wrong or not settings.fleet:
            said = f"{wrong.path}:{wrong.line}: {wrong.message}" if wrong else ""
            return place.settle("failed" if wrong else "opted out", said)
        if (folder / project.ANSWERS_FILE).is_file():
            place = self._choose_version(place, folder)
            if place.outcome.action != "current":
                return place
        elif self.wanted.adopt:
            version = self.wanted.to or template.find_default_source().current()
            branch = f"{BRANCHES}adopt"
            return place.settle("due", to=version, branch=branch)._replace(brings=version)
        else:
            place = place.settle("no template")
        has_none = place.outcome.action == "no template"
        if not (self.wanted.fix_all or (self.wanted.fix and not has_none)):
            return place
        return place.settle("due", branch=f"{BRANCHES}fix")._replace(brings="fix")

    def _choose_version(self, place: Place, folder: Path) -> Place:
        """The version that a project gets which has one already."""
        current = project.read(folder)
        place = place.settle("current", version=current.version)
        # Another template may be anywhere in the network: its address is not asked.
        source = self._find_source(current)
        if not source.ours:
            return place.settle("another template", version="")
        if is_newer(current.version, self.wanted.to or source.current()):
            if self.wanted.to:
                return place.settle("current", "it has a newer version")
            return place.settle("newer", f"to upgrade this one: {template.advise_newer()}")
        current, target = self._find_target(folder)
        place = place.settle("current", to=target.version)
        if target.version == current.version:
            return place
        branch = f"{BRANCHES}{target.version}"
        return place.settle("due", branch=branch)._replace(brings=target.version)

    def _look_at_requests(self, place: Place, remote: Remote, branches: Mapping[str, str]) -> Place:
        """What the merge requests tell."""
        forge = self._forge
        branch = place.outcome.branch
        requests = forge.list_requests(remote, state="all", source_branch=branch)
        opened = next((each for each in requests if each.state == "opened"), None)
        listed = forge.list_requests(remote, state="opened", labels=forge.label, get_all=True)
        older = [
            each
            for each in listed
            if each.branch != branch and place.brings != "fix"
            if git.VERSION_TAG.fullmatch(each.branch.removeprefix(BRANCHES))
        ]
        place = place._replace(opened=opened, older=tuple(older))
        if opened:
            opened = forge.read_request(remote, opened.number)
            place = place.settle("due", url=opened.url)._replace(opened=opened)
        elif requests:
            before = requests[0]
            why = "its merge request was closed: not this version"
            if before.state == "merged":
                why = "its merge request was merged, and taken back afterwards"
            return place.settle("declined", why, url=before.url, conflicts=())
        folder = find_clone(self.clones, remote.clone)
        for each in older:
            if tip := branches.get(each.branch):
                git.fetch_commit(folder, tip)
                if seal.read_mark(git.read_commit(git.find_repository(folder), tip)) is None:
                    why = f"people have committed to the branch {each.branch}"
                    return place.settle("touched", why, url=each.url)._replace(opened=each)
        return _judge(place)

    @property
    def _forge(self) -> Forge:
        if self.forge is None:
            raise LisaError("a project of a server, and no server", "Name it in fleet.toml.")
        return self.forge

    def _find_target(self, folder: Path) -> tuple[Project, Target]:
        """A project, and the version that it is to get."""
        current = project.read(folder)
        source = self._find_source(current)
        return current, update_target.choose_target(current, self.wanted.to, source=source)

    def _find_source(self, current: Project) -> Source:
        """The template of a project: ours is the same for all, another one is the project's own."""
        if not is_ours(current.source):
            return template.find_recorded_source(current.source, current.root)
        if current.source not in self.sources:
            self.sources[current.source] = template.find_recorded_source(
                current.source, current.root
            )
        return self.sources[current.source]

    # --- What is done -----------------------------------------------------------------------------

    def carry_out(self, place: Place) -> Outcome:
        """Do what is missing in a project; nothing is raised but an interruption."""
        try:
            if place.member.remote:
                self.patience.refuse()
            with self._held(place.member):
                outcome = self._carry_out(place)
            if place.note and outcome.action in {"updated", "due", "right", "open"}:
                outcome = replace(outcome, said="; ".join(filter(None, (place.note, outcome.said))))
            return _see_obstacle(outcome)
        except KeyboardInterrupt:
            if done := self._ask_after(place):
                self.late(done)
            raise
        except UnsuitableError as error:
            # Failed would be each run from now on.
            said = f"nothing to adopt: {error.message.removeprefix(f'{place.outcome.place}: ')}"
            return replace(place.outcome, action="no template", to="", branch="", said=said)
        except Exception as error:
            self.patience.judge(error)
            verb = "adopt" if place.outcome.branch == f"{BRANCHES}adopt" else "update"
            said = say_error(name_command(error, verb, place.member.folder), place.member.folder)
            return replace(place.outcome, action="failed", said=said)

    def lost_outcome(self, place: Place, error: LisaError) -> Outcome:
        """The outcome of a project whose process has died."""
        failed = replace(place.outcome, action="failed", said=say_error(error))
        return self._ask_after(place) or failed

    def _ask_after(self, place: Place) -> Outcome | None:
        """What git says of a project that was at work when that was broken off."""
        member, branch = place.member, place.outcome.branch
        try:
            if member.folder:
                tip = git.find_tip(git.find_repository(member.folder), branch)
            else:
                address = git.make_clonable(member.remote.clone if member.remote else "")
                tip = git.list_references(address).branches.get(branch, "")
        except (LisaError, OSError):
            return None
        said = "it was broken off here: the next run does what is missing"
        done = replace(place.outcome, action="updated", said=said)
        return done if tip not in {"", place.tip} else None

    def _carry_out(self, place: Place) -> Outcome:
        outcome, remote = place.outcome, place.member.remote
        talks = remote is not None and place.opened is not None and not self.wanted.dry_run
        if outcome.action == "touched":
            if talks and remote and place.opened:
                said = self.words.touched(place.opened.branch, outcome.to)
                self._forge.say_once(remote, place.opened.number, said)
            return outcome
        if not self._is_right(place):
            return self._bring(place)
        outcome = replace(outcome, action="right")
        if place.mark and place.mark.result == "conflict":
            said = f"its conflicts are to be resolved on the branch {outcome.branch}"
            torn = tuple(each.path for each in place.mark.conflicts)
            said = self._say_how(place) or said
            outcome = replace(outcome, action="open", said=said, conflicts=torn)
        if place.mark and place.mark.result == "tasks":
            outcome = replace(outcome, tasks=(_say_where(outcome),))
        if talks and remote and place.opened:
            self._close_older(place, remote, place.opened.url)
            return self._merge(place, remote, place.opened, outcome)
        return outcome

    def _bring(self, place: Place) -> Outcome:
        """Commit what is missing, push it, and say so in a merge request."""
        outcome, remote = place.outcome, place.member.remote
        folder = place.member.folder or find_clone(self.clones, remote.clone if remote else "")
        if remote:
            git.bring_clone(git.make_clonable(remote.clone), folder, place.head, whole=True)
        else:
            transaction.refuse_unwritable(git.find_repository(folder))
        repository = git.find_repository(folder)
        with open_at(repository, place.head, whole=True) as there:
            work = self._work_out(place, there)
        if not list_files(work):
            return replace(outcome, action="current" if outcome.version else "no template")
        outcome = replace(
            outcome,
            action="due",
            changes=len(list_files(work)),
            files=tuple(sorted(list_files(work))),
            conflicts=() if isinstance(work, Repaired) else tuple(work.synced.conflicts),
            notes=len(work.notes) if isinstance(work, Updated) else 0,
            tasks=list_tasks(work),
            said=name_kind(work),
        )
        if self.wanted.dry_run:
            git.read_committer(git.find_repository(folder))  # or else it fails later
            return outcome
        commit = place.tip if stands(place) else self._commit(place, folder, work)
        outcome = replace(outcome, action="updated")
        if remote is None:
            return replace(outcome, said=self._say_how(place)) if outcome.conflicts else outcome
        if commit != place.tip:
            git.push(git.find_repository(folder), commit, outcome.branch, place.tip)
        request = self._request(place, remote, work, commit)
        self._close_older(place, remote, request.url)
        return self._merge(place, remote, request, replace(outcome, url=request.url), commit)

    def _say_how(self, place: Place) -> str:
        """How somebody goes on with the conflicts of a local clone; a merge request says it too."""
        folder, outcome = place.member.folder, place.outcome
        if folder is None:
            return ""
        verb = "adopt" if outcome.branch == f"{BRANCHES}adopt" else "update"
        command = f"lisa-scaffold {verb} --to {outcome.to} {shlex.quote(str(folder))}"
        if outcome.target:
            command = say_there(str(folder), outcome.target, command)
        return f"resolve it at your desk, and commit: {command}"

    def refuse_anonymous(self, places: Sequence[Place]) -> None:
        """Raise LisaError where git knows in none of some projects who commits: it is said once."""
        problem = None
        for place in places:
            remote = place.member.remote
            folder = place.member.folder or find_clone(self.clones, remote.clone if remote else "")
            with suppress(LisaError):  # of one that is broken it is told in its place
                repository = git.find_repository(folder)
                try:
                    git.read_committer(repository)
                except LisaError as error:
                    problem = error
                else:
                    return
        if problem:
            raise LisaError("git does not know who commits", problem.hint)

    def _is_right(self, place: Place) -> bool:
        """Whether nothing is missing: neither a commit nor what its merge request says."""
        if not stands(place):
            return False
        if place.member.remote is None:
            return True
        if place.opened is None:
            return False
        described = self.words.described(place.opened.description)
        return described is None or described == place.tip

    def _work_out(self, place: Place, folder: Path) -> Work:
        """What a project gets."""
        if place.brings == "fix":
            return repair(folder)
        if place.outcome.branch == f"{BRANCHES}adopt":
            # Takes longer to import than all of an update, and few runs need it.
            from lisa_scaffold import legacy
            from lisa_scaffold.adopt import eligible
            from lisa_scaffold.verbs import adopt

            current = eligible.read(folder)
            former = legacy.find_former(current.root)
            # What is worked on may be a copy of the commit, which came from nowhere.
            own = place.member.folder
            home = git.find_repository(own) if own else None
            try:
                with adopt.prepare(current, self.wanted.to, former, home=home) as prepared:
                    return prepared.adopt({})
            except LisaError as error:
                if legacy.OPTION not in error.hint:
                    raise
                alone = "lisa-scaffold adopt has that option, for one project alone."
                raise LisaError(error.message, f"{error.hint} {alone}") from error
        current, target = self._find_target(folder)
        project.refuse_half_updated(current)
        old, new = self.shelf.open_all(target.source, target.project.version, target.version)
        with workplace.folder() as scratch:
            return Prepared(target.project, old, new, scratch, False, target.notes).update({})

    def _commit(self, place: Place, folder: Path, work: Work) -> str:
        """Commit on the branch, in the place of what a run before had committed."""
        repository, branch = git.find_repository(folder), place.outcome.branch
        repository = repository._replace(head=place.head)
        torn = tuple(_record_conflicts(work, repository))
        mark = Mark(place.brings, judge_result(work), place.head, torn)
        message = self.words.commit(work)
        # In a clone of ours there may be what was never pushed.
        if before := git.find_tip(repository, branch):
            git.drop_branch(repository, branch, before)
        transaction.commit(
            *(repository, branch, message, list_files(work)),
            lambda tree: seal.make_trailer(message, mark, tree),
        )
        return git.find_tip(git.find_repository(folder), branch)

    def _request(self, place: Place, remote: Remote, work: Work, commit: str) -> MergeRequest:
        """Open the merge request, or bring up to date what nobody has changed in it."""
        words, opened = self.words, place.opened
        wanted: dict[str, Any] = {
            "title": words.title(work),
            "description": words.description(work, commit),
        }
        if opened is None:
            wanted["labels"] = list(self.wanted.updates.labels)
            if (user := self._find_assignee(remote.name)) is not None:
                wanted["assignee_id"] = user
            return self._forge.open_request(remote, place.outcome.branch, wanted)
        if not words.is_own_title(opened.title) or opened.title == wanted["title"]:
            del wanted["title"]
        if words.described(opened.description) is None:
            del wanted["description"]
        return self._forge.edit_request(remote, opened.number, wanted) if wanted else opened

    def _find_assignee(self, name: str) -> int | None:
        for pattern, user in self.wanted.updates.assign:
            if match_patterns([pattern])(name):
                return self._forge.find_user(user)
        return None

    def _close_older(self, place: Place, remote: Remote, url: str) -> None:
        """Close the merge requests of older versions, which this one supersedes."""
        for each in place.older:
            said = self.words.superseded(url, place.outcome.to)
            self._forge.say_once(remote, each.number, said)
            self._forge.edit_request(remote, each.number, {"state_event": "close"})

    def _merge(
        self,
        place: Place,
        remote: Remote,
        request: MergeRequest,
        outcome: Outcome,
        commit: str = "",
    ) -> Outcome:
        """Merge what is the template's own change alone, once a pipeline has seen that commit."""
        if not self.wanted.merge:
            return outcome
        commit = commit or place.tip
        folder = find_clone(self.clones, remote.clone)
        mark = seal.read_mark(git.read_commit(git.find_repository(folder), commit))
        request = self._forge.read_request(remote, request.number)
        why = ""
        if mark is None or mark.result != "plain":
            why = "not merged by itself: it is more than the template's change"
        elif request.draft or not request.commit == request.pipeline_commit == commit:
            why = "not merged yet: no pipeline has seen this commit"
        elif request.pipeline not in {*waves.RUNNING, "success"}:
            why = f"not merged: its pipeline is {request.pipeline}"
        elif request.target != remote.branch:
            why = "not merged: it does not go into the default branch"
        elif not self._is_the_templates(place, remote, commit):
            why = "not merged: its commit is something else than what the template brings"
        if why:
            return replace(outcome, said=why)
        now = request.pipeline == "success"
        self._forge.merge(remote, request, now=now)
        if now:
            return replace(outcome, action="merged")
        return replace(outcome, said="it is merged once its pipeline has passed")

    def _is_the_templates(self, place: Place, remote: Remote, commit: str) -> bool:
        """Whether a commit is what the template brings, and nothing else, by doing it again.

        Whoever may push can write what a commit says of itself, its seal included.
        """
        folder = find_clone(self.clones, remote.clone)
        git.bring_clone(git.make_clonable(remote.clone), folder, place.head, whole=True)
        git.fetch_commit(folder, commit)
        work, repository = self._work_out(place, folder), git.find_repository(folder)
        with workplace.folder() as scratch:
            store = git.Store(scratch / "store.git", repository)
            tree = store.tree_with(place.head, list_files(work))
        found = git.read_commit(repository, commit)
        return (judge_result(work), found.tree, found.parents) == ("plain", tree, (place.head,))


def _record_conflicts(work: Work, repository: git.Repository) -> Iterator[seal.Conflict]:
    """The files in which no merge was safe, with what the commit leaves in each."""
    torn = {} if isinstance(work, Repaired) else work.synced.conflicts
    files, head = list_files(work), repository.head or ""
    before = git.find_blobs(repository, head, [*torn])
    for path in torn:
        left = files.get(path)
        name = git.name_blob(left.data, head) if left else before.get(path, "-")
        yield seal.Conflict(path, "-" if path in files and left is None else name)


def _say_clash(member: Member, branch: str, branches: Mapping[str, str]) -> str:
    """That a branch cannot be made, as git keeps none below another one; else nothing."""
    inner = BRANCHES.removesuffix("/")
    if inner not in branches:
        return ""
    said = f"the branch {inner} stands in the way of {branch}: give it another name"
    if member.folder is None:
        return said
    return f"{said}: git -C {shlex.quote(str(member.folder))} branch -m {inner} NAME"


def _look_at_tip(place: Place, repository: git.Repository, tip: str, base: Base | None) -> Place:
    """Where a project stands whose branch is there already."""
    branch, head, remote = place.outcome.branch, place.head, place.member.remote
    if remote:
        git.fetch_commit(repository.top, tip)
    mark = seal.read_mark(git.read_commit(repository, tip))
    is_bare = mark is None and not git.count_beyond(repository, tip, head)
    place = place._replace(tip=tip, mark=mark, bare=is_bare)
    if is_bare and base and branch in {base.checkout, base.target}:
        return place.settle("touched", _say_checked_out(place, base))
    if mark is None and not is_bare:
        place = place.settle("due", conflicts=find_unresolved(repository, tip, head))
    return place


def _see_obstacle(outcome: Outcome) -> Outcome:
    """The outcome with what stands in the way of merging it in a local clone."""
    if not outcome.place or outcome.action not in {"updated", "right", "open"}:
        return outcome
    found = find_obstacle(git.find_repository(Path(outcome.place)), outcome.target)
    return replace(outcome, obstacle=found.said, remedy=found.command)


def _say_where(outcome: Outcome) -> str:
    """Where it stands what somebody has to do, of a branch that was made before."""
    if not outcome.place:
        return "its merge request tells what"
    return f"its commit tells what: {say_log(outcome.place, outcome.branch)}"


def _say_checked_out(place: Place, base: Base) -> str:
    """That a branch cannot be written, as it is what is checked out."""
    other = "-" if base.target in {"", place.outcome.branch} else shlex.quote(base.target)
    switch = f"git -C {shlex.quote(place.outcome.place)} switch {other}"
    return f"its branch is checked out, and has no commit of its own: {switch}"


def _judge(place: Place) -> Place:
    """A place where people have been is theirs."""
    if place.tip and place.mark is None and not place.bare:
        left = ", and it is in conflict still" if place.outcome.conflicts else ""
        return place.settle("touched", f"people have committed to its branch{left}")
    return place


def _name_repairs(place: Place, repository: git.Repository, base: Base) -> Place:
    """A place that gets nothing, with the repairs that wait there to be merged."""
    at = repository._replace(head=place.head)
    waiting = find_waiting(at, base.told, [f"{BRANCHES}fix"])
    if place.outcome.action != "current" or not waiting.branch:
        return place
    waits = f"the branch {waiting.branch} waits to be merged"
    return place.settle("current", "; ".join(filter(None, (place.outcome.said, waits))))


def _judge_clone(place: Place, repository: git.Repository, base: Base) -> Place:
    """A branch with the update of another commit, or an older one of people's, is left alone."""
    outcome, mark = place.outcome, place.mark
    repository = repository._replace(head=place.head)
    version = outcome.version if place.brings != "fix" else ""
    if version:
        older = find_older(repository, base.told, version, place.brings)
        if older.touched:
            why = f"people have committed to the branch {older.touched}: merge it first, or drop it"
            return place.settle("touched", why)
        superseded = older.passed + older.left
        place = place._replace(outcome=replace(outcome, superseded=superseded))
    # Where it is not known what is updated, whatever is checked out may be another work.
    if mark and mark.base != place.head:
        is_older = base.is_sure and not git.count_beyond(repository, mark.base, place.head)
        why = f"its branch has what was made on another commit, {mark.base[:8]}: merge it, or drop"
        why += f" it: git -C {shlex.quote(outcome.place)} branch -D {outcome.branch}"
        return place if is_older else place.settle("touched", why)
    return place
