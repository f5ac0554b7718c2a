"""The parts of one array put together: what `np.stack` and its like make of a list of a length known at run time."""

from __future__ import annotations

import numpy as np

from srcgrad.library.shapes import axis_of


def concatenated(parts, axis=0):
    """The parts along the first axis, one after the other along one of theirs."""
    if axis is None:
        return np.ravel(parts)
    k = axis_of(axis, parts.ndim - 1)
    moved = np.moveaxis(parts, 0, k)
    return np.reshape(moved, moved.shape[:k] + (moved.shape[k] * moved.shape[k + 1],) + moved.shape[k + 2 :])


def stacked(parts, axis=0):
    return np.moveaxis(parts, 0, axis_of(axis, parts.ndim)).copy()


def one_below_the_other(parts):
    """As `np.vstack`."""
    if parts.ndim == 1:
        return parts[:, None].copy()
    return parts.copy() if parts.ndim == 2 else concatenated(parts)


def side_by_side(parts):
    """As `np.hstack`."""
    if parts.ndim == 1:
        return parts.copy()
    return concatenated(parts) if parts.ndim == 2 else concatenated(parts, 1)
