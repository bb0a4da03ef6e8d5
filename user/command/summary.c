// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "summary.h"

#include "clock.h"
#include "commands.h"
#include "diag.h"
#include "session.h"
#include "status.h"
#include "stop.h"

static void apply(void *context, const struct record_header *record)
{
	model_apply(context, record);
}

/* Only a filter on processes asks who holds what. */
static bool need_holders(void *context)
{
	const struct options *options = context;

	return process_filter_active(&options->processes);
}

static void show(struct session *session)
{
	struct summary summary;

	summary_count(&summary, &session->model, &session->options->processes);
	if (session->options->json)
		summary_json(&summary, &session->output, clock_now_ns(CLOCK_MONOTONIC),
			     &session->clocks);
	else
		summary_text(&summary, &session->output);
	summary_free(&summary);
	output_flush(&session->output);
}

int run_summary(const struct options *options)
{
	struct session session;
	struct model_observer nobody = {0};
	struct refusal refusal;
	int status;

	session_init(&session, options, WATCH_TRANSITIONS, stop_on_signals(), nobody);
	struct diag_config config = {
		.filter = &options->tuples,
		.sink = {apply, &session.model},
		.need_holders = need_holders,
		.context = (void *)options,
	};
	if (diag_list(&config, &refusal)) {
		show(&session);
		status = session_output_status(&session);
	} else {
		status = fail(STATUS_REFUSED, "%s", refusal.text);
	}
	session_free(&session);
	return status;
}
