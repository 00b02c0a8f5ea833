"""The verb that lists and clears the cache of decoded pictures and sounds, and sets its limits."""

from argparse import Namespace
from datetime import datetime
from typing import Any

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.errors import InputError
from mtl_core.media.cache import MediaCache
from mtl_core.media.limits import change_limits, read_limits
from mtl_core.text import format_size


def cache(arguments: Namespace) -> int:
    """Print what the cache holds and the limits, after clearing it or setting these where asked to."""
    _set_limits(arguments)
    media = MediaCache()
    freed = media.remove() if arguments.clear else 0
    entries, limits = media.entries(), read_limits()
    total = sum(entry.size for entry in entries)
    if arguments.json:
        listed = [{"title": entry.title, "bytes": entry.size, "last_used": entry.last_used} for entry in entries]
        output.print_json({"entries": listed, "bytes": total, "freed": freed, "limits": limits.model_dump()})
        return SUCCESS
    if entries:
        table = output.Table("decoded", "size", "last used", wrapped="decoded")
        for entry in entries:
            used = datetime.fromtimestamp(entry.last_used).strftime("%Y-%m-%d %H:%M")
            table.add_row(entry.title, format_size(entry.size), used)
        output.print_out(table)
    if arguments.clear:
        output.print_out(f"{format_size(freed)} freed")
    used = f"{format_size(total)} of {limits.cache:g} GB on disk"
    output.print_out(f"{used}; data of more than {limits.memory:g} GB stay there while a model trains")
    return SUCCESS


def _set_limits(arguments: Namespace) -> None:
    named = {"cache": arguments.limit, "memory": arguments.memory}
    changes: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if not changes:
        return
    try:
        change_limits(changes)
    except InputError as error:
        option = "--memory" if error.problem.path == "memory" else "--limit"
        raise InputError(option, error.problem.rule, found=error.problem.found) from None
