// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the rules want to know that no view asks for: settings, counters, files of the host. */
#include "view/advice/internal.h"

#define ANEW_NS ((uint64_t)(5 * NS_PER_S)) /* what hardly changes is read again after that */

/* Never told, or long ago. */
static bool is_due(const struct adviser *adviser)
{
	const struct record_header *told = &adviser->config.model->host.last.header;

	return !told->type || adviser->time_ns >= told->time_ns + ANEW_NS;
}

/* What is counted is as of the refresh that is judged, where that is the last of a short watch. */
void adviser_ask(const struct adviser *adviser, struct questions *questions)
{
	bool due = is_due(adviser);

	if (!adviser->config.model->host.sysctls_told)
		questions_put(questions, QUESTION_SYSCTLS);
	if (due) {
		questions_put(questions, QUESTION_HOST);
		questions_put_netns(questions, QUESTION_SETTINGS, 0);
	}
	if (due || !adviser->config.recent) {
		questions_put_netns(questions, QUESTION_COUNTERS, 0);
		questions_put_netns(questions, QUESTION_NAMESPACE, 0);
	}
}
