"""The generated heart: contrast CT of the heart region, and the late-enhancement MR of the same atrium."""
