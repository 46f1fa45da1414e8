"""The synthetic chest."""
