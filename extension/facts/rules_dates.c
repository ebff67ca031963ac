/*
 * rules_dates.c
 *		What each date in the text is for: submission, registration, start, event, results and so on. Plain C; see rules.h.
 *
 * Which of them is the deadline is for rules_deadline.c.
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

typedef struct cue_group
{
	bg_purpose purpose;
	const char *kind;
	const char *cues[64];
} cue_group;

/* The cue nearest before a date decides; of two that end together the longer one. */
/* clang-format off */
static const cue_group groups[] = {
	{BG_PURPOSE_SUBMISSION, "submission", {
		"submission deadline", "submissions deadline", "submissions due", "submission due",
		"projects due", "project due", "submit by", "submit before", "submitted by", "submit your",
		"submissions close*", "submission close*", "submission period", "submissions are open",
		"submissions open", "submission window", "deadline for submission*", "deadline to submit",
		"entries close", "entries must be", "entry deadline", "entries due",
		"application deadline", "applications close*", "applications due", "applications are due",
		"apply by", "apply before", "deadline to apply", "deadline for application*",
		"proposals due", "proposal deadline", "proposals are due", "closing date", "code freeze",
		"final submission", "submission ends", "submissions end", "due by", "must be submitted",
		"must be received", "submit until", "accept submissions until",
		"accepting applications until", "application period", "applications open", "valid through",
		"accepted until", "accepted through", "hand in by", "last day to submit",
		"last day to apply", "received by", NULL}},
	{BG_PURPOSE_SUBMISSION, "submission", {
		"提交截止", "截稿", "征文时间", "征文截止", "即日起至", "即日起到", "即日起—", "参评时间",
		"活动截止", "作品提交", "提交时间", "征稿时间", "征集时间", "征稿：", "征稿:", "投稿时间",
		"投稿截止", "代码提交", "上传截止", "作品上传", "截止投稿", "申请截止", "截止提交",
		"提交作品", "征集截止", "作品征集", "参赛截止", "收稿", "投递截止", "项目提交", "申请时间",
		"申报截止", "交稿", NULL}},
	{BG_PURPOSE_DEADLINE, "submission", {
		"deadline", "due date", "due", "no later than", "cutoff", "cut-off",
		"deadline extended to", "extended to", "extended until", "last date", "final date", "截止",
		"截至", "截止时间", "截止日期", "延期至", "延长至", "顺延至", "最后期限", "最晚", "不晚于",
		"到期", NULL}},
	{BG_PURPOSE_END, "end", {
		"ends", "end", "end date", "ends on", "ending", "closes", "close", "closed on", "closing",
		"expires", "expire", "expiry", "until", "through", "valid until", "open until",
		"runs until", "before", "by", "end time", "bounty ends", "contest ends", "campaign period",
		"contest period", "event period", "activity period", "competition period", "runs from",
		"running from", "from", "period", "结束", "活动时间", "比赛时间", "活动期限", "活动日期",
		"有效期", "期限", "时间：", "时间:", "参赛时间", "竞赛时间", "赛程", NULL}},
	{BG_PURPOSE_REGISTRATION, "registration", {
		"registration deadline", "registration closes", "register by", "register before",
		"registration ends", "registrations close", "registration", "signed up before",
		"sign up by", "sign-up deadline", "rsvp by", "signup", "sign up before", "team formation",
		"报名截止", "报名时间", "报名：", "截止报名", "注册截止", "报名", NULL}},
	{BG_PURPOSE_OTHER, "start", {
		"start", "starts", "started", "starting", "starts on", "starting on", "start date",
		"begin*", "opens", "open on", "opened", "opening", "kick-off", "kickoff", "kick off",
		"launch*", "live since", "since", "effective", "commenc*", "as of", "active from", "开始",
		"开启", "启动", "上线", "开幕", "起", "开放", "开赛", NULL}},
	{BG_PURPOSE_OTHER, "results", {
		"announce*", "results", "winners", "winner", "awarded", "award ceremony", "ceremony",
		"公布", "公示", "颁奖", "结果", "获奖", "发布", "揭晓", NULL}},
	{BG_PURPOSE_OTHER, "judging", {
		"judging", "judges", "judge", "vote", "voting", "review period", "reviewed", "evaluation",
		"screening", "interview*", "grace period", "投票", "评审", "评选", "初选", "审核", "面试",
		"核验", "评奖", NULL}},
	{BG_PURPOSE_OTHER, "payout", {
		"payout", "payouts", "paid on", "payment", "paid by", "distributed", "distribution",
		"hold for payment", "grant release", "claim period", "vesting", "发放", "付款", "打款",
		"到账", NULL}},
	{BG_PURPOSE_OTHER, "event", {
		"event", "held on", "takes place", "taking place", "demo day", "demoday", "workshop*",
		"office hour*", "conference", "webinar", "ama", "meetup", "hacking", "finale", "finals",
		"final pitch", "live stream", "party", "travel", "summit", "meeting", "举办时间", "举行",
		"决赛", "直播", "路演", "分享会", "线下", "组队", NULL}},
	{BG_PURPOSE_OTHER, "other", {
		"published", "posted", "created", "updated", "last updated", "modified", "copyright",
		"version", "release", "released", "filed", "written", "wrote", "commented", "date:",
		"dated", "founded", "merged", "last year", "previous", "born", "before the",
		"self-reporting", "preliminary", "milestone", "version of", "age", "edited", "发表",
		"更新于", "编辑于", "去年", "往届", "成立", "说明", NULL}},
};
/* clang-format on */

static bool says_extended(const bg_doc *doc, size_t from, size_t to)
{
	static const char *const cues[] = {"extended",  "extension", "new deadline", "updated deadline",
	                                   "postponed", "延期",      "延长",         "顺延",
	                                   "推迟",      NULL};

	return bg_cue_any(doc->lower, from, to, cues);
}

/* The group whose cue ends last in [from, to). */
static const cue_group *nearest_group(const bg_doc *doc, size_t from, size_t to, size_t *cue_start,
                                      size_t *cue_end)
{
	const cue_group *best = NULL;

	*cue_start = *cue_end = 0;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
	{
		size_t end = 0;
		size_t start = bg_cue_last(doc->lower, from, to, groups[i].cues, &end);

		if (start == BG_SCAN_NONE)
			continue;
		if (best == NULL || end > *cue_end || (end == *cue_end && start < *cue_start))
		{
			best = &groups[i];
			*cue_start = start;
			*cue_end = end;
		}
	}
	return best;
}

/* Words too weak to make a deadline of a single date: "by", "from", "before" need a range or a stronger word beside them. */
static bool is_weak(const bg_doc *doc, size_t start, size_t end, bool is_range)
{
	static const char *const weak[] = {"by",     "from",  "through",   "end",         "before",
	                                   "period", "close", "runs from", "running from"};
	/* clang-format off */
		static const char *const support[] = {
			"submit*", "submission*", "apply", "application*", "entry", "entries", "proposal*",
			"deliver*", "complete*", "claim*", "participate", "should", "pull request*", "must",
			"send", "提交", "投稿", "报名", "参赛", "申请", NULL
		};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (end - start == strlen(weak[i]) && memcmp(doc->lower + start, weak[i], end - start) == 0)
		{
			size_t line = bg_doc_line(doc, start);

			if (is_range && (i == 1 || i == 2 || i >= 7))
				return !bg_cue_any(doc->lower, doc->lines[line].start, doc->lines[line].end,
				                   support);
			return !bg_cue_any(doc->lower, doc->lines[line].start, doc->lines[line].end, support);
		}
	return false;
}

static void apply(bg_dated *dated, const cue_group *group)
{
	dated->purpose = group->purpose;
	dated->kind = group->kind;
}

static bool is_other_after(const bg_doc *doc, size_t from, size_t to, const cue_group **group)
{
	size_t start;
	size_t end;
	/* "2022年9月16日开始", "2026-10-04 (start)" and "10月4日截止" */
	size_t limit = to > from + 48 ? bg_scan_align(doc->text, from + 48) : to;
	const cue_group *best = NULL;
	size_t at = BG_SCAN_NONE;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
	{
		size_t hit = bg_cue_first(doc->lower, from, limit, groups[i].cues, &end);

		if (hit != BG_SCAN_NONE && (at == BG_SCAN_NONE || hit < at))
		{
			at = hit;
			best = &groups[i];
		}
	}
	(void) start;
	*group = best;
	return best != NULL;
}

static void judge(const bg_doc *doc, const bg_dated *last, bg_dated *dated)
{
	const bg_line *line = &doc->lines[dated->line];
	size_t from = line->start;
	size_t start = dated->when.span.start;
	size_t end = dated->when.span.end;
	size_t cue_start;
	size_t cue_end;
	size_t to = line->end;
	const cue_group *group;
	size_t first = start;

	dated->purpose = BG_PURPOSE_UNKNOWN;
	dated->kind = "other";
	if (bg_doc_elsewhere(doc, dated->line))
	{
		dated->purpose = BG_PURPOSE_OTHER;
		return;
	}
	if (start > from + 140)
		from = bg_scan_align(doc->text, start - 140);
	if (last != NULL && last->when.span.end > from && last->when.span.end <= start)
		from = last->when.span.end;
	for (size_t i = start; i > from + 1 && !line->row; i--)
		if ((doc->text[i - 1] == ' ' && (doc->text[i - 2] == '.' || doc->text[i - 2] == ';') &&
		     i - 2 > from + 3 && !bg_is_digit(doc->text[i - 3])) ||
		    (i >= from + 3 &&
		     (bg_scan_ends(doc->text, i, "。") || bg_scan_ends(doc->text, i, "；"))))
		{
			from = i;
			break;
		}
	if (line->row)
		from = line->start; /* the first cell names the row */
	dated->extended = says_extended(doc, from, start);
	group = nearest_group(doc, from, start, &cue_start, &cue_end);
	if (group != NULL && is_weak(doc, cue_start, cue_end, dated->is_range))
		group = NULL;
	/* "application deadline" in front of an unclear nearer cue: a stronger one in the same clause wins over a plain end */
	if (group != NULL &&
	    (group->purpose == BG_PURPOSE_END || group->purpose == BG_PURPOSE_DEADLINE))
	{
		if (bg_cue_any(doc->lower, from, start, groups[0].cues) ||
		    bg_cue_any(doc->lower, from, start, groups[1].cues))
			group = &groups[0];
		else if (bg_cue_any(doc->lower, from, start, groups[4].cues))
			group = &groups[4];
		else if (bg_cue_any(doc->lower, from, start, groups[7].cues))
			group = &groups[7];
	}
	if (group != NULL && group->purpose == BG_PURPOSE_REGISTRATION &&
	    (bg_cue_any(doc->lower, from, start, groups[0].cues) ||
	     bg_cue_any(doc->lower, from, start, groups[1].cues)))
		group = &groups[0];
	if (line->row)
	{
		/* words of the first cell: "Application | 26 Dec - 21 Feb" */
		static const char *const submit[] = {
		    "application", "applications", "submission", "submissions", "apply", "submit",
		    "entries",     "提交",         "投稿",       "申请",        NULL};

		if ((group == NULL || group->purpose == BG_PURPOSE_END) &&
		    bg_cue_any(doc->lower, from, start, submit))
			group = &groups[0];
	}
	if (group != NULL)
	{
		apply(dated, group);
		if (group->purpose != BG_PURPOSE_OTHER || cue_end + 40 > start)
		{
			/* "Starts ... " before and "deadline" right after: the nearer one; only a Chinese verb comes after its date */
			const cue_group *after;

			if (doc->chinese && group->purpose != BG_PURPOSE_OTHER &&
			    is_other_after(doc, end, to, &after) && after->purpose == BG_PURPOSE_OTHER &&
			    start - cue_end > 30)
				apply(dated, after);
			return;
		}
	}
	if (is_other_after(doc, end, to, &group) && !line->row &&
	    (doc->chinese || bg_scan_skip_back(doc->lower, start) <= line->start ||
	     doc->lower[bg_scan_skip(doc->lower, to, end)] == '(' ||
	     doc->lower[bg_scan_skip(doc->lower, to, end)] == ':' ||
	     doc->lower[bg_scan_skip(doc->lower, to, end)] == '-'))
	{
		apply(dated, group);
		if (dated->purpose != BG_PURPOSE_UNKNOWN)
			return;
	}
	/* the date begins its line: a short line above may name it */
	first = bg_scan_skip_back(doc->lower, start);
	while (first > line->start && bg_is_alpha(doc->lower[first - 1])) /* a weekday */
		first--;
	if (first <= line->start)
	{
		size_t above = bg_doc_line_before(doc, dated->line);

		if (above != BG_SCAN_NONE && doc->lines[above].end - doc->lines[above].start < 48)
		{
			group = nearest_group(doc, doc->lines[above].start, doc->lines[above].end, &cue_start,
			                      &cue_end);
			if (group != NULL)
			{
				apply(dated, group);
				return;
			}
		}
	}
	if (line->heading != BG_SCAN_NONE)
	{
		const bg_line *heading = &doc->lines[line->heading];

		group = nearest_group(doc, heading->start, heading->end, &cue_start, &cue_end);
		if (group != NULL && dated->line - line->heading < 6)
			apply(dated, group);
	}
}

/* A date of the document itself: metadata, front matter, "Published: ...", or the only year in the text. */
static void find_reference(bg_doc *doc)
{
	static const char *const own[] = {
	    "published", "posted",   "opened by", "date:",  "created",  "updated",
	    "发布时间",  "发布日期", "发表于",    "发布于", "wrote on", NULL};
	size_t position = 0;
	bg_deadline when;
	char only[12] = "";
	bool many = false;
	int y;
	int m;
	int d;

	if (doc->page != NULL && doc->page->published.value != NULL &&
	    bg_date_read(doc->page->published.value, &y, &m, &d))
	{
		memcpy(doc->reference, doc->page->published.value, 10);
		doc->reference[10] = '\0';
		return;
	}
	for (int i = 0;
	     i < BG_RULES_MAX_DATES && bg_deadline_next(doc->scan, doc->len, &position, NULL, &when);
	     i++)
	{
		size_t line = bg_doc_line(doc, when.span.start);

		if (bg_cue_any(doc->lower, doc->lines[line].start, when.span.start, own))
		{
			bg_string_copy(doc->reference, sizeof(doc->reference), when.date);
			return;
		}
		if (only[0] == '\0')
			bg_string_copy(only, sizeof(only), when.date);
		else if (strncmp(only, when.date, 4) != 0)
			many = true;
	}
	if (only[0] != '\0' && !many)
		bg_string_copy(doc->reference, sizeof(doc->reference), only);
}

bool bg_rules_dates(bg_doc *doc)
{
	size_t position = 0;
	bg_dated dated;

	doc->dates = calloc(BG_RULES_MAX_DATES, sizeof(bg_dated));
	if (doc->dates == NULL)
		return false;
	if (doc->line_count == 0)
		return true;
	find_reference(doc);
	memset(&dated, 0, sizeof(dated));
	while (doc->date_count < BG_RULES_MAX_DATES &&
	       bg_deadline_scan(doc->scan, doc->len, &position,
	                        doc->reference[0] != '\0' ? doc->reference : NULL, &dated.when,
	                        &dated.yearless, &dated.is_range))
	{
		dated.line = bg_doc_line(doc, dated.when.span.start);
		judge(doc,
		      doc->date_count > 0 && doc->dates[doc->date_count - 1].line == dated.line
		          ? &doc->dates[doc->date_count - 1]
		          : NULL,
		      &dated);
		doc->dates[doc->date_count++] = dated;
	}
	return true;
}
