"""Which known word was meant by one that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 100
"""Characters of a word that are compared: the time grows with the square of their number."""


def find_similar(
    word: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6
) -> list[str]:
    """The known words that look like another one, the most similar first.

    Parameters
    ----------
    word
        The other one, of any length.
    known
        The known words.
    most
        How many are wanted.
    cutoff
        How similar they must be at least, from 0 (not at all) to 1 (the same).
    """
    # Most commands find nothing to compare.
    from difflib import get_close_matches

    return get_close_matches(word[:_LONGEST], list(known), n=most, cutoff=cutoff)
