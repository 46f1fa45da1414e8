"""Hot numerics: numba kernels, arrays and scalars in and out, units and formula in each docstring."""
