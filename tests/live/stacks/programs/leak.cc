// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// As leak.c, in methods of a template.
#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <sys/socket.h>
#include <unistd.h>

namespace net {
template <class Port> struct Pool {
	Port port;
	int kept = 0;

	__attribute__((noinline)) int dial()
	{
		struct sockaddr_in peer = {};
		int s = socket(AF_INET, SOCK_STREAM, 0);
		char byte;

		peer.sin_family = AF_INET;
		peer.sin_port = htons(port);
		peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		if (connect(s, (struct sockaddr *)&peer, sizeof(peer)) != 0)
			abort();
		while (read(s, &byte, 1) > 0)
			kept--;
		return s;
	}
	__attribute__((noinline)) void healthy()
	{
		kept += close(dial());
	}
	__attribute__((noinline)) void leaky()
	{
		kept += dial();
	}
};
}

int main(int, char **arguments)
{
	net::Pool<unsigned short> pool = {(unsigned short)atoi(arguments[1])};

	for (int i = 0; i < atoi(arguments[2]); i++) {
		pool.healthy();
		pool.leaky();
	}
	puts("done");
	fflush(stdout);
	return getchar() == EOF ? 0 : pool.kept;
}
