"""The parts of complex numbers, as scalar atoms."""

from __future__ import annotations

from srcgrad.frontend.context import Context
from srcgrad.frontend.scalars import add, apply, mul, power, scalar
from srcgrad.frontend.values import integer
from srcgrad.ir.build import const_like
from srcgrad.ir.nodes import Atom
from srcgrad.ir.types import Scalar, real_dtype


def part_of_number(ctx: Context, a: Atom, name: str) -> Atom:
    """The "real" or "imag" part, or the "angle", of a number."""
    type_ = scalar(a)
    if not type_.is_complex:
        return a if name == "real" else const_like(0, type_)
    return apply(ctx, name, (a,), Scalar(real_dtype(type_.dtype), type_.weak), name)


def conjugate_of(ctx: Context, a: Atom) -> Atom:
    return apply(ctx, "conj", (a,), scalar(a)) if scalar(a).is_complex else a


def squared_size(ctx: Context, a: Atom) -> Atom:
    """`|a|^2`, of a complex number without a root."""
    if not scalar(a).is_complex:
        return power(ctx, a, integer(2))
    x, y = (part_of_number(ctx, a, name) for name in ("real", "imag"))
    return add(ctx, mul(ctx, x, x), mul(ctx, y, y))
