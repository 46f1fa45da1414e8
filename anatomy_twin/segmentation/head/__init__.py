"""ct-head: skull, mandible, brain and skin."""
