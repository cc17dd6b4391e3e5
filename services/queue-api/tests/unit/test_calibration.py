from darkroom_schemas.ids import StepId
from queue_api.domain.calibration import MAX_OPEN, Calibration, Verdict

STEP = StepId("s")


def test_a_start_is_judged_by_what_was_predicted_first() -> None:
    for at_ms, verdict in ((999, Verdict.EARLY), (1000, Verdict.INSIDE), (3000, Verdict.INSIDE), (3001, Verdict.LATE)):
        calibration = Calibration()
        calibration.predict(STEP, 0, (1.0, 3.0))
        calibration.predict(STEP, 500, (50.0, 90.0))
        assert calibration.started(STEP, at_ms) is verdict
        assert calibration.started(STEP, at_ms) is None


def test_error_is_the_share_outside_and_unknown_at_first() -> None:
    calibration = Calibration()
    assert calibration.error is None
    for number, at_ms in enumerate((500, 500, 500, 9000)):
        calibration.predict(StepId(str(number)), 0, (0.0, 1.0))
        calibration.started(StepId(str(number)), at_ms)
    assert calibration.error == 0.25


def test_steps_that_never_start_are_forgotten() -> None:
    calibration = Calibration()
    for number in range(MAX_OPEN + 1):
        calibration.predict(StepId(str(number)), 0, (0.0, 1.0))
    calibration.ended(StepId("1"))
    assert calibration.started(StepId("0"), 1) is None
    assert calibration.started(StepId("1"), 1) is None
    assert calibration.started(StepId("2"), 1) is Verdict.INSIDE
