"""A refusal carries every reason, flat, with its words."""

from studio.lib.refusals import Busy, NotFound, Reason, Refused


class CannotSwim(Refused):
    """A refusal of its own."""

    code = "cannot_swim"


def test_all_reasons_are_kept_in_order_however_they_come():
    cold, full = Reason("cold", "The water is cold.", "Wait."), Reason("full", "The pool is full.")

    refusal = CannotSwim("It is night.", cold, [full, "No towel is left."])

    assert [reason.code for reason in refusal.reasons] == ["cannot_swim", "cold", "full", "cannot_swim"]
    assert str(refusal) == "It is night. The water is cold. Wait. The pool is full. No towel is left."


def test_a_reason_reads_as_what_is_so_and_what_to_do():
    assert str(Reason("cold", "The water is cold.", "Wait.")) == "The water is cold. Wait."
    assert str(Reason("cold", "The water is cold.")) == "The water is cold."


def test_what_is_gone_and_what_is_busy_say_what_to_do_next():
    for refusal, code in ((NotFound("booking"), "not_found"), (Busy(), "busy")):
        [reason] = refusal.reasons
        assert (reason.code, bool(reason.text), bool(reason.remedy)) == (code, True, True)
    assert str(NotFound("booking")).startswith("This booking ")
