"""Formulas of the error function and its complement.

In: `Machine` and argument. Out: the result. Up to 1/2, erf(x) = x p(x*x). Beyond, erfc(x) = e**(-x*x) w P(q) with
w = 1 / (x + 3) and q = (x - 3) w, for P varies little: e**(x*x) erfc(x) is close to 1 / (x sqrt(pi)).
"""

from __future__ import annotations

from srcgrad.runtime.vector_math.exponential import exp_pair, scale
from srcgrad.runtime.vector_math.machine import Machine, Value

# 2 / sqrt(pi), and minimax for the rest of erf(x) / x, divided by x*x.
_SLOPE = (1.1283791670955126, 1.533545961316588e-17)
_SLOPE_SINGLE = (1.128379225730896, -5.8635382771399236e-08)
_ERF = (
    -0.37612638903183754, 0.11283791670955179, -0.02686617064511213, 0.005223977624101604, -0.0008548326731699753,
    0.0001205530014656046, -1.4923521493958181e-05, 1.6381698450540873e-06, -1.4709516734753675e-07,
)  # fmt: skip
_ERF_SINGLE = (-0.37612617015838623, 0.11282944679260254, -0.02676360495388508, 0.004729171749204397)
# P at 0, and minimax for the rest of P(q), divided by q.
_MIDDLE = (1.0740069070883398, -8.807445678337799e-17)
_MIDDLE_SINGLE = (1.0740069150924683, -8.004128915217734e-09)
_ERFC = (
    -0.8833944531698836, 0.5902283571041018, -0.31046726190056617, 0.11952776128728931, -0.0268272346245397,
    -0.0012124166271589032, 0.003034062002237525, -0.0005483096929073004, -0.00027677785439666726,
    0.00010756150195707037, 3.0398189545203114e-05, -1.7470683861785797e-05, -4.749208252194476e-06,
    2.7659220386706817e-06, 9.984726872065672e-07, -4.0940075946058e-07, -2.3206732932422982e-07, 4.836395667799185e-08,
    4.8133770780536e-08, -3.0861457519843617e-09, -6.207366634477241e-09,
)  # fmt: skip
_ERFC_SINGLE = (
    -0.8833944797515869, 0.590228259563446, -0.31046637892723083, 0.11953020095825195, -0.02683584950864315,
    -0.0012334707425907254, 0.0030646829400211573, -0.00047092142631299794, -0.0003038303111679852,
)  # fmt: skip
_SMALL = 0.5


def _small(m: Machine, x: Value) -> tuple[float, Value]:
    """erf(x) for small |x| is the first times x plus the second."""
    square = x * x
    first, second = m.pick(_SLOPE, _SLOPE_SINGLE)
    return first, x * m.fma(square, m.polynomial(square, m.pick(_ERF, _ERF_SINGLE)), second)


def _complement(m: Machine, size: Value) -> Value:
    """erfc of a positive number that is not small."""
    size = m.minimum(size, m.pick(27.5, 10.3))
    divisor, divisor_low = m.two_sum(size, m.value(3.0))
    inverse = 1.0 / divisor
    inverse_low = m.fma(-inverse, divisor_low, m.fma(-inverse, divisor, 1.0)) * inverse
    numerator, numerator_low = m.fast_two_sum(-3.0, size)
    q_more = m.fma(numerator, inverse_low, numerator_low * inverse)
    q = m.fma(numerator, inverse, q_more)
    q_low = m.fma(numerator, inverse, -q) + q_more
    # P(q) = middle + q (first + q rest), the two sums with their errors. The slope of P there is about 2 slope - first.
    middle, middle_low = m.pick(_MIDDLE, _MIDDLE_SINGLE)
    first, *others = m.pick(_ERFC, _ERFC_SINGLE)
    rest = m.fma(q, m.polynomial(q, others[1:]), others[0])
    slope = m.fma(q, rest, first)
    slope_low = m.fma(q, rest, first - slope)
    value = m.fma(q, slope, middle)
    value_low = m.fma(q, slope_low, m.fma(q, slope, middle - value)) + m.fma(q_low, slope + (slope - first), middle_low)
    square, square_low = m.two_product(size, size)
    power, decay, decay_low = exp_pair(m, -square, -square_low)
    part, part_low = m.two_product(inverse, value)
    part_low = part_low + m.fma(inverse, value_low, inverse_low * value)
    product, product_low = m.two_product(part, decay)
    return scale(m, product + m.fma(part, decay_low, m.fma(part_low, decay, product_low)), power)


def erf(m: Machine, x: Value) -> Value:
    first, rest = _small(m, x)
    size = abs(x)
    large = m.copysign(1.0 - _complement(m, size), x)
    return m.select(size < _SMALL, m.select(x == 0.0, x, m.fma(x, first, rest)), large)


def erfc(m: Machine, x: Value) -> Value:
    first, rest = _small(m, x)
    size = abs(x)
    complement = _complement(m, size)
    large = m.select(x < 0.0, 2.0 - complement, complement)
    return m.select(size < _SMALL, m.fma(-x, first, 1.0) - rest, large)
