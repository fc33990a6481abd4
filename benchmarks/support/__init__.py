"""Benchmarks of support cases."""
