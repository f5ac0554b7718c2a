"""Store-to-load forwarding: reading back what was just written, or just read, needs no memory access.

In, out: a `Function`. A `Load` takes the value of an earlier `Store` to (or `Load` from) the same array symbol with
the same subscripts, when nothing that may write the element stands between.

    store a[i] = t                store a[i] = t
    u = load a[i]           =>    v = mul t, y
    v = mul u, y

"May write" is decided by alias class; in a nested block, by what the whole block (or loop) writes. Stores with
different constant subscripts to the same symbol are known to be apart. A store that accumulates is forgotten.
"""

from __future__ import annotations

from srcgrad.ir.alias import alias_classes
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Const,
    External,
    For,
    Function,
    Let,
    Load,
    Product,
    Statement,
    Store,
    Sym,
    While,
    blocks,
    written_arrays,
)  # fmt: skip
from srcgrad.ir.types import same_value_type
from srcgrad.ir.visit import map_atoms
from srcgrad.opt.rewrite import Rewriter, atom_key, with_helpers, written_classes

_MOST_KNOWN = 64  # elements remembered per alias class, so that long unrolled code stays linear

Place = tuple[Sym, tuple[Atom, ...]]
Known = dict[object, tuple[Place, Atom]]


def forward_store(function: Function) -> Function:
    """The function with loads replaced by values known to be there; the same object when there are none."""
    return with_helpers(function, lambda f: _Forwarder(f).block(f.body))


def _never_negative(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.value >= 0


def certainly_apart(a: Place, b: Place) -> bool:
    """Two places of one array symbol that differ in a constant subscript (negative ones wrap: undecided)."""
    if a[0] is not b[0]:
        return False
    return any(
        _never_negative(i) and _never_negative(j) and atom_key(i) != atom_key(j) for i, j in zip(a[1], b[1])
    )


class _Forwarder(Rewriter):
    """`known[class]` holds elements with known values; the inner dictionaries are never changed, only replaced."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.classes = alias_classes(function)
        self.writes = written_classes(function, self.classes)
        self.known: dict[Sym, Known] = {}

    def statement(self, s: Statement, out: list[Statement]) -> None:
        match s:
            case Let():
                out.append(self.renamed(s))
            case Load():
                self.load(s, out)
            case Store():
                self.store(s, out)
            case Call() | Product() | External():
                for array in written_arrays(s):
                    self.known.pop(self.classes.root(array), None)
                out.append(self.renamed(s))
            case _ if blocks(s):
                self.nested(s, out)
            case _:
                out.append(self.renamed(s))

    def load(self, s: Load, out: list[Statement]) -> None:
        new = self.renamed(s)
        assert isinstance(new, Load)
        place = (new.array, new.index)
        found = self.known.get(self.classes.root(s.array), {}).get(_key(place))
        if found is not None and same_value_type(found[1].type, s.result.type):
            self.mapping[s.result] = found[1]
            return
        self.learn(place, s.result)
        out.append(new)

    def store(self, s: Store, out: list[Statement]) -> None:
        new = self.renamed(s)
        assert isinstance(new, Store)
        place = (new.array, new.index)
        root = self.classes.root(s.array)
        known = self.known.get(root, {})
        self.known[root] = {key: entry for key, entry in known.items() if certainly_apart(entry[0], place)}
        if not s.accumulate:
            self.learn(place, new.value)
        out.append(new)

    def learn(self, place: Place, value: Atom) -> None:
        root = self.classes.root(place[0])
        known = self.known.get(root, {})
        if len(known) >= _MOST_KNOWN:
            known = {}
        self.known[root] = {**known, _key(place): (place, value)}

    def nested(self, s: Statement, out: list[Statement]) -> None:
        """Into a branch goes all that is known before it; into a loop, and past either, what it does not write."""
        kept = {root: known for root, known in self.known.items() if root not in self.writes[s]}
        inside = kept if isinstance(s, (For, While)) else self.known

        def inner(block: Block) -> Block:
            self.known = dict(inside)
            return self.block(block)

        out.append(map_atoms(s, self.atom, inner))
        self.known = kept


def _key(place: Place) -> object:
    return (place[0], tuple(map(atom_key, place[1])))
