"""The picture of the fit, as SVG text: the data coloured by component, each component's 1- and 2-sigma ellipses.

In: the data (two columns), the fitted components and which points belong to the first. Out: the text of an SVG file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from srcgrad.app.mixture import Component

WIDTH, HEIGHT, MARGIN = 640, 480, 56
FONT_SIZE = 'font-size="12"'
COLOURS = ("#3366cc", "#cc5522")


@dataclass(frozen=True)
class Frame:
    """The map from data to pixels; `low` and `high` are the corners of the data's box."""

    low: np.ndarray
    high: np.ndarray

    def pixels(self, points: np.ndarray) -> np.ndarray:
        unit = (points - self.low) / (self.high - self.low)
        size = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
        return np.array([MARGIN, HEIGHT - MARGIN]) + unit * size * np.array([1, -1])


def draw(data: np.ndarray, fit: tuple[Component, ...], first: np.ndarray, labels: tuple[str, str], title: str) -> str:
    """The SVG text. `first` says for each row of `data` how probably it belongs to `fit[0]`."""
    room = 0.08 * (data.max(axis=0) - data.min(axis=0))
    frame = Frame(data.min(axis=0) - room, data.max(axis=0) + room)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" {FONT_SIZE}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_axes(frame, labels),
        *_points(frame, data, first),
        *(line for k, part in enumerate(fit) for line in _ellipses(frame, part, COLOURS[k % len(COLOURS)])),
        f'<text x="{WIDTH / 2}" y="{MARGIN / 2}" text-anchor="middle" font-size="15">{title}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _points(frame: Frame, data: np.ndarray, first: np.ndarray) -> Iterator[str]:
    for (x, y), probability in zip(frame.pixels(data), first, strict=True):
        colour = COLOURS[0] if probability > 0.5 else COLOURS[1]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}" fill-opacity="0.55"/>'


def _ellipses(frame: Frame, part: Component, colour: str) -> Iterator[str]:
    angle = np.linspace(0.0, 2.0 * np.pi, 73)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    factor = np.linalg.cholesky(part.covariance)
    for sigmas in (1, 2):
        outline = frame.pixels(part.mean + sigmas * (factor @ circle).T)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
        yield f'<polygon points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    x, y = frame.pixels(part.mean)
    yield f'<path d="M{x - 6:.1f} {y:.1f}h12m-6 -6v12" stroke="black" stroke-width="2"/>'


def _axes(frame: Frame, labels: tuple[str, str]) -> Iterator[str]:
    box = f'x="{MARGIN}" y="{MARGIN}" width="{WIDTH - 2 * MARGIN}" height="{HEIGHT - 2 * MARGIN}"'
    yield f'<rect {box} fill="none" stroke="#888"/>'
    for tick in _ticks(frame.low[0], frame.high[0]):
        x, _ = frame.pixels(np.array([tick, frame.low[1]]))
        yield f'<path d="M{x:.1f} {HEIGHT - MARGIN}v5" stroke="#888"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{tick:g}</text>'
    for tick in _ticks(frame.low[1], frame.high[1]):
        _, y = frame.pixels(np.array([frame.low[0], tick]))
        yield f'<path d="M{MARGIN} {y:.1f}h-5" stroke="#888"/>'
        yield f'<text x="{MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    middle = HEIGHT / 2
    yield f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{labels[0]}</text>'
    yield f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{labels[1]}</text>'


def _ticks(low: float, high: float) -> np.ndarray:
    """Round numbers between the ends, four to ten of them."""
    magnitude = 10.0 ** np.floor(np.log10(high - low))
    step = next(magnitude * part for part in (1.0, 0.5, 0.2, 0.1) if (high - low) / (magnitude * part) >= 4)
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
