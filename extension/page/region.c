/*
 * region.c
 *		Which element holds the main text: by the weight of the blocks below it, and by what the page calls its parts.
 *		Prunes nothing inside it.
 */
#include "article.h"

#include <string.h>

#define DESCEND_SHARE 0.8f
#define WHOLE_SHARE 0.75f
#define HINT_SHARE 0.75f
#define TITLED_SHARE 0.3f
#define TITLED_WEIGHT 100.0f

/* The child of "node" with the greatest weight; 0 if none has any. */
static uint32_t heaviest_child(const reading *read, uint32_t node)
{
	const bg_document *document = read->document;
	uint32_t best = 0;

	for (uint32_t i = node + 1; i < document->nodes[node].end; i = document->nodes[i].end)
	{
		if (document->nodes[i].tag == TAG_TEXT || (read->records[i].flags & REC_DROPPED) != 0)
			continue;
		if (read->records[i].weight > (best == 0 ? 0 : read->records[best].weight))
			best = i;
	}
	return best;
}

/* How specific a hint is; 0 = no hint. */
static int hint_of(const reading *read, uint32_t i)
{
	const bg_node *node = &read->document->nodes[i];
	unsigned names = read->records[i].names;

	if (node->tag == TAG_BODY || node->tag == TAG_TEXT || node->tag == TAG_A ||
	    (read->records[i].flags & REC_HEADING) != 0)
		return 0;
	if ((names & NAME_BODY) != 0)
		return 3;
	if (node->tag == TAG_ARTICLE)
		return 2;
	if (node->tag == TAG_MAIN || (names & NAME_CONTENT) != 0)
		return 1;
	return 0;
}

/* The article element around the title; 0 if there is none. */
static uint32_t titled_article(const reading *read)
{
	uint32_t node = read->heading;

	while (node > read->body && read->document->nodes[node].tag != TAG_ARTICLE)
		node = read->document->nodes[node].parent;
	return node > read->body ? node : 0;
}

uint32_t bg_region_choose(const reading *read)
{
	const bg_document *document = read->document;
	const record *records = read->records;
	uint32_t region = read->body;
	float total = records[read->body].weight;
	uint32_t best = 0;
	uint32_t titled;
	int best_hint = 0;

	if (total <= 0)
		return read->body;
	for (;;)
	{
		uint32_t child = heaviest_child(read, region);

		if (child == 0 || records[child].weight < DESCEND_SHARE * records[region].weight ||
		    records[child].weight < WHOLE_SHARE * total || records[region].own > 0 ||
		    !(records[child].flags & REC_HAS_BLOCK))
			break;
		region = child;
	}
	for (uint32_t i = read->body + 1; i < document->nodes[read->body].end; i++)
	{
		int hint;

		if ((records[i].flags & REC_DROPPED) != 0)
		{
			i = document->nodes[i].end - 1;
			continue;
		}
		hint = hint_of(read, i);
		if (hint == 0 || records[i].weight < HINT_SHARE * total)
			continue;
		if (best == 0 || hint >= best_hint)
		{
			best = i;
			best_hint = hint;
		}
	}
	if (best != 0)
		region = best;
	titled = read->forum ? 0 : titled_article(read);
	if (titled != 0 && !(region >= titled && region < document->nodes[titled].end))
	{
		/* The article with the page's title in it, rather than all articles, or others that follow it. */
		bool around = titled > region && titled < document->nodes[region].end;

		if (records[titled].weight >= (around ? TITLED_SHARE * total : TITLED_WEIGHT))
			region = titled;
	}
	return region;
}
