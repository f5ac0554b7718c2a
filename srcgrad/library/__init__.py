"""NumPy functions written in the Python that the compiler reads.

They are *quoted*: a call of `np.tile` is lowered as a call of `library.shapes.tile`, so these functions are compiled,
fused and differentiated like the user's own. Each is also right as plain Python, which the tests compare with NumPy.
"""

from srcgrad.library import algebra as algebra
from srcgrad.library import decompositions as decompositions
from srcgrad.library import elements as elements
from srcgrad.library import order as order
from srcgrad.library import padding as padding
from srcgrad.library import picking as picking
from srcgrad.library import quantiles as quantiles
from srcgrad.library import reductions as reductions
from srcgrad.library import series as series
from srcgrad.library import shapes as shapes
from srcgrad.library import triangles as triangles
from srcgrad.library import ufuncs as ufuncs
from srcgrad.library.quoting import quoted, refuse

__all__ = ["quoted", "refuse"]
