"""The path of a text from padding to its tokens: their embeddings, as tokens are integers."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn

from mtl_core.architectures.layers.modules.sequences import Embedding
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.errors import InputError
from mtl_core.spec.inputs.text import PADDING

_FIX = "Take occlusion, which leaves out one word at a time."


class TextPath:
    """While it is entered, each embedding of a text gives what lies between padding and its tokens.

    A token's embedding is ``padding + share · (embedding − padding)``, with a share of its own for each row. Ids and
    padding masks stay those of the text. Several embeddings of one text, as of towers, are varied together.

    Args:
        model: The model.
        texts: The ids ``[L]`` of each text input.
        shares: ``[K]``, for each row of the batch.
        differentiable: Whether the gradient is asked for.

    Attributes:
        points: The embeddings on the path ``[N, …]``, with gradients if asked for.
    """

    def __init__(self, model: nn.Module, texts: Mapping[str, Tensor], shares: Tensor, *, differentiable: bool) -> None:
        self._model, self._texts, self._shares, self._differentiable = model, texts, shares, differentiable
        self.points: list[Tensor] = []
        self._calls: list[tuple[str, Tensor, int]] = []
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._pretrained: str = ""

    def __enter__(self) -> Self:
        """Register the hooks."""
        if not self._texts:
            return self
        for module in self._model.modules():
            if isinstance(module, Embedding):
                self._handles.append(module.register_forward_hook(self._vary_embedding))
            elif isinstance(module, Pretrained) and module.input_name == "input_ids":
                self._handles.append(module.register_forward_pre_hook(self._note_text))
                inner: Any = module.pretrained
                pad = getattr(inner.config, "pad_token_id", None) or 0
                self._handles.append(
                    inner.get_input_embeddings().register_forward_hook(
                        lambda layer, _, output, pad=pad: self._vary(self._pretrained, layer.weight[pad], output, 2)
                    )
                )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the hooks.

        Raises:
            InputError: A text was read by no embedding.
        """
        for handle in self._handles:
            handle.remove()
        if missing := next((name for name in self._texts if kind is None and not self._reads(name)), ""):
            rule = f"the model has no embedding of the text {missing!r} that could be varied"
            raise InputError("method", rule, fix=_FIX)

    def contributions(self, gradients: list[Tensor | None]) -> dict[str, Tensor]:
        """``[K, L]`` for each text: gradients of the points times the direction of the path, summed by token."""
        count = len(self._shares)
        sums = {name: torch.zeros(count, len(ids), device=self._shares.device) for name, ids in self._texts.items()}
        for (name, direction, channels), gradient in zip(self._calls, gradients, strict=True):
            if gradient is not None:
                by_token = (gradient * direction).sum(dim=channels)
                sums[name] = sums[name] + by_token.reshape(count, -1, by_token.shape[1]).sum(dim=1)
        return sums

    def _reads(self, text: str) -> bool:
        return any(name == text for name, _, _ in self._calls)

    def _note_text(self, _: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        self._pretrained = self._text_of(arguments[0])

    def _vary_embedding(self, module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
        assert isinstance(module, Embedding)
        return self._vary(self._text_of(arguments[0]), module.weight[PADDING], output, 1)

    def _vary(self, name: str, padding: Tensor, output: Tensor, channels: int) -> Tensor:
        """A point of the path; ``channels``: the dimension of the numbers of a token's embedding."""
        base = padding.detach().view(*[1] * channels, -1, *[1] * (2 - channels))
        direction = output.detach() - base
        shares = self._shares.repeat_interleave(len(output) // len(self._shares)).view(-1, 1, 1).to(output.dtype)
        point = (base + shares * direction).requires_grad_(self._differentiable)
        self.points.append(point)
        self._calls.append((name, direction, channels))
        return point

    def _text_of(self, tokens: Tensor) -> str:
        """The text whose ids an embedding reads."""
        for name, ids in self._texts.items():
            if tokens.shape[1:] == ids.shape and torch.equal(tokens[0].round(), ids.to(tokens.dtype)):
                return name
        raise InputError("method", "integrated gradients cannot vary token numbers that are no text", fix=_FIX)
