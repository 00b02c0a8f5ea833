"""Base classes of specs and reports, and the function that defines a field."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Scale = Literal["linear", "log"]
Widget = Literal["", "slider", "column", "columns", "file", "folder", "hidden"]


class Spec(BaseModel):
    """Base class of the parts of an experiment: frozen and strict; unknown keys are refused.

    The first line of a subclass's docstring is its help text in menus and forms, ``title`` its name there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, ser_json_inf_nan="strings")

    title: ClassVar[str] = ""

    @classmethod
    def help(cls) -> str:
        """The first paragraph of the class's docstring, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


class Report(BaseModel):
    """Base class of a worker's answers about a spec or a data set: frozen, and sent as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


def field(
    default: Any = ...,
    help: str = "",  # noqa: A002  # the word the form shows
    *,
    title: str | None = None,
    unit: str = "",
    scale: Scale = "linear",
    widget: Widget = "",
    advanced: bool = False,
    **bounds: Any,
) -> Any:
    """Defines a field of a spec, with its validation and how forms and the documentation show it.

    Args:
        default: Its default; ``...`` if it is required. A mutable default is given as ``default_factory``.
        help: What it does, in one sentence.
        title: Its label, if that is not its name with spaces.
        unit: The unit of the number, e.g. ``epochs``.
        scale: Whether arrow keys add a constant or multiply by a factor.
        widget: A special editor, or ``hidden`` for none.
        advanced: Whether the form hides it among the advanced settings.
        **bounds: ``ge``, ``gt``, ``le``, ``lt``, ``min_length`` … as in pydantic.
    """
    extra = {"unit": unit, "scale": scale, "widget": widget, "advanced": advanced}
    arguments: dict[str, Any] = {"description": help, "title": title, "json_schema_extra": extra, **bounds}
    if "default_factory" not in bounds:
        arguments["default"] = default
    return Field(**arguments)
