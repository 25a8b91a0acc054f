"""YAML that is plain data, of a size that can be handled."""

from __future__ import annotations

from datetime import date

import pytest

from lisa_scaffold.formats.yaml_data import load, plain

BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))


def test_plain_data_is_what_the_library_makes_of_it() -> None:
    text = "a: [1, 0x10, 1.5, true, null, 'b', 2024-01-01]\nb: &b {c: d}\ne: {<<: *b, f: g}\n"
    assert plain(text.encode()) == {
        "a": [1, 16, 1.5, True, None, "b", date(2024, 1, 1)],
        "b": {"c": "d"},
        "e": {"c": "d", "f": "g"},
    }
    assert plain(b"\xef\xbb\xbfa: 1\n") == {"a": 1}
    assert plain(b"") is None


def test_the_place_of_what_aliases_and_merges_bring_is_where_it_is_written() -> None:
    text = (
        "a: &a {b: 1,\n  c: [x,\n    y]}\n"
        "d: *a\ne:\n  <<: *a\n  b: 2\nf:\n  <<: [{g: 3}, *a]\nh: [*a, z]\n"
    )
    document = load("a.yml", text)
    places = {
        ("d",): 4,
        ("d", "b"): 1,
        ("d", "c", 1): 3,
        ("e", "b"): 7,
        ("e", "c"): 2,
        ("e", "c", 1): 3,
        ("f", "g"): 9,
        ("f", "b"): 1,
        ("h", 0, "c"): 2,
        ("h", 1): 10,
        ("e", "no", "thing"): 5,
        ("h", 7): 10,
    }
    assert {keys: document.line(*keys) for keys in places} == places
    assert [document.raw("e", "b"), document.raw("d", "b"), document.raw("e", "no")] == [
        "2",
        "1",
        None,
    ]


def test_a_place_in_a_bomb_costs_nothing() -> None:
    small = "\n".join(BOMB.splitlines()[:15])
    assert load("a.yml", small).line("a14", *[1] * 14) == 1
    assert len(load("a.yml", small).positions) == 1 + 15 + 2 * 15


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "aliases expand to more than 200000 values"),
        ("a: &a [*a]\n", "an alias that refers to itself"),
        ("[" * 70 + "]" * 70, "nested too deeply"),
        (f"a: {'9' * 5000}\n", "a number of more than 4300 digits"),
        (f"a: 0x{'f' * 5000}\n", "a number of more than 4300 digits"),
        ("a: " + "59:" * 5000 + "00\n", "a number of more than 4300 digits"),
        ("[" + "a," * 100_000 + "]", "more than 100000 keys and values"),
        ("a: !!bool perhaps\n", "a value that cannot be read: 'perhaps'"),
        ("a: !!timestamp never\n", "a value that cannot be read: "),
        ("a: !!int ''\n", "a value that cannot be read: "),
        ("a: 2024-13-13\n", "month must be in 1..12"),
    ],
    ids=lambda value: value[:16],
)
def test_what_nothing_can_be_made_of(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.partition("(")[0]) as refused:
        plain(text.encode())
    assert str(refused.value).startswith(message)


def test_what_is_no_text() -> None:
    with pytest.raises(ValueError, match="codec"):
        plain(b"a: \xff\n")
