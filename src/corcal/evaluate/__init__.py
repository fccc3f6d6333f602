"""Accuracy against a reference: the known masses of a phantom."""
