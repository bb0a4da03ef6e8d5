// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/serve/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "cli/status.h"

#define FILE_MAX (1 << 20) /* bytes; none of these files comes near */

/* The whole file with a NUL behind it, to be freed; NULL, with errno, if it cannot be read. */
static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (!file)
		return NULL;
	text = memory_new(FILE_MAX + 1, 1);
	errno = 0;
	*size = fread(text, 1, FILE_MAX, file);
	if (ferror(file) || !feof(file)) {
		int error = errno ? errno : EFBIG;

		free(text);
		fclose(file);
		errno = error;
		return NULL;
	}
	fclose(file);
	return text;
}

/* A file that the configuration names: relative to the folder that it is in itself. */
static char *path_beside(const char *config, const char *name)
{
	const char *slash = strrchr(config, '/');
	size_t folder = name[0] == '/' || !slash ? 0 : (size_t)(slash - config) + 1;
	char *path = memory_new(folder + strlen(name) + 1, 1);

	memcpy(path, config, folder);
	memcpy(path + folder, name, strlen(name));
	return path;
}

static char *read_beside(const char *config, const char *name)
{
	char *path = path_beside(config, name), *text;
	size_t size;

	text = read_file(path, &size);
	if (!text)
		fail(STATUS_USAGE, "--web.config.file %s: cannot read %s: %s", config, path,
		     strerror(errno));
	free(path);
	return text;
}

static gnutls_datum_t datum(char *text)
{
	return (gnutls_datum_t){(unsigned char *)text, (unsigned int)strlen(text)};
}

/* The library that serves says only that it does not work. */
static int check_certificates(const struct guard *guard, const char *path)
{
	gnutls_datum_t certificate = datum(guard->certificate), key = datum(guard->key);
	gnutls_certificate_credentials_t credentials;
	int error;

	if (gnutls_certificate_allocate_credentials(&credentials) != 0)
		memory_check(NULL);
	error = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key,
						    GNUTLS_X509_FMT_PEM);
	if (error >= 0 && guard->client_ca) {
		gnutls_datum_t ca = datum(guard->client_ca);

		error = gnutls_certificate_set_x509_trust_mem(credentials, &ca,
							      GNUTLS_X509_FMT_PEM);
		if (error == 0)
			error = GNUTLS_E_NO_CERTIFICATE_FOUND;
	}
	gnutls_certificate_free_credentials(credentials);
	if (error < 0)
		return fail(STATUS_USAGE, "--web.config.file %s: the certificate and the key: %s",
			    path, gnutls_strerror(error));
	return STATUS_DONE;
}

static int read_certificates(struct guard *guard, const char *path)
{
	const struct web_config *config = &guard->config;

	guard->certificate = read_beside(path, config->texts[WEB_CERT_FILE]);
	guard->key = guard->certificate ? read_beside(path, config->texts[WEB_KEY_FILE]) : NULL;
	if (!guard->key)
		return STATUS_USAGE;
	if (config->texts[WEB_CLIENT_CA_FILE][0]) {
		guard->client_ca = read_beside(path, config->texts[WEB_CLIENT_CA_FILE]);
		if (!guard->client_ca)
			return STATUS_USAGE;
	}
	web_config_priorities(config, guard->priorities, sizeof(guard->priorities));
	return check_certificates(guard, path);
}

static int read_config(struct guard *guard, const char *path)
{
	char complaint[WEB_COMPLAINT], *text;
	size_t size;
	bool done;

	text = read_file(path, &size);
	if (!text)
		return fail(STATUS_USAGE, "--web.config.file %s: %s", path, strerror(errno));
	done = web_config_parse(&guard->config, text, size, complaint);
	free(text);
	if (!done)
		return fail(STATUS_USAGE, "--web.config.file %s: %s", path, complaint);
	return guard->config.tls ? read_certificates(guard, path) : STATUS_DONE;
}

int guard_init(struct guard *guard, const char *path)
{
	int status;

	*guard = (struct guard){0};
	if (!path)
		return STATUS_DONE;
	status = read_config(guard, path);
	if (status == STATUS_DONE && guard->config.user_count) {
		guard->auth = auth_start(guard->config.users, guard->config.user_count);
		if (!guard->auth)
			status = fail(STATUS_FAILED, "serve: cannot start a thread: %s",
				      strerror(errno));
	}
	if (status != STATUS_DONE)
		guard_free(guard);
	return status;
}

static void forget(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void guard_free(struct guard *guard)
{
	auth_stop(guard->auth);
	web_config_free(&guard->config);
	free(guard->certificate);
	free(guard->client_ca);
	forget(guard->key);
	*guard = (struct guard){0};
}
