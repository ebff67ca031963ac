/*
 * measure.c
 *		Lengths, link shares and flags of every node, the pruning of what is not main text, and the blocks that remain.
 *		Linear: sums run from the back, because a node's parent always stands before it. Chooses no region.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "article.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A side box is no larger. */
#define FACT_NODES 1000
/* With less of its text in sentences a page is a list of something. */
#define LISTING_SHARE 0.35f
#define LISTING_WEIGHT 60.0f
#define LISTING_UNITS 600
#define LISTING_DENSITY 0.7f

static bool is_block(const bg_node *node)
{
	return (bg_tag_flags((bg_tag) node->tag) & TAG_IS_BLOCK) != 0;
}

/* Units of a text: white space none, East Asian characters three (a word is about two of them, or six letters). */
static void count_text(const char *text, size_t len, uint32_t *units, uint32_t *stops)
{
	uint32_t n = 0;
	uint32_t marks = 0;

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if (c < 0x80)
		{
			n += c > ' ';
			marks += (c == ',' || c == '.' || c == ';' || c == '!' || c == '?') &&
			         (i + 1 == len || (unsigned char) text[i + 1] <= ' ');
		}
		else if ((c & 0xC0) == 0xC0)
		{
			unsigned char second = i + 1 < len ? (unsigned char) text[i + 1] : 0;
			unsigned char third = i + 2 < len ? (unsigned char) text[i + 2] : 0;

			if (c == 0xC2 && second == 0xA0)
				continue;
			n += c >= 0xE3 ? 3 : 1;
			/* Ideographic comma and full stop; full-width comma, exclamation and question mark, semicolon. */
			marks += (c == 0xE3 && second == 0x80 && (third == 0x81 || third == 0x82)) ||
			         (c == 0xEF && second == 0xBC &&
			          (third == 0x8C || third == 0x81 || third == 0x9F || third == 0x9B));
		}
	}
	*units = n;
	*stops = marks;
}

static unsigned names_of_element(const bg_document *document, size_t i)
{
	static const bg_attr attrs[] = {ATTR_CLASS, ATTR_ID};
	unsigned names = 0;
	const char *value;

	for (size_t k = 0; k < 2; k++)
	{
		value = bg_document_attr(document, i, attrs[k]);
		if (value != NULL)
			names |= bg_names_of(value);
	}
	value = bg_document_attr(document, i, ATTR_ROLE);
	if (value != NULL)
	{
		static const char *const roles[] = {
		    "navigation",  "complementary", "banner",  "contentinfo", "search", "dialog",
		    "alertdialog", "menu",          "menubar", "toolbar",     "tooltip"};

		for (size_t k = 0; k < sizeof(roles) / sizeof(roles[0]); k++)
		{
			if (strcasecmp(value, roles[k]) == 0)
				names |= NAME_BOILERPLATE;
		}
		if (strcasecmp(value, "tabpanel") == 0)
			names |= NAME_PANEL;
		if (strcasecmp(value, "main") == 0 || strcasecmp(value, "article") == 0)
			names |= NAME_CONTENT;
	}
	value = bg_document_attr(document, i, ATTR_ITEMPROP);
	if (value != NULL &&
	    (strstr(value, "articleBody") != NULL || strstr(value, "reviewBody") != NULL))
		names |= NAME_BODY;
	value = bg_document_attr(document, i, ATTR_ARIA_MODAL);
	if (value != NULL && strcasecmp(value, "true") == 0)
		names |= NAME_BOILERPLATE;
	return names;
}

/* Hidden by the element's own attributes. What a page fills in later ("S:1", by React) is shown in the end. */
static bool is_hidden(const bg_document *document, size_t i)
{
	const char *id = bg_document_attr(document, i, ATTR_ID);

	if (id != NULL && strncmp(id, "S:", 2) == 0)
		return false;
	return bg_document_attr(document, i, ATTR_STYLE) != NULL ||
	       bg_document_attr(document, i, ATTR_HIDDEN) != NULL;
}

/* Closed accordions are marked like decoration; they hold text. */
static bool is_decoration(const reading *read, size_t i)
{
	const record *rec = &read->records[i];
	const char *aria;

	if (read->document->nodes[i].len == 0 || (rec->units >= 60 && rec->links * 2 < rec->units))
		return false;
	aria = bg_document_attr(read->document, i, ATTR_ARIA_HIDDEN);
	return aria != NULL && strcasecmp(aria, "true") == 0;
}

static uint16_t inherited_flags(const bg_node *node, uint16_t parent)
{
	uint16_t flags =
	    parent & (REC_LINK | REC_PRE | REC_HIDDEN | REC_STRUCK | REC_TAG_DROP | REC_HEADING);
	bg_tag tag = (bg_tag) node->tag;
	unsigned tag_flags = bg_tag_flags(tag);

	if (tag == TAG_A)
		flags |= REC_LINK;
	else if (tag == TAG_PRE)
		flags |= REC_PRE;
	else if (tag >= TAG_H1 && tag <= TAG_H6)
		flags |= REC_HEADING;
	if ((tag_flags & TAG_IS_STRUCK) != 0)
		flags |= REC_STRUCK;
	if ((tag_flags & TAG_IS_DROP) != 0)
		flags |= REC_TAG_DROP;
	return flags;
}

void bg_measure_nodes(reading *read)
{
	const bg_document *document = read->document;
	record *records = read->records;

	for (size_t i = 1; i < document->count; i++)
	{
		const bg_node *node = &document->nodes[i];
		record *rec = &records[i];
		const record *parent = &records[node->parent];

		memset(rec, 0, sizeof(*rec));
		rec->owner = is_block(node) && node->tag != TAG_BR ? (uint32_t) i : parent->owner;
		rec->flags = inherited_flags(node, parent->flags);
		if (node->tag == TAG_TEXT)
		{
			uint32_t stops;

			if ((rec->flags & (REC_TAG_DROP | REC_STRUCK)) == 0)
				count_text(document->strings.data + node->data, node->len, &rec->units, &stops);
			if ((rec->flags & REC_LINK) != 0)
				rec->links = rec->units;
			continue;
		}
		if (node->tag == TAG_BODY && read->body == 0)
			read->body = (uint32_t) i;
		if (node->len > 0 && node->tag != TAG_BODY && node->tag != TAG_HTML)
		{
			rec->names = (uint16_t) names_of_element(document, i);
			/* What a reader can open is there to be read. */
			if ((rec->names & (NAME_PANEL | NAME_CONSENT)) != NAME_PANEL && is_hidden(document, i))
				rec->flags |= REC_HIDDEN;
		}
	}
	for (size_t i = document->count - 1; i > 0; i--)
	{
		const bg_node *node = &document->nodes[i];
		record *rec = &records[i];
		record *parent = &records[node->parent];

		parent->units += rec->units;
		parent->links += rec->links;
		if ((is_block(node) && node->tag != TAG_BR) || (rec->flags & REC_HAS_BLOCK) != 0)
			parent->flags |= REC_HAS_BLOCK;
	}
	/* Text may stand after the body's end, or there may be two of them: then the root is the body. */
	if (document->nodes[read->body].end < document->count)
		read->body = 0;
	for (size_t i = read->body + 1; i < document->nodes[read->body].end; i++)
	{
		const record *rec = &records[i];

		if (document->nodes[i].tag == TAG_TEXT && (rec->flags & REC_HIDDEN) == 0)
		{
			read->total += rec->units;
			read->total_links += rec->links;
		}
	}
}

/*
 * True for a small side box that says what is at stake: "Deadline: 4 October", "Prizes: 5,000 USDC". Bounties and
 * hackathons put these beside the text.
 */
static bool states_facts(reading *read, size_t i)
{
	static const char *const words[] = {
	    "deadline", "prize", "reward ", "reward:", "bounty", "submissions close",
	    "apply by", "奖金",  "截止",    "赏金",    "报名"};
	const bg_document *document = read->document;
	const record *rec = &read->records[i];
	bool word = false;
	bool digit = false;

	if (rec->units < 10 || rec->units > 1500 || rec->links * 2 > rec->units ||
	    document->nodes[i].end - i > FACT_NODES)
		return false;
	for (size_t k = i + 1; k < document->nodes[i].end; k++)
	{
		const bg_node *node = &document->nodes[k];
		const char *text = document->strings.data + node->data;

		if (node->tag != TAG_TEXT || (read->records[k].flags & REC_TAG_DROP) != 0)
			continue;
		digit |= strpbrk(text, "0123456789") != NULL;
		for (size_t w = 0; !word && w < sizeof(words) / sizeof(words[0]); w++)
			word = strcasestr(text, words[w]) != NULL;
	}
	if (!word || !digit)
		return false;
	read->records[i].flags |= REC_FACTS;
	return true;
}

/* True if the element goes, by its tag or its names. */
static bool is_pruned(reading *read, size_t i, int level)
{
	const bg_node *node = &read->document->nodes[i];
	const record *rec = &read->records[i];
	bool large = rec->units * 10 >= read->total * 3;
	bool mostly_links = rec->links * 10 >= rec->units * 6;
	/* Holds the title and more than a head does. */
	bool titled = read->heading > i && read->heading < node->end && rec->units > 300;

	if ((rec->flags & (REC_TAG_DROP | REC_STRUCK)) != 0)
		return true;
	if ((rec->flags & REC_HIDDEN) != 0 && level < 3)
		return true;
	if (i == read->heading)
		return true;
	switch ((bg_tag) node->tag)
	{
		case TAG_NAV:
		case TAG_FIGCAPTION:
		case TAG_MENU:
			return level < 4;
		case TAG_NOSCRIPT:
			return level < 4 && rec->units * 2 < read->total;
		case TAG_ASIDE:
		case TAG_FOOTER:
			return level < 3 && (!large || mostly_links) &&
			       !(node->tag == TAG_ASIDE && states_facts(read, i));
		case TAG_LABEL:
		case TAG_LEGEND:
			return level < 1 && !large && rec->units < 60;
		default:
			break;
	}
	if (level >= 2 || node->tag == TAG_ARTICLE || node->tag == TAG_MAIN || node->tag == TAG_BODY)
		return false;
	if (is_decoration(read, i))
		return true;
	if ((rec->names & NAME_CONSENT) != 0 && !titled)
	{
		/* A page about cookies may be named so as well; the makers of such dialogs are known by name. */
		if ((rec->names & NAME_BOILERPLATE) != 0 ||
		    ((rec->names & (NAME_CONTENT | NAME_BODY)) == 0 && rec->units * 10 < read->total * 6))
			return true;
	}
	if (titled)
		return false;
	if ((rec->names & NAME_HIDDEN) != 0 && !large)
		return true;
	if ((rec->names & NAME_BODY) != 0)
		return false;
	if ((rec->names & NAME_COMMENT) != 0 && !read->forum && rec->units * 10 < read->total * 6)
		return true;
	if ((rec->names & NAME_BOILERPLATE) != 0 && level == 0 && (!large || mostly_links))
		return !(rec->flags & REC_HEADING) && !states_facts(read, i);
	return false;
}

static void add_block(reading *read, const block *one)
{
	if (one->units == 0)
		return;
	if (read->block_count >= read->block_capacity)
	{
		size_t capacity = read->block_capacity == 0 ? 256 : read->block_capacity * 2;
		block *blocks = realloc(read->blocks, capacity * sizeof(*blocks));

		if (blocks == NULL)
		{
			read->failed = true;
			return;
		}
		read->blocks = blocks;
		read->block_capacity = capacity;
	}
	read->blocks[read->block_count++] = *one;
}

/* How much a block says that it is of the main text. */
static float block_weight(const reading *read, const block *one)
{
	const bg_document *document = read->document;
	const record *owner = &read->records[one->owner];
	bg_tag tag = (bg_tag) document->nodes[one->owner].tag;
	float weight;

	/* On a page of cards and links every text counts, a link for less. */
	if (read->listing)
		return (float) one->units - 0.3f * (float) one->links;
	if (one->units < 25 || one->links * 2 > one->units || (owner->flags & REC_HEADING) != 0)
		return 0;
	weight = (float) one->units * (1 - (float) one->links / (float) one->units);
	if (tag == TAG_P || tag == TAG_PRE || tag == TAG_BLOCKQUOTE)
		weight *= 1.5f;
	if (one->stops == 0 && one->units < 100 && tag != TAG_PRE)
		weight *= 0.3f;
	return weight;
}

/* Weighs the blocks and sums up over their ancestors. */
static void weigh_blocks(reading *read)
{
	const bg_document *document = read->document;
	record *records = read->records;

	read->kept = 0;
	read->densest = 0;
	for (size_t i = 0; i < document->count; i++)
		records[i].weight = records[i].own = records[i].direct = 0;
	for (size_t i = 0; i < read->block_count; i++)
	{
		uint32_t owner = read->blocks[i].owner;
		float weight = block_weight(read, &read->blocks[i]);
		record *parent = &records[document->nodes[owner].parent];

		records[owner].weight += weight;
		records[owner].own += weight;
		parent->direct += weight;
		if (parent->direct > read->densest)
			read->densest = parent->direct;
		read->kept += read->blocks[i].units;
	}
	for (size_t i = document->count - 1; i > 0; i--)
		records[document->nodes[i].parent].weight += records[i].weight;
}

/*
 * True if the page is a list of links or cards: little of its text is in sentences, and those do not stand together. A
 * short article among many links is none.
 */
static bool is_listing(const reading *read)
{
	float weight = read->records[read->body].weight;

	if (read->forum || read->kept < LISTING_UNITS || read->kept * 4 < read->total ||
	    weight >= LISTING_SHARE * (float) read->kept)
		return false;
	return weight < LISTING_WEIGHT || read->densest < LISTING_DENSITY * weight;
}

void bg_measure_blocks(reading *read, int level)
{
	const bg_document *document = read->document;
	record *records = read->records;
	size_t end = document->nodes[read->body].end;
	size_t beside = 0; /* where the last side box with facts ends */
	block current;

	read->block_count = 0;
	memset(&current, 0, sizeof(current));
	for (size_t i = 0; i < document->count; i++)
	{
		records[i].flags &= (uint16_t) ~(REC_DROPPED | REC_FACTS);
	}
	for (size_t i = (size_t) read->body + 1; i < end; i++)
	{
		const bg_node *node = &document->nodes[i];
		record *rec = &records[i];

		if (node->tag == TAG_TEXT)
		{
			uint32_t units;
			uint32_t stops;

			if (rec->owner != current.owner)
			{
				add_block(read, &current);
				memset(&current, 0, sizeof(current));
				current.owner = rec->owner;
				current.first = (uint32_t) i;
			}
			count_text(document->strings.data + node->data, node->len, &units, &stops);
			current.last = (uint32_t) (i + 1);
			current.beside = i < beside;
			current.units += units;
			current.stops += stops;
			if ((rec->flags & REC_LINK) != 0)
				current.links += units;
			continue;
		}
		if (is_block(node) && node->tag != TAG_BR)
		{
			add_block(read, &current);
			memset(&current, 0, sizeof(current));
		}
		if (is_pruned(read, i, level))
		{
			rec->flags |= REC_DROPPED;
			i = node->end - 1;
			continue;
		}
		if ((rec->flags & REC_FACTS) != 0 && node->end > beside)
			beside = node->end;
	}
	add_block(read, &current);
	read->listing = false;
	weigh_blocks(read);
	read->listing = is_listing(read);
	if (read->listing)
		weigh_blocks(read);
}
