"""Seeded tools: what a click, a box or a scribble draws or corrects."""
