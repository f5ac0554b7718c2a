"""Derivatives against finite differences, where they are not zero: GradBench's own checks pass zeros for some."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.gradbench import problems
from benchmarks.gradbench.problems import ba

rng = np.random.default_rng(5)
D, K = 3, 2
SENT: dict[str, dict[str, Any]] = {
    "llsq": {"x": rng.normal(size=5).tolist(), "n": 20},
    "lse": {"x": [1.0, -2.0, 3.5, 3.0, 0.25]},
    "ode": {"x": [1.5, 1.25, 1.75, 2.0], "s": 20},
    "det": {"A": rng.normal(size=16).tolist(), "ell": 4},
    "gmm": {
        "d": D,
        "k": K,
        "n": 5,
        "x": rng.normal(size=(5, D)).tolist(),
        "alpha": rng.normal(size=K).tolist(),
        "mu": rng.normal(size=(K, D)).tolist(),
        "q": rng.normal(size=(K, D)).tolist(),
        "l": rng.normal(size=(K, D * (D - 1) // 2)).tolist(),
        "gamma": 1.5,
        "m": 2,
    },
    "lstm": {
        "main_params": rng.uniform(-1, 1, size=(4, 12)).tolist(),
        "extra_params": rng.uniform(-1, 1, size=(3, 3)).tolist(),
        "state": rng.uniform(-1, 1, size=(4, 3)).tolist(),
        "sequence": rng.integers(0, 2, size=(6, 3)).tolist(),
    },
}
CASES = {
    "llsq": ("primal", "gradient", ("x",)),
    "lse": ("primal", "gradient", ("x",)),
    "ode": ("primal", "gradient", ("x",)),
    "det": ("primal", "gradient", ("A",)),
    "gmm": ("objective", "jacobian", ("alpha", "mu", "q", "l")),
    "lstm": ("objective", "jacobian", ("main_params", "extra_params")),
}


def output(name: str, function: str, sent: dict[str, Any]) -> Any:
    return problems.functions(name)[function].evaluate(sent)[0]


def differences(f: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """The derivative by central differences of fourth order: a row for each element of x."""
    rows = []
    for position in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[position] = 1e-3
        near, far = (np.asarray(f(x + k * step)) - np.asarray(f(x - k * step)) for k in (1, 2))
        rows.append((8 * near - far) / 12e-3)
    return np.array(rows)


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_is_that_of_the_function(name: str) -> None:
    primal, gradient, inputs = CASES[name]
    sent = SENT[name]

    def by_differences(part: str) -> np.ndarray:
        def value(x: np.ndarray) -> Any:
            result = output(name, primal, sent | {part: x.tolist()})
            return result[-1] if isinstance(result, list) else result

        return differences(value, np.array(sent[part]))

    found = output(name, gradient, sent)
    if isinstance(found, dict):
        assert list(found) == list(inputs)
        assert [np.shape(found[part]) for part in inputs] == [np.shape(sent[part]) for part in inputs]
        found = np.concatenate([np.ravel(found[part]) for part in inputs])
    expected = np.concatenate([by_differences(part) for part in inputs])
    assert np.array(found) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert np.abs(expected).min() > 100 * 1e-9  # every one of them is told apart from zero


def test_the_last_component_of_the_ode_is_a_product() -> None:
    """Its exact value, and its gradient, at a size where that is not zero: the product of 2 x_i / (i + 1)."""
    x = np.array(SENT["ode"]["x"])
    exact = np.prod(2.0 * x / np.arange(1, x.size + 1))
    assert output("ode", "primal", SENT["ode"])[-1] == pytest.approx(exact, rel=1e-12)
    assert output("ode", "gradient", SENT["ode"]) == pytest.approx((exact / x).tolist(), rel=1e-12)


def test_large_exponents_neither_overflow_nor_lose_the_gradient() -> None:
    x = [800.0, 799.0, -800.0]
    weights = np.exp(np.array(x) - 800.0)
    assert output("lse", "primal", {"x": x}) == pytest.approx(800.0 + np.log1p(np.exp(-1.0)), rel=1e-15)
    assert output("lse", "gradient", {"x": x}) == pytest.approx((weights / weights.sum()).tolist(), rel=1e-14)


def test_the_step_of_k_means_leads_to_the_means() -> None:
    points = np.concatenate([rng.normal(size=(12, 2)), rng.normal(size=(9, 2)) + 6.0])
    centroids = np.array([[0.5, -0.5], [5.0, 7.0]])
    sent = {"points": points.tolist(), "centroids": centroids.tolist()}
    distances = ((points[:, None, :] - centroids) ** 2).sum(axis=2)
    means = np.array([points[distances.argmin(axis=1) == j].mean(axis=0) for j in range(2)])
    assert output("kmeans", "cost", sent) == pytest.approx(distances.min(axis=1).sum(), rel=1e-14)
    found = np.array(output("kmeans", "dir", sent))
    assert np.abs(found).min() > 1e-2
    assert centroids - found == pytest.approx(means, rel=1e-13)


@pytest.mark.parametrize("turned", [True, False])
def test_the_sparse_jacobian_of_bundle_adjustment(turned: bool) -> None:
    """Cameras and points that differ: one that is not turned takes the other branch."""
    cameras = rng.normal(size=(2, ba.CAMERA))
    cameras[:, 3:6] -= 5.0
    cameras[0, :3] *= turned
    points, weights, features = rng.normal(size=(3, 3)), rng.normal(size=4), rng.normal(size=(4, 2))
    observed = np.array([[0, 2], [1, 0], [0, 1], [1, 2]])
    starts, columns, values = ba.jacobian(cameras, points, weights, features, observed)
    found = csr_matrix((values, columns, starts), shape=(12, cameras.size + points.size + weights.size)).toarray()

    def stacked(all_inputs: np.ndarray) -> np.ndarray:
        c, p, w = np.split(all_inputs, [cameras.size, cameras.size + points.size])
        of_features, of_weights = ba.errors(c.reshape(2, -1), p.reshape(3, -1), w, features, observed)
        return np.concatenate([of_features.ravel(), of_weights])

    expected = differences(stacked, np.concatenate([cameras.ravel(), points.ravel(), weights])).T
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert np.count_nonzero(found) == (2 * ba.BLOCK - 2) * 4 + 4  # x does not move with y's principal point, nor y


def test_what_bundle_adjustment_sends() -> None:
    sent = {"n": 2, "m": 3, "p": 11, "cam": [0.1] * 6 + [2.0] + [0.3] * 4, "x": [1.0, 2.0, 3.0], "w": 0.5}
    sent["feat"] = [0.25, -0.5]
    errors = output("ba", "objective", sent)
    assert errors["reproj_error"]["repeated"] == errors["w_err"]["repeated"] == 11
    assert errors["w_err"]["element"] == 0.75
    assert np.abs(errors["reproj_error"]["elements"]).min() > 1e-3
    sparse = output("ba", "jacobian", sent)
    assert sparse["rows"][:4] == [0, 15, 30, 45]
    assert sparse["rows"][-1] == 31 * 11
    assert sparse["cols"][:15] == [*range(11), 22, 23, 24, 31]
    assert sparse["cols"][-1] == 22 + 9 + 10
    assert sparse["vals"][-1] == -1.0
    assert {len(part) for part in sparse.values()} == {31}


def hand(triangles: bool) -> dict[str, Any]:
    """A hand of 22 bones in two chains, with a few vertices."""
    own = np.random.default_rng(7)
    turned = [np.eye(4) + 0.1 * own.normal(size=(4, 4)) * np.array([[1.0]] * 3 + [[0.0]]) for _ in range(44)]
    model = {
        "parents": [-1, 0, *range(1, 21)],
        "base_relatives": np.array(turned[:22]).tolist(),
        "inverse_base_absolutes": np.array(turned[22:]).tolist(),
        "base_positions": np.concatenate((own.normal(size=(6, 3)), np.ones((6, 1))), axis=1).tolist(),
        "weights": own.uniform(size=(6, 22)).tolist(),
        "triangles": [[0, 1, 2], [3, 4, 5], [2, 5, 0]],
        "is_mirrored": True,
    }
    data = {"model": model, "correspondences": [2, 0, 1], "points": own.normal(size=(3, 3)).tolist()}
    return {"theta": own.normal(size=26).tolist(), "data": data, "us": own.uniform(size=(3, 2)).tolist() * triangles}


@pytest.mark.parametrize("triangles", [False, True])
def test_the_jacobian_of_hand_tracking(triangles: bool) -> None:
    sent = hand(triangles)
    found = np.array(output("ht", "jacobian", sent))
    by_pose = differences(
        lambda theta: output("ht", "objective", sent | {"theta": theta.tolist()}), np.array(sent["theta"])
    )
    np.testing.assert_allclose(found[:, 2 * triangles :], by_pose.T, atol=1e-8)
    if triangles:
        all_of_them = differences(
            lambda us: output("ht", "objective", sent | {"us": us.tolist()}), np.array(sent["us"])
        )
        rows = all_of_them.reshape(3, 2, 3, 3)
        own = np.array([rows[k, :, k] for k in range(3)])  # an error depends on its own point's coordinates
        np.testing.assert_allclose(found[:, :2], np.concatenate([part.T for part in own]), atol=1e-8)


@pytest.mark.parametrize("modes", ["rr", "ff", "fr", "rf"])
def test_searches_that_differentiate_searches(modes: str) -> None:
    """The numbers that GradBench expects, to the digits that all its tools agree on."""
    assert output("saddle", modes, {"start": [1.0, 1.0]}) == pytest.approx([8.246324826140356e-06] * 4, rel=1e-9)
    assert output("particle", modes, {"w": 0.0}) == pytest.approx(0.2071918746486116, rel=1e-9)
