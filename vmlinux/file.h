/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors: include/linux/fs.h, include/linux/net.h */

struct inode {
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

typedef enum {
	SS_CONNECTED = 3,
} socket_state;

struct socket {
	socket_state state;
	struct file *file;
	struct sock *sk;
};
