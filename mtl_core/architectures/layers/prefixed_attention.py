"""Prefixes in the attention of transformers models: keys and values that stand before a layer's own.

The library calls attention by the name in a model's configuration, and takes functions for names of one's own
(``AttentionInterface``). Ours adds the prefix, then does what the model does without the library's fused kernels.
"""

import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mtl_core.architectures.layers.modules.attention import Prefix, PrefixSizes
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.architectures.layers.transformers_folder import quiet
from mtl_core.spec.reports import Shape

_NAME = "mtl_workbench_prefix"


def accept_prefixes(trunk: nn.Module, shape: Shape) -> None:
    """Lets the attention of pretrained models read prefixes: each such module gets ``prefix_sizes``.

    The trunk runs once to find them, on one empty row.

    Args:
        trunk: Layers, some of them perhaps pretrained models.
        shape: Shape of their input, without the batch dimension.
    """
    models: list[Any] = [module.pretrained for module in trunk.modules() if isinstance(module, Pretrained)]
    if not models:
        return
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import eager_mask

    AttentionInterface.register(_NAME, _attend)
    AttentionMaskInterface.register(_NAME, eager_mask)
    with quiet():
        for model in models:
            model.set_attn_implementation(_NAME)
    is_training = trunk.training
    with torch.no_grad():
        trunk.eval()(torch.zeros(1, *shape, device=next(models[0].parameters()).device))
    trunk.train(is_training)


def reads_prefixes(module: nn.Module) -> bool:
    """Whether any attention in a module reads prefixes."""
    return any(hasattr(part, "prefix_sizes") for part in module.modules())


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, Tensor | None]:
    """The attention of a module with its prefix; keys and values are ``[N, heads, L, D]``."""
    if not hasattr(module, "prefix_sizes"):
        module.prefix_sizes = PrefixSizes(key.shape[1], key.shape[3], value.shape[3])  # type: ignore[assignment]
    prefix: Prefix | None = getattr(module, "prefix", None)
    if prefix is not None:
        length = prefix.keys.shape[-2]
        key, value = prefix.prepend(key, value)
        attention_mask = None if attention_mask is None else functional.pad(attention_mask, (length, 0))
        if options.get("position_bias") is not None:  # T5 tells distances by it; a prefix has none
            options["position_bias"] = functional.pad(options["position_bias"], (length, 0))
    attend: Any = vars(sys.modules[type(module).__module__])["eager_attention_forward"]
    outputs: tuple[Tensor, Tensor | None] = attend(module, query, key, value, attention_mask, **options)
    return outputs
