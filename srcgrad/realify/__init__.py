"""Complex numbers as pairs of real ones: between the frontend and everything else, and back at the entry point."""

from srcgrad.realify.border import Border, border_of, joined_spec, parts_spec, seeds_of, with_complex_border
from srcgrad.realify.rewrite import realify

__all__ = ["Border", "border_of", "joined_spec", "parts_spec", "realify", "seeds_of", "with_complex_border"]
