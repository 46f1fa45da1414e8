"""What every automatic segmenter stands on: the working grid, the body, the spine, rules, and label maps."""
