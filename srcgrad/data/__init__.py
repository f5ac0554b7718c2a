"""Data shipped with the package. In: nothing. Out: arrays read from the files beside this module."""

from __future__ import annotations

from importlib import resources

import numpy as np


def old_faithful() -> np.ndarray:
    """The 272 eruptions of Old Faithful (Azzalini and Bowman 1990): columns length and waiting time, in minutes."""
    with resources.files(__name__).joinpath("faithful.csv").open("r", encoding="utf-8") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1)
