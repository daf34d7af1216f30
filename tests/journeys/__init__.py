"""The whole loop on every surface: find, put right, find nothing more, put right the rest, go back exactly."""
