/*
 * title.c
 *		The title of a page from its candidates: JSON-LD, h1, OpenGraph, <title>. Each candidate alone is wrong on many
 *		pages (site names, slogans, logos as h1); the one that others confirm is right.
 */
#include "document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_TITLE 500
#define MAX_HEADINGS 12

typedef struct candidates
{
	char *document; /* <title> */
	char *graph;    /* og:title or the like */
	const char *graph_key;
	char *headings[MAX_HEADINGS];
	size_t count;
} candidates;

/* Lower-case ASCII letters and digits and everything not ASCII, nothing else: for comparing titles. */
static char *squeeze(const char *text)
{
	size_t len = strlen(text);
	char *out = malloc(len + 1);
	size_t used = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char) (c + 'a' - 'A');
		/* Dashes, quotes and other general punctuation (U+2000..206F) are left out, too. */
		if (c == 0xE2 && i + 2 < len && ((unsigned char) text[i + 1] & 0xFE) == 0x80)
			i += 2;
		else if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[used++] = (char) c;
	}
	out[used] = '\0';
	return out;
}

/* True if "part" is a good share of "whole". */
static bool within(const char *part, const char *whole)
{
	char *a;
	char *b;
	bool found;

	if (part == NULL || whole == NULL)
		return false;
	a = squeeze(part);
	b = squeeze(whole);
	found = a != NULL && b != NULL && strlen(a) >= 3 && strstr(b, a) != NULL &&
	        (strlen(a) >= 8 || strlen(a) * 4 >= strlen(b));
	free(a);
	free(b);
	return found;
}

static bool same(const char *a, const char *b)
{
	char *x = a == NULL ? NULL : squeeze(a);
	char *y = b == NULL ? NULL : squeeze(b);
	bool equal = x != NULL && y != NULL && strcmp(x, y) == 0;

	free(x);
	free(y);
	return equal;
}

static void gather(const bg_document *document, candidates *found)
{
	static const char *const keys[] = {"og:title",      "twitter:title", "dc.title",
	                                   "dcterms.title", "parsely-title", "title"};
	size_t best = sizeof(keys) / sizeof(keys[0]);

	for (size_t i = 1; i < document->count; i++)
	{
		bg_tag tag = (bg_tag) document->nodes[i].tag;

		if (tag == TAG_TITLE && found->document == NULL)
			found->document = bg_document_text(document, i, MAX_TITLE);
		else if (tag == TAG_H1 && found->count < MAX_HEADINGS)
		{
			char *text = bg_document_text(document, i, MAX_TITLE);

			if (text != NULL)
				found->headings[found->count++] = text;
		}
		else if (tag == TAG_META)
		{
			const char *key = bg_document_attr(document, i, ATTR_PROPERTY);
			const char *content = bg_document_attr(document, i, ATTR_CONTENT);

			if (key == NULL)
				key = bg_document_attr(document, i, ATTR_NAME);
			for (size_t k = 0; key != NULL && content != NULL && k < best; k++)
			{
				char *text;

				if (strcasecmp(key, keys[k]) != 0)
					continue;
				text = bg_value_fold(content, strlen(content), MAX_TITLE);
				if (text == NULL)
					continue;
				free(found->graph);
				found->graph = text;
				found->graph_key = keys[k];
				best = k;
			}
		}
	}
}

/* The length of a separator between parts of a title at p, blanks included; 0 if there is none. */
static size_t separator_at(const char *p)
{
	static const char *const marks[] = {" | ", " - ", " – ",  " — ", " · ", " • ",
	                                    " » ", " « ", " :: ", " / ", " ~ ", " ⋅ ",
	                                    " › ", " > ", " < ",  "｜",  "_",   "—"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
	{
		size_t len = strlen(marks[i]);

		if (strncmp(p, marks[i], len) == 0)
		{
			/* An underscore or a bare dash parts only text without blanks around it: Chinese titles. */
			if ((marks[i][0] == '_' || strcmp(marks[i], "—") == 0) && (unsigned char) p[len] < 0x80)
				continue;
			return len;
		}
	}
	return 0;
}

/* The title without the name of the site: that part goes, else the longer side of the last separator stays. */
static char *without_site(const char *title, const char *site)
{
	size_t last = 0;
	size_t last_len = 0;
	size_t first = 0;
	size_t first_len = 0;
	size_t len = strlen(title);
	char *cut = NULL;

	for (size_t i = 1; i < len; i++)
	{
		size_t width = separator_at(title + i);

		if (width == 0)
			continue;
		if (first_len == 0)
		{
			first = i;
			first_len = width;
		}
		last = i;
		last_len = width;
		i += width - 1;
	}
	if (last_len == 0)
		return strdup(title);
	if (site != NULL)
	{
		char *head = bg_value_fold(title, first, MAX_TITLE);
		char *tail = bg_value_fold(title + last + last_len, len - last - last_len, MAX_TITLE);

		if (same(tail, site) || (within(tail, site) && !within(head, site)))
			cut = bg_value_fold(title, last, MAX_TITLE);
		else if (same(head, site))
			cut = bg_value_fold(title + first + first_len, len - first - first_len, MAX_TITLE);
		free(head);
		free(tail);
		if (cut != NULL)
			return cut;
	}
	if (last >= len - last - last_len)
		return bg_value_fold(title, last, MAX_TITLE);
	return bg_value_fold(title + last + last_len, len - last - last_len, MAX_TITLE);
}

/* The heading without the name of the site behind its last separator, if that is there. */
static char *without_named_site(const char *heading, const char *site)
{
	size_t len = strlen(heading);

	for (size_t i = len; i > 1; i--)
	{
		size_t width = separator_at(heading + i - 1);

		if (width > 0)
			return same(heading + i - 1 + width, site) ? bg_value_fold(heading, i - 1, MAX_TITLE)
			                                           : strdup(heading);
	}
	return strdup(heading);
}

/* True if the heading is only the last part of the document's title: the name of the site. */
static bool is_last_part(const char *heading, const candidates *found)
{
	const char *title = found->document;
	const char *last = NULL;

	for (size_t i = 1; title != NULL && title[i] != '\0'; i++)
	{
		size_t width = separator_at(title + i);

		if (width == 0)
			continue;
		last = title + i + width;
		i += width - 1;
	}
	return last != NULL && within(heading, last) && strlen(heading) * 2 < strlen(title) &&
	       !same(heading, found->graph);
}

static void take(bg_page *page, char *value, const char *method, const char *source)
{
	if (page->title.value != NULL || value == NULL)
	{
		free(value);
		return;
	}
	page->title.value = value;
	page->title.method = method;
	page->title.source = source;
}

static const struct
{
	const char *type;
	const char *key;
	const char *source;
} named_types[] = {
    {"JobPosting", "title", "JobPosting.title"},
    {"Hackathon", "name", "Hackathon.name"},
    {"Event", "name", "Event.name"},
    {"NewsArticle", "headline", "NewsArticle.headline"},
    {"Article", "headline", "Article.headline"},
    {"BlogPosting", "headline", "BlogPosting.headline"},
    {"TechArticle", "headline", "TechArticle.headline"},
    {"DiscussionForumPosting", "headline", "DiscussionForumPosting.headline"},
    {"Question", "name", "Question.name"},
    {"Product", "name", "Product.name"},
    {"Recipe", "name", "Recipe.name"},
    {"Course", "name", "Course.name"},
};

/* A name from JSON-LD, if the page shows it as well: the objects of a list are not the page. */
static void take_jsonld(const candidates *found, bg_page *page)
{
	const json_t *object;
	size_t index;

	for (size_t i = 0; i < sizeof(named_types) / sizeof(named_types[0]); i++)
	{
		json_array_foreach (page->jsonld, index, object)
		{
			const char *name;
			bool shown;

			if (!bg_jsonld_is(object, named_types[i].type))
				continue;
			name = bg_jsonld_string(object, named_types[i].key);
			if (name == NULL)
				continue;
			shown = within(name, found->document) || within(name, found->graph);
			for (size_t k = 0; k < found->count; k++)
				shown |= same(name, found->headings[k]);
			if (shown)
				take(page, bg_value_fold(name, strlen(name), MAX_TITLE), "jsonld",
				     named_types[i].source);
		}
	}
}

void bg_title_read(const bg_document *document, bg_page *page)
{
	candidates found;
	const char *site = page->site.value;

	memset(&found, 0, sizeof(found));
	gather(document, &found);
	for (size_t i = 0; i < found.count; i++)
	{
		const char *heading = found.headings[i];

		if (!same(heading, site) && !is_last_part(heading, &found) &&
		    (within(heading, found.document) || within(heading, found.graph)))
			take(page, site == NULL ? strdup(heading) : without_named_site(heading, site), "html",
			     "h1");
	}
	take_jsonld(&found, page);
	if (found.count == 1 && !same(found.headings[0], site))
		take(page, strdup(found.headings[0]), "html", "h1");
	if (found.graph != NULL)
		take(page, without_site(found.graph, site), "meta", found.graph_key);
	if (found.document != NULL)
		take(page, without_site(found.document, site), "html", "title");
	if (found.count > 0)
	{
		take(page, strdup(found.headings[0]), "html", "h1");
		page->heading = found.headings[0];
		found.headings[0] = NULL;
	}
	page->document_title = found.document;
	free(found.graph);
	for (size_t i = 0; i < found.count; i++)
		free(found.headings[i]);
}
