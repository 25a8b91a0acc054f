"""Words that stand where a secret has to be given."""

from __future__ import annotations

import pytest

from lisa_scaffold.rules.invented import (
    is_invented,
    is_said_of_secret,
    is_to_be_changed,
    names_secret,
)


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *((each, True) for each in ("PASSWORD", "db_passwd", "APIKEY", "API_KEY", "A_SECRET_KEY")),
        *((each, False) for each in ("TOKENIZERS", "KEY", "PASSWORD_FILE", "PUBLIC_KEY", "")),
    ],
)
def test_names_of_secrets(name: str, *, is_secret: bool) -> None:
    assert names_secret(name) is is_secret


@pytest.mark.parametrize(
    "value",
    [
        *("", '""', "***", "...", "n/a", "TBD", "None", "unset", "xxxx", "<a token>", "{{ a }}"),
        *("NOT_SET", "not-set", "to-be-defined", "'unsafe_key'", "insecure", "undefined"),
        *("your-token", "my_secret_key", "[your token]", "dummysecret", "example", "test-key1"),
    ],
)
def test_a_word_for_none(value: str) -> None:
    assert is_invented(value)
    assert not is_to_be_changed(value)


@pytest.mark.parametrize(
    "value",
    [
        *("changeme", "Change-Me", "change_this_in_production", "replace-with-yours", "setme"),
        *("please change it", "password", "default", "default-password", "put-your-key-here"),
    ],
)
def test_a_word_that_asks_to_be_replaced(value: str) -> None:
    assert is_to_be_changed(value)
    assert not is_invented(value)


@pytest.mark.parametrize(
    "value",
    [
        *("hunter2", "abc", "swordfish", "x8Jq11zP", "settle", "notary", "toset7", "testify7"),
        *("secured", "changeling", "unsettled", "mysql", "yourself", "insettled", "xx"),
    ],
)
def test_a_secret(value: str) -> None:
    assert not is_invented(value)
    assert not is_to_be_changed(value)


@pytest.mark.parametrize(
    ("name", "value", "is_said"),
    [
        ("ALLOW_EMPTY_PASSWORD", "indeed", True),
        ("DB_GENERATE_SECRET", "1", True),
        ("REQUIRED_PASSWORD", "swordfish", False),
        *(("A_PASSWORD", value, True) for value in ("yes", "False", "0", "'on'")),
        *(("PRIVATE_KEY", value, True) for value in ("/run/secrets/a", "~/.ssh/id", "certs.pem")),
        *(("PRIVATE_KEY", value, True) for value in ("./keys/a.key", "../a/b/", "/a/b")),
        *(("TOKEN", value, False) for value in ("/x9+aa/", "a/b", "/abc", "pem", "yes-indeed")),
    ],
)
def test_what_is_said_of_a_secret(name: str, value: str, *, is_said: bool) -> None:
    assert is_said_of_secret(name, value) is is_said
