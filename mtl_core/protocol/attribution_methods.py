"""The ways to attribute a prediction to the inputs, by name."""

from typing import Literal

AttributionMethod = Literal["integrated_gradients", "occlusion", "saliency", "input_x_gradient", "shapley_sampling"]
"""Own ones, then those of captum."""
OWN_METHODS: tuple[AttributionMethod, ...] = ("integrated_gradients", "occlusion")
CAPTUM_METHODS: tuple[AttributionMethod, ...] = ("saliency", "input_x_gradient", "shapley_sampling")
