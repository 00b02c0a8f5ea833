"""URLs of databases, whose secrets are environment variables."""

import re
from collections.abc import Mapping

from mtl_core.errors import InputError

_PASSWORD = re.compile(r"^[^:/@]+://[^/@:]*:(?P<secret>[^@]*)@")
_PARAMETER = re.compile(r"(?i)[?&;](?:[a-z_]*(?:password|passwd|pwd|secret|token|apikey|api_key))=(?P<secret>[^&;]*)")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def without_secrets(url: str) -> str:
    """Checks that a URL holds no password, which would be stored with the experiment.

    Raises:
        ValueError: It does.
    """
    for pattern in (_PASSWORD, _PARAMETER):
        if (match := pattern.search(url)) and not _VARIABLE.fullmatch(match["secret"] or "${empty}"):
            raise ValueError("holds a password, which must not be stored: write ${NAME}, an environment variable")
    return url


def expand_variables(url: str, environment: Mapping[str, str]) -> str:
    """Puts the values of environment variables in the places of their names.

    Raises:
        InputError: A variable is not set.
    """
    if absent := [name for name in _VARIABLE.findall(url) if name not in environment]:
        fix = "Set it before the program starts, as in: export NAME=…"
        raise InputError("dataset.url", "an environment variable is not set", found=", ".join(absent), fix=fix)
    return _VARIABLE.sub(lambda match: environment[match[1]], url)


def variables_of(url: str) -> list[str]:
    """The names of the environment variables in a URL."""
    return _VARIABLE.findall(url)
