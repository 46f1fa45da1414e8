"""The parts of a liver: territories of branches, segments after Couinaud."""
