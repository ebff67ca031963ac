/*
 * rules_title.c
 *		The title and the summary of a task: from JSON-LD and metadata, else from the text's first heading. Plain C; see rules.h.
 */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool set_title(bg_doc *doc, char *title)
{
	size_t n;

	if (title == NULL || title[0] == '\0')
	{
		free(title);
		return false;
	}
	n = strlen(title);
	if (n > 250)
	{
		title[bg_scan_align(title, 250)] = '\0';
		n = strlen(title);
	}
	doc->title = title;
	doc->title_lower = malloc(n + 1);
	if (doc->title_lower == NULL)
		return false;
	for (size_t i = 0; i <= n; i++)
		doc->title_lower[i] = bg_to_lower(title[i]);
	return true;
}

/* Emoji, arrows and punctuation that decorate the beginning of a title: length of the one at "at". */
static size_t decoration(const char *s)
{
	/* clang-format off */
	static const char *const marks[] = {
		"-", "–", "—", ":", "：", "|", "#", "•", "·", ">", "★", "☆", "✨", "️"
	};
	/* clang-format on */
	unsigned char c = (unsigned char) s[0];

	if (c == ' ')
		return 1;
	if (c == 0xF0) /* emoji */
		return 4;
	if (c == 0xE2 && ((unsigned char) s[1] == 0x9A || (unsigned char) s[1] == 0x9C ||
	                  (unsigned char) s[1] == 0xAD || (unsigned char) s[1] == 0x8F))
		return 3;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strncmp(s, marks[i], strlen(marks[i])) == 0)
			return strlen(marks[i]);
	return 0;
}

static void drop_front(char *s, size_t n)
{
	memmove(s, s + n, strlen(s + n) + 1);
}

static void trim(char *s)
{
	size_t n;
	size_t size;

	while (s[0] != '\0' && (size = decoration(s)) > 0 && size <= strlen(s))
		drop_front(s, size);
	n = strlen(s);
	for (;;)
	{
		static const char *const tails[] = {" ", "|", "·", "-", "–", "—", ":", "：", "️"};
		bool cut = false;

		for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
			if (bg_scan_ends(s, n, tails[i]) && n > strlen(tails[i]))
			{
				n -= strlen(tails[i]);
				cut = true;
			}
		/* emoji at the end */
		if (n > 4 && (unsigned char) s[n - 4] == 0xF0)
		{
			n -= 4;
			cut = true;
		}
		if (!cut)
			break;
	}
	s[n] = '\0';
}

/* A leading [tag], 【tag】 or (tag): money, a state, a hold, a category. */
static void drop_tags(char *s)
{
	static const struct
	{
		const char *open;
		const char *close;
	} brackets[] = {{"[", "]"}, {"【", "】"}, {"(", ")"}, {"（", "）"}};
	bool again = true;

	while (again)
	{
		again = false;
		for (size_t i = 0; i < 4; i++)
		{
			const char *close;

			if (strncmp(s, brackets[i].open, strlen(brackets[i].open)) != 0)
				continue;
			close = strstr(s, brackets[i].close);
			/* the whole title in brackets stays */
			if (close == NULL || strlen(close + strlen(brackets[i].close)) < 4)
				continue;
			drop_front(s, (size_t) (close - s) + strlen(brackets[i].close));
			trim(s);
			again = true;
		}
	}
}

static void drop_tail(char *s, const char *tail)
{
	size_t n = strlen(s);
	size_t m = strlen(tail);

	if (n <= m + 2)
		return;
	for (size_t i = 0; i < m; i++)
		if (bg_to_lower(s[n - m + i]) != tail[i])
			return;
	s[n - m] = '\0';
	trim(s);
}

/* "Bounty R3 — ", "Challenge #4: ", "Contributing to " in front of the name. */
static void drop_number(char *s)
{
	static const char *const words[] = {"bounty ", "challenge ", "task ", "issue ",
	                                    "rfp ",    "rfp-",       "quest "};

	if (bg_scan_has_fold(s, strlen(s), 0, "contributing to "))
		drop_front(s, 16);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t n = strlen(words[i]);
		bool digit = false;

		if (!bg_scan_has_fold(s, strlen(s), 0, words[i]))
			continue;
		while (s[n] != '\0' && s[n] != ' ' && s[n] != ':')
			digit = bg_is_digit(s[n++]) || digit;
		if (digit && n < 16 && decoration(s + n) > 0 && s[n] != '\0' && decoration(s + n + 1) > 0 &&
		    strlen(s + n) > 8)
		{
			drop_front(s, n);
			trim(s);
		}
		return;
	}
}

/* Trademark signs. */
static void drop_marks(char *s)
{
	static const char *const marks[] = {"™", "®", "©"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (char *at = s; (at = strstr(at, marks[i])) != NULL;)
			drop_front(at, strlen(marks[i]));
}

/* Takes tags, prices, site names and issue numbers off a title. */
static void tidy(char *s)
{
	static const char *const issue_marks[] = {
	    " · Issue #", " · Pull Request #", " · Discussion #", " - Issue #", " (#", NULL};
	/* clang-format off */
	static const char *const site_words[] = {
		"immunefi", "devpost", "gitcoin", "github", "hackerone", "bugcrowd", "dorahacks",
		"superteam earn", "replit", "layer3", "upwork", "freelancer", "kaggle", "hackenproof",
		"code4rena", "sherlock", "cantina", "bountycaster", "dework", "questbook", "ethglobal",
		"intigriti", "algora", "opire", "issuehunt", "zealy", "galxe", "taskon", NULL
	};
	/* clang-format on */
	char *bar;

	trim(s);
	for (int i = 0; issue_marks[i] != NULL; i++)
	{
		char *at = strstr(s, issue_marks[i]);

		if (at != NULL && at > s + 2)
			*at = '\0';
	}
	drop_tags(s);
	/* "Title | Site": the last part goes if it is a platform or much shorter */
	for (int round = 0; round < 2; round++)
	{
		bar = NULL;
		for (char *at = s; (at = strstr(at, " | ")) != NULL; at++)
			bar = at;
		if (bar == NULL)
			for (char *at = s; (at = strstr(at, " - ")) != NULL; at++)
				bar = at;
		if (bar == NULL || bar < s + 3)
			break;
		{
			char tail[64];
			size_t n = 0;
			bool known = false;

			for (const char *p = bar + 3; *p != '\0' && n + 1 < sizeof(tail); p++)
				tail[n++] = bg_to_lower(*p);
			tail[n] = '\0';
			for (int i = 0; site_words[i] != NULL; i++)
				known = known || strcmp(tail, site_words[i]) == 0;
			if (!known && !(bar[1] == '|' && n < 24 && (size_t) (bar - s) > n * 2))
				break;
			*bar = '\0';
		}
	}
	drop_number(s);
	drop_marks(s);
	drop_tail(s, "- rules");
	drop_tail(s, "rules");
	drop_tail(s, "| home");
	/* "(March 2020)" */
	bar = strrchr(s, '(');
	if (bar != NULL && bar > s + 3 && s[strlen(s) - 1] == ')')
	{
		bool digits = false;

		for (const char *p = bar; *p != '\0'; p++)
			digits = digits || bg_is_digit(*p);
		if (digits && strlen(bar) < 24)
			*bar = '\0';
	}
	/* "Audit Comp | Name" */
	bar = strstr(s, " | ");
	if (bar != NULL && bar - s < 16 && strlen(bar) > 16)
		drop_front(s, (size_t) (bar - s) + 3);
	trim(s);
}

/* A line that only leads elsewhere: links, navigation words, rules, images. */
static bool is_chrome(const bg_doc *doc, const bg_line *line)
{
	static const char *const words[] = {"skip to",    "back to", "sign in",           "log in",
	                                    "menu",       "toggle",  "table of contents", "首页 |",
	                                    "navigation", NULL};
	size_t letters = 0;
	size_t uppers = 0;
	size_t spaces = 0;
	bool cjk = bg_scan_cjk(doc->text, line->start, line->end);

	for (size_t i = line->start; i < line->end; i++)
	{
		char c = doc->scan[i];

		letters += bg_is_alpha(c) || ((unsigned char) c >= 0xC0 && (unsigned char) c != 0xE2 &&
		                              (unsigned char) c != 0xF0);
		uppers += bg_is_upper(c);
		spaces += c == ' ';
	}
	if (letters < 2)
		return true;
	if (bg_cue_any(doc->lower, line->start, line->end, words))
		return true;
	/* "about earn grow showcase connect" */
	if (!cjk && uppers == 0 && spaces >= 2 && line->level == 0 && line->end - line->start < 60 &&
	    memchr(doc->text + line->start, '.', line->end - line->start) == NULL)
		return true;
	/* a whole line that is one link, in a list */
	return line->level == 0 && line->item && doc->text[line->start] == '[';
}

/* "title: ..." of a front matter block. */
static bool front_matter(bg_doc *doc)
{
	if (!bg_scan_has(doc->text, doc->len, 0, "---\n"))
		return false;
	for (size_t i = 1; i < doc->line_count && i < 60; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t from;
		size_t to;

		if (bg_scan_has(doc->text, doc->len, line->start, "---") || line->end < line->start)
			break;
		if (!bg_scan_has_fold(doc->text, doc->len, line->start, "title:"))
			continue;
		from = bg_scan_skip(doc->text, line->end, line->start + 6);
		to = line->end;
		if (to > from && (doc->text[from] == '"' || doc->text[from] == '\'') &&
		    doc->text[to - 1] == doc->text[from])
		{
			from++;
			to--;
		}
		if (to > from)
		{
			char *title = bg_doc_clean(doc->text + from, to - from);

			if (title != NULL)
				tidy(title);
			doc->title_line = i;
			doc->title_end = to;
			return set_title(doc, title);
		}
	}
	return false;
}

/* Where the content begins: after front matter and a comment. */
static size_t first_line(const bg_doc *doc)
{
	size_t i = 0;

	if (bg_scan_has(doc->text, doc->len, 0, "---\n"))
		for (i = 1; i < doc->line_count && i < 60; i++)
			if (bg_scan_has(doc->text, doc->len, doc->lines[i].start, "---") ||
			    (doc->lines[i].level > 0))
			{
				i++;
				break;
			}
	return i < doc->line_count ? i : 0;
}

static bool title_of_text(bg_doc *doc)
{
	size_t plain = BG_SCAN_NONE;
	size_t heading = BG_SCAN_NONE;
	size_t from = first_line(doc);

	for (size_t i = from; i < doc->line_count && i < from + 60; i++)
	{
		const bg_line *line = &doc->lines[i];

		if (line->end <= line->start || doc->text[line->start] == '|' ||
		    line->end - line->start > 400 || is_chrome(doc, line))
			continue;
		if (line->level == 1 && heading == BG_SCAN_NONE)
			heading = i;
		if (plain == BG_SCAN_NONE && doc->scan[line->start] != ' ')
			plain = i;
	}
	/* a first line of its own beats a heading far below */
	if (heading == BG_SCAN_NONE ||
	    (plain != BG_SCAN_NONE && doc->lines[plain].level == 2 && heading > plain + 20))
		heading = plain;
	if (heading == BG_SCAN_NONE)
		return false;
	{
		const bg_line *line = &doc->lines[heading];
		char *title = bg_doc_clean(doc->text + line->start, line->end - line->start);

		if (title != NULL)
			tidy(title);
		doc->title_line = heading;
		doc->title_end = line->end;
		return set_title(doc, title);
	}
}

static bool found_string(bg_found *found, const char *value, bg_span span, const char *method,
                         double confidence)
{
	found->value = json_string(value);
	found->span = span;
	found->method = method;
	found->confidence = confidence;
	return found->value != NULL;
}

bool bg_rules_title(bg_doc *doc, bg_found *found)
{
	const char *structured = doc->job != NULL ? bg_doc_ld_string(doc->job, "title") : NULL;
	const char *source = "JobPosting.title";
	const char *method = "jsonld";
	double confidence = 0.97;
	bg_span span;

	if (structured == NULL && doc->event != NULL)
	{
		structured = bg_doc_ld_string(doc->event, "name");
		source = "Event.name";
	}
	if (structured == NULL && doc->page != NULL && doc->page->title.value != NULL)
	{
		structured = doc->page->title.value;
		source = doc->page->title.source != NULL ? doc->page->title.source : "title";
		method = doc->page->title.method != NULL ? doc->page->title.method : "meta";
		confidence = 0.9;
	}
	if (structured != NULL && strlen(structured) < 1000 &&
	    bg_utf8_valid(structured, strlen(structured)))
	{
		char *title = bg_doc_clean(structured, strlen(structured));

		if (title != NULL)
			tidy(title);
		if (set_title(doc, title))
		{
			if (bg_evidence_locate(doc->text, doc->len, doc->title, &span))
				doc->title_line = bg_doc_line(doc, span.start);
			doc->title_source = source;
			doc->title_method = method;
			return bg_doc_cite(doc, source, doc->title, &span) &&
			       found_string(found, doc->title, span, method, confidence);
		}
	}
	if (!front_matter(doc) && !title_of_text(doc))
		return false;
	{
		const bg_line *line = &doc->lines[doc->title_line];

		/* the cleaned title itself, if it stands there as it is */
		if (bg_evidence_locate(doc->text + line->start, line->end - line->start, doc->title, &span))
		{
			span.start += line->start;
			span.end += line->start;
		}
		else
		{
			span.start = line->start;
			span.end = line->end;
		}
		return found_string(found, doc->title, span, "rule", 0.8);
	}
}

bool bg_rules_retitle(bg_doc *doc, bg_found *found)
{
	bg_span span;

	return doc->title_source != NULL && bg_doc_cite(doc, doc->title_source, doc->title, &span) &&
	       found_string(found, doc->title, span, doc->title_method, 0.9);
}

/* End of the first sentence from "from", or the line's end. */
static size_t sentence_end(const bg_doc *doc, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
	{
		if ((doc->text[i] == '.' || doc->text[i] == '!' || doc->text[i] == '?') &&
		    (i + 1 >= to || doc->text[i + 1] == ' ') && i - from > 30)
			return i + 1;
		if (bg_scan_has(doc->text, to, i, "。") || bg_scan_has(doc->text, to, i, "！"))
			return i + 3;
	}
	return to;
}

bool bg_rules_summary(bg_doc *doc, bg_found *found)
{
	bg_span span;

	if (doc->page != NULL && doc->page->description.value != NULL &&
	    strlen(doc->page->description.value) >= 20 && strlen(doc->page->description.value) < 1000 &&
	    bg_doc_cite(doc,
	                doc->page->description.source != NULL ? doc->page->description.source
	                                                      : "description",
	                doc->page->description.value, &span))
	{
		char *summary =
		    bg_doc_clean(doc->page->description.value, strlen(doc->page->description.value));
		bool ok;

		if (summary == NULL)
			return false;
		ok = found_string(
		    found, summary, span,
		    doc->page->description.method != NULL ? doc->page->description.method : "meta", 0.8);
		free(summary);
		return ok;
	}
	for (size_t i = first_line(doc); i < doc->line_count && i < 400; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end;
		char *summary;
		bool ok;

		if (line->level > 0 || line->row || i == doc->title_line ||
		    line->end < line->start + (doc->chinese ? 45 : 50) || is_chrome(doc, line) ||
		    doc->scan[line->start] == ' ' || doc->text[line->start] == '<')
			continue;
		end = sentence_end(doc, line->start, line->end);
		if (end - line->start > 480)
			end = bg_scan_align(doc->text, line->start + 480);
		summary = bg_doc_clean(doc->text + line->start, end - line->start);
		if (summary == NULL || summary[0] == '\0')
		{
			free(summary);
			continue;
		}
		span.start = line->start;
		span.end = end;
		ok = found_string(found, summary, span, "rule", 0.6);
		free(summary);
		return ok;
	}
	return false;
}
