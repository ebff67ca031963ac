/*
 * document.c
 *		Clean UTF-8 markup to the flat tree of document.h: libxml2's HTML parser, driven through its SAX interface.
 *
 * No tree of libxml2's is ever built: its nodes cost up to 55 bytes of heap for a byte of page and may nest without end.
 * The parser's own stack says where a node belongs, so elements that are repaired or closed by implication need no care
 * here. Does not judge what a node is good for.
 */
#include "document.h"

#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

/*
 * Over this many open elements the parser's search for the match of each end tag would make a page quadratic: the page is
 * scanned again without the deep tags.
 */
#define PARSER_DEPTH(limits) ((limits)->max_depth + 64)

typedef struct builder
{
	bg_document *document;
	const bg_page_limits *limits;
	htmlParserCtxtPtr parser;
	uint32_t *path; /* node at each depth */
	bool too_deep;
} builder;

static void stop(builder *build)
{
	xmlStopParser(build->parser);
}

/* Appends a node below the open element; its index or 0 when there is no room. */
static size_t add_node(builder *build, bg_tag tag, size_t depth)
{
	bg_document *document = build->document;
	bg_node *node;

	if (document->count >= build->limits->max_nodes)
	{
		document->truncated = true;
		stop(build);
		return 0;
	}
	if (document->count >= document->node_capacity)
	{
		size_t capacity = document->node_capacity * 2;
		bg_node *nodes = realloc(document->nodes, capacity * sizeof(*nodes));

		if (nodes == NULL)
		{
			document->failed = true;
			stop(build);
			return 0;
		}
		document->nodes = nodes;
		document->node_capacity = capacity;
	}
	node = &document->nodes[document->count];
	node->parent = build->path[depth - 1];
	node->depth = (uint16_t) depth;
	node->tag = (uint16_t) tag;
	node->data = 0;
	node->len = 0;
	node->end = 0;
	return document->count++;
}

static bool add_attribute(builder *build, bg_attr name, const char *value)
{
	bg_document *document = build->document;
	bg_attribute *attribute;
	size_t len = strlen(value);

	if (document->attribute_count >= document->attribute_capacity)
	{
		size_t capacity = document->attribute_capacity * 2;
		bg_attribute *attributes = realloc(document->attributes, capacity * sizeof(*attributes));

		if (attributes == NULL)
		{
			document->failed = true;
			stop(build);
			return false;
		}
		document->attributes = attributes;
		document->attribute_capacity = capacity;
	}
	attribute = &document->attributes[document->attribute_count++];
	attribute->name = name;
	attribute->value = (uint32_t) document->strings.len;
	attribute->len = (uint32_t) len;
	bg_buffer_append(&document->strings, value, len + 1);
	return true;
}

/* How deep the parser is, without the element that it is about to open or has just opened. */
static size_t open_elements(const builder *build)
{
	return build->parser->nameNr > 0 ? (size_t) build->parser->nameNr : 0;
}

static void start_element(void *data, const xmlChar *name, const xmlChar **attributes)
{
	builder *build = data;
	bg_document *document = build->document;
	size_t depth = open_elements(build);
	bg_tag tag = bg_tag_find((const char *) name, strlen((const char *) name));
	size_t index;

	if (depth > PARSER_DEPTH(build->limits))
	{
		build->too_deep = true;
		stop(build);
		return;
	}
	/* Too deep for us: its text goes to the last level, on a line of its own if it was a block. */
	if (depth == 0)
		depth = 1;
	if (depth > build->limits->max_depth)
	{
		document->truncated = true;
		if ((bg_tag_flags(tag) & TAG_IS_BLOCK) != 0)
			add_node(build, TAG_BR, build->limits->max_depth + 1);
		return;
	}
	index = add_node(build, tag, depth);
	if (index == 0)
		return;
	build->path[depth] = (uint32_t) index;
	document->nodes[index].data = (uint32_t) document->attribute_count;
	for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
	{
		bg_attr attr =
		    bg_attr_find((const char *) attributes[0], strlen((const char *) attributes[0]));

		if (attr == ATTR_NONE)
			continue;
		if (!add_attribute(build, attr, attributes[1] == NULL ? "" : (const char *) attributes[1]))
			return;
		document->nodes[index].len++;
	}
}

static void characters(void *data, const xmlChar *bytes, int len)
{
	builder *build = data;
	bg_document *document = build->document;
	size_t depth = open_elements(build) + 1;
	bg_node *last;
	size_t index;

	if (len <= 0)
		return;
	if (depth > build->limits->max_depth + 1)
		depth = build->limits->max_depth + 1;
	last = &document->nodes[document->count - 1];
	/* The parser hands out long text in pieces. */
	if (last->tag == TAG_TEXT && last->depth == depth && last->parent == build->path[depth - 1])
	{
		bg_buffer_truncate(&document->strings, document->strings.len - 1);
		bg_buffer_append(&document->strings, bytes, (size_t) len);
		bg_buffer_putc(&document->strings, '\0');
		last->len += (uint32_t) len;
	}
	else
	{
		index = add_node(build, TAG_TEXT, depth);
		if (index == 0)
			return;
		document->nodes[index].data = (uint32_t) document->strings.len;
		document->nodes[index].len = (uint32_t) len;
		bg_buffer_append(&document->strings, bytes, (size_t) len);
		bg_buffer_putc(&document->strings, '\0');
	}
	if (document->strings.failed)
	{
		document->failed = true;
		stop(build);
	}
}

static void silence(void *data, xmlErrorPtr error)
{
	(void) data;
	(void) error;
}

/* Sets "end" of every node: one pass from the back, as a node's parent always stands before it. */
static void close_nodes(bg_document *document)
{
	for (size_t i = 0; i < document->count; i++)
		document->nodes[i].end = (uint32_t) (i + 1);
	for (size_t i = document->count - 1; i > 0; i--)
	{
		bg_node *parent = &document->nodes[document->nodes[i].parent];

		if (document->nodes[i].end > parent->end)
			parent->end = document->nodes[i].end;
	}
}

/* Runs the parser over prepared markup. False if the parser could not be set up. */
static bool run_parser(builder *build, const bg_buffer *markup)
{
	htmlParserCtxtPtr parser;
	htmlDocPtr tree;
	htmlSAXHandler sax;

	memset(&sax, 0, sizeof(sax));
	sax.startElement = start_element;
	sax.characters = characters;
	sax.cdataBlock = characters;
	sax.ignorableWhitespace = characters;
	parser = htmlNewParserCtxt();
	if (parser == NULL)
		return false;
	*parser->sax = sax;
	parser->sax->serror = silence;
	parser->userData = build;
	build->parser = parser;
	tree = htmlCtxtReadMemory(parser, markup->data, (int) markup->len, NULL, "UTF-8",
	                          HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	                              HTML_PARSE_RECOVER | HTML_PARSE_IGNORE_ENC | HTML_PARSE_NODEFDTD |
	                              XML_PARSE_HUGE);
	if (tree != NULL)
		xmlFreeDoc(tree);
	htmlFreeParserCtxt(parser);
	return true;
}

bool bg_document_parse(const char *html, size_t len, const bg_page_limits *limits,
                       bg_document *document)
{
	builder build = {.document = document, .limits = limits};
	size_t max_depth = 0;

	memset(document, 0, sizeof(*document));
	bg_buffer_init(&document->strings, UINT32_MAX / 2);
	bg_buffer_init(&document->jsonld, 0);
	document->node_capacity = 1024;
	document->attribute_capacity = 1024;
	document->nodes = calloc(document->node_capacity, sizeof(*document->nodes));
	document->attributes = calloc(document->attribute_capacity, sizeof(*document->attributes));
	build.path = calloc(limits->max_depth + 2, sizeof(*build.path));
	if (document->nodes == NULL || document->attributes == NULL || build.path == NULL)
		document->failed = true;
	while (!document->failed)
	{
		bg_buffer markup;

		bg_buffer_init(&markup, (size_t) INT32_MAX / 2);
		document->count = 1;
		document->attribute_count = 0;
		bg_buffer_truncate(&document->strings, 0);
		build.too_deep = false;
		bg_scan_markup(html, len, limits, max_depth, document, &markup);
		if (!document->failed && markup.len > 0 && !run_parser(&build, &markup))
			document->failed = true;
		bg_buffer_free(&markup);
		if (!build.too_deep)
			break;
		document->truncated = true;
		max_depth = limits->max_depth;
	}
	free(build.path);
	if (document->nodes != NULL)
		close_nodes(document);
	return !document->failed;
}

void bg_document_free(bg_document *document)
{
	free(document->nodes);
	free(document->attributes);
	free(document->jsonld_spans);
	bg_buffer_free(&document->strings);
	bg_buffer_free(&document->jsonld);
	memset(document, 0, sizeof(*document));
}

const char *bg_document_attr(const bg_document *document, size_t node, bg_attr name)
{
	const bg_node *element = &document->nodes[node];

	if (element->tag == TAG_TEXT)
		return NULL;
	for (uint32_t i = 0; i < element->len; i++)
	{
		const bg_attribute *attribute = &document->attributes[element->data + i];

		if (attribute->name == (uint32_t) name)
			return document->strings.data + attribute->value;
	}
	return NULL;
}

char *bg_document_text(const bg_document *document, size_t node, size_t max)
{
	bg_buffer text;
	char *folded;

	bg_buffer_init(&text, 0);
	for (size_t i = node; i < document->nodes[node].end && text.len < max; i++)
	{
		const bg_node *at = &document->nodes[i];

		if (at->tag == TAG_TEXT)
			bg_buffer_append(&text, document->strings.data + at->data, at->len);
		else if (i > node && at->tag == TAG_BUTTON)
			i = at->end - 1;
		else if ((bg_tag_flags((bg_tag) at->tag) & TAG_IS_BLOCK) != 0)
			bg_buffer_putc(&text, ' ');
	}
	folded = text.data == NULL ? NULL : bg_value_fold(text.data, text.len, max);
	bg_buffer_free(&text);
	return folded;
}
