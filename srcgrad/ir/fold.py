"""Operations that fold many values into one, in any order."""

from __future__ import annotations

import enum


class Fold(enum.Enum):
    """An operation whose order does not matter."""

    SUM = "sum"
    PRODUCT = "product"
    MAXIMUM = "maximum"  # NaN where there is one
    MINIMUM = "minimum"
    GREATEST = "greatest"  # by comparison: NaN is never greater
    LEAST = "least"

    @property
    def neutral(self) -> int | None:
        """The value that changes nothing; `None` where any of the values may be taken twice instead."""
        return {Fold.SUM: 0, Fold.PRODUCT: 1}.get(self)
