"""Broken and hostile input, made by code: what may come of each piece, and the runner that holds the program to it."""
