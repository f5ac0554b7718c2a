"""The demonstration's model and picture, without any compilation."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from srcgrad.app.mixture import components, negative_log_likelihood, starting_point
from srcgrad.app.picture import draw
from srcgrad.app.stopwatch import readable
from srcgrad.data import old_faithful


def test_the_data_are_all_there():
    data = old_faithful()
    assert data.shape == (272, 2)
    assert np.round(data.mean(axis=0), 4) == pytest.approx([3.4878, 70.8971])


def test_the_likelihood_is_that_of_two_normals():
    data = old_faithful()[:40]
    theta = starting_point(data) + 0.1 * np.arange(11)
    parts = components(theta)
    density = sum(p.weight * multivariate_normal(p.mean, p.covariance).pdf(data) for p in parts)
    assert negative_log_likelihood(theta, data) == pytest.approx(-np.log(density).sum(), rel=1e-12)


def test_components_come_in_the_order_of_their_means():
    theta = starting_point(old_faithful())
    swapped = np.concatenate([[-0.3], theta[6:11], theta[1:6]])
    first, second = components(swapped)
    assert first.mean[0] < second.mean[0]
    assert first.weight == pytest.approx(1 - 1 / (1 + np.exp(0.3)))


def test_the_picture_is_well_formed_and_shows_every_point():
    data = old_faithful()
    text = draw(data, components(starting_point(data)), data[:, 0] < 3.0, ("x", "y"), "title")
    root = ElementTree.fromstring(text)
    svg = "{http://www.w3.org/2000/svg}"
    circles = root.findall(f"{svg}circle")
    assert len(circles) == len(data)
    assert {circle.get("fill") for circle in circles} == {"#3366cc", "#cc5522"}
    assert all(0 < float(circle.get("cx")) < 640 and 0 < float(circle.get("cy")) < 480 for circle in circles)
    assert len(root.findall(f"{svg}polygon")) == 4


@pytest.mark.parametrize(("seconds", "text"), [(2.0, "2 s"), (0.01234, "12.3 ms"), (4.5e-6, "4.5 µs"), (3e-9, "3 ns")])
def test_readable_times(seconds, text):
    assert readable(seconds) == text
