"""`cached_property` as it is from Python 3.12 on: without the lock that 3.11 takes whenever a value is first asked for.

A case belongs to one call and one thread, and two dozen of its properties are asked for in each.
"""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    once = cached_property
else:

    class once(cached_property):
        """Works out a property the first time it is asked for and keeps it in the instance."""

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self.attrname] = self.func(instance)
            return value
