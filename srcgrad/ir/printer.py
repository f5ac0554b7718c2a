"""IR as text, for people, goldens and debugging.

In: a `Function`. Out: deterministic text, one line per statement, blocks indented. Every symbol gets a name made
from its hint that is unique in its function; nothing reads this text back.
"""

from __future__ import annotations

from srcgrad.ir.nodes import (
    Alloc,
    Atom,
    Barrier,
    Block,
    Call,
    Const,
    Copy,
    Dim,
    External,
    For,
    Function,
    If,
    Kernel,
    Launch,
    Let,
    Load,
    NewStack,
    Pop,
    Print,
    Product,
    Push,
    Raise,
    Reinterpret,
    Reshape,
    Slice,
    Statement,
    Store,
    Sym,
    View,
    While,
)  # fmt: skip
from srcgrad.ir.types import FLOAT64, INT64

_INDENT = "    "
_PLAIN = {"bool", FLOAT64.dtype.name, INT64.dtype.name}  # a literal of these dtypes needs no suffix


def to_text(function: Function) -> str:
    """The text of a function, then of its helpers, each with names of its own."""
    return "\n\n".join(_Printer().function(f) for f in (function, *function.helpers)) + "\n"


class _Printer:
    """Names symbols in the order in which they are met."""

    def __init__(self) -> None:
        self.names: dict[Sym, str] = {}
        self.taken: dict[str, int] = {}
        self.lines: list[str] = []
        self.depth = 0

    # -- names ------------------------------------------------------------------------------------------------

    def name(self, symbol: Sym) -> str:
        if symbol not in self.names:
            hint = symbol.hint or "t"
            name, count = hint, self.taken.get(hint, 0)
            while name in self.taken:
                count += 1
                name = f"{hint}_{count}"
            self.taken[hint] = count
            self.taken.setdefault(name, 0)
            self.names[symbol] = name
        return self.names[symbol]

    def atom(self, atom: Atom) -> str:
        if isinstance(atom, Const):
            name = atom.type.dtype.name
            return repr(atom.value) + ("" if name in _PLAIN else f":{name}")
        return self.name(atom)

    def atoms(self, atoms: tuple[Atom, ...]) -> str:
        return ", ".join(map(self.atom, atoms))

    def define(self, *symbols: Sym) -> str:
        return ", ".join(f"{self.name(s)}: {s.type}" for s in symbols)

    # -- structure --------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(_INDENT * self.depth + text)

    def function(self, function: Function) -> str:
        self.line(f"function {function.name}({self.define(*function.params)}):")
        self.block(function.body, "return")
        return "\n".join(self.lines)

    def block(self, block: Block, leave: str = "yield") -> None:
        self.depth += 1
        for statement in block.statements:
            self.statement(statement)
        if block.results or not block.statements:
            self.line(f"{leave} {self.atoms(block.results)}".rstrip())
        self.depth -= 1

    def statement(self, s: Statement) -> None:
        match s:
            case If() | For() | While():
                self.control(s)
            case Store(array=array, index=index, value=value, accumulate=accumulate):
                sign = "+=" if accumulate else "="
                self.line(f"store {self.name(array)}[{self.atoms(index)}] {sign} {self.atom(value)}")
            case Product(array=array, left=left, right=right, transposed=transposed):
                marks = zip((left, right), transposed, s.conjugated, strict=True)
                factors = [self.name(a) + ".T" * t + ".conj" * c for a, t, c in marks]
                self.line(f"product {self.name(array)} {'+' * s.accumulate}= {' @ '.join(factors)}")
            case External(procedure=procedure, outputs=outputs, inputs=inputs):
                mark = "derived " * s.derived
                self.line(f"{mark}{procedure.name} {self.atoms(inputs)} -> {self.atoms(outputs)}")
            case Push(stack=stack, value=value):
                self.line(f"push {self.name(stack)}, {self.atom(value)}")
            case Raise(exception=exception, message=message, values=values):
                items = ", ".join([repr(message), *map(self.atom, values)])
                self.line(f"raise {exception.__name__}({items})")
            case Barrier():
                self.line("barrier")
            case Print(items=items):
                self.line("print " + ", ".join(repr(i) if isinstance(i, str) else self.atom(i) for i in items))
            case Call(results=results, callee=callee, arguments=arguments):
                text = f"call {callee.name}({self.atoms(arguments)})"
                self.line(f"{self.define(*results)} = {text}" if results else text)
            case Launch(results=results, callee=callee, count=count, initial=initial, arguments=arguments):
                folds = ", ".join(fold.value for fold in s.folds)
                text = f"launch {callee.name}({self.atoms((count, *initial, *arguments))}) folding ({folds})"
                self.line(f"{self.define(*results)} = {text}" if results else text)
            case Kernel(results=results, callee=callee, counts=counts, initial=initial, arguments=arguments):
                folds = ", ".join(fold.value if fold else "last" for fold in s.folds)
                text = f"kernel {callee.name}[{self.atoms(counts)}]({self.atoms((*initial, *arguments))})"
                text += f" folding ({folds})"
                self.line(f"{self.define(*results)} = {text}" if results else text)
            case _:
                text = self.expression(s)
                self.line(f"{self.define(s.result)} = {text}")

    def expression(self, s: Let | Dim | Load | Alloc | Copy | View | Reshape | Reinterpret | NewStack | Pop) -> str:
        match s:
            case Let(op=op, arguments=arguments):
                return f"{op.name} {self.atoms(arguments)}"
            case Dim(array=array, axis=axis):
                return f"dim {self.name(array)}, {axis}"
            case Load(array=array, index=index):
                return f"load {self.name(array)}[{self.atoms(index)}]"
            case Alloc(shape=shape, fill=fill):
                return f"alloc ({self.atoms(shape)}) fill {'nothing' if fill is None else self.atom(fill)}"
            case Copy(array=array):
                return f"copy {self.name(array)}"
            case Reshape(array=array, shape=shape):
                return f"reshape {self.name(array)} to ({self.atoms(shape)})"
            case Reinterpret(array=array):
                return f"reinterpret {self.name(array)}"
            case View(array=array, entries=entries, permutation=permutation):
                text = ", ".join(self.slice(e) if isinstance(e, Slice) else self.atom(e) for e in entries)
                order = "" if list(permutation) == sorted(permutation) else f" permuted {permutation}"
                return f"view {self.name(array)}[{text}]{order}"
            case NewStack():
                return "new stack"
            case Pop(stack=stack):
                return f"pop {self.name(stack)}"

    def slice(self, entry: Slice) -> str:
        return f"{self.atom(entry.start)} by {self.atom(entry.step)} for {self.atom(entry.length)}"

    # -- control flow -----------------------------------------------------------------------------------------

    def control(self, s: If | For | While) -> None:
        match s:
            case If(condition=condition, then=then, orelse=orelse):
                self.head(s, f"if {self.atom(condition)}")
                self.block(then)
                if orelse.statements or orelse.results:
                    self.line("else:")
                    self.block(orelse)
            case For():
                bounds = self.atoms((s.start, s.stop, s.step))
                order = "reversed " if s.reverse else ""
                self.head(s, f"for {self.name(s.index)} in {order}range({bounds}){self.carried(s)}")
                self.block(s.body)
            case While():
                self.head(s, f"while counting {self.name(s.counter)}{self.carried(s)}", s.trips)
                self.block(s.condition)
                self.line("do:")
                self.block(s.body)

    def head(self, s: If | For | While, text: str, *more: Sym) -> None:
        """`results = text:`."""
        defined = self.define(*s.results, *more)
        self.line(f"{defined} = {text}:" if defined else f"{text}:")

    def carried(self, s: For | While) -> str:
        if not s.parameters:
            return ""
        pairs = zip(s.parameters, s.initial)
        return " carrying " + ", ".join(f"{self.define(p)} = {self.atom(i)}" for p, i in pairs)
