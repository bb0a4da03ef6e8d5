// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/doctor/doctor.h"
#include "unit.h"

#define SECOND 1000000000ULL

static const struct clock_offsets clocks = {1709251200 * (int64_t)SECOND, 0};

static struct doctor_part bind_program(const char *name, const char *function)
{
	return (struct doctor_part){
		.name = name,
		.kind = "hook",
		.form = "none",
		.why = "a long reason, which takes more than the eighty columns that there are "
		       "for it on a line",
		.without = "bind() that fails is not seen",
		.function = function,
		.function_state = "untried",
	};
}

/* A host where a hook has its better form, one none, and a listing is refused. */
static struct doctor able(void)
{
	struct doctor doctor = {
		.release = "6.12.1",
		.btf = true,
		.lockdown = "integrity",
		.cgroup_root = "/sys/fs/cgroup",
		.timewait_ns = 60 * SECOND,
		.addresses = true,
		.rdonly_cast = ANSWER_YES,
		.probe_reads = ANSWER_NO,
		.bpf = true,
		.surveyed = true,
		.part_count = 5,
		.capability_count = 2,
		.map_count = 2,
		.ring_bytes = 16 << 20,
		.socket_bytes = 290,
	};

	doctor.parts[0] = (struct doctor_part){
		.name = "accepted_by",
		.kind = "hook",
		.form = "fentry",
		.fired = ANSWER_YES,
		.function = "inet_csk_accept",
		.function_state = "fired",
	};
	doctor.parts[1] = bind_program("bind_ipv4", "__inet_bind");
	doctor.parts[2] = bind_program("bind_ipv6", "__inet6_bind");
	doctor.parts[3] = (struct doctor_part){
		.name = "list_sockets",
		.kind = "listing",
		.form = "none",
		.why = "EPERM: Operation not permitted",
		.replaced_by = "sock_diag",
	};
	doctor.parts[4] = (struct doctor_part){.name = "records", .kind = "map"};
	doctor.capabilities[0] = (struct doctor_capability){.name = "CAP_BPF", .have = true};
	doctor.capabilities[1] =
		(struct doctor_capability){.name = "CAP_SYSLOG", .without = "TIME_WAIT"};
	doctor.maps[0] = (struct doctor_map){"records", 17 << 20, false};
	doctor.maps[1] = (struct doctor_map){"owners", 480, false};
	return doctor;
}

static struct doctor refused(void)
{
	struct doctor doctor = able();

	doctor.bpf = doctor.surveyed = false;
	snprintf(doctor.refusal, sizeof(doctor.refusal), "tracing needs CAP_BPF");
	doctor.rdonly_cast = doctor.probe_reads = ANSWER_UNKNOWN;
	doctor.lockdown[0] = doctor.cgroup_root[0] = 0;
	doctor.map_count = 0;
	return doctor;
}

/* Terminated; the caller frees `output`. */
static const char *text_in(const struct doctor *doctor, struct output *output, bool details,
			   unsigned int columns)
{
	struct text_style style = {.details = details, .columns = columns};

	output_init(output, -1, NULL);
	doctor_text(doctor, output, &style);
	*output_reserve(output, 1) = 0;
	return output->text;
}

static const char *text_of(const struct doctor *doctor, struct output *output, bool details)
{
	return text_in(doctor, output, details, 80);
}

static const char *json_of(const struct doctor *doctor, struct output *output)
{
	output_init(output, -1, NULL);
	doctor_json(doctor, output, 3 * SECOND, &clocks);
	*output_reserve(output, 1) = 0;
	return output->text;
}

static void check_fits(const char *text)
{
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		size_t length = strcspn(line, "\n");

		check(length <= 80, "%zu columns: %.*s", length, (int)length, line);
		check(!length || line[length - 1] != ' ', "ends blank: %.*s", (int)length, line);
	}
}

static void each_part_is_told_with_its_form_and_cost(void **state)
{
	struct doctor doctor = able();
	struct output output;
	const char *text = text_of(&doctor, &output, false);

	(void)state;
	check_fits(text);
	assert_non_null(strstr(text, "  accepted_by            hook     fentry      fired\n"
				     "  bind_ipv4              hook     none        not tested\n"
				     "  bind_ipv6              hook     none        not tested\n"
				     "        a long reason"));
	assert_non_null(strstr(text, "        cost: bind() that fails is not seen\n"
				     "  list_sockets           listing  none        -\n"
				     "        EPERM: Operation not permitted\n"
				     "        instead: sock_diag\n"
				     "  records                map      -           -\n"));
	assert_null(strstr(text, "inet_csk_accept"));
	output_free(&output);
}

static void details_tell_each_function_and_map(void **state)
{
	struct doctor doctor = able();
	struct output output;
	const char *text = text_of(&doctor, &output, true);

	(void)state;
	check_fits(text);
	assert_non_null(strstr(text, "inet_csk_accept                  fired\n"));
	assert_non_null(strstr(text, "__inet6_bind                     untried\n"));
	assert_non_null(strstr(text, "  owners                  480 B"));
	output_free(&output);
}

static void capabilities_and_memory_are_told(void **state)
{
	struct doctor doctor = able();
	struct output output;
	const char *text = text_of(&doctor, &output, false);

	(void)state;
	assert_non_null(strstr(text, "  CAP_BPF              have\n"
				     "  CAP_SYSLOG           missing  TIME_WAIT\n"));
	assert_non_null(strstr(text, "  maps                  17.0 MB  while a command watches; "
				     "`leaks` takes less\n"));
	assert_non_null(strstr(text, "  of these, the ring    16.0 MB"));
	output_free(&output);
}

static void a_refusal_is_told_once(void **state)
{
	struct doctor doctor = refused();
	struct output output;
	const char *text = text_of(&doctor, &output, true);

	(void)state;
	check_fits(text);
	assert_non_null(strstr(text, "refused: tracing needs CAP_BPF\n"));
	assert_non_null(strstr(text, "HOOKS\n  none, as BPF is refused"));
	assert_non_null(strstr(text, "v2 is not mounted"));
	assert_null(strstr(text, "accepted_by"));
	output_free(&output);
}

/* A mount point may have any name. */
static void a_hostile_name_is_harmless(void **state)
{
	struct doctor doctor = able();
	struct output output;
	const char *text;

	(void)state;
	memset(doctor.cgroup_root, 'x', sizeof(doctor.cgroup_root) - 1);
	doctor.cgroup_root[1] = '\033';
	text = text_of(&doctor, &output, false);
	check_fits(text);
	assert_null(strchr(text, '\033'));
	output_free(&output);
}

static void a_pipe_gets_whole_lines(void **state)
{
	struct doctor doctor = able();
	struct output output;

	(void)state;
	doctor.rdonly_cast = ANSWER_NO;
	doctor.probe_reads = ANSWER_YES;
	assert_non_null(strstr(text_in(&doctor, &output, false, 0),
			       "  memory reads   bpf_probe_read_kernel alone (no bpf_rdonly_cast "
			       "before Linux 6.2): all that is wanted, until "
			       "lockdown=confidentiality forbids it\n"));
	output_free(&output);
}

static void what_is_not_known_is_null(void **state)
{
	struct doctor doctor = refused();
	struct output output;
	const char *text = json_of(&doctor, &output);

	(void)state;
	assert_non_null(strstr(text,
			       "{\"type\":\"host\",\"time\":\"2024-03-01T00:00:03.000000Z\","
			       "\"kernel\":\"6.12.1\",\"bpf\":false,"
			       "\"refusal\":\"tracing needs CAP_BPF\",\"btf\":true,"
			       "\"lockdown\":null,\"rdonly_cast\":null,\"probe_reads\":null,"
			       "\"kallsyms\":true,\"cgroup\":null,\"timewait_s\":60.000000000}\n"));
	assert_non_null(strstr(text, "\"maps\":null,\"ring_bytes\":null,\"socket_bytes\":null}\n"));
	output_free(&output);
}

static void the_json_tells_the_same(void **state)
{
	struct doctor doctor = able();
	struct output output;
	const char *text = json_of(&doctor, &output);

	(void)state;
	assert_non_null(strstr(text, "\"hook\":\"accepted_by\",\"kind\":\"hook\","
				     "\"form\":\"fentry\",\"fired\":true,\"why\":null,"
				     "\"without\":null,"
				     "\"functions\":{\"inet_csk_accept\":\"fired\"}}\n"));
	assert_non_null(strstr(text, "\"hook\":\"list_sockets\",\"kind\":\"listing\","
				     "\"form\":\"none\",\"fired\":null,"
				     "\"why\":\"EPERM: Operation not permitted\","
				     "\"without\":null,\"functions\":{}}\n"));
	assert_non_null(strstr(text, "\"hook\":\"records\",\"kind\":\"map\",\"form\":null,"));
	assert_non_null(strstr(text, "\"name\":\"CAP_BPF\",\"have\":true,\"without\":null}\n"));
	assert_non_null(strstr(text, "\"maps\":{\"records\":17825792,\"owners\":480},"
				     "\"ring_bytes\":16777216,\"socket_bytes\":290}\n"));
	output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_told_with_its_form_and_cost),
		cmocka_unit_test(details_tell_each_function_and_map),
		cmocka_unit_test(capabilities_and_memory_are_told),
		cmocka_unit_test(a_refusal_is_told_once),
		cmocka_unit_test(a_hostile_name_is_harmless),
		cmocka_unit_test(a_pipe_gets_whole_lines),
		cmocka_unit_test(what_is_not_known_is_null),
		cmocka_unit_test(the_json_tells_the_same),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
