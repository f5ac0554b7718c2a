"""The reduction of huge angles to at most pi/4, after Payne and Hanek.

In: a `Machine` in double precision and an argument. Out: r as a pair, accurate to more than the
precision even next to a multiple of pi/2, and an integer with the last two bits of k, for x = k pi/2 + r.

With x = y 2**(32 j), k + r 2/pi = y (2**(32 j) 2/pi). j is 0 or y is an integer below 2**84, so that multiples of 4
in the second factor do not matter: a table has it modulo 4, to 210 bits, as a sum of four numbers. Nor do multiples of
4 in the products matter; without them, few bits remain left of the point.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from srcgrad.runtime.vector_math.exponential import power_of_two
from srcgrad.runtime.vector_math.machine import Machine, Value

_STEP = 5  # the logarithm of the factor from one row of the table to the next is 2**5
_ROWS = 31
_TERMS = 4
_BITS = 1400
_PASSES = 3  # of exact additions, each of which doubles the precision of the sum
_HALF_PI = (1.5707963267948966, 6.123233995736766e-17)


def _scaled_arctangent(inverse: int, scale: int) -> int:
    """scale * atan(1 / inverse)."""
    total, power, k = 0, scale // inverse, 1
    while power:
        total += power // k if k % 4 == 1 else -(power // k)
        power //= inverse * inverse
        k += 2
    return total


@cache
def table() -> tuple[float, ...]:
    """Row by row, the terms of 2**(32 j) * 2/pi modulo 4."""
    one = 1 << _BITS
    guarded = one << 64
    pi = 4 * (4 * _scaled_arctangent(5, guarded) - _scaled_arctangent(239, guarded))  # Machin's formula
    inverse = 2 * one * guarded // pi
    terms: list[float] = []
    for row in range(_ROWS):
        rest = Fraction((inverse << (row << _STEP)) % (4 * one), one)
        for _ in range(_TERMS):
            terms.append(float(rest))
            rest -= Fraction(terms[-1])
    return tuple(terms)


def _modulo_4(m: Machine, x: Value) -> Value:
    return x - 4.0 * m.call("rint", x * 0.25)


def reduced(m: Machine, x: Value) -> tuple[Value, Value, Value]:
    excess = (m.bits(abs(x)) >> m.mantissa) - (m.bias + m.mantissa)
    row = m.select(excess < 0, m.value(0, "i"), excess >> _STEP)
    y = x * power_of_two(m, -(row << _STEP))
    products = [m.two_product(y, m.entry("two_over_pi", table(), row * _TERMS + k)) for k in range(_TERMS)]
    (first, first_low), (second, second_low), (third, third_low), (fourth, _) = products
    large = [_modulo_4(m, part) for part in (second, first_low, first)]
    shift = 1.5 * 2.0**m.mantissa
    shifted = ((large[0] + large[1]) + large[2]) + shift
    parts = [fourth, third_low, third, second_low, *large, -(shifted - shift)]
    for _ in range(_PASSES):
        for k in range(1, len(parts)):
            parts[k], parts[k - 1] = m.two_sum(parts[k], parts[k - 1])
    high, low = m.fast_two_sum(parts[-1], parts[-2] + parts[-3])
    angle, angle_low = m.two_product(high, m.value(_HALF_PI[0]))
    angle_low = m.fma(low, _HALF_PI[0], m.fma(high, _HALF_PI[1], angle_low))
    return *m.fast_two_sum(angle, angle_low), m.bits(shifted)
