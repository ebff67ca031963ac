/*
 * rules_organizer.c
 *		Who offers the reward, as the page names it: structured data, labels, phrases, the title. Plain C; see rules.h.
 *
 * The platform that lists a task is not its organizer.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char *const platforms[] = {
	"immunefi", "hackerone", "bugcrowd", "intigriti", "devpost", "gitcoin", "github", "gitlab",
	"dorahacks", "superteam", "superteam earn", "layer3", "replit", "code4rena", "sherlock",
	"cantina", "kaggle", "dework", "questbook", "galxe", "zealy", "upwork", "freelancer",
	"twitter", "discord", "telegram", "medium", "notion", "algora", "opire", "issuehunt", "google",
	"youtube", "linkedin", "facebook", "hackenproof", "taikai", "devfolio", "eventbrite", "luma",
	"x", "ethereum mainnet", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const generic[] = {
	"the", "a", "an", "this", "that", "our", "your", "we", "you", "it", "bug", "bounty",
	"bounties", "open", "general", "official", "welcome", "new", "call", "about", "rewards",
	"reward", "prizes", "prize", "program", "programme", "test", "first", "second", "third",
	"deep", "dive", "use", "build", "write", "create", "design", "develop", "find", "make", "add",
	"fix", "get", "everyone", "anyone", "each", "all", "and", "or", "if", "in", "on", "for", "to",
	"of", "hackathon", "hack", "security", "smart", "contract", "audit", "comp", "team", "project",
	"note", "there", "participants", "winners", "submissions", "contest", "competition", "grant",
	"grants", "challenge", "overview", "summary", "introduction", "what", "how", "why", "who",
	"when", "where", "please", "here", "these", "those", "they", "he", "she", "users",
	"developers", "hackers", "no", "yes", "deadline", "documentation", "development", "community",
	"content", "mission", "which", "labels", "opened", "issue", "rfp", "some", "most", "many",
	"critical", "high", "low", "medium", "maximum", "total", "scope", "main", "mini", "best",
	"with", "currently", "must", "payment", "one", "by", "name", "small", "next", "step", "weekly",
	"monthly", "annual", "research", "travel", "student", "students", "recommended",
	"requirements", NULL
};
/* clang-format on */

static bool in_fold(const char *const *list, const char *word, size_t len)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == len && bg_scan_has_fold(word, len, 0, *list))
			return true;
	return false;
}

static bool found_name(const bg_doc *doc, bg_found *found, size_t from, size_t to,
                       double confidence)
{
	char *name;

	while (from < to &&
	       (bg_is_space(doc->text[from]) || strchr("*`_[(\"'@:", doc->text[from]) != NULL))
		from++;
	while (to > from &&
	       (bg_is_space(doc->text[to - 1]) || strchr("*`_]),.;:\"'|", doc->text[to - 1]) != NULL))
		to--;
	for (size_t n = 0; bg_scan_ends(doc->text, to, "’s") && n < 1; n++)
		to -= 4;
	if (to > from + 2 && bg_scan_ends(doc->text, to, "'s"))
		to -= 2;
	if (to < from + 2 || to - from > 90)
		return false;
	name = bg_doc_clean(doc->text + from, to - from);
	if (name == NULL || strlen(name) < 2 || in_fold(platforms, name, strlen(name)) ||
	    in_fold(generic, name, strlen(name)) || !bg_utf8_valid(name, strlen(name)))
	{
		free(name);
		return false;
	}
	found->value = json_string(name);
	free(name);
	found->span = (bg_span){from, to};
	found->method = "rule";
	found->confidence = confidence;
	return found->value != NULL;
}

static bool is_name_byte(char c)
{
	return bg_is_alnum(c) || (unsigned char) c >= 0xC3 ||
	       ((unsigned char) c >= 0x80 && (unsigned char) c < 0xC0) || c == '.' || c == '-' ||
	       c == '&' || c == '\'';
}

/* One word of a name at [from, to): capitals or digits in it, not a common word. */
static bool is_name_word(const char *text, size_t from, size_t to)
{
	bool upper = false;

	if (to <= from || to - from > 40)
		return false;
	for (size_t i = from; i < to; i++)
		upper = upper || bg_is_upper(text[i]);
	return upper && !in_fold(generic, text + from, to - from);
}

/* The name that ends at "end": capitalised words going backwards; its start, or "end" if none. */
static size_t name_before(const bg_doc *doc, size_t line_start, size_t end)
{
	size_t start = end;
	size_t at = end;

	for (int words = 0; words < 4; words++)
	{
		size_t word_end;
		size_t word;

		word_end = at;
		while (word_end > line_start &&
		       (doc->text[word_end - 1] == ' ' || doc->text[word_end - 1] == '*' ||
		        doc->text[word_end - 1] == ']'))
			word_end--;
		/* [Name](target) */
		if (word_end > line_start && doc->text[word_end - 1] == ')' &&
		    doc->scan[word_end - 1] == ' ')
			while (word_end > line_start && doc->scan[word_end - 1] == ' ')
				word_end--;
		if (word_end > line_start && doc->text[word_end - 1] == ']')
			word_end--;
		word = word_end;
		while (word > line_start && is_name_byte(doc->text[word - 1]))
			word--;
		if (!is_name_word(doc->text, word, word_end) || doc->text[word_end - 1] == '.')
			break;
		start = word;
		at = word;
		if (at == line_start || (doc->text[at - 1] != ' '))
			break;
	}
	return start;
}

/* The name that begins at "at": its end. */
static size_t name_after(const bg_doc *doc, size_t at, size_t line_end)
{
	size_t end = at;

	for (int words = 0; words < 5 && at < line_end; words++)
	{
		size_t word = bg_scan_skip(doc->text, line_end, at);
		size_t word_end;

		if (word < line_end &&
		    (doc->text[word] == '[' || doc->text[word] == '@' || doc->text[word] == '"'))
			word++;
		word_end = word;
		while (word_end < line_end && is_name_byte(doc->text[word_end]))
			word_end++;
		if (word_end > word && doc->text[word_end - 1] == '.' && word_end - word > 3)
		{
			if (is_name_word(doc->text, word, word_end - 1))
				end = word_end - 1;
			break;
		}
		if (!is_name_word(doc->text, word, word_end))
			break;
		end = word_end;
		at = word_end;
		if (at < line_end && doc->text[at] != ' ')
			break;
	}
	return end;
}

/* "Organizer: Name", "主办方：名称". */
static bool labelled(const bg_doc *doc, bg_found *found)
{
	/* clang-format off */
				static const char *const labels[] = {
					"organizer", "organiser", "organizers", "organized by", "organised by",
					"hosted by", "host", "hosts", "sponsor", "company", "client", "employer",
					"offered by", "presented by", "posted by", "author", "issued by", "funded by",
					"主办方", "主办单位", "主办", "发布方", "发起方", "举办方", "组织方",
					"组织单位", "主办机构", "发布者", "甲方", "雇主", "需求方", NULL
				};
	/* clang-format on */

	for (size_t i = 0; i < doc->line_count && i < 3000; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end = 0;
		size_t at = bg_cue_first(doc->lower, line->start, line->end, labels, &end);
		size_t from;

		if (at == BG_SCAN_NONE || bg_scan_skip(doc->text, line->end, line->start) != at)
			continue;
		from = bg_scan_skip(doc->text, line->end, end);
		if (bg_scan_has(doc->text, line->end, from, ":") ||
		    bg_scan_has(doc->text, line->end, from, "|"))
			from++;
		else if (bg_scan_has(doc->text, line->end, from, "："))
			from += 3;
		else
			continue;
		{
			size_t to = from;

			while (to < line->end && strchr(",;|(", doc->text[to]) == NULL &&
			       !bg_scan_has(doc->text, line->end, to, "、") &&
			       !bg_scan_has(doc->text, line->end, to, "，") &&
			       !bg_scan_has(doc->text, line->end, to, "（") &&
			       !bg_scan_has(doc->text, line->end, to, "；"))
				to++;
			if (found_name(doc, found, from, to, 0.9))
				return true;
		}
	}
	return false;
}

/* The owner in "owner/repository" within [from, to). */
static bool find_owner(const char *text, size_t from, size_t to, size_t *start, size_t *end)
{
	for (size_t k = from; k + 1 < to; k++)
		if (text[k] == '/' && k > from && bg_is_alnum(text[k - 1]) && bg_is_alnum(text[k + 1]))
		{
			*end = k;
			while (k > from && (bg_is_alnum(text[k - 1]) || text[k - 1] == '-' ||
			                    text[k - 1] == '_' || text[k - 1] == '.'))
				k--;
			*start = k;
			return true;
		}
	return false;
}

/* The same in the page's title, which isn't part of the main text. */
static bool owner_of_title(bg_doc *doc, bg_found *found)
{
	const char *titles[] = {doc->page->title.value, doc->page->document_title};

	for (int i = 0; i < 2; i++)
	{
		const char *mark = titles[i] != NULL ? strstr(titles[i], "Issue #") : NULL;
		size_t start;
		size_t end;
		char name[80];
		bg_span span;

		if (mark == NULL ||
		    !find_owner(titles[i], (size_t) (mark - titles[i]), strlen(titles[i]), &start, &end) ||
		    end - start >= sizeof(name))
			continue;
		memcpy(name, titles[i] + start, end - start);
		name[end - start] = '\0';
		if (!bg_doc_cite(doc, "title", name, &span))
			continue;
		found->value = json_string(name);
		found->span = span;
		found->method = "meta";
		found->confidence = 0.75;
		return found->value != NULL;
	}
	return false;
}

/* "posted 3 hours ago by name", "· Issue #3 · owner/repository", "Name · Platform". */
static bool listed(const bg_doc *doc, bg_found *found)
{
	for (size_t i = 0; i < doc->line_count && i < 8; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end;
		size_t at;
		static const char *const ago[] = {"ago by", "posted by", NULL};
		static const char *const issue[] = {"issue #*", "pull request #*", NULL};

		at = bg_cue_first(doc->lower, line->start, line->end, ago, &end);
		if (at != BG_SCAN_NONE)
		{
			size_t from = bg_scan_skip(doc->text, line->end, end);
			size_t to = from;

			while (to < line->end && !bg_is_space(doc->text[to]))
				to++;
			if (found_name(doc, found, from, to, 0.85))
				return true;
		}
		at = bg_cue_first(doc->lower, line->start, line->end, issue, &end);
		if (at != BG_SCAN_NONE)
		{
			size_t from;
			size_t to;

			if (find_owner(doc->text, end, line->end, &from, &to) &&
			    found_name(doc, found, from, to, 0.75))
				return true;
		}
		if (i > 0 && i < 4 && line->end - line->start < 60)
		{
			size_t dot = BG_SCAN_NONE;

			for (size_t k = line->start; k + 4 < line->end && dot == BG_SCAN_NONE; k++)
				if (bg_scan_has(doc->text, line->end, k, " · "))
					dot = k;
			if (dot != BG_SCAN_NONE && bg_is_upper(doc->text[line->start]) &&
			    !bg_scan_has(doc->text, line->end, line->start, "Opened") &&
			    in_fold(platforms, doc->text + dot + 4, line->end - dot - 4))
			{
				if (found_name(doc, found, line->start, dot, 0.8))
					return true;
				/* the platform's own quest */
				found->value = json_stringn(doc->text + line->start, dot - line->start);
				found->span = (bg_span){line->start, dot};
				found->method = "rule";
				found->confidence = 0.6;
				return found->value != NULL;
			}
		}
	}
	return false;
}

/* "Name is offering a bounty", "hosted by Name", "由名称主办". */
static bool phrased(const bg_doc *doc, bg_found *found)
{
	/* clang-format off */
				static const char *const after[] = {
					"is offering", "are offering", "is looking for", "is looking to",
					"is now looking", "is seeking", "has provided", "have provided", "will award",
					"is awarding", "is excited to", "is delighted to", "is proud to",
					"is launching", "is hosting", "will make", "will pay", "invites",
					"is inviting", "is running", "offers a", "offers rewards", "is sponsoring",
					"wants to sponsor", "is pleased to", "has launched", "launches", "is holding",
					"will be offering", "dao members", "is granting", "is giving away", "presents",
					"is partnering", NULL
				};
	/* clang-format on */
	/* clang-format off */
							static const char *const before[] = {
								"hosted by", "organized by", "organised by", "presented by",
								"offered by", "run by", "powered by", "sponsored by",
								"brought to you by", "launched by", "funded by", "held by",
								"initiated by", "an initiative of", "rewards from", "provided by",
								"on behalf of", NULL
							};
	/* clang-format on */
	/* clang-format off */
						static const char *const zh_end[] = {
							"面向社会", "公开征集", "现征集", "现面向", "特面向", "启动", "主办",
							"举办", "发起", "组织开展", "共同组织", "联合组织", "联合主办", "推出",
							"承办", NULL
						};
	/* clang-format on */

	for (size_t i = 0; i < doc->line_count && i < 1500; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end = 0;
		size_t at;

		if (line->end <= line->start)
			continue;
		at = bg_cue_first(doc->lower, line->start, line->end, after, &end);
		if (at != BG_SCAN_NONE)
		{
			size_t start = name_before(doc, line->start, at);

			if (start < at && found_name(doc, found, start, at, 0.75))
				return true;
		}
		at = bg_cue_first(doc->lower, line->start, line->end, before, &end);
		if (at != BG_SCAN_NONE)
		{
			size_t from = bg_scan_skip(doc->text, line->end, end);
			size_t to;

			if (bg_scan_has_fold(doc->text, line->end, from, "the "))
				from += 4;
			to = name_after(doc, from, line->end);
			if (to > from && found_name(doc, found, from, to, 0.75))
				return true;
		}
		if (doc->chinese)
		{
			at = bg_cue_first(doc->text, line->start, line->end, zh_end, &end);
			if (at != BG_SCAN_NONE)
			{
				static const char *const starts[] = {"由", "，", "。", "、", "：", "（", "“", NULL};
				static const char *const vague[] = {"本", "解释权", "我们", "活动",
				                                    "该", "最终",   "比赛", NULL};
				static const char *const trailing[] = {"决定", "现", "特", "拟", "将", NULL};
				static const char *const joins[] = {"联合", "共同", "携手", "和", "与",
				                                    "及",   "、",   "（",   NULL};
				size_t from_end = line->start;
				size_t to;

				if (bg_cue_last(doc->text, line->start, at, starts, &from_end) == BG_SCAN_NONE)
					from_end = line->start;
				to =
				    bg_cue_first(doc->text, from_end + 6 < at ? from_end + 6 : at, at, joins, &end);
				if (to == BG_SCAN_NONE)
					to = at;
				for (size_t k = 0; trailing[k] != NULL; k++)
					if (bg_scan_ends(doc->text, to, trailing[k]))
						to -= strlen(trailing[k]);
				if (bg_cue_any(doc->text, from_end, to, vague))
					continue;
				if (to > from_end + 5 && to - from_end < 80 &&
				    found_name(doc, found, from_end, to, 0.7))
					return true;
			}
		}
	}
	return false;
}

/* The name in front of "Bug Bounty", "Hackathon", "Bounties" and so on in the title. */
static bool titled(const bg_doc *doc, bg_found *found)
{
	/* clang-format off */
				static const char *const kinds[] = {
					"bug bounty", "bug bounties", "bounty program*", "bounties", "bounty",
					"hackathon", "audit", "audit details", "contest details", "contest", "prizes",
					"grants", "grant", "ambassador", "vulnerability", "security", ": call for",
					"call for", "challenge", "microgrants", "prizes and", "grant-1", NULL
				};
	/* clang-format on */
	const bg_line *line;
	size_t at;
	size_t end;
	size_t start;

	if (doc->title_line == BG_SCAN_NONE)
		return false;
	line = &doc->lines[doc->title_line];
	at = bg_cue_first(doc->lower, line->start, line->end, kinds, &end);
	if (at == BG_SCAN_NONE || at == line->start)
		return false;
	start = name_before(doc, line->start, at);
	return start < at && found_name(doc, found, start, at, 0.65);
}

/* "Name is a platform that ..." at the beginning of a line; "the Name team". */
static bool described(const bg_doc *doc, bg_found *found)
{
	static const char *const is_a[] = {"is a",       "is an",      "is the", "lets you",
	                                   "is india’s", "powered by", NULL};
	static const char *const team[] = {"team",      "foundation",          "core team", "ecosystem",
	                                   "community", "github organization", NULL};

	for (size_t i = 0; i < doc->line_count && i < 60; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end;
		size_t at = bg_cue_first(doc->lower, line->start, line->end, is_a, &end);

		if (at != BG_SCAN_NONE && at - line->start < 44)
		{
			size_t start = name_before(doc, line->start, at);

			if (start < at && start <= line->start + 4 && found_name(doc, found, start, at, 0.55))
				return true;
		}
	}
	for (size_t i = 0; i < doc->line_count && i < 400; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end;
		size_t at = bg_cue_first(doc->lower, line->start, line->end, team, &end);

		if (at != BG_SCAN_NONE)
		{
			size_t start = name_before(doc, line->start, at);

			if (bg_scan_has(doc->lower, doc->len, at, "foundation"))
				at += 10;
			if (start < at && start + 2 < at && bg_is_upper(doc->text[start]) &&
			    found_name(doc, found, start, at, 0.5))
				return true;
		}
	}
	return false;
}

/* "Lantern Foundation", "Orchard DAO": a name with the kind of its organisation. */
static bool incorporated(const bg_doc *doc, bg_found *found)
{
	static const char *const kinds[] = {
	    "Foundation", "Labs", "DAO",   "Institute", "Association", "Collective", "University",
	    "Ltd",        "GmbH", "Guild", "Society",   "Council",     "Museum"};
	static const char *const zh_kinds[] = {"有限公司", "基金会", "委员会", "协会",
	                                       "大学",     "工作室", NULL};

	for (size_t i = 0; i < doc->line_count && i < 400; i++)
	{
		const bg_line *line = &doc->lines[i];

		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		{
			size_t size = strlen(kinds[k]);
			const char *at =
			    line->end > line->start
			        ? bg_scan_find(doc->scan + line->start, line->end - line->start, kinds[k], size)
			        : NULL;
			size_t end;
			size_t start;

			if (at == NULL)
				continue;
			end = (size_t) (at - doc->scan) + size;
			if (end < doc->len && bg_is_alnum(doc->scan[end]))
				continue;
			start = name_before(doc, line->start, end);
			if (start + size < end && found_name(doc, found, start, end, 0.45))
				return true;
		}
		if (doc->chinese)
		{
			size_t end;
			size_t at = bg_cue_first(doc->text, line->start, line->end, zh_kinds, &end);
			static const char *const starts[] = {"由", "，", "。", "、", "：", "（",
			                                     "“",  "与", "和", "：", "是", NULL};
			size_t from = line->start;

			if (at == BG_SCAN_NONE)
				continue;
			if (bg_cue_last(doc->text, line->start, at, starts, &from) == BG_SCAN_NONE)
				from = line->start;
			if (at > from + 3 && end - from < 60 && found_name(doc, found, from, end, 0.45))
				return true;
		}
	}
	return false;
}

bool bg_rules_organizer(bg_doc *doc, bg_found *found)
{
	const char *structured = NULL;
	const char *source = "JobPosting.hiringOrganization";
	bg_span span;

	if (doc->job != NULL)
		structured = bg_doc_ld_string(doc->job, "hiringOrganization");
	if (structured == NULL && doc->event != NULL)
	{
		structured = bg_doc_ld_string(doc->event, "organizer");
		source = "Event.organizer";
	}
	if (structured != NULL && strlen(structured) < 200 &&
	    bg_utf8_valid(structured, strlen(structured)) &&
	    bg_doc_cite(doc, source, structured, &span))
	{
		found->value = json_string(structured);
		found->span = span;
		found->method = "jsonld";
		found->confidence = 0.95;
		return found->value != NULL;
	}
	if (labelled(doc, found) || (doc->page != NULL && owner_of_title(doc, found)) ||
	    listed(doc, found) || phrased(doc, found) || titled(doc, found) || described(doc, found) ||
	    incorporated(doc, found))
		return true;
	if (doc->page != NULL && doc->page->site.value != NULL &&
	    !in_fold(platforms, doc->page->site.value, strlen(doc->page->site.value)) &&
	    strlen(doc->page->site.value) < 100 &&
	    bg_doc_cite(doc, doc->page->site.source != NULL ? doc->page->site.source : "site",
	                doc->page->site.value, &span))
	{
		found->value = json_string(doc->page->site.value);
		found->span = span;
		found->method = doc->page->site.method != NULL ? doc->page->site.method : "meta";
		found->confidence = 0.5;
		return found->value != NULL;
	}
	bg_doc_missing(doc, "organizer", "absent");
	return false;
}
