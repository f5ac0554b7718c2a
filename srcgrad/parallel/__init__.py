"""Loops of which several iterations run at the same time; see `parallel.outline`."""

from srcgrad.parallel.outline import in_parallel as in_parallel
