/*
 * config.h
 *		Every setting of the extension. Defined in one table in config.c; units and bounds stand there.
 */
#ifndef BG_CONFIG_H
#define BG_CONFIG_H

#include "postgres.h"

/* Workers */
extern char *bg_database;     /* bountygo.database: where preloaded workers connect */
extern int bg_workers;        /* bountygo.workers */
extern char *bg_worker_role;  /* bountygo.worker_role */
extern bool bg_paused;        /* bountygo.paused: claim nothing new */
extern int bg_lease_s;        /* bountygo.lease */
extern int bg_max_attempts;   /* bountygo.max_attempts */
extern int bg_max_crashes;    /* bountygo.max_crashes */
extern int bg_backoff_base_s; /* bountygo.backoff_base */
extern int bg_backoff_max_s;  /* bountygo.backoff_max */
extern int bg_max_age_s;      /* bountygo.max_age: a snapshot younger than this answers a submit */
extern char *bg_reader_path;  /* bountygo.reader_path: "" = beside the library */
extern int bg_readers;        /* bountygo.readers: children a worker */
extern int bg_reader_pages;   /* bountygo.reader_pages: pages a child reads before it is replaced */
extern int bg_log_min_duration_ms;

/* Fetching */
extern int bg_fetch_concurrency;
extern int bg_fetch_connections;
extern int bg_fetch_connections_per_host;
extern int bg_fetch_per_host; /* fetches at once a host */
extern int bg_fetch_delay_ms; /* politeness: least time between two fetches of a host */
extern int bg_fetch_connect_timeout_ms;
extern int bg_fetch_read_timeout_ms;
extern int bg_fetch_total_timeout_ms;
extern int bg_fetch_max_redirects;
extern int bg_fetch_max_bytes;
extern bool bg_fetch_robots;
extern char *bg_user_agent;
extern char *bg_allowed_networks;
extern char *bg_allowed_ports;
extern char *bg_dns_servers;
extern int bg_dns_timeout_ms;
extern int bg_dns_cache_s;
extern char *bg_ca_file;

/* PPIO */
extern char *bg_ppio_url;
extern char *bg_ppio_key_file;
extern char *bg_ppio_model;
extern int bg_ppio_concurrency;
extern int bg_ppio_connections;
extern int bg_ppio_connections_per_host;
extern int bg_ppio_rate_per_minute; /* 0 = no limit */
extern int bg_ppio_connect_timeout_ms;
extern int bg_ppio_read_timeout_ms;
extern int bg_ppio_total_timeout_ms;
extern int bg_ppio_max_tokens;
extern int bg_ppio_daily_tokens;
extern int bg_ppio_user_daily_calls; /* in thousands of tokens; 0 = no calls */
extern int bg_ppio_tries;
extern int bg_ppio_breaker_failures;
extern int bg_ppio_breaker_open_s;

/* Identity */
extern char *bg_jwt_key_file;
extern char *bg_jwt_previous_key_file;
extern char *bg_jwt_issuer;
extern char *bg_jwt_audience;
extern int bg_access_token_s;
extern int bg_refresh_token_s;
extern int bg_wallet_nonce_s;
extern char *bg_wallet_chains;
extern char *bg_public_url;

extern void bg_config_define(void);
/* The reader's program: bountygo.reader_path, or "bountygo-reader" beside the library. palloc'd. */
extern char *bg_config_reader_program(void);
/*
 * Reads a secret file: regular, at most 64 KiB, not readable by others (mode & 027 == 0 or owned by us with & 077 == 0). Trailing white
 * space is cut. Returns palloc'd bytes, or NULL with a reason in *why (static; no path in it).
 */
extern char *bg_config_read_secret(const char *path, const char **why);

#endif
