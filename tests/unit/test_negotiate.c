// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/negotiate.h"
#include "unit.h"

#define OPEN "application/openmetrics-text"
#define PROMETHEUS                                                                                 \
	OPEN ";version=1.0.0;q=0.5," OPEN                                                          \
	     ";version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

static void a_client_says_what_it_likes(void **state)
{
	static const struct {
		const char *header, *word;
		double wanted;
	} rows[] = {
		{PROMETHEUS, OPEN, 0.5},
		{PROMETHEUS, "text/plain", 0.3},
		{PROMETHEUS, "text/html", 0.2},
		{"*/*", "text/plain", 1},
		{"text/*;q=0.5", "text/plain", 0.5},
		{"text/*;q=0.5", OPEN, 0},
		{"TEXT/PLAIN", "text/plain", 1},
		{"text/plain;q=0", "text/plain", 0},
		{"text/plain ; q=0.125", "text/plain", 0.125},
		{"text/plainer", "text/plain", 0},
		{"gzip, deflate, br", "gzip", 1},
		{"deflate;q=0.5 , gzip;q=0", "gzip", 0},
		{"*;q=0.5, gzip;q=0", "gzip", 0},
		{"*", "gzip", 1},
		{"identity", "gzip", 0},
		{"gzip;q=inf", "gzip", 0},
		{"gzip;q=", "gzip", 0},
		{"gzip;q=7", "gzip", 0},
		{"gzip;q=1.000", "gzip", 1},
		{"gzip;;;q=0.5", "gzip", 0.5},
		{";q=1", "gzip", 0},
		{NULL, "gzip", 0.75},
		{"", "gzip", 0.75},
		{" , ,", "gzip", 0.75},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double quality = negotiate_quality(rows[i].header, rows[i].word, 0.75);
		double difference = quality - rows[i].wanted;

		check(difference < 1e-9 && difference > -1e-9, "%s for %s: %g, not %g",
		      rows[i].word, rows[i].header ? rows[i].header : "NULL", quality,
		      rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_client_says_what_it_likes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
