"""One Hypothesis profile for all rooms: no deadline, since a busy machine is not a fault."""

from hypothesis import settings

settings.register_profile("house", deadline=None, max_examples=100)
settings.load_profile("house")
