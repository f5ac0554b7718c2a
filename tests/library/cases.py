"""Calls of NumPy functions that are quoted, each as a small program with arguments that it may be differentiated at."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(12)
V = RNG.uniform(0.2, 1.5, 6)
W = RNG.uniform(0.2, 1.5, 6)
M = RNG.uniform(0.2, 1.5, (3, 4))
S = RNG.uniform(-1.0, 1.0, (4, 4)) + 3.0 * np.eye(4)
SPD = S @ S.T
T = RNG.uniform(0.2, 1.5, (2, 3, 4))
K = np.array([2, 0, 2, 1])

VECTORISED = np.vectorize(lambda x: x * x if x > 0.7 else x)

CASES: list[tuple[str, object, tuple]] = []


def case(name, function, *arguments):
    CASES.append((name, function, arguments))


case("atleast_1d of a number", lambda x: np.atleast_1d(x) * 2.0, 1.5)
case("atleast_1d of an array", lambda a: np.atleast_1d(a) * 2.0, V)
case("atleast_2d of a number", lambda x: np.atleast_2d(x) * 2.0, 1.5)
case("atleast_2d of a vector", lambda a: np.atleast_2d(a) * 2.0, V)
case("atleast_3d", lambda a: np.atleast_3d(a) * a[0, 0], M)
case("expand_dims", lambda a: np.expand_dims(a, 1) * np.expand_dims(a, 0), V)
case("expand_dims from the end", lambda a: np.expand_dims(a, -1) * 2.0, M)
case("swapaxes", lambda a: np.swapaxes(a, 0, 2) ** 2, T)
case("swapaxes method", lambda a: a.swapaxes(-1, 1) ** 2, T)
case("moveaxis", lambda a: np.moveaxis(a, 0, -1) ** 2, T)
case("moveaxis of several", lambda a: np.moveaxis(a, (0, 2), (1, 0)) ** 2, T)
case("diagonal of stacks", lambda a: np.diagonal(a, 1, 2, 0) ** 2, T)
case("trace of stacks", lambda a: np.trace(a, -1, 1, 2) ** 2, T)
case("trace beside", lambda a: np.trace(a, offset=1) * a.trace(), S)
case("outer of matrices", lambda a, s: np.outer(a, s) ** 2, T, S)
case("asfortranarray", lambda a: np.asfortranarray(a) @ a, S)
case("broadcast_to", lambda a: np.broadcast_to(a, (3, 6)) * 2.0, V)
case("tile", lambda a: np.tile(a, 3) ** 2, V)
case("tile of a matrix", lambda a: np.tile(a, (2, 3)) ** 2, M)
case("tile into rows", lambda a: np.tile(a, (2, 1)) ** 2, V)
case("repeat", lambda a: np.repeat(a, 3) ** 2, M)
case("repeat along an axis", lambda a: a.repeat(2, axis=1) ** 2, M)
case("fliplr and flipud", lambda a: np.fliplr(a) * np.flipud(a), M)
case("roll along an axis", lambda a: np.roll(a, 2, axis=1) * a, M)
case("roll along two axes", lambda a: np.roll(a, (1, -2), axis=(0, -1)) * np.roll(a, 1, (0, 1)), M)
case("roll of all elements", lambda a: np.roll(a, -5) * a, M)
case("rot90", lambda a: np.rot90(a) @ np.rot90(a, 3).T + np.rot90(np.rot90(a, 2), 1) @ a, S)
case("pad", lambda a: np.pad(a, 2) ** 2, V)
case("pad of a matrix", lambda a: np.pad(a, ((1, 2), (0, 3)), constant_values=1.0) ** 2, M)
case("pad of a cube", lambda a: np.pad(a, 1, mode="constant") ** 2, T)
case("pad edge", lambda a: np.pad(a, (1, 2), mode="edge") ** 2, V)
case("pad reflect", lambda a: np.pad(a, 2, mode="reflect") ** 2, M)
case("pad wrap", lambda a: np.pad(a, (2, 3), mode="wrap") ** 2, V)
case("pad symmetric", lambda a: np.pad(a, (2, 3), mode="symmetric") ** 2, V)
case("meshgrid", lambda a, b: np.meshgrid(a, b)[0] * np.meshgrid(a, b)[1], V, W[:3])
case("meshgrid ij", lambda a, b: np.meshgrid(a, b, indexing="ij")[0] ** 2, V, W[:3])
case("triu and tril", lambda a: np.triu(a, 1) @ np.tril(a) + np.tril(a, -1), S)
case("diag", lambda a: np.diag(a) @ np.diag(a, 1)[:6, :6], V)
case("diag of a matrix", lambda a: np.diag(a) * 2.0, S)
case("diagonal", lambda a: a.diagonal(1) * np.diagonal(a, -1), S)
case("vander", lambda a: np.vander(a, 3) + np.vander(a, 3, increasing=True), V)
case("column_stack", lambda a, b: np.column_stack((a, b)) ** 2, V, W)
case("dstack", lambda a: np.dstack((a, a * a)), M)
case("split", lambda a: np.split(a, 2)[0] * np.split(a, [3])[1], V)
case("array_split", lambda a: np.array_split(a, 4)[0] * np.array_split(a, 4)[1], V)
case("hsplit and vsplit", lambda a: np.hsplit(a, 2)[0] @ np.vsplit(a, 2)[1], S)
case("kron", lambda a, b: np.kron(a, b), M, S[:2, :2])
case("take", lambda a: np.take(a, K) * a.take(K), V)
case("take along an axis", lambda a: np.take(a, K, axis=1) ** 2, M)
case("compress", lambda a: np.compress(a > 0.7, a) ** 2, V)
case("extract", lambda a: np.extract(a > 0.7, a) ** 2, M)
case("take_along_axis", lambda a: np.take_along_axis(a, np.argsort(a, axis=1), axis=1) ** 2, M)


def puts(a, b):
    c = a * 1.0
    np.put(c, K[:2], b[:2])
    np.add.at(c, K, b[:4] * 2.0)
    np.subtract.at(c, K, 0.5)
    return c * c


case("put and add.at", puts, V, W)
case("nan_to_num", lambda a: np.nan_to_num(np.where(a > 1.0, np.nan, a), nan=2.0) ** 2, V)
case("select", lambda a: np.select([a < 0.5, a < 1.0], [a, a * a], 3.0), V)
case("logical_xor", lambda a: np.where(np.logical_xor(a > 0.5, a > 1.0), a, a * a), V)
case("divmod", lambda a: np.divmod(a, 0.4)[1] * 2.0, V)
case("allclose", lambda a: a * (2.0 if np.allclose(a, a + 1e-12) else 1.0), V)
case("ptp", lambda a: np.ptp(a) * a, V)
case("ptp along an axis", lambda a: np.ptp(a, axis=0), M)
case("average", lambda a, w: np.average(a, weights=w) + np.average(a), V, W)
case("average along an axis", lambda a, w: np.average(a, axis=1, weights=w), M, W[:4])
case("amax and amin", lambda a: np.amax(a, axis=1) * np.amin(a, axis=1), M)
case("nansum and nanmean", lambda a: np.nansum(np.where(a > 1.0, np.nan, a)) + np.nanmean(a) * np.nanstd(a), V)
case("nanmax", lambda a: np.nanmax(np.where(a > 1.2, np.nan, a)) * np.nanmin(a), V)
case("cumprod", lambda a: np.cumprod(a), V)
case("cumprod along an axis", lambda a: a.cumprod(axis=1), M)
case("cumsum along an axis", lambda a: np.cumsum(a * a, axis=0) + a.cumsum(axis=1), M)
case("median", lambda a: np.median(a) * a, V)
case("median along an axis", lambda a: np.median(a, axis=1), M)
case("quantile", lambda a: np.quantile(a, 0.3) + np.percentile(a, 77.0), V)
case("quantiles", lambda a: np.quantile(a, [0.1, 0.5]), V)
case("trapezoid", lambda y, x: np.trapezoid(y, x) + np.trapezoid(y, dx=0.3), V, np.cumsum(W))
case("trapezoid of rows", lambda y: np.trapezoid(y, dx=0.3), M)
case("gradient", lambda f: np.gradient(f, 0.5) ** 2, V)
case("cov", lambda a: np.cov(a), M)
case("cov of one", lambda a: np.cov(a) * a, V)
case("corrcoef", lambda a, b: np.corrcoef(a, b), V, W)
case("sort", lambda a: np.sort(a) * np.arange(6.0), V)
case("sort rows and columns", lambda a: np.sort(a) * np.arange(4.0) + np.sort(a, axis=0), M)
case("argsort", lambda a, b: b[np.argsort(a)] * np.arange(6.0), V, W)


def sorted_in_place(a):
    a.sort()
    return a * np.arange(6.0)


case("sort method", sorted_in_place, V)
case("searchsorted", lambda a: a * np.searchsorted(np.array([0.3, 0.7, 1.0]), a) + np.searchsorted(a, 0.1), V)
case("digitize", lambda a: a * np.digitize(a, np.array([0.3, 0.7, 1.0])), V)
case("bincount", lambda w: np.bincount(K, weights=w) ** 2, W[:4])
case("histogram", lambda a, w: np.histogram(a, bins=4, range=(0.0, 2.0), weights=w)[0] ** 2, V, W)
case("unique", lambda a: np.unique(np.concatenate((a, a[:2]))) ** 2, V)
case("interp", lambda x, fp: np.interp(x, np.array([0.0, 0.5, 0.9, 1.3]), fp) ** 2, V, W[:4])
case("interp of a number", lambda x, fp: np.interp(x, np.array([0.0, 0.5, 0.9, 1.3]), fp), 0.6, W[:4])
case("polyval", lambda p, x: np.polyval(p, x), V, 0.7)
case("polyval of an array", lambda p, x: np.polyval(p, x), V, W)
case("convolve", lambda a, v: np.convolve(a, v), V, W[:3])
case("convolve same", lambda a, v: np.convolve(a, v, mode="same"), V, W[:3])
case("convolve valid", lambda a, v: np.convolve(a, v, mode="valid"), V, W[:4])
case("correlate", lambda a, v: np.correlate(a, v) + np.correlate(a, v, mode="full")[2:6], V, W[:3])
case("correlate same", lambda a, v: np.correlate(a, v, mode="same"), V, W[:4])
case("solve", lambda a, b: np.linalg.solve(a, b), S, W[:4])
case("solve for several", lambda a, b: np.linalg.solve(a, b), S, RNG.uniform(size=(4, 2)))
case("inv", lambda a: np.linalg.inv(a), S)
case("det", lambda a: np.linalg.det(a), S)
case("det of two and three rows", lambda a: np.linalg.det(a[:2, :2]) * np.linalg.det(a[1:, 1:]), S)
case("slogdet", lambda a: np.linalg.slogdet(a)[1] * np.linalg.slogdet(-a[:3, :3])[0], S)
case("matrix_power", lambda a: np.linalg.matrix_power(a, 3) + np.linalg.matrix_power(a, -2), S)
case("multi_dot", lambda a, b: np.linalg.multi_dot([a, b, a.T]), S, S.T)
case("tensordot", lambda a, b: np.tensordot(a, b), T[0], M)
case("tensordot over one axis", lambda a, b: np.tensordot(a, b, axes=1), T, S)
case("tensordot over named axes", lambda a, b: np.tensordot(a, b, axes=([1, 2], [0, 1])), T, M)
case("einsum product", lambda a, b: np.einsum("ij,jk->ik", a, b), M, S)
case("einsum trace", lambda a: np.einsum("ii", a) * a[0, 0], S)
case("einsum batch", lambda a, b: np.einsum("bij,bj->bi", a, b), T, M[:2])
case("einsum of expressions", lambda a: np.einsum("i,j->ij", a * a, np.sin(a)), V)
case("cholesky", lambda a: np.linalg.cholesky(a), SPD)
case("eigvalsh", lambda a: np.linalg.eigvalsh(a), SPD)
case("eigh", lambda a: np.linalg.eigh(a)[1] ** 2 + np.linalg.eigh(a)[0], SPD)
case("singular values", lambda a: np.linalg.svd(a, compute_uv=False), S)
case("svd", lambda a: np.linalg.svd(a, full_matrices=False)[0] ** 2, M.T)
case("svd of a wide matrix", lambda a: np.linalg.svd(a, full_matrices=False)[2] ** 2, M)
case("qr", lambda a: np.linalg.qr(a)[0] + np.sum(np.linalg.qr(a)[1]), M.T)
case("r of qr", lambda a: np.linalg.qr(a)[1], S)
case("lstsq", lambda a, b: np.linalg.lstsq(a, b)[0], M.T, W[:4])
case("lstsq of a wide matrix", lambda a, b: np.linalg.lstsq(a, b)[0], M, W[:3])
case("pinv", lambda a: np.linalg.pinv(a), M)
case("cond", lambda a: np.linalg.cond(a), S)
case("fmod", lambda a: np.fmod(a, 0.37) ** 2, V)
case("finfo", lambda a: a * (1.0 + np.finfo(float).eps) + np.iinfo(np.int64).max * 0.0, V)
case("matmul of stacks", lambda a, b: a @ b, T, RNG.uniform(0.2, 1.5, (2, 4, 3)))
case("matmul of a stack and a matrix", lambda a, b: a @ b + (a @ b)[:1], T, S)
case("matmul of a matrix and a stack", lambda a, b: a @ np.exp(b).swapaxes(1, 2), S, T)
case("matmul of a stack and a vector", lambda a, b: a @ b[:4], T, V)
case("matmul of expressions", lambda a: np.exp(a) @ np.sin(a).T + (a * a) @ a[0][:, None], M)
case("diff along an axis", lambda a: np.diff(a, axis=0) ** 2, M)
case("diff twice", lambda a: np.diff(a, 2) ** 2, V)
case("resize", lambda a: np.resize(a, (2, 4)) ** 2, V)
case("block", lambda a: np.block([[a[None, :2], a[None, :1]], [a[None, 2:4], a[None, :1]]]) ** 2, V)
case("squeeze of unknown lengths", lambda a: np.squeeze(a) * a.squeeze()[0, 0], T[:, :1])


def into_out(a):
    out = np.empty_like(a)
    np.multiply(a, a, out=out)
    np.add(out, a, out=out, where=a > 0.7)
    return out


case("out and where", into_out, V)
case("np.vectorize", lambda a: VECTORISED(a) * a, V)
case("item of a dict by a run-time key", lambda x, k: {1: x, 2: x * x, 3: 3.0}[k], 1.3, 2)
case("item of a dict by run-time truth values", lambda x, a: {(True,): x * x, (False,): 2.0 * x}[(x > a,)], 1.3, 1.0)
case("count of a tuple", lambda x, n: x * (n, 3, 2).count(2), 1.3, 2)
SYMMETRIC = np.diag([1.0, 1.0, 2.0])
CUBE = RNG.uniform(0.2, 1.5, (2, 3, 3))
case("sort along a negative axis", lambda a: np.sort(a, axis=-2) * np.arange(4.0), M)
case("sort of a cube and of all", lambda a: np.sort(a, axis=1).ravel() * np.sort(a, axis=None), T)
case("take_along_axis from the end", lambda a: np.take_along_axis(a, np.argsort(a, axis=0), axis=-2) ** 2, M)
case("tril and triu of a cube", lambda a: np.tril(a) + 2.0 * np.triu(a, 1), CUBE)
case("rot90 of a cube", lambda a: np.rot90(a) ** 2, T)
case("median and percentile of a cube", lambda a: np.median(a, axis=-1) + np.percentile(a, 40, axis=-1), T)
case("tile of three", lambda a: np.tile(a, (2, 1, 2)) ** 2, V)
case("digitize downwards", lambda a: a * np.digitize(a, np.array([2.0, 1.0, 0.5])), V)
case("histogram of equal numbers", lambda w: np.histogram(np.array([2.0, 2.0]), bins=4, weights=w)[0] ** 2, W[:2])
case("argmax along an axis", lambda a: np.argmax(a, axis=1) * np.sum(a) + np.argmin(a), M)
case("norms", lambda a: np.linalg.norm(a, 1) + np.linalg.norm(a, np.inf) + np.linalg.norm(a, 3), V)
case("norms along an axis", lambda a: np.linalg.norm(a, axis=1) + np.linalg.norm(a, axis=0)[:3], M)
case("norms of a matrix", lambda a: np.linalg.norm(a, 2) + np.linalg.norm(a, 1) + np.linalg.norm(a, "fro"), M)
case("nanvar along an axis", lambda a: np.nanvar(np.where(a > 1.4, np.nan, a), axis=1), M)
case("cov of two", lambda a, b: np.cov(a, b), V, W)
case("trace of a matrix that is not square", lambda a: np.trace(a * a), M)
case("interp of lists", lambda x: np.interp(x, [0.0, 0.55, 1.6], [1.0, 2.0, 0.5]), V)
case("squeeze of a slice", lambda a: np.squeeze(a[:, :1]) * 2.0, M)
case("eigenvalues that coincide", lambda a: np.sum(np.linalg.eigvalsh(a)), SYMMETRIC)

# -- complex matrices ---------------------------------------------------------------------------------------------

CM = RNG.standard_normal((4, 4)) + 1j * RNG.standard_normal((4, 4))
CT = CM[:, :3].copy()  # tall
CB = RNG.standard_normal((4, 2)) + 1j * RNG.standard_normal((4, 2))
HPD = CM @ CM.conj().T + np.eye(4)


def _rank_one(vectors, k):
    """The projection onto a vector, which does not depend on its phase."""
    return np.outer(vectors[:, k], vectors[:, k].conj())


def _of_eigenvectors(a):
    w, v = np.linalg.eigh(a)
    return w[0] * _rank_one(v, 1) + w**2 @ np.ones(4)


def _of_singular_vectors(a):
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.outer(u[:, 1], vh[1]) * s[0] + s[2]


def _of_factors(a):
    q, r = np.linalg.qr(a)
    return np.concatenate((q * 2.0, r @ r))


case("complex solve", lambda a, b: np.linalg.solve(a, b), CM, CB)
case("complex solve of one right-hand side", lambda a, b: np.linalg.solve(a, b[:, 0]), CM, CB)
case("complex system, real right-hand side", lambda a, b: np.linalg.solve(a, b), CM, S)
case("real system, complex right-hand side", lambda a, b: np.linalg.solve(a, b), S, CB)
case("complex inv", lambda a: np.linalg.inv(a), CM)
case("complex det", lambda a: np.linalg.det(a) + np.linalg.det(a[:3, :3]), CM)
case("complex slogdet", lambda a: np.linalg.slogdet(a)[0] * 2.0 + np.linalg.slogdet(a)[1], CM)
case("complex cholesky", lambda a: np.linalg.cholesky(a @ a.conj().T + np.eye(4)), CM)
case("complex eigh", lambda a: _of_eigenvectors(a + a.conj().T), CM)
case("complex eigvalsh", lambda a: np.linalg.eigvalsh(a + a.conj().T), CM)
case("complex svd", _of_singular_vectors, CT)
case("complex svd of a wide matrix", lambda a: _of_singular_vectors(a.T), CT)
case("complex singular values", lambda a: np.linalg.svd(a, compute_uv=False), CM)
case("complex qr", _of_factors, CT)
case("complex qr of a square matrix", _of_factors, CM)
case("complex lstsq", lambda a, b: np.linalg.lstsq(a, b)[0], CT, CB)
case("complex lstsq of a wide matrix", lambda a, b: np.linalg.lstsq(a.conj().T, b[:3])[0], CT, CB)
case("complex pinv", lambda a: np.linalg.pinv(a) * 2.0 + np.linalg.pinv(a.T).T, CT)
case("complex matrix_power", lambda a: np.linalg.matrix_power(a, 3) + np.linalg.matrix_power(a, -1), CM)
case("complex norms", lambda a: np.linalg.norm(a) + np.linalg.norm(a, "fro") + np.linalg.norm(a, 2), CM)
case("complex einsum", lambda a, b: np.einsum("ij,jk,ik->k", a, b, b.conj()), CM, CB)
case("complex tensordot", lambda a, b: np.tensordot(a, b, 1), CM, CB)
case("complex kron", lambda a, b: np.kron(a[:2], b), CM, CB)
case("complex outer and inner", lambda a: np.outer(a[0], a[1]) * np.inner(a[2], a[3]) + np.trace(a), CM)
case("complex vdot", lambda a, b: np.vdot(a[:2], b) + np.vdot(a[0, 0], b[1, 1]), CM, CB)
case("complex convolve", lambda a: np.convolve(a[0], a[1, :3]) * 2.0, CM)
case("complex correlate", lambda a: np.correlate(a[0], a[1, :3], mode="full"), CM)
case("complex cov", lambda a: np.cov(a), CM)
case("complex triangles", lambda a: np.triu(a) @ np.tril(a, -1) + np.diag(np.diag(a)), CM)
case("complex gather", lambda a: a[K] * a[::-1, 1:2] + np.take(a, 5), CM)
case("complex nan_to_num", lambda a: np.nan_to_num(a) * 2.0, CM)
case("complex isclose", lambda a: np.where(np.isclose(a, a + 1e-12), a, 0.0) * a, CM)


# -- procedures in the programs that call them ------------------------------------------------------------------------


def _steps(a, b):
    x = b * 1.0
    for t in range(3):
        if abs(x[0, 0]) > 100.0:
            x = x * 2.0
        else:
            x = np.linalg.solve(a * (1.0 + 0.1 * t * x[0, 1] ** 2), x) + 0.1 * x
    return x


def _overwritten(a, b):
    m, right = a.copy(), b.copy()
    x = np.linalg.solve(m, right)
    m[:] = np.sin(m)
    right[:, 0] = 0.0
    return x * 2.0 + m[:, :2] + right


def _smallest_eigenvalue_along_a_path(a, b):
    total = 0.0
    for t in range(3):
        a = a + 0.1 * t * b @ b.T
        w, v = np.linalg.eigh(a)
        total += w[0] * (v[:, 1] @ a @ v[:, 1])
    return total


def _while_solving(a, b):
    x = b[:, 0] * 1.0
    while np.linalg.norm(x) > 0.05:
        x = np.linalg.solve(a, x)
    return x


case("solutions in a loop", _steps, S, M.T[:, :2])
case("solved, then overwritten", _overwritten, S, M.T[:, :2])
case("eigenvectors in a loop", _smallest_eigenvalue_along_a_path, SPD, M.T[:, :2])
case("solving until it is small", _while_solving, S, M.T[:, :2])
case("complex solutions in a loop", _steps, CM + 2.0 * np.eye(4), CB)
case("pinv of deficient rank", lambda u, v: np.linalg.pinv(np.outer(u, v), 1e-10), V[:3], W[:4])
case("lstsq of deficient rank", lambda u, v, b: np.linalg.lstsq(np.outer(u, v), b, rcond=1e-10)[0], V[:3], W[:4], W[3:])
