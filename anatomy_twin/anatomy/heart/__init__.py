"""The heart's chambers: surface, openings, regions, fibres, substrate."""
