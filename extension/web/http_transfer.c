/*
 * http_transfer.c
 *		One HTTP transfer: its options, its limits, the callbacks that watch over it. Plain C; see http.h.
 *
 * Callbacks run inside libcurl: they note a decision in the transfer and stop it by their result, nothing else.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "egress.h"
#include "http_private.h"

#define RECEIVE_BUFFER (256 * 1024) /* what a server can push beyond a limit before it notices */
#define KEEP_ALIVE_S 30
#define DEFAULT_HEADER_BYTES (64 * 1024)
#define RETRY_AFTER_MAX_S (366L * 24 * 3600)

void bg_transfer_list_add(bg_transfer_list *list, bg_http_transfer *transfer)
{
	transfer->list = list;
	transfer->next = NULL;
	transfer->previous = list->last;
	if (list->last != NULL)
		list->last->next = transfer;
	else
		list->first = transfer;
	list->last = transfer;
	list->count++;
}

void bg_transfer_list_remove(bg_transfer_list *list, bg_http_transfer *transfer)
{
	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		list->first = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	else
		list->last = transfer->previous;
	list->count--;
	transfer->list = NULL;
}

/* The first decision stands: what libcurl reports afterwards is only how the transfer was stopped. */
static void decide(bg_http_transfer *transfer, bg_outcome outcome, const char *detail)
{
	if (transfer->decided)
		return;
	transfer->decided = true;
	transfer->response.outcome = outcome;
	snprintf(transfer->response.detail, sizeof(transfer->response.detail), "%s", detail);
}

void bg_transfer_classify(bg_http_transfer *transfer, CURLcode code)
{
	bool any = transfer->response.any_response_byte;

	switch (code)
	{
		case CURLE_OK:
			if (transfer->response.status == 0)
				decide(transfer, BG_BAD_RESPONSE, "the answer has no status");
			else
				decide(transfer, BG_OK, "");
			break;
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
			decide(transfer, BG_BAD_RESPONSE, "the answer is not HTTP");
			break;
		case CURLE_COULDNT_RESOLVE_HOST:
			decide(transfer, BG_DNS, "the name does not resolve");
			break;
		case CURLE_COULDNT_CONNECT:
			decide(transfer, BG_CONNECT, "the server does not accept connections");
			break;
		case CURLE_OPERATION_TIMEDOUT:
			decide(transfer, BG_TIMEOUT,
			       transfer->last_byte == 0 ? "the connection took too long"
			                                : "the server sends too slowly");
			break;
		case CURLE_PEER_FAILED_VERIFICATION:
			decide(transfer, BG_TLS, "the certificate is not valid for this site");
			break;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_ISSUER_ERROR:
			decide(transfer, BG_TLS, "the TLS handshake failed");
			break;
		case CURLE_SSL_CACERT_BADFILE:
			decide(transfer, BG_TLS, "the file of trust anchors cannot be read");
			break;
		case CURLE_FILESIZE_EXCEEDED:
			decide(transfer, BG_TOO_LARGE, "the announced length is over the limit");
			break;
		case CURLE_PARTIAL_FILE:
			decide(transfer, BG_BAD_RESPONSE, "the answer was cut short");
			break;
		case CURLE_BAD_CONTENT_ENCODING:
			decide(transfer, BG_BAD_RESPONSE, "the content encoding is broken");
			break;
		case CURLE_GOT_NOTHING:
			decide(transfer, BG_BAD_RESPONSE, "the server closed without an answer");
			break;
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
			if (any)
				decide(transfer, BG_BAD_RESPONSE, "the answer was cut short");
			else
				decide(transfer, BG_CONNECT, "the connection was reset");
			break;
		case CURLE_OUT_OF_MEMORY:
			decide(transfer, BG_BAD_RESPONSE, "out of memory");
			break;
		default:
			decide(transfer, BG_BAD_RESPONSE, "the answer is broken");
			break;
	}
}

/* ---- callbacks of libcurl ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	bg_http_transfer *transfer = arg;
	int size = RECEIVE_BUFFER;
	int fd;

	/* The check that counts: this is what is dialled. */
	if (!transfer->limits.trusted &&
	    (purpose != CURLSOCKTYPE_IPCXN || !bg_egress_allows(&address->addr) ||
	     !bg_egress_allows_port(transfer->port)))
	{
		decide(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
		return CURL_SOCKET_BAD;
	}
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd >= 0)
		(void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

/* libcurl is about to look a name up itself: never, names are pinned. Literal addresses need no lookup. */
static int lookup_wanted(void *resolver, void *reserved, void *arg)
{
	bg_http_transfer *transfer = arg;
	unsigned char address[16];

	(void) resolver;
	(void) reserved;
	return inet_pton(AF_INET, transfer->host, address) == 1 ||
	               inet_pton(AF_INET6, transfer->host, address) == 1
	           ? 0
	           : 1;
}

static void arm(bg_http_transfer *transfer)
{
	int64_t now = bg_loop_now_ms();
	int64_t next = INT64_MAX;

	if (transfer->limits.total_timeout_ms > 0)
		next = transfer->started + transfer->limits.total_timeout_ms;
	if (transfer->last_byte != 0 && transfer->limits.idle_timeout_ms > 0 &&
	    transfer->last_byte + transfer->limits.idle_timeout_ms < next)
		next = transfer->last_byte + transfer->limits.idle_timeout_ms;
	if (next != INT64_MAX)
		bg_timer_set(transfer->timer, next > now ? (long) (next - now) : 0);
}

/* Connected, or an open connection is to be used again: the last look at the address before the request goes out. */
static int before_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	bg_http_transfer *transfer = arg;
	bg_address address;
	bool parsed;

	(void) local;
	(void) remote_port;
	(void) local_port;
	transfer->last_byte = bg_loop_now_ms();
	arm(transfer);
	if (transfer->limits.trusted)
		return CURL_PREREQFUNC_OK;
	memset(&address, 0, sizeof(address));
	address.any.sa_family = strchr(remote, ':') != NULL ? AF_INET6 : AF_INET;
	parsed = address.any.sa_family == AF_INET6
	             ? inet_pton(AF_INET6, remote, &address.v6.sin6_addr) == 1
	             : inet_pton(AF_INET, remote, &address.v4.sin_addr) == 1;
	if (parsed && bg_egress_allows(&address.any))
		return CURL_PREREQFUNC_OK;
	decide(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
	return CURL_PREREQFUNC_ABORT;
}

/* Keeps the first value of a field. */
static void keep(char **field, const char *value, size_t len)
{
	if (*field == NULL)
		*field = strndup(value, len);
}

static bool is_field(const char *line, size_t colon, const char *name)
{
	return strlen(name) == colon && strncasecmp(line, name, colon) == 0;
}

/* Counts the encodings in a list; false if one is not among those asked for. */
static bool count_layers(const char *value, size_t len, int *layers)
{
	static const char *const known[] = {"gzip", "x-gzip", "deflate", "br"};

	for (size_t at = 0; at < len;)
	{
		size_t start = at;
		size_t end;
		bool found = false;

		while (at < len && value[at] != ',')
			at++;
		end = at++;
		while (start < end && (value[start] == ' ' || value[start] == '\t'))
			start++;
		while (end > start && (value[end - 1] == ' ' || value[end - 1] == '\t'))
			end--;
		if (end == start || is_field(value + start, end - start, "identity") ||
		    is_field(value + start, end - start, "chunked"))
			continue;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || is_field(value + start, end - start, known[i]);
		if (!found)
			return false;
		(*layers)++;
	}
	return true;
}

static long parse_retry_after(const char *value, size_t len)
{
	char text[64];
	size_t digits;
	time_t when;
	long seconds;

	if (len == 0 || len >= sizeof(text))
		return -1;
	memcpy(text, value, len);
	text[len] = '\0';
	digits = strspn(text, "0123456789");
	if (text[digits] == '\0')
		seconds = digits > 9 ? RETRY_AFTER_MAX_S : atol(text);
	else
	{
		when = curl_getdate(text, NULL);
		if (when == (time_t) -1)
			return -1;
		seconds = when > time(NULL) ? (long) (when - time(NULL)) : 0;
	}
	return seconds > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : seconds;
}

static void new_head(bg_http_transfer *transfer, const char *line, size_t len)
{
	bg_http_response *response = &transfer->response;
	const char *space = memchr(line, ' ', len);

	free(response->content_type);
	free(response->location);
	free(response->etag);
	free(response->last_modified);
	response->content_type = NULL;
	response->location = NULL;
	response->etag = NULL;
	response->last_modified = NULL;
	response->retry_after_s = -1;
	response->status = 0;
	transfer->layers = 0;
	if (space != NULL && len - (size_t) (space - line) > 3)
		for (int i = 1; i <= 3 && space[i] >= '0' && space[i] <= '9'; i++)
			response->status = response->status * 10 + (space[i] - '0');
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	bg_http_transfer *transfer = arg;
	bg_http_response *response = &transfer->response;
	size_t taken = size * count;
	size_t len = taken;
	const char *colon;
	const char *value;
	size_t value_len;
	size_t name_len;

	response->any_response_byte = true;
	transfer->last_byte = bg_loop_now_ms();
	transfer->header_bytes += taken;
	if (transfer->header_bytes > transfer->limits.max_header_bytes)
	{
		decide(transfer, BG_TOO_LARGE, "the response headers are over the limit");
		return 0;
	}
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (transfer->head_done)
		return taken; /* a trailer */
	if (len >= 5 && strncmp(line, "HTTP/", 5) == 0)
	{
		new_head(transfer, line, len);
		return taken;
	}
	if (len == 0)
	{
		transfer->head_done = response->status >= 200;
		return taken;
	}
	colon = memchr(line, ':', len);
	if (colon == NULL)
		return taken;
	name_len = (size_t) (colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	while (value_len > 0 && (*value == ' ' || *value == '\t'))
	{
		value++;
		value_len--;
	}
	while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
		value_len--;
	if (is_field(line, name_len, "content-type"))
		keep(&response->content_type, value, value_len);
	else if (is_field(line, name_len, "location"))
		keep(&response->location, value, value_len);
	else if (is_field(line, name_len, "etag"))
		keep(&response->etag, value, value_len);
	else if (is_field(line, name_len, "last-modified"))
		keep(&response->last_modified, value, value_len);
	else if (is_field(line, name_len, "retry-after"))
		response->retry_after_s = parse_retry_after(value, value_len);
	else if (is_field(line, name_len, "content-encoding") ||
	         is_field(line, name_len, "transfer-encoding"))
	{
		if (!count_layers(value, value_len, &transfer->layers))
		{
			decide(transfer, BG_BAD_RESPONSE, "the content encoding is not one that was asked for");
			return 0;
		}
		if (transfer->layers > 1)
		{
			decide(transfer, BG_BAD_RESPONSE, "the content is encoded more than once");
			return 0;
		}
	}
	return taken;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	bg_http_transfer *transfer = arg;
	size_t len = size * count;
	size_t room = transfer->limits.max_body_bytes - transfer->body.len;

	transfer->response.any_response_byte = true;
	transfer->last_byte = bg_loop_now_ms();
	/* What is within the limit is kept even then: of robots.txt the beginning counts. */
	bg_buffer_append(&transfer->body, bytes, len < room ? len : room);
	if (transfer->body.failed)
	{
		decide(transfer, BG_BAD_RESPONSE, "out of memory");
		return 0;
	}
	if (len > room)
	{
		decide(transfer, BG_TOO_LARGE, "the body is over the limit");
		return 0;
	}
	return len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
	bg_http_transfer *transfer = arg;

	(void) total;
	(void) up_total;
	(void) up_now;
	if ((size_t) now > transfer->response.wire_bytes)
	{
		transfer->response.wire_bytes = (size_t) now;
		transfer->last_byte = bg_loop_now_ms();
	}
	/* An encoding can swallow any amount and give nothing, so what is sent has a limit of its own. */
	if (transfer->response.wire_bytes > transfer->limits.max_wire_bytes)
	{
		decide(transfer, BG_TOO_LARGE, "the body is over the limit");
		return 1;
	}
	return 0;
}

/* Adds the trust anchors of the setting to the system's. */
static CURLcode add_anchors(CURL *easy, void *context, void *arg)
{
	bg_http_transfer *transfer = arg;
	X509_STORE *store = SSL_CTX_get_cert_store(context);

	(void) easy;
	if (X509_STORE_load_file(store, transfer->http->ca_file) != 1)
		return CURLE_SSL_CACERT_BADFILE;
	return CURLE_OK;
}

/* ---- life ---- */

static void release(bg_http_transfer *transfer)
{
	sigset_t saved;

	if (transfer->lookup != NULL)
		bg_lookup_cancel(transfer->lookup);
	transfer->lookup = NULL;
	bg_http_block_signals(&saved);
	if (transfer->in_multi)
		curl_multi_remove_handle(transfer->http->multi, transfer->easy);
	transfer->in_multi = false;
	curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	if (transfer->share != NULL)
		curl_share_cleanup(transfer->share);
	transfer->share = NULL;
	bg_http_restore_signals(&saved);
	curl_slist_free_all(transfer->pins);
	transfer->pins = NULL;
	bg_timer_free(transfer->timer);
	transfer->timer = NULL;
}

void bg_transfer_finish(bg_http_transfer *transfer)
{
	bg_http *http = transfer->http;
	curl_off_t wire = 0;

	if (transfer->easy != NULL &&
	    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire) == CURLE_OK &&
	    (size_t) wire > transfer->response.wire_bytes)
		transfer->response.wire_bytes = (size_t) wire;
	release(transfer);
	transfer->response.total_ms = (long) (bg_loop_now_ms() - transfer->started);
	if (transfer->body.data != NULL || transfer->response.outcome == BG_OK)
	{
		transfer->response.body = bg_buffer_detach(&transfer->body, &transfer->response.body_len);
		if (transfer->response.body == NULL && transfer->response.outcome == BG_OK)
		{
			transfer->decided = false;
			decide(transfer, BG_BAD_RESPONSE, "out of memory");
		}
	}
	bg_transfer_list_remove(&http->active, transfer);
	bg_transfer_list_add(&http->finished, transfer);
	/* For those that end outside the loop. */
	bg_timer_set(http->wake, 0);
}

static void fail(bg_http_transfer *transfer, bg_outcome outcome, const char *detail)
{
	decide(transfer, outcome, detail);
	bg_transfer_finish(transfer);
}

static void time_is_up(void *arg)
{
	bg_http_transfer *transfer = arg;
	int64_t now = bg_loop_now_ms();

	if (transfer->limits.total_timeout_ms > 0 &&
	    now >= transfer->started + transfer->limits.total_timeout_ms)
		fail(transfer, BG_TIMEOUT, "the answer took too long");
	else if (transfer->last_byte != 0 && transfer->limits.idle_timeout_ms > 0 &&
	         now >= transfer->last_byte + transfer->limits.idle_timeout_ms)
		fail(transfer, BG_TIMEOUT, "the server fell silent");
	else
		arm(transfer);
}

/* "name:port:address,address": what libcurl finds instead of a lookup. */
static bool pin(bg_http_transfer *transfer, const bg_addresses *addresses)
{
	bg_buffer text;

	bg_buffer_init(&text, 0);
	bg_buffer_printf(&text, "%s:%d:", transfer->host, transfer->port);
	for (int i = 0; i < addresses->count; i++)
	{
		const bg_address *address = &addresses->list[i];
		char name[INET6_ADDRSTRLEN] = "";

		if (address->any.sa_family == AF_INET6)
			inet_ntop(AF_INET6, &address->v6.sin6_addr, name, sizeof(name));
		else
			inet_ntop(AF_INET, &address->v4.sin_addr, name, sizeof(name));
		bg_buffer_printf(&text, address->any.sa_family == AF_INET6 ? "%s[%s]" : "%s%s",
		                 i > 0 ? "," : "", name);
	}
	if (!text.failed)
		transfer->pins = curl_slist_append(NULL, text.data);
	bg_buffer_free(&text);
	return transfer->pins != NULL;
}

static bool set_options(bg_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	const bg_http_request *limits = &transfer->limits;
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	CURLcode bad = CURLE_OK;

#define SET(option, value) bad = bad != CURLE_OK ? bad : curl_easy_setopt(easy, option, value)
	SET(CURLOPT_PRIVATE, (char *) transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->error);
	SET(CURLOPT_URL, transfer->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* An empty proxy is no proxy whatever the environment says; with one the address check would see the proxy. */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
	SET(CURLOPT_HTTP_TRANSFER_DECODING, 1L);
	SET(CURLOPT_USERAGENT, transfer->http->user_agent);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (transfer->http->ca_file[0] != '\0')
	{
		/* libcurl fails if the system has no anchors at all; then those of the setting are all there are. */
		if (version->cainfo == NULL || access(version->cainfo, R_OK) != 0)
			SET(CURLOPT_CAINFO, transfer->http->ca_file);
		SET(CURLOPT_SSL_CTX_FUNCTION, add_anchors);
		SET(CURLOPT_SSL_CTX_DATA, transfer);
	}
	SET(CURLOPT_CONNECTTIMEOUT_MS, limits->connect_timeout_ms);
	if (limits->low_speed_s > 0)
	{
		SET(CURLOPT_LOW_SPEED_LIMIT, limits->low_speed_bytes);
		SET(CURLOPT_LOW_SPEED_TIME, limits->low_speed_s);
	}
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) limits->max_wire_bytes);
	SET(CURLOPT_MAXAGE_CONN, (long) KEEP_ALIVE_S);
	SET(CURLOPT_SHARE, transfer->share);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
	SET(CURLOPT_RESOLVE, transfer->pins);
	SET(CURLOPT_RESOLVER_START_FUNCTION, lookup_wanted);
	SET(CURLOPT_RESOLVER_START_DATA, transfer);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, transfer);
	SET(CURLOPT_PREREQFUNCTION, before_request);
	SET(CURLOPT_PREREQDATA, transfer);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, transfer);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, transfer);
	if (transfer->post)
	{
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->post_len);
		SET(CURLOPT_POSTFIELDS, transfer->post_body);
	}
	else
		SET(CURLOPT_HTTPGET, 1L);
#undef SET
	return bad == CURLE_OK;
}

/* The name is resolved: check every address, pin them, and hand the request to libcurl. */
static void resolved(void *arg, bg_outcome outcome, const bg_addresses *addresses,
                     const char *detail)
{
	bg_http_transfer *transfer = arg;
	bg_http *http = transfer->http;
	sigset_t saved;
	bool good;

	transfer->lookup = NULL;
	if (outcome != BG_OK)
	{
		fail(transfer, outcome, detail);
		return;
	}
	for (int i = 0; i < addresses->count && !transfer->limits.trusted; i++)
	{
		/* One forbidden address refuses all: a name that has both is up to something. */
		if (!bg_egress_allows(&addresses->list[i].any))
		{
			fail(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
			return;
		}
	}
	bg_http_block_signals(&saved);
	transfer->easy = curl_easy_init();
	transfer->share = curl_share_init();
	good = transfer->easy != NULL && transfer->share != NULL &&
	       curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
	       (strchr(transfer->host, ':') != NULL || pin(transfer, addresses)) &&
	       set_options(transfer);
	if (good)
	{
		good = curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
		transfer->in_multi = good;
	}
	bg_http_restore_signals(&saved);
	if (!good)
		fail(transfer, BG_BAD_RESPONSE, "out of memory");
}

/* Takes host and port out of the URL. */
static bool split_url(bg_http_transfer *transfer)
{
	CURLU *handle = curl_url();
	char *host = NULL;
	char *port = NULL;
	bool good = handle != NULL &&
	            curl_url_set(handle, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
	            curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	            curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (good)
	{
		size_t len = strlen(host);
		bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';

		transfer->host = bracketed ? strndup(host + 1, len - 2) : strdup(host);
		transfer->port = atoi(port);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(handle);
	return good && transfer->host != NULL;
}

static bool add_header(bg_http_transfer *transfer, const char *header)
{
	struct curl_slist *more = curl_slist_append(transfer->headers, header);

	if (more != NULL)
		transfer->headers = more;
	return more != NULL;
}

bg_http_transfer *bg_http_start(bg_http *http, const bg_http_request *request, void *arg)
{
	bg_http_transfer *transfer = calloc(1, sizeof(*transfer));
	bool good;

	if (transfer == NULL)
		return NULL;
	transfer->http = http;
	transfer->arg = arg;
	transfer->limits = *request;
	transfer->limits.method = NULL;
	transfer->limits.url = NULL;
	transfer->limits.headers = NULL;
	transfer->limits.body = NULL;
	if (transfer->limits.max_header_bytes == 0)
		transfer->limits.max_header_bytes = DEFAULT_HEADER_BYTES;
	transfer->response.retry_after_s = -1;
	bg_buffer_init(&transfer->body, 0);
	transfer->started = bg_loop_now_ms();
	transfer->url = strdup(request->url);
	transfer->post = strcmp(request->method, "POST") == 0;
	transfer->timer = bg_timer_create(http->loop, time_is_up, transfer);
	good = transfer->url != NULL && transfer->timer != NULL;
	if (transfer->post)
	{
		transfer->post_len = request->body_len;
		transfer->post_body = malloc(request->body_len + 1);
		good = good && transfer->post_body != NULL;
		if (transfer->post_body != NULL && request->body_len > 0)
			memcpy(transfer->post_body, request->body, request->body_len);
		/* Without this libcurl asks for leave first and waits a second for it. */
		good = good && add_header(transfer, "Expect:");
	}
	for (const char *const *h = request->headers; good && h != NULL && *h != NULL; h++)
		good = add_header(transfer, *h);
	bg_transfer_list_add(&http->active, transfer);
	if (!good)
	{
		bg_http_transfer_free(transfer);
		return NULL;
	}
	if (!split_url(transfer))
	{
		fail(transfer, BG_BAD_URL, "the URL cannot be parsed");
		return transfer;
	}
	if (!transfer->limits.trusted && !bg_egress_allows_port(transfer->port))
	{
		fail(transfer, BG_BLOCKED_ADDRESS, "the port is not allowed");
		return transfer;
	}
	arm(transfer);
	transfer->lookup = bg_resolver_start(http->resolver, transfer->host, resolved, transfer);
	if (transfer->lookup == NULL)
		fail(transfer, BG_DNS, "out of memory");
	return transfer;
}

void *bg_http_transfer_arg(const bg_http_transfer *transfer)
{
	return transfer->arg;
}

bg_http_response *bg_http_transfer_response(bg_http_transfer *transfer)
{
	return &transfer->response;
}

void bg_http_transfer_free(bg_http_transfer *transfer)
{
	if (transfer == NULL)
		return;
	release(transfer);
	if (transfer->list != NULL)
		bg_transfer_list_remove(transfer->list, transfer);
	curl_slist_free_all(transfer->headers);
	free(transfer->url);
	free(transfer->host);
	free(transfer->post_body);
	bg_buffer_free(&transfer->body);
	free(transfer->response.content_type);
	free(transfer->response.location);
	free(transfer->response.etag);
	free(transfer->response.last_modified);
	free(transfer->response.body);
	free(transfer);
}
