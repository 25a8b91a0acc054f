"""Words of one line, or of one text: merged, and compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lisa_scaffold.formats.diff import find_regions, is_subsequence
from lisa_scaffold.merge import in_line
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import normalize_name, split_requirement

# A reference such as `owner/name@v2` or `name>=1,<2` is one word: a part of one side's reference
# glued to a part of the other's would be something that nobody wrote.
_WORD = compile_lazily(r"[^\s,;()\[\]{}\"'`]+|\s+|.", re.DOTALL)
_MEANS = compile_lazily(r"\w")
_CODES = compile_lazily(
    r"#\s*(?:(?:(?:ruff|flake8):\s*)?noqa:|nosec\b|type:\s*ignore\[|pylint:\s*disable=)"
)
_COMMAND = compile_lazily(r"[;&|()]")
_INSTALLS = compile_lazily(
    r"\b(?:(?:pip[\d.]*|pipx|apt|apt-get|dnf|microdnf|yum|conda|mamba|micromamba|npm|gem)"
    r"\s+(?:-\S+\s+){0,9}install|(?:apk|uv|poetry|pdm|yarn|pnpm)\s+(?:-\S+\s+){0,9}add)\b"
)
_PACKAGE = compile_lazily(r"(\w[\w.+:-]*)(?:=[\w.+:~*-]+)?")
_OPTION = compile_lazily(r"(?<!\S)--[a-z][\w-]*")
_UV = compile_lazily(r"\buv\b")
_PLACE = compile_lazily(r"\.(?:\[[\w,-]+\])?|[\w.*-]*/[\w./*-]*")
_YEARS = compile_lazily(
    r"(?P<head>\D{0,80}(?:copyright|\u00a9)\D{0,80})"
    r"(?P<first>\d{4})(?:(?P<dash>\s?[-\u2013]\s?)(?P<last>\d{4}))?(?P<rest>\D{0,500})",
    re.IGNORECASE,
)
_REMARK = compile_lazily(r"(?<=\s)#(?![{!]).*")
_ORDER = compile_lazily(
    r"^#\s*(?:frozen:\s*)?[vV]?\d+(?:\.\w+)*$"
    r"|\b(?:noqa|nosec|nolint|nosemgrep|pragma|renovate|keep-sorted|type:|fmt:|isort:|shellcheck)"
    r"|\b(?:ignore|disable|enable|skip)(?:-[\w-]{1,40})?\s?[=:\[]"
    r"|lint\w{0,9}[ :-]{1,3}(?:ignore|disable|enable)",
    re.MULTILINE,
)
"""What makes a tool do something, or names a version."""
LONGEST_LINE = 2000
_LIKENESS = 100  # steps of the shortest comparison


def merge_words(base: str, ours: str, theirs: str) -> str | None:
    """Merge one line that both sides edited, where an unchanged word parts the edits.

    Edits at one place are merged where they are codes, options, or items of a list.
    """
    if max(map(len, (base, ours, theirs))) > LONGEST_LINE:
        return None
    sides = [_WORD.findall(text) for text in (base, ours, theirs)]
    more = pick_farther(*sides)
    if more is not None:
        return "".join(more)
    merged = merge_years(base, ours, theirs) or _merge_apart(base, *sides)
    if merged is None:
        merged = pick_agreed(base, ours, theirs) or None
    merged = in_line.extend(base, ours, theirs) if merged is None else merged
    return None if merged is None or _has_rivals(merged, ours, theirs) else merged


def _has_rivals(merged: str, ours: str, theirs: str) -> bool:
    """Whether a command has options that exclude each other, one of each side."""
    options, *sides = ({*_OPTION.findall(line)} for line in (merged, ours, theirs))
    pairs = [{option, f"--no-{option[2:]}"} for option in options]
    if _UV.search(merged):
        pairs.append({"--frozen", "--locked"})
    return any(pair <= options and not any(pair <= side for side in sides) for pair in pairs)


def merge_years(*lines: str) -> str | None:
    """A line on copyright with the years of both sides; ``None`` for any other line.

    Parameters
    ----------
    lines
        The base's line, ours and theirs.
    """
    if max(map(len, lines)) > LONGEST_LINE:
        return None
    found = [_YEARS.fullmatch(line) for line in lines]
    years = [(match["first"], match["last"] or match["first"]) for match in found if match]
    words = {(match["head"], match["rest"]) for match in found if match}
    if len(years) < len(lines) or len(words) > 1:
        return None
    before, own, new = years
    if not (own[0] <= before[0] and before[1] <= own[1] and new[1] >= before[1]):
        return None
    first, last = min(own[0], new[0]), max(own[1], new[1])
    dash = next((match["dash"] for match in found[1:] if match and match["dash"]), "-")
    head, rest = words.pop()
    return f"{head}{first}{dash}{last}{rest}" if first != last else f"{head}{first}{rest}"


def merge_remark(*lines: str) -> str | None:
    """The code of the side that changed it, with the remark of the other; ``None`` in all else.

    A remark that is an order to some tool, or names the version of a pin, goes with its code.

    Parameters
    ----------
    lines
        The base's line, ours and theirs.
    """
    if max(map(len, lines)) > LONGEST_LINE:
        return None
    (before, _, said), *sides = map(_split_remark, lines)
    if not before or not said or _ORDER.search("\n".join([said, *(side[2] for side in sides)])):
        return None
    for (code, gap, remark), (other_code, _, told) in (sides, sides[::-1]):
        is_changed = code.split() != before.split() == other_code.split()
        if code and is_changed and remark.split() == said.split() != told.split():
            return f"{code}{gap}{told}" if told else code
    return None


def _split_remark(line: str) -> tuple[str, str, str]:
    """What a line has before a remark, the space between, and that; a quoted sign begins none."""
    match = _REMARK.search(line)
    if match is None:
        return line.rstrip(), "", ""
    code = line[: match.start()]
    if any(code.count(quote) % 2 for quote in "\"'`"):
        return "", "", ""
    return code.rstrip(), code[len(code.rstrip()) :], match[0].rstrip()


def pick_agreed(*texts: str) -> str | None:
    """Of two sides that agree but for some words of the base, the one that removed these.

    Parameters
    ----------
    texts
        The base, our side and theirs.
    """
    base, ours, theirs = (_WORD.findall(text) for text in texts)
    more, less = (ours, theirs) if len(ours) > len(theirs) else (theirs, ours)
    size = len(more) - len(less)
    pairs = zip(more, less, strict=False)
    start = next((i for i, (one, other) in enumerate(pairs) if one != other), len(less))
    gone = [*more[start : start + size]]
    if [*more[:start], *more[start + size :]] != [*less] or not any(map(_MEANS.search, gone)):
        return None
    spend(len(base))
    places = range(len(base) - size + 1)
    return "".join(less) if any([*base[i : i + size]] == gone for i in places) else None


def _merge_apart(base: str, *sides: Sequence[str]) -> str | None:
    """Merge the words of one line, where an unchanged one parts the edits of the two sides."""
    merged: list[str] = []
    last, apart = "none", True
    for region in find_regions(*sides):
        words, their_words = sides[1][region.ours], sides[2][region.theirs]
        if region.changed == "both" and words != their_words:
            united = None
            if not sides[0][region.base]:
                united = _unite(base, words, their_words)
                united = united or _unite_packages("".join(merged), words, their_words)
            elif not (words and their_words):
                united = _keep_options([*words, *their_words])
            if united is None:
                return None
            words = united
        if region.changed == "theirs":
            words = their_words
        if region.changed == "none":
            apart = apart or any(_MEANS.search(word) for word in words)
        else:
            if not apart and {last, region.changed} == {"ours", "theirs"}:
                return None
            last, apart = region.changed, False
        merged += words
    return "".join(merged)


def _unite(line: str, ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Unite what both sides added at one place of a line, if it is codes or options.

    An option to which both give a value is united where the line has it already: then it may be
    given more than once.
    """
    one, other = "".join(ours), "".join(theirs)
    if _CODES.search(line):
        if one.lstrip()[:1] != "," or other.lstrip()[:1] != "," or one != one.rstrip():
            return None
        codes = [re.split(r"[,\s]+", text.strip(" ,")) for text in (one, other)]
        return [one, *(f", {code}" for code in codes[1] if code not in codes[0])]
    options = [_split_options(text) for text in (one, other)]
    fresh = [option for option in options[1] if option not in options[0]]
    own = {option[0].partition("=")[0] for option in options[0] if option not in options[1]}
    both = own & {option[0].partition("=")[0] for option in fresh}
    if not all(options) or both - {word.partition("=")[0] for word in line.split()}:
        return None
    after = one[len(one.rstrip()) :]
    return [one.rstrip(), *(f" {' '.join(option)}" for option in fresh), after]


def _keep_options(words: list[str]) -> list[str] | None:
    """What one side put in the place of words that both removed: options are no other form."""
    is_free = all(word.startswith("-") for word in "".join(words).split())
    return words if is_free else None


def _unite_packages(before: str, *sides: Sequence[str]) -> list[str] | None:
    """Unite what both sides let a command install, which may name it in any order."""
    if not _INSTALLS.search(_COMMAND.split(before)[-1]):
        return None
    one, other = ("".join(words) for words in sides)
    names = [{word: _name_package(word) for word in text.split()} for text in (one, other)]
    fresh = {word: name for word, name in names[1].items() if word not in names[0]}
    own = {name for word, name in names[0].items() if word not in names[1]}
    if None in {*names[0].values(), *names[1].values()} or own & {*fresh.values()}:
        return None  # more than a list, or one package with two bounds
    return [one.rstrip(), *(f" {word}" for word in fresh), one[len(one.rstrip()) :]]


def _name_package(word: str) -> str | None:
    """The name of what a word has installed, or its path; nothing for any other word."""
    bare = word.strip("\"'")
    if word not in (bare, f'"{bare}"', f"'{bare}'"):
        return None
    if parts := split_requirement(bare):
        return normalize_name(parts["name"])
    if match := _PACKAGE.fullmatch(bare):
        return match[1]
    return bare if _PLACE.fullmatch(bare) else None


def _split_options(text: str) -> list[list[str]]:
    """The options of some words, each with its values; none where the first word is no option."""
    found: list[list[str]] = []
    for word in text.split():
        if word.startswith("-"):
            found.append([word])
        elif found:
            found[-1].append(word)
        else:
            return []
    return found


def split_words(text: str) -> tuple[str, ...]:
    """The words and signs of some text, without white space."""
    return tuple(word for word in _WORD.findall(text) if word.strip())


def pick_farther(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Sequence[str] | None:
    """The side that adds all that the other adds, and more; both keep all of the base, or none.

    Additions of mere punctuation, which stands everywhere, prove nothing.
    """
    if base and not set(base) & {*ours, *theirs}:
        base = ()
    for more, less in (ours, theirs), (theirs, ours):
        added = Counter(less) - Counter(base)
        if (
            is_subsequence(less, more)
            and is_subsequence(base, less)
            and any(_MEANS.search(item) for item in added)
        ):
            return more
    return None


def fold_comment(line: str) -> str:
    """A comment without what says nothing: capital letters, and a full stop at the end."""
    return line.rstrip(" .:!").lower()


def measure_likeness(first: str, second: str) -> float:
    """How much two lines share, from 0 to 1, indentation aside."""
    pairs = _pairs(first.strip()), _pairs(second.strip())
    spend(_LIKENESS + len(pairs[0]) + len(pairs[1]))
    return _share(*pairs)


def measure_likeness_of_words(first: Iterable[str], second: Iterable[str]) -> float:
    """How much two texts share, from 0 to 1, in words."""
    return _share(
        Counter(word for line in first for word in line.split()),
        Counter(word for line in second for word in line.split()),
    )


@lru_cache(maxsize=4096)
def _pairs(text: str) -> Counter[str]:
    return Counter(text[i : i + 2] for i in range(max(len(text) - 1, 1)))


def _share(first: Counter[str], second: Counter[str]) -> float:
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0
