"""Small untrained models of every kind of input, ready to be explained."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mtl_core.architectures import build_model
from mtl_core.explanation.attribution import ExplainedRow
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.spec import ModelSpec, MulticlassTask, RegressionTask, TargetInfo, presence_key
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from mtl_core.tasks import build_task

TARGETS = {
    "kind": TargetInfo(name="kind", kind="multiclass", classes=("x", "y", "z"), counts=(1, 1, 1), labelled=3),
    "size": TargetInfo(name="size", kind="regression", width=1, mean=(2.0,), std=(3.0,), labelled=3),
}
TASKS = (MulticlassTask(name="kind", target="kind"), RegressionTask(name="size", target="size"))
NUMBER = {"type": "numeric", "median": 0.0, "mean": 1.0, "std": 2.0}
TABLE = {
    "kind": "table",
    "inputs": [
        {"name": "age", **NUMBER},
        {"name": "color", "type": "categorical", "categories": ["red", "blue"], "other": False, "missing": False},
        {"name": "height", **NUMBER},
    ],
}
TABLE_SHAPE = TableShape([TableColumn(0, 1), TableColumn(1, 2, categorical=True), TableColumn(3, 1)])
WORDS = [f"w{number}" for number in range(10)]
TEXT = {"kind": "text", "column": "words", "vocabulary": WORDS, "text": {"max_length": 6}}
IMAGE = {"kind": "image", "shape": [2, 9, 9], "mean": 0.0, "std": 1.0}
SOUND = {"kind": "sound"}
DENSE: list[dict[str, Any]] = [{"kind": "linear", "out_features": 6}, {"kind": "relu"}]
CONV: list[dict[str, Any]] = [{"kind": "conv2d", "out_channels": 3}, {"kind": "relu"}, {"kind": "global_avg_pool"}]
EMBED: dict[str, Any] = {"kind": "embedding", "vocabulary": 12, "dimensions": 4}
BLOCK: dict[str, Any] = {"kind": "transformer_block", "heads": 2}
POOL: dict[str, Any] = {"kind": "sequence_pool"}

INPUTS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "table": (TABLE, TABLE_SHAPE),
    "text": (TEXT, (6,)),
    "image": (IMAGE, (2, 9, 9)),
    "spectrogram": (SOUND, (1, 8, 10)),
    "wave": (SOUND, (1, 150)),
}
ENCODERS: dict[str, list[dict[str, Any]]] = {
    "table": DENSE,
    "text": [EMBED, BLOCK, POOL],
    "image": CONV,
    "spectrogram": CONV,
    "wave": [{"kind": "conv1d", "out_channels": 3}, {"kind": "relu"}, {"kind": "global_avg_pool"}],
}
CASES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "table": ({"shared": DENSE}, ("table",)),
    "columns as tokens": (
        {"shared": [{"kind": "feature_embeddings", "dimensions": 4}, BLOCK, {"kind": "flatten"}]},
        ("table",),
    ),
    "members": ({"shared": [{"kind": "tabm", "members": 3}, *DENSE]}, ("table",)),
    "text": ({"shared": [EMBED, BLOCK, POOL]}, ("text",)),
    "recurrent text": ({"shared": [EMBED, {"kind": "gru", "hidden_size": 5}, POOL]}, ("text",)),
    "towers of a text": (
        {"shared": [EMBED, {"kind": "conv1d", "out_channels": 4}, {"kind": "tanh"}, POOL], "sharing": {"kind": "soft"}},
        ("text",),
    ),
    "image": ({"shared": CONV}, ("image",)),
    "patches": (
        {
            "shared": [
                {"kind": "patch_embedding", "dimensions": 4, "patch_size": 3},
                {"kind": "class_token"},
                BLOCK,
                POOL,
            ]
        },
        ("image",),
    ),
    "spectrogram": ({"shared": CONV}, ("spectrogram",)),
    "wave": ({"shared": ENCODERS["wave"]}, ("wave",)),
    "experts": ({"shared": DENSE, "sharing": {"kind": "mmoe"}}, ("table",)),
    "several": (
        {
            "inputs": {name: ENCODERS[name] for name in ("table", "text", "image")},
            "fusion": {"kind": "concat"},
            "shared": DENSE,
        },
        ("table", "text", "image"),
    ),
    "fused by attention": (
        {
            "inputs": {name: ENCODERS[name] for name in ("table", "text")},
            "fusion": {"kind": "cross_attention"},
            "shared": DENSE,
        },
        ("table", "text"),
    ),
}


def explained(name: str, seed: int = 0) -> ExplainedModel:
    data, inputs = CASES[name]
    return explained_model(data, inputs, seed)


def explained_model(data: dict[str, Any], inputs: tuple[str, ...], seed: int = 0) -> ExplainedModel:
    torch.manual_seed(seed)
    model = build_model(
        ModelSpec.model_validate(data, strict=False),
        {name: INPUTS[name][1] for name in inputs},
        {name: target.outputs for name, target in TARGETS.items()},
    )
    return ExplainedModel(
        model.eval().requires_grad_(False),
        tuple(build_task(task, TARGETS[task.name]) for task in TASKS),
        {"kind": ("x", "y", "z"), "size": ("size",)},
        {name: INPUTS[name][0] for name in inputs},
        torch.device("cpu"),
    )


def rows(model: ExplainedModel, count: int = 1, seed: int = 0, absent: str = "") -> dict[str, Tensor]:
    """Random rows, which may all lack one input."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for name in model.preprocessing:
        shape = INPUTS[name][1]
        if name == "text":
            tensors[name] = torch.randint(1, 12, (count, *shape), generator=generator).float()
            tensors[name][:, -2:] = 0
        else:
            tensors[name] = torch.randn(count, *shape, generator=generator)
    if absent:
        tensors[presence_key(absent)] = torch.zeros(count, dtype=torch.bool)
    return tensors


def explained_row(
    model: ExplainedModel, inputs: Mapping[str, Tensor] | None = None, task: str = "kind", output: int = 0
) -> ExplainedRow:
    return ExplainedRow(model, inputs or rows(model), model.task_index(task), output)
