"""Small folders of pictures and sounds for tests."""

from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

COLORS = {"red": (230, 30, 30), "blue": (20, 40, 220)}


def write_picture(path: Path, color: tuple[int, int, int], number: int, size: tuple[int, int] = (12, 10)) -> None:
    """Write a noisy picture of a color, of that width and height."""
    noise = np.random.default_rng(number).integers(-20, 20, (size[1], size[0], 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)).save(path)


def write_class_folder(folder: Path, each: int = 12) -> Path:
    """Write a folder with a folder of pictures for each color."""
    for number in range(each):
        for name, color in COLORS.items():
            write_picture(folder / name / f"{name}_{number}.png", color, number)
    return folder


def write_tone(path: Path, hertz: float, seconds: float = 0.2, rate: int = 4000) -> None:
    """Write a sine tone as a WAV file."""
    time = np.arange(round(seconds * rate)) / rate
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hertz * time), rate)
