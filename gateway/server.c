/*
 * server.c
 *		HTTP/1.1 by libh2o on libuv. The only file that includes h2o: what others need of it is in server.h.
 *
 * HTTP/2 and upgrades to it are off: libh2o 2.2.5 answers reset streams without end (GATEWAY: rapid reset). Decides nothing about a
 * request but whether its framing is sound enough to be looked at.
 */
#include "server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define H2O_USE_LIBUV 1
#include <h2o.h>
#include <h2o/http1.h>

#include "head.h"
#include "log.h"
#include "request.h"

typedef struct listener
{
	struct bg_server *server;
	uv_tcp_t tcp;
	h2o_accept_ctx_t accept;
	h2o_hostconf_t *hosts[2];
	int port;
	bool open;
} listener;

struct bg_server
{
	bg_loop *loop;
	h2o_globalconf_t global;
	h2o_context_t context;
	listener public;
	listener admin;
	bool draining;
};

struct bg_http
{
	h2o_req_t *req;
	bg_request *request;
};

typedef struct handler
{
	h2o_handler_t super;
	struct bg_server *server;
	bool admin;
} handler;

/* ---- a request as others see it ---- */

static bg_str view(h2o_iovec_t v)
{
	return (bg_str){v.base, v.len};
}

bg_str bg_http_method(bg_http *http)
{
	return view(http->req->input.method);
}

bg_str bg_http_target(bg_http *http)
{
	return view(http->req->input.path);
}

bg_str bg_http_host(bg_http *http)
{
	return (bg_str){http->req->input.authority.base, http->req->input.authority.len};
}

bg_str bg_http_body(bg_http *http)
{
	return view(http->req->entity);
}

bg_str bg_http_header(bg_http *http, const char *name, int nth)
{
	ssize_t at = -1;

	do
		at = h2o_find_header_by_str(&http->req->headers, name, strlen(name), at);
	while (at != -1 && nth-- > 0);
	if (at == -1)
		return (bg_str){NULL, 0};
	return view(http->req->headers.entries[at].value);
}

static h2o_socket_t *socket_of(h2o_req_t *req)
{
	return req->conn->callbacks->get_socket != NULL ? req->conn->callbacks->get_socket(req->conn)
	                                                : NULL;
}

/*
 * libh2o keeps what it has read of a request in the socket's buffer until it is answered: head, and body if it came with a length. So the
 * fields that it hides from handlers can still be seen.
 */
bg_str bg_http_raw_head(bg_http *http)
{
	h2o_socket_t *sock = socket_of(http->req);
	bg_str head = {NULL, 0};

	if (sock == NULL || sock->input == NULL)
		return head;
	head = (bg_str){sock->input->bytes, sock->input->size};
	/* An empty line before the request line is left over from a sloppy body. */
	if (head.n > 2 && head.s[0] == '\r' && head.s[1] == '\n')
	{
		head.s += 2;
		head.n -= 2;
	}
	return head;
}

static void peer_of(h2o_req_t *req, char *text, size_t size)
{
	struct sockaddr_storage address;
	socklen_t length = req->conn->callbacks->get_peername(req->conn, (struct sockaddr *) &address);
	char name[NI_MAXHOST];
	size_t n;

	text[0] = '\0';
	if (length == 0)
		return;
	n = h2o_socket_getnumerichost((struct sockaddr *) &address, length, name);
	if (n == SIZE_MAX || n >= size)
		return;
	memcpy(text, name, n);
	text[n] = '\0';
	if (strncmp(text, "::ffff:", 7) == 0)
		memmove(text, text + 7, n - 6);
}

void bg_http_peer(bg_http *http, char *text, size_t size)
{
	peer_of(http->req, text, size);
}

int bg_http_socket(bg_http *http)
{
	h2o_socket_t *sock = socket_of(http->req);

	return sock != NULL ? h2o_socket_get_fd(sock) : -1;
}

/* ---- answers ---- */

void bg_http_answer(bg_http *http, int status, const bg_header *headers, int n,
                    const char *content_type, const char *body, size_t length, bool close)
{
	static h2o_generator_t generator = {NULL, NULL};
	h2o_req_t *req = http->req;
	bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
	h2o_iovec_t out = h2o_strdup(&req->pool, body ? body : "", body ? length : 0);

	if (close)
		req->http1_is_persistent = 0;
	req->res.status = status;
	req->res.reason = bg_problem_title(status);
	if (status < 400)
		req->res.reason = status == 200   ? "OK"
		                  : status == 201 ? "Created"
		                  : status == 202 ? "Accepted"
		                  : status == 204 ? "No Content"
		                  : status == 304 ? "Not Modified"
		                                  : "Answer";
	if (content_type != NULL)
		h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("content-type"), 1, NULL,
		                      content_type, strlen(content_type));
	for (int i = 0; i < n; i++)
	{
		h2o_iovec_t value = h2o_strdup(&req->pool, headers[i].value, strlen(headers[i].value));
		h2o_iovec_t name = h2o_strdup(&req->pool, headers[i].name, strlen(headers[i].name));

		h2o_add_header_by_str(&req->pool, &req->res.headers, name.base, name.len, 1, NULL,
		                      value.base, value.len);
	}
	req->res.content_length = status == 204 || status == 304 ? SIZE_MAX : length;
	h2o_start_response(req, &generator);
	h2o_send(req, &out, head || status == 204 || length == 0 ? 0 : 1, H2O_SEND_STATE_FINAL);
}

/* ---- requests ---- */

/* The request's memory goes: answered, or the connection broke. */
static void on_dispose(void *data)
{
	bg_http **slot = data;

	if (*slot != NULL)
	{
		bg_request_end((*slot)->request);
		free(*slot);
		*slot = NULL;
	}
}

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
	handler *h = (handler *) self;
	bg_http **slot = h2o_mem_alloc_shared(&req->pool, sizeof(*slot), on_dispose);
	bg_http *http = bg_alloc(sizeof(*http));

	http->req = req;
	*slot = http;
	if (h->server->draining)
		req->http1_is_persistent = 0;
	http->request = bg_request_begin(h->server->loop, http, h->admin);
	return 0;
}

/* ---- refusals by libh2o itself (bad syntax, body too large) become problems like all others ---- */

typedef struct refusal
{
	h2o_ostream_t super;
	h2o_iovec_t body;
	bool sent;
} refusal;

static void send_refusal(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t n,
                         h2o_send_state_t state)
{
	refusal *r = (refusal *) self;
	bool first = !r->sent;

	(void) bufs;
	(void) n;
	r->sent = true;
	h2o_ostream_send_next(&r->super, req, &r->body, first ? 1 : 0, state);
}

static void on_setup_filter(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
	(void) self;
	ssize_t at = h2o_find_header(&req->res.headers, H2O_TOKEN_CONTENT_TYPE, -1);

	/* Our own refusals are never plain text. */
	if (req->res.status >= 400 && at != -1 &&
	    h2o_memis(req->res.headers.entries[at].value.base, 10, H2O_STRLIT("text/plain")))
	{
		refusal *r = (refusal *) h2o_add_ostream(req, sizeof(*r), slot);
		bg_buf body = {0};
		char id[33];
		char peer[64];
		h2o_iovec_t kept;

		bg_random_id(id);
		peer_of(req, peer, sizeof(peer));
		bg_request_refused(view(req->input.method), peer, req->res.status, id, &body);
		r->super.do_send = send_refusal;
		r->body = h2o_strdup(&req->pool, body.s, body.n);
		r->sent = false;
		req->res.reason = bg_problem_title(req->res.status);
		req->res.content_length = body.n;
		req->res.headers.entries[at].value = h2o_iovec_init(H2O_STRLIT("application/problem+json"));
		kept = h2o_strdup(&req->pool, id, strlen(id));
		h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("x-request-id"), 1, NULL,
		                      kept.base, kept.len);
		h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("cache-control"), 1, NULL,
		                      H2O_STRLIT("no-store"));
		req->http1_is_persistent = 0;
		bg_buf_free(&body);
		slot = &r->super.next;
	}
	h2o_setup_next_ostream(req, slot);
}

/* ---- listening ---- */

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void on_accept(uv_stream_t *stream, int status)
{
	listener *l = stream->data;
	uv_tcp_t *tcp;

	if (status != 0)
		return;
	tcp = bg_alloc(sizeof(*tcp));
	uv_tcp_init(stream->loop, tcp);
	if (uv_accept(stream, (uv_stream_t *) tcp) != 0)
	{
		uv_close((uv_handle_t *) tcp, free_handle);
		return;
	}
	uv_tcp_nodelay(tcp, 1);
	h2o_accept(&l->accept, h2o_uv_socket_create((uv_stream_t *) tcp, free_handle));
}

/* "same": a port of another loop that is meant, if any port will do. */
static bool listen_on(listener *l, const char *where, int same, bg_buf *error)
{
	struct bg_server *server = l->server;
	struct sockaddr_storage address;
	char host[256];
	int port;
	int one = 1;
	int fd = -1;
	int length = sizeof(address);
	unsigned patience = (unsigned) server->loop->config->tcp_user_timeout_ms;
	uv_getaddrinfo_t lookup;
	int result;
	char service[16];

	if (!bg_config_endpoint(where, host, sizeof(host), &port))
		return false;
	snprintf(service, sizeof(service), "%d", port == 0 ? same : port);
	result = uv_getaddrinfo(&server->loop->uv, &lookup, NULL, host, service, NULL);
	if (result != 0)
	{
		bg_buf_printf(error, "%s: no such address: %s", where, uv_strerror(result));
		return false;
	}
	memcpy(&address, lookup.addrinfo->ai_addr, lookup.addrinfo->ai_addrlen);
	uv_freeaddrinfo(lookup.addrinfo);
	/* Every loop has a listener of its own on the same port: the kernel spreads the connections. */
	result = uv_tcp_init_ex(&server->loop->uv, &l->tcp, address.ss_family);
	l->tcp.data = l;
	l->open = result == 0;
	if (result == 0)
		result = uv_fileno((uv_handle_t *) &l->tcp, &fd);
	if (result == 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0 ||
	     /* h2o has no write timeout: a client that never reads would stay for ever. */
	     setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience)) != 0))
		result = uv_translate_sys_error(errno);
	if (result == 0)
		result = uv_tcp_bind(&l->tcp, (struct sockaddr *) &address, 0);
	if (result == 0)
		result = uv_listen((uv_stream_t *) &l->tcp, 1024, on_accept);
	if (result == 0)
		result = uv_tcp_getsockname(&l->tcp, (struct sockaddr *) &address, &length);
	if (result != 0)
	{
		bg_buf_printf(error, "%s: can't listen: %s", where, uv_strerror(result));
		return false;
	}
	l->port = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) &address)->sin6_port
	                                              : ((struct sockaddr_in *) &address)->sin_port);
	l->accept.ctx = &server->context;
	l->accept.hosts = l->hosts;
	return true;
}

static void configure(struct bg_server *server, listener *l, const char *name, bool admin)
{
	h2o_hostconf_t *host =
	    h2o_config_register_host(&server->global, h2o_iovec_init(name, strlen(name)), 65535);
	h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
	handler *h = (handler *) h2o_create_handler(path, sizeof(*h));
	h2o_pathconf_t *places[2] = {path, &host->fallback_path};

	h->super.on_req = on_request;
	h->server = server;
	h->admin = admin;
	for (int i = 0; i < 2; i++)
		h2o_create_filter(places[i], sizeof(h2o_filter_t))->on_setup_ostream = on_setup_filter;
	l->server = server;
	l->hosts[0] = host;
	l->hosts[1] = NULL;
}

struct bg_server *bg_server_create(bg_loop *loop, bg_buf *error)
{
	struct bg_server *server = bg_alloc(sizeof(*server));
	const bg_config *config = loop->config;

	server->loop = loop;
	h2o_config_init(&server->global);
	server->global.server_name = h2o_iovec_init(H2O_STRLIT("bountygo"));
	server->global.max_request_entity_size = (size_t) config->max_body;
	server->global.http1.req_timeout = (uint64_t) config->header_timeout_ms;
	server->global.http1.upgrade_to_http2 = 0;
	configure(server, &server->public, "default", false);
	configure(server, &server->admin, "admin", true);
	h2o_context_init(&server->context, &loop->uv, &server->global);
	if (!listen_on(&server->public, config->listen,
	               loop->id > 0 ? bg_server_port(bg_loops[0].server, false) : 0, error))
		return NULL;
	/* One place to look at is enough for what concerns the whole process. */
	if (loop->id == 0 && config->admin_listen[0] != '\0' &&
	    !listen_on(&server->admin, config->admin_listen, 0, error))
		return NULL;
	return server;
}

int bg_server_port(struct bg_server *server, bool admin)
{
	return admin ? server->admin.port : server->public.port;
}

void bg_server_drain(struct bg_server *server)
{
	listener *both[2] = {&server->public, &server->admin};

	if (server->draining)
		return;
	server->draining = true;
	for (int i = 0; i < 2; i++)
		if (both[i]->open)
		{
			uv_close((uv_handle_t *) &both[i]->tcp, NULL);
			both[i]->open = false;
		}
	h2o_context_request_shutdown(&server->context);
}
