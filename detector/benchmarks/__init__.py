"""Benchmarks of the platform; those of the network are in `ml.benchmarks`."""
