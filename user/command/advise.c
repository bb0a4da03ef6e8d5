// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/advise.h"

void advise_on(struct adviser *adviser, struct watch *watch, bool recent)
{
	struct adviser_config config = {
		.model = &watch->model,
		.leaks = watch_find(watch, &leaks_view),
		.time_waits = watch_find(watch, &timewait_view),
		.ports = watch_find(watch, &ports_view),
		.opening = watch_find(watch, &opening_view),
		.closing = watch_find(watch, &closing_view),
		.recent = recent,
	};

	adviser_init(adviser, &config);
}
