"""The card that changes loss weights while a run trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout

from app.pages.live.manual_weights_view import ManualWeightsView
from app.theme import CARD_GAP, GAP
from app.widgets import Button, Card, Muted, WeightSlider

SEND_DELAY_MS = 200


class ManualWeightsCard(Card):
    """A slider and a spin box per task; a change is sent once, on release or after typing.

    ``weightsRequested`` carries the weights of all tasks, or None to hand them back to the weighting method.
    """

    weightsRequested = Signal(object)

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__("Weights now")
        self.setObjectName("live-card-control")
        self._pending_weights: dict[str, float] | None = None
        self._send_timer = QTimer(self, singleShot=True, interval=SEND_DELAY_MS)
        self._send_timer.timeout.connect(self._send)
        self.sliders = {task: WeightSlider(task, index) for index, task in enumerate(tasks)}
        for slider in self.sliders.values():
            slider.valueChanged.connect(self._weight_changed)
            slider.slider.sliderReleased.connect(self._weight_changed)
            slider.setEnabled(False)
            self.body.addWidget(slider)
        self.body.setSpacing(GAP)
        self.sentence = Muted(wrap=True)
        self.sentence.setObjectName("live-weights-sentence")
        self.give_back = Button("Hand back", self._release_to_method, name="live-give-back")
        self.give_back.setToolTip("Let the weighting method set the weights again")
        foot = QHBoxLayout()
        foot.setSpacing(CARD_GAP)
        foot.addWidget(self.sentence, 1)
        foot.addWidget(self.give_back)
        self.body.addStretch(1)
        self.body.addLayout(foot)
        self.clear()

    def clear(self) -> None:
        """Show no run: no weights, and nothing left to be sent."""
        self._send_timer.stop()
        self._pending_weights = None
        self.set_subtitle("")
        self.sentence.setText("")
        self._name_method("the method")
        self.give_back.setEnabled(False)
        for slider in self.sliders.values():
            slider.setEnabled(False)
            slider.clear()

    def flush(self) -> None:
        """Send a change that waits, before another run is shown."""
        if self._send_timer.isActive():
            self._send_timer.stop()
            self._send()

    def show_control(self, control: ManualWeightsView) -> None:
        """Show where the weights come from and, unless a person is changing them, the weights in use."""
        self.set_subtitle(control.subtitle)
        self.sentence.setText(control.sentence)
        self._name_method(control.method)
        self.give_back.setEnabled(control.enabled and control.by_hand)
        if not control.enabled or (
            self._pending_weights is not None and _equal_weights(self._pending_weights, control.weights)
        ):
            self._pending_weights = None
        for task, slider in self.sliders.items():
            slider.setEnabled(control.enabled)
            if self._pending_weights is not None or self._send_timer.isActive():
                continue
            if task in control.weights:
                slider.setValue(control.weights[task])
            else:
                slider.clear()

    def _name_method(self, method: str) -> None:
        self.give_back.setText(f"Hand back to {method}")
        self.give_back.setAccessibleName(f"Hand back to {method}")

    def _weight_changed(self) -> None:
        if not any(slider.slider.isSliderDown() for slider in self.sliders.values()):
            self._send_timer.start()

    def _send(self) -> None:
        self._pending_weights = {task: slider.value() for task, slider in self.sliders.items()}
        self.weightsRequested.emit(self._pending_weights)

    def _release_to_method(self) -> None:
        self._send_timer.stop()
        self._pending_weights = None
        self.weightsRequested.emit(None)


def _equal_weights(left: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return all(abs(value - right.get(task, float("nan"))) <= 1e-6 for task, value in left.items())
