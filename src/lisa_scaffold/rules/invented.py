"""Variables for secrets, and what stands in them that is none: for rules of several families."""

from __future__ import annotations

import re

from lisa_scaffold.pattern import compile_lazily

_NAME = compile_lazily(
    r"(?:.*_)?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|SECRET_KEY|ACCESS_KEY|FERNET_KEY)",
    re.IGNORECASE,
)
_INVENTED = compile_lazily(
    r"[\W_]*|n/?a|tbd|todo|fixme|none|null|nil|empty|blank|unset|undefined|x{3,}"
    # What has not been done yet: not_set, to-be-defined, unsafe_key.
    r"|(?:in|not|un|to)[-_ ]?(?:be[-_ ]?)?(?:(?:secure|safe)\w{0,20}|(?:set|given|defined|used"
    r"|needed|required|provided|configured|specified|filled|changed|replaced)(?:[-_ ]\w{1,20})?)"
    r"|(?:your|my)[-_ ].{0,60}|<.*>|\{\{.*|\[[a-z _-]+\]"
    r"|(?:dummy|example|fake|mock|placeholder|sample)[\w-]{0,30}"
    r"|tests?(?:ing)?(?:[-_]?(?:key|pass|password|secret|token))?\d{0,3}",
    re.IGNORECASE,
)
# What opens a server all the same as long as nobody has done it: change-me, replace with yours.
_TO_CHANGE = compile_lazily(
    r"password|passwd|default(?:[-_]?[a-z][\w-]{0,30})?"
    r"|(?:please[-_ ]?)?(?:change|replace|override|insert|enter|set|provide|fill|put)[-_ ]?"
    r"(?:me|it|this|in|here|with|your|the|a|before)(?:[-_ ].{0,60})?",
    re.IGNORECASE,
)
_SWITCH = compile_lazily(r"yes|no|true|false|on|off|enabled?|disabled?|[01]", re.IGNORECASE)
# Where a secret lies, not what it is.
_PLACE = compile_lazily(r"(?:~|\.{1,2})?/(?:[\w.~-]+/)+[\w.~-]*|[\w.-]+\.(?:pem|key|crt)")
# What is said of a password, and is none.
_SAID_OF = compile_lazily(
    r"(?:.*_)?(?:ALLOW|DISABLE|EMPTY|ENABLE|GENERATE|NO|RANDOM|REQUIRE|SKIP|USE)_", re.IGNORECASE
)


def names_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return _NAME.fullmatch(name) is not None


def is_invented(value: str) -> bool:
    """Whether a value is a word that stands for none."""
    return _INVENTED.fullmatch(_bare(value)) is not None


def is_to_be_changed(value: str) -> bool:
    """Whether a value is a word that asks to be replaced, or one that anybody would begin with."""
    return _TO_CHANGE.fullmatch(_bare(value)) is not None


# A word that anybody would think of first.
_PLAIN_WORD = compile_lazily(
    r"[A-Za-z]{1,40}(?:[_-][A-Za-z]{1,40}){0,2}\d{0,3}|\d{1,6}[A-Za-z]{0,12}"
)


def is_plain_word(value: str) -> bool:
    """Whether a value is a word that anybody would think of first."""
    return _PLAIN_WORD.fullmatch(value) is not None


def is_said_of_secret(name: str, value: str) -> bool:
    """Whether a variable only says something of a secret: a switch, or where it lies."""
    said = _bare(value)
    told = _SAID_OF.match(name) or _SWITCH.fullmatch(said) or _PLACE.fullmatch(said)
    return told is not None


def _bare(value: str) -> str:
    return value.strip().strip("\"'")
