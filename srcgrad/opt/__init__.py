"""Passes over the IR that keep its meaning and make it smaller: `optimise` runs them all."""

from srcgrad.opt.driver import optimise

__all__ = ["optimise"]
