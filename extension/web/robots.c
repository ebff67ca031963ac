/*
 * robots.c
 *		What a robots.txt allows one agent (RFC 9309). Plain C; see robots.h.
 *
 * Groups that name the agent count together; only if there is none, those for "*". Of the rules that match, the longest
 * pattern wins, and of equals the one that allows. Time is linear in the file and in the path for each rule.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "robots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../buffer.h"
#include "url.h"

#define DELAY_MAX_S 86400

typedef struct rule
{
	bool allow;
	size_t len;
	char *pattern; /* normalised; "*" and a last "$" are special */
} rule;

struct bg_robots
{
	rule *rules;
	size_t count;
	size_t room;
	long delay_s;
};

typedef struct line
{
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
} line;

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\0' || c == '\f' || c == '\v';
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank(**text))
	{
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && is_blank((*text)[*len - 1]))
		(*len)--;
}

/* The next line that has a colon. Ends of line are CR, LF or both; comments are cut. */
static bool next_line(const char *text, size_t len, size_t *at, line *out)
{
	while (*at < len)
	{
		const char *start = text + *at;
		size_t left = len - *at;
		size_t size = 0;
		size_t used;
		const char *colon;

		while (size < left && start[size] != '\n' && start[size] != '\r')
			size++;
		*at += size < left ? size + 1 : size;
		for (used = 0; used < size && start[used] != '#';)
			used++;
		colon = memchr(start, ':', used);
		if (colon == NULL)
			continue;
		out->key = start;
		out->key_len = (size_t) (colon - start);
		out->value = colon + 1;
		out->value_len = used - out->key_len - 1;
		trim(&out->key, &out->key_len);
		trim(&out->value, &out->value_len);
		return true;
	}
	return false;
}

static bool key_is(const line *l, const char *key)
{
	return l->key_len == strlen(key) && strncasecmp(l->key, key, l->key_len) == 0;
}

/*
 * True if a user-agent line names us: the product token, or one that begins with it and a hyphen ("BountyGo-URLAgent" means
 * "BountyGo").
 */
static bool names_agent(const line *l, const char *agent)
{
	size_t len = 0;
	size_t agent_len = strlen(agent);

	while (len < l->value_len && (l->value[len] == '-' || l->value[len] == '_' ||
	                              (l->value[len] >= 'a' && l->value[len] <= 'z') ||
	                              (l->value[len] >= 'A' && l->value[len] <= 'Z')))
		len++;
	if (len < agent_len || strncasecmp(l->value, agent, agent_len) != 0)
		return false;
	return len == agent_len || l->value[agent_len] == '-';
}

static bool names_everybody(const line *l)
{
	return l->value_len >= 1 && l->value[0] == '*' && (l->value_len == 1 || is_blank(l->value[1]));
}

static bool add_rule(bg_robots *robots, bool allow, const line *l)
{
	bg_buffer pattern;
	rule *slot;

	/* Nothing after the colon forbids nothing. What does not begin as a path matches no path. */
	if (l->value_len == 0 || (l->value[0] != '/' && l->value[0] != '*'))
		return true;
	if (robots->count == robots->room)
	{
		size_t room = robots->room < 16 ? 16 : robots->room * 2;
		rule *rules = realloc(robots->rules, room * sizeof(*rules));

		if (rules == NULL)
			return false;
		robots->rules = rules;
		robots->room = room;
	}
	bg_buffer_init(&pattern, 0);
	bg_url_normalize(&pattern, l->value, l->value_len);
	slot = &robots->rules[robots->count];
	slot->allow = allow;
	slot->pattern = bg_buffer_detach(&pattern, &slot->len);
	if (slot->pattern == NULL)
		return false;
	robots->count++;
	return true;
}

static void read_delay(bg_robots *robots, const line *l)
{
	char text[32];
	char *end;
	double seconds;

	if (l->value_len == 0 || l->value_len >= sizeof(text))
		return;
	memcpy(text, l->value, l->value_len);
	text[l->value_len] = '\0';
	if (strspn(text, "0123456789.") != l->value_len)
		return;
	seconds = strtod(text, &end);
	if (*end != '\0')
		return;
	seconds = ceil(seconds);
	robots->delay_s = seconds > DELAY_MAX_S ? DELAY_MAX_S : (long) seconds;
}

bg_robots *bg_robots_parse(const char *text, size_t len, const char *agent)
{
	bg_robots *robots = calloc(1, sizeof(*robots));
	bool named = false;
	bool ours = false;
	bool in_header = false; /* the last line that counts was a user-agent line */
	line l;

	if (robots == NULL)
		return NULL;
	robots->delay_s = -1;
	if (len > BG_ROBOTS_MAX)
	{
		/* A line cut in two could say the opposite of what it says whole. */
		len = BG_ROBOTS_MAX;
		while (len > 0 && text[len - 1] != '\n' && text[len - 1] != '\r')
			len--;
	}
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
	{
		text += 3;
		len -= 3;
	}
	for (size_t at = 0; !named && next_line(text, len, &at, &l);)
		named = key_is(&l, "user-agent") && names_agent(&l, agent);

	for (size_t at = 0; next_line(text, len, &at, &l);)
	{
		bool allow = key_is(&l, "allow");

		if (key_is(&l, "user-agent"))
		{
			if (!in_header)
				ours = false;
			in_header = true;
			ours = ours || (named ? names_agent(&l, agent) : names_everybody(&l));
		}
		else if (allow || key_is(&l, "disallow"))
		{
			in_header = false;
			if (ours && !add_rule(robots, allow, &l))
			{
				bg_robots_free(robots);
				return NULL;
			}
		}
		else if (key_is(&l, "crawl-delay"))
		{
			in_header = false;
			if (ours)
				read_delay(robots, &l);
		}
	}
	return robots;
}

void bg_robots_free(bg_robots *robots)
{
	if (robots == NULL)
		return;
	for (size_t i = 0; i < robots->count; i++)
		free(robots->rules[i].pattern);
	free(robots->rules);
	free(robots);
}

/* True if the pattern matches the beginning of the path, or all of it when it ends in "$". */
static bool matches(const char *pattern, size_t len, const char *path, size_t path_len)
{
	bool anchored = len > 0 && pattern[len - 1] == '$';
	size_t at = 0;
	bool first = true;

	if (anchored)
		len--;
	/* Piece by piece between the stars, each as early as it can be; what is found too early never spoils a later match. */
	for (;;)
	{
		const char *star = memchr(pattern, '*', len);
		size_t piece = star != NULL ? (size_t) (star - pattern) : len;
		const char *found;

		if (star == NULL && anchored)
		{
			if (piece > path_len - at || (first && piece != path_len))
				return false;
			return memcmp(path + path_len - piece, pattern, piece) == 0;
		}
		if (first)
		{
			if (piece > path_len || memcmp(path, pattern, piece) != 0)
				return false;
			at = piece;
		}
		else if (piece > 0)
		{
			found = memmem(path + at, path_len - at, pattern, piece);
			if (found == NULL)
				return false;
			at = (size_t) (found - path) + piece;
		}
		if (star == NULL)
			return true;
		first = false;
		pattern = star + 1;
		len -= piece + 1;
	}
}

bool bg_robots_allows(const bg_robots *robots, const char *path)
{
	size_t path_len = strlen(path);
	const rule *best = NULL;

	if (strcmp(path, "/robots.txt") == 0)
		return true;
	for (size_t i = 0; i < robots->count; i++)
	{
		const rule *r = &robots->rules[i];

		if (best != NULL && (r->len < best->len || (r->len == best->len && !r->allow)))
			continue;
		if (matches(r->pattern, r->len, path, path_len))
			best = r;
	}
	return best == NULL || best->allow;
}

long bg_robots_crawl_delay(const bg_robots *robots)
{
	return robots->delay_s;
}
