/*
 * rules_kind.c
 *		Is the document an invitation to do something for a reward, of which category, and for whom? Plain C; see rules.h.
 *
 * Judged by what the document itself does: invite, price, set terms. News, results, guides, templates, proposals and claims talk
 * about rewards without offering one.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char *const kind_words[] = {
	"bounty", "bounties", "hackathon", "contest", "competition", "challenge", "grant", "grants",
	"microgrant*", "rfp", "call for", "prize", "prizes", "reward", "rewards", "mission", "quest",
	"audit", "fellowship", "giveaway", "airdrop", "wanted", "needed", "hiring", "looking for",
	"hack", "game jam", "scholarship", "accelerator", "cup", "award", "awards", "campaign",
	"freelance", "request for proposal*", "黑客松", "大赛", "比赛", "征稿", "征文", "征集", "悬赏",
	"赏金", "挑战赛", "竞赛", "招募", "招聘", "资助", "有奖", "活动", "奖励计划", "漏洞", "众测",
	"创作", "赛道", NULL
};
/* clang-format on */
/* The page itself promises a reward to its reader. */
/* clang-format off */
static const char *const promise_words[] = {
	"we pay", "we will pay", "we'll pay", "we will award", "we offer", "we are offering",
	"we're offering", "is offering", "are offering", "you will earn", "you will receive",
	"you can earn", "you could earn", "earn up to", "will be awarded", "will be rewarded",
	"will be paid", "will receive", "you'll receive", "you'll earn", "up for grabs", "can be won",
	"to be won", "the prizes are", "prizes are", "the winner gets", "the winner will",
	"winners will", "gets the bounty", "将获得", "将给予", "给予奖励", "可获得", "即可获得",
	"奖励标准", "提供最高", "提供奖金", NULL
};
/* clang-format on */
/* Titles of programmes and calls. */
/* clang-format off */
static const char *const strong_titles[] = {
	"bug bounty program*", "bug bounty", "bug bounties", "bounty program*", "rfp", "call for",
	"request for proposal*", "hackathon", "grant program*", "vulnerability disclosure",
	"vulnerability reward*", "招聘", "招募", "征稿", "征文", "征集", "大赛", "挑战赛", "黑客松",
	"悬赏", "赏金计划", "奖励计划", NULL
};
/* clang-format on */
/* Guides that belong to a programme. */
static const char *const own_guides[] = {"application guide",
                                         "submission guide",
                                         "submission guidelines",
                                         "participation guide",
                                         "hacker guide",
                                         "hackathon guide",
                                         "call for",
                                         "报名指南",
                                         "参赛指南",
                                         "投稿指南",
                                         "申请指南",
                                         NULL};
/* clang-format off */
static const char *const invite_words[] = {
	"submit your", "submit a", "submit an", "submit findings", "submit entry",
	"how to participate", "how to apply", "how to submit", "how to enter", "to participate",
	"to apply", "apply now", "apply for", "register now", "join us", "sign up", "to claim",
	"we are looking for", "is looking for", "looking for", "we need", "we want", "we seek",
	"we invite", "you are invited", "participants must", "submissions must", "to be eligible",
	"in order to be considered", "welcome submissions", "please submit", "open a pr",
	"pull request", "report vulnerabilities", "report a vulnerability", "responsible disclosure",
	"hand in", "enter the", "build a", "your task", "the task", "you will", "must be submitted",
	"complete this", "steps", "acceptance criteria", "deliverables", "scope of work",
	"submissions", "your submission", "your application", "proposals", "hackers", "contestants",
	"participants", "earn", "start work", "share your", "报名", "投稿", "参赛", "提交", "参与方式",
	"欢迎", "申请", "参加", "报名参赛", "征集对象", "应征", "来稿", "作品要求", "参赛对象",
	"提交报告", "接单", "参与活动", "任务要求", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const terms_words[] = {
	"eligib*", "judging criteria", "evaluation criteria", "rules", "terms and conditions", "scope",
	"out of scope", "acceptance criteria", "requirements", "deadline", "submission deadline",
	"prizes", "rewards", "deliverables", "prize pool", "timeline", "schedule", "judges", "payment",
	"severity", "winners", "tracks", "kyc", "qualif*", "guidelines", "评审标准", "评分标准",
	"奖项设置", "奖项", "规则", "要求", "截止", "注意事项", "奖金", "奖励", "评选", "赛程", "评委",
	"资格", "赛题", "工作任务", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const story_titles[] = {
	"how to", "how we", "how i", "what is", "what are", "what's", "why", "guide", "guide to", "vs",
	"vs.", "versus", "comparison", "compared", "tips", "top 10", "top 5", "review of", "recap",
	"retrospective", "results", "winners", "announcing the winners", "lessons", "introduction to",
	"understanding", "explained", "faq", "annual report", "incident report", "state of",
	"proposal:", "grant proposal", "open grant proposal", "poll", "ratification", "template",
	"my submission", "bounty claim", "reward claim", "claim for", "claiming", "payout request",
	"payment request", "invoice", "awarded", "raises", "raised", "wins", "won", "paid", "pays out",
	"weekly report", "platforms", "ways to", "where you can", "newsletter", "changelog",
	"release notes", "awesome", "comparing", "create bounties", "writeup", "write-up",
	"postmortem", "post-mortem", "disclosed", "history of", "roundup", "progress report",
	"milestone report", "milestone delivery", "application:", "feature request", "suggestion",
	"idea:", "receives", "pays", "hacker who", "earned", "ask hn", "指南", "什么是", "怎么",
	"怎样", "如何", "教程", "报道", "现场", "回顾", "盘点", "获奖名单", "结果公布", "名单", "攻略",
	"对比", "总结", "经验", "揭晓", "落幕", "圆满", "收官", "入门", "心得", "复盘", "为什么",
	"周报", "平台大全", "排行", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const ended_words[] = {
	"is no more", "no longer offer*", "does not offer any rewards", "do not offer any rewards",
	"not offer any reward*", "do not offer bounties", "not currently offer*",
	"has been discontinued", "is discontinued", "no longer active", "program has ended",
	"programme has ended", "program is closed", "program is no longer", "no bug bounty",
	"do not have a bug bounty", "does not have a bug bounty", "has been sunset", "we don't offer",
	"do not pay", "don't pay", "no rewards are", "no monetary reward*",
	"not eligible for bounties", "has been retired", "bounty program was ended", "no cash reward*",
	"program is paused", "已经结束", "已停止", "不再提供", "不提供奖励", "没有奖励", "暂停", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const template_words[] = {
	"[insert", "[your", "[project name", "[name 1]", "[link", "template for",
	"below is the template", "please fill in", "fill in the", "replace this", "delete this",
	"describe your", "describe the bug", "to reproduce", "steps to reproduce the behavior",
	"expected behavior", "<your", "your name here", "(optional)", "lorem ipsum", "this template",
	"use this template", "issue template", "项目模板", "模板如下", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const applicant_words[] = {
	"we are applying", "our team", "team members", "proposer:", "we request", "requested amount",
	"funding requested", "we propose", "this proposal", "our project", "my wallet", "my address",
	"i solved", "i have completed", "please pay", "send me", "my submission",
	"i would like to claim", "/claim", "bank details", "name of project:", "do you agree to",
	"total requested", "requesting", "our solution", "we plan to build", "budget breakdown", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const news_words[] = {
	"according to", "reported", "said", "told", "was paid", "were paid", "has paid", "paid out",
	"awarded to", "was awarded", "were awarded", "won", "took home", "raised", "last week",
	"last weekend", "took part", "received $*", "next event", "were impressed", "jury",
	"more than", "yesterday", "researchers found", "the company", "spokesperson", "took place",
	"over the weekend", "attended", "finalists", "winning team*", "in this article",
	"in this post", "in this guide", "this article", "let's look", "as a hunter", "i have", "i've",
	"my experience", "in conclusion", "takeaway*", "congratulations", "thank you to everyone",
	"read more", "learn how", "install", "we saw", "we received", "记者", "据悉", "报道", "表示",
	"近日", "日前", "获得了", "夺得", "现场", "落下帷幕", "圆满", "本文", "小编", "有什么好处",
	"优点", "选手们", "据介绍", "共吸引", "恭喜", "祝贺", "新手", NULL
};
/* clang-format on */

static bool priced(const bg_doc *doc)
{
	if (doc->title_with_money != NULL)
		return true;
	for (size_t i = 0; i < doc->amount_count; i++)
		if (doc->amounts[i].role >= BG_ROLE_SEVERITY && doc->amounts[i].role != BG_ROLE_OTHER)
			return true;
	return false;
}

/* A label, a list of prizes, a price in the title: not just a sentence that mentions a sum. */
static bool has_own_price(const bg_doc *doc)
{
	if (doc->title_with_money != NULL)
		return true;
	for (size_t i = 0; i < doc->amount_count; i++)
	{
		bg_role role = doc->amounts[i].role;

		if (role == BG_ROLE_LABEL || role == BG_ROLE_PRIZE || role == BG_ROLE_TITLE ||
		    role == BG_ROLE_SEVERITY)
			return true;
	}
	return false;
}

static bool offered(const bg_doc *doc)
{
	for (size_t i = 0; i < doc->amount_count; i++)
		if (doc->amounts[i].role == BG_ROLE_OFFER)
			return true;
	return false;
}

static bool has_any_offer(const bg_doc *doc)
{
	return priced(doc) || offered(doc);
}

static bool has_deadline(const bg_doc *doc, bg_purpose least_purpose)
{
	for (size_t i = 0; i < doc->date_count; i++)
		if (doc->dates[i].purpose >= least_purpose)
			return true;
	return false;
}

/* "Reward:", "Deadline:" and the like at the beginning of lines: a listing's own fields. */
static int field_lines(const bg_doc *doc)
{
	/* clang-format off */
					static const char *const labels[] = {
						"reward:", "rewards:", "prize:", "bounty:", "deadline:", "maximum bounty:",
						"expires:", "winners:", "ends:", "award:", "application deadline:",
						"prize pool:", "total prize pool:", "program type:", "price:", "奖金：",
						"奖励：", "截止时间：", "主办方：", "主办单位：", "赏金：", "奖品：",
						"奖品为", "奖励：", "主题：", "参赛方式：", "征集时间：", NULL
					};
	/* clang-format on */
	int count = 0;

	for (size_t i = 0; i < doc->line_count && i < 3000; i++)
	{
		size_t end;

		if (bg_cue_first(doc->lower, doc->lines[i].start,
		                 doc->lines[i].end < doc->lines[i].start + 40 ? doc->lines[i].end
		                                                              : doc->lines[i].start + 40,
		                 labels, &end) == doc->lines[i].start)
			count++;
	}
	return count;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

bool bg_rules_is_task(bg_doc *doc)
{
	const char *title = doc->title_lower != NULL ? doc->title_lower : "";
	size_t title_len = strlen(title);
	size_t head = doc->keywords < 600 ? doc->keywords : 600;
	bool has_price = priced(doc);
	bool has_offer = offered(doc);
	int score = 0;
	int stories;

	if (doc->job != NULL)
		return true;
	if (bg_cue_any(title, 0, title_len, kind_words) ||
	    (doc->title_line != BG_SCAN_NONE &&
	     bg_cue_any(doc->lower, doc->lines[doc->title_line].start, doc->lines[doc->title_line].end,
	                kind_words)))
		score += 2;
	score += bg_cue_any(doc->lower, 0, doc->keywords, kind_words) ? 1 : 0;
	score += has_price ? 3 : 0;
	score += has_offer ? 1 : 0;
	score += bg_cue_any(doc->lower, 0, doc->keywords, promise_words) && has_any_offer(doc) ? 2 : 0;
	score += has_deadline(doc, BG_PURPOSE_SUBMISSION) ? 2
	         : has_deadline(doc, BG_PURPOSE_END)      ? 1
	                                                  : 0;
	score += least(bg_cue_kinds(doc->lower, 0, doc->keywords, invite_words), 3);
	score += least(bg_cue_kinds(doc->lower, 0, doc->keywords, terms_words) / 2, 2);
	score += least(field_lines(doc) * 2, 4);
	score += bg_cue_any(title, 0, title_len, strong_titles) ? 2 : 0;
	score += doc->issue && has_price ? 3 : 0;
	if ((bg_cue_any(title, 0, title_len, story_titles) ||
	     bg_scan_has(title, title_len, 0, "how ") || bg_scan_has(title, title_len, 0, "why ") ||
	     bg_scan_has(title, title_len, 0, "what ")) &&
	    !bg_cue_any(title, 0, title_len, own_guides))
		score -= doc->issue && has_price ? 2 : 8;
	if (bg_scan_ends(title, title_len, "?") || bg_scan_ends(title, title_len, "？"))
		score -= 3;
	if (bg_cue_any(doc->lower, 0, head, ended_words))
		score -= 8;
	if (bg_cue_any(doc->lower, 0, head, template_words))
		score -= 4;
	score -= least(bg_cue_kinds(doc->lower, 0, doc->keywords, template_words), 3);
	score -= least(bg_cue_kinds(doc->lower, 0, doc->keywords, applicant_words) * 2, 6);
	/* Pages with a price of their own may tell stories, too. */
	stories = bg_cue_kinds(doc->lower, 0, doc->keywords, news_words);
	score -= has_own_price(doc) ? least(stories / 2, 2) : least(stories, 5);
	/* An issue without a price is work, but no offer. */
	if (doc->issue && !has_price && !bg_cue_any(title, 0, title_len, kind_words))
		score -= 6;
	if (doc->issue && !has_price && bg_cue_count(doc->lower, 0, doc->keywords, "to claim", 1) == 0)
		score -= 2;
	return score >= 3;
}

typedef struct category_words
{
	const char *category;
	const char *words[48];
} category_words;

/* clang-format off */
static const category_words categories[] = {
	{"security", {
		"bug bounty", "bug bounties", "vulnerabilit*", "audit", "security researchers",
		"white hat*", "whitehat*", "exploit", "responsible disclosure", "proof of concept",
		"penetration", "smart contract security", "security", "wardens", "findings",
		"submit findings", "gas optimization", "hackerone", "immunefi", "漏洞", "安全漏洞", "众测",
		"渗透", "安全", NULL}},
	{"hackathon", {
		"hackathon*", "hack", "hackers", "hacks", "devpost", "demo day", "hackfest", "buildathon",
		"codeathon", "黑客松", "黑客马拉松", "编程马拉松", NULL}},
	{"grant", {
		"grant", "grants", "microgrant*", "rfp", "rfps", "funding", "proposal", "proposals",
		"grantee*", "request for proposal*", "资助", "基金", NULL}},
	{"design", {
		"logo", "landing page", "ui design", "ux", "ui", "figma", "design system", "illustration*",
		"poster", "banner", "graphic*", "designer", "designers", "design", "mascot", "标志",
		"设计", "海报", "征集标识", "吉祥物", "徽标", "视觉", "会徽", "图标", "logo设计", NULL}},
	{"content", {
		"writing", "write", "article", "essay", "blog post", "blog", "deep dive", "video",
		"script", "tutorial", "documentation", "thread", "podcast", "photography", "photo contest",
		"content", "newsletter", "poem", "poetry", "story", "explainer", "征文", "征稿", "投稿",
		"摄影", "文章", "作文", "短视频", "写作", "诗", "稿件", "原创", "散文", "随笔", "rewrite",
		"texts", "copywriting", "e-mails", NULL}},
	{"translation", {
		"translat*", "localiz*", "localis*", "翻译", "本地化", NULL}},
	{"marketing", {
		"marketing", "promotion", "promote", "growth", "campaign", "brand", "influencer*",
		"go-to-market", "referral", "seo", "ads", "推广", "营销", "宣传", NULL}},
	{"community", {
		"community", "discord", "ambassador*", "tweet", "retweet", "follow", "quest", "xp",
		"airdrop", "wallet", "kyc", "sign up", "join", "nft", "moderator*", "meetup", "event",
		"社区", "志愿者", "大使", "关注", "转发", NULL}},
	{"research", {
		"research", "survey", "dataset*", "benchmark", "algorithm*", "machine learning",
		"deep learning", "paper", "data science", "kaggle", "prediction", "leaderboard", "模型",
		"算法", "识别", "预测", "研究", "赛道", "大赛", "竞赛", "人工智能", "detection",
		"classification", "recognition", "forecasting", "segmentation", "检测", "分类", "分割",
		NULL}},
	{"development", {
		"issue", "pull request", "repository", "repo", "bug", "feature", "api", "frontend",
		"backend", "react", "typescript", "javascript", "python", "rust", "go", "solidity",
		"developer", "developers", "code", "build", "implement*", "bot", "app", "sdk", "software",
		"fix", "plugin", "website", "integration", "开发", "代码", "前端", "后端", "工程师",
		"实习", "编程", "修复", "脚本", "单元测试", "网站", "接口", "系统", "程序", NULL}},
};
/* clang-format on */

bool bg_rules_category(bg_doc *doc, bg_found *found)
{
	const char *title = doc->title_lower != NULL ? doc->title_lower : "";
	size_t title_len = strlen(title);
	int best_score = 0;
	size_t best = BG_SCAN_NONE;
	size_t where = BG_SCAN_NONE;
	size_t where_end = 0;
	bg_pairs pairs;

	bg_pairs_of(&pairs, doc->lower, 0, doc->keywords);

	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
	{
		int score = 0;

		for (size_t k = 0; categories[i].words[k] != NULL; k++)
		{
			const char *const one[] = {categories[i].words[k], NULL};

			if (bg_cue_any(title, 0, title_len, one))
				score += i < 3 ? 14 : 8;
			/* words of the community's tools are everywhere */
			if (bg_pairs_may(&pairs, one[0]))
				score += bg_cue_count(doc->lower, 0, doc->keywords, one[0],
				                      strcmp(categories[i].category, "community") == 0 ? 1 : 4);
		}
		/* the kind of a programme says more than the tools it mentions */
		if (i < 3)
			score = score * 3 / 2;
		if (score > best_score)
		{
			best_score = score;
			best = i;
		}
	}
	if (doc->issue && (best == BG_SCAN_NONE || strcmp(categories[best].category, "security") != 0))
		for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
			if (strcmp(categories[i].category, "development") == 0)
				best = i;
	if (best != BG_SCAN_NONE)
		where = bg_cue_first(doc->lower, 0, doc->keywords, categories[best].words, &where_end);
	if (where == BG_SCAN_NONE)
	{
		bg_doc_missing(doc, "category", "absent");
		return false;
	}
	/* The whole word is quoted, not the stem that was looked for. */
	while (where_end < doc->keywords && bg_is_alnum(doc->lower[where_end]))
		where_end++;
	doc->category = categories[best].category;
	found->value = json_string(doc->category);
	found->span = (bg_span){where, where_end};
	found->method = "rule";
	found->confidence = best_score >= 12 ? 0.8 : 0.6;
	return found->value != NULL;
}

bool bg_rules_eligibility(bg_doc *doc, bg_found *found)
{
	/* clang-format off */
					static const char *const cues[] = {
						"eligib*", "open to", "void where", "void in", "students only", "18+",
						"18 years", "years of age", "years or older", "must be at least",
						"who can participate", "who can take part", "who can apply",
						"residents of", "not open to", "only available to", "us users only",
						"available to", "must reside", "age of majority", "restricted countries",
						"sanctioned", "members only", "参赛对象", "参赛资格", "征集对象", "仅限",
						"参赛条件", "年满", "报名条件", "申请条件", "参与条件", NULL
					};
	/* clang-format on */

	for (size_t i = 0; i < doc->line_count && i < 4000; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t from = line->start;
		size_t to = line->end;
		char *text;

		if (line->end <= line->start || i == doc->title_line ||
		    !bg_cue_any(doc->lower, from, to, cues))
			continue;
		if (line->level > 0 || (to - from < 28 && !bg_is_digit(doc->text[to - 1])))
		{
			/* a heading: the line below says it */
			size_t next = i + 1;

			while (next < doc->line_count && doc->lines[next].end <= doc->lines[next].start)
				next++;
			if (line->level > 0 && next < doc->line_count && doc->lines[next].level == 0)
			{
				from = doc->lines[next].start;
				to = doc->lines[next].end;
			}
			else if (line->level > 0)
				continue;
		}
		/* long paragraphs: the sentence with the cue */
		if (to - from > 320)
		{
			size_t cue = bg_cue_first(doc->lower, from, to, cues, NULL);

			if (cue == BG_SCAN_NONE)
				cue = from;
			for (size_t k = cue; k > from + 1; k--)
				if ((doc->text[k - 1] == ' ' && doc->text[k - 2] == '.') ||
				    bg_scan_ends(doc->text, k, "。"))
				{
					from = k;
					break;
				}
			for (size_t k = cue; k + 1 < to; k++)
				if ((doc->text[k] == '.' && doc->text[k + 1] == ' ') ||
				    bg_scan_has(doc->text, to, k, "。"))
				{
					to = doc->text[k] == '.' ? k + 1 : k + 3;
					break;
				}
			if (to - from > 600)
				to = bg_scan_align(doc->text, from + 600);
		}
		text = bg_doc_clean(doc->text + from, to - from);
		if (text == NULL || text[0] == '\0' || !bg_utf8_valid(text, strlen(text)))
		{
			free(text);
			continue;
		}
		found->value = json_string(text);
		free(text);
		found->span = (bg_span){from, to};
		found->method = "rule";
		found->confidence = 0.6;
		return found->value != NULL;
	}
	bg_doc_missing(doc, "eligibility", "absent");
	return false;
}
