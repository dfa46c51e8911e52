"""How fast is the service? Measured against a bare Flask + orjson application, in the same minutes on the same machine.

Absolute times drift with the machine and with whoever else uses it; a ratio to a control that is measured in turn with
the service hardly does. Run it with `python -m bench`, or `make bench`. Nothing here is part of the wheel.
"""
