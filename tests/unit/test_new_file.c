// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "writer/new_file.h"

struct place {
	char folder[64];
	int before; /* where it was called */
};

static int setup(void **state)
{
	static struct place place;

	strcpy(place.folder, "/tmp/test_new_file.XXXXXX");
	place.before = open(".", O_RDONLY | O_DIRECTORY);
	*state = &place;
	umask(022);
	return !mkdtemp(place.folder) || chdir(place.folder);
}

static int teardown(void **state)
{
	struct place *place = *state;
	char command[128];
	int failed = fchdir(place->before);

	close(place->before);
	snprintf(command, sizeof(command), "rm -r %s", place->folder);
	return failed || system(command);
}

#define file_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static size_t files(void)
{
	DIR *folder = opendir(".");
	size_t count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

static void write_old(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
}

static void check_file(const char *path, const char *text, mode_t mode)
{
	char read_back[16] = "";
	int fd = open(path, O_RDONLY);
	struct stat status;

	assert_true(fd >= 0);
	assert_int_equal(read(fd, read_back, sizeof(read_back)), strlen(text));
	assert_string_equal(read_back, text);
	fstat(fd, &status);
	check((status.st_mode & 07777) == mode, "mode %o, not %o", status.st_mode & 07777, mode);
	close(fd);
}

static void write_new(struct new_file *file, const char *path, mode_t mode)
{
	assert_true(new_file_begin(file, path, mode));
	assert_int_equal(write(file->fd, "new", 3), 3);
}

static void test_a_new_one_has_the_mode(void **state)
{
	struct new_file file;

	(void)state;
	write_new(&file, "page", 0666);
	assert_int_equal(access("page", F_OK), -1);
	assert_true(new_file_finish(&file));
	new_file_free(&file);
	check_file("page", "new", 0644);
	assert_int_equal(files(), 1);
}

static void test_one_that_exists_is_replaced_at_the_end(void **state)
{
	struct new_file file;

	(void)state;
	write_old("page", 0640);
	write_new(&file, "page", 0666);
	check_file("page", "old", 0640);
	assert_true(new_file_finish(&file));
	new_file_free(&file);
	check_file("page", "new", 0640);
	assert_int_equal(files(), 1);
}

static void test_what_is_not_finished_leaves_nothing(void **state)
{
	struct new_file file;

	(void)state;
	write_old("page", 0600);
	write_new(&file, "page", 0666);
	new_file_free(&file);
	check_file("page", "old", 0600);
	assert_int_equal(files(), 1);
}

static void test_a_link_stays_one(void **state)
{
	struct stat status;
	struct new_file file;

	(void)state;
	write_old("page", 0600);
	assert_int_equal(symlink("page", "link"), 0);
	write_new(&file, "link", 0666);
	assert_true(new_file_finish(&file));
	new_file_free(&file);
	check_file("page", "new", 0600);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
}

static void test_a_pipe_is_written_to(void **state)
{
	char text[4] = "";
	struct new_file file;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDWR);
	write_new(&file, "pipe", 0666);
	assert_true(new_file_finish(&file));
	new_file_free(&file);
	assert_int_equal(read(fd, text, 3), 3);
	assert_string_equal(text, "new");
	close(fd);
	assert_int_equal(files(), 1);
}

static void test_a_folder_that_is_not_there(void **state)
{
	struct new_file file;

	(void)state;
	assert_false(new_file_begin(&file, "none/page", 0666));
	assert_int_equal(errno, ENOENT);
	new_file_free(&file);
}

static void test_a_long_name(void **state)
{
	char name[256];
	struct new_file file;

	(void)state;
	memset(name, 'x', 255);
	name[255] = 0;
	write_new(&file, name, 0600);
	assert_true(new_file_finish(&file));
	new_file_free(&file);
	check_file(name, "new", 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(test_a_new_one_has_the_mode),
		file_test(test_one_that_exists_is_replaced_at_the_end),
		file_test(test_what_is_not_finished_leaves_nothing),
		file_test(test_a_link_stays_one),
		file_test(test_a_pipe_is_written_to),
		file_test(test_a_folder_that_is_not_there),
		file_test(test_a_long_name),
	};

	return cmocka_run_group_tests_name("new_file", tests, NULL, NULL);
}
