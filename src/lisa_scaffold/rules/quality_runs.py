"""Tools run the same way locally and in CI: in one version."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import SHOULD, Hit, rule
from lisa_scaffold.rules.tools import HOOKS, find_pins, list_hook_versions, trim_release


@rule("QTY017", SHOULD, when=lambda facts: facts.hooks)
def one_version(facts: Facts) -> Iterator[Hit]:
    """A tool has the same version as a hook and as a requirement.

    Why: Two versions may format or judge the same line differently: what the hook accepts, CI
    refuses.

    How: Write the version of the requirement as `rev` of the hook, or the other way round.

    Source: [ruff-pre-commit](https://github.com/astral-sh/ruff-pre-commit#using-ruff-with-pre-commit):
    the tag is the version of the tool.
    """
    pins = list(find_pins(facts))
    for tool, (version, hook) in list_hook_versions(facts).items():
        # Several, where each has a marker for the Python that it is for.
        pinned = [each for name, each in pins if name == tool]
        if pinned and trim_release(version) not in map(trim_release, pinned):
            line = facts.hooks.line(*hook.repo_keys, "rev")
            others = " and ".join(dict.fromkeys(".".join(map(str, each)) for each in pinned))
            message = (
                f"{tool} {hook.revision} may disagree with {others} in pyproject.toml: "
                "use one version"
            )
            yield Hit(HOOKS, line, message)
