/*
 * page.h
 *		Bytes of a web page to text and metadata. Plain C over memory: no server, no network, no global state.
 *
 * document.c (bytes to tree, with limits; charset), metadata.c (JSON-LD, OpenGraph, Twitter, meta, title),
 * article.c (main text). Hostile input is expected; runs inside bountygo-reader.
 */
#ifndef BG_PAGE_H
#define BG_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "../outcome.h"

typedef struct bg_page_limits
{
	size_t max_bytes;      /* default 2 MiB: decoded page */
	size_t max_nodes;      /* default 200,000 */
	size_t max_depth;      /* default 256 open elements; deeper ones are flattened, never lost */
	size_t max_attributes; /* default 1,000 an element */
	size_t max_text;       /* default 1 MiB of main text (UTF-8 bytes) */
} bg_page_limits;

extern const bg_page_limits bg_page_default_limits;

/* One metadata value with where it was found. */
typedef struct bg_meta
{
	char *value;        /* valid UTF-8, trimmed, white space folded; NULL = the page does not say */
	const char *method; /* "jsonld", "meta" or "html"; static */
	const char *source; /* for example "og:title", "JobPosting.title", "h1", "title"; static */
} bg_meta;

typedef struct bg_page
{
	char *
	    text; /* main text, valid UTF-8, no NUL or C0 but \n and \t; blocks end with \n; "" if none */
	size_t text_len;
	const char *charset; /* as decoded, for example "utf-8", "gb18030" */
	char *language;      /* BCP 47, lower-case primary tag ("en", "zh"); NULL = unknown */
	bg_meta title;
	bg_meta author;
	bg_meta
	    published; /* ISO 8601 as far as stated: 2026-10-04 or with time and zone; never guessed */
	bg_meta modified;
	bg_meta site;
	bg_meta canonical; /* absolute URL */
	bg_meta description;
	bg_meta image; /* absolute URL */
	bg_meta keywords;
	char *document_title; /* raw <title>, for rules */
	char *heading;        /* first h1 of the page, or NULL */
	json_t *jsonld;       /* array of objects, @graph and arrays flattened; empty array if none */
	size_t bytes;         /* of the input */
	size_t nodes;         /* of the tree */
	bool truncated;       /* a limit cut something off */
} bg_page;

/*
 * Reads a page. "content_type" is the HTTP header's value or NULL; "url" makes links absolute, or NULL.
 * text/plain and Markdown are taken as they are; application/xhtml+xml as HTML. Returns BG_OK, BG_EMPTY, BG_TOO_LARGE,
 * BG_TOO_COMPLEX, BG_UNSUPPORTED_TYPE (also by sniffing: images, PDF, archives), BG_CHALLENGE or BG_LOGIN_WALL.
 * "page" is filled as far as possible and must be given to bg_page_free() whatever is returned.
 */
extern bg_outcome bg_page_read(const char *bytes, size_t len, const char *content_type,
                               const char *url, const bg_page_limits *limits, bg_page *page);
extern void bg_page_free(bg_page *page);
/*
 * Opens the tables of all encodings and starts the parser library, once, for a process that may not open files later (a
 * sandbox). Optional; the only global state of page/. After it a process may read one page at a time only.
 */
extern void bg_page_prepare(void);

#endif
