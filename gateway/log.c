/*
 * log.c
 *		Lines on standard output, whole even when several loops write. Does no rotation: that is the supervisor's work.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int wanted = BG_LOG_INFO;
static int as_text = 0;
static const char *const names[] = {"error", "warning", "info", "debug"};

void bg_log_setup(const char *level, const char *format)
{
	for (int i = 0; i < 4; i++)
		if (strcmp(level, names[i]) == 0)
			__atomic_store_n(&wanted, i, __ATOMIC_RELAXED);
	__atomic_store_n(&as_text, strcmp(format, "text") == 0, __ATOMIC_RELAXED);
}

bool bg_log_wants(bg_log_level level)
{
	return (int) level <= __atomic_load_n(&wanted, __ATOMIC_RELAXED);
}

static void begin(bg_buf *line, bg_log_level level)
{
	struct timespec now;
	struct tm parts;
	char stamp[40];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &parts);
	if (as_text)
		bg_buf_printf(line, "%s.%03ldZ %s ", stamp, now.tv_nsec / 1000000, names[level]);
	else
		bg_buf_printf(line, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\"", stamp,
		              now.tv_nsec / 1000000, names[level]);
}

/* One write per line: lines of several threads don't mix. A log that can't be written must not stop the service. */
static void end(bg_buf *line)
{
	size_t done = 0;

	bg_buf_puts(line, as_text ? "\n" : "}\n");
	while (done < line->n)
	{
		ssize_t n = write(STDOUT_FILENO, line->s + done, line->n - done);

		if (n <= 0)
			break;
		done += (size_t) n;
	}
	bg_buf_free(line);
}

void bg_log(bg_log_level level, const char *request_id, const char *format, ...)
{
	bg_buf line = {0};
	char message[2048];
	va_list args;

	if (!bg_log_wants(level))
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	begin(&line, level);
	if (as_text)
	{
		/* One event is one line, whatever is in it. */
		for (char *p = message; *p != '\0'; p++)
			if ((unsigned char) *p < 0x20)
				*p = ' ';
		bg_buf_printf(&line, "%s%s%s%s", message, request_id ? " (request " : "",
		              request_id ? request_id : "", request_id ? ")" : "");
	}
	else
	{
		if (request_id != NULL)
		{
			bg_buf_puts(&line, ",\"request_id\":");
			bg_buf_json(&line, request_id, strlen(request_id));
		}
		bg_buf_puts(&line, ",\"message\":");
		bg_buf_json(&line, message, strlen(message));
	}
	end(&line);
}

void bg_log_access(const bg_access *access)
{
	bg_buf line = {0};

	if (!bg_log_wants(BG_LOG_INFO))
		return;
	begin(&line, BG_LOG_INFO);
	if (as_text)
		bg_buf_printf(&line, "%s %.*s %s %d %zu bytes %.3f ms (request %s)", access->client,
		              (int) access->method.n, access->method.s, access->route, access->status,
		              access->bytes, access->ms, access->request_id);
	else
	{
		bg_buf_puts(&line, ",\"request_id\":");
		bg_buf_json(&line, access->request_id, strlen(access->request_id));
		bg_buf_puts(&line, ",\"client\":");
		bg_buf_json(&line, access->client, strlen(access->client));
		bg_buf_puts(&line, ",\"method\":");
		bg_buf_json(&line, access->method.s, access->method.n);
		bg_buf_puts(&line, ",\"route\":");
		bg_buf_json(&line, access->route, strlen(access->route));
		bg_buf_printf(&line, ",\"status\":%d,\"bytes\":%zu,\"ms\":%.3f", access->status,
		              access->bytes, access->ms);
	}
	end(&line);
}
