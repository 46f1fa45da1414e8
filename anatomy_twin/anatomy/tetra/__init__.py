"""Tetrahedra straight from labels."""
