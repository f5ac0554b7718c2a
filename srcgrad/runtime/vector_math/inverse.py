"""Formulas of the inverse trigonometric functions, the cube root and the hypotenuse.

In: `Machine` and arguments. Out: the result. atan(t) = t + t**3 p(t*t) for |t| <= 1, and of larger arguments pi/2 less
that of the inverse; asin(t) likewise for |t| <= 1/2, and of larger arguments by the half angle.
"""

from __future__ import annotations

import math

from srcgrad.runtime.vector_math.exponential import power_of_two
from srcgrad.runtime.vector_math.machine import Machine, Value

_HALF_PI = (1.5707963267948966, 6.123233995736766e-17)
_HALF_PI_SINGLE = (1.5707963705062866, -4.371138828673793e-08)

# Minimax: (atan(t) / t - 1) / t**2 for t**2 in [0, 1].
_ATAN = (
    -0.3333333333333305, 0.19999999999948692, -0.14285714282430603, 0.11111111003070195, -0.0909090693678928,
    0.07692279100141299, -0.06666398235341969, 0.058804942151619084, -0.052533727404148904, 0.047218377835664356,
    -0.042179326042472626, 0.03661692747729366, -0.029864802953788634, 0.021937452830495575, -0.013856385857044714,
    0.007165514669847387, -0.0028690958592097996, 0.0008257741139984883, -0.00015096691227748673,
    1.3106194819062978e-05,
)  # fmt: skip
_ATAN_SINGLE = (
    -0.33333295583724976, 0.19998453557491302, -0.1426330804824829, 0.10947579145431519, -0.08390610665082932,
    0.05774619057774544, -0.030974026769399643, 0.010808231309056282, -0.0017704186029732227,
)  # fmt: skip
# Minimax: (asin(t) / t - 1) / t**2 for t**2 in [0, 1/4].
_ASIN = (
    0.16666666666666763, 0.07499999999970289, 0.04464285717503837, 0.03038194268840735, 0.022372215530151,
    0.017351602048393547, 0.013980944721687247, 0.011397846836075367, 0.010786540924210363, 0.0036813607857691636,
    0.021771705744375397, -0.021094837795245347, 0.032691603225731045,
)  # fmt: skip
_ASIN_SINGLE = (
    0.16666659712791443, 0.07500516623258591, 0.04451494291424751, 0.03182286396622658, 0.01438475213944912,
    0.03758952394127846,
)  # fmt: skip
# Minimax: x**(-1/3) for x in [1, 2].
_INVERSE_CUBE_ROOT = (
    1.6670206036806783, -1.1644779330871304, 0.6867964505362202, -0.21732452942642827, 0.02794197298481056,
)  # fmt: skip


def _half_pi(m: Machine) -> tuple[float, float]:
    return m.pick(_HALF_PI, _HALF_PI_SINGLE)


def _odd_part(m: Machine, t: Value, square: Value, coefficients: tuple[float, ...]) -> Value:
    return m.polynomial(square, coefficients) * (square * t)


def _from_half_pi(m: Machine, high: Value, low: Value) -> Value:
    """pi/2 + high + low."""
    first, second = _half_pi(m)
    total, rest = m.fast_two_sum(first, high)
    return total + (rest + (low + second))


def atan(m: Machine, x: Value) -> Value:
    size = m.minimum(abs(x), 2.0**60)  # beyond, the inverse is negligible
    large = size > 1.0
    inverse = 1.0 / size
    inverse_low = m.fma(-inverse, size, 1.0) * inverse
    t = m.select(large, -inverse, size)
    rest = _odd_part(m, t, t * t, m.pick(_ATAN, _ATAN_SINGLE))
    y = m.select(large, _from_half_pi(m, t, rest - inverse_low), t + rest)
    return m.select(x == 0.0, x, m.copysign(y, x))


def atan2(m: Machine, y: Value, x: Value) -> Value:
    """The angle from the nearer axis, with the smaller of |x| and |y| divided by the larger; then its octant."""
    opposite, adjacent = abs(y), abs(x)
    steep = opposite > adjacent
    smaller, larger = m.select(steep, adjacent, opposite), m.select(steep, opposite, adjacent)
    quotient = m.select(smaller == larger, 1.0, smaller / larger)
    t = m.select(larger == 0.0, 0.0, quotient)
    exact = (smaller == larger) | (t < 2.0**-90)  # equal, perhaps infinite; or the correction is negligible
    t_low = m.select(exact, 0.0, m.fma(-t, larger, smaller) / larger)
    rest = _odd_part(m, t, t * t, m.pick(_ATAN, _ATAN_SINGLE)) + t_low
    behind = (m.bits(x) < 0) & ~m.is_nan(x)
    first, second = _half_pi(m)
    # start + sign * (t + rest): the start is a multiple of pi/2.
    start = m.select(steep, first, m.select(behind, 2 * first, 0.0))
    start_low = m.select(steep, second, m.select(behind, 2 * second, 0.0))
    minus = steep ^ behind
    t, rest = m.select(minus, -t, t), m.select(minus, -rest, rest)
    total, total_low = m.fast_two_sum(start, t)
    angle = total + (total_low + (rest + start_low))
    angle = m.select(m.is_nan(x) | m.is_nan(y), math.nan, angle)
    return m.copysign(angle, y)


def _half_angle(m: Machine, size: Value) -> tuple[Value, Value, Value, Value]:
    """Whether |x| is above 1/2; t, with asin(t) that of x, or half of acos(x); its error; asin(t) - t."""
    large = size > 0.5
    square = m.select(large, m.fma(size, -0.5, 0.5), size * size)
    root = m.sqrt(square)
    t = m.select(large, root, size)
    corrected = large & (square > 0.0)
    t_low = m.select(corrected, m.fma(-root, root, square) * (0.5 / root), 0.0)
    return large, t, t_low, _odd_part(m, t, square, m.pick(_ASIN, _ASIN_SINGLE))


def asin(m: Machine, x: Value) -> Value:
    large, t, t_low, rest = _half_angle(m, abs(x))
    y = m.select(large, _from_half_pi(m, t * -2.0, (rest + t_low) * -2.0), t + rest)
    return m.select(x == 0.0, x, m.copysign(y, x))


def acos(m: Machine, x: Value) -> Value:
    """2 asin(t) of large x, pi less that of large negative x, otherwise pi/2 - asin(x)."""
    large, t, t_low, rest = _half_angle(m, abs(x))
    negative = x < 0.0
    rest = rest + t_low
    near_one = (t + rest) * 2.0
    sign = m.select(negative, 1.0, -1.0)
    between = _from_half_pi(m, sign * t, sign * rest)
    near_minus_one = 2.0 * _from_half_pi(m, -t, -rest)
    return m.select(large, m.select(negative, near_minus_one, near_one), between)


def cbrt(m: Machine, x: Value) -> Value:
    """x = 2**(3 q) z with z in [1, 8): Newton's iteration for z**(-1/3), then one for the root."""
    size = abs(x)
    smallest, up = m.pick((2.0**-1022, 54), (2.0**-126, 27))
    subnormal = size < smallest
    bits = m.bits(m.select(subnormal, size * 2.0**up, size))
    shift = 1.5 * 2.0**m.mantissa
    exponent = m.of_bits((bits >> m.mantissa) | m.bits(m.value(2.0**m.mantissa))) - (2.0**m.mantissa + m.bias)
    shifted = m.fma(exponent - 1.0, 1.0 / 3.0, shift)  # rounds to the floor of exponent / 3
    third = shifted - shift
    remainder = m.fma(third, -3.0, exponent)
    mantissa = m.of_bits((bits & ((1 << m.mantissa) - 1)) | (m.bias << m.mantissa))
    one, two = remainder > 0.5, remainder > 1.5
    factor = m.select(two, 4.0, m.select(one, 2.0, 1.0))
    inverse_factor = m.select(two, 4.0 ** (-1 / 3), m.select(one, 2.0 ** (-1 / 3), 1.0))
    z = mantissa * factor
    r = m.polynomial(mantissa, _INVERSE_CUBE_ROOT) * inverse_factor
    h = m.fma(-(r * r), r * z, 1.0)
    r = m.fma(r * h, m.fma(h, 2.0 / 9.0, 1.0 / 3.0), r)
    y = z * (r * r)
    square, square_low = m.two_product(y, y)
    error = m.fma(square, y, -z) + square_low * y
    y = m.fma(error * (r * r), -1.0 / 3.0, y)
    scaled = y * power_of_two(m, m.bits(shifted))
    scaled = m.select(subnormal, scaled * 2.0 ** (-up / 3), scaled)
    return m.select((size > 0.0) & (size < math.inf), m.copysign(scaled, x), x)


def hypot(m: Machine, x: Value, y: Value) -> Value:
    """sqrt(x**2 + y**2), both scaled where a square would leave the range of the numbers."""
    first, second = abs(x), abs(y)
    larger = m.select(first > second, first, second)
    high, low, step = m.pick((2.0**500, 2.0**-400, 2.0**600), (2.0**60, 2.0**-50, 2.0**80))
    large, small = larger > high, larger < low
    factor = m.select(large, 1 / step, m.select(small, step, 1.0))
    back = m.select(large, step, m.select(small, 1 / step, 1.0))
    first, second = first * factor, second * factor
    root = m.sqrt(m.fma(first, first, second * second)) * back
    infinite = (abs(x) == math.inf) | (abs(y) == math.inf)
    return m.select(infinite, math.inf, root)
