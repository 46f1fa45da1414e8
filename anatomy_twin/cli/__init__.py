"""The command line: one file per verb, found in a table; everything heavy is imported inside the verb."""
