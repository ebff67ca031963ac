/*
 * http_watch.c
 *		What watches over an HTTP transfer: address checks, limits, headers, the outcome. Plain C; see http.h.
 *
 * These are callbacks inside libcurl: they note a decision in the transfer and stop it by their result, nothing else.
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
#define RETRY_AFTER_MAX_S (366L * 24 * 3600)

/* The first decision stands: what libcurl reports afterwards is only how the transfer was stopped. */
void bg_transfer_decide(bg_http_transfer *transfer, bg_outcome outcome, const char *detail)
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
				bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the answer has no status");
			else
				bg_transfer_decide(transfer, BG_OK, "");
			break;
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the answer is not HTTP");
			break;
		case CURLE_COULDNT_RESOLVE_HOST:
			bg_transfer_decide(transfer, BG_DNS, "the name does not resolve");
			break;
		case CURLE_COULDNT_CONNECT:
			bg_transfer_decide(transfer, BG_CONNECT, "the server does not accept connections");
			break;
		case CURLE_OPERATION_TIMEDOUT:
			bg_transfer_decide(transfer, BG_TIMEOUT,
			                   transfer->last_byte == 0 ? "the connection took too long"
			                                            : "the server sends too slowly");
			break;
		case CURLE_PEER_FAILED_VERIFICATION:
			bg_transfer_decide(transfer, BG_TLS, "the certificate is not valid for this site");
			break;
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_SSL_CIPHER:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_ISSUER_ERROR:
			bg_transfer_decide(transfer, BG_TLS, "the TLS handshake failed");
			break;
		case CURLE_SSL_CACERT_BADFILE:
			bg_transfer_decide(transfer, BG_TLS, "the file of trust anchors cannot be read");
			break;
		case CURLE_FILESIZE_EXCEEDED:
			bg_transfer_decide(transfer, BG_TOO_LARGE, "the announced length is over the limit");
			break;
		case CURLE_PARTIAL_FILE:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the answer was cut short");
			break;
		case CURLE_BAD_CONTENT_ENCODING:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the content encoding is broken");
			break;
		case CURLE_GOT_NOTHING:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the server closed without an answer");
			break;
		case CURLE_RECV_ERROR:
		case CURLE_SEND_ERROR:
			if (any)
				bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the answer was cut short");
			else
				bg_transfer_decide(transfer, BG_CONNECT, "the connection was reset");
			break;
		case CURLE_OUT_OF_MEMORY:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "out of memory");
			break;
		default:
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the answer is broken");
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
		bg_transfer_decide(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
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

void bg_transfer_arm(bg_http_transfer *transfer)
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
	bg_transfer_arm(transfer);
	if (transfer->limits.trusted)
		return CURL_PREREQFUNC_OK;
	memset(&address, 0, sizeof(address));
	address.any.sa_family = strchr(remote, ':') != NULL ? AF_INET6 : AF_INET;
	parsed = address.any.sa_family == AF_INET6
	             ? inet_pton(AF_INET6, remote, &address.v6.sin6_addr) == 1
	             : inet_pton(AF_INET, remote, &address.v4.sin_addr) == 1;
	if (parsed && bg_egress_allows(&address.any))
		return CURL_PREREQFUNC_OK;
	bg_transfer_decide(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
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
		bg_transfer_decide(transfer, BG_TOO_LARGE, "the response headers are over the limit");
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
			bg_transfer_decide(transfer, BG_BAD_RESPONSE,
			                   "the content encoding is not one that was asked for");
			return 0;
		}
		if (transfer->layers > 1)
		{
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "the content is encoded more than once");
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
		bg_transfer_decide(transfer, BG_BAD_RESPONSE, "out of memory");
		return 0;
	}
	if (len > room)
	{
		bg_transfer_decide(transfer, BG_TOO_LARGE, "the body is over the limit");
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
	if (up_now > transfer->sent)
	{
		transfer->sent = up_now;
		transfer->last_byte = bg_loop_now_ms();
	}
	if ((size_t) now > transfer->response.wire_bytes)
	{
		transfer->response.wire_bytes = (size_t) now;
		transfer->last_byte = bg_loop_now_ms();
	}
	/* An encoding can swallow any amount and give nothing, so what is sent has a limit of its own. */
	if (transfer->response.wire_bytes > transfer->limits.max_wire_bytes)
	{
		bg_transfer_decide(transfer, BG_TOO_LARGE, "the body is over the limit");
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

bool bg_transfer_watch(bg_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
	CURLcode bad = CURLE_OK;

#define SET(option, value) bad = bad != CURLE_OK ? bad : curl_easy_setopt(easy, option, value)
	if (transfer->http->ca_file[0] != '\0')
	{
		/* libcurl fails if the system has no anchors at all; then those of the setting are all there are. */
		if (version->cainfo == NULL || access(version->cainfo, R_OK) != 0)
			SET(CURLOPT_CAINFO, transfer->http->ca_file);
		SET(CURLOPT_SSL_CTX_FUNCTION, add_anchors);
		SET(CURLOPT_SSL_CTX_DATA, transfer);
	}
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
#undef SET
	return bad == CURLE_OK;
}
