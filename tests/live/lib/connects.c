// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * connect() in ways that Python has no words for, towards 127.0.0.1:PORT.
 *
 *   storm SECONDS THREADS PORT    as fast as it can, each on a socket of its own: prints how many
 *                                 calls failed with EADDRNOTAVAIL
 *   uring COUNT PORT              IORING_OP_CONNECT: prints the result of each; 77: not allowed
 * here
 */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SKIP = 77, THREADS_MAX = 16 };

static struct sockaddr_in place;
static double duration_s;

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *storm(void *argument)
{
	uint64_t *failed = argument;
	double end = now_s() + duration_s;

	while (now_s() < end) {
		for (int i = 0; i < 16; i++) {
			int fd = socket(AF_INET, SOCK_STREAM, 0);

			if (fd < 0)
				exit(1);
			if (connect(fd, (struct sockaddr *)&place, sizeof(place)) != 0)
				*failed += errno == EADDRNOTAVAIL;
			close(fd);
		}
	}
	return NULL;
}

static int run_storm(int count)
{
	uint64_t failed[THREADS_MAX] = {0}, sum = 0;
	pthread_t threads[THREADS_MAX];

	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, storm, &failed[i]) != 0)
			return 1;
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		sum += failed[i];
	}
	printf("%llu\n", (unsigned long long)sum);
	return 0;
}

struct ring {
	int fd;
	char *rings; /* IORING_FEAT_SINGLE_MMAP: both */
	struct io_uring_sqe *entry;
	struct io_uring_params params;
};

static int open_ring(struct ring *ring)
{
	size_t bytes;

	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0 || !(ring->params.features & IORING_FEAT_SINGLE_MMAP))
		return SKIP;
	bytes = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->entry = mmap(NULL, sizeof(*ring->entry), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	return ring->rings == MAP_FAILED || ring->entry == MAP_FAILED ? 1 : 0;
}

static unsigned int *at(const struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->rings + offset);
}

/* The result of one connect(): 0, or an errno. */
static int connect_by_ring(struct ring *ring, int fd)
{
	const struct io_sqring_offsets *sq = &ring->params.sq_off;
	const struct io_cqring_offsets *cq = &ring->params.cq_off;
	unsigned int tail = *at(ring, sq->tail), head = *at(ring, cq->head);
	struct io_uring_cqe *results = (struct io_uring_cqe *)(ring->rings + cq->cqes);
	int result;

	*ring->entry = (struct io_uring_sqe){
		.opcode = IORING_OP_CONNECT,
		.fd = fd,
		.addr = (uint64_t)&place,
		.off = sizeof(place),
	};
	at(ring, sq->array)[tail & *at(ring, sq->ring_mask)] = 0;
	__atomic_store_n(at(ring, sq->tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		exit(1);
	result = results[head & *at(ring, cq->ring_mask)].res;
	__atomic_store_n(at(ring, cq->head), head + 1, __ATOMIC_RELEASE);
	return -result;
}

static int run_uring(int count)
{
	struct ring ring = {0};
	int status = open_ring(&ring);

	if (status)
		return status;
	for (int i = 0; i < count; i++)
		printf("%d\n", connect_by_ring(&ring, socket(AF_INET, SOCK_STREAM, 0)));
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	place.sin_family = AF_INET;
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc != 4 && argc != 5)
		return 2;
	place.sin_port = htons((uint16_t)atoi(argv[argc - 1]));
	if (strcmp(argv[1], "uring") == 0)
		return run_uring(atoi(argv[2]));
	duration_s = atof(argv[2]);
	return atoi(argv[3]) <= THREADS_MAX ? run_storm(atoi(argv[3])) : 2;
}
