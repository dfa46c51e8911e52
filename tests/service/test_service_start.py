"""What a process has done before its first call: tables are read once, before workers are forked."""

import subprocess
import sys

_START = """
from cds_service.running import Service
from cds_service.settings import Settings
from cds_service.terminology.glance import condition_glance, drug_glance, observation_glance
Service.from_settings(Settings())
print(*(glance.cache_info().currsize for glance in (drug_glance, condition_glance, observation_glance)))
"""


def test_tables_are_read_before_workers_are_forked_and_no_call_waits_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1", "1"]
