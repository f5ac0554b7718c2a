"""The frontend: from a Python function to the typed IR.

The imports below fill the tables of handlers; `lower` is the entry point.
"""

from srcgrad.frontend import attributes as attributes
from srcgrad.frontend import comparisons as comparisons
from srcgrad.frontend import complex_numbers as complex_numbers
from srcgrad.frontend import comprehensions as comprehensions
from srcgrad.frontend import displays as displays
from srcgrad.frontend import inline as inline
from srcgrad.frontend import loops as loops
from srcgrad.frontend import lower_expr as lower_expr
from srcgrad.frontend import lower_stmt as lower_stmt
from srcgrad.frontend import math_calls as math_calls
from srcgrad.frontend import matrix_products as matrix_products
from srcgrad.frontend import names as names
from srcgrad.frontend import numbas as numbas
from srcgrad.frontend import numpy_arrays as numpy_arrays
from srcgrad.frontend import numpy_einsum as numpy_einsum
from srcgrad.frontend import numpy_extremes as numpy_extremes
from srcgrad.frontend import numpy_joining as numpy_joining
from srcgrad.frontend import numpy_products as numpy_products
from srcgrad.frontend import numpy_ranges as numpy_ranges
from srcgrad.frontend import numpy_reductions as numpy_reductions
from srcgrad.frontend import numpy_shapes as numpy_shapes
from srcgrad.frontend import numpy_types as numpy_types
from srcgrad.frontend import python_calls as python_calls
from srcgrad.frontend import python_sequences as python_sequences
from srcgrad.frontend import python_types as python_types
from srcgrad.frontend import raising as raising
from srcgrad.frontend import reduce as reduce
from srcgrad.frontend import setting as setting
from srcgrad.frontend import subscripts as subscripts
from srcgrad.frontend import text as text
from srcgrad.frontend.context import Inner
from srcgrad.frontend.entry import Lowered, lower

__all__ = ["Inner", "Lowered", "lower"]
