"""The initial weights of the shared layers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field


class Scratch(Spec):
    """Initial weights are drawn by the seed."""

    title: ClassVar[str] = "New weights"
    kind: Literal["scratch"] = "scratch"


class FromRun(Spec):
    """The shared layers begin with those of another run's best model; layers that differ are new."""

    title: ClassVar[str] = "Another run"
    kind: Literal["from_run"] = "from_run"
    run: int = field(1, "The number of the run, in the same store.", ge=1)


class FromFile(Spec):
    """The shared layers begin with tensors of the same name and shape in a safetensors file; others are new."""

    title: ClassVar[str] = "A file"
    kind: Literal["from_file"] = "from_file"
    path: str = field(
        "trunk.safetensors", "The file; a relative path starts at the spec file's folder.", widget="file", min_length=1
    )


InitialWeights = Annotated[Scratch | FromRun | FromFile, Field(discriminator="kind")]
