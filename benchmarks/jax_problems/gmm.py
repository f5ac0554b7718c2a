"""The mixture's log likelihood in JAX: whole-array code, as its users write it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp, multigammaln

STATIC = (4, 5)


def primal(alphas, means, icf, x, gamma, m):
    k, d = means.shape
    n = x.shape[0]
    q_diagonal = jnp.exp(icf[:, :d])
    sum_qs = icf[:, :d].sum(axis=1)
    columns, rows = np.triu_indices(d, 1)  # below the diagonal, column by column
    q = jnp.zeros((k, d, d)).at[:, rows, columns].set(icf[:, d:])
    q = q.at[:, np.arange(d), np.arange(d)].set(q_diagonal)
    scaled = jnp.einsum("kij,nkj->nki", q, x[:, None, :] - means[None])
    terms = alphas + sum_qs - 0.5 * jnp.sum(scaled**2, axis=-1)
    slse = logsumexp(terms, axis=1).sum()
    constant = -n * d * 0.5 * np.log(2.0 * np.pi)
    return constant + slse - n * logsumexp(alphas) + _log_wishart_prior(d, gamma, m, sum_qs, q_diagonal, icf)


def _log_wishart_prior(d, gamma, m, sum_qs, q_diagonal, icf):
    n = d + m + 1
    constant = n * d * (np.log(gamma) - 0.5 * np.log(2.0)) - multigammaln(0.5 * n, d)
    frobenius = jnp.sum(q_diagonal**2) + jnp.sum(icf[:, d:] ** 2)
    return 0.5 * gamma * gamma * frobenius - m * sum_qs.sum() - icf.shape[0] * constant


gradient = jax.jit(jax.grad(primal, argnums=(0, 1, 2)), static_argnums=STATIC)
