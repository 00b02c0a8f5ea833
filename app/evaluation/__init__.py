"""How well a run predicts: cards of confusion, curves and residuals, and rows with their predictions drawn on them."""

from app.evaluation.class_cards import ClassCards
from app.evaluation.confusion_card import ConfusionCard
from app.evaluation.samples_card import SamplesCard
from app.evaluation.value_cards import ValueCards
from app.tables.text_table import Cell, TextTable

__all__ = ["Cell", "ClassCards", "ConfusionCard", "SamplesCard", "TextTable", "ValueCards"]
