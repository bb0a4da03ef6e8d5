// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * leak PORT HEALTHY LEAKED: connects to a server that says a word and closes; `healthy` closes as
 * well, `leaky` reads the end of file and forgets it. Says so, and stays until its input ends.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef INLINED
#define FUNCTION static inline __attribute__((always_inline))
#else
#define FUNCTION __attribute__((noinline))
#endif
#define NO_TAIL_CALL __asm__ volatile("")

static struct sockaddr_in server;

__attribute__((noinline)) int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&server, sizeof(server)))
		perror("connect");
	NO_TAIL_CALL;
	return fd;
}

__attribute__((noinline)) void read_all(int fd)
{
	char text[64];

	while (read(fd, text, sizeof(text)) > 0)
		;
	NO_TAIL_CALL;
}

FUNCTION void healthy(void)
{
	int fd = dial();

	read_all(fd);
	close(fd);
}

FUNCTION void leaky(void)
{
	read_all(dial());
	NO_TAIL_CALL;
}

__attribute__((noinline)) void work(int healthy_ones, int leaky_ones)
{
	for (int i = 0; i < healthy_ones; i++)
		healthy();
	for (int i = 0; i < leaky_ones; i++)
		leaky();
	NO_TAIL_CALL;
}

int main(int count, char **arguments)
{
	if (count < 4)
		return 2;
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(arguments[1]));
	inet_aton("127.0.0.1", &server.sin_addr);
	work(atoi(arguments[2]), atoi(arguments[3]));
	puts("done");
	fflush(stdout);
	return getchar() != EOF;
}
