"""Proofs that subscripts are those of an element, whatever branches are taken.

In: the region tree. Out: `Ranges.in_range(array, index)`. The lengths that are compared with are those of an
allocation, or of a parameter where the function asks for them.
"""

from __future__ import annotations

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.identity import Identities
from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Alloc, Atom, Dim, Sym


class Ranges:
    """Answers about subscripts of one function."""

    def __init__(self, regions: Regions) -> None:
        self._identities = Identities(regions)
        self._forms = AffineForms(regions)
        asked = (s for s in regions.of_statement if isinstance(s, Dim))
        self._lengths = {(s.array, s.axis): s.result for s in asked}

    def in_range(self, array: Sym, index: tuple[Atom, ...]) -> bool:
        """Is this an element, counted from the front, in every iteration of the loops around? `False` means "not
        proven"."""
        return all(self._within(array, axis, atom) for axis, atom in enumerate(index))

    def _within(self, array: Sym, axis: int, atom: Atom) -> bool:
        length = self._length(array, axis)
        if length is None:
            return False
        subscript = self._forms.of(atom)
        rest = self._forms.of(length).plus(Affine(1), -1).plus(subscript, -1)
        return self._forms.never_negative(subscript) and self._forms.never_negative(rest)

    def _length(self, array: Sym, axis: int) -> Atom | None:
        allocation = self._identities.allocation(array)
        if isinstance(allocation, Alloc) and allocation.result is array:
            return allocation.shape[axis]
        return self._lengths.get((array, axis))
