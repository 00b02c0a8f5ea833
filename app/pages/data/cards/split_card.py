"""The card for the split: train, validation and test shares that sum to one, and a seed."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.theme import CONTROL_RADIUS, GAP, resolve
from app.widgets import Card, DoubleSpinBox, InlineError, Label, LinkButton, Muted, SpinBox, plain_tooltip
from app.widgets.dot import Dot
from mtl_core.text import group_digits

_PARTS = (("train", "Train", "accent"), ("val", "Validation", "warning"), ("test", "Test", "good"))
_MIN_SHARE = 10
_WHOLE = 1000
Shares = tuple[int, int, int]


def rebalance_shares(shares: Shares, part: int, share: int) -> Shares:
    """Shares in tenths of a percent that sum to 1000, after one of them was set.

    The training share makes up the difference, and the third share what remains of it. Setting the training share
    scales the two others. No share falls below 1 %.

    Args:
        shares: Train, validation and test before.
        part: Index of the share that was set.
        share: Its new value.
    """
    share = min(max(share, _MIN_SHARE), _WHOLE - 2 * _MIN_SHARE)
    rest = _WHOLE - share
    if part == 0:
        old = shares[1] + shares[2]
        val = min(max(round(rest * shares[1] / old) if old else rest // 2, _MIN_SHARE), rest - _MIN_SHARE)
        return share, val, rest - val
    other = min(shares[3 - part], rest - _MIN_SHARE)
    train = rest - other
    return (train, share, other) if part == 1 else (train, other, share)


class SplitCard(Card):
    """Edits the split; ``changed(values)`` carries the new values by their name in ``dataset.split``."""

    changed = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Split", parent=parent)
        self.setObjectName("split-card")
        self.setToolTip("Rows are drawn at random; classes keep their shares in each part")
        self._shares: Shares = (700, 150, 150)
        self._bar = _Bar()
        self._error = InlineError()
        self.spins: list[DoubleSpinBox] = []
        self._rows: list[Label] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        for line, (name, title, color) in enumerate(_PARTS):
            self._add(grid, line, name, title, color)
        self.seed = SpinBox()
        self.seed.setRange(0, 2_147_483_647)
        self.seed.setObjectName("split-seed")
        self.seed.setAccessibleName("Seed of the split")
        self.seed.setToolTip("The same seed gives the same rows")
        self.seed.setKeyboardTracking(False)
        self.seed.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.seed.refused.connect(self._error.set_error)
        self.seed.valueChanged.connect(lambda seed: self.changed.emit({"seed": seed}))
        grid.addWidget(Label("Seed"), len(_PARTS), 1)
        grid.addWidget(self.seed, len(_PARTS), 3)
        self._split_tasks = Muted(wrap=True)
        self._split_tasks.setObjectName("split-owners")
        self._clear_tasks = LinkButton("Use this experiment's own rows", self._clear_task_split, name="split-own")
        self.body.addWidget(self._bar)
        self.body.addLayout(grid)
        self.body.addWidget(self._split_tasks)
        self.body.addWidget(self._clear_tasks)
        self.body.addWidget(self._error)
        self.body.addStretch(1)

    def show_split(self, split: dict[str, object], rows: int, problem: str = "") -> None:
        """Show the split of the experiment, which has ``rows`` rows (0: unknown)."""
        tenths = [round(float(str(split.get(name, 0))) * _WHOLE) for name, _, _ in _PARTS]
        self._shares = (tenths[0], tenths[1], tenths[2])
        self._error.set_error(problem)
        for spin, label, share in zip(self.spins, self._rows, self._shares, strict=True):
            _set_silently(spin, share / 10)
            label.setText(f"≈ {group_digits(round(rows * share / _WHOLE))}" if rows else "")
        _set_silently(self.seed, int(str(split.get("seed", 0))))
        names = [str(task.get("name")) for task in _task_list(split.get("tasks"))]
        self._split_tasks.setText(
            f"The rows are those of an experiment with {', '.join(names)}, to be compared with it."
        )
        for widget in (self._split_tasks, self._clear_tasks):
            widget.setVisible(bool(names))
        self._bar.set_shares(self._shares)

    def _clear_task_split(self) -> None:
        self.changed.emit({"tasks": []})

    def _add(self, grid: QGridLayout, line: int, name: str, title: str, color: str) -> None:
        spin = DoubleSpinBox()
        spin.setObjectName(f"split-{name}")
        spin.setAccessibleName(f"Share of the {title.lower()} rows")
        spin.setRange(_MIN_SHARE / 10, 98)
        spin.setDecimals(1)
        spin.setSingleStep(5)
        spin.setSuffix(" %")
        spin.setKeyboardTracking(False)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.refused.connect(self._error.set_error)
        spin.valueChanged.connect(lambda value, part=line: self._set(part, round(value * 10)))
        rows = Muted()
        rows.setToolTip(plain_tooltip(f"About so many {title.lower()} rows"))
        self.spins.append(spin)
        self._rows.append(rows)
        grid.addWidget(Dot(color), line, 0)
        grid.addWidget(Label(title), line, 1)
        grid.addWidget(rows, line, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(spin, line, 3)

    def _set(self, part: int, tenths: int) -> None:
        train, val, test = rebalance_shares(self._shares, part, tenths)
        self.changed.emit({"train": train / _WHOLE, "val": val / _WHOLE, "test": test / _WHOLE})


class _Bar(QWidget):
    """Paints the three shares as segments of one bar."""

    def __init__(self) -> None:
        super().__init__()
        self._shares: Shares = (700, 150, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_shares(self, shares: Shares) -> None:
        self._shares = shares
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(self.rect()), CONTROL_RADIUS - 1, CONTROL_RADIUS - 1)
        painter.setClipPath(clip)
        left = 0.0
        for share, (_, _, color) in zip(self._shares, _PARTS, strict=True):
            width = self.width() * share / _WHOLE
            painter.fillRect(QRectF(left, 0, width - 2, self.height()), QColor(resolve(color)))
            left += width
        painter.end()


def _task_list(tasks: object) -> list[dict[str, object]]:
    """The tasks that the split belongs to, as far as the document has them right."""
    return [task for task in tasks if isinstance(task, dict)] if isinstance(tasks, list) else []


def _set_silently(spin: SpinBox, value: float) -> None:
    spin.blockSignals(True)
    spin.setValue(value)
    spin.blockSignals(False)
