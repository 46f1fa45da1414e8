"""Electrophysiology of the heart: cells, tissue, activation times."""
