// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/record/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/status.h"

#define NOT_FOUND 127

/* Who forked us is gone, or will not watch: then nothing is run. */
static void run(int gate, char *const *words)
{
	char go;

	if (read(gate, &go, 1) != 1)
		_exit(0);
	execvp(words[0], words);
	_exit(fail(NOT_FOUND, "%s: %s", words[0], strerror(errno)));
}

bool program_hold(struct program *program, char *const *words)
{
	int pipe_[2];

	*program = (struct program){.gate = -1};
	if (pipe2(pipe_, O_CLOEXEC) != 0)
		return false;
	program->pid = fork();
	if (program->pid == 0) {
		close(pipe_[1]);
		run(pipe_[0], words);
	}
	close(pipe_[0]);
	program->gate = pipe_[1];
	return program->pid > 0;
}

void program_begin(struct program *program)
{
	if (program->gate < 0)
		return;
	if (write(program->gate, "", 1) != 1)
		program->over = true; /* somebody has killed it */
	close(program->gate);
	program->gate = -1;
}

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void program_look(struct program *program, bool waits)
{
	int status;

	if (program->pid <= 0 || program->over)
		return;
	if (waitpid(program->pid, &status, waits ? 0 : WNOHANG) != program->pid)
		return;
	program->over = true;
	program->status = status_of(status);
}

void program_free(struct program *program)
{
	if (program->pid > 0 && program->gate >= 0) {
		close(program->gate);
		program->gate = -1;
		program_look(program, true);
	}
}
