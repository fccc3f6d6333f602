"""Simulated scans of known truth: the QRM cardiac phantom and a randomised thorax.

Nothing is imported here: simulating needs scipy, which a command that only reads does not.
"""
