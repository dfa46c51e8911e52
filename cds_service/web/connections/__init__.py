"""How calls reach Flask: the worker under gunicorn, from an accepted connection to a thread that answers."""
