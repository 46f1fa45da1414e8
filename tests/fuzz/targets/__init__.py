"""Fuzz targets: each module has `one_input(data)`, which lets nothing out but bugs, and `seeds()` to start from.

`scripts/fuzz.py` drives them with atheris; without it `tests/test_fuzz.py` replays the stored corpora.
"""
