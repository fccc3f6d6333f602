"""Measured comparisons with peers: ``make bench`` prints them, docs/speed.md keeps them."""
