/*
 * article.c
 *		The main text of a page: measure, choose a region, render; with less pruning when that leaves too little. One tree,
 *		no second parse. EXTRACTION.md says where the rules come from.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "article.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LAST_LEVEL 4
#define SHORT_TEXT 250

/* Paths that forums use. */
static bool is_forum_url(const char *url)
{
	static const char *const parts[] = {
	    "/forum",      "/thread",    "/topic",      "/discussion", "viewtopic", "showthread",
	    "showtopic",   "viewthread", "/questions/", "/comments/",  "/boards/",  "/bbs/",
	    "/community/", "/answers/",  "/question/",  "//forum",     "//bbs",     "//community.",
	    "//discuss.",  "//tieba.",   "//boards.",   "/read.php",   "/thread-",  "/t/"};

	for (size_t i = 0; url != NULL && i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		if (strcasestr(url, parts[i]) != NULL)
			return true;
	}
	return false;
}

/* True if the page says that it is a discussion: what readers wrote is the content there. */
static bool is_forum(const bg_document *document, const bg_page *page, const char *url)
{
	static const char *const types[] = {"DiscussionForumPosting", "QAPage", "Question"};
	static const char *const makers[] = {"discourse", "phpbb",  "vbulletin", "xenforo",  "discuz",
	                                     "nodebb",    "flarum", "mybb",      "invision", "vanilla"};
	const json_t *object;
	size_t index;

	if (is_forum_url(url) || is_forum_url(page->canonical.value))
		return true;
	json_array_foreach (page->jsonld, index, object)
	{
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		{
			if (bg_jsonld_is(object, types[i]))
				return true;
		}
	}
	for (size_t i = 1; i < document->count; i++)
	{
		const bg_node *node = &document->nodes[i];
		const char *value;

		if (node->tag == TAG_META)
		{
			value = bg_document_attr(document, i, ATTR_NAME);
			if (value == NULL || strcasecmp(value, "generator") != 0)
				continue;
			value = bg_document_attr(document, i, ATTR_CONTENT);
			for (size_t k = 0; value != NULL && k < sizeof(makers) / sizeof(makers[0]); k++)
			{
				if (strcasestr(value, makers[k]) != NULL)
					return true;
			}
		}
		else if (node->tag != TAG_TEXT && node->len > 0)
		{
			value = bg_document_attr(document, i, ATTR_ITEMTYPE);
			if (value != NULL &&
			    (strstr(value, "DiscussionForumPosting") != NULL ||
			     strstr(value, "/QAPage") != NULL || strstr(value, "/Question") != NULL))
				return true;
			if (node->tag != TAG_BODY && node->tag != TAG_HTML)
				continue;
			value = bg_document_attr(document, i, ATTR_CLASS);
			if (value != NULL && (bg_names_of(value) & NAME_FORUM) != 0)
				return true;
			value = bg_document_attr(document, i, ATTR_ID);
			if (value != NULL && (bg_names_of(value) & NAME_FORUM) != 0)
				return true;
		}
	}
	return false;
}

/* The h1 whose text is the title: it stands in the metadata already. */
static uint32_t find_heading(const bg_document *document, const bg_page *page)
{
	for (size_t i = 1; page->title.value != NULL && i < document->count; i++)
	{
		char *text;
		bool same;

		if (document->nodes[i].tag != TAG_H1)
			continue;
		text = bg_document_text(document, i, 600);
		same = text != NULL && strcasecmp(text, page->title.value) == 0;
		free(text);
		if (same)
			return (uint32_t) i;
	}
	return 0;
}

/* The text of an article, a question or an answer as JSON-LD gives it: for pages that only scripts fill. */
static void append_jsonld_text(const bg_page *page, size_t max_text, bg_buffer *out)
{
	static const char *const keys[] = {"articleBody", "text", "reviewBody"};
	static const char *const lists[] = {"mainEntity", "acceptedAnswer", "suggestedAnswer",
	                                    "comment"};
	const json_t *object;
	size_t index;

	json_array_foreach (page->jsonld, index, object)
	{
		const json_t *at[1 + sizeof(lists) / sizeof(lists[0])];
		size_t count = 0;

		at[count++] = object;
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			at[count++] = json_object_get(object, lists[i]);
		for (size_t i = 0; i < count; i++)
		{
			size_t items = json_is_array(at[i]) ? json_array_size(at[i]) : 1;

			for (size_t k = 0; k < items && out->len < max_text; k++)
			{
				const json_t *item = json_is_array(at[i]) ? json_array_get(at[i], k) : at[i];

				for (size_t n = 0; n < sizeof(keys) / sizeof(keys[0]); n++)
				{
					const char *text = bg_jsonld_string(item, keys[n]);

					if (text == NULL || strlen(text) < 60 || strchr(text, '<') != NULL)
						continue;
					bg_utf8_clean(out, text, strlen(text));
					bg_buffer_putc(out, '\n');
				}
			}
		}
	}
}

static void count_visible(const reading *read, bg_article *article)
{
	article->visible = read->total;
	article->links = read->total_links;
}

/* Cuts the text at the limit, between characters. */
static void cut_text(bg_buffer *text, size_t max)
{
	if (text->len <= max || max == 0)
		return;
	max--;
	while (max > 0 && ((unsigned char) text->data[max] & 0xC0) == 0x80)
		max--;
	bg_buffer_truncate(text, max);
	bg_buffer_putc(text, '\n');
}

bool bg_article_read(const bg_document *document, const bg_page *page, const char *url,
                     size_t max_text, bg_article *article)
{
	reading read;

	memset(&read, 0, sizeof(read));
	memset(article, 0, sizeof(*article));
	bg_buffer_init(&article->text, 0);
	read.document = document;
	read.page = page;
	read.records = calloc(document->count, sizeof(*read.records));
	if (read.records == NULL)
		return false;
	read.forum = is_forum(document, page, url);
	read.heading = find_heading(document, page);
	bg_measure_nodes(&read);
	count_visible(&read, article);
	for (int level = 0; level <= LAST_LEVEL && !read.failed; level++)
	{
		bg_buffer text;
		uint32_t region;

		bg_buffer_init(&text, 0);
		bg_measure_blocks(&read, level);
		region = level == LAST_LEVEL ? read.body : bg_region_choose(&read);
		bg_render_region(&read, region, level, max_text, &text);
		if (text.failed)
			read.failed = true;
		/* A later rung has to bring much more than an earlier one: it brings boilerplate as well. */
		if (article->text.len == 0 || text.len > 2 * article->text.len)
		{
			bg_buffer_free(&article->text);
			article->text = text;
		}
		else
			bg_buffer_free(&text);
		if (article->text.len >= SHORT_TEXT ||
		    (article->text.len > 0 && article->text.len * 100 >= (size_t) read.total * 40))
			break;
	}
	if (article->text.len < SHORT_TEXT)
	{
		bg_buffer text;

		bg_buffer_init(&text, 0);
		append_jsonld_text(page, max_text, &text);
		if (text.len > 2 * article->text.len && !text.failed)
		{
			bg_buffer_free(&article->text);
			article->text = text;
		}
		else
			bg_buffer_free(&text);
	}
	cut_text(&article->text, max_text);
	free(read.records);
	free(read.blocks);
	return !read.failed;
}
