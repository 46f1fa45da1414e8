"""Closed surfaces as solids: those of other programs, booleans, cuts, mending."""
