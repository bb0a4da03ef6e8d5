// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/input.h"

#include <string.h>

#include "base/time.h"
#include "cli/status.h"
#include "record/narrow.h"
#include "writer/format.h"

static int open_recording(struct input *input, const volatile sig_atomic_t *stop)
{
	char complaint[RECORDING_COMPLAINT];

	switch (recording_open(&input->recording, input->options.input, stop, complaint)) {
	case RECORDING_OPENED:
		return STATUS_DONE;
	case RECORDING_ABSENT:
		return fail(STATUS_USAGE, "--input %s", complaint);
	default:
		return fail(STATUS_FAILED, "%s", complaint);
	}
}

static void join_needs(struct needs *needs, const struct recording_header *header)
{
	struct needs recorded = {
		.listed = header->listed,
		.refreshed = header->refreshed,
		.snapshot = header->snapshot,
		.wants = header->wants,
	};

	memcpy(recorded.told, header->told, sizeof(recorded.told));
	needs_join(needs, &recorded);
}

static bool is_below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (!path[length] || path[length] == '/');
}

/* False where no process can pass both. */
static bool join_cgroup(struct process_filter *filter, const char *recorded)
{
	if (filter->cgroup && !is_below(filter->cgroup, recorded) &&
	    !is_below(recorded, filter->cgroup))
		return false;
	if (!filter->cgroup || is_below(recorded, filter->cgroup))
		filter->cgroup = recorded;
	return true;
}

static bool join_processes(struct process_filter *filter, const struct recording_header *header)
{
	if (header->pid && filter->pid && header->pid != filter->pid)
		return false;
	if (header->comm[0] && filter->comm && strcmp(header->comm, filter->comm) != 0)
		return false;
	if (header->pid)
		filter->pid = header->pid;
	if (header->comm[0])
		filter->comm = header->comm;
	return !header->cgroup[0] || join_cgroup(filter, header->cgroup);
}

static void join_options(struct options *options, const struct recording_header *header)
{
	double recorded_s = (double)header->interval_ns / NS_PER_S;

	if (!(options->given & OPTION_BIT(OPTION_INTERVAL)) || options->interval_s < recorded_s)
		options->interval_s = recorded_s;
	filter_narrow(&options->tuples, &header->tuples);
	if (!join_processes(&options->processes, header))
		filter_nothing(&options->tuples);
}

const struct options *input_open(struct input *input, const struct options *options,
				 const volatile sig_atomic_t *stop, struct needs *needs)
{
	*input = (struct input){0};
	if (!options->input)
		return options;
	input->options = *options;
	input->status = open_recording(input, stop);
	if (input->status == STATUS_DONE) {
		join_needs(needs, &input->recording.header);
		join_options(&input->options, &input->recording.header);
	}
	return &input->options;
}

void input_close(struct input *input)
{
	if (input->options.input)
		recording_close(&input->recording);
}

int input_outcome(const struct input *input, uint64_t shown)
{
	const struct recording *recording = &input->recording;
	uint64_t last_ns = recording->last_ns + (uint64_t)recording->header.monotonic_offset_ns;
	char time[FORMAT_TIME];

	(void)shown;
	format_time(time, last_ns);
	if (recording->end == RECORDING_DAMAGED)
		return fail(STATUS_FAILED, "%s: damaged: what is shown ends at %s", recording->path,
			    time);
	if (recording->end == RECORDING_CUT)
		note("%s: it has no end (still being written, or who wrote it was killed): what is "
		     "shown ends at %s",
		     recording->path, time);
	return STATUS_DONE;
}
