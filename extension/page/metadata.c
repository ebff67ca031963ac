/*
 * metadata.c
 *		What a page says about itself: JSON-LD, OpenGraph and other meta elements, links, time elements. The title is
 *		title.c's. States, never infers: no date from running text, no author from a by-line's looks.
 */
#include "document.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_TEXT 4096
#define MAX_METAS 1000
#define NEAR_NODES 30

static const char *const author_keys[] = {"author",
                                          "article:author",
                                          "dc.creator",
                                          "dcterms.creator",
                                          "parsely-author",
                                          "sailthru.author",
                                          "byl",
                                          "twitter:creator:name",
                                          NULL};
static const char *const published_keys[] = {"article:published_time",
                                             "datepublished",
                                             "article.published",
                                             "og:published_time",
                                             "parsely-pub-date",
                                             "sailthru.date",
                                             "dc.date.issued",
                                             "dcterms.created",
                                             "dcterms.issued",
                                             "dc.date.created",
                                             "dc.date",
                                             "dcterms.date",
                                             "publish-date",
                                             "publish_date",
                                             "publication_date",
                                             "pubdate",
                                             "pdate",
                                             "date",
                                             "citation_publication_date",
                                             "cxenseparse:recs:publishtime",
                                             "article:published",
                                             "rnews:datepublished",
                                             NULL};
static const char *const modified_keys[] = {
    "article:modified_time", "datemodified",  "og:updated_time", "dcterms.modified",
    "dc.date.modified",      "last-modified", "article.updated", NULL};
static const char *const site_keys[] = {"og:site_name", "application-name", "al:ios:app_name",
                                        "dc.publisher", NULL};
static const char *const description_keys[] = {"og:description",      "description",
                                               "twitter:description", "dc.description",
                                               "dcterms.description", NULL};
static const char *const image_keys[] = {"og:image:secure_url",
                                         "og:image",
                                         "og:image:url",
                                         "twitter:image",
                                         "twitter:image:src",
                                         "image",
                                         NULL};
static const char *const keyword_keys[] = {"keywords", "news_keywords", "parsely-tags",
                                           "sailthru.tags", NULL};
static const char *const url_keys[] = {"og:url", "twitter:url", NULL};

static const char *const main_types[] = {"JobPosting",
                                         "Event",
                                         "Hackathon",
                                         "NewsArticle",
                                         "Article",
                                         "BlogPosting",
                                         "TechArticle",
                                         "ReportageNewsArticle",
                                         "LiveBlogPosting",
                                         "DiscussionForumPosting",
                                         "Question",
                                         "QAPage",
                                         "Report",
                                         "ScholarlyArticle",
                                         "SocialMediaPosting",
                                         "Review",
                                         "Recipe",
                                         "Product",
                                         "Course",
                                         "Grant",
                                         "VideoObject",
                                         "HowTo",
                                         "WebPage",
                                         NULL};

/* The object that the page is about, best type first; NULL if there is none. */
static const json_t *main_object(const json_t *objects)
{
	const json_t *object;
	size_t index;

	for (const char *const *type = main_types; *type != NULL; type++)
	{
		json_array_foreach (objects, index, object)
		{
			if (bg_jsonld_is(object, *type))
				return object;
		}
	}
	return NULL;
}

static void set(bg_meta *meta, const char *value, size_t max, const char *method, const char *name)
{
	if (meta->value != NULL || value == NULL)
		return;
	meta->value = bg_value_fold(value, strlen(value), max);
	if (meta->value != NULL)
	{
		meta->method = method;
		meta->source = name;
	}
}

static void set_date(bg_meta *meta, const char *value, const char *method, const char *name)
{
	char date[40];

	if (meta->value == NULL && value != NULL && bg_value_date(value, date))
		set(meta, date, sizeof(date), method, name);
}

static void set_url(bg_meta *meta, const char *base, const char *value, const char *method,
                    const char *name)
{
	if (meta->value != NULL || value == NULL)
		return;
	meta->value = bg_value_url(base, value);
	if (meta->value != NULL)
	{
		meta->method = method;
		meta->source = name;
	}
}

/* The meta elements of a page, and the few others that are looked at, gathered in one walk. */
typedef struct gathered
{
	const bg_document *document;
	size_t *metas;
	size_t count;
	const char *canonical;
	const char *base;
	const char *image;
	const char *html_lang;
	const char *content_language;
	size_t author;         /* node of rel=author or itemprop=author, 0 = none */
	const char *published; /* itemprop=datePublished */
	const char *modified;
	const char *
	    time; /* a time element with a date: the first after the h1 and near it, else one that is alone */
	size_t heading; /* node of the first h1 */
	size_t published_count;
	bool time_near;
	bool question; /* itemtype of a question with answers, or of a discussion */
	size_t times;
} gathered;

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list != NULL && *list != '\0')
	{
		size_t piece = strcspn(list, " \t\n");

		if (piece == len && strncasecmp(list, word, len) == 0)
			return true;
		list += piece + strspn(list + piece, " \t\n");
	}
	return false;
}

static void gather_link(gathered *found, size_t i)
{
	const char *rel = bg_document_attr(found->document, i, ATTR_REL);
	const char *href = bg_document_attr(found->document, i, ATTR_HREF);

	if (rel == NULL || href == NULL || href[0] == '\0')
		return;
	if (found->canonical == NULL && has_word(rel, "canonical"))
		found->canonical = href;
	if (found->image == NULL && has_word(rel, "image_src"))
		found->image = href;
}

static void gather_time(gathered *found, size_t i)
{
	const char *value = bg_document_attr(found->document, i, ATTR_DATETIME);
	bool near = found->heading != 0 && i < found->document->nodes[found->heading].end + NEAR_NODES;
	char date[40];

	if (value == NULL || !bg_value_date(value, date) || strlen(date) < 10)
		return;
	found->times++;
	if (found->time == NULL || (near && !found->time_near))
		found->time = value;
	found->time_near |= near;
}

static void gather(gathered *found)
{
	const bg_document *document = found->document;

	for (size_t i = 1; i < document->count; i++)
	{
		const char *value;

		switch ((bg_tag) document->nodes[i].tag)
		{
			case TAG_TEXT:
				continue;
			case TAG_META:
				if (found->count < MAX_METAS)
					found->metas[found->count++] = i;
				break;
			case TAG_LINK:
				gather_link(found, i);
				break;
			case TAG_BASE:
				if (found->base == NULL)
					found->base = bg_document_attr(document, i, ATTR_HREF);
				break;
			case TAG_HTML:
				if (found->html_lang == NULL)
					found->html_lang = bg_document_attr(document, i, ATTR_LANG);
				break;
			case TAG_H1:
				if (found->heading == 0)
					found->heading = i;
				break;
			case TAG_TIME:
				gather_time(found, i);
				break;
			default:
				break;
		}
		if (document->nodes[i].len == 0)
			continue;
		value = bg_document_attr(document, i, ATTR_ITEMTYPE);
		if (value != NULL &&
		    (strstr(value, "/Question") != NULL ||
		     strstr(value, "/DiscussionForumPosting") != NULL || strstr(value, "/QAPage") != NULL))
			found->question = true;
		value = bg_document_attr(document, i, ATTR_ITEMPROP);
		if (value != NULL)
		{
			const char *date = bg_document_attr(document, i, ATTR_DATETIME);

			if (date == NULL)
				date = bg_document_attr(document, i, ATTR_CONTENT);
			if (has_word(value, "datePublished") || has_word(value, "dateCreated") ||
			    has_word(value, "datePosted"))
			{
				found->published_count++;
				if (found->published == NULL)
					found->published = date;
			}
			if (found->modified == NULL && has_word(value, "dateModified"))
				found->modified = date;
			if (found->author == 0 && has_word(value, "author"))
				found->author = i;
		}
		value = bg_document_attr(document, i, ATTR_REL);
		if (value != NULL && found->author == 0 && document->nodes[i].tag == TAG_A &&
		    has_word(value, "author"))
			found->author = i;
	}
}

static const char *meta_key(const bg_document *document, size_t node)
{
	static const bg_attr keys[] = {ATTR_PROPERTY, ATTR_NAME, ATTR_ITEMPROP, ATTR_HTTP_EQUIV};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		const char *key = bg_document_attr(document, node, keys[i]);

		if (key != NULL && key[0] != '\0')
			return key;
	}
	return NULL;
}

/* The content of the first meta element with one of the keys, in the order of the keys. */
static const char *find_meta(const gathered *found, const char *const *keys, const char **source)
{
	for (; *keys != NULL; keys++)
	{
		for (size_t i = 0; i < found->count; i++)
		{
			const char *key = meta_key(found->document, found->metas[i]);
			const char *content = bg_document_attr(found->document, found->metas[i], ATTR_CONTENT);

			if (key != NULL && content != NULL && content[strspn(content, " \t\n")] != '\0' &&
			    strcasecmp(key, *keys) == 0)
			{
				*source = *keys;
				return content;
			}
		}
	}
	return NULL;
}

/* The names of an author that is an object, a string, or an array of these: "A, B". */
static char *author_names(const json_t *author)
{
	bg_buffer names;
	size_t count = json_is_array(author) ? json_array_size(author) : 1;

	bg_buffer_init(&names, MAX_TEXT);
	for (size_t i = 0; i < count && i < 10; i++)
	{
		const json_t *one = json_is_array(author) ? json_array_get(author, i) : author;
		const char *name =
		    json_is_string(one) ? json_string_value(one) : bg_jsonld_string(one, "name");

		if (name == NULL || strstr(name, "://") != NULL || name[0] == '\0')
			continue;
		if (names.len > 0)
			bg_buffer_puts(&names, ", ");
		bg_buffer_puts(&names, name);
	}
	return names.len == 0 ? (bg_buffer_free(&names), NULL) : bg_buffer_detach(&names, NULL);
}

static void read_author(const gathered *found, const json_t *object, bg_page *page)
{
	const char *name = NULL;
	const char *content = find_meta(found, author_keys, &name);
	char *names = author_names(json_object_get(object, "author"));

	if (names != NULL)
		set(&page->author, names, 300, "jsonld", "author");
	free(names);
	if (content != NULL && strstr(content, "://") == NULL && strlen(content) < 300)
		set(&page->author, content, 300, "meta", name);
	if (page->author.value == NULL && found->author != 0)
	{
		char *text = bg_document_text(found->document, found->author, 200);

		if (text != NULL && strlen(text) < 80)
			set(&page->author, text, 300, "html", "author");
		free(text);
	}
}

/* A date in the path: /2026/10/04/ or /2026-10-04. */
static void read_url_date(const char *url, bg_page *page)
{
	const char *p = url == NULL ? NULL : strstr(url, "://");

	for (p = p == NULL ? NULL : strchr(p + 3, '/'); p != NULL; p = strchr(p + 1, '/'))
	{
		char text[12] = "";

		if (strspn(p + 1, "0123456789") == 4 && (p[5] == '/' || p[5] == '-') &&
		    strspn(p + 6, "0123456789") == 2 && p[8] == p[5] && strspn(p + 9, "0123456789") == 2)
		{
			memcpy(text, p + 1, 10);
			set_date(&page->published, text, "html", "url");
			return;
		}
	}
}

/* True if the object is one thing with a date of its own: not the page as such, a list or a shop's article. */
static bool is_dated(const json_t *object)
{
	static const char *const types[] = {"WebPage",  "CollectionPage", "Product",    "WebSite",
	                                    "ItemList", "Organization",   "VideoObject"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
	{
		if (bg_jsonld_is(object, types[i]))
			return false;
	}
	return true;
}

/* The front page of a site is no article, whatever it says. */
static bool is_front_page(const char *url)
{
	const char *host = url == NULL ? NULL : strstr(url, "://");
	const char *path = host == NULL ? NULL : host + 3 + strcspn(host + 3, "/?#");

	return path != NULL && path[strspn(path, "/")] == '\0';
}

static void read_dates(const gathered *found, const json_t *object, const char *url, bg_page *page)
{
	static const char *const keys[] = {"datePosted", "datePublished", "dateCreated", "uploadDate"};
	const char *name = NULL;
	const char *content;

	set_date(&page->modified, bg_jsonld_string(object, "dateModified"), "jsonld", "dateModified");
	content = find_meta(found, modified_keys, &name);
	set_date(&page->modified, content, "meta", name);
	set_date(&page->modified, found->modified, "html", "dateModified");
	if (is_front_page(url))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && is_dated(object); i++)
		set_date(&page->published, bg_jsonld_string(object, keys[i]), "jsonld", keys[i]);
	content = find_meta(found, published_keys, &name);
	set_date(&page->published, content, "meta", name);
	/* Of many dates the first one stands for the page where they are answers to it. */
	if (found->published_count == 1 || found->question)
		set_date(&page->published, found->published, "html", "datePublished");
	read_url_date(url, page);
	/* Several time elements are a listing, or comments, unless one stands right after the title. */
	if (found->times == 1 || found->time_near)
		set_date(&page->published, found->time, "html", "time");
}

/* A language tag as it should be: "EN_us" is "en-us". NULL if it is none. */
static char *language_tag(const char *text)
{
	char tag[36];
	size_t len = 0;

	if (text == NULL)
		return NULL;
	text += strspn(text, " \t\n");
	while (len + 1 < sizeof(tag) &&
	       (isalnum((unsigned char) *text) || *text == '-' || *text == '_'))
	{
		tag[len++] = (char) (*text == '_' ? '-' : tolower((unsigned char) *text));
		text++;
	}
	tag[len] = '\0';
	if (strcspn(tag, "-") < 2 || strcspn(tag, "-") > 3 || !isalpha((unsigned char) tag[0]) ||
	    !isalpha((unsigned char) tag[1]))
		return NULL;
	if (strcmp(tag, "und") == 0 || strcmp(tag, "cn") == 0)
		return strdup("zh");
	return strdup(tag);
}

static void read_language(const gathered *found, const json_t *object, bg_page *page)
{
	static const char *const header[] = {"content-language", NULL};
	static const char *const locale[] = {"og:locale", "dc.language", "language", NULL};
	const char *name;

	page->language = language_tag(found->html_lang);
	if (page->language == NULL)
		page->language = language_tag(find_meta(found, header, &name));
	if (page->language == NULL)
		page->language = language_tag(bg_jsonld_string(object, "inLanguage"));
	if (page->language == NULL)
		page->language = language_tag(find_meta(found, locale, &name));
}

/* JSON-LD keywords may be an array. */
static char *joined_keywords(const json_t *keywords)
{
	bg_buffer out;

	if (!json_is_array(keywords))
		return json_is_string(keywords) ? strdup(json_string_value(keywords)) : NULL;
	bg_buffer_init(&out, MAX_TEXT);
	for (size_t i = 0; i < json_array_size(keywords) && i < 100; i++)
	{
		const char *word = json_string_value(json_array_get(keywords, i));

		if (word == NULL)
			continue;
		if (out.len > 0)
			bg_buffer_puts(&out, ", ");
		bg_buffer_puts(&out, word);
	}
	return out.len == 0 ? (bg_buffer_free(&out), NULL) : bg_buffer_detach(&out, NULL);
}

static void read_site(const gathered *found, const json_t *object, bg_page *page)
{
	const char *name = NULL;
	const char *content = find_meta(found, site_keys, &name);
	const json_t *item;
	size_t index;

	set(&page->site, content, 200, "meta", name);
	set(&page->site, bg_jsonld_string(json_object_get(object, "publisher"), "name"), 200, "jsonld",
	    "publisher");
	json_array_foreach (page->jsonld, index, item)
	{
		if (bg_jsonld_is(item, "WebSite"))
			set(&page->site, bg_jsonld_string(item, "name"), 200, "jsonld", "WebSite.name");
	}
}

void bg_metadata_read(const bg_document *document, const char *url, bg_page *page)
{
	gathered found;
	const json_t *object = main_object(page->jsonld);
	const char *name = NULL;
	const char *content;
	char *base = NULL;
	char *keywords;

	memset(&found, 0, sizeof(found));
	found.document = document;
	found.metas = calloc(MAX_METAS, sizeof(*found.metas));
	if (found.metas == NULL)
		return;
	gather(&found);
	if (found.base != NULL)
		base = bg_value_url(url, found.base);
	if (base != NULL)
		url = base;

	set_url(&page->canonical, url, found.canonical, "html", "canonical");
	content = find_meta(&found, url_keys, &name);
	set_url(&page->canonical, url, content, "meta", name);
	content = find_meta(&found, image_keys, &name);
	set_url(&page->image, url, content, "meta", name);
	set_url(&page->image, url, bg_jsonld_string(object, "image"), "jsonld", "image");
	set_url(&page->image, url, found.image, "html", "image_src");
	content = find_meta(&found, description_keys, &name);
	set(&page->description, content, MAX_TEXT, "meta", name);
	set(&page->description, bg_jsonld_string(object, "description"), MAX_TEXT, "jsonld",
	    "description");
	content = find_meta(&found, keyword_keys, &name);
	set(&page->keywords, content, MAX_TEXT, "meta", name);
	keywords = joined_keywords(json_object_get(object, "keywords"));
	set(&page->keywords, keywords, MAX_TEXT, "jsonld", "keywords");
	free(keywords);
	read_site(&found, object, page);
	read_author(&found, object, page);
	read_dates(&found, object, url, page);
	read_language(&found, object, page);
	free(base);
	free(found.metas);
}
