/*
 * config.c
 *		Every setting of the extension, in one table: name, unit, bounds, default, who may set it, what it does.
 *
 * Anything that decides where bytes go, or names a secret, is for superusers or the configuration file only (ENGINEERING
 * 7.8). Defaults are those of the production guide. The table of settings in README.md is generated from pg_settings.
 */
#include "postgres.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"

#include "config.h"
#include "jobs/jobs.h"
#include "web/egress.h"

char *bg_database;
int bg_workers;
char *bg_worker_role;
bool bg_paused;
int bg_lease_s;
int bg_max_attempts;
int bg_max_crashes;
int bg_backoff_base_s;
int bg_backoff_max_s;
int bg_max_age_s;
char *bg_reader_path;
int bg_readers;
int bg_reader_pages;
int bg_log_min_duration_ms;

int bg_fetch_concurrency;
int bg_fetch_connections;
int bg_fetch_connections_per_host;
int bg_fetch_per_host;
int bg_fetch_delay_ms;
int bg_fetch_connect_timeout_ms;
int bg_fetch_read_timeout_ms;
int bg_fetch_total_timeout_ms;
int bg_fetch_max_redirects;
int bg_fetch_max_bytes;
bool bg_fetch_robots;
char *bg_user_agent;
char *bg_allowed_networks;
char *bg_allowed_ports;
char *bg_dns_servers;
int bg_dns_timeout_ms;
int bg_dns_cache_s;
char *bg_ca_file;

char *bg_ppio_url;
char *bg_ppio_key_file;
char *bg_ppio_model;
int bg_ppio_concurrency;
int bg_ppio_connections;
int bg_ppio_connections_per_host;
int bg_ppio_rate_per_minute;
int bg_ppio_connect_timeout_ms;
int bg_ppio_read_timeout_ms;
int bg_ppio_total_timeout_ms;
int bg_ppio_max_tokens;
int bg_ppio_daily_tokens;
int bg_ppio_user_daily_calls;
int bg_ppio_tries;
int bg_ppio_breaker_failures;
int bg_ppio_breaker_open_s;

char *bg_jwt_key_file;
char *bg_jwt_previous_key_file;
char *bg_jwt_issuer;
char *bg_jwt_audience;
int bg_access_token_s;
int bg_refresh_token_s;
int bg_wallet_nonce_s;
char *bg_wallet_chains;
char *bg_public_url;

/* Read by SQL alone. */
static bool recheck;
static int recheck_pause_s;
static int job_retention_days;

static bool check_networks(char **value, void **extra, GucSource source);
static bool check_ports(char **value, void **extra, GucSource source);
static bool check_ppio_url(char **value, void **extra, GucSource source);
static bool check_user_agent(char **value, void **extra, GucSource source);
static bool check_public_url(char **value, void **extra, GucSource source);
static bool check_chains(char **value, void **extra, GucSource source);

typedef struct int_setting
{
	const char *name;
	const char *description;
	int *variable;
	int boot;
	int min;
	int max;
	GucContext context;
	int flags;
} int_setting;

typedef struct string_setting
{
	const char *name;
	const char *description;
	char **variable;
	const char *boot;
	GucContext context;
	int flags;
	GucStringCheckHook check;
} string_setting;

typedef struct bool_setting
{
	const char *name;
	const char *description;
	bool *variable;
	bool boot;
	GucContext context;
} bool_setting;

static const int_setting int_settings[] = {
    {"workers", "Worker processes. Each drives many fetches at once, so that few are needed.",
     &bg_workers, 1, 1, BG_MAX_WORKERS, PGC_POSTMASTER, 0},
    {"lease",
     "How long a worker holds a job before another may take it; renewed every third of it.",
     &bg_lease_s, 60, 5, 3600, PGC_SIGHUP, GUC_UNIT_S},
    {"max_attempts", "Failed attempts after which a job is dead.", &bg_max_attempts, 5, 1, 100,
     PGC_SIGHUP, 0},
    {"max_crashes", "Times a process may die on a job before the job is dead.", &bg_max_crashes, 3,
     1, 100, PGC_SIGHUP, 0},
    {"backoff_base", "Pause after the first failed attempt; doubles with each, with jitter.",
     &bg_backoff_base_s, 1, 1, 3600, PGC_SIGHUP, GUC_UNIT_S},
    {"backoff_max", "Longest pause between attempts.", &bg_backoff_max_s, 3600, 1, 86400,
     PGC_SIGHUP, GUC_UNIT_S},
    {"max_age", "A snapshot younger than this answers a submitted URL without a new fetch.",
     &bg_max_age_s, 3600, 0, 31536000, PGC_USERSET, GUC_UNIT_S},
    {"recheck_pause", "A recheck that ended less long ago answers a new request for one.",
     &recheck_pause_s, 600, 0, 86400, PGC_SIGHUP, GUC_UNIT_S},
    {"job_retention", "Days that ended jobs are kept; 0 keeps them for ever.", &job_retention_days,
     90, 0, 36500, PGC_SIGHUP, 0},
    {"readers", "bountygo-reader children of a worker.", &bg_readers, 2, 1, 32, PGC_SIGHUP, 0},
    {"reader_pages", "Pages a bountygo-reader reads before it is replaced.", &bg_reader_pages, 1000,
     1, 1000000, PGC_SIGHUP, 0},
    {"log_min_duration", "Fetches and model calls that take longer are logged; -1 logs none.",
     &bg_log_min_duration_ms, -1, -1, INT_MAX, PGC_SIGHUP, GUC_UNIT_MS},
    {"fetch_concurrency", "Pages a worker fetches at once.", &bg_fetch_concurrency, 20, 1, 1000,
     PGC_SIGHUP, 0},
    {"fetch_connections", "Open connections for fetching, in all, of a worker.",
     &bg_fetch_connections, 100, 1, 1000, PGC_SIGHUP, 0},
    {"fetch_connections_per_host", "Open connections for fetching to one host.",
     &bg_fetch_connections_per_host, 30, 1, 1000, PGC_SIGHUP, 0},
    {"fetch_per_host", "Pages of one host that are fetched at once.", &bg_fetch_per_host, 4, 1,
     1000, PGC_SIGHUP, 0},
    {"fetch_delay", "Least time between the starts of two fetches from one host (politeness).",
     &bg_fetch_delay_ms, 200, 0, 600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"fetch_connect_timeout", "Longest time to connect to a site.", &bg_fetch_connect_timeout_ms,
     10000, 100, 600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"fetch_read_timeout", "Longest time without a byte from a site.", &bg_fetch_read_timeout_ms,
     30000, 100, 600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"fetch_total_timeout", "Longest time for a page, all redirects together.",
     &bg_fetch_total_timeout_ms, 30000, 100, 3600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"fetch_max_redirects", "Redirects that are followed.", &bg_fetch_max_redirects, 5, 0, 20,
     PGC_SIGHUP, 0},
    {"fetch_max_bytes", "Largest page, on the wire and decoded.", &bg_fetch_max_bytes,
     2 * 1024 * 1024, 1024, 4 * 1024 * 1024, PGC_SIGHUP, GUC_UNIT_BYTE},
    {"dns_timeout", "Longest time to resolve a name.", &bg_dns_timeout_ms, 3000, 100, 60000,
     PGC_SIGHUP, GUC_UNIT_MS},
    {"dns_cache", "How long a resolved name is remembered.", &bg_dns_cache_s, 300, 0, 86400,
     PGC_SIGHUP, GUC_UNIT_S},
    {"ppio_concurrency", "Model calls of a worker at once.", &bg_ppio_concurrency, 10, 1, 100,
     PGC_SIGHUP, 0},
    {"ppio_connections", "Open connections to the model API, in all.", &bg_ppio_connections, 20, 1,
     100, PGC_SIGHUP, 0},
    {"ppio_connections_per_host", "Open connections to one host of the model API.",
     &bg_ppio_connections_per_host, 10, 1, 100, PGC_SIGHUP, 0},
    {"ppio_rate", "Model calls admitted a minute; 0 is no limit.", &bg_ppio_rate_per_minute, 300, 0,
     1000000, PGC_SIGHUP, 0},
    {"ppio_connect_timeout", "Longest time to connect to the model API.",
     &bg_ppio_connect_timeout_ms, 5000, 100, 600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"ppio_read_timeout", "Longest time without a byte from the model API.",
     &bg_ppio_read_timeout_ms, 30000, 100, 600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"ppio_total_timeout", "Longest time for one model call.", &bg_ppio_total_timeout_ms, 60000,
     100, 3600000, PGC_SIGHUP, GUC_UNIT_MS},
    {"ppio_max_tokens", "Most tokens of one answer of the model.", &bg_ppio_max_tokens, 1500, 64,
     32768, PGC_SIGHUP, 0},
    {"ppio_daily_tokens", "Tokens that may be spent a UTC day, in thousands; 0 stops all calls.",
     &bg_ppio_daily_tokens, 2000, 0, 2000000000, PGC_SIGHUP, 0},
    {"ppio_user_daily_calls",
     "Model calls a UTC day for the jobs of one user, if the user has no number of their own; -1 "
     "is no "
     "limit.",
     &bg_ppio_user_daily_calls, 200, -1, 1000000, PGC_SIGHUP, 0},
    {"ppio_tries", "Tries of one model call.", &bg_ppio_tries, 3, 1, 10, PGC_SIGHUP, 0},
    {"ppio_breaker_failures", "Failed calls in a row that open the circuit breaker.",
     &bg_ppio_breaker_failures, 5, 1, 1000, PGC_SIGHUP, 0},
    {"ppio_breaker_open", "How long the circuit breaker stays open before one probe.",
     &bg_ppio_breaker_open_s, 30, 1, 86400, PGC_SIGHUP, GUC_UNIT_S},
    {"access_token_lifetime", "Lifetime of access tokens.", &bg_access_token_s, 900, 30, 86400,
     PGC_SIGHUP, GUC_UNIT_S},
    {"refresh_token_lifetime",
     "How long a session can be refreshed, counted from signing in; refreshing does not move its "
     "end.",
     &bg_refresh_token_s, 30 * 86400, 60, 366 * 86400, PGC_SIGHUP, GUC_UNIT_S},
    {"wallet_nonce_lifetime", "How long a message that a wallet shall sign stays good.",
     &bg_wallet_nonce_s, 300, 30, 3600, PGC_SIGHUP, GUC_UNIT_S},
};

static const string_setting string_settings[] = {
    {"database", "Database that preloaded workers connect to; empty starts none.", &bg_database, "",
     PGC_POSTMASTER, 0, NULL},
    {"worker_role", "Role the workers run as; must exist and be allowed to log in.",
     &bg_worker_role, "bountygo_worker", PGC_SIGHUP, 0, NULL},
    {"reader_path", "Program that reads pages; empty is bountygo-reader beside the library.",
     &bg_reader_path, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"user_agent", "User-Agent header of fetches. Put a way to reach you into it.", &bg_user_agent,
     "BountyGo-URLAgent/1.0", PGC_SIGHUP, 0, check_user_agent},
    {"allowed_networks",
     "Extra networks that may be fetched from, as a.b.c.d/n, comma-separated; empty in production.",
     &bg_allowed_networks, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_networks},
    {"allowed_ports",
     "Extra ports beside 80 and 443 that may be fetched from, comma-separated, ranges with a "
     "hyphen.",
     &bg_allowed_ports, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_ports},
    {"dns_servers", "Name servers as address:port, comma-separated; empty is the system's.",
     &bg_dns_servers, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"ca_file", "File of certificates (PEM) that are trusted beside the system's; empty is none.",
     &bg_ca_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"ppio_url",
     "Base URL of the model API, without /chat/completions. The only host that calls go to.",
     &bg_ppio_url, "https://api.ppinfra.com/v3/openai", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
     check_ppio_url},
    {"ppio_key_file", "File that holds the key of the model API, mode 0600; empty: rules only.",
     &bg_ppio_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"ppio_model", "Model to ask.", &bg_ppio_model, "deepseek/deepseek-v3-0324", PGC_SIGHUP, 0,
     NULL},
    {"jwt_key_file",
     "File that holds the key that signs access tokens: 32 bytes or more, mode 0600.",
     &bg_jwt_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"public_url",
     "URL under which people reach the service, such as https://bounty.example. Wallets sign in "
     "for "
     "its host; empty: they cannot.",
     &bg_public_url, "", PGC_SIGHUP, 0, check_public_url},
    {"wallet_chains", "Chain ids (EIP-155) that wallets may sign in with, comma-separated.",
     &bg_wallet_chains, "1, 10, 56, 137, 8453, 42161", PGC_SIGHUP, 0, check_chains},
    {"jwt_previous_key_file",
     "File that holds the signing key before the present one: what it signed stays valid.",
     &bg_jwt_previous_key_file, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL},
    {"jwt_issuer", "Issuer (iss) of access tokens.", &bg_jwt_issuer, "bountygo", PGC_SIGHUP, 0,
     NULL},
    {"jwt_audience", "Audience (aud) of access tokens.", &bg_jwt_audience, "bountygo-api",
     PGC_SIGHUP, 0, NULL},
};

static const bool_setting bool_settings[] = {
    {"paused", "Claim no new jobs; what is under way ends.", &bg_paused, false, PGC_SIGHUP},
    {"fetch_robots", "Obey robots.txt.", &bg_fetch_robots, true, PGC_SIGHUP},
    {"recheck", "Look at the pages of tasks again, the oftener the nearer the deadline.", &recheck,
     true, PGC_SIGHUP},
};

void bg_config_define(void)
{
	for (size_t i = 0; i < lengthof(int_settings); i++)
	{
		const int_setting *s = &int_settings[i];

		/* Library code outside shared_preload_libraries can't define a setting that only a restart changes. */
		DefineCustomIntVariable(psprintf("bountygo.%s", s->name), s->description, NULL, s->variable,
		                        s->boot, s->min, s->max,
		                        s->context == PGC_POSTMASTER &&
		                                !process_shared_preload_libraries_in_progress
		                            ? PGC_SIGHUP
		                            : s->context,
		                        s->flags, NULL, NULL, NULL);
	}
	for (size_t i = 0; i < lengthof(string_settings); i++)
	{
		const string_setting *s = &string_settings[i];

		DefineCustomStringVariable(
		    psprintf("bountygo.%s", s->name), s->description, NULL, s->variable, s->boot,
		    s->context == PGC_POSTMASTER && !process_shared_preload_libraries_in_progress
		        ? PGC_SIGHUP
		        : s->context,
		    s->flags, s->check, NULL, NULL);
	}
	for (size_t i = 0; i < lengthof(bool_settings); i++)
	{
		const bool_setting *s = &bool_settings[i];

		DefineCustomBoolVariable(psprintf("bountygo.%s", s->name), s->description, NULL,
		                         s->variable, s->boot, s->context, 0, NULL, NULL, NULL);
	}
}

static bool check_networks(char **value, void **extra, GucSource source)
{
	char why[160];

	if (bg_egress_check_networks(*value, why, sizeof(why)))
		return true;
	GUC_check_errdetail("%s", why);
	return false;
}

static bool check_ports(char **value, void **extra, GucSource source)
{
	char why[160];

	if (bg_egress_check_ports(*value, why, sizeof(why)))
		return true;
	GUC_check_errdetail("%s", why);
	return false;
}

static bool check_ppio_url(char **value, void **extra, GucSource source)
{
	size_t len = strlen(*value);

	if ((strncmp(*value, "https://", 8) == 0 || strncmp(*value, "http://", 7) == 0) && len < 1024 &&
	    strpbrk(*value, " \t\r\n@?#") == NULL)
		return true;
	GUC_check_errdetail("It must be an http or https URL without credentials, query or fragment.");
	return false;
}

static bool check_user_agent(char **value, void **extra, GucSource source)
{
	if (**value != '\0' && strpbrk(*value, "\r\n") == NULL && strlen(*value) <= 200)
		return true;
	GUC_check_errdetail("It must be 1 to 200 characters on one line.");
	return false;
}

static bool check_public_url(char **value, void **extra, GucSource source)
{
	const char *rest = strncmp(*value, "https://", 8) == 0  ? *value + 8
	                   : strncmp(*value, "http://", 7) == 0 ? *value + 7
	                                                        : "";

	if (**value == '\0' ||
	    (*rest != '\0' && *rest != '/' && strlen(*value) <= 500 && rest[strlen(rest) - 1] != '/' &&
	     strpbrk(rest, " \t\r\n@?#\\\"<>") == NULL))
		return true;
	GUC_check_errdetail(
	    "It must be an http or https URL without credentials, query, fragment or final slash.");
	return false;
}

static bool check_chains(char **value, void **extra, GucSource source)
{
	const char *at = *value;
	int digits = 0;

	for (; *at != '\0'; at++)
	{
		if (*at == ',' || *at == ' ')
			digits = 0;
		else if (*at < '0' || *at > '9' || ++digits > 15)
			break;
	}
	if (*at == '\0')
		return true;
	GUC_check_errdetail("It must be numbers with commas between them.");
	return false;
}

char *bg_config_reader_program(void)
{
	if (bg_reader_path != NULL && bg_reader_path[0] != '\0')
		return pstrdup(bg_reader_path);
	return psprintf("%s/bountygo-reader", pkglib_path);
}

char *bg_config_read_secret(const char *path, const char **why)
{
	enum
	{
		MAX_SECRET = 64 * 1024
	};
	struct stat status;
	char *secret;
	ssize_t len;
	int fd;

	*why = NULL;
	fd = BasicOpenFile(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
	{
		*why =
		    errno == ENOENT ? "the file does not exist" : "the file cannot be read by the server";
		return NULL;
	}
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		*why = "it is not a regular file";
	else if ((status.st_mode & S_IRWXO) != 0 || (status.st_mode & S_IWGRP) != 0 ||
	         (status.st_uid == geteuid() && (status.st_mode & S_IRWXG) != 0))
		*why = "the file is open to others than the server: set its mode to 0600";
	else if (status.st_size > MAX_SECRET)
		*why = "the file is larger than 64 kB";
	if (*why != NULL)
	{
		close(fd);
		return NULL;
	}
	secret = palloc(MAX_SECRET + 1);
	len = read(fd, secret, MAX_SECRET);
	close(fd);
	if (len < 0)
	{
		*why = "the file cannot be read by the server";
		pfree(secret);
		return NULL;
	}
	while (len > 0 && (secret[len - 1] == '\n' || secret[len - 1] == '\r' ||
	                   secret[len - 1] == ' ' || secret[len - 1] == '\t'))
		len--;
	secret[len] = '\0';
	if (len == 0)
	{
		*why = "the file is empty";
		pfree(secret);
		return NULL;
	}
	return secret;
}
