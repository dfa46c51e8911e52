"""`application` for any WSGI server: `gunicorn cds_service.web.wsgi:application`, settings from the environment.

Such a server may give a slow client a thread for as long as it pleases, which `cds-service serve` does not: it needs a
proxy in front that collects requests before it passes them on.
"""

import os

from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.log import configure_logging

_settings = Settings.read(os.environ)
configure_logging(_settings.log_level)
application = create_app(_settings)
