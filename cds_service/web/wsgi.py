"""`application` for any WSGI server: `gunicorn cds_service.web.wsgi:application`, settings from the environment.

Such a server may give a slow client a thread for as long as it pleases, which `cds-service serve` does not: it needs a
proxy in front that collects requests before it passes them on. Where it listens is not known here, so without a file of
clients it starts only if CDS_OPEN_DEVELOPMENT says that this is meant.
"""

import os
from dataclasses import replace

from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.serving import refuse_exposure
from cds_service.web.telemetry.log import configure_logging

_settings = Settings.read(os.environ)
refuse_exposure(replace(_settings, host=""))
configure_logging(_settings.log_level)
application = create_app(_settings)
