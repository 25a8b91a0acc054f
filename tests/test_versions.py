"""The order of versions: that of PEP 440, for more than PEP 440 allows."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lisa_scaffold.versions import make_version_key, normalize_name

VERSIONS = [
    *("0", "0.9", "1", "1.0", "1.0.0", "1.0.1", "1.2", "v1.2", "V1.2.0", "1.10", "2024.10.1"),
    *("1.2.dev", "1.2.dev3", "1.2-dev.3", "1.2a", "1.2a1", "1.2-alpha.1", "1.2alpha2", "1.2b0"),
    *("1.2beta", "1.2-beta-2", "1.2c1", "1.2rc1", "1.2-rc.1", "1.2.pre1", "1.2preview2", "1.2rc10"),
    *("1.2.post", "1.2.post1", "1.2-post2", "v1.2-rc2", "10.0.0", "3.11", "3.9"),
]


def test_versions_in_order() -> None:
    versions = ["0.9", "1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "v1.0", "1.0.post1", "1.0.1", "1.10"]
    assert sorted(versions, key=make_version_key) == versions
    assert make_version_key("1.0") == make_version_key("1")


def test_the_order_is_that_of_pep_440() -> None:
    for one, two in combinations_with_replacement(VERSIONS, 2):
        keys, parsed = (make_version_key(one), make_version_key(two)), (Version(one), Version(two))
        assert (keys[0] < keys[1]) == (parsed[0] < parsed[1]), (one, two)
        assert (keys[0] == keys[1]) == (parsed[0] == parsed[1]), (one, two)


def test_tags_that_are_no_versions_have_an_order() -> None:
    tags = ["v1.2-rc1-rc2", "v1.2", "v1.2-post-post2"]
    for tag in tags[::2]:
        with pytest.raises(InvalidVersion):
            Version(tag)
    keys = [make_version_key(tag) for tag in tags]
    assert keys == sorted(keys)


@given(st.text("abzABZ019-_.K\u0131\u212a", max_size=8))
def test_names_are_those_of_the_index(name: str) -> None:
    assert normalize_name(name) == canonicalize_name(name)
