"""The base of every spec class and of its fields."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Scale = Literal["linear", "log"]
Widget = Literal["", "slider", "column", "columns", "file", "folder", "hidden"]


class Spec(BaseModel):
    """A frozen, strict part of the experiment; unknown keys are refused.

    The first line of a subclass's docstring is its help text in menus and forms, ``title`` its name there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, ser_json_inf_nan="strings")

    title: ClassVar[str] = ""

    @classmethod
    def help(cls) -> str:
        """The first paragraph of the class's docstring, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())


class Report(BaseModel):
    """A frozen answer that travels as JSON: what a worker found out about a spec or a data set."""

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
    """A spec field with all that a form, the documentation and validation need of it.

    Args:
        default: Its default; ``...`` when it must be given. A mutable one is given as ``default_factory``.
        help: What it does, one sentence.
        title: Its label, when the name with spaces is not good enough.
        unit: The unit of the number, e.g. ``epochs``.
        scale: How a spin box steps: by a constant or by a factor.
        widget: A special editor, or ``hidden`` for none.
        advanced: Whether the form folds it away.
        **bounds: ``ge``, ``gt``, ``le``, ``lt``, ``min_length`` … as in pydantic.
    """
    extra = {"unit": unit, "scale": scale, "widget": widget, "advanced": advanced}
    arguments: dict[str, Any] = {"description": help, "title": title, "json_schema_extra": extra, **bounds}
    if "default_factory" not in bounds:
        arguments["default"] = default
    return Field(**arguments)
