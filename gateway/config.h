/*
 * config.h
 *		The settings of the gateway: one table gives name, bounds, unit and description of each.
 */
#ifndef BG_GW_CONFIG_H
#define BG_GW_CONFIG_H

#include "util.h"

typedef struct bg_config
{
	char *listen;
	char *admin_listen;
	char *database;
	char *redis_url;
	char *trusted_fronts;
	char *rate_limits;
	char *cors_origins;
	char *allowed_hosts;
	char *docs;
	char *docs_dir;
	char *log_level;
	char *log_format;
	int threads;
	int db_pool_size;
	int db_pool_timeout_ms;
	int request_timeout_ms;
	int header_timeout_ms;
	int max_concurrent_requests;
	int max_waiting_requests;
	int cache_size;
	int redis_timeout_ms;
	int compress_from;
	int max_body;
	int drain_timeout_ms;
	int tcp_user_timeout_ms;
} bg_config;

/* Settings that SIGHUP changes are read by all loops while the first one writes them. */
#define BG_LIVE(config, field) __atomic_load_n(&(config)->field, __ATOMIC_RELAXED)

/* What the command line asked for besides settings. */
typedef enum bg_config_action
{
	BG_CONFIG_RUN,
	BG_CONFIG_HELP,
	BG_CONFIG_VERSION,
	BG_CONFIG_SETTINGS,
	BG_CONFIG_CHECK
} bg_config_action;

extern void bg_config_defaults(bg_config *config);
extern void bg_config_free(bg_config *config);

/*
 * Defaults, then the file (--config or BOUNTYGO_CONFIG), then BOUNTYGO_* of the environment, then flags. Adds a line per problem, with
 * its fix, to problems; returns their number.
 */
extern int bg_config_load(bg_config *config, int argc, char **argv, bg_config_action *action,
                          bg_buf *problems);

/* One setting from text; source is named in the problem. */
extern bool bg_config_set(bg_config *config, const char *name, const char *value,
                          const char *source, bg_buf *problems);
extern bool bg_config_parse(bg_config *config, const char *text, const char *source,
                            bg_buf *problems);
/* What only shows when all settings are known. */
extern int bg_config_check(const bg_config *config, bg_buf *problems);
/* Takes over what may change while running; lines in notes name what changed and what needs a restart. */
extern void bg_config_reload(bg_config *running, const bg_config *fresh, bg_buf *notes);

extern void bg_config_markdown(bg_buf *out);
extern void bg_config_usage(bg_buf *out);

/* "host:port", "[v6]:port" or ":port"; the port may be 0. False if it is none of these. */
extern bool bg_config_endpoint(const char *text, char *host, size_t host_size, int *port);
/* redis://[user][:password@]host[:port][/database] */
typedef struct bg_redis_target
{
	char host[256];
	int port;
	char user[128];
	char password[256];
	int database;
} bg_redis_target;
extern bool bg_config_redis(const char *url, bg_redis_target *target);

#endif
