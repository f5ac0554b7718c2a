"""The operation table. Importing this package registers every operation; `registry` finds them."""

from srcgrad.ops import arithmetic as arithmetic
from srcgrad.ops import casts as casts
from srcgrad.ops import complex_parts as complex_parts
from srcgrad.ops import elementary as elementary
from srcgrad.ops import integers as integers
from srcgrad.ops import special as special
