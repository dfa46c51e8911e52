"""`application` for any WSGI server: `gunicorn cds_service.web.wsgi:application`, settings from the environment."""

import os

from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.log import configure_logging

_settings = Settings.read(os.environ)
configure_logging(_settings.log_level)
application = create_app(_settings)
