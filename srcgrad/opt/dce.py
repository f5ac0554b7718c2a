"""Dead code: whatever no result and no effect depends on.

In, out: a `Function`. Liveness is marked backwards from the results and the effects (`Raise`, `Print`, `Call`), then
everything unmarked is dropped: statements, branch results, and carried values that only feed themselves.

    a = alloc (n) fill 0.0                  (a is never read: the store goes, then the array, then the loop)
    for i in range(0, n, 1):          =>
        store a[i] = t

Memory is treated by alias class: stores into a class are alive when a live statement reads it (other than in front of
the outermost loop or branch that the store is in), hands it on or returns it, or when it belongs to the caller. The
pushes and pops of a stack live and die together, since removing one would shift the others. A `While` without effects
and without used results is taken to end.
"""

from __future__ import annotations

from srcgrad.ir.alias import AliasClasses, alias_classes, is_reference
from srcgrad.ir.nodes import (
    Atom,
    Block,
    Call,
    Copy,
    External,
    For,
    Function,
    If,
    Load,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Statement,
    Store,
    Sym,
    While,
    blocks,
    definitions,
    operands,
)  # fmt: skip
from srcgrad.ir.types import Stack
from srcgrad.ir.visit import inner_symbols, map_atoms
from srcgrad.opt.carried import keep_slots
from srcgrad.opt.rewrite import with_helpers

Loop = (For, While)


def dce(function: Function) -> Function:
    """The function without dead code; the same object when all of it is alive."""
    return with_helpers(function, lambda f: _sweep(f.body, _Liveness(f)))


class _Liveness:
    """The marking phase: what is alive, found from a work list of symbols."""

    def __init__(self, function: Function) -> None:
        self.symbols: set[Sym] = set()
        self.statements: set[Statement] = set()
        self.slots: set[tuple[Statement, int]] = set()
        self._classes: AliasClasses = alias_classes(function)
        self._pending: list[Sym] = []
        self._parent: dict[Statement, Statement | None] = {}
        self._origin: dict[Sym, Statement] = {}
        self._slot: dict[Sym, int] = {}
        self._stores: dict[Sym, list[Statement]] = {}  # by alias class
        self._place: dict[Statement, int] = {s: k for k, s in enumerate(function.body.statements)}
        self._stack_uses: dict[Sym, list[Statement]] = {}  # by alias class
        effects: list[Statement] = []
        self._index(function.body, None, effects)
        for param in function.params:
            self._escape(param)
        for statement in effects:
            self._live(statement)
        for atom in function.body.results:
            self._use(atom)
            self._escape(atom)
        while self._pending:
            self._spread(self._pending.pop())

    def _index(self, block: Block, parent: Statement | None, effects: list[Statement]) -> None:
        for s in block.statements:
            self._parent[s] = parent
            if parent is not None:
                self._place[s] = self._place[parent]
            for symbol in definitions(s):
                self._origin[symbol] = s
            match s:
                case Store() | Product():
                    self._stores.setdefault(self._classes.root(s.array), []).append(s)
                case External(outputs=outputs):
                    for array in outputs:
                        self._stores.setdefault(self._classes.root(array), []).append(s)
                case Push() | Pop():
                    self._stack_uses.setdefault(self._classes.root(s.stack), []).append(s)
                case Raise() | Print() | Call():
                    effects.append(s)
                case If() | For() | While():
                    self._slot.update((symbol, k) for k, symbol in enumerate(s.results))
                    if isinstance(s, Loop):
                        self._slot.update((symbol, k) for k, symbol in enumerate(s.parameters))
                    for symbol in inner_symbols(s):
                        self._origin[symbol] = s
            for inner in blocks(s):
                self._index(inner, s, effects)

    # -- marking ----------------------------------------------------------------------------------------------

    def _use(self, atom: Atom) -> None:
        if isinstance(atom, Sym) and atom not in self.symbols:
            self.symbols.add(atom)
            self._pending.append(atom)

    def _spread(self, symbol: Sym) -> None:
        """A live symbol makes its definition live, and for a slot what flows into it."""
        s = self._origin.get(symbol)
        if s is None:
            return
        self._live(s)
        k = self._slot.get(symbol)
        if k is None or (s, k) in self.slots:
            return
        self.slots.add((s, k))
        match s:
            case If(then=then, orelse=orelse):
                self._use(then.results[k])
                self._use(orelse.results[k])
            case For(initial=initial, body=body) | While(initial=initial, body=body):
                self._use(initial[k])
                self._use(body.results[k])

    def _live(self, statement: Statement) -> None:
        """Mark a statement, those it is nested in, and what they use to run at all."""
        current: Statement | None = statement
        while current is not None and current not in self.statements:
            self.statements.add(current)
            self._demand(current)
            current = self._parent[current]

    def _demand(self, s: Statement) -> None:
        match s:
            case If(condition=condition):
                self._use(condition)
            case For(start=start, stop=stop, step=step):
                for atom in (start, stop, step):
                    self._use(atom)
            case While(condition=condition):
                self._use(condition.results[0])
            case _:
                for atom in operands(s):
                    self._use(atom)
        match s:
            case Load(array=array) | Copy(array=array):
                self._read(array, self._place[s])
            case Product(left=left, right=right):
                self._read(left, self._place[s])
                self._read(right, self._place[s])
            case External(inputs=inputs):
                for array in inputs:
                    self._read(array, self._place[s])
            case Pop(stack=stack) | Push(stack=stack):
                self._pair(stack)
            case Call(arguments=arguments):
                for atom in arguments:
                    self._escape(atom)

    def _read(self, array: Sym, place: int) -> None:
        """The statement at a place of the outermost block sees the contents of an array: the stores into its class, up
        to there, matter."""
        root = self._classes.root(array)
        stores = self._stores.pop(root, [])
        self._stores[root] = [s for s in stores if self._place[s] > place]
        for store in stores:
            if self._place[store] <= place:
                self._live(store)

    def _pair(self, stack: Sym) -> None:
        """Someone uses a stack: all its pushes and pops matter."""
        for use in self._stack_uses.pop(self._classes.root(stack), ()):
            self._live(use)

    def _escape(self, atom: Atom) -> None:
        """A reference that others see, and with it all that it leads to."""
        if isinstance(atom, Sym) and is_reference(atom):
            self._read(atom, len(self._place))
            if isinstance(atom.type, Stack):
                self._pair(atom)


def _sweep(block: Block, live: _Liveness) -> Block:
    """The block without what is not alive."""
    out: list[Statement] = []
    changed = False
    for s in block.statements:
        new = _swept(s, live) if s in live.statements else None
        changed = changed or new is not s
        if new is not None:
            out.append(new)
    return Block(tuple(out), block.results) if changed else block


def _swept(s: Statement, live: _Liveness) -> Statement:
    if not isinstance(s, (If, For, While)):
        return s
    new = map_atoms(s, lambda atom: atom, lambda inner: _sweep(inner, live))
    kept = [k for k in range(len(s.results)) if (s, k) in live.slots]
    assert isinstance(new, (If, For, While))
    return keep_slots(new, kept) if len(kept) < len(s.results) else new
