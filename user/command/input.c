// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/input.h"

#include <string.h>

#include "base/time.h"
#include "cli/status.h"
#include "record/narrow.h"
#include "writer/format.h"

static void write_time(const struct recording *recording, char *text, uint64_t stream_ns)
{
	format_time(text, stream_ns + (uint64_t)recording->header.monotonic_offset_ns);
}

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
	options->once = options->once || options->at.given;
}

static uint64_t stream_ns(const struct recording *recording, const struct moment *moment,
			  uint64_t first_ns)
{
	uint64_t ns = moment->ns - (uint64_t)recording->header.monotonic_offset_ns;

	if (moment->relative)
		return first_ns + moment->ns;
	return ns < INT64_MAX ? ns : 0; /* before the host was booted */
}

static int refuse_moment(struct input *input, uint64_t first_ns)
{
	const struct recording *recording = &input->recording;
	char from[FORMAT_TIME], to[FORMAT_TIME];

	recording_seek(&input->recording, UINT64_MAX);
	if (!recording->refreshed_ns)
		return fail(STATUS_USAGE, "--at: nothing is in the recording %s", recording->path);
	write_time(recording, from, first_ns);
	write_time(recording, to, recording->refreshed_ns);
	return fail(STATUS_USAGE, "--at: outside the recording: %s goes from %s to %s",
		    recording->path, from, to);
}

static int seek(struct input *input)
{
	struct recording *recording = &input->recording;
	const struct frame *first = recording_peek(recording);
	uint64_t first_ns = first ? first->header.first_ns : 0;

	input->at_ns = stream_ns(recording, &input->options.at, first_ns);
	if (input->at_ns >= first_ns && recording_seek(recording, input->at_ns))
		return STATUS_DONE;
	return refuse_moment(input, first_ns);
}

static int check_stacks(const struct input *input)
{
	if (!input->options.stacks || input->recording.header.wants & WANT(STACKS))
		return STATUS_DONE;
	return fail(STATUS_USAGE, "--stacks: %s has none: it takes record --stacks",
		    input->recording.path);
}

const struct options *input_open(struct input *input, const struct options *options,
				 const volatile sig_atomic_t *stop, struct needs *needs)
{
	*input = (struct input){0};
	if (!options->input)
		return options;
	input->options = *options;
	input->status = open_recording(input, stop);
	if (input->status == STATUS_DONE)
		input->status = check_stacks(input);
	if (input->status != STATUS_DONE)
		return &input->options;
	join_needs(needs, &input->recording.header);
	join_options(&input->options, &input->recording.header);
	if (options->at.given)
		input->status = seek(input);
	return &input->options;
}

void input_close(struct input *input)
{
	if (input->options.input)
		recording_close(&input->recording);
}

int input_outcome(const struct input *input)
{
	const struct recording *recording = &input->recording;
	char time[FORMAT_TIME];

	if (input->at_ns)
		return STATUS_DONE;
	write_time(recording, time, recording->last_ns);
	if (recording->end == RECORDING_DAMAGED)
		return fail(STATUS_FAILED, "%s: damaged: what is shown ends at %s", recording->path,
			    time);
	if (recording->end == RECORDING_CUT)
		note("%s: it has no end (still being written, or who wrote it was killed): what is "
		     "shown ends at %s",
		     recording->path, time);
	return STATUS_DONE;
}
