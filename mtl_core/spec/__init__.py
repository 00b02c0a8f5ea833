"""What the user asked for: the experiment as one frozen document, free of torch.

A parameter's type, default, bounds, unit and help text are written once, here; forms, the command line, validation,
the comparison of runs and the documentation derive from it.
"""

from mtl_core.errors import InputError, Problem, shorten
from mtl_core.spec.base import Report, Spec
from mtl_core.spec.data.data_notes import DataNote
from mtl_core.spec.data.dataset import (
    ArraysDataset,
    BundledDataset,
    ColumnType,
    Dataset,
    DatePart,
    DecimalMark,
    ImageFolderDataset,
    QueryDataset,
    TableDataset,
)
from mtl_core.spec.data.joined_table import JoinedTable
from mtl_core.spec.data.splits import SplitSpec, StratifiedSplit
from mtl_core.spec.experiment import (
    ExperimentSpec,
    dataset_from_data,
    problems_of,
    read_spec,
    spec_from_data,
    spec_to_data,
)
from mtl_core.spec.inputs import (
    ImageInput,
    Input,
    Logarithmic,
    MinMax,
    NamedInputs,
    NumericInputs,
    OneHot,
    PiecewiseLinear,
    QuantileNormal,
    Robust,
    SoundInput,
    Standardized,
    TableInput,
    TextInput,
    TextSpec,
    presence_key,
)
from mtl_core.spec.io.diff import Difference, diff, diff_data
from mtl_core.spec.io.overrides import apply_overrides
from mtl_core.spec.io.presets import load_preset, preset_names
from mtl_core.spec.io.spec_files import dump_spec, load_spec, load_spec_data, save_spec
from mtl_core.spec.io.yaml_text import data_to_yaml, parse_yaml
from mtl_core.spec.layers import LAYER_GROUPS, Layer
from mtl_core.spec.metrics import DIRECTIONS, direction, score_of
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.paths import flatten, get_at, join, parse, set_at
from mtl_core.spec.reports import (
    ColumnInfo,
    DatasetInfo,
    DeviceInfo,
    Fix,
    Histogram,
    LayerInfo,
    ModelInfo,
    TargetInfo,
)
from mtl_core.spec.sharing import HardSharing, Sharing, sharing_of
from mtl_core.spec.study import (
    StudyRun,
    fold_members,
    is_fold_study,
    method_members,
    single_task,
    study_members,
    with_seed,
)
from mtl_core.spec.tasks import (
    TOTAL,
    BaseTask,
    BinaryTask,
    BoxTask,
    CountTask,
    Direction,
    DistributionTask,
    MulticlassTask,
    MultilabelTask,
    ObjectiveTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    TaggingTask,
    TargetTransform,
    Task,
    column_name,
)
from mtl_core.spec.training.averaging import Averaging
from mtl_core.spec.training.continual import ContinualLearning
from mtl_core.spec.training.initial_weights import InitialWeights
from mtl_core.spec.training.optimizers import Optimizer, ParamGroupSpec
from mtl_core.spec.training.sampling import Sampling
from mtl_core.spec.training.schedules import Schedule, learning_rate, learning_rates
from mtl_core.spec.training.training_spec import EarlyStopping, Precision, TrainingSpec
from mtl_core.spec.unions import kind_of, members
from mtl_core.spec.upgrade import CURRENT_VERSION
from mtl_core.spec.weighting import ManualWeighting, Weighting, WeightMove

__all__ = [
    "CURRENT_VERSION",
    "DIRECTIONS",
    "LAYER_GROUPS",
    "TOTAL",
    "ArraysDataset",
    "Averaging",
    "BaseTask",
    "BinaryTask",
    "BoxTask",
    "BundledDataset",
    "ColumnInfo",
    "ColumnType",
    "ContinualLearning",
    "CountTask",
    "DataNote",
    "Dataset",
    "DatasetInfo",
    "DatePart",
    "DecimalMark",
    "DeviceInfo",
    "Difference",
    "Direction",
    "DistributionTask",
    "EarlyStopping",
    "ExperimentSpec",
    "Fix",
    "HardSharing",
    "Histogram",
    "ImageFolderDataset",
    "ImageInput",
    "InitialWeights",
    "Input",
    "InputError",
    "JoinedTable",
    "Layer",
    "LayerInfo",
    "Logarithmic",
    "ManualWeighting",
    "MinMax",
    "ModelInfo",
    "ModelSpec",
    "MulticlassTask",
    "MultilabelTask",
    "NamedInputs",
    "NumericInputs",
    "ObjectiveTask",
    "OneHot",
    "Optimizer",
    "OrdinalTask",
    "ParamGroupSpec",
    "PiecewiseLinear",
    "Precision",
    "Problem",
    "QuantileNormal",
    "QueryDataset",
    "RegressionTask",
    "Report",
    "Robust",
    "Sampling",
    "Schedule",
    "SegmentationTask",
    "Sharing",
    "SoundInput",
    "Spec",
    "SplitSpec",
    "Standardized",
    "StratifiedSplit",
    "StudyRun",
    "TableDataset",
    "TableInput",
    "TaggingTask",
    "TargetInfo",
    "TargetTransform",
    "Task",
    "TextInput",
    "TextSpec",
    "TrainingSpec",
    "WeightMove",
    "Weighting",
    "apply_overrides",
    "column_name",
    "data_to_yaml",
    "dataset_from_data",
    "diff",
    "diff_data",
    "direction",
    "dump_spec",
    "flatten",
    "fold_members",
    "get_at",
    "is_fold_study",
    "join",
    "kind_of",
    "learning_rate",
    "learning_rates",
    "load_preset",
    "load_spec",
    "load_spec_data",
    "members",
    "method_members",
    "parse",
    "parse_yaml",
    "presence_key",
    "preset_names",
    "problems_of",
    "read_spec",
    "save_spec",
    "score_of",
    "set_at",
    "sharing_of",
    "shorten",
    "single_task",
    "spec_from_data",
    "spec_to_data",
    "study_members",
    "with_seed",
]
