"""What a score means: categories, percentile, arterial age, risk and what guidelines say.

Pure functions over numbers; the room knows nothing of scans.
"""
