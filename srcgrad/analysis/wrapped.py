"""Subscripts that wrap around: `(i + 1) % n` runs once through all that are below n, as i does.

In: two accesses of one array, each in an iteration of its own of a loop. Out: a proof that they touch different
elements. The proof may use that the other subscripts are equal, for else the elements differ anyhow:
`a[k, (i - c[k]) % n]` is written by no two iterations of a loop over i, whatever k is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Atom, Const, For, Let, Sym

_DEEPEST = 24
_Index = tuple[Atom, ...]
_Shared = dict[Sym, int]


class Wrapped:
    """Answers about the subscripts of one function. `fixed(loop, symbol)` says whether a symbol has one value while the
    loop runs."""

    def __init__(self, regions: Regions, forms: AffineForms, fixed: Callable[[For, Sym], bool]) -> None:
        self._regions = regions
        self._forms = forms
        self._fixed = fixed

    def apart(self, loop: For, first: _Index, second: _Index) -> bool:
        """Do the elements at two subscripts, of two iterations, certainly differ?"""
        shared = self._shared(loop, first, second)
        return any(self._differ(loop, x, y, shared) for x, y in zip(first, second, strict=True))

    def _shared(self, loop: For, first: _Index, second: _Index) -> tuple[_Shared, _Shared]:
        """The indices of inner loops that are subscripts of both at one position, of the first and of the second: taken
        to be equal. (A subscript that may be negative can be equal to another one and mean another element.)"""
        found: tuple[_Shared, _Shared] = ({}, {})
        for position, pair in enumerate(zip(first, second, strict=True)):
            if all(self._is_inner_index(loop, s) for s in pair):
                for own, symbol in zip(found, pair, strict=True):
                    own.setdefault(symbol, position)  # type: ignore[arg-type]
        return found

    def _is_inner_index(self, loop: For, atom: Atom) -> bool:
        if not isinstance(atom, Sym) or atom is loop.index or not self._regions.is_index(atom):
            return False
        return self._forms.never_negative(self._forms.of(atom))

    def _differ(self, loop: For, x: Atom, y: Atom, shared: tuple[_Shared, _Shared]) -> bool:
        one, other = self._wrap(x), self._wrap(y)
        if one is None or other is None or one[1] != other[1] or not self._runs_below(loop, one[1]):
            return False
        a, b = one[0].coefficient(loop.index), other[0].coefficient(loop.index)
        if a != b or abs(a) != 1:
            return False
        forms = (form.without(loop.index) for form in (one[0], other[0]))
        rests = [self._meaning(loop, form, own) for form, own in zip(forms, shared, strict=True)]
        return rests[0] is not None and rests[0] == rests[1]

    def _wrap(self, atom: Atom) -> tuple[Affine, Affine] | None:
        """The forms of the dividend and of the divisor of a remainder."""
        made = self._regions.definition.get(atom) if isinstance(atom, Sym) else None
        if not isinstance(made, Let) or made.op.name != "mod" or not made.result.type.is_int:  # type: ignore[union-attr]
            return None
        return self._forms.of(made.arguments[0]), self._forms.of(made.arguments[1])

    def _runs_below(self, loop: For, length: Affine) -> bool:
        """Are all values of the index less than `length`, and none negative?"""
        if loop.step != Const(1, loop.step.type) or not isinstance(loop.start, Const) or loop.start.value < 0:  # type: ignore[arg-type]
            return False
        gap = length.plus(self._forms.of(loop.stop), -1)
        return not gap.terms and gap.constant >= 0

    def _meaning(self, loop: For, form: Affine, shared: _Shared) -> Hashable:
        """What a form is computed from, if that is the same in all iterations where the shared indices are equal."""
        terms: Counter[Hashable] = Counter()
        for symbol, factor in form.terms:
            tree = self._tree(loop, symbol, shared, 0)
            if tree is None:
                return None
            terms[tree] += factor
        return (form.constant, frozenset(terms.items()))

    def _tree(self, loop: For, atom: Atom, shared: _Shared, depth: int) -> Hashable:
        if isinstance(atom, Const):
            return ("const", repr(atom.value), atom.type)
        if atom in shared:
            return ("shared", shared[atom])
        if self._fixed(loop, atom):
            return atom
        made = self._regions.definition.get(atom)
        if not isinstance(made, Let) or depth > _DEEPEST:
            return None
        parts = tuple(self._tree(loop, a, shared, depth + 1) for a in made.arguments)
        return None if any(part is None for part in parts) else (made.op.name, atom.type, parts)

