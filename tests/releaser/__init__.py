"""Tests of the releaser."""
