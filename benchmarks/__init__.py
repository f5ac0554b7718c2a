"""Timings: `python -m benchmarks --help`."""
