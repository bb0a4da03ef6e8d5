// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/auth.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "source/privilege.h"

#define NICE	   5  /* behind the tracing; yet somebody waits for it, on a busy host too */
#define REMEMBERED 64 /* the oldest goes */
#define DIGEST	   32
#define SALT	   16

struct auth {
	const struct web_user *users;
	size_t user_count;
	pthread_t thread;
	pthread_mutex_t lock; /* of what is below, up to `done` */
	pthread_cond_t begun;
	bool ends;
	bool right;
	const struct web_user *user; /* whose hash it is held against */
	bool known;		     /* there is such a user */
	char *password;
	int done; /* eventfd */
	/* the rest is the caller's thread's */
	bool busy;
	char *asked; /* user and password of what is checked */
	unsigned char salt[SALT];
	unsigned char remembered[REMEMBERED][DIGEST];
	size_t remembered_count;
};

/* However much of it is the same. */
static bool same(const void *one, const void *other, size_t size)
{
	const unsigned char *a = one, *b = other;
	unsigned char difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= a[i] ^ b[i];
	return !difference;
}

static bool is_right(const struct web_user *user, const char *password, struct crypt_data *data)
{
	const char *hash = crypt_r(password, user->hash, data);

	return hash && strlen(hash) == strlen(user->hash) && same(hash, user->hash, strlen(hash));
}

static void forget(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* With the lock held; without it while it computes. */
static void check(struct auth *auth, struct crypt_data *data)
{
	const struct web_user *user = auth->user;
	char *password = auth->password;
	uint64_t one = 1;
	bool right;

	auth->password = NULL;
	pthread_mutex_unlock(&auth->lock);
	/* who is not there takes as long */
	right = is_right(user, password, data);
	forget(password);
	pthread_mutex_lock(&auth->lock);
	auth->right = right && auth->known;
	if (write(auth->done, &one, sizeof(one)) < 0)
		auth->right = false; /* it never fails: the counter is small */
}

/* It needs no privilege, and has time. */
static void *check_all(void *context)
{
	struct crypt_data *data = memory_new(1, sizeof(*data));
	struct auth *auth = context;

	privilege_keep(0);
	setpriority(PRIO_PROCESS, 0, NICE);
	pthread_mutex_lock(&auth->lock);
	while (!auth->ends) {
		if (auth->password)
			check(auth, data);
		else
			pthread_cond_wait(&auth->begun, &auth->lock);
	}
	pthread_mutex_unlock(&auth->lock);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return NULL;
}

/* Signals are for the thread that traces. */
static int start_thread(struct auth *auth)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&auth->thread, NULL, check_all, auth);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct auth *auth_start(const struct web_user *users, size_t count)
{
	struct auth *auth = memory_new(1, sizeof(*auth));
	int error;

	*auth = (struct auth){.users = users, .user_count = count};
	pthread_mutex_init(&auth->lock, NULL);
	pthread_cond_init(&auth->begun, NULL);
	auth->done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	gnutls_rnd(GNUTLS_RND_KEY, auth->salt, sizeof(auth->salt));
	error = auth->done < 0 ? errno : start_thread(auth);
	if (!error)
		return auth;
	if (auth->done >= 0)
		close(auth->done);
	free(auth);
	errno = error;
	return NULL;
}

void auth_stop(struct auth *auth)
{
	if (!auth)
		return;
	pthread_mutex_lock(&auth->lock);
	auth->ends = true;
	pthread_cond_signal(&auth->begun);
	pthread_mutex_unlock(&auth->lock);
	pthread_join(auth->thread, NULL);
	pthread_cond_destroy(&auth->begun);
	pthread_mutex_destroy(&auth->lock);
	close(auth->done);
	forget(auth->password);
	forget(auth->asked);
	explicit_bzero(auth->remembered, sizeof(auth->remembered));
	free(auth);
}

/* A user has no colon: one string stands for one pair. To be forgotten. */
static char *pair_of(const char *user, const char *password)
{
	size_t users = strlen(user), passwords = strlen(password);
	char *pair = memory_new(users + passwords + 2, 1);

	memcpy(pair, user, users);
	pair[users] = ':';
	memcpy(pair + users + 1, password, passwords);
	return pair;
}

static bool digest_of(const struct auth *auth, const char *pair, unsigned char *digest)
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->salt, sizeof(auth->salt), pair,
				strlen(pair), digest) == 0;
}

bool auth_knows(const struct auth *auth, const char *user, const char *password)
{
	size_t count = auth->remembered_count < REMEMBERED ? auth->remembered_count : REMEMBERED;
	char *pair = pair_of(user, password);
	unsigned char digest[DIGEST];
	bool known = false;

	if (digest_of(auth, pair, digest))
		for (size_t i = 0; i < count; i++)
			known |= same(digest, auth->remembered[i], DIGEST);
	forget(pair);
	return known;
}

static void remember(struct auth *auth, const char *pair)
{
	size_t place = auth->remembered_count % REMEMBERED;

	if (digest_of(auth, pair, auth->remembered[place]))
		auth->remembered_count++;
}

static const struct web_user *find(const struct auth *auth, const char *name)
{
	for (size_t i = 0; i < auth->user_count; i++)
		if (strcmp(auth->users[i].name, name) == 0)
			return &auth->users[i];
	return NULL;
}

bool auth_begin(struct auth *auth, const char *user, const char *password)
{
	const struct web_user *found = find(auth, user);

	if (auth->busy)
		return false;
	auth->busy = true;
	auth->asked = pair_of(user, password);
	pthread_mutex_lock(&auth->lock);
	auth->known = found;
	auth->user = found ? found : &auth->users[0];
	auth->password = memory_string(password);
	pthread_cond_signal(&auth->begun);
	pthread_mutex_unlock(&auth->lock);
	return true;
}

int auth_wait_on(const struct auth *auth)
{
	return auth->done;
}

bool auth_end(struct auth *auth, bool *right)
{
	uint64_t count;

	if (read(auth->done, &count, sizeof(count)) != sizeof(count))
		return false;
	pthread_mutex_lock(&auth->lock);
	*right = auth->right;
	pthread_mutex_unlock(&auth->lock);
	if (*right)
		remember(auth, auth->asked);
	forget(auth->asked);
	auth->asked = NULL;
	auth->busy = false;
	return true;
}
