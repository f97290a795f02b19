"""Measured ratios beside their targets: `make bench`. Never a timed test; what is tested here is the arithmetic."""
