/*
 * tags.c
 *		Names of elements and attributes to small numbers. Does not know what they are good for beyond a few flags.
 */
#include "document.h"

typedef struct name_entry
{
	const char *name;
	unsigned char flags;
} name_entry;

#define B TAG_IS_BLOCK
#define D TAG_IS_DROP
#define R TAG_IS_RAW
#define V TAG_IS_VOID
#define S TAG_IS_STRUCK

static const name_entry tag_table[TAG_COUNT] = {
    [TAG_OTHER] = {"", 0},
    [TAG_TEXT] = {"", 0},
    [TAG_A] = {"a", 0},
    [TAG_ABBR] = {"abbr", 0},
    [TAG_ADDRESS] = {"address", B},
    [TAG_AREA] = {"area", V},
    [TAG_ARTICLE] = {"article", B},
    [TAG_ASIDE] = {"aside", B},
    [TAG_AUDIO] = {"audio", B | D},
    [TAG_B] = {"b", 0},
    [TAG_BASE] = {"base", V},
    [TAG_BLOCKQUOTE] = {"blockquote", B},
    [TAG_BODY] = {"body", B},
    [TAG_BR] = {"br", B | V},
    [TAG_BUTTON] = {"button", D},
    [TAG_CANVAS] = {"canvas", D},
    [TAG_CAPTION] = {"caption", B},
    [TAG_CENTER] = {"center", B},
    [TAG_CODE] = {"code", 0},
    [TAG_COL] = {"col", V},
    [TAG_DATALIST] = {"datalist", D},
    [TAG_DD] = {"dd", B},
    [TAG_DEL] = {"del", S},
    [TAG_DETAILS] = {"details", B},
    [TAG_DIALOG] = {"dialog", B | D},
    [TAG_DIV] = {"div", B},
    [TAG_DL] = {"dl", B},
    [TAG_DT] = {"dt", B},
    [TAG_EM] = {"em", 0},
    [TAG_EMBED] = {"embed", D | V},
    [TAG_FIELDSET] = {"fieldset", B},
    [TAG_FIGCAPTION] = {"figcaption", B},
    [TAG_FIGURE] = {"figure", B},
    [TAG_FOOTER] = {"footer", B},
    [TAG_FORM] = {"form", B},
    [TAG_FRAME] = {"frame", V},
    [TAG_FRAMESET] = {"frameset", B},
    [TAG_H1] = {"h1", B},
    [TAG_H2] = {"h2", B},
    [TAG_H3] = {"h3", B},
    [TAG_H4] = {"h4", B},
    [TAG_H5] = {"h5", B},
    [TAG_H6] = {"h6", B},
    [TAG_HEAD] = {"head", B},
    [TAG_HEADER] = {"header", B},
    [TAG_HGROUP] = {"hgroup", B},
    [TAG_HR] = {"hr", B | V},
    [TAG_HTML] = {"html", B},
    [TAG_I] = {"i", 0},
    [TAG_IFRAME] = {"iframe", B | D | R},
    [TAG_IMG] = {"img", V},
    [TAG_INPUT] = {"input", V},
    [TAG_INS] = {"ins", 0},
    [TAG_LABEL] = {"label", 0},
    [TAG_LEGEND] = {"legend", B},
    [TAG_LI] = {"li", B},
    [TAG_LINK] = {"link", V},
    [TAG_MAIN] = {"main", B},
    [TAG_MAP] = {"map", D},
    [TAG_MARQUEE] = {"marquee", B},
    [TAG_MENU] = {"menu", B},
    [TAG_META] = {"meta", V},
    [TAG_NAV] = {"nav", B},
    [TAG_NOFRAMES] = {"noframes", B | D},
    [TAG_NOSCRIPT] = {"noscript", B},
    [TAG_OBJECT] = {"object", B | D},
    [TAG_OL] = {"ol", B},
    [TAG_OPTGROUP] = {"optgroup", B | D},
    [TAG_OPTION] = {"option", B | D},
    [TAG_P] = {"p", B},
    [TAG_PARAM] = {"param", V},
    [TAG_PICTURE] = {"picture", 0},
    [TAG_PRE] = {"pre", B},
    [TAG_PROGRESS] = {"progress", D},
    [TAG_Q] = {"q", 0},
    [TAG_RP] = {"rp", D},
    [TAG_RT] = {"rt", 0},
    [TAG_S] = {"s", S},
    [TAG_SCRIPT] = {"script", D | R},
    [TAG_SEARCH] = {"search", B},
    [TAG_SECTION] = {"section", B},
    [TAG_SELECT] = {"select", B | D},
    [TAG_SMALL] = {"small", 0},
    [TAG_SOURCE] = {"source", V},
    [TAG_SPAN] = {"span", 0},
    [TAG_STRIKE] = {"strike", S},
    [TAG_STRONG] = {"strong", 0},
    [TAG_STYLE] = {"style", D | R},
    [TAG_SUB] = {"sub", 0},
    [TAG_SUMMARY] = {"summary", B},
    [TAG_SUP] = {"sup", 0},
    [TAG_SVG] = {"svg", D | R},
    [TAG_TABLE] = {"table", B},
    [TAG_TBODY] = {"tbody", B},
    [TAG_TD] = {"td", B},
    [TAG_TEMPLATE] = {"template", D | R},
    [TAG_TEXTAREA] = {"textarea", B | D},
    [TAG_TFOOT] = {"tfoot", B},
    [TAG_TH] = {"th", B},
    [TAG_THEAD] = {"thead", B},
    [TAG_TIME] = {"time", 0},
    [TAG_TITLE] = {"title", B | D},
    [TAG_TR] = {"tr", B},
    [TAG_TRACK] = {"track", V},
    [TAG_U] = {"u", 0},
    [TAG_UL] = {"ul", B},
    [TAG_VAR] = {"var", 0},
    [TAG_VIDEO] = {"video", B | D},
    [TAG_WBR] = {"wbr", V},
};

static const char *const attr_table[ATTR_COUNT] = {
    [ATTR_NONE] = "",
    [ATTR_ARIA_HIDDEN] = "aria-hidden",
    [ATTR_ARIA_MODAL] = "aria-modal",
    [ATTR_CHARSET] = "charset",
    [ATTR_CLASS] = "class",
    [ATTR_CONTENT] = "content",
    [ATTR_DATETIME] = "datetime",
    [ATTR_HIDDEN] = "hidden",
    [ATTR_HREF] = "href",
    [ATTR_HTTP_EQUIV] = "http-equiv",
    [ATTR_ID] = "id",
    [ATTR_ITEMPROP] = "itemprop",
    [ATTR_ITEMTYPE] = "itemtype",
    [ATTR_LANG] = "lang",
    [ATTR_NAME] = "name",
    [ATTR_PROPERTY] = "property",
    [ATTR_REL] = "rel",
    [ATTR_ROLE] = "role",
    [ATTR_STYLE] = "style",
    [ATTR_TITLE] = "title",
    [ATTR_TYPE] = "type",
};

#undef B
#undef D
#undef R
#undef V
#undef S

/* Compares a name of known length in any case with a lower-case one. */
static int compare(const char *name, size_t len, const char *entry)
{
	for (size_t i = 0; i < len; i++)
	{
		int c = (unsigned char) name[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (entry[i] == '\0' || c != (unsigned char) entry[i])
			return c - (unsigned char) entry[i];
	}
	return entry[len] == '\0' ? 0 : -1;
}

bg_tag bg_tag_find(const char *name, size_t len)
{
	int low = TAG_A;
	int high = TAG_COUNT - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = compare(name, len, tag_table[middle].name);

		if (order == 0)
			return (bg_tag) middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return TAG_OTHER;
}

unsigned bg_tag_flags(bg_tag tag)
{
	return tag < TAG_COUNT ? tag_table[tag].flags : 0;
}

const char *bg_tag_name(bg_tag tag)
{
	return tag < TAG_COUNT ? tag_table[tag].name : "";
}

bg_attr bg_attr_find(const char *name, size_t len)
{
	int low = ATTR_NONE + 1;
	int high = ATTR_COUNT - 1;

	while (low <= high)
	{
		int middle = (low + high) / 2;
		int order = compare(name, len, attr_table[middle]);

		if (order == 0)
			return (bg_attr) middle;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return ATTR_NONE;
}

const char *bg_attr_name(bg_attr attr)
{
	return attr < ATTR_COUNT ? attr_table[attr] : "";
}
