"""Other people's models: the tool a user installed, or a network with its card."""
