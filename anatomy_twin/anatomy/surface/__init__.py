"""Surfaces of all structures as one complex that neighbours share, and what can be certified about them."""
