"""Decision support for low-dose naltrexone orders. Not clinically approved."""

__version__ = "0.1.0"
