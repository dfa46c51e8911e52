"""The store of a door, once what its calls said has been written down."""

from flask.testing import FlaskClient

from cds_service.feedback.store import Acceptance, FeedbackStore
from cds_service.web.app import MEMORY


def acceptances(client: FlaskClient, store: FeedbackStore, tenant: str = "") -> dict[str, Acceptance]:
    client.application.extensions[MEMORY].settle()
    return store.acceptances_by_rule(tenant)
