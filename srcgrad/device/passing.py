"""The walk that passes over loops share: to the outermost loops whose iterations could be threads.

In: a function. Out: its body, with what a pass writes in the place of each such loop.
"""

from __future__ import annotations

from srcgrad.device.choice import Chooser
from srcgrad.ir.build import Builder
from srcgrad.ir.nodes import Block, For, Function, If, While
from srcgrad.ir.visit import map_atoms


class Passing:
    """A pass says in `loop` what it writes."""

    def __init__(self, function: Function) -> None:
        self.chooser = Chooser(function)

    def loop(self, builder: Builder, loop: For) -> None:
        """Write what stands for a loop; here the loop itself."""
        builder.emit(loop)

    def block(self, block: Block) -> Block:
        """The block rewritten; the same object where every loop stays as it is."""
        builder = Builder()
        for s in block.statements:
            builder.span = s.span
            if isinstance(s, For) and not self.chooser.obstacle(s):
                self.loop(builder, s)
            else:
                builder.emit(map_atoms(s, lambda atom: atom, self.block) if isinstance(s, (For, While, If)) else s)
        made = builder.finish(block.results)
        same = len(made.statements) == len(block.statements)
        return block if same and all(a is b for a, b in zip(made.statements, block.statements)) else made
