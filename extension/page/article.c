/*
 * article.c
 *		The main text of a page: measure, choose a region, render; with less pruning when that leaves too little. One tree,
 *		no second parse. EXTRACTION.md says where the rules come from.
 */
#include "article.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LAST_LEVEL 3
#define SHORT_TEXT 250

/* True if the page says that it is a discussion: what readers wrote is the content there. */
static bool is_forum(const bg_document *document, const bg_page *page)
{
	static const char *const types[] = {"DiscussionForumPosting", "QAPage", "Question"};
	static const char *const makers[] = {"discourse", "phpbb",  "vbulletin", "xenforo",  "discuz",
	                                     "nodebb",    "flarum", "mybb",      "invision", "vanilla"};
	const json_t *object;
	size_t index;

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
		const char *value;

		if (document->nodes[i].tag == TAG_META)
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
		else if (document->nodes[i].len > 0)
		{
			value = bg_document_attr(document, i, ATTR_ITEMTYPE);
			if (value != NULL &&
			    (strstr(value, "DiscussionForumPosting") != NULL ||
			     strstr(value, "/QAPage") != NULL || strstr(value, "/Question") != NULL))
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

static void count_visible(const reading *read, bg_article *article)
{
	article->visible = read->total;
	article->links = read->total_links;
}

bool bg_article_read(const bg_document *document, const bg_page *page, size_t max_text,
                     bg_article *article)
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
	read.forum = is_forum(document, page);
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
		if (article->text.len >= SHORT_TEXT || article->text.len * 100 >= (size_t) read.total * 40)
			break;
	}
	free(read.records);
	free(read.blocks);
	return !read.failed;
}
