// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/views.h"

#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"

const struct view *const all_views[ALL_VIEWS] = {
	&leaks_view, &timewait_view, &ports_view, &opening_view, &closing_view,
};
