/*
 * region.c
 *		Which element holds the main text: by the weight of the blocks below it, and by what the page calls its parts.
 *		Prunes nothing inside it.
 */
#include "article.h"

#include <string.h>

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

uint32_t bg_region_choose(const reading *read)
{
	const bg_document *document = read->document;
	const record *records = read->records;
	uint32_t region = read->body;
	float total = records[read->body].weight;
	uint32_t best = 0;
	int best_hint = 0;

	if (total <= 0)
		return read->body;
	for (;;)
	{
		uint32_t child = heaviest_child(read, region);

		if (child == 0 || records[child].weight < 0.62f * records[region].weight ||
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
		if (hint == 0 || records[i].weight < 0.75f * total)
			continue;
		if (best == 0 || hint >= best_hint)
		{
			best = i;
			best_hint = hint;
		}
	}
	return best != 0 ? best : region;
}
