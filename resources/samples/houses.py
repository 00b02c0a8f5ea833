"""The rule by which ``houses.csv`` was made: 600 invented house sales.

The price follows from area, rooms, age, distance to the center, district, garden and heating with 8 % noise; whether a
house sold within three months follows from the price against what its size and district would suggest, and the season.
About one cell in thirty is left empty, and one target in seventeen.
"""

import csv
import io

import numpy as np

SEED = 20_240_501
ROWS = 600
DISTRICTS = {"harbour": 1.25, "old town": 1.4, "hillside": 1.1, "station": 0.9, "meadows": 0.8}
HEATING = {"gas": 1.0, "heat pump": 1.05, "district": 1.02, "oil": 0.95}
SEASONS = {"winter": -0.6, "spring": 0.7, "summer": 0.3, "autumn": -0.2}
GAPS = {"area": 0.03, "year": 0.05, "heating": 0.06, "distance": 0.02, "price": 0.06, "sold": 0.06}


def houses() -> dict[str, list[str]]:
    """All columns as text, an empty cell where a value is missing."""
    rng = np.random.default_rng(SEED)
    district = rng.choice(list(DISTRICTS), ROWS, p=[0.15, 0.15, 0.2, 0.25, 0.25])
    heating = rng.choice(list(HEATING), ROWS, p=[0.45, 0.2, 0.2, 0.15])
    season = rng.choice(list(SEASONS), ROWS)
    garden = rng.random(ROWS) < 0.45
    area = np.clip(rng.normal(110, 35, ROWS), 30, 260)
    rooms = np.clip(np.rint(area / 27 + rng.normal(0, 0.8, ROWS)), 1, 9)
    year = np.rint(2023 - np.minimum(rng.exponential(35, ROWS), 123))
    distance = np.round(rng.gamma(2.0, 3.0, ROWS), 1)
    place = np.array([DISTRICTS[name] for name in district])
    fair = place * (30 + 2.4 * area) * np.exp(-0.02 * distance)
    quality = np.array([HEATING[name] for name in heating]) * (1 + 0.06 * garden) * (1 - 0.002 * (2023 - year))
    price = fair * quality * (0.9 + 0.03 * rooms) * np.exp(rng.normal(0, 0.08, ROWS))
    appeal = np.array([SEASONS[name] for name in season]) + 6 * (fair / price - 1.05) + 0.8 * garden
    sold = rng.random(ROWS) < 1 / (1 + np.exp(-2 * appeal))
    columns = {
        "id": [str(1001 + i) for i in range(ROWS)],
        "district": [str(name) for name in district],
        "area": [f"{value:.1f}" for value in area],
        "rooms": [f"{value:.0f}" for value in rooms],
        "year": [f"{value:.0f}" for value in year],
        "distance": [f"{value:.1f}" for value in distance],
        "garden": ["yes" if value else "no" for value in garden],
        "heating": [str(name) for name in heating],
        "season": [str(name) for name in season],
        "price": [f"{value:.1f}" for value in price],
        "sold": ["yes" if value else "no" for value in sold],
    }
    for name, share in GAPS.items():
        gone = rng.random(ROWS) < share
        columns[name] = ["" if out else cell for cell, out in zip(columns[name], gone, strict=True)]
    return columns


def as_csv() -> str:
    """The whole file."""
    columns = houses()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()
