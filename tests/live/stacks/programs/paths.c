// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* paths PORT COUNT: connects by COUNT ways through its functions, each once, and closes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BITS 14

static struct sockaddr_in server;

static void dial(void)
{
	struct linger reset = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)))
		perror("connect");
	close(fd);
}

__attribute__((noinline)) void go(unsigned int way, int bits)
{
	if (!bits)
		dial();
	else if (way & 1)
		go(way >> 1, bits - 1);
	else
		go(way >> 1, bits - 1);
	__asm__ volatile("");
}

int main(int count, char **arguments)
{
	if (count < 3)
		return 2;
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)atoi(arguments[1]));
	inet_aton("127.0.0.1", &server.sin_addr);
	for (unsigned int way = 0; way < (unsigned int)atoi(arguments[2]); way++)
		go(way, BITS);
	puts("done");
	fflush(stdout);
	return getchar() != EOF;
}
