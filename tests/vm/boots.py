# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is booted, and which tests run there: chosen to meet each hook, each kind of listing and each
layout of the kernel's within ten minutes for all (a guest is six times slower than the machine, and
the tool takes five seconds to start there)."""
from typing import NamedTuple

from kernels import NEWEST, REFUSED, REQUIRED

HOOK_FORMS = ("tracepoint", "fentry")  # of the tool's --hooks: each is a row of the matrix

TRANSITIONS = (
    "live/trace/test_life.py::test_client_closes_first_exact_steps_of_both_ends[127.0.0.1]",
    "live/trace/test_owner.py::test_fork_after_connect_leaves_the_owner_and_the_child_is_closer",
    "live/trace/test_owner.py::test_of_several_listeners_at_a_port_each_owns_what_came_to_it[younger]",
    "live/trace/test_older.py::test_listener_older_than_the_tool_owns_its_new_children",
    "live/trace/test_filters.py::test_filter_shows_the_right_lines_and_none_else[lport-range]",
    "live/trace/test_mptcp.py::test_mptcp_subflow_older_than_the_tool_is_owned_by_its_holder",
)
END_REASONS = (
    "live/trace/test_end_reasons.py::test_reused_by_connect_with_tcp_tw_reuse[127.0.0.1]",
    "live/trace/test_end_reasons.py::test_reused_by_connect_of_a_bound_port[::1]",
    "live/trace/test_end_reasons.py::test_syn_of_the_same_tuple_ends_a_servers_TIME_WAIT[127.0.0.1]",
    "live/trace/test_end_reasons.py::test_reset_by_RST_to_a_TIME_WAIT",
    "live/trace/test_end_reasons.py::test_reset_by_data_after_half_close_ends_a_FIN_WAIT2[::1]",
    "live/trace/test_end_reasons.py::test_destroyed_by_ss_K[127.0.0.1]",
    "live/trace/test_end_reasons.py::test_destroyed_with_the_namespace",
    "live/trace/test_end_reasons.py::test_FIN_WAIT2_that_times_out_is_expired_and_never_a_TIME_WAIT",
)
LEAKS = (
    "live/leaks/test_leaks_verdicts.py::test_each_is_what_it_is[bpf-leak-fin-with-data]",
    "live/leaks/test_leaks_verdicts.py::test_each_is_what_it_is[bpf-stall]",
    "live/leaks/test_leaks_verdicts.py::test_each_is_what_it_is[bpf-half-closed]",
    "live/leaks/test_leaks_verdicts.py::test_each_is_what_it_is[no-bpf-half-closed]",
    "live/leaks/test_leaks_verdicts.py::test_each_is_the_same_when_it_is_seen_to_come[bpf-leak]",
    "live/leaks/test_leaks_verdicts.py::test_ktls_is_unknown",
    "live/leaks/test_leaks_age.py::test_age_of_a_socket_seen_entering_is_exact",
)
WAITING = (
    "live/closing/test_closing.py::test_half_closed_and_the_peer_does_not_close[bpf]",
    "live/closing/test_closing.py::test_the_peer_takes_no_data[bpf]",
    "live/closing/test_closing.py::test_nobody_answers_our_fin[no-bpf]",
    "live/opening/test_listeners.py::test_full[bpf]",
    "live/opening/test_opening.py::test_what_nobody_answers[bpf]",
    "live/opening/test_opening.py::test_what_nobody_answers[no-bpf]",
    "live/opening/test_opening.py::test_ports_of_a_translation_that_collide",
)
REFUSALS = (
    "live/test_refusals.py::test_trace_of_nobody_is_3_and_names_the_capabilities",
    "live/test_refusals.py::test_trace_with_few_capabilities_works_or_names_the_one_missing"
    "[bpf+perfmon+syslog]",
    "live/test_refusals.py::test_trace_without_BTF_is_3_and_names_it",
)
TIME_WAITS = (
    "live/timewait/test_timewait_reasons.py::test_reused_by_connect_of_a_bound_port[127.0.0.1]",
    "live/timewait/test_timewait_fin_wait2.py::test_time_out",
)
PORTS = (
    "live/ports/test_ports_causes.py::test_range_exhausted[v4]",
    "live/ports/test_ports_causes.py::test_range_exhausted[v6]",
)
FENTRY = ("live/test_fentry.py", "live/test_forms_agree.py",
          "live/diagnose/test_diagnose_fentry.py")
DIAGNOSE = (
    "live/diagnose/test_diagnose_close_wait.py::test_reasons",
    "live/diagnose/test_diagnose_ports.py::test_used_up",
    "live/diagnose/test_diagnose_time_wait.py::test_more_than_the_kernel_keeps",
    "live/diagnose/test_diagnose_connects.py::test_no_room_in_the_queue[2-backlog]",
)
SUMMARY = (
    "live/summary/test_summary.py::test_text_has_the_counts_and_what_to_run_next",
)
DOCTOR = (
    "live/doctor/test_doctor.py::test_each_hook_has_a_form_and_a_reason",
    "live/doctor/test_doctor.py::test_the_memory_of_the_maps_is_told",
)
SELF_TEST = ("live/doctor/test_selftest.py",)
LISTING = (
    "live/test_listing.py::test_ports",
    "live/test_listing.py::test_leaks",
    "live/test_listing.py::test_timewait",
)
AUDIT = (
    "live/test_audit.py::test_resets_and_connects_that_fail[trace]",
    "live/test_audit.py::test_minisockets_of_every_kind[timewait]",
)
TOGETHER = (
    "live/test_together.py::test_each_shows_what_it_shows_alone[all]",
)
NO_BPF = ("live/leaks/test_leaks_verdicts.py::test_each_is_what_it_is[no-bpf-half-closed]", *SUMMARY)
USUAL = TRANSITIONS + END_REASONS + LEAKS + TIME_WAITS + PORTS + FENTRY + REFUSALS + SUMMARY + \
    DOCTOR + SELF_TEST + AUDIT + LISTING + TOGETHER + WAITING + DIAGNOSE
CORE = (*TRANSITIONS[:3], END_REASONS[0], END_REASONS[2], END_REASONS[5], LEAKS[0], *TIME_WAITS[1:],
        PORTS[0], *WAITING)
# What sets the form itself has to run once on a kernel.
CORE_OF_FORM = {
    "tracepoint": (*CORE, *DOCTOR[1:], *SELF_TEST, *LISTING[:1]),
    "fentry": (*CORE, *AUDIT[1:], *TOGETHER, "live/test_fentry.py::test_owner_is_who_accepted",
               "live/test_fentry.py::test_bind_to_a_port_in_use[127.0.0.1]",
               "live/test_forms_agree.py", *FENTRY[2:]),
}
FEW = (TRANSITIONS[0], END_REASONS[2], LEAKS[0], PORTS[0], *SELF_TEST,
       "live/test_fentry.py::test_owner_is_who_accepted",
       "live/test_fentry.py::test_bind_to_a_port_in_use[127.0.0.1]")
LOCKED = (*TRANSITIONS[:1], *END_REASONS[:1], *LEAKS[:1])
WITHOUT_TIME_WAIT = ("live/test_locked.py", *LEAKS[:1])
HOTPLUG = ("live/test_hotplug.py",)
TOO_OLD = ("live/test_too_old.py", *NO_BPF)
AT_LENGTH = ("live/test_books_at_length.py",)


class Boot(NamedTuple):
    series: str
    variant: str = ""  # of lockdown=
    tests: tuple = USUAL
    hooks: str = HOOK_FORMS[0]
    cpus: int = 1

    @property
    def name(self):
        return f"{self.series} {self.variant}".rstrip() + (f", {self.cpus} CPUs" * (self.cpus > 1))

    @property
    def suite(self):
        return "-".join(filter(None, ("vm", self.series, self.variant, self.hooks,
                                      f"{self.cpus}-cpus" * (self.cpus > 1))))

    @property
    def parameters(self):
        """Of the kernel's command line; what it does not know becomes the environment of init."""
        lockdown = [f"lockdown={self.variant}"] if self.variant else []
        return " ".join([*lockdown, f"TCPLINGER_HOOKS={self.hooks}"])


def plain(series, whole):
    """Those that must be supported in both forms, the others in turns; with `whole` all in both."""
    for number, one in enumerate(series):
        if one == REFUSED:
            yield Boot(one, tests=TOO_OLD)
        elif whole or one in REQUIRED or one == series[-1]:
            yield from (Boot(one, tests=USUAL if whole else CORE_OF_FORM[form], hooks=form)
                        for form in HOOK_FORMS)
        else:
            yield Boot(one, tests=FEW, hooks=HOOK_FORMS[number % len(HOOK_FORMS)])


def boots(series, whole=False):
    """All that is booted of these kernels, the newest of them last."""
    newest = series[-1]
    locked = [Boot("6.1", "integrity", LOCKED), Boot("6.1", "confidentiality", WITHOUT_TIME_WAIT),
              Boot(newest, "integrity", LOCKED), Boot(newest, "confidentiality", LOCKED)]
    hotplug = [Boot(s, tests=HOTPLUG, hooks=form, cpus=2)
               for s, form in zip(("6.1", newest), HOOK_FORMS)]
    return [*plain(series, whole), *(boot for boot in locked + hotplug if boot.series in series)]


def audit_boots(series):
    """Of the oldest and the newest: two CPUs that get into each other's way."""
    return [Boot(one, tests=AT_LENGTH, hooks=HOOK_FORMS[number % len(HOOK_FORMS)], cpus=2)
            for number, one in enumerate(series)]


QUICK = ("6.1", NEWEST)


def quick_boots(series):
    return [Boot(s, tests=FEW, hooks=form) for s, form in zip(series, HOOK_FORMS)]
