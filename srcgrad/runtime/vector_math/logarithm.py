"""Formulas of the logarithms and of the power.

In: `Machine` and arguments. Out: the result. The argument is split as 2**k m, m between sqrt(1/2) and sqrt(2); with
f = m - 1 and s = f / (2 + f), log(m) = 2 atanh(s) = f - s (f - R(s*s)), R a polynomial. Subnormal arguments are
scaled first.
"""

from __future__ import annotations

import math
import struct

from srcgrad.runtime.vector_math.exponential import exp2_of_pair, power_of_two
from srcgrad.runtime.vector_math.machine import Machine, Value

# log(2) as a sum whose first term times k is exact.
_LN_2 = (0.6931471805598903, 5.497923018708371e-14)
_LN_2_SINGLE = (0.693145751953125, 1.428606765330187e-06)
_LOG10_2 = (0.30102999566383914, 1.42050232272661e-13)
_LOG10_2_SINGLE = (0.301025390625, 4.605039066518657e-06)
_LOG2_E = (1.4426950408889634, 2.0355273740931033e-17)
_LOG2_E_SINGLE = (1.4426950216293335, 1.925963033500011e-08)
_LOG10_E = (0.4342944819032518, 1.098319650216765e-17)
_LOG10_E_SINGLE = (0.4342944920063019, -1.0103049952192578e-08)

# Minimax: (2 atanh(s) / s - 2) / s**2 for s**2.
_ATANH = (
    0.6666666666666737, 0.3999999999939863, 0.28571428745551214, 0.22222198273544116, 0.1818357906686337,
    0.15313687520924074, 0.1479948733844746,
)  # fmt: skip
_ATANH_SINGLE = (0.6666677594184875, 0.39977574348449707, 0.2987123727798462)
# Of the logarithm to base 2: the coefficients of s and s**3 as pairs, and minimax for the rest / s**5.
_FIRST = (2.8853900817779268, 4.0710547481862066e-17)
_FIRST_SINGLE = (2.885390043258667, 3.851926067000022e-08)
_THIRD = (0.9617966939259756, 5.0577616648125907e-17)
_THIRD_SINGLE = (0.9617967009544373, -7.028461812552678e-09)
_REST = (
    0.577078016355585, 0.4121985831114028, 0.320598897901213, 0.2623081998778374, 0.22195219726594106,
    0.19240383356802243, 0.16840538448283623, 0.1731686631456166,
)  # fmt: skip
_REST_SINGLE = (0.5770803093910217, 0.4118395447731018, 0.3380393087863922)


def _pattern(m: Machine, x: float) -> int:
    """The bits of a constant."""
    return struct.unpack(*m.pick(("<q", struct.pack("<d", x)), ("<i", struct.pack("<f", x))))[0]


def _split(m: Machine, bits: Value, less: Value | int = 0) -> tuple[Value, Value]:
    """k - less as a number, and m - 1, of the positive normal number with the bits."""
    lowest = _pattern(m, math.sqrt(0.5))
    moved = bits + (_pattern(m, 1.0) - lowest)
    shift = 1.5 * 2.0**m.mantissa
    k = m.of_bits((moved >> m.mantissa) - less + _pattern(m, shift)) - (shift + m.bias)
    mantissa = m.of_bits((moved & ((1 << m.mantissa) - 1)) + lowest)
    return k, mantissa - 1.0


def _split_any(m: Machine, x: Value) -> tuple[Value, Value]:
    """k and m - 1 of any positive x."""
    smallest, up = m.pick((2.0**-1022, 54), (2.0**-126, 25))
    bits = m.bits(x)
    subnormal = bits < _pattern(m, smallest)
    scaled = m.select(subnormal, m.bits(x * 2.0**up), bits)
    return _split(m, scaled, m.select(subnormal, m.value(up, "i"), m.value(0, "i")))


def _atanh_terms(m: Machine, f: Value) -> tuple[Value, Value, Value]:
    """f*f/2, s, and f*f/2 + R."""
    s = f / (f + 2.0)
    square = s * s
    half = f * 0.5 * f
    fourth = square * square
    return half, s, m.fma(square, m.polynomial(square, m.pick(_ATANH, _ATANH_SINGLE), fourth), half)


def _special(m: Machine, x: Value, y: Value, pole: float = 0.0) -> Value:
    """y where x lies between the pole and infinity; NaN left of the pole; infinite and NaN arguments."""
    other = m.select(x == pole, -math.inf, m.select(x < pole, math.nan, x))
    return m.select((x > pole) & (x < math.inf), y, other)


def log(m: Machine, x: Value) -> Value:
    k, f = _split_any(m, x)
    first, second = m.pick(_LN_2, _LN_2_SINGLE)
    half, s, term = _atanh_terms(m, f)
    return _special(m, x, m.fma(k, first, f - (half - m.fma(s, term, k * second))))


def _log_to_base(m: Machine, x: Value, factor: tuple[float, float], unit: tuple[float, float]) -> Value:
    """log(m) * factor + k * unit, the first product held as a pair."""
    k, f = _split_any(m, x)
    half, s, term = _atanh_terms(m, f)
    high, low = m.fast_two_sum(f, m.fma(s, term, -half))
    product, product_low = m.two_product(high, m.value(factor[0]))
    product_low = m.fma(low, factor[0], m.fma(high, factor[1], product_low))
    total, total_low = m.fast_two_sum(k * unit[0], product)
    return _special(m, x, total + (total_low + m.fma(k, unit[1], product_low)))


def log2(m: Machine, x: Value) -> Value:
    return _log_to_base(m, x, m.pick(_LOG2_E, _LOG2_E_SINGLE), (1.0, 0.0))


def log10(m: Machine, x: Value) -> Value:
    return _log_to_base(m, x, m.pick(_LOG10_E, _LOG10_E_SINGLE), m.pick(_LOG10_2, _LOG10_2_SINGLE))


def _log_of_sum(m: Machine, x: Value, low: Value | float, more: Value | float = 0.0) -> Value:
    """log((1 + x + low) * 2**more): log(u), u = 1 + x rounded, plus the rest divided by u."""
    u, rest = m.two_sum(m.value(1.0), x)
    rest = rest + low
    k, f = _split(m, m.bits(u))
    first, second = m.pick(_LN_2, _LN_2_SINGLE)
    half, s, term = _atanh_terms(m, f)
    # rest / u = rest / 2**k / (1 + f), and 1 / (1 + f) = (1 - s) / (1 + s), of which few digits are needed.
    inverse = m.fma(s, m.fma(s, 2.0, -2.0), 1.0)
    exponent = -m.bits(k + 1.5 * 2.0**m.mantissa)
    correction = m.select(x < 2.0**m.mantissa, rest * power_of_two(m, exponent), 0.0) * inverse
    k = k + more
    return m.fma(k, first, f - (half - m.fma(s, term, m.fma(k, second, correction))))


def log1p(m: Machine, x: Value) -> Value:
    return _special(m, x, m.select(x == 0.0, x, _log_of_sum(m, x, 0.0)), -1.0)


def asinh(m: Machine, x: Value) -> Value:
    """log(|x| + sqrt(x**2 + 1)); of large |x|, log(2 |x|)."""
    size = abs(x)
    large = size > 2.0 ** (m.mantissa + 2)
    square = size * size
    more = m.select(large, 0.0, square / (1.0 + m.sqrt(square + 1.0)))
    y = _log_of_sum(m, *m.fast_two_sum(size, more), m.select(large, 1.0, 0.0))
    y = m.select(size < m.pick(2.0**-28, 2.0**-13), size, y)
    return m.copysign(m.select(size < math.inf, y, size), x)


def acosh(m: Machine, x: Value) -> Value:
    """log(1 + t + sqrt(2 t + t**2)), t = x - 1; of large x, log(2 x)."""
    t = x - 1.0
    large = t > 2.0 ** (m.mantissa + 2)
    square, square_low = m.two_product(t, t)
    radicand, radicand_low = m.two_sum(t + t, square)
    root = m.sqrt(radicand)
    root_low = (m.fma(-root, root, radicand) + (radicand_low + square_low)) * (0.5 / root)
    total, total_low = m.two_sum(t, m.select(large, 0.0, root))
    total_low = m.select(large | (t == 0.0), 0.0, total_low + root_low)
    y = _log_of_sum(m, total, total_low, m.select(large, 1.0, 0.0))
    y = m.select(t < math.inf, y, t)
    return m.select(t >= 0.0, y, math.nan)


def atanh(m: Machine, x: Value) -> Value:
    """Half the logarithm of 1 + 2 |x| / (1 - |x|)."""
    size = abs(x)
    divisor, divisor_low = m.fast_two_sum(1.0, -size)
    y = 0.5 * _log_of_sum(m, *m.quotient(size + size, 0.0, divisor, divisor_low))
    y = m.select(size < m.pick(2.0**-28, 2.0**-13), size, y)
    y = m.select(size < 1.0, y, m.select(size == 1.0, math.inf, math.nan))
    return m.copysign(y, x)


def _log2_pair(m: Machine, x: Value) -> tuple[Value, Value]:
    """log2 of a positive x as a pair with twelve bits more than the precision."""
    k, f = _split_any(m, x)
    divisor, divisor_low = m.fast_two_sum(2.0, f)
    inverse = 1.0 / divisor
    s = f * inverse
    s_low = m.fma(-s, divisor_low, m.fma(-s, divisor, f)) * inverse
    square = s * s
    square_low = m.fma(s + s, s_low, m.fma(s, s, -square))
    third, third_low = m.pick(_THIRD, _THIRD_SINGLE)
    rest = square * m.polynomial(square, m.pick(_REST, _REST_SINGLE))
    inner, inner_low = m.fast_two_sum(third, rest)
    inner_low = inner_low + third_low
    # (first + square * inner) * s
    cubic = square * inner
    cubic_low = m.fma(square, inner_low, m.fma(square_low, inner, m.fma(square, inner, -cubic)))
    first, first_low = m.pick(_FIRST, _FIRST_SINGLE)
    sum_, sum_low = m.fast_two_sum(first, cubic)
    sum_low = sum_low + (cubic_low + first_low)
    high = s * sum_
    low = m.fma(s, sum_low, m.fma(s_low, sum_, m.fma(s, sum_, -high)))
    total, total_low = m.fast_two_sum(k, high)
    return m.fast_two_sum(total, total_low + low)


def pow(m: Machine, x: Value, y: Value) -> Value:
    """2**(y log2|x|); then the sign and the special cases of C99, annex F.9.4.4."""
    size, infinite = abs(x), math.inf
    high, low = _log2_pair(m, size)
    product = y * high
    product_low = m.fma(y, low, m.fma(y, high, -product))
    limit = m.pick(1080.0, 160.0)
    outside = abs(product) > limit
    product = m.select(outside, m.copysign(limit, product), product)
    result = exp2_of_pair(m, product, m.select(outside, 0.0, product_low))
    half = y * 0.5
    integer = y == m.call("floor", y)
    odd = integer & (half != m.call("floor", half))
    zero, unbounded = size == 0.0, size == infinite
    result = m.select(zero | unbounded, m.select(zero ^ (y > 0.0), infinite, 0.0), result)
    result = m.select(size == 1.0, 1.0, result)
    result = m.select(odd, m.copysign(result, x), result)
    undefined = (x < 0.0) & (x > -infinite) & ~integer
    result = m.select(undefined, math.nan, result)
    result = m.select(m.is_nan(x) | m.is_nan(y), math.nan, result)
    return m.select((y == 0.0) | (x == 1.0), 1.0, result)


def half_pow(m: Machine, x: Value, y: Value) -> Value:
    """x**y for y = 0.5, 1.5, 2.5 and their negatives, by a square root; NaN for any other y. The exponent is a constant
    where this is inlined: of the powers one is left. No step overflows, or loses bits, where the result does not."""
    base = x + 0.0  # the sign of a zero makes no difference
    root, inverse = m.sqrt(base), 1.0 / base
    result = m.value(math.nan)
    for exponent, power in (
        (0.5, root), (1.5, base * root), (2.5, base * (base * root)),
        (-0.5, 1.0 / root), (-1.5, inverse / root), (-2.5, inverse / base / root),
    ):  # fmt: skip
        at_infinity = math.inf if exponent > 0.0 else 0.0
        result = m.select(y == exponent, m.select(x == -math.inf, at_infinity, power), result)
    return result
