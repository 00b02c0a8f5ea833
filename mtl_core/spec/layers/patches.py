"""From images to tokens and back."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class PatchEmbedding(Spec):
    """Cut an image into square patches, each of which becomes a token: channels × length (Dosovitskiy et al. 2021)."""

    title: ClassVar[str] = "Patch embedding"
    kind: Literal["patch_embedding"] = "patch_embedding"
    patch_size: int = field(4, "Side of a patch; it must divide height and width.", unit="pixels", ge=1, le=1024)
    dimensions: int = field(64, "Numbers in a token.", ge=1, le=100_000, scale="log")


class TokensToImage(Spec):
    """Lay tokens out as an image again, row by row: channels × height × width (Strudel et al. 2021)."""

    title: ClassVar[str] = "Tokens to image"
    kind: Literal["tokens_to_image"] = "tokens_to_image"
    height: int | None = field(None, "Rows of the image; empty: as many as columns.", ge=1, le=100_000)
    skip: int = field(0, "Tokens before those of the image that are left out, such as a class token.", ge=0, le=1024)
