/*
 * rules_doc.c
 *		Prepares a text for the rules: a masked copy for searching, lines with their structure, JSON-LD objects of interest. Plain C.
 *
 * The mask keeps every byte's place: code blocks, URLs, HTML tags and struck-out text become blanks, so that what is found in it
 * has the same offsets in the text.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

static void blank(char *scan, size_t from, size_t to)
{
	for (; from < to; from++)
		if (scan[from] != '\n')
			scan[from] = ' ';
}

/* ``` and ~~~ blocks. */
static void mask_code(char *scan, size_t len)
{
	size_t at = 0;
	size_t open = BG_SCAN_NONE;

	while (at < len)
	{
		const char *newline = memchr(scan + at, '\n', len - at);
		size_t end = newline == NULL ? len : (size_t) (newline - scan);
		size_t mark = at;

		while (mark < end && mark < at + 4 && scan[mark] == ' ')
			mark++;
		if (bg_scan_has(scan, end, mark, "```") || bg_scan_has(scan, end, mark, "~~~"))
		{
			if (open == BG_SCAN_NONE)
				open = at;
			else
			{
				blank(scan, open, end);
				open = BG_SCAN_NONE;
			}
		}
		at = end + 1;
	}
}

/* From "at" to the end of a URL. */
static size_t url_end(const char *scan, size_t len, size_t at)
{
	while (at < len && (unsigned char) scan[at] > ' ' && (unsigned char) scan[at] < 0x7F &&
	       strchr("<>\"'`()[]{}|,;", scan[at]) == NULL)
		at++;
	return at;
}

static size_t find_within(const char *scan, size_t from, size_t to, const char *what)
{
	const char *hit = from < to ? bg_scan_find(scan + from, to - from, what, strlen(what)) : NULL;

	return hit == NULL ? BG_SCAN_NONE : (size_t) (hit - scan);
}

static void mask(char *scan, size_t len)
{
	bool open_comment = false;

	mask_code(scan, len);
	for (size_t at = 0; at < len; at++)
	{
		size_t end;
		size_t limit = len - at > 2000 ? at + 2000 : len;

		switch (scan[at])
		{
			case ']':
				/* [text](target): the target */
				if (at + 1 < len && scan[at + 1] == '(')
				{
					end = at + 2;
					while (end < limit && scan[end] != ')' && scan[end] != '\n')
						end++;
					blank(scan, at + 1, end < len && scan[end] == ')' ? end + 1 : end);
				}
				break;
			case 'h':
			case 'w':
				if (bg_scan_has(scan, len, at, "http://") ||
				    bg_scan_has(scan, len, at, "https://") || bg_scan_has(scan, len, at, "www."))
					blank(scan, at, url_end(scan, len, at));
				break;
			case '<':
				if (bg_scan_has(scan, len, at, "<!--"))
				{
					/* looked for once in vain, it isn't there for the rest either */
					end = open_comment ? BG_SCAN_NONE : find_within(scan, at, len, "-->");
					open_comment = open_comment || end == BG_SCAN_NONE;
				}
				else if (at + 1 < len && (bg_is_alpha(scan[at + 1]) || scan[at + 1] == '/'))
					end = find_within(scan, at, limit, ">");
				else
					break;
				/* "<4 Hours" and unclosed signs stay */
				if (end != BG_SCAN_NONE)
					blank(scan, at, end + (scan[end] == '-' ? 3 : 1));
				break;
			case '~':
				if (bg_scan_has(scan, len, at, "~~"))
				{
					end = find_within(scan, at + 2, limit, "~~");
					if (end != BG_SCAN_NONE)
						blank(scan, at, end + 2);
				}
				break;
			case '_':
				/* emphasis, not snake_case */
				if (at == 0 || at + 1 >= len || !bg_is_alnum(scan[at - 1]) ||
				    !bg_is_alnum(scan[at + 1]))
					scan[at] = ' ';
				break;
			case '!':
				if (at + 1 < len && scan[at + 1] == '[')
				{
					/* an image: its text says little */
					end = find_within(scan, at, limit, "]");
					if (end != BG_SCAN_NONE && end + 1 < len && scan[end + 1] == '(')
						blank(scan, at, end);
				}
				break;
			default:
				break;
		}
	}
}

static bool is_rule(const char *text, size_t from, size_t to, char mark)
{
	if (to - from < 3)
		return false;
	for (; from < to; from++)
		if (text[from] != mark)
			return false;
	return true;
}

/* Bullets and list numbers at "at": their length. */
static size_t bullet(const char *text, size_t from, size_t to)
{
	static const char *const marks[] = {"- ", "* ", "+ ", "• ",     "•",
	                                    "· ", "– ", "➔",  "➡️", "- - "};
	size_t at = from;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (bg_scan_has(text, to, from, marks[i]))
			return strlen(marks[i]);
	while (at < to && bg_is_digit(text[at]) && at - from < 3)
		at++;
	if (at > from && at + 1 < to && (text[at] == '.' || text[at] == ')') && text[at + 1] == ' ')
		return at + 2 - from;
	if (at > from && (bg_scan_has(text, to, at, "、") || bg_scan_has(text, to, at, "．")))
		return at + 3 - from;
	return 0;
}

static bool add_lines(bg_doc *doc)
{
	size_t capacity = 0;
	size_t at = 0;
	size_t heading = BG_SCAN_NONE;

	while (at < doc->len && doc->line_count < BG_RULES_MAX_LINES)
	{
		const char *newline = memchr(doc->text + at, '\n', doc->len - at);
		size_t next = newline == NULL ? doc->len : (size_t) (newline - doc->text);
		bg_line line = {at, next, 0, false, false, BG_SCAN_NONE};
		size_t marks = 0;
		size_t size;

		if (doc->line_count == capacity)
		{
			bg_line *grown;

			capacity = capacity == 0 ? 256 : capacity * 2;
			grown = realloc(doc->lines, capacity * sizeof(bg_line));
			if (grown == NULL)
				return false;
			doc->lines = grown;
		}
		while (line.end > line.start && bg_is_space(doc->text[line.end - 1]))
			line.end--;
		while (line.start < line.end &&
		       (bg_is_space(doc->text[line.start]) || doc->text[line.start] == '>'))
			line.start++;
		while (line.start + marks < line.end && doc->text[line.start + marks] == '#')
			marks++;
		if (marks > 0 && marks <= 6 &&
		    (line.start + marks == line.end || doc->text[line.start + marks] == ' '))
		{
			line.level = (int) marks;
			line.start += marks;
			while (line.start < line.end && (doc->text[line.start] == ' '))
				line.start++;
			while (line.end > line.start && doc->text[line.end - 1] == '#')
				line.end--;
		}
		line.row = line.start < line.end &&
		           (doc->text[line.start] == '|' ||
		            bg_scan_find(doc->text + line.start, line.end - line.start, " | ", 3) != NULL);
		for (int i = 0; i < 3 && (size = bullet(doc->text, line.start, line.end)) > 0; i++)
		{
			line.item = true;
			line.start += size;
			while (line.start < line.end && doc->text[line.start] == ' ')
				line.start++;
		}
		/* a line underlined by === or --- is a heading */
		if (doc->line_count > 0 && line.level == 0)
		{
			bg_line *above = &doc->lines[doc->line_count - 1];

			if (above->end > above->start && above->level == 0 && !above->row && !above->item &&
			    (is_rule(doc->text, line.start, line.end, '=') ||
			     is_rule(doc->text, line.start, line.end, '-')))
			{
				above->level = doc->text[line.start] == '=' ? 1 : 2;
				heading = doc->line_count - 1;
				line.end = line.start;
			}
		}
		line.heading = heading;
		if (line.level > 0 && line.end > line.start)
			heading = doc->line_count;
		doc->lines[doc->line_count++] = line;
		at = next + 1;
	}
	return true;
}

/* The lines of a page's text have no marks: a short line without a stop before a longer one is a heading. */
static void find_headings(bg_doc *doc)
{
	size_t heading = BG_SCAN_NONE;

	for (size_t i = 0; i < doc->line_count; i++)
	{
		bg_line *line = &doc->lines[i];
		const bg_line *next = i + 1 < doc->line_count ? &doc->lines[i + 1] : NULL;
		size_t size = line->end - line->start;
		char last = size > 0 ? doc->text[line->end - 1] : '.';
		bool plain = size > 1 && size < 64 && !line->item && !line->row && line->level == 0 &&
		             strchr(".:;,!|", last) == NULL &&
		             memchr(doc->text + line->start, ':', size) == NULL &&
		             bg_scan_find(doc->text + line->start, size, "：", 3) == NULL &&
		             !bg_scan_ends(doc->text, line->end, "。");

		for (size_t k = line->start; k < line->end && plain; k++)
			plain = !bg_is_digit(doc->text[k]);
		if (plain && next != NULL && next->end > next->start &&
		    (next->item || next->row || next->end - next->start > size + 8))
			line->level = 3;
		line->heading = heading;
		if (line->level > 0)
			heading = i;
	}
}

size_t bg_doc_line(const bg_doc *doc, size_t at)
{
	size_t low = 0;
	size_t high = doc->line_count;

	while (low + 1 < high)
	{
		size_t middle = low + (high - low) / 2;

		if (doc->lines[middle].start <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

size_t bg_doc_line_before(const bg_doc *doc, size_t line)
{
	while (line > 0)
	{
		line--;
		if (doc->lines[line].end > doc->lines[line].start)
			return line;
	}
	return BG_SCAN_NONE;
}

bool bg_doc_elsewhere(const bg_doc *doc, size_t line)
{
	/* clang-format off */
	static const char *const cues[] = {
		"related", "similar", "elsewhere", "you may also", "you might also", "recommended",
		"other bounties", "more bounties", "other jobs", "more jobs", "other tasks", "more tasks",
		"other events", "upcoming events", "more events", "other hackathons", "more hackathons",
		"latest bounties", "trending", "其他任务", "热门", "相关推荐", "相关任务", "猜你喜欢",
		"为你推荐", "更多活动", "更多赛事", NULL
	};
	/* clang-format on */
	size_t heading = doc->lines[line].heading;

	return heading != BG_SCAN_NONE &&
	       bg_cue_any(doc->lower, doc->lines[heading].start, doc->lines[heading].end, cues);
}

void bg_doc_missing(bg_doc *doc, const char *field, const char *reason)
{
	if (json_object_get(doc->missing, field) == NULL)
		json_object_set_new(doc->missing, field, json_string(reason));
}

bool bg_doc_cite(bg_doc *doc, const char *source, const char *value, bg_span *span)
{
	if (doc->cite)
		return bg_evidence_cite(doc->out, source, value, span);
	return bg_evidence_locate(doc->text, doc->len, value, span);
}

char *bg_doc_clean(const char *bytes, size_t len)
{
	char *out = malloc(len + 1);
	size_t n = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
	{
		char c = bytes[i];

		/* [text](target) is its text; emphasis goes */
		if (c == ']' && i + 1 < len && bytes[i + 1] == '(')
		{
			const char *close = memchr(bytes + i, ')', len - i);

			if (close != NULL)
				i = (size_t) (close - bytes);
			continue;
		}
		if (c == '[' && bg_scan_find(bytes + i, len - i, "](", 2) != NULL)
			continue;
		if (c == '*' || c == '`')
			continue;
		if (c == '_' &&
		    (i == 0 || i + 1 >= len || !bg_is_alnum(bytes[i - 1]) || !bg_is_alnum(bytes[i + 1])))
			continue;
		if (bg_is_space(c))
		{
			if (n > 0 && out[n - 1] != ' ')
				out[n++] = ' ';
			continue;
		}
		out[n++] = c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

const char *bg_doc_ld_string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_array(value))
		value = json_array_get(value, 0);
	if (json_is_object(value))
	{
		const json_t *inner = json_object_get(value, "name");

		if (inner == NULL)
			inner = json_object_get(value, "value");
		value = inner;
	}
	if (json_is_array(value))
		value = json_array_get(value, 0);
	return json_is_string(value) && json_string_length(value) > 0 ? json_string_value(value) : NULL;
}

void bg_found_clear(bg_found *found)
{
	json_decref(found->value);
	json_decref(found->quotes);
	memset(found, 0, sizeof(*found));
}

static bool ld_is(const json_t *object, const char *const *types)
{
	const json_t *type = json_object_get(object, "@type");
	size_t count = json_is_array(type) ? json_array_size(type) : 1;

	for (size_t i = 0; i < count; i++)
	{
		const char *name = json_string_value(json_is_array(type) ? json_array_get(type, i) : type);

		for (size_t k = 0; name != NULL && types[k] != NULL; k++)
			if (strcmp(name, types[k]) == 0)
				return true;
	}
	return false;
}

static void find_structured(bg_doc *doc)
{
	static const char *const jobs[] = {"JobPosting", "Demand", NULL};
	static const char *const events[] = {
	    "Event",       "Hackathon", "BusinessEvent", "EducationEvent", "SocialEvent",
	    "Competition", NULL};
	size_t i;
	json_t *object;

	if (doc->page == NULL)
		return;
	json_array_foreach (doc->page->jsonld, i, object)
	{
		if (doc->job == NULL && ld_is(object, jobs))
			doc->job = object;
		if (doc->event == NULL && ld_is(object, events))
			doc->event = object;
	}
}

bool bg_doc_open(bg_doc *doc, bg_buffer *text, const bg_page *page, const char *url)
{
	size_t cjk = 0;

	memset(doc, 0, sizeof(*doc));
	doc->len = text->len;
	doc->out = text;
	doc->page = page;
	doc->url = url;
	doc->title_line = BG_SCAN_NONE;
	doc->missing = json_object();
	doc->text = malloc(doc->len + 1);
	doc->scan = malloc(doc->len + 1);
	doc->lower = malloc(doc->len + 1);
	if (doc->missing == NULL || doc->text == NULL || doc->scan == NULL || doc->lower == NULL)
		return false;
	if (doc->len > 0)
		memcpy(doc->text, text->data, doc->len);
	doc->text[doc->len] = '\0';
	memcpy(doc->scan, doc->text, doc->len + 1);
	mask(doc->scan, doc->len);
	for (size_t i = 0; i <= doc->len; i++)
	{
		doc->lower[i] = bg_to_lower(doc->scan[i]);
		cjk += (unsigned char) doc->scan[i] >= 0xE4 && (unsigned char) doc->scan[i] <= 0xE9;
	}
	doc->keywords = doc->len < BG_RULES_MAX_KEYWORDS ? doc->len : BG_RULES_MAX_KEYWORDS;
	doc->chinese = cjk * 10 > doc->len;
	doc->issue = bg_scan_find(doc->lower, doc->len < 600 ? doc->len : 600, "issue #", 7) != NULL;
	find_structured(doc);
	if (page != NULL && page->title.value != NULL && strstr(page->title.value, "Issue #") != NULL)
		doc->issue = true;
	if (!add_lines(doc))
		return false;
	if (page != NULL)
		find_headings(doc);
	return true;
}

void bg_doc_close(bg_doc *doc)
{
	free(doc->text);
	free(doc->scan);
	free(doc->lower);
	free(doc->lines);
	free(doc->title);
	free(doc->title_lower);
	free(doc->amounts);
	free(doc->dates);
	json_decref(doc->missing);
	memset(doc, 0, sizeof(*doc));
}
