/*
 * document.h
 *		Internal to page/: the flat tree that document.c builds and the steps that read it. Not for other modules.
 *
 * Nodes stand in document order in one array; a node's descendants are nodes (index + 1) .. (end - 1), so every walk is a
 * loop over an array and nothing recurses. Strings are UTF-8, NUL-terminated, in one buffer.
 */
#ifndef BG_PAGE_DOCUMENT_H
#define BG_PAGE_DOCUMENT_H

#include <stdint.h>

#include "../buffer.h"
#include "page.h"

/* Tags that any step asks for; everything else is TAG_OTHER. The order is that of tag_table in tags.c. */
typedef enum bg_tag
{
	TAG_OTHER,
	TAG_TEXT, /* not an element: a run of text */
	TAG_A,
	TAG_ABBR,
	TAG_ADDRESS,
	TAG_AREA,
	TAG_ARTICLE,
	TAG_ASIDE,
	TAG_AUDIO,
	TAG_B,
	TAG_BASE,
	TAG_BLOCKQUOTE,
	TAG_BODY,
	TAG_BR,
	TAG_BUTTON,
	TAG_CANVAS,
	TAG_CAPTION,
	TAG_CENTER,
	TAG_CODE,
	TAG_COL,
	TAG_DATALIST,
	TAG_DD,
	TAG_DEL,
	TAG_DETAILS,
	TAG_DIALOG,
	TAG_DIV,
	TAG_DL,
	TAG_DT,
	TAG_EM,
	TAG_EMBED,
	TAG_FIELDSET,
	TAG_FIGCAPTION,
	TAG_FIGURE,
	TAG_FOOTER,
	TAG_FORM,
	TAG_FRAME,
	TAG_FRAMESET,
	TAG_H1,
	TAG_H2,
	TAG_H3,
	TAG_H4,
	TAG_H5,
	TAG_H6,
	TAG_HEAD,
	TAG_HEADER,
	TAG_HGROUP,
	TAG_HR,
	TAG_HTML,
	TAG_I,
	TAG_IFRAME,
	TAG_IMG,
	TAG_INPUT,
	TAG_INS,
	TAG_LABEL,
	TAG_LEGEND,
	TAG_LI,
	TAG_LINK,
	TAG_MAIN,
	TAG_MAP,
	TAG_MARQUEE,
	TAG_MENU,
	TAG_META,
	TAG_NAV,
	TAG_NOFRAMES,
	TAG_NOSCRIPT,
	TAG_OBJECT,
	TAG_OL,
	TAG_OPTGROUP,
	TAG_OPTION,
	TAG_P,
	TAG_PARAM,
	TAG_PICTURE,
	TAG_PRE,
	TAG_PROGRESS,
	TAG_Q,
	TAG_RP,
	TAG_RT,
	TAG_S,
	TAG_SCRIPT,
	TAG_SEARCH,
	TAG_SECTION,
	TAG_SELECT,
	TAG_SMALL,
	TAG_SOURCE,
	TAG_SPAN,
	TAG_STRIKE,
	TAG_STRONG,
	TAG_STYLE,
	TAG_SUB,
	TAG_SUMMARY,
	TAG_SUP,
	TAG_SVG,
	TAG_TABLE,
	TAG_TBODY,
	TAG_TD,
	TAG_TEMPLATE,
	TAG_TEXTAREA,
	TAG_TFOOT,
	TAG_TH,
	TAG_THEAD,
	TAG_TIME,
	TAG_TITLE,
	TAG_TR,
	TAG_TRACK,
	TAG_U,
	TAG_UL,
	TAG_VAR,
	TAG_VIDEO,
	TAG_WBR,
	TAG_COUNT
} bg_tag;

#define TAG_IS_BLOCK 1   /* begins and ends a line */
#define TAG_IS_DROP 2    /* never holds main text */
#define TAG_IS_RAW 4     /* its body is not markup: cut out before parsing */
#define TAG_IS_VOID 8    /* has no end tag */
#define TAG_IS_STRUCK 16 /* text that was struck out */

extern unsigned bg_tag_flags(bg_tag tag);
extern bg_tag bg_tag_find(const char *name, size_t len);
extern const char *bg_tag_name(bg_tag tag);

/* The only attributes that are kept; the rest is dropped before parsing. The order is that of attr_table in tags.c. */
typedef enum bg_attr
{
	ATTR_NONE,
	ATTR_ARIA_HIDDEN,
	ATTR_ARIA_MODAL,
	ATTR_CHARSET,
	ATTR_CLASS,
	ATTR_CONTENT,
	ATTR_DATETIME,
	ATTR_HIDDEN,
	ATTR_HREF,
	ATTR_HTTP_EQUIV,
	ATTR_ID,
	ATTR_ITEMPROP,
	ATTR_ITEMTYPE,
	ATTR_LANG,
	ATTR_NAME,
	ATTR_PROPERTY,
	ATTR_REL,
	ATTR_ROLE,
	ATTR_STYLE,
	ATTR_TITLE,
	ATTR_TYPE,
	ATTR_COUNT
} bg_attr;

extern bg_attr bg_attr_find(const char *name, size_t len);
extern const char *bg_attr_name(bg_attr attr);

typedef struct bg_node
{
	uint32_t parent;
	uint32_t end;   /* index after the last descendant */
	uint32_t data;  /* text: offset in strings; element: first attribute */
	uint32_t len;   /* text: bytes; element: number of attributes */
	uint16_t tag;   /* bg_tag */
	uint16_t depth; /* root is 0 */
} bg_node;

typedef struct bg_attribute
{
	uint32_t value; /* offset in strings */
	uint32_t len;
	uint32_t name; /* bg_attr */
} bg_attribute;

/* A piece of JSON-LD, as it stood between the tags. */
typedef struct bg_span
{
	size_t start;
	size_t len;
} bg_span;

typedef struct bg_document
{
	bg_node *nodes; /* nodes[0] is the root, always there, no tag */
	size_t count;
	size_t node_capacity;
	bg_attribute *attributes;
	size_t attribute_count;
	size_t attribute_capacity;
	bg_buffer strings;
	bg_buffer jsonld; /* the bodies of application/ld+json scripts */
	bg_span *jsonld_spans;
	size_t jsonld_count;
	bool truncated;
	bool failed;   /* out of memory */
	bool scripted; /* had scripts: a page without text may be a shell */
} bg_document;

/* charset.c */
/*
 * Decodes a page to clean UTF-8 (no NUL, no C0 but newline and tab). Returns the encoding's name (static).
 * "content_type" may be NULL. "html" allows a meta element to name it.
 */
extern const char *bg_charset_decode(const char *bytes, size_t len, const char *content_type,
                                     bool html, bg_buffer *out);
extern void bg_charset_prepare(void);

/* scan.c */
/*
 * The pass over the bytes before the parser: writes markup without script, style, svg and comments, with the attributes
 * we read and no others (each once), tag names in lower case. Keeps JSON-LD in the document. With "max_depth" > 0 it
 * also leaves out tags nested deeper than that, which costs some structure and is done only where the parser's own
 * stack grows without end.
 */
extern void bg_scan_markup(const char *html, size_t len, const bg_page_limits *limits,
                           size_t max_depth, bg_document *document, bg_buffer *out);

/* document.c */
extern bool bg_document_parse(const char *html, size_t len, const bg_page_limits *limits,
                              bg_document *document);
extern void bg_document_free(bg_document *document);
/* The value of an attribute, NULL if it is not there. */
extern const char *bg_document_attr(const bg_document *document, size_t node, bg_attr name);
/* All text below a node, white space folded and trimmed, at most "max" bytes; malloc'd, NULL if there is none. */
extern char *bg_document_text(const bg_document *document, size_t node, size_t max);

/* jsonld.c */
extern json_t *bg_jsonld_read(const bg_document *document);
/* True if "@type" is or contains the name (without a schema.org prefix). */
extern bool bg_jsonld_is(const json_t *object, const char *type);
/* The string at "key": a string, the first of an array, or an object's name, @value, url or @id. NULL if none. */
extern const char *bg_jsonld_string(const json_t *object, const char *key);

/* metadata.c */
extern void bg_metadata_read(const bg_document *document, const char *url, bg_page *page);
/* title.c */
extern void bg_title_read(const bg_document *document, bg_page *page);
/* value.c: small tools over strings that metadata.c and title.c share */
extern char *bg_value_fold(const char *bytes, size_t len,
                           size_t max);                        /* trimmed, folded; NULL if empty */
extern bool bg_value_date(const char *text, char out[40]);     /* ISO 8601 as far as stated */
extern char *bg_value_url(const char *base, const char *link); /* absolute http(s), or NULL */

/* article.c */
typedef struct bg_article
{
	bg_buffer text;
	size_t visible; /* bytes of text on the page that is not hidden, scripts aside */
	size_t links;   /* of them inside links */
} bg_article;

extern bool bg_article_read(const bg_document *document, const bg_page *page, const char *url,
                            size_t max_text, bg_article *article);

/* wall.c */
/* BG_OK, BG_CHALLENGE, BG_LOGIN_WALL or BG_EMPTY, from what the page holds. */
extern bg_outcome bg_wall_check(const char *html, size_t len, const bg_document *document,
                                const bg_page *page, const bg_article *article);

#endif
