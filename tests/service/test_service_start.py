"""What a service has done before its first call."""

from cds_service.service import Service
from cds_service.settings import Settings
from cds_service.terminology.glance import condition_glance, drug_glance, observation_glance


def test_tables_are_read_before_workers_are_forked_and_no_call_waits_for_them() -> None:
    for glance in (drug_glance, condition_glance, observation_glance):
        glance.cache_clear()
    Service(Settings())
    for glance in (drug_glance, condition_glance, observation_glance):
        assert glance.cache_info().currsize == 1
