"""What an adoption writes otherwise than the template: the project's address, and its licence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from lisa_scaffold.adopt import forge
from lisa_scaffold.adopt.guess import RepositoryFacts
from lisa_scaffold.git import Blob
from lisa_scaffold.project import licences
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import changelog
from lisa_scaffold.rules.licence import find_elsewhere

_UNLICENSED = "\n## License\n\nOf its own, see the file of the licence.\n"

Spelling = tuple[str, str]


def find_spellings(
    facts: Facts, repository: RepositoryFacts, answers: Mapping[str, Any]
) -> list[Spelling]:
    """What the template writes for a project, each with what is written instead.

    The repository may have another name than the distribution, and the licence another file.
    """
    host, namespace, name = (answers[key] for key in ("forge_host", "namespace", "distribution"))
    found: list[Spelling] = []
    own = forge.find(facts, repository)
    if own and (own.host, own.namespace) == (str(host), str(namespace)):
        slugs = [f'"{forge.make_slug(f"{namespace}/{each}")}"' for each in (name, own.name)]
        found.append((f"https://{host}/{namespace}/{name}", own.url))
        found.append((slugs[0], slugs[1]))
        found.append((f"\ncd {name}\n", f"\ncd {own.name}\n"))
    return [*found, *_name_licence(facts), *_name_changelog(facts)]


def find_licence(facts: Facts) -> str:
    """The file of the project's licence, wherever it keeps that; empty for none."""
    stated = filter(facts.has, facts.package.texts("license-files"))
    return next(iter((*licences.list_licence_files(facts), *stated, *find_elsewhere(facts))), "")


def _name_licence(facts: Facts) -> Iterator[Spelling]:
    """What to write of the licence, where its file has another name, or there is none."""
    named = find_licence(facts)
    if named:
        for written in ("[LICENSE](LICENSE)", "the file of the licence"):
            yield written, f"[{named}]({named})"
    else:
        yield _UNLICENSED, ""


def _name_changelog(facts: Facts) -> Iterator[Spelling]:
    """What to write of a changelog that the project has."""
    if own := next(iter(changelog.find_files(facts)), ""):
        yield "bring the changelog up to date", f"bring `{own}` up to date"


def spell(data: bytes, spellings: list[Spelling]) -> bytes:
    """A file of the template as it comes into the project."""
    for old, new in spellings:
        data = data.replace(old.encode(), new.encode())
    return data


def spell_alike(
    ours: Mapping[str, Blob],
    renders: tuple[MutableMapping[str, Blob], MutableMapping[str, Blob]],
    spellings: list[Spelling],
) -> None:
    """Write two renders as an adoption did, so that this is nobody's change.

    Parameters
    ----------
    ours
        What the project has.
    renders
        The recorded and the wanted version; files of which the project keeps the template's
        spelling stay as they are.
    spellings
        As of :func:`find_spellings`.
    """
    base, _ = renders
    for old, new in spellings:
        before, after = old.encode(), new.encode()
        if not after:
            continue  # what did not come in stays out
        for path in [path for path, blob in base.items() if before in blob.data]:
            own = ours.get(path)
            if own is None or before in own.data or after not in own.data:
                continue
            for render in renders:
                if path in render:
                    data = render[path].data.replace(before, after)
                    render[path] = render[path]._replace(data=data)
