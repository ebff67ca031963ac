/*
 * article.h
 *		Internal to page/: what the steps of the main-text extraction share. Records stand beside the document's nodes, by
 *		the same index; every step is a loop over them.
 */
#ifndef BG_PAGE_ARTICLE_H
#define BG_PAGE_ARTICLE_H

#include "document.h"

/* What the words of a class or id say about an element. */
#define NAME_BOILERPLATE 1 /* share, related, newsletter, breadcrumbs... */
#define NAME_COMMENT 2     /* comments of readers: boilerplate but in a forum */
#define NAME_HIDDEN 4      /* only for screen readers, or not shown */
#define NAME_BODY 8        /* article-body and the like */
#define NAME_CONTENT 16    /* content, main, post */
#define NAME_CONSENT 32    /* cookies, privacy dialogs */
#define NAME_POST 64       /* a post of a thread */
#define NAME_FORUM 128     /* a forum, by the name of the page or its body */

#define NAME_WHOLE 256 /* boilerplate only if the word is the whole name; never leaves names.c */
#define NAME_PANEL 512 /* a part that opens when it is asked to: an accordion, a tab */

/* Flags of a record. */
#define REC_LINK 1      /* inside a link */
#define REC_PRE 2       /* white space counts */
#define REC_HIDDEN 4    /* not shown, by its own or an ancestor's word */
#define REC_STRUCK 8    /* struck out */
#define REC_TAG_DROP 16 /* of a kind that never holds main text, or inside one */
#define REC_DROPPED 32  /* pruned in this round */
#define REC_HEADING 64
#define REC_HAS_BLOCK 128 /* some descendant is a block */
#define REC_FACTS 256     /* a side box that states facts */

typedef struct record
{
	uint32_t owner; /* nearest block element, itself included */
	uint32_t units; /* text below: letters, East Asian ones count three */
	uint32_t links; /* of it inside links */
	float weight;   /* of the blocks below */
	float own;      /* of the blocks that it owns */
	float direct;   /* of the blocks whose owner is a child */
	uint16_t names;
	uint16_t flags;
} record;

/* A run of inline text between two block boundaries. */
typedef struct block
{
	uint32_t first; /* nodes first..last-1 */
	uint32_t last;
	uint32_t owner;
	uint32_t units;
	uint32_t links;
	uint32_t stops; /* full stops, commas and their East Asian relatives */
	bool beside;    /* in a side box that states facts: stays wherever the region is */
} block;

typedef struct reading
{
	const bg_document *document;
	const bg_page *page;
	record *records;
	block *blocks;
	size_t block_count;
	size_t block_capacity;
	uint32_t body;
	uint32_t heading; /* the h1 that is the title, 0 = none */
	uint32_t total;   /* units of text that is shown */
	uint32_t total_links;
	uint32_t kept; /* units of the blocks that are left */
	float densest; /* the greatest weight of blocks side by side */
	bool forum;
	bool listing;
	bool failed;
} reading;

/* names.c */
extern unsigned bg_names_of(const char *names);

/* measure.c */
/* Owners, names, inherited flags, lengths. Once a page. */
extern void bg_measure_nodes(reading *read);
/*
 * Prunes at a level and measures the blocks that are left: 0 = all rules, 1 = without boilerplate names, 2 = without any
 * names, 3 = hidden text as well, 4 = all but what is never text.
 */
extern void bg_measure_blocks(reading *read, int level);

/* region.c */
extern uint32_t bg_region_choose(const reading *read);

/* render.c */
extern void bg_render_region(reading *read, uint32_t region, int level, size_t max_text,
                             bg_buffer *out);

#endif
