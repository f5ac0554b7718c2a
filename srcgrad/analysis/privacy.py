"""Work arrays: memory that each iteration of a loop fills before it reads it, so that each can have its own.

In: the regions of a function. Out: the arrays, made in front of a loop and used nowhere else, of which every element
that an iteration loads was stored by the same iteration before: by a store that runs through the same elements, or,
of tapes, because that is what they are for.
"""

from __future__ import annotations

from srcgrad.analysis.affine import Affine, AffineForms
from srcgrad.analysis.regions import Regions
from srcgrad.ir.nodes import Alloc, Atom, For, Load, Statement, Store, Sym, operands
from srcgrad.ir.visit import walk

Path = tuple[Statement, ...]


class Privacy:
    """Answers about the work arrays of one function."""

    def __init__(self, regions: Regions, forms: AffineForms) -> None:
        self._regions = regions
        self._forms = forms
        self._users: dict[Sym, list[Statement]] = {}
        self._handed = {atom for region in regions.of_block.values() for atom in region.block.results}
        self._handed.update(regions.root.block.results)
        for s in regions.of_statement:
            for atom in operands(s):
                if isinstance(atom, Sym):
                    self._users.setdefault(atom, []).append(s)

    def work_arrays(self, loop: For) -> list[Alloc]:
        """The work arrays of a loop, where they are made."""
        arrays = dict.fromkeys(s.array for s in walk(loop.body) if isinstance(s, (Load, Store)))
        found = [self._regions.definition.get(array) for array in arrays]
        return [made for made in found if isinstance(made, Alloc) and self._is_private(loop, made)]

    def _is_private(self, loop: For, made: Alloc) -> bool:
        if made.result in self._handed or self._path(loop, made) is not None:
            return False  # seen outside, or made inside
        paths: dict[Statement, Path] = {}
        for s in self._users.get(made.result, []):
            path = self._path(loop, s)
            if path is None or not isinstance(s, (Load, Store)) or made.result in s.index or _value(s) is made.result:
                return False
            paths[s] = path
        if made.tape:  # both sweeps are in there: the reverse one, of each iteration, reads what the forward one left
            return True
        stores = [s for s in paths if isinstance(s, Store) and not s.accumulate]
        reads = [s for s in paths if isinstance(s, Load) or (isinstance(s, Store) and s.accumulate)]
        return all(any(self._covers(store, paths[store], s, paths[s]) for store in stores) for s in reads)

    def _path(self, loop: For, statement: Statement) -> Path | None:
        """The statements from the body of the loop down to this one; None for one outside."""
        path: list[Statement] = [statement]
        region = self._regions.of_statement[statement]
        while region.owner is not loop:
            if region.owner is None or region.parent is None:
                return None
            path.insert(0, region.owner)
            region = region.parent
        return tuple(path)

    def _covers(self, store: Store, fill: Path, access: Load | Store, use: Path) -> bool:
        """Has the store, in the same iteration, set whatever element the access touches?"""
        common = 0
        while fill[common] is use[common]:
            common += 1
            if common in (len(fill), len(use)):
                return False
        if self._regions.position[fill[common]] > self._regions.position[use[common]]:
            return False
        filling, using = fill[common:-1], [s for s in use[common:-1] if isinstance(s, For)]
        if not all(isinstance(s, For) for s in (*fill[:common], *filling)) or len(filling) != len(using):
            return False
        renamed: dict[Sym, Sym] = {}
        for a, b in zip(filling, using):
            assert isinstance(a, For)
            if not all(self._same(x, y, renamed) for x, y in ((a.start, b.start), (a.stop, b.stop), (a.step, b.step))):
                return False
            renamed[b.index] = a.index
        return all(self._same(x, y, renamed) for x, y in zip(store.index, access.index, strict=True))

    def _same(self, x: Atom, y: Atom, renamed: dict[Sym, Sym]) -> bool:
        """Is the one subscript what the other is, with the indices of one nest for those of the other?"""
        form = self._forms.of(y)
        turned = Affine(form.constant, tuple((renamed.get(s, s), c) for s, c in form.terms))
        return not self._forms.of(x).plus(turned, -1).terms and self._forms.of(x).constant == turned.constant


def _value(s: Load | Store) -> Atom | None:
    return s.value if isinstance(s, Store) else None
