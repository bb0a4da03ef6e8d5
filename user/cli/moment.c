// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/moment.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "cli/parse.h"

#define ACCEPTED                                                                                   \
	"RFC 3339, as in 2026-11-28T09:40:00Z, or +SECONDS from the beginning, as in +0 or +12.5"

/* Exactly so many digits, at most nine. */
static bool take_digits(const char **text, int digits, int *number)
{
	*number = 0;
	for (; digits; digits--, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool take_sign(const char **text, const char *signs)
{
	return **text && strchr(signs, *(*text)++);
}

/* ".5": at most nine digits count. */
static bool take_fraction(const char **text, uint64_t *ns)
{
	uint64_t unit = NS_PER_S / 10;

	*ns = 0;
	if (**text != '.')
		return true;
	if (!isdigit((unsigned char)*++*text))
		return false;
	for (; isdigit((unsigned char)**text); (*text)++, unit /= 10)
		*ns += unit * (uint64_t)(**text - '0');
	return true;
}

/* "Z", "+08:00", "-00:30": seconds to be added to UTC. */
static bool take_offset(const char **text, int *seconds)
{
	bool west = **text == '-';
	int hours, minutes;

	*seconds = 0;
	if (**text == 'Z' || **text == 'z') {
		(*text)++;
		return true;
	}
	if (!take_sign(text, "+-") || !take_digits(text, 2, &hours) || !take_sign(text, ":") ||
	    !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = (west ? -60 : 60) * (hours * 60 + minutes);
	return true;
}

static bool take_day(const char **text, struct tm *utc)
{
	if (!take_digits(text, 4, &utc->tm_year) || !take_sign(text, "-") ||
	    !take_digits(text, 2, &utc->tm_mon) || !take_sign(text, "-") ||
	    !take_digits(text, 2, &utc->tm_mday) || !take_sign(text, "Tt "))
		return false;
	utc->tm_year -= 1900;
	utc->tm_mon--;
	return utc->tm_mon >= 0 && utc->tm_mon < 12 && utc->tm_mday >= 1 && utc->tm_mday <= 31;
}

static bool take_clock(const char **text, struct tm *utc)
{
	return take_digits(text, 2, &utc->tm_hour) && take_sign(text, ":") &&
	       take_digits(text, 2, &utc->tm_min) && take_sign(text, ":") &&
	       take_digits(text, 2, &utc->tm_sec) && utc->tm_hour < 24 && utc->tm_min < 60 &&
	       utc->tm_sec <= 60;
}

/* timegm() goes on into the next month where a day is not there. */
static bool is_a_day(const struct tm *utc, int64_t since)
{
	time_t seconds = since;
	struct tm again;

	return gmtime_r(&seconds, &again) && again.tm_mday == utc->tm_mday;
}

static bool take_time(const char *text, uint64_t *ns)
{
	struct tm utc = {0}, day;
	int64_t seconds;
	uint64_t fraction;
	int offset;

	if (!take_day(&text, &utc))
		return false;
	day = utc;
	if (!is_a_day(&utc, timegm(&day)) || !take_clock(&text, &utc) ||
	    !take_fraction(&text, &fraction) || !take_offset(&text, &offset) || *text)
		return false;
	seconds = timegm(&utc) - offset;
	if (seconds < 0 || seconds >= INT64_MAX / NS_PER_S)
		return false;
	*ns = (uint64_t)seconds * NS_PER_S + fraction;
	return true;
}

const char *parse_moment(const char *text, struct moment *moment)
{
	double seconds;

	*moment = (struct moment){.given = true, .relative = text[0] == '+'};
	if (!moment->relative)
		return take_time(text, &moment->ns) ? NULL : ACCEPTED;
	if (parse_age(text + 1, &seconds))
		return ACCEPTED;
	moment->ns = (uint64_t)(seconds * NS_PER_S);
	return NULL;
}
