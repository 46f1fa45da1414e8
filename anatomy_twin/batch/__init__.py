"""Many studies on Dask: each one in a child process with limits, finished ones kept, tables over all.

Names are loaded when they are first used: child processes import single modules of this room.
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "find": ["Findings", "find_studies"],
        "run": ["BatchResult", "run_batch"],
        "study": ["Call", "Files", "Outcome", "Sample", "Study"],
    },
)
