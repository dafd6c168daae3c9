"""Measurements of speed: `python -m ml.benchmarks` and `python -m ml.benchmarks.runtimes`."""
