"""How the tasks' losses become one update of the shared parameters."""

from typing import Annotated

from pydantic import Field

from mtl_core.spec.weighting.base import LEVELS, Weight, WeightMove
from mtl_core.spec.weighting.gradients import (
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
from mtl_core.spec.weighting.losses import (
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

Weighting = Annotated[
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
    | DbMtlWeighting,
    Field(discriminator="kind"),
]

__all__ = [
    "LEVELS",
    "AlignedMtlWeighting",
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
