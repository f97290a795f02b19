"""Barrio: a neighbourhood sensor hub in which every reading stays its owner's."""

__version__ = "0.1.0"
