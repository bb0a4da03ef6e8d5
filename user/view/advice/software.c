// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What helps with known software, where that is certain: told by its executable. */
#include <string.h>

#include "base/macros.h"
#include "view/advice/internal.h"

static const struct {
	const char *exe; /* the file's name begins so, and goes on with no letter */
	unsigned int topics;
	const char *help;
} remedies[] = {
	{"nginx", BIT(TOPIC_REUSE) | BIT(TOPIC_POOL),
	 "nginx: `keepalive 32;` in the upstream, and, before 1.29.7, `proxy_http_version 1.1;` "
	 "and "
	 "`proxy_set_header Connection \"\";`; since 1.29.7 it is on by default"},
	{"nginx", BIT(TOPIC_BIND),
	 "nginx: `proxy_bind ADDRESS` without a port sets IP_BIND_ADDRESS_NO_PORT itself: look for "
	 "a fixed port"},
	{"nginx", BIT(TOPIC_RACE),
	 "nginx: `keepalive_timeout` in the upstream block shorter than the back end's own"},
	{"haproxy", BIT(TOPIC_REUSE) | BIT(TOPIC_POOL),
	 "HAProxy: `option http-keep-alive`, and `http-reuse safe` or `always` in the backend"},
	{"haproxy", BIT(TOPIC_RELAY), "HAProxy: `timeout client-fin` and `timeout server-fin`"},
	{"haproxy", BIT(TOPIC_BIND),
	 "HAProxy: `source ADDRESS` without a port sets IP_BIND_ADDRESS_NO_PORT itself: look for a "
	 "fixed port or a port range"},
	{"apache2", BIT(TOPIC_REUSE), "Apache: `ProxyPass ... keepalive=On`, `enablereuse=On`"},
	{"httpd", BIT(TOPIC_REUSE), "Apache: `ProxyPass ... keepalive=On`, `enablereuse=On`"},
	{"php-fpm", BIT(TOPIC_REUSE) | BIT(TOPIC_POOL),
	 "PHP: persistent connections (`pconnect` of Redis, PDO::ATTR_PERSISTENT, `p:` before the "
	 "host of mysqli)"},
	{"php", BIT(TOPIC_REUSE) | BIT(TOPIC_POOL),
	 "PHP on the command line keeps nothing between runs: one process that stays, or a proxy"},
	{"node", BIT(TOPIC_REUSE),
	 "Node: one `new http.Agent({ keepAlive: true })` for all requests"},
	{"node", BIT(TOPIC_RACE),
	 "Node: `server.keepAliveTimeout` is 5 s by default: longer than what the client waits"},
	{"java", BIT(TOPIC_REUSE),
	 "Java: one HttpClient for all requests, response bodies read to their end; check the "
	 "pool of the driver"},
	{"python3", BIT(TOPIC_REUSE),
	 "Python: one `requests.Session()` for all requests, if that is "
	 "what it uses"},
	{"redis-benchmark", BIT(TOPIC_REUSE), "redis-benchmark: `-k 1`"},
	{"ab", BIT(TOPIC_REUSE), "ab: `-k`"},
};

/* "php-fpm8.2" is php-fpm, "phpdbg" is not php. */
static bool is_named(const char *name, const char *exe)
{
	size_t length = strlen(exe);
	char next;

	if (strncmp(name, exe, length) != 0)
		return false;
	next = name[length];
	return next == 0 || next == '.' || next == ' ' || (next >= '0' && next <= '9');
}

static const char *name_of(const struct process *process)
{
	const char *slash = process && process->exe ? strrchr(process->exe, '/') : NULL;

	return slash ? slash + 1 : "";
}

void software_helps_of(const struct judging *judging, struct advice *advice, enum topic topic,
		       uint32_t number)
{
	const char *name = name_of(
		processes_get(&judging->adviser->config.model->connections.processes, number));
	size_t count = 0;

	for (size_t i = 0; i < LENGTH(remedies) && count < ADVICE_EXTRA; i++)
		if (remedies[i].topics & BIT(topic) && is_named(name, remedies[i].exe))
			advice->extra[count++] = remedies[i].help;
}

void software_helps(const struct judging *judging, struct advice *advice, enum topic topic)
{
	software_helps_of(judging, advice, topic, advice->process);
}

const char *software_help(size_t i)
{
	return i < LENGTH(remedies) ? remedies[i].help : NULL;
}
