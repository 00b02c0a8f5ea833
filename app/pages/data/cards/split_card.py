"""The card for the split: its kind and settings, shares that sum to one, and a seed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from app.forms import KindForm
from app.theme import CONTROL_RADIUS, GAP, resolve
from app.widgets import Card, DoubleSpinBox, InlineError, Label, LinkButton, Muted, SpinBox, plain_tooltip
from app.widgets.dot import Dot
from mtl_core.spec import Problem, SplitSpec, kind_of, members
from mtl_core.spec.data.splits import split_kind
from mtl_core.text import group_digits

_PARTS = (("train", "Train", "accent"), ("val", "Validation", "warning"), ("test", "Test", "good"))
_PATH = "dataset.split"
_OWN_FIELDS = ("train", "val", "test", "seed")
"""Fields that the card shows by itself."""
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
    """Edits the split.

    Signals:
        changed(values): New values by their name in ``dataset.split``.
        kindChanged(split): The split with another kind.
    """

    changed = Signal(dict)
    kindChanged = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Split", parent=parent)
        self.setObjectName("split-card")
        self.form = KindForm(members(SplitSpec), _PATH, skip=_OWN_FIELDS, help_text=lambda _: "", label_characters=0)
        self.form.edited.connect(self._on_edited)
        self._shares: Shares = (700, 150, 150)
        self._bar = _Bar()
        self._error = InlineError()
        self.spins: list[DoubleSpinBox] = []
        self._rows: list[Label] = []
        self._grid_box = QWidget()
        grid = QGridLayout(self._grid_box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        self._share_widgets: list[QWidget] = []
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
        self._seed_label = Label("Seed")
        grid.addWidget(self._seed_label, len(_PARTS), 1)
        grid.addWidget(self.seed, len(_PARTS), 3)
        self._split_tasks = Muted(wrap=True)
        self._split_tasks.setObjectName("split-owners")
        self._clear_tasks = LinkButton("Use this experiment's own rows", self._clear_task_split, name="split-own")
        self.body.addWidget(self.form)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._grid_box)
        self.body.addWidget(self._split_tasks)
        self.body.addWidget(self._clear_tasks)
        self.body.addWidget(self._error)
        self.body.addStretch(1)

    def show_split(
        self, split: Mapping[str, Any], rows: int, columns: Sequence[str], own_rows: Shares | None = None
    ) -> None:
        """Show the split of the experiment.

        Args:
            split: Its spec data.
            rows: Number of rows of the data; 0 when unknown.
            columns: The columns of the data.
            own_rows: Numbers of training, validation and test rows, where the data come with them.
        """
        kind = split_kind(split)
        self.form.combo.setToolTip(plain_tooltip(kind.help()))
        self.form.set_columns(columns)
        self.form.setValue({**split, "kind": split.get("kind", kind_of(kind))})
        self._show_shares(split, rows)
        for widget in (self._bar, *self._share_widgets):
            widget.setVisible(kind.has_shares)
        if own_rows is not None and kind.has_shares:
            self._show_own_rows(own_rows)
        _set_silently(self.seed, int(str(split.get("seed", 0))))
        for widget in (self.seed, self._seed_label):
            widget.setVisible("seed" in kind.model_fields)
        names = [str(task.get("name")) for task in _task_list(split.get("tasks"))]
        self._split_tasks.setText(
            f"The rows are those of an experiment with {', '.join(names)}, to be compared with it."
        )
        for widget in (self._split_tasks, self._clear_tasks):
            widget.setVisible(bool(names))

    def show_problems(self, problems: Sequence[Problem], to_text: Callable[[Problem], str]) -> None:
        """Show what is wrong with the split, at the field concerned or below the card's own ones."""
        self.form.show_problems(problems)
        fields = {f"{_PATH}.{name}" for name in (self.form.form.editors if self.form.form else ())}
        others = [problem for problem in problems if problem.path not in fields]
        self._error.set_error(to_text(others[0]) if others else "")

    def _show_shares(self, split: Mapping[str, Any], rows: int) -> None:
        tenths = [round(float(str(split.get(name, 0))) * _WHOLE) for name, _, _ in _PARTS]
        self._shares = (tenths[0], tenths[1], tenths[2])
        for spin, label, share in zip(self.spins, self._rows, self._shares, strict=True):
            _set_silently(spin, share / 10)
            label.setText(f"≈ {group_digits(round(rows * share / _WHOLE))}" if rows else "")
        self._bar.set_shares(self._shares)

    def _show_own_rows(self, own_rows: Shares) -> None:
        """Show the numbers of rows of data with a split of their own, instead of shares to edit."""
        train, val, test = own_rows
        if not val:  # as the training drew it
            val = round(train * self._shares[1] / (self._shares[0] + self._shares[1]))
            train -= val
        rows = sum(own_rows)
        for spin, label, count in zip(self.spins, self._rows, (train, val, test), strict=True):
            spin.hide()
            label.setText(group_digits(count))
        self._bar.set_shares((train * _WHOLE // rows, val * _WHOLE // rows, test * _WHOLE // rows))

    def _on_edited(self, path: str, value: object, _label: str) -> None:
        if path == _PATH and isinstance(value, dict):
            self.kindChanged.emit(value)
        else:
            self.changed.emit({path.removeprefix(f"{_PATH}."): value})

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
        for column, widget in enumerate((Dot(color), Label(title), rows, spin)):
            grid.addWidget(widget, line, column)
            self._share_widgets.append(widget)
        grid.setAlignment(rows, Qt.AlignmentFlag.AlignRight)

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
