/*
 * names.c
 *		What the words in a class or an id say. Whole words only: "ad" is not found in "header", "padding" or "thread".
 */
#include "article.h"

#include <string.h>
#include <strings.h>

typedef struct word_entry
{
	const char *word;
	uint16_t flags;
} word_entry;

#define X NAME_BOILERPLATE
#define C NAME_COMMENT
#define H NAME_HIDDEN
#define M NAME_CONTENT
#define P NAME_POST
#define G NAME_CONSENT
#define F NAME_FORUM
#define W NAME_WHOLE
#define K NAME_PANEL

/* Sorted; found by bisection. */
static const word_entry words[] = {
    {"accordion", K},
    {"accordions", K},
    {"ad", X},
    {"adbox", X},
    {"adcontainer", X},
    {"addthis", X},
    {"addtoany", X},
    {"addtocart", X},
    {"ads", X},
    {"adsbygoogle", X},
    {"adsense", X},
    {"adslot", X},
    {"adunit", X},
    {"advert", X},
    {"advertisement", X},
    {"advertisements", X},
    {"advertising", X},
    {"adverts", X},
    {"adwrapper", X},
    {"alsoread", X},
    {"answer", P},
    {"answers", P},
    {"article", M},
    {"aside", X},
    {"authorbio", X},
    {"authorbox", X},
    {"banner", W},
    {"banners", W},
    {"bbpress", F},
    {"bdshare", X},
    {"bdsharebuttonbox", X},
    {"bio", X},
    {"body", M},
    {"breadcrumb", X},
    {"breadcrumbs", X},
    {"byline", X},
    {"caption", X},
    {"categories", W},
    {"ccpa", G},
    {"cmpbox", X | G},
    {"collapse", K},
    {"collapsed", K},
    {"collapsible", K},
    {"colophon", X},
    {"comentarios", C},
    {"comment", C},
    {"commentary", C},
    {"commentform", C},
    {"commentlist", C},
    {"comments", C},
    {"consent", G},
    {"content", M},
    {"cookie", G},
    {"cookiebanner", X | G},
    {"cookiebar", X | G},
    {"cookiebot", X | G},
    {"cookieconsent", X | G},
    {"cookielaw", X | G},
    {"cookies", G},
    {"copyright", X},
    {"credits", X},
    {"crumb", X},
    {"crumbs", X},
    {"cta", W},
    {"dable", X},
    {"dateline", X},
    {"didomi", X | G},
    {"disclaimer", X},
    {"disclosure", K},
    {"discussion", F},
    {"discussions", F},
    {"discuz", F},
    {"disqus", C},
    {"donate", X},
    {"donation", X},
    {"dropdown", X},
    {"entry", M},
    {"expandable", K},
    {"expander", K},
    {"faq", K},
    {"fbcomments", C},
    {"feedback", W},
    {"floor", P},
    {"foot", X},
    {"footer", X},
    {"forum", F},
    {"forums", F},
    {"gdpr", G},
    {"hero", W},
    {"infoline", X},
    {"interstitial", X},
    {"jiathis", X},
    {"kommentar", C},
    {"kommentare", C},
    {"leftbar", X},
    {"lightbox", X | G},
    {"likes", W},
    {"livefyre", C},
    {"login", X},
    {"mailchimp", X},
    {"main", M},
    {"maincontent", M},
    {"masthead", X},
    {"megamenu", X},
    {"menu", W},
    {"menus", W},
    {"message", P},
    {"messages", P},
    {"meta", W},
    {"metadata", X},
    {"mgid", X},
    {"modal", G},
    {"mostpopular", X},
    {"mostread", X},
    {"mostviewed", X},
    {"nav", X},
    {"navbar", X},
    {"navi", X},
    {"navigation", X},
    {"newsletter", X},
    {"newsletters", X},
    {"noprint", X},
    {"noshow", H},
    {"offcanvas", X},
    {"offscreen", H},
    {"onetrust", X | G},
    {"optin", X},
    {"outbrain", X},
    {"pagenav", X},
    {"pager", W},
    {"pagination", W},
    {"paginator", X},
    {"paging", W},
    {"pane", K},
    {"panel", K},
    {"pathway", X},
    {"paywall", X},
    {"photocredit", X},
    {"phpbb", F},
    {"pinglun", C},
    {"popover", X | G},
    {"popular", X},
    {"popup", X | G},
    {"post", M | P},
    {"postbody", P},
    {"postmessage", P},
    {"postmeta", X},
    {"postmetadata", X},
    {"postnav", X},
    {"posts", P},
    {"print", W},
    {"printonly", X},
    {"privacy", G},
    {"promo", X},
    {"promobox", X},
    {"promos", X},
    {"promoted", X},
    {"promotion", X},
    {"qrcode", X},
    {"quantcast", X | G},
    {"question", P},
    {"rail", X},
    {"rating", W},
    {"ratingbox", X},
    {"readmore", X},
    {"recirc", X},
    {"recirculation", X},
    {"recommend", X},
    {"recommendation", X},
    {"recommendations", X},
    {"recommended", X},
    {"recommends", X},
    {"register", X},
    {"related", X},
    {"relatedarticles", X},
    {"relatedcontent", X},
    {"relatedposts", X},
    {"replies", C},
    {"reply", C},
    {"report", W},
    {"respond", C},
    {"revcontent", X},
    {"rightbar", X},
    {"screenreader", H},
    {"search", X},
    {"searchbox", X},
    {"searchform", X},
    {"seealso", X},
    {"share", X},
    {"sharebar", X},
    {"sharebox", X},
    {"sharebuttons", X},
    {"sharedaddy", X},
    {"shares", X},
    {"sharethis", X},
    {"sharing", X},
    {"showthread", F},
    {"showtopic", F},
    {"sidebar", X},
    {"sidebars", X},
    {"signature", X},
    {"signatures", X},
    {"signin", X},
    {"signup", X},
    {"skip", X},
    {"skiplink", X},
    {"social", X},
    {"sociallinks", X},
    {"socialmedia", X},
    {"socials", X},
    {"socialshare", X},
    {"sponsor", X},
    {"sponsored", X},
    {"sponsors", X},
    {"srt", H},
    {"story", M},
    {"submenu", X},
    {"subnav", X},
    {"subscribe", X},
    {"subscription", X},
    {"suggestions", X},
    {"tab", K},
    {"tableofcontents", X},
    {"taboola", X},
    {"tabpane", K},
    {"tabpanel", K},
    {"tag", W},
    {"tagcloud", X},
    {"tagline", X},
    {"taglist", X},
    {"tags", X},
    {"talkback", C},
    {"teaser", X},
    {"teasers", X},
    {"text", M},
    {"thread", P | F},
    {"ticker", X},
    {"timestamp", X},
    {"toast", X},
    {"toc", W},
    {"toggle", K},
    {"toolbar", X},
    {"tooltip", X},
    {"topbar", X},
    {"topic", P | F},
    {"topnav", X},
    {"trending", X},
    {"trustarc", X | G},
    {"truste", X | G},
    {"usercentrics", X | G},
    {"vbulletin", F},
    {"viewthread", F},
    {"viewtopic", F},
    {"visuallyhidden", H},
    {"widget", W},
    {"widgets", W},
    {"wpdiscuz", C},
    {"xenforo", F},
    {"zergnet", X},
};

#undef X
#undef C
#undef H
#undef M
#undef P
#undef G
#undef F
#undef W
#undef K

#define MAX_NAMES 64
#define MAX_NAME 120
#define MAX_WORD 31

static unsigned find_word(const char *word)
{
	size_t low = 0;
	size_t high = sizeof(words) / sizeof(words[0]);

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		const char *entry = words[middle].word;
		/* Most differ in the first letter: no call for them. */
		int order = word[0] != entry[0] ? word[0] - entry[0] : strcmp(word, entry);

		if (order == 0)
			return words[middle].flags;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Two words that mean something only together; "a" stands right before "b" in one name. */
static unsigned find_pair(const char *a, const char *b)
{
	static const struct
	{
		const char *a;
		const char *b;
		unsigned flags;
	} pairs[] = {
	    {"article", "body", NAME_BODY},
	    {"article", "content", NAME_BODY},
	    {"article", "text", NAME_BODY},
	    {"post", "content", NAME_BODY},
	    {"post", "body", NAME_BODY},
	    {"post", "text", NAME_BODY},
	    {"entry", "content", NAME_BODY},
	    {"entry", "body", NAME_BODY},
	    {"story", "body", NAME_BODY},
	    {"story", "content", NAME_BODY},
	    {"story", "text", NAME_BODY},
	    {"news", "content", NAME_BODY},
	    {"blog", "content", NAME_BODY},
	    {"content", "body", NAME_BODY},
	    {"body", "content", NAME_CONTENT},
	    {"rich", "text", NAME_CONTENT},
	    {"sr", "only", NAME_HIDDEN},
	    {"visually", "hidden", NAME_HIDDEN},
	    {"screen", "reader", NAME_HIDDEN},
	    {"read", "more", NAME_BOILERPLATE},
	    {"read", "next", NAME_BOILERPLATE},
	    {"also", "read", NAME_BOILERPLATE},
	    {"see", "also", NAME_BOILERPLATE},
	    {"more", "stories", NAME_BOILERPLATE},
	    {"more", "news", NAME_BOILERPLATE},
	    {"most", "read", NAME_BOILERPLATE},
	    {"up", "next", NAME_BOILERPLATE},
	    {"author", "box", NAME_BOILERPLATE},
	    {"author", "bio", NAME_BOILERPLATE},
	    {"author", "info", NAME_BOILERPLATE},
	    {"about", "author", NAME_BOILERPLATE},
	    {"sign", "up", NAME_BOILERPLATE},
	    {"sign", "in", NAME_BOILERPLATE},
	    {"log", "in", NAME_BOILERPLATE},
	    {"tag", "list", NAME_BOILERPLATE},
	    {"tag", "cloud", NAME_BOILERPLATE},
	    {"tag", "links", NAME_BOILERPLATE},
	    {"cat", "links", NAME_BOILERPLATE},
	    {"post", "tags", NAME_BOILERPLATE},
	    {"skip", "link", NAME_BOILERPLATE},
	    {"recent", "posts", NAME_BOILERPLATE},
	    {"latest", "news", NAME_BOILERPLATE},
	    {"latest", "posts", NAME_BOILERPLATE},
	    {"back", "top", NAME_BOILERPLATE},
	    {"posted", "on", NAME_BOILERPLATE},
	    {"post", "meta", NAME_BOILERPLATE},
	    {"entry", "meta", NAME_BOILERPLATE},
	    {"article", "meta", NAME_BOILERPLATE},
	    {"sidebar", "widget", NAME_BOILERPLATE},
	    {"widget", "area", NAME_BOILERPLATE},
	    {"user", "extras", NAME_BOILERPLATE},
	    {"user", "stats", NAME_BOILERPLATE},
	    {"post", "signature", NAME_BOILERPLATE},
	    {"post", "controls", NAME_BOILERPLATE},
	    {"post", "actions", NAME_BOILERPLATE},

	    {"post", "navigation", NAME_BOILERPLATE},
	    {"you", "may", NAME_BOILERPLATE},
	    {"might", "like", NAME_BOILERPLATE},
	    {"table", "contents", NAME_BOILERPLATE},
	    {"edit", "section", NAME_BOILERPLATE},
	    {"mw", "editsection", NAME_BOILERPLATE},
	    {"mw", "jump", NAME_BOILERPLATE},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		if (a[0] == pairs[i].a[0] && b[0] == pairs[i].b[0] && strcmp(a, pairs[i].a) == 0 &&
		    strcmp(b, pairs[i].b) == 0)
			return pairs[i].flags;
	}
	return 0;
}

/* Names that say "not shown" only when they stand alone: "overflow-hidden" and "hide-border" do not. */
static bool is_hiding(const char *name, size_t len)
{
	static const char *const hiding[] = {"hidden", "hide",      "invisible",
	                                     "d-none", "is-hidden", "display-none"};

	for (size_t i = 0; i < sizeof(hiding) / sizeof(hiding[0]); i++)
	{
		if (strlen(hiding[i]) == len && strncasecmp(name, hiding[i], len) == 0)
			return true;
	}
	return false;
}

/* One name, without blanks: its words, by their place between other letters or where the case changes. */
static unsigned names_of_one(const char *name, size_t len)
{
	unsigned flags = 0;
	char word[2][MAX_WORD + 1];
	int at = 0;
	size_t i = 0;

	word[0][0] = word[1][0] = '\0';
	while (i < len)
	{
		size_t start = i;
		size_t used = 0;
		unsigned found;

		if (!is_lower(name[i]) && !is_upper(name[i]))
		{
			i++;
			continue;
		}
		/* A word ends in "shareBar" where the case rises, in "HTMLBody" before the last capital. */
		while (i < len && (is_lower(name[i]) || is_upper(name[i]) || is_digit(name[i])))
		{
			if (i > start && is_upper(name[i]) &&
			    (is_lower(name[i - 1]) || (i + 1 < len && is_lower(name[i + 1]))))
				break;
			if (used < MAX_WORD)
				word[at][used++] = (char) (is_digit(name[i]) ? name[i] : name[i] | 0x20);
			i++;
		}
		/* Digits belong to a word, as in "ad0e60e", but not at its end: "sidebar2". */
		while (used > 0 && is_digit(word[at][used - 1]))
			used--;
		word[at][used] = '\0';
		found = find_word(word[at]);
		if (found == NAME_WHOLE)
			found = used == len ? NAME_BOILERPLATE : 0;
		flags |= found;
		if (word[1 - at][0] != '\0')
			flags |= find_pair(word[1 - at], word[at]);
		at = 1 - at;
	}
	return flags;
}

unsigned bg_names_of(const char *names)
{
	unsigned flags = 0;
	bool hiding = false;
	bool responsive = false;
	size_t count = 0;

	while (*names != '\0' && count++ < MAX_NAMES)
	{
		size_t len;

		names += strspn(names, " \t\n");
		len = strcspn(names, " \t\n");
		/* "md:flex" and the like are of utility frameworks: they speak of looks, and of some screens only. */
		if (memchr(names, ':', len) != NULL)
			responsive = true;
		else if (is_hiding(names, len))
			hiding = true;
		else
			flags |= names_of_one(names, len < MAX_NAME ? len : MAX_NAME);
		names += len;
	}
	return hiding && !responsive ? flags | NAME_HIDDEN : flags;
}
