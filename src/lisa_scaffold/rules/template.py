"""Template: what a project records about its origin, and the files that the template owns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.project import ANSWERS_FILE
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, Hit, rule


@rule("TPL001", MUST, when=lambda facts: facts.has(ANSWERS_FILE))
def records_origin(facts: Facts) -> Iterator[Hit]:
    """The answers file tells the template, its version, and answers that this version takes.

    Why: Without them `lisa-scaffold update` and `copier update` cannot tell what people changed. An
    answer that the recorded version does not take was not given to it.

    How: Bring the file back from git's history; nobody edits it by hand.

    Source: [Copier](https://copier.readthedocs.io/en/stable/updating/): "never change the answers
    file manually".
    """
    document = facts.yaml(ANSWERS_FILE)
    if document.problem:
        return
    if not isinstance(document.data, dict) or not document.data:
        yield Hit(ANSWERS_FILE, 1, "no answers in it")
        return
    for key, what in (("_src_path", "the template's address"), ("_commit", "its version")):
        value = document.raw(key)
        if not value:
            yield Hit(ANSWERS_FILE, document.line(key), f"{key} ({what}) is missing")
    version = document.raw("_commit") or ""
    if version and not re.fullmatch(r"\S+", version):
        yield Hit(ANSWERS_FILE, document.line("_commit"), f"_commit: {version} is no version")
    for key, why in facts.given.wrong_answers:
        yield Hit(ANSWERS_FILE, document.line(key), f"{key}: {why}")


@rule("TPL002", MUST, when=lambda facts: facts.given.pristine, fixes=True)
def locked_files(facts: Facts) -> Iterator[Hit]:
    """Locked files are as the template made them.

    Why: These files are the template's: an update replaces them, so an edit there is lost. What
    runs in them (the pipeline's jobs) is what was reviewed and tested.

    How: `lisa-scaffold check --fix` brings them back. What a project wants to change there it sets
    with the variables of `.gitlab-ci.yml`, or as jobs of its own; what nobody can set so is an
    issue for lisa-scaffold.

    Source: The ownership table of the template, `_lisa_ownership` in `copier.yml`.
    """
    pristine = facts.given.pristine
    for path, content in pristine.locked.items() if pristine else ():
        current = facts.content(path)
        if current is None:
            fix = Fix.write(path, content)
            yield Hit(path, 1, "a locked file of the template is missing", fix=fix)
            continue
        # Line ends do not count: git may convert them.
        lines, wanted = (side.replace(b"\r\n", b"\n").split(b"\n") for side in (current, content))
        if lines != wanted:
            pairs = enumerate(zip(lines, wanted, strict=False), 1)
            line = next((number for number, (one, other) in pairs if one != other), len(lines))
            message = f"edited here; the template ({pristine.version if pristine else ''}) owns it"
            yield Hit(path, line, message, fix=Fix.write(path, content))


@rule("TPL003", MUST, when=lambda facts: facts.given.not_rendered)
def recorded_version_is_known(facts: Facts) -> Iterator[Hit]:
    """The recorded version of the template can be rendered with the recorded answers.

    Why: Without that render nobody can tell what the project changed, so `lisa-scaffold update`
    and the comparison of locked files have no base.

    How: Write the version that the project was last updated to, or bring the file back from git's
    history.

    Source: [Copier](https://copier.readthedocs.io/en/stable/updating/) compares with a render of
    the recorded version at each update.
    """
    line = facts.yaml(ANSWERS_FILE).line("_commit")
    yield Hit(ANSWERS_FILE, line, facts.given.not_rendered)
