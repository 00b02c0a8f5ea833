"""The height of a dialog whose wrapped texts change."""

from PySide6.QtWidgets import QDialog


def fit_height(dialog: QDialog) -> None:
    """Make a dialog as high as its texts need at its width; Qt does so only before it is shown first."""
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
        width = max(dialog.width(), dialog.minimumWidth())
        dialog.resize(width, max(dialog.height(), layout.totalHeightForWidth(width)))
