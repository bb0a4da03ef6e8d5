// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/error_text.h"

#include <stdio.h>
#include <string.h>

const char *error_text(int error, char *text, size_t size)
{
	const char *name = strerrorname_np(error);

	if (error == ENOTSUPP)
		snprintf(text, size, "ENOTSUPP: Operation not supported by this kernel");
	else if (name)
		snprintf(text, size, "%s: %s", name, strerror(error));
	else
		snprintf(text, size, "error %d, which has no name", error);
	return text;
}
