"""Does a stencil reach all of an array?

In: the loops of a nest, and the distances at which it adds. Out: the length of the array in a dimension, where the
elements that the nest can add to are all that there are (if it runs at all): a loop to `n - 2`, or to `max(n - 2, 0)`,
which adds at distances 0 to 2, comes to all of `n`. Code over all of the array needs no other bounds, and what it adds
to zeros it can assign.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Alloc, Atom, Const, For, Let, Sym


@dataclass(frozen=True)
class Coverage:
    """Answers for one function."""

    regions: Regions
    forms: AffineForms

    def length(self, loop: For, least: int, most: int, array: Sym, axis: int) -> Atom | None:
        """The length of the array along the axis, where the loop's indices plus `least` to `most` come to all of it
        and to nothing beyond it; else `None`."""
        made = self.regions.definition.get(array)
        start = self.forms.of(loop.start).plus(Affine(least))
        if not isinstance(made, Alloc) or start.terms or start.constant > 0:
            return None
        length = made.shape[axis]
        beyond = self._at_least(self.forms.of(loop.stop)).plus(self.forms.of(length), -1)
        return length if not beyond.terms and beyond.constant + most >= 0 else None

    def _at_least(self, form: Affine) -> Affine:
        """A form that is not greater: for the greater of a form and a number, that form."""
        for symbol, coefficient in form.terms:
            made = self.regions.definition.get(symbol)
            if coefficient == 1 and isinstance(made, Let) and made.op.name == "maximum":
                others = [atom for atom in made.arguments if not isinstance(atom, Const)]
                if len(others) == 1:
                    return form.without(symbol).plus(self.forms.of(others[0]))
        return form
