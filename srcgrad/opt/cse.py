"""Common subexpressions: the same operation on the same operands is done once.

In, out: a `Function`. A `Let` or `Dim` that repeats one whose result is in scope gives way to it; so does a `Load`
from memory that the function never stores into (nor hands to a call).

    t = mul x, y                        t = mul x, y
    for i in range(0, n, 1):      =>    for i in range(0, n, 1):
        u = mul y, x                        store a[i] = t
        store a[i] = u
"""

from __future__ import annotations

from srcgrad.ir.alias import AliasClasses, alias_classes
from srcgrad.ir.nodes import Atom, Block, Dim, Function, Let, Load, Statement, Sym, written_arrays
from srcgrad.ir.visit import walk
from srcgrad.opt.rewrite import Rewriter, atom_key, with_helpers


def cse(function: Function) -> Function:
    """The function with repeated expressions merged; the same object when there are none."""
    return with_helpers(function, lambda f: _Merger(f).block(f.body))


def written_classes(function: Function, classes: AliasClasses) -> set[Sym]:
    """The alias classes that the function may write to, itself or through a call."""
    written: set[Sym] = set()
    for statement in walk(function.body):
        written.update(map(classes.root, written_arrays(statement)))
    return written


class _Merger(Rewriter):
    """`seen` maps an expression to the symbol that holds it; leaving a block forgets what was defined there."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.classes = alias_classes(function)
        self.written = written_classes(function, self.classes)
        self.seen: dict[object, Sym] = {}
        self.trail: list[object] = []

    def block(self, block: Block) -> Block:
        mark = len(self.trail)
        result = super().block(block)
        for key in self.trail[mark:]:
            del self.seen[key]
        del self.trail[mark:]
        return result

    def statement(self, s: Statement, out: list[Statement]) -> None:
        s = self.renamed(s)
        keys = self.keys(s)
        if not keys:
            out.append(s)
            return
        assert isinstance(s, (Let, Dim, Load))
        for key in keys:
            if (twin := self.seen.get(key)) is not None:
                self.mapping[s.result] = twin
                return
        self.seen[keys[0]] = s.result
        self.trail.append(keys[0])
        out.append(s)

    def keys(self, s: Statement) -> list[object]:
        """The names under which the value of a statement may be found; none when it may not be merged."""
        match s:
            case Let(op=op, arguments=arguments):
                operands = _keys(arguments)
                return [(op, operands), (op, operands[::-1])] if op.commutative else [(op, operands)]
            case Dim(array=array, axis=axis):
                return [("dim", array, axis)]
            case Load(array=array, index=index) if self.classes.root(array) not in self.written:
                return [("load", array, _keys(index))]
            case _:
                return []


def _keys(atoms: tuple[Atom, ...]) -> tuple[object, ...]:
    return tuple(map(atom_key, atoms))
