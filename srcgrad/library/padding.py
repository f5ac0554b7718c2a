"""Padding: arrays with more at their edges."""

from __future__ import annotations

import numpy as np

from srcgrad.library.quoting import quotes, refuse


def _widths(pad_width, ndim):
    if isinstance(pad_width, int):
        return ((pad_width, pad_width),) * ndim
    if isinstance(pad_width[0], int):
        return ((pad_width[0], pad_width[-1]),) * ndim
    return tuple(pad_width) * (ndim if len(pad_width) == 1 else 1)


def _padded_index(n, before, after, mode):
    """Which element each place of a padded dimension shows."""
    index = np.empty(n + before + after, np.int64)
    for place in range(n + before + after):
        k = place - before
        if mode == "edge":
            k = min(max(k, 0), n - 1)
        elif mode == "wrap":
            k = k % n
        elif mode == "reflect":
            k = abs(k) % max(2 * n - 2, 1)
            k = min(k, 2 * n - 2 - k)
        else:
            k = k % (2 * n)
            k = min(k, 2 * n - 1 - k)
        index[place] = k
    return index


@quotes(np.pad)
def pad(array, pad_width, mode="constant", constant_values=0, end_values=0):
    widths = _widths(pad_width, array.ndim)
    if mode == "constant":
        if np.ndim(constant_values) > 0:
            refuse("np.pad with several constants is not compiled: give one, or pad the sides one by one")
        shape = tuple([n + w[0] + w[1] for n, w in zip(array.shape, widths)])
        out = np.full(shape, constant_values, array.dtype)
        if array.ndim == 1:
            out[widths[0][0] : widths[0][0] + array.shape[0]] = array
        elif array.ndim == 2:
            (n, m), ((top, _), (left, _)) = array.shape, widths
            out[top : top + n, left : left + m] = array
        elif array.ndim == 3:
            (n, m, depth), ((top, _), (left, _), (near, _)) = array.shape, widths
            out[top : top + n, left : left + m, near : near + depth] = array
        else:
            (n, m, depth, r), ((top, _), (left, _), (near, _), (last, _)) = array.shape, widths
            out[top : top + n, left : left + m, near : near + depth, last : last + r] = array
        return out
    out = array
    for axis in range(array.ndim):
        rows = np.moveaxis(out, axis, 0)
        out = np.moveaxis(_padded_rows(rows, widths[axis][0], widths[axis][1], mode, end_values), 0, axis)
    return out


def _padded_rows(rows, before, after, mode, end_values):
    """Padded along the first dimension."""
    n = rows.shape[0]
    if mode in ("edge", "wrap", "reflect", "symmetric"):
        return rows[_padded_index(n, before, after, mode)]
    if mode not in ("mean", "maximum", "minimum", "linear_ramp"):
        refuse("this mode of np.pad is not compiled: use a slice of a larger array")
    out = np.empty((n + before + after,) + rows.shape[1:], rows.dtype)
    out[before : before + n] = rows
    for k in range(before):
        out[k] = _beyond(rows, rows[0], (k + 0.0) / before, mode, end_values)
    for k in range(after):
        out[before + n + k] = _beyond(rows, rows[n - 1], (after - 1.0 - k) / after, mode, end_values)
    return out


def _beyond(rows, edge, share, mode, end_values):
    if mode == "mean":
        return np.mean(rows, axis=0)
    if mode == "maximum":
        return np.max(rows, axis=0)
    if mode == "minimum":
        return np.min(rows, axis=0)
    return end_values + share * (edge - end_values)
