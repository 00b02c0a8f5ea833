"""What the name of a column says about it."""

import re

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+")
_GROUPS = frozenset(
    (
        "patient", "subject", "customer", "client", "user", "person", "participant", "member", "session", "device",
        "household", "family", "writer", "speaker", "author", "visitor", "driver", "student", "school", "hospital",
        "site", "store", "shop", "machine", "vehicle", "account", "uid", "uuid", "환자", "고객", "회원", "사용자",
    )
)  # fmt: skip
_IDS = frozenset(("id", "ids", "uid", "uuid", "guid", "key", "index", "idx", "no", "nr", "번호", "아이디"))
_TIMES = frozenset(
    (
        "date", "day", "time", "timestamp", "datetime", "month", "when", "created", "recorded", "updated", "visit",
        "order", "ordered", "sold", "start", "end", "datum", "fecha", "날짜", "일자", "시각",
    )
)  # fmt: skip
_BIRTHS = frozenset(("birth", "birthday", "birthdate", "dob", "born", "생일", "생년월일"))


def _words(name: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORDS.findall(name))


def names_group(name: str) -> bool:
    """Whether a name is one of things that have several rows, such as patients."""
    return bool(_words(name) & (_GROUPS | _IDS))


def names_identifier(name: str) -> bool:
    """Whether a name is one of identifiers or counters."""
    return bool(_words(name) & _IDS)


def names_time(name: str) -> bool:
    """Whether a name is one of times at which something was recorded; not of a birth."""
    words = _words(name)
    return bool(words & _TIMES) and not words & _BIRTHS


def names_birth(name: str) -> bool:
    """Whether a name is one of dates of birth."""
    return bool(_words(name) & _BIRTHS)
