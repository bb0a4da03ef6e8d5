// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* paper FOLDER DATE: writes manual pages and completions below the folder, as share/ has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paper.h"

static FILE *begin(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	return file;
}

static void end(FILE *file)
{
	if (ferror(file) | fclose(file)) {
		fprintf(stderr, "cannot write: %s\n", strerror(errno));
		exit(1);
	}
}

static void manual(const char *folder, const struct command *command, const char *date)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "man/man8/tcplinger%s%s.8",
		 command == default_command ? "" : "-", command->name);
	file = begin(folder, name);
	write_manual(file, command, date);
	end(file);
}

static void completion(const char *folder, const char *name, void (*write)(FILE *file))
{
	FILE *file = begin(folder, name);

	write(file);
	end(file);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: paper FOLDER DATE\n", stderr);
		return 2;
	}
	manual(argv[1], default_command, argv[2]);
	for (size_t i = 0; i < command_count; i++)
		manual(argv[1], commands[i], argv[2]);
	completion(argv[1], "bash-completion/completions/tcplinger", write_bash);
	completion(argv[1], "zsh/site-functions/_tcplinger", write_zsh);
	completion(argv[1], "fish/vendor_completions.d/tcplinger.fish", write_fish);
	return 0;
}
