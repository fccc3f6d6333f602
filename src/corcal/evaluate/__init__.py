"""Accuracy against a reference: a phantom of known masses, and readers of patients' scans."""
