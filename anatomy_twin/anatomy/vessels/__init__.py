"""Vessels as trees: centrelines, radii, branches and generations."""
