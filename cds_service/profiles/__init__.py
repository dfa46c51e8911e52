"""What a kind of EHR can render and send, as data: one TOML file a profile. The findings are the same for all.

A file is found by its name, which is the name of the profile; there is no list to edit. Each value in it says where it
was read and whether it still has to be confirmed with the first customer.
"""

from cds_service.profiles.profile import STANDARD, Profile
from cds_service.profiles.reading import profile_names, profile_of

__all__ = ["STANDARD", "Profile", "profile_names", "profile_of"]
