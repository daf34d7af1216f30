"""What every test shares."""

from hypothesis import settings

settings.register_profile("shared", deadline=None)  # other work on the machine must not fail a law
settings.load_profile("shared")
