/*
 * config.c
 *		Settings of the gateway: the table, where values come from, what is wrong with them.
 *
 * Opens no socket and starts nothing. Never prints a value that may hold a secret.
 */
#include "config.h"

#include <errno.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "limit.h"

#ifndef BG_DOCS_DIR
#define BG_DOCS_DIR ""
#endif

typedef enum setting_type
{
	SETTING_INT,
	SETTING_TEXT,
	SETTING_CHOICE
} setting_type;

typedef struct setting
{
	const char *name;
	setting_type type;
	size_t offset;
	const char *initial;
	int min;
	int max;
	const char *unit;
	bool reloadable;
	const char *choices; /* "a|b" */
	const char *description;
} setting;

#define TEXT(name, initial, description)                                                \
	{                                                                                   \
#name, SETTING_TEXT, offsetof(bg_config, name), initial, 0, 0, "", false, NULL, \
		    description                                                                 \
	}
/* A choice that is read by all loops, so it can't change under them. */
#define FIXED(name, initial, choices, description)                                           \
	{                                                                                        \
#name, SETTING_CHOICE, offsetof(bg_config, name), initial, 0, 0, "", false, choices, \
		    description                                                                      \
	}
#define CHOICE(name, initial, choices, description)                                         \
	{                                                                                       \
#name, SETTING_CHOICE, offsetof(bg_config, name), initial, 0, 0, "", true, choices, \
		    description                                                                     \
	}
#define INT(name, initial, min, max, unit, reloadable, description)                               \
	{                                                                                             \
#name, SETTING_INT, offsetof(bg_config, name), initial, min, max, unit, reloadable, NULL, \
		    description                                                                           \
	}

static const setting settings[] = {
    TEXT(listen, "127.0.0.1:8080",
         "Where the API is served: host:port, [IPv6]:port, or :port for all addresses."),
    TEXT(admin_listen, "127.0.0.1:9080",
         "Where /metrics is served; keep it private. Empty: not at all."),
    TEXT(
        database, "dbname=bountygo user=bountygo_gateway",
        "Connection string or URI of PostgreSQL, as libpq takes it; the role needs nothing but the "
        "rights of bountygo_gateway."),
    TEXT(redis_url, "", "redis://[user][:password@]host[:port][/database]. Empty: without Redis."),
    TEXT(trusted_fronts, "",
         "Addresses of proxies, with commas between, whose framing of requests is trusted: their "
         "connections stay open after a request with a body."),
    TEXT(rate_limits, "api=10/20,auth=5/10,extract=5/10,write=10/20",
         "How often one address, and one token, may ask: zone=requests a second/burst, with commas "
         "between; routes name their zone. More is answered with 429. off: as often as they like."),
    TEXT(cors_origins, "",
         "Origins (scheme://host[:port], with commas between) whose pages may call the API from a "
         "browser. Empty: none but its own."),
    TEXT(allowed_hosts, "",
         "Values of Host, without port, that are served, with commas between; others are answered "
         "with 421. Empty: all."),
    TEXT(docs_dir, BG_DOCS_DIR,
         "Directory of the page at /docs, read at the start. Empty: no page."),
    INT(threads, "0", 0, 256, "", false, "Event loops; 0: one for each core."),
    INT(db_pool_size, "4", 1, 1000, "", false,
        "Database connections of all loops together (at least one for each loop), besides one that "
        "listens for notifications."),
    INT(db_pool_timeout_ms, "5000", 10, 60000, "ms", true,
        "How long a request may wait for a database connection before it is answered with 503."),
    INT(request_timeout_ms, "30000", 100, 600000, "ms", true,
        "Time for one request from its arrival to its answer, then 504; a route may have less. The "
        "statement timeout in the database is a little lower."),
    INT(header_timeout_ms, "10000", 100, 60000, "ms", false,
        "Time to send a request, and to leave a connection idle."),
    INT(max_concurrent_requests, "100", 1, 100000, "", true,
        "Requests at work at once; more are answered with 503 and Retry-After."),
    INT(max_waiting_requests, "1000", 0, 100000, "", true,
        "Requests with Prefer: wait that wait for their job at once; more are answered with 202 at "
        "once."),
    INT(max_body, "4194304", 1024, 67108864, "bytes", false,
        "Size of a request body that is read at all; a route may allow less."),
    INT(cache_size, "64", 0, 65536, "MiB", false,
        "Memory for answers to anonymous reads, of all loops together; 0: none is kept."),
    INT(redis_timeout_ms, "50", 1, 10000, "ms", true,
        "How long Redis may take to answer before the database is asked; then it is left alone for "
        "a "
        "second."),
    INT(compress_from, "1000", 0, 1048576, "bytes", true,
        "Answers from this size on are compressed for clients that take gzip; 0: none."),
    INT(drain_timeout_ms, "10000", 0, 600000, "ms", true,
        "How long requests may go on after SIGTERM."),
    INT(tcp_user_timeout_ms, "10000", 1000, 600000, "ms", false,
        "How long sent data may stay unacknowledged before a client counts as gone."),
    FIXED(docs, "on", "on|off",
          "Whether /docs, /openapi.json and /llms.txt are served; off hides them in production."),
    CHOICE(log_level, "info", "error|warning|info|debug", "How much is logged."),
    CHOICE(log_format, "json", "json|text", "Form of log lines, which go to standard output."),
};
#define N_SETTINGS ((int) (sizeof(settings) / sizeof(settings[0])))

static char **text_at(bg_config *config, const setting *s)
{
	return (char **) ((char *) config + s->offset);
}

static int *int_at(bg_config *config, const setting *s)
{
	return (int *) ((char *) config + s->offset);
}

void bg_config_defaults(bg_config *config)
{
	memset(config, 0, sizeof(*config));
	for (int i = 0; i < N_SETTINGS; i++)
	{
		const setting *s = &settings[i];

		if (s->type == SETTING_INT)
			*int_at(config, s) = atoi(s->initial);
		else
			*text_at(config, s) = bg_copy(s->initial, strlen(s->initial));
	}
}

void bg_config_free(bg_config *config)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (settings[i].type != SETTING_INT)
			free(*text_at(config, &settings[i]));
	memset(config, 0, sizeof(*config));
}

static const setting *find(const char *name)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = choices; p != NULL; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (n > 0 && strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
	return false;
}

bool bg_config_set(bg_config *config, const char *name, const char *value, const char *source,
                   bg_buf *problems)
{
	const setting *s = find(name);

	if (s == NULL)
	{
		bg_buf_printf(problems,
		              "%s: there is no setting \"%s\"; bountygo-gateway --help lists them\n",
		              source, name);
		return false;
	}
	if (s->type == SETTING_INT)
	{
		char *end;
		long number;

		errno = 0;
		number = strtol(value, &end, 10);
		if (end == value || *end != '\0' || errno != 0 || number < s->min || number > s->max)
		{
			bg_buf_printf(problems, "%s: %s must be a whole number from %d to %d%s%s\n", source,
			              name, s->min, s->max, s->unit[0] ? " " : "", s->unit);
			return false;
		}
		*int_at(config, s) = (int) number;
		return true;
	}
	if (s->type == SETTING_CHOICE && !is_choice(s->choices, value))
	{
		bg_buf_printf(problems, "%s: %s must be one of %s\n", source, name, s->choices);
		return false;
	}
	free(*text_at(config, s));
	*text_at(config, s) = bg_copy(value, strlen(value));
	return true;
}

/* The text between spaces, without the quotes around it. */
static char *cleaned(const char *s, size_t n)
{
	bg_str value = bg_str_trim((bg_str){s, n});

	if (value.n >= 2 && (value.s[0] == '"') && value.s[value.n - 1] == '"')
	{
		value.s++;
		value.n -= 2;
	}
	return bg_copy(value.s, value.n);
}

bool bg_config_parse(bg_config *config, const char *text, const char *source, bg_buf *problems)
{
	bool good = true;
	int number = 0;

	for (const char *line = text; line != NULL && *line != '\0';)
	{
		size_t n = strcspn(line, "\r\n");
		bg_str content = bg_str_trim((bg_str){line, n});
		const char *equals = memchr(content.s, '=', content.n);
		char where[300];

		number++;
		snprintf(where, sizeof(where), "%s, line %d", source, number);
		if (content.n > 0 && content.s[0] != '#')
		{
			if (equals == NULL)
			{
				bg_buf_printf(problems, "%s: a line has the form: name = value\n", where);
				good = false;
			}
			else
			{
				char *name = cleaned(content.s, (size_t) (equals - content.s));
				char *value = cleaned(equals + 1, content.n - (size_t) (equals + 1 - content.s));

				good = bg_config_set(config, name, value, where, problems) && good;
				free(name);
				free(value);
			}
		}
		line += n;
		if (line[0] == '\r' && line[1] == '\n')
			line++;
		if (*line != '\0')
			line++;
	}
	return good;
}

static bool read_file(bg_config *config, const char *path, bg_buf *problems)
{
	FILE *file = fopen(path, "r");
	bg_buf text = {0};
	char chunk[4096];
	size_t n;
	bool good;

	if (file == NULL)
	{
		bg_buf_printf(problems, "%s: the configuration file can't be read: %s\n", path,
		              strerror(errno));
		return false;
	}
	bg_buf_add(&text, "", 0);
	while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && text.n < 1024 * 1024)
		bg_buf_add(&text, chunk, n);
	fclose(file);
	good = bg_config_parse(config, text.s, path, problems);
	bg_buf_free(&text);
	return good;
}

/* name of a flag "--some-name" as a setting: some_name */
static void flag_name(const char *flag, size_t n, char *name, size_t size)
{
	if (n >= size)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		name[i] = flag[i] == '-' ? '_' : flag[i];
	name[n] = '\0';
}

static bool read_environment(bg_config *config, bg_buf *problems)
{
	bool good = true;

	for (int i = 0; i < N_SETTINGS; i++)
	{
		char variable[64] = "BOUNTYGO_";
		size_t n = strlen(variable);
		const char *value;

		for (const char *p = settings[i].name; *p != '\0' && n < sizeof(variable) - 1; p++)
			variable[n++] = (char) (*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
		variable[n] = '\0';
		value = getenv(variable);
		if (value != NULL)
			good = bg_config_set(config, settings[i].name, value, variable, problems) && good;
	}
	return good;
}

int bg_config_load(bg_config *config, int argc, char **argv, bg_config_action *action,
                   bg_buf *problems)
{
	const char *path = getenv("BOUNTYGO_CONFIG");
	bool good = true;

	*action = BG_CONFIG_RUN;
	bg_config_defaults(config);
	/* Two rounds: the file that a flag names comes before the flags themselves. */
	for (int round = 0; round < 2; round++)
	{
		for (int i = 1; i < argc; i++)
		{
			const char *flag = argv[i];
			const char *equals = strchr(flag, '=');
			const char *value = NULL;
			char name[64];

			if (strcmp(flag, "--help") == 0 || strcmp(flag, "-h") == 0)
				*action = BG_CONFIG_HELP;
			else if (strcmp(flag, "--version") == 0)
				*action = BG_CONFIG_VERSION;
			else if (strcmp(flag, "--settings") == 0)
				*action = BG_CONFIG_SETTINGS;
			else if (strcmp(flag, "--check-config") == 0)
				*action = BG_CONFIG_CHECK;
			else if (strncmp(flag, "--", 2) != 0)
			{
				if (round == 1)
					bg_buf_printf(problems,
					              "\"%s\" isn't a flag; bountygo-gateway --help lists them\n",
					              flag);
				good = false;
			}
			else
			{
				flag_name(flag + 2, equals ? (size_t) (equals - flag - 2) : strlen(flag + 2), name,
				          sizeof(name));
				if (equals != NULL)
					value = equals + 1;
				else if (i + 1 < argc)
					value = argv[++i];
				if (value == NULL)
				{
					if (round == 1)
						bg_buf_printf(problems, "--%s needs a value\n", flag + 2);
					good = false;
				}
				else if (strcmp(name, "config") == 0)
					path = value;
				else if (round == 1)
					good = bg_config_set(config, name, value, flag, problems) && good;
			}
		}
		if (round == 0)
		{
			if (path != NULL && *action != BG_CONFIG_HELP && *action != BG_CONFIG_VERSION)
				good = read_file(config, path, problems) && good;
			good = read_environment(config, problems) && good;
		}
	}
	return bg_config_check(config, problems) + (good ? 0 : 1);
}

bool bg_config_endpoint(const char *text, char *host, size_t host_size, int *port)
{
	const char *colon = strrchr(text, ':');
	size_t n;
	char *end;
	long number;

	if (colon == NULL || colon[1] == '\0' || colon[1] < '0' || colon[1] > '9')
		return false;
	n = (size_t) (colon - text);
	if (n >= 2 && text[0] == '[' && colon[-1] == ']')
	{
		text++;
		n -= 2;
	}
	else if (memchr(text, ':', n) != NULL)
		return false;
	number = strtol(colon + 1, &end, 10);
	if (*end != '\0' || number < 0 || number > 65535 || n >= host_size)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (n == 0)
		snprintf(host, host_size, "::");
	*port = (int) number;
	return true;
}

bool bg_config_redis(const char *url, bg_redis_target *target)
{
	const char *p = url;
	const char *at;
	const char *slash;
	bg_buf out = {0};
	bool good = true;
	char endpoint[256];
	size_t n;

	memset(target, 0, sizeof(*target));
	target->port = 6379;
	if (strncmp(p, "redis://", 8) != 0)
		return false;
	p += 8;
	at = strrchr(p, '@');
	if (at != NULL)
	{
		const char *colon = memchr(p, ':', (size_t) (at - p));
		const char *user_end = colon ? colon : at;

		good = bg_percent_decode((bg_str){p, (size_t) (user_end - p)}, false, &out);
		snprintf(target->user, sizeof(target->user), "%s", out.s);
		out.n = 0;
		if (colon != NULL)
		{
			good = good &&
			       bg_percent_decode((bg_str){colon + 1, (size_t) (at - colon - 1)}, false, &out);
			snprintf(target->password, sizeof(target->password), "%s", out.s);
		}
		bg_buf_free(&out);
		p = at + 1;
	}
	slash = strchr(p, '/');
	n = slash ? (size_t) (slash - p) : strlen(p);
	if (!good || n == 0 || n >= sizeof(endpoint))
		return false;
	memcpy(endpoint, p, n);
	endpoint[n] = '\0';
	if (!bg_config_endpoint(endpoint, target->host, sizeof(target->host), &target->port))
	{
		if (strchr(endpoint, ':') != NULL)
			return false;
		snprintf(target->host, sizeof(target->host), "%s", endpoint);
	}
	if (slash != NULL && slash[1] != '\0')
	{
		char *end;
		long number = strtol(slash + 1, &end, 10);

		if (*end != '\0' || number < 0 || number > 1000)
			return false;
		target->database = (int) number;
	}
	return target->port > 0;
}

int bg_config_check(const bg_config *config, bg_buf *problems)
{
	char host[256];
	int port;
	int bad = 0;
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(config->database, &error);
	bg_redis_target target;
	bg_limits limits;
	bg_buf why = {0};

	/* libpq's own text would repeat the string, and a password with it. */
	if (options == NULL)
	{
		bg_buf_puts(problems, "database: must be a connection string, such as host=127.0.0.1 "
		                      "dbname=bountygo user=bountygo_gateway, or a postgresql:// URI\n");
		bad++;
	}
	PQconninfoFree(options);
	PQfreemem(error);
	if (!bg_config_endpoint(config->listen, host, sizeof(host), &port))
	{
		bg_buf_puts(problems, "listen: must be host:port, such as 127.0.0.1:8080\n");
		bad++;
	}
	if (config->admin_listen[0] != '\0' &&
	    !bg_config_endpoint(config->admin_listen, host, sizeof(host), &port))
	{
		bg_buf_puts(problems,
		            "admin_listen: must be host:port, such as 127.0.0.1:9080, or empty\n");
		bad++;
	}
	if (!bg_limits_parse(config->rate_limits, &limits, &why))
	{
		bg_buf_printf(problems, "rate_limits: %s\n", why.s);
		bad++;
	}
	bg_buf_free(&why);
	if (config->redis_url[0] != '\0' && !bg_config_redis(config->redis_url, &target))
	{
		bg_buf_puts(problems,
		            "redis_url: must be redis://[user][:password@]host[:port][/database], "
		            "such as redis://127.0.0.1:6379/0, or empty\n");
		bad++;
	}
	return bad;
}

void bg_config_reload(bg_config *running, const bg_config *fresh, bg_buf *notes)
{
	for (int i = 0; i < N_SETTINGS; i++)
	{
		const setting *s = &settings[i];
		bg_config *next = (bg_config *) fresh;
		bool same = s->type == SETTING_INT ? *int_at(running, s) == *int_at(next, s)
		                                   : strcmp(*text_at(running, s), *text_at(next, s)) == 0;

		if (same)
			continue;
		if (!s->reloadable)
			bg_buf_printf(notes, "%s%s needs a restart", notes->n ? ", " : "", s->name);
		else
		{
			bg_buf_printf(notes, "%s%s changed", notes->n ? ", " : "", s->name);
			if (s->type == SETTING_INT)
				__atomic_store_n(int_at(running, s), *int_at(next, s), __ATOMIC_RELAXED);
			else
			{
				free(*text_at(running, s));
				*text_at(running, s) = bg_copy(*text_at(next, s), strlen(*text_at(next, s)));
			}
		}
	}
}

void bg_config_markdown(bg_buf *out)
{
	bg_buf_puts(out,
	            "| setting | default | bounds | reload | what it does |\n|---|---|---|---|---|\n");
	for (int i = 0; i < N_SETTINGS; i++)
	{
		const setting *s = &settings[i];

		bg_buf_printf(out, "| `%s` | %s%s%s%s%s | ", s->name, s->initial[0] ? "`" : "",
		              s->initial[0] ? s->initial : "(empty)", s->initial[0] ? "`" : "",
		              s->unit[0] ? " " : "", s->unit);
		if (s->type == SETTING_INT)
			bg_buf_printf(out, "%d to %d", s->min, s->max);
		for (const char *p = s->choices; p != NULL && *p != '\0'; p++)
			bg_buf_add(out, *p == '|' ? ", " : p, *p == '|' ? 2 : 1);
		bg_buf_printf(out, " | %s | %s |\n", s->reloadable ? "SIGHUP" : "restart", s->description);
	}
}

void bg_config_usage(bg_buf *out)
{
	bg_buf_puts(
	    out, "bountygo-gateway serves BountyGo's REST API from a PostgreSQL database.\n\n"
	         "usage: bountygo-gateway [--config FILE] [--SETTING VALUE]...\n\n"
	         "  --config FILE    a file of lines \"name = value\"; # begins a comment\n"
	         "  --check-config   say what is wrong with the settings, start nothing\n"
	         "  --settings       print the settings as a Markdown table\n"
	         "  --version        print the version\n"
	         "  --help           print this\n\n"
	         "Settings come from the file, then from the environment (BOUNTYGO_LISTEN=...), then "
	         "from\nflags (--listen ...); the last one counts. SIGHUP reads file and environment "
	         "again;\nSIGTERM ends the gateway after the requests at work.\n\n");
	for (int i = 0; i < N_SETTINGS; i++)
	{
		const setting *s = &settings[i];

		bg_buf_printf(out, "  %s", s->name);
		if (s->type == SETTING_INT)
			bg_buf_printf(out, " (%d to %d%s%s)", s->min, s->max, s->unit[0] ? " " : "", s->unit);
		if (s->choices != NULL)
			bg_buf_printf(out, " (%s)", s->choices);
		bg_buf_printf(out, ", default \"%s\"\n      %s\n", s->initial, s->description);
	}
}
