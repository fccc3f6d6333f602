"""For machines: a scored exam in the formats that other programs read."""
