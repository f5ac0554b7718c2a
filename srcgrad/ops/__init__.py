"""The operation table. Importing this package registers every operation; `registry` finds them."""

from srcgrad.ops import arithmetic as arithmetic
from srcgrad.ops import casts as casts
from srcgrad.ops import elementwise as elementwise
