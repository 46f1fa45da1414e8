"""The synthetic head."""
