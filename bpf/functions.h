/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Functions of the kernel that fentry and fexit programs trace. A kernel may lack one, or inline it
 * where it is called, so that a program attaches and never runs: the self-test tells.
 */
#ifndef TCPLINGER_FUNCTIONS_H
#define TCPLINGER_FUNCTIONS_H

#define TRACED_FUNCTIONS(each)                                                                     \
	each(inet_csk_accept) each(inet_twsk_alloc) each(__inet_twsk_schedule)                     \
		each(inet_twsk_kill) each(tcp_v6_connect) each(__inet_bind) each(__inet6_bind)

#define FUNCTION_NUMBER(name) FUNCTION_##name,
enum traced_function { TRACED_FUNCTIONS(FUNCTION_NUMBER) FUNCTIONS };

#endif
