"""How the tasks' losses become one update of the shared parameters."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from mtl_core.plugins import WEIGHTINGS, load_kinds
from mtl_core.spec.weighting.base import LEVELS, BaseWeighting, Weight, WeightMove
from mtl_core.spec.weighting.gradient_methods import (
    AlignedMtlWeighting,
    CaGradWeighting,
    ConfigWeighting,
    DbMtlWeighting,
    DualProjWeighting,
    ExcessMtlWeighting,
    FairGradWeighting,
    GradDropWeighting,
    GradVacWeighting,
    ImtlGWeighting,
    ImtlWeighting,
    MgdaWeighting,
    MoCoWeighting,
    MoDoWeighting,
    NashMtlWeighting,
    PcGradWeighting,
    SdmGradWeighting,
    UpGradWeighting,
)
from mtl_core.spec.weighting.loss_methods import (
    DwaWeighting,
    EqualWeighting,
    FamoWeighting,
    GeometricMeanWeighting,
    GradNormWeighting,
    ImtlLWeighting,
    ManualWeighting,
    RandomWeighting,
    StchWeighting,
    UncertaintyWeighting,
)

_BuiltIn = (
    EqualWeighting
    | ManualWeighting
    | UncertaintyWeighting
    | DwaWeighting
    | RandomWeighting
    | GeometricMeanWeighting
    | ImtlLWeighting
    | FamoWeighting
    | StchWeighting
    | GradNormWeighting
    | PcGradWeighting
    | MgdaWeighting
    | GradVacWeighting
    | GradDropWeighting
    | CaGradWeighting
    | ImtlGWeighting
    | ImtlWeighting
    | NashMtlWeighting
    | AlignedMtlWeighting
    | ConfigWeighting
    | UpGradWeighting
    | DualProjWeighting
    | FairGradWeighting
    | MoCoWeighting
    | SdmGradWeighting
    | MoDoWeighting
    | ExcessMtlWeighting
    | DbMtlWeighting
)

if TYPE_CHECKING:
    Weighting = Annotated[_BuiltIn, Field(discriminator="kind")]
else:  # and the methods of other installed packages
    Weighting = Annotated[
        Union[(_BuiltIn, *load_kinds(WEIGHTINGS, BaseWeighting, from_defaults=True))], Field(discriminator="kind")
    ]

__all__ = [
    "LEVELS",
    "AlignedMtlWeighting",
    "BaseWeighting",
    "CaGradWeighting",
    "ConfigWeighting",
    "DbMtlWeighting",
    "DualProjWeighting",
    "DwaWeighting",
    "EqualWeighting",
    "ExcessMtlWeighting",
    "FairGradWeighting",
    "FamoWeighting",
    "GeometricMeanWeighting",
    "GradDropWeighting",
    "GradNormWeighting",
    "GradVacWeighting",
    "ImtlGWeighting",
    "ImtlLWeighting",
    "ImtlWeighting",
    "ManualWeighting",
    "MgdaWeighting",
    "MoCoWeighting",
    "MoDoWeighting",
    "NashMtlWeighting",
    "PcGradWeighting",
    "RandomWeighting",
    "SdmGradWeighting",
    "StchWeighting",
    "UncertaintyWeighting",
    "UpGradWeighting",
    "Weight",
    "WeightMove",
    "Weighting",
]
