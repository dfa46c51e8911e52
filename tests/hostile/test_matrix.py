"""Whatever an EHR does to a safety input, at any hook: the answer is in time, and says what it could not see.

The faults are those of `cds-service hostile-ehr --list`; what each is expected to lead to stands there too.
"""

import gc

import matrix
import pytest
from matrix import INPUTS, MET, SCENES, Cell, cells, complaints

from cds_service.hostile.fault import Place, faults

# A TLS handshake that never ends leaves its socket to the garbage collector (so urllib3 does it), which is called here.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


def test_the_matrix_has_every_fault_input_and_hook() -> None:
    assert len(MET) > 100
    assert {hook for _, hook in SCENES} == {"order-select", "order-sign", "medication-prescribe"}
    assert {(data, scene) for data in INPUTS for scene in SCENES} == {
        (cell.data, (cell.case, cell.hook)) for cell in cells("honest")
    }


@pytest.mark.parametrize("fault", MET)
def test_in_time_never_silent_and_nowhere_else(fault: str) -> None:
    wrong = complaints(fault)
    assert [f"{cell}: {', '.join(why)}" for cell, why in wrong.items()] == []
    if faults()[fault].place is Place.SILENT_TLS:
        gc.collect()


def test_the_matrix_notices_silence_lateness_and_untruth(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault taken for another one must be complained of, or the matrix proves nothing."""
    cell = Cell("honest", "conditions", *SCENES[1])
    with matrix.Run([cell]) as run:
        fine = run.outcome(cell)
        assert run.foreign() == set()
    lost = matrix.replace(cell, fault="http-500")
    assert list(matrix.judge(cell, fine)) == []
    assert any("not said" in why for why in matrix.judge(lost, fine))
    late = matrix.replace(fine, seconds=matrix.BUDGET + 0.2)
    assert any("took" in why for why in matrix.judge(cell, late))
    silent = matrix.replace(fine, answer=matrix.replace(fine.answer, cards=[]))
    assert "no card" in list(matrix.judge(cell, silent))
