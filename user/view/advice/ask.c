// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the rules want to know that no view asks for: settings, counters, files of the host. */
#include "view/advice/internal.h"

#define ANEW_NS ((uint64_t)(5 * NS_PER_S)) /* what grows is read again after that */

struct asking {
	const struct adviser *adviser;
	struct questions *questions;
	uint64_t now_ns;
};

/* Never told, or long ago. */
static bool is_due(const struct asking *asking, const struct record_header *record)
{
	return !record->type || asking->now_ns >= record->time_ns + ANEW_NS;
}

static void ask_of_namespace(const struct asking *asking, const struct host_netns *netns)
{
	if (is_due(asking, &netns->counted.header))
		questions_put_netns(asking->questions, QUESTION_COUNTERS, netns->netns);
	if (is_due(asking, &netns->seen.header))
		questions_put_netns(asking->questions, QUESTION_NAMESPACE, netns->netns);
}

void adviser_ask(const struct adviser *adviser, struct questions *questions)
{
	const struct host *host = &adviser->config.model->host;
	struct asking asking = {adviser, questions, adviser->time_ns};

	if (!host->sysctls_told)
		questions_put(questions, QUESTION_SYSCTLS);
	if (is_due(&asking, &host->last.header)) {
		questions_put(questions, QUESTION_HOST);
		questions_put_netns(questions, QUESTION_SETTINGS, 0);
	}
	for (size_t i = 0; i < host->count; i++)
		ask_of_namespace(&asking, &host->namespaces[i]);
}
