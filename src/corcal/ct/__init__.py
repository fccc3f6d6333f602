"""A scan in memory: finding its series, reading it, and judging whether it can be scored."""
