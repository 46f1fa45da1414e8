"""The skeleton and its parts, for every segmenter of the trunk."""
