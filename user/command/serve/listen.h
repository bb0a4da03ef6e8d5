/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sockets that requests come to: made here, or handed over by systemd. */
#ifndef TCPLINGER_SERVE_LISTEN_H
#define TCPLINGER_SERVE_LISTEN_H

#include "cli/options.h"

#define LISTENERS 16

struct listeners {
	int fds[LISTENERS];
	size_t count;
};

/*
 * Those that systemd hands over (sd_listen_fds(3)), and those of the options; DEFAULT_ADDRESS where
 * there are none. An exit status: STATUS_FAILED, after one line, where an address cannot be had.
 */
int listeners_open(struct listeners *listeners, const struct serve_options *options);
void listeners_close(struct listeners *listeners);

/* "http://127.0.0.1:9878"; `text`: LISTEN_URL. */
#define LISTEN_URL 80
void listener_url(int fd, const char *scheme, char *text);

#endif
