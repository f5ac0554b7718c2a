"""Branches, loops and the assignments that connect their values.

In: the body of a function, with folding and names. Out: its lines.
"""

from __future__ import annotations

from collections.abc import Mapping

from srcgrad.emit.copies import schedule
from srcgrad.emit.expressions import constant
from srcgrad.emit.folding import Folding
from srcgrad.emit.lines import INDENT, Lines
from srcgrad.emit.naming import Names
from srcgrad.emit.statements import PLAIN, Dialect
from srcgrad.emit.text import Text, apply
from srcgrad.emit.uses import Copy, is_constant, range_is_dynamic, terminates
from srcgrad.ir.nodes import Block, Callee, Const, For, If, Raise, Statement, While, definitions
from srcgrad.span import NOWHERE


class Printer:
    """Prints the blocks of one function into `lines`."""

    def __init__(
        self, folding: Folding, names: Names, lines: Lines, callees: Mapping[Callee, str], dialect: Dialect = PLAIN
    ) -> None:
        self._folding = folding
        self._uses = folding.uses
        self._names = names
        self._lines = lines
        self.text = dialect.expressions(folding, names)
        self._simple = dialect.simple(self.text, folding.uses, callees)

    def block(self, block: Block, copies: list[Copy] | None = None) -> None:
        """A block's statements, then the copies at its end; nothing after a statement that always raises."""
        for statement in block.statements:
            if not self._uses.printed(statement) or self._is_folded(statement):
                continue
            match statement:
                case If():
                    self._if(statement)
                    if terminates(statement.then) and terminates(statement.orelse):
                        return
                case For():
                    self._for(statement)
                case While():
                    self._while(statement)
                case _:
                    self._lines.add(self._simple.line(statement), statement.span)
                    if isinstance(statement, Raise):
                        return
        self._copies(copies or [])

    def _is_folded(self, statement: Statement) -> bool:
        return any(self._folding.expression(symbol) is not None for symbol in definitions(statement))

    # -- copies ---------------------------------------------------------------------------------------------------

    def _copies(self, copies: list[Copy]) -> None:
        """Copies that happen at once, in an order that is right."""
        names = self._names
        copies = [c for c in copies if not self._is_noop(c)]
        moves = [(names[c.target], frozenset(names[leaf] for leaf in self._leaves(c))) for c in copies]
        for group in schedule(moves):
            self._assign([copies[k] for k in group])

    def _leaves(self, copy: Copy) -> tuple:
        return (copy.target,) if copy.source is None else self._folding.leaves(copy.source)

    def _is_noop(self, copy: Copy) -> bool:
        source = copy.source
        if source is None or isinstance(source, Const) or self._folding.expression(source) is not None:
            return False
        return self._names[source] == self._names[copy.target]

    def _assign(self, group: list[Copy]) -> None:
        expressions = [self._folding.expression(c.source) if c.source is not None else None for c in group]
        span = next((e.span for e in expressions if e is not None), NOWHERE)
        targets = [self._names[c.target] for c in group]
        if len(group) == 1:
            self._lines.add(self._single(targets[0], group[0]), span)
            return
        values = [f"{t} + 1" if c.source is None else self.text(c.source) for t, c in zip(targets, group)]
        self._lines.add(f"{', '.join(targets)} = {', '.join(values)}", span)

    def _single(self, target: str, copy: Copy) -> str:
        if copy.source is None:
            return f"{target} += 1"
        expression = self._folding.expression(copy.source)
        return f"{target} = {self.text(copy.source)}" if expression is None else self._simple.assign(target, expression)

    # -- branches -------------------------------------------------------------------------------------------------

    def _if(self, statement: If) -> None:
        condition = self.text.text(statement.condition)
        head = len(self._lines.lines)
        self._lines.add(f"if {condition}:", statement.span)
        position = len(self._lines.lines) - 1
        with self._lines.aside() as then:
            self.block(statement.then, self._uses.at_end(statement, statement.then))
        with self._lines.aside() as orelse:
            self.block(statement.orelse, self._uses.at_end(statement, statement.orelse))
        lines, indent = self._lines.lines, INDENT * self._lines.depth
        if not then and not orelse:
            del lines[head:]
        elif not then:
            lines[position] = f"{indent}if {apply('not {0}', condition)}:"
            lines += orelse
        else:
            lines += then
            if _is_single_if(orelse, indent + INDENT):
                comments = [line for line in orelse if line.lstrip().startswith("#")]
                first = next(k for k, line in enumerate(orelse) if line not in comments)
                lines += [line.removeprefix(INDENT) for line in orelse[:first]]
                lines.append(f"{indent}el{orelse[first].lstrip()}")
                lines += [line.removeprefix(INDENT) for line in orelse[first + 1 :]]
            elif orelse:
                lines += [f"{indent}else:", *orelse]

    # -- loops ----------------------------------------------------------------------------------------------------

    def _for(self, loop: For) -> None:
        self._copies(self._uses.before(loop))
        name = self._names[loop.index]
        if range_is_dynamic(loop):
            self._dynamic(loop, name)
            return
        self._lines.add(f"for {name} in {self._range(loop)}:", loop.span)
        with self._lines.indented():
            self.block(loop.body, self._uses.at_end(loop, loop.body))

    def _dynamic(self, loop: For, name: str) -> None:
        """Backwards with a step of unknown sign: count the iterations down and compute the index."""
        start, stop, step = map(self.text.text, (loop.start, loop.stop, loop.step))
        counter = Text(self._names.fresh("k"))
        last = apply("-(({0} - {1}) // {2}) - 1", start, stop, step)
        self._lines.add(f"for {counter} in range({last}, -1, -1):", loop.span)
        with self._lines.indented():
            self._lines.add(f"{name} = {apply('{0} + {1} * {2}', start, counter, step)}")
            self.block(loop.body, self._uses.at_end(loop, loop.body))

    def _range(self, loop: For) -> str:
        text, step = self.text, loop.step
        if not loop.reverse:
            if not is_constant(step, 1):
                return f"range({text(loop.start)}, {text(loop.stop)}, {text(step)})"
            start = "" if is_constant(loop.start, 0) else f"{text(loop.start)}, "
            return f"range({start}{text(loop.stop)})"
        assert isinstance(step, Const)
        if step.value == 1:
            return f"range({text.offset(loop.stop, -1)}, {text.offset(loop.start, -1)}, -1)"
        if step.value == -1:
            first = text.offset(loop.stop, 1).text
            return f"range({'' if first == '0' else first + ', '}{text.offset(loop.start, 1)})"
        toward = -1 if step.value > 0 else 1
        stride = constant(Const(-step.value, step.type))
        return f"range({self._last(loop, toward)}, {text.offset(loop.start, toward)}, {stride})"

    def _last(self, loop: For, toward: int) -> Text:
        """The last index before `stop`, on the grid of `start`."""
        text, start = self.text, loop.start
        assert isinstance(loop.step, Const)
        if isinstance(start, Const):
            span = text.offset(loop.stop, toward - int(start.value))
            rounded = apply("{0} // {1} * {1}", span, constant(loop.step))
            return rounded if start.value == 0 else apply("{0} + {1}", constant(start), rounded)
        span = apply(f"{{0}} - {{1}} {'-' if toward < 0 else '+'} 1", text.text(loop.stop), text.text(start))
        return apply("{0} + {1} // {2} * {2}", text.text(start), span, constant(loop.step))

    def _while(self, loop: While) -> None:
        self._copies(self._uses.before(loop))
        (condition,) = loop.condition.results
        printed = [s for s in loop.condition.statements if self._uses.printed(s) and not self._is_folded(s)]
        test = self.text.text(condition)
        self._lines.add("while True:" if printed else f"while {test}:", loop.span)
        with self._lines.indented():
            if printed:
                self.block(loop.condition)
                self._lines.add(f"if {apply('not {0}', test)}:")
                self._lines.lines.append(INDENT * (self._lines.depth + 1) + "break")
            self.block(loop.body, self._uses.at_end(loop, loop.body))


def _is_single_if(lines: list[str], indent: str) -> bool:
    """Are the lines one `if` statement with its branches? Then they can follow as `elif`."""
    while lines and lines[0].startswith(f"{indent}#"):
        lines = lines[1:]
    if not lines or not lines[0].startswith(f"{indent}if "):
        return False
    own = [line.removeprefix(indent) for line in lines[1:] if not line.startswith(indent + " ")]
    return all(line.startswith(("else:", "elif ", "#")) for line in own)
