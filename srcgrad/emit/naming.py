"""Variables: which values share one, and what it is called.

In: the interference graph. Out: `Names`, a Python name for every printed value. Values that a copy connects (what a
loop carries, what a branch yields) share a variable where they do not interfere, so that the copy disappears; then
values of one hint and type do, so that `r2` in two loops is `r2` twice. The result is deterministic: everything goes
by program order.
"""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Iterable, Iterator

from srcgrad.emit.folding import Folding
from srcgrad.emit.interference import Interference
from srcgrad.emit.uses import Copy
from srcgrad.ir.nodes import Block, Const, For, Function, If, Let, Load, Sym, While, blocks
from srcgrad.ir.types import Scalar, Type, same_value_type
from srcgrad.ir.visit import walk

GENERIC = "t"
_RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))
_MODULES = frozenset((
    "np", "math", "prange", "uint64", "atomics", "blas", "complex_blas", "denormals", "lapack", "mem", "par", "special",
    "stacks", "vm", "dev", "atomic", "integer", "_",
))  # fmt: skip


_MOST_SHARED = 400  # values


def base_name(hint: str) -> str:
    """A valid Python identifier close to the hint."""
    text = unicodedata.normalize("NFKC", "".join(c if c.isalnum() or c == "_" else "_" for c in hint))
    if not text.strip("_"):
        return GENERIC
    if not text.isidentifier():
        text = f"v_{text}" if f"v_{text}".isidentifier() else GENERIC
    return f"{text}_" if text in _RESERVED else text


def unique_name(hint: str, taken: Iterable[str]) -> str:
    """A name close to the hint that is not taken."""
    used = {*taken, *_MODULES}
    base = name = base_name(hint)
    number = 0
    while name in used:
        number += 1
        name = f"{base}_{number}"
    return name


class Names:
    """The variables of one function."""

    def __init__(self, function: Function, folding: Folding, graph: Interference, taken: Iterable[str] = ()) -> None:
        self._graph = graph
        self._folding = folding
        self._parent = list(range(len(graph.members)))
        self._members = [list(members) for members in graph.members]
        self._edges = [set(edges) for edges in graph.neighbours]
        self._params = {graph.node(p) for p in function.params}
        self._coalesce(function)
        if len(self._parent) <= _MOST_SHARED:
            self._share()
        self._used: set[str] = set(taken) | _MODULES
        self._name: dict[int, str] = {}
        for param in function.params:
            self._name[self._find(graph.node(param))] = self.fresh(param.hint)
        for node in range(len(self._parent)):
            root = self._find(node)
            if root not in self._name and any(map(self._is_variable, self._members[root])):
                self._name[root] = self.fresh(self._hint(root))

    def __getitem__(self, symbol: Sym) -> str:
        """The name of the variable that holds a value."""
        return self._name[self._find(self._graph.node(symbol))]

    def fresh(self, hint: str) -> str:
        """A name that nothing else in the function has."""
        name = unique_name(hint, self._used)
        self._used.add(name)
        return name

    def _is_printed(self, symbol: Sym) -> bool:
        return self._folding.expression(symbol) is None

    # -- classes of nodes -----------------------------------------------------------------------------------------

    def _find(self, node: int) -> int:
        while self._parent[node] != node:
            self._parent[node] = node = self._parent[self._parent[node]]
        return node

    def _merge(self, a: int, b: int) -> bool:
        """Give two nodes one variable, unless they interfere (or a parameter would lose its name)."""
        a, b = sorted((self._find(a), self._find(b)))
        if a == b:
            return True
        if b in self._edges[a] or not self._may_share(a, b):
            return False
        self._parent[b] = a
        self._members[a] += self._members[b]
        for other in self._edges[b]:
            self._edges[other].discard(b)
            self._edges[other].add(a)
        self._edges[a] |= self._edges[b]
        return True

    def _may_share(self, a: int, b: int) -> bool:
        if not same_value_type(self._members[a][0].type, self._members[b][0].type):
            return False
        if a in self._params or b in self._params:  # parameters have the lowest numbers: they are roots
            hints = {self._hint(a), self._hint(b)} - {GENERIC}
            return len(hints) <= 1 and not (a in self._params and b in self._params)
        return True

    def _hint(self, node: int) -> str:
        """The best hint of a class: a parameter of the function, else of a loop, else the first that says something."""
        members = self._members[node]
        if node in self._params:
            return base_name(members[0].hint)
        carried = [base_name(s.hint) for s in members if self._is_carried(s)]
        others = [base_name(self._own_hint(s)) for s in members if self._is_printed(s)]
        return next((hint for hint in (*carried, *others) if hint != GENERIC), GENERIC)

    def _own_hint(self, symbol: Sym) -> str:
        """The hint of a symbol; an element without one is called after its place: `x_i` for `x[i]`."""
        definition = self._folding.uses.definition.get(symbol)
        if symbol.hint != GENERIC:
            return symbol.hint
        if isinstance(definition, If):  # a load under a condition
            yielded = definition.then.results[definition.results.index(symbol)]
            definition = self._folding.uses.definition.get(yielded) if isinstance(yielded, Sym) else None
        if not isinstance(definition, Load):
            return GENERIC
        parts = [str(a.value) if isinstance(a, Const) else a.hint for a in definition.index]
        place = "".join(parts)
        if any(len(part) > 1 or not part.isalnum() for part in parts) or GENERIC in parts or not place:
            return GENERIC
        return f"{definition.array.hint}_{place}"

    def _is_carried(self, symbol: Sym) -> bool:
        definition = self._folding.uses.definition.get(symbol)
        return isinstance(definition, For | While) and symbol in definition.parameters

    # -- coalescing -----------------------------------------------------------------------------------------------

    def _coalesce(self, function: Function) -> None:
        """Merge along copies: inner loops first, and first those that keep the user's name."""
        found = list(self._affinities(function.body, 0))
        ranked = sorted(
            range(len(found)),
            key=lambda k: (not _same_hint(found[k][1]), -found[k][0], k),
        )
        for k in ranked:
            copy = found[k][1]
            assert isinstance(copy.source, Sym)
            self._merge(self._graph.node(copy.target), self._graph.node(copy.source))
        for statement in walk(function.body):
            if isinstance(statement, Let) and self._is_variable(statement.result):
                old = statement.arguments[0]
                if not isinstance(old, Sym) or old.hint == GENERIC or old.hint != statement.result.hint:
                    continue
                if self._is_printed(old):
                    self._merge(self._graph.node(statement.result), self._graph.node(old))

    def _is_variable(self, symbol: Sym) -> bool:
        """Is the value assigned to a variable in the text? (An index is, used or not.)"""
        uses = self._folding.uses
        if uses.needed(symbol):
            return self._is_printed(symbol)
        definition = uses.definition.get(symbol)
        return isinstance(definition, For) and symbol is definition.index and uses.printed(definition)

    def _affinities(self, block: Block, depth: int) -> Iterator[tuple[int, Copy]]:
        """Every copy from a variable, with its loop depth."""
        uses = self._folding.uses
        for statement in block.statements:
            if not isinstance(statement, If | For | While) or not uses.printed(statement):
                continue
            inner_depth = depth + (not isinstance(statement, If))
            for inner in blocks(statement):
                yield from self._affinities(inner, inner_depth)
                if not (isinstance(statement, While) and inner is statement.condition):
                    for copy in uses.at_end(statement, inner):
                        if isinstance(copy.source, Sym) and self._is_printed(copy.source):
                            yield inner_depth, copy
            if isinstance(statement, For | While):
                for copy in uses.before(statement):
                    if isinstance(copy.source, Sym) and self._is_printed(copy.source):
                        yield depth, copy

    def _share(self) -> None:
        """Merge classes of one hint and one type: fewer names to read. (Not in a long function: there one name for many
        things is no help, and Numba takes a pass over the function for each variable that is set more than once.)"""
        groups: dict[tuple[object, ...], list[int]] = {}
        for node in range(len(self._parent)):
            members = self._members[node]
            if self._find(node) != node or (not any(map(self._is_variable, members)) and node not in self._params):
                continue
            kinds = {_kind(s.type) for s in members}
            if len(kinds) > 1:
                continue
            group = groups.setdefault((self._hint(node), *kinds), [])
            if not any(self._merge(other, node) for other in group[-8:]):
                group.append(node)


def _kind(type_: Type) -> object:
    """What Numba tells apart: the dtype of a scalar, everything about an array."""
    return type_.dtype if isinstance(type_, Scalar) else type_


def _same_hint(copy: Copy) -> bool:
    return isinstance(copy.source, Sym) and copy.source.hint == copy.target.hint
