/*
 * render.c
 *		The blocks of the chosen region to text: one line a block, list items as "- ", cells of a row joined by " | ".
 *		Leaves out what reads as boilerplate inside the region.
 */
#include "article.h"

#include <string.h>
#include <strings.h>

#define ANNOUNCEMENT_BYTES 90

/* Copies text with white space folded to one blank; "gap" remembers white space that has not been written. */
static void append_folded(bg_buffer *out, const char *text, size_t len, size_t line, bool *gap)
{
	size_t i = 0;

	while (i < len)
	{
		size_t start = i;
		unsigned char c = (unsigned char) text[i];

		if (c <= ' ' || (c == 0xC2 && i + 1 < len && (unsigned char) text[i + 1] == 0xA0))
		{
			*gap = true;
			i += c <= ' ' ? 1 : 2;
			continue;
		}
		/* Zero-width characters would break words that are searched for. */
		if ((c == 0xE2 && i + 2 < len && (unsigned char) text[i + 1] == 0x80 &&
		     (unsigned char) text[i + 2] >= 0x8B && (unsigned char) text[i + 2] <= 0x8F) ||
		    (c == 0xEF && i + 2 < len && (unsigned char) text[i + 1] == 0xBB &&
		     (unsigned char) text[i + 2] == 0xBF))
		{
			i += 3;
			continue;
		}
		if (c == 0xC2 && i + 1 < len && (unsigned char) text[i + 1] == 0xAD)
		{
			i += 2;
			continue;
		}
		do
			i++;
		while (i < len && (unsigned char) text[i] > ' ' && (unsigned char) text[i] < 0xC2);
		if (c >= 0xC2)
		{
			while (i < len && ((unsigned char) text[i] & 0xC0) == 0x80)
				i++;
		}
		if (*gap && out->len > line && out->data[out->len - 1] != '\n')
			bg_buffer_putc(out, ' ');
		*gap = false;
		bg_buffer_append(out, text + start, i - start);
	}
}

/* Writes a block's text at the end of "out". */
static void append_block(const reading *read, const block *one, bg_buffer *out)
{
	const bg_document *document = read->document;
	size_t line = out->len;
	bool gap = false;

	for (size_t i = one->first; i < one->last; i++)
	{
		const bg_node *node = &document->nodes[i];
		const record *rec = &read->records[i];

		if ((rec->flags & REC_DROPPED) != 0)
		{
			i = node->end - 1;
			gap = true;
			continue;
		}
		if (node->tag == TAG_BR)
		{
			if (out->len > line && out->data[out->len - 1] != '\n')
				bg_buffer_putc(out, '\n');
			gap = false;
		}
		else if (node->tag == TAG_TEXT && (rec->flags & REC_PRE) != 0)
		{
			const char *text = document->strings.data + node->data;
			size_t len = node->len;

			if (out->len == line)
			{
				while (len > 0 && *text == '\n')
					text++, len--;
			}
			bg_buffer_append(out, text, len);
		}
		else if (node->tag == TAG_TEXT)
			append_folded(out, document->strings.data + node->data, node->len, line, &gap);
	}
	while (out->len > line && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == ' ' ||
	                           out->data[out->len - 1] == '\t'))
		bg_buffer_truncate(out, out->len - 1);
}

/* The nearest ancestor (or itself) with one of two tags below "region"; 0 if there is none. */
static uint32_t ancestor(const bg_document *document, uint32_t node, uint32_t region, bg_tag a,
                         bg_tag b)
{
	while (node > region)
	{
		if (document->nodes[node].tag == a || document->nodes[node].tag == b)
			return node;
		node = document->nodes[node].parent;
	}
	return 0;
}

/* True if a block of the region is left out: links that lead elsewhere. */
static bool is_left_out(const reading *read, const block *one, int level)
{
	if (level >= 3 || read->listing)
		return false;
	if (one->links * 10 > one->units * 8 && one->units < 300)
		return true;
	return false;
}

/* Lines that announce something else, by how they begin. Short lines only: a sentence may begin in the same way. */
static bool is_announcement(const char *line, size_t len)
{
	static const char *const begins[] = {"advertisement",
	                                     "read more:",
	                                     "read also",
	                                     "also read",
	                                     "related articles",
	                                     "related stories",
	                                     "related posts",
	                                     "related topics",
	                                     "related:",
	                                     "you may also like",
	                                     "you might also like",
	                                     "more from",
	                                     "more on this",
	                                     "recommended for you",
	                                     "most read",
	                                     "most popular",
	                                     "share this",
	                                     "share on",
	                                     "share via",
	                                     "follow us",
	                                     "sign up for",
	                                     "subscribe to",
	                                     "subscribe now",
	                                     "post your comment",
	                                     "leave a comment",
	                                     "leave a reply",
	                                     "write a comment",
	                                     "comments are closed",
	                                     "photo:",
	                                     "image:",
	                                     "image credit",
	                                     "photo credit",
	                                     "filed under",
	                                     "copyright ©",
	                                     "© copyright",
	                                     "©",
	                                     "all rights reserved",
	                                     "print this",
	                                     "email this",
	                                     "back to top",
	                                     "skip to",
	                                     "loading...",
	                                     "getty images",
	                                     "file photo",
	                                     "view comments",
	                                     "show comments",
	                                     "mehr zum thema",
	                                     "weitere themen",
	                                     "themen im artikel",
	                                     "schlagworte",
	                                     "schlagwörter",
	                                     "empfohlene beiträge",
	                                     "das könnte sie auch",
	                                     "auch interessant",
	                                     "lesen sie auch",
	                                     "lesen sie mehr",
	                                     "artikel teilen",
	                                     "teilen auf",
	                                     "meistgelesene",
	                                     "kommentare geschlossen",
	                                     "zum newsletter",
	                                     "foto:",
	                                     "quelle:",
	                                     "bild:",
	                                     "vous aimerez aussi",
	                                     "lire aussi",
	                                     "à lire aussi",
	                                     "leer también",
	                                     "lea también",
	                                     "leggi anche",
	                                     "lees ook",
	                                     "czytaj także",
	                                     "zobacz także",
	                                     "читайте также",
	                                     "相关阅读",
	                                     "相关文章",
	                                     "相关推荐",
	                                     "推荐阅读",
	                                     "延伸阅读",
	                                     "責任編輯",
	                                     "责任编辑",
	                                     "分享到",
	                                     "上一篇",
	                                     "下一篇",
	                                     "扫一扫",
	                                     "版权声明",
	                                     "来源：",
	                                     "編輯：",
	                                     "编辑：",
	                                     "点击查看",
	                                     "更多精彩"};

	if (len == 0 || len > ANNOUNCEMENT_BYTES)
		return false;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
	{
		size_t size = strlen(begins[i]);

		if (len >= size && strncasecmp(line, begins[i], size) == 0)
			return true;
	}
	return false;
}

void bg_render_region(reading *read, uint32_t region, int level, size_t max_text, bg_buffer *out)
{
	const bg_document *document = read->document;
	uint32_t last_item = 0;
	uint32_t last_cell = 0;
	uint32_t last_row = 0;
	size_t heading_mark = 0;
	bool trailing_heading = false;

	for (size_t i = 0; i < read->block_count && out->len < max_text; i++)
	{
		const block *one = &read->blocks[i];
		uint32_t item;
		uint32_t cell;
		uint32_t row;
		size_t start = out->len;
		size_t mark;
		bool heading;

		if ((one->first <= region || one->first >= document->nodes[region].end) && !one->beside)
			continue;
		if (is_left_out(read, one, level))
			continue;
		item = ancestor(document, one->owner, region, TAG_LI, TAG_DD);
		cell = ancestor(document, one->owner, region, TAG_TD, TAG_TH);
		row = cell == 0 ? 0 : ancestor(document, cell, region, TAG_TR, TAG_TR);
		heading = (read->records[one->owner].flags & REC_HEADING) != 0;
		if (cell != 0 && row == last_row && row != 0 && out->len > 0 &&
		    read->records[row].units < 1500)
		{
			bg_buffer_truncate(out, out->len - 1);
			bg_buffer_puts(out, cell == last_cell ? " " : " | ");
		}
		else if (item != 0 && item != last_item && document->nodes[item].tag == TAG_LI)
			bg_buffer_puts(out, "- ");
		mark = out->len;
		append_block(read, one, out);
		if (out->len == mark ||
		    (level < 3 && !read->listing && is_announcement(out->data + mark, out->len - mark)))
		{
			bg_buffer_truncate(out, start);
			if (start > 0 && out->data[start - 1] != '\n')
				out->data[start - 1] = '\n';
			continue;
		}
		bg_buffer_putc(out, '\n');
		last_item = item;
		last_cell = cell;
		last_row = row;
		/* Headings with nothing after them are left from what was pruned. */
		if (heading && !trailing_heading)
			heading_mark = start;
		trailing_heading = heading;
	}
	if (trailing_heading && heading_mark > 0 && level < 3)
		bg_buffer_truncate(out, heading_mark);
}
