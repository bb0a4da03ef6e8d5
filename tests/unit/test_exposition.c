// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/exposition.h"
#include "unit.h"

static void text_is(const struct output *output, const char *wanted)
{
	check(output->length == strlen(wanted) && !memcmp(output->text, wanted, output->length),
	      "\n%.*s\nis not\n%s", (int)output->length, output->text, wanted);
}

static void write_family(struct output *output, enum exposition_format format)
{
	struct exposition exposition = {output, format, NULL};

	exposition_family(&exposition, "a_total", "counter", "What it counts.");
	exposition_sample(&exposition, "", "b=\"c\"", 12);
	exposition_sample(&exposition, "", "", 0.25);
	exposition_end(&exposition);
}

static void both_formats_have_the_same_series(void **state)
{
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	write_family(&output, EXPOSITION_TEXT);
	text_is(&output, "# HELP a_total What it counts.\n# TYPE a_total counter\n"
			 "a_total{b=\"c\"} 12\na_total 0.25\n");
	output.length = 0;
	write_family(&output, EXPOSITION_OPENMETRICS);
	text_is(&output, "# HELP a What it counts.\n# TYPE a counter\n"
			 "a_total{b=\"c\"} 12\na_total 0.25\n# EOF\n");
	output_free(&output);
}

static void bounds_are_seconds_with_a_point(void **state)
{
	struct exposition exposition;
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	exposition = (struct exposition){&output, EXPOSITION_TEXT, "h"};
	exposition_bucket(&exposition, "", 1000000, 1);
	exposition_bucket(&exposition, "a=\"b\"", 1024000000, 2);
	exposition_bucket(&exposition, "", 60000000000, 3);
	exposition_bucket(&exposition, "", UINT64_MAX, 4);
	text_is(&output, "h_bucket{le=\"0.001\"} 1\nh_bucket{a=\"b\",le=\"1.024\"} 2\n"
			 "h_bucket{le=\"60.0\"} 3\nh_bucket{le=\"+Inf\"} 4\n");
	output_free(&output);
}

static void numbers_are_exact(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{0, "n 0\n"},
		{-1, "n -1\n"},
		{4294967296.0, "n 4294967296\n"},
		{9007199254740991.0, "n 9007199254740991\n"},
		{0.8512, "n 0.8512\n"},
		{448.170617063, "n 448.170617063\n"},
	};
	struct output output;

	(void)state;
	output_init(&output, -1, NULL);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct exposition exposition = {&output, EXPOSITION_TEXT, "n"};

		output.length = 0;
		exposition_sample(&exposition, "", "", rows[i].value);
		text_is(&output, rows[i].text);
	}
	output_free(&output);
}

static void label_is(const char *value, const char *wanted)
{
	struct exposition_labels labels = {0};

	exposition_label(&labels, "l", value);
	check(strcmp(labels.text, wanted) == 0 && labels.length == strlen(wanted), "%s, not %s",
	      labels.text, wanted);
}

static void hostile_values_stay_one_line(void **state)
{
	char many[5000];

	(void)state;
	label_is("", "l=\"\"");
	label_is("nginx", "l=\"nginx\"");
	label_is("say \"x\"", "l=\"say \\\"x\\\"\"");
	label_is("a\\b", "l=\"a\\\\b\"");
	label_is("a\nb", "l=\"a\\\\x0ab\"");
	label_is("\xc3\xa9", "l=\"\xc3\xa9\"");
	label_is("\xc3", "l=\"\\\\xc3\"");
	memset(many, '\n', sizeof(many));
	many[sizeof(many) - 1] = 0;
	{
		struct exposition_labels labels = {0};

		for (int i = 0; i < 10; i++)
			exposition_label(&labels, "l", many);
		assert_true(labels.length < sizeof(labels.text) &&
			    strlen(labels.text) == labels.length);
		assert_null(strchr(labels.text, '\n'));
	}
}

static void labels_are_a_list(void **state)
{
	struct exposition_labels labels = {0};

	(void)state;
	exposition_label(&labels, "a", "1");
	exposition_label(&labels, "b", "2");
	assert_string_equal(labels.text, "a=\"1\",b=\"2\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats_have_the_same_series),
		cmocka_unit_test(bounds_are_seconds_with_a_point),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(hostile_values_stay_one_line),
		cmocka_unit_test(labels_are_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
