// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict_closing.h"

#include "model/verdict.h"

static const char *const verdicts[CLOSING_VERDICTS] = {
	[CLOSING_TRANSIENT] = "transient",
	[CLOSING_PEER_DOES_NOT_CLOSE] = "peer_does_not_close",
	[CLOSING_PEER_SILENT] = "peer_silent",
	[CLOSING_PEER_WINDOW_CLOSED] = "peer_window_closed",
	[CLOSING_MIXED] = "mixed",
};

enum closing_verdict closing_verdict_of(const struct closing_counts *old)
{
	if (!old->all)
		return CLOSING_TRANSIENT;
	if (verdict_most(old->fin_wait2, old->all))
		return CLOSING_PEER_DOES_NOT_CLOSE;
	if (verdict_most(old->silent, old->all))
		return CLOSING_PEER_SILENT;
	if (verdict_most(old->zero_window, old->all))
		return CLOSING_PEER_WINDOW_CLOSED;
	return CLOSING_MIXED;
}

const char *closing_verdict_name(enum closing_verdict verdict)
{
	return verdicts[verdict];
}
