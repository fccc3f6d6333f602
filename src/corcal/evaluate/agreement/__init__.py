"""Agreement of automatic scores with a reference: readers' marks, or scores from a table."""
