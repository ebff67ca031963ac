/*
 * rules_amounts.c
 *		What each amount in the text is for: a total, a prize, a label, an offer, or something else entirely. Plain C; see rules.h.
 */
#include "rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* clang-format off */
static const char *const other_before[] = {
	"fee", "fees", "raised", "raise", "revenue", "revenues", "tvl", "market cap", "valuation",
	"worth over", "generated", "e.g.", "for example", "for instance", "such as", "like",
	"last year", "last year's", "previous", "previously", "past year", "last edition", "so far",
	"already paid", "has paid", "have paid", "paid over", "paid out over", "awarded over",
	"distributed over", "donat*", "tip", "tipped", "cost", "costs", "price of", "priced at",
	"minimum deposit", "deposit of", "funds at risk", "value locked", "locked", "another",
	"cancelled", "canceled", "withdrew", "elsewhere", "lost", "stolen", "hack of", "exploit*",
	"drained", "in volume", "ticket", "tickets", "subscription", "per month", "salary", "invest*",
	"backed", "seed", "sponsored by", "pledg*", "loan", "holding", "hold at least",
	"at least hold", "balance of", "stake at least", "trade at least", "trading volume of", "at $",
	"plenty", "went to", "was paid", "won", "took home", "received", "was given", "were given",
	"take home", "walked away", "paid out", "was awarded", "were awarded", "went home", "bonus",
	"gas cost", "saving", "would be", "报名费", "参赛费", "手续费", "保证金", "押金", "融资",
	"估值", "注册资本", "去年", "往届", "上届", "上一届", "曾拿出", "曾获", "累计发放", "已发放",
	"价值", "市值", "售价", "原价", "门票", "成本", "营收", "收入", "捐", "赞助商出", "例如",
	"比如", "销售额", "礼品", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const other_after[] = {
	"fee", "entry fee", "registration fee", "raised", "in revenue", "revenue", "in tvl", "tvl",
	"market cap", "in volume", "per vote", "per month", "a month", "was stolen", "were stolen",
	"lost", "in losses", "in damages", "last year", "of funded", "in funded", "has been paid",
	"have been paid", "was awarded", "were awarded", "deposit", "balance",
	"or more in your wallet", "pledge", "cap per", "报名费", "参赛费", "手续费", "的广告",
	"的礼品", "的奖品", "等值礼品", "）的", "融资", "门票", NULL
};
/* clang-format on */
static const char *const withdrawn[] = {
    "cancelled", "canceled", "withdrew", "withdrawn", "refunded", "revoked", "取消", "撤回", NULL};
/* clang-format off */
static const char *const total_before[] = {
	"total", "totaling", "totalling", "pool", "pot", "budget", "prize money", "in total",
	"overall", "grand total", "maximum bounty", "max bounty", "maximum reward", "max reward",
	"top reward", "reward pool", "funding amount", "funding of", "sum of", "prizes worth",
	"prize worth", "rewards worth", "prize fund", "share of", "share in", "a share of",
	"worth of prizes", "bounty pool", "总奖金", "奖金总额", "奖金池", "奖池", "总额", "总计",
	"共计", "合计", "总金额", "总奖池", "总价值", "悬赏总额", "奖金高达", "奖金最高", "最高奖金",
	"最高奖励", "总奖励", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const total_after[] = {
	"in prizes", "in prize", "prize pool", "reward pool", "total prize", "total", "in total",
	"in prize money", "in rewards", "in cash", "in cash prizes", "in funding", "of prizes",
	"of funding", "in bounties", "in grants", "worth of prizes", "prize money", "award pool",
	"award pot", "main award pot", "funding pool", "bounty pool", "pool", "pot",
	"has been set aside", "have been set aside", "set aside", "up for grabs", "grant pool",
	"prize fund", "in awards", "worth of rewards", "in scholarships", "in usdc prizes", "奖金池",
	"奖池", "总奖金", "大奖", "奖金", "的奖金", "现金奖", "奖励池", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const label_before[] = {
	"reward", "rewards", "bounty", "prize", "prizes", "price", "award", "awards", "payout",
	"compensation", "payment", "bounty amount", "reward amount", "grant amount", "prize amount",
	"amount", "fee offered", "remuneration", "bounty value", "value", "funding", "pays", "奖金",
	"赏金", "奖励", "报酬", "稿酬", "酬金", "稿费", "悬赏", "悬赏金额", "赏金金额", "奖金金额",
	"预算", "薪酬", "薪资", "奖品", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const offer_cues[] = {
	"reward*", "prize*", "bounty", "bounties", "award*", "earn", "earns", "receive", "receives",
	"paid", "pay", "pays", "win", "wins", "winner*", "get", "gets", "grant*", "offer*", "fund",
	"funded", "funding", "payout*", "compensat*", "payment", "stipend", "reimburs*",
	"initial payment", "tranche", "奖", "酬", "悬赏", "赏金", "稿费", "资助", "补贴", "薪", "空投",
	"瓜分", "获得", "可得", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const severity_cues[] = {
	"critical", "high", "medium", "low", "informational", "severe", "严重", "高危", "中危", "低危",
	"高风险", "中风险", "低风险", "p1", "p2", "p3", "p4", "s1", "s2", "s3", "tier 1", "tier 2",
	"tier 3", NULL
};
/* clang-format on */
/* clang-format off */
static const char *const place_cues[] = {
	"first", "second", "third", "fourth", "fifth", "1st", "2nd", "3rd", "4th", "5th", "6th", "7th",
	"8th", "9th", "10th", "gold", "silver", "bronze", "grand prize", "top prize", "runner-up",
	"runners-up", "runner up", "runners up", "honorable mention*", "honourable mention*", "winner",
	"winners", "best", "special prize", "community prize", "mini prizes", "main prize", "place",
	"finalist*", "consolation", "🥇", "🥈", "🥉", "🏆", "一等奖", "二等奖", "三等奖", "四等奖",
	"特等奖", "优秀奖", "优胜奖", "入围奖", "人气奖", "鼓励奖", "创新奖", "参与奖", "幸运奖",
	"金奖", "银奖", "铜奖", "第一名", "第二名", "第三名", "第1名", "第2名", "第3名", "冠军",
	"亚军", "季军", "采用奖", "奖：", "奖:", "一名", "最佳", "采用", "入围", "纪念奖", "佳作奖",
	"提名奖", "大奖", NULL
};
/* clang-format on */

/* Beginning of what belongs to an amount at "start" in its line: the last sentence end or separator before it. */
static size_t context_start(const bg_doc *doc, const bg_line *line, size_t start)
{
	size_t from = start > line->start + 110 ? bg_scan_align(doc->text, start - 110) : line->start;

	for (size_t i = start; i > from + 1; i--)
	{
		if ((doc->text[i - 2] == '.' || doc->text[i - 2] == '!' || doc->text[i - 2] == ';') &&
		    doc->text[i - 1] == ' ')
			return i;
		if (i >= from + 3 && (bg_scan_ends(doc->text, i, "。") || bg_scan_ends(doc->text, i, "；")))
			return i;
	}
	return from;
}

static size_t context_end(const bg_doc *doc, const bg_line *line, size_t end)
{
	size_t to = line->end > end + 60 ? bg_scan_align(doc->text, end + 60) : line->end;

	for (size_t i = end; i < to; i++)
	{
		if ((doc->text[i] == '.' || doc->text[i] == ';' || doc->text[i] == ',' ||
		     doc->text[i] == '|') &&
		    (i + 1 >= to || !bg_is_digit(doc->text[i + 1])))
			return i;
		if (bg_scan_has(doc->text, to, i, "。") || bg_scan_has(doc->text, to, i, "，") ||
		    bg_scan_has(doc->text, to, i, "；"))
			return i;
	}
	return to;
}

static int small_number(const char *s, size_t len, size_t at)
{
	int value = 0;
	size_t from = at;

	while (at < len && bg_is_digit(s[at]) && at - from < 5)
		value = value * 10 + (s[at++] - '0');
	return at == from || (at < len && bg_is_digit(s[at])) ? 0 : value;
}

/* How many of a prize are given: "3x $500", "x3", "(2个名额)", "3名", "10 winners". */
static int prize_count(const bg_doc *doc, const bg_line *line, const bg_money *money)
{
	/* clang-format off */
		static const char *const after_words[] = {
			"winners", "winner", "people", "teams", "projects", "places", "prizes", "recipients",
			"each", "个名额", "名", "个", "人", "位", "幅", "篇", "组", "支队伍", "支", "份", "x",
			NULL
		};
	/* clang-format on */
	static const char *const before_units[] = {"件", "名", "人", "位", "个", "组",
	                                           "篇", "幅", "支", "份", NULL};
	size_t near = bg_scan_skip_back(doc->lower, money->span.start);
	size_t from;
	size_t to = line->end;
	int count;

	/* "3x $500", "5 x $200", "3 × $500" */
	if (near > line->start + 1)
	{
		size_t digits = BG_SCAN_NONE;

		if (doc->lower[near - 1] == 'x')
			digits = bg_scan_skip_back(doc->lower, near - 1);
		else if (bg_scan_ends(doc->lower, near, "×"))
			digits = bg_scan_skip_back(doc->lower, near - 2);
		if (digits != BG_SCAN_NONE && digits > line->start && bg_is_digit(doc->lower[digits - 1]))
		{
			size_t start = digits;

			while (start > line->start && bg_is_digit(doc->lower[start - 1]))
				start--;
			count = small_number(doc->lower, line->end, start);
			if (count >= 1 && count <= 1000)
				return count;
		}
	}
	/* "二等奖2名，稿酬各1000元", "银奖 3 名（各 4 SBD": a count with its unit before the amount, back to the last amount */
	from = money->span.start > line->start + 60 ? money->span.start - 60 : line->start;
	for (size_t i = money->span.start; i > from; i--)
		if (bg_scan_ends(doc->text, i, "、") ||
		    (bg_scan_ends(doc->text, i, "）") && !bg_scan_has(doc->text, line->end, i, "：") &&
		     doc->text[i] != ':') ||
		    doc->text[i - 1] == ';')
		{
			from = i;
			break;
		}
	for (size_t i = money->span.start; i > from; i--)
		for (size_t k = 0; before_units[k] != NULL; k++)
		{
			size_t unit = strlen(before_units[k]);
			size_t digits;
			size_t start;

			if (i < line->start + unit || !bg_scan_ends(doc->text, i, before_units[k]))
				continue;
			digits = bg_scan_skip_back(doc->text, i - unit);
			start = digits;
			while (start > from && bg_is_digit(doc->text[start - 1]))
				start--;
			if (start == digits && digits >= from + 3)
			{
				/* 五件 */
				count = bg_number_ideograph(doc->text, digits, digits - 3);
				if (count > 0 && !bg_scan_ends(doc->text, digits - 3, "第") &&
				    !bg_scan_ends(doc->text, digits - 3, "前"))
					return count;
			}
			if (start == digits || bg_scan_ends(doc->text, start, "第") ||
			    bg_scan_ends(doc->text, start, "前"))
				continue;
			count = small_number(doc->text, line->end, start);
			if (count >= 1 && count <= 1000)
				return count;
		}
	/* "(2个名额)", "x 3", "for 10 winners" */
	from = bg_scan_skip(doc->lower, to, money->span.end);
	if (to > from + 24)
		to = from + 24;
	if (from < to && doc->lower[from] == 'x' &&
	    (count = small_number(doc->lower, to, bg_scan_skip(doc->lower, to, from + 1))) > 0)
		return count <= 1000 ? count : 1;
	for (size_t i = from; i < to; i++)
	{
		size_t word;

		if (doc->text[i] == '$' || doc->text[i] == '|' || doc->text[i] == '+')
			break;
		if (!bg_is_digit(doc->text[i]) || (i > 0 && bg_is_digit(doc->text[i - 1])))
			continue;
		count = small_number(doc->text, to, i);
		word = i;
		while (word < to && bg_is_digit(doc->text[word]))
			word++;
		word = bg_scan_skip(doc->text, line->end, word);
		for (size_t k = 0; after_words[k] != NULL; k++)
			if (count >= 1 && count <= 1000 &&
			    bg_scan_has(doc->lower, line->end, word, after_words[k]))
				return count;
		break;
	}
	/* "Third: 3 winners, $500 each" and "10 honourable mentions, $100 each" */
	if (bg_cue_any(doc->lower, money->span.end, context_end(doc, line, money->span.end),
	               (const char *const[]){"each", "apiece", "per winner", NULL}))
		for (size_t i = line->start; i < money->span.start; i++)
			if (bg_is_digit(doc->lower[i]) && (i == 0 || !bg_is_alnum(doc->lower[i - 1])))
			{
				count = small_number(doc->lower, money->span.start, i);
				while (i < money->span.start && bg_is_digit(doc->lower[i]))
					i++;
				if (count > 1 && count <= 1000 && doc->lower[i] == ' ')
					return count;
			}
	return 1;
}

/* A label that ends right before the amount: "Reward:", "**Award:** Up to", or the line above it. */
static bool labelled(const bg_doc *doc, size_t line_index, const bg_line *line,
                     const bg_money *money, const char *const *labels)
{
	/* clang-format off */
		static const char *const fillers[] = {
			"up to", "about", "of", "is", "are", "us", "最高", "约", "各", "暂定", "共",
			"approximately", "approx.", "at least", "至少", "大约", "为", "a total of", NULL
		};
	/* clang-format on */
	size_t end = bg_scan_skip_back(doc->lower, money->span.start);
	size_t cue_end = 0;
	size_t at;
	bool colon = false;

	for (int i = 0; i < 3; i++)
	{
		for (size_t k = 0; fillers[k] != NULL; k++)
			if (bg_scan_ends(doc->lower, end, fillers[k]) &&
			    end - strlen(fillers[k]) >= line->start && end > line->start)
				end = bg_scan_skip_back(doc->lower, end - strlen(fillers[k]));
		if (end > line->start && (doc->lower[end - 1] == ':' || doc->lower[end - 1] == '|' ||
		                          doc->lower[end - 1] == '(' || doc->lower[end - 1] == '-'))
		{
			colon = colon || doc->lower[end - 1] != '-';
			end = bg_scan_skip_back(doc->lower, end - 1);
		}
		else if (bg_scan_ends(doc->lower, end, "："))
		{
			colon = true;
			end = bg_scan_skip_back(doc->lower, end - 3);
		}
	}
	if (end > line->start && colon)
	{
		at = bg_cue_last(doc->lower, line->start, end, labels, &cue_end);
		return at != BG_SCAN_NONE && cue_end == end;
	}
	if (end <= line->start)
	{
		/* the amount begins its line: a short line above may name it */
		size_t above = bg_doc_line_before(doc, line_index);
		const bg_line *label;

		if (above == BG_SCAN_NONE)
			return false;
		label = &doc->lines[above];
		if (label->end - label->start <= 2) /* "$" */
		{
			above = bg_doc_line_before(doc, above);
			if (above == BG_SCAN_NONE)
				return false;
			label = &doc->lines[above];
		}
		return label->end - label->start < 32 &&
		       bg_cue_any(doc->lower, label->start, label->end, labels);
	}
	return false;
}

static bool in_title(const bg_doc *doc, size_t line)
{
	return doc->title_line == line;
}

/* "(~$900)" right after another amount. */
static bool is_conversion(const bg_doc *doc, const bg_amount *last, const bg_money *money)
{
	size_t gap;

	if (last == NULL || money->span.start < last->money.span.end)
		return false;
	gap = money->span.start - last->money.span.end;
	if (gap > 14 || strcmp(last->money.currency, money->currency) == 0)
		return false;
	for (size_t i = last->money.span.end; i < money->span.start; i++)
		if (doc->text[i] == '(' || doc->text[i] == '=' || (unsigned char) doc->text[i] == 0xEF ||
		    (unsigned char) doc->text[i] == 0xE2 || doc->text[i] == '~')
			return true;
	return false;
}

static bg_role judge(const bg_doc *doc, const bg_amount *last, const bg_amount *amount)
{
	const bg_line *line = &doc->lines[amount->line];
	const bg_money *money = &amount->money;
	size_t from = context_start(doc, line, money->span.start);
	size_t to = context_end(doc, line, money->span.end);
	size_t before_end = 0;
	size_t total_end = 0;
	size_t head_from = line->heading == BG_SCAN_NONE ? 0 : doc->lines[line->heading].start;
	size_t head_to = line->heading == BG_SCAN_NONE ? 0 : doc->lines[line->heading].end;
	bool heading_other = false;
	size_t start = money->span.start;

	if (bg_doc_elsewhere(doc, amount->line))
		return BG_ROLE_OTHER;
	/* taken back again */
	if (bg_cue_any(doc->lower, from, start, withdrawn))
		return BG_ROLE_OTHER;
	/* a rate: $1.0/DAI */
	if (money->span.end + 1 < doc->len && doc->text[money->span.end] == '/' &&
	    bg_is_upper(doc->text[money->span.end + 1]))
		return BG_ROLE_OTHER;
	if (is_conversion(doc, last, money))
		return BG_ROLE_OTHER;
	if (last != NULL && last->line == amount->line && last->money.span.end > from &&
	    last->money.span.end <= start)
		from = last->money.span.end;
	if (head_to > 0)
	{
		static const char *const other_heads[] = {
		    "last year", "previous", "past winners", "history", "sponsors", "fees",
		    "往届",      "去年",     "历届",         "赞助",    NULL};

		heading_other = bg_cue_any(doc->lower, head_from, head_to, other_heads);
	}
	bg_cue_last(doc->lower, from, start, other_before, &before_end);
	bg_cue_last(doc->lower, from, start, total_before, &total_end);
	if (heading_other || (before_end > 0 && before_end >= total_end && start - before_end < 48) ||
	    bg_cue_any(doc->lower, money->span.end, to, other_after))
	{
		/* "Price: 300 USD" in labels is the reward of an issue */
		if (!(doc->issue && labelled(doc, amount->line, line, money, label_before)))
			return BG_ROLE_OTHER;
	}
	/* the labels of an issue */
	if (doc->issue && bg_scan_has(doc->lower, line->end, line->start, "labels:"))
		return BG_ROLE_LABEL;
	if (in_title(doc, amount->line) && money->span.start < doc->title_end)
		return BG_ROLE_TITLE;
	if (total_end > 0 && start - total_end < 40)
		return BG_ROLE_TOTAL;
	/* a place is named in a list, a table or right before the amount, not somewhere in a story */
	if (!money->is_maximum &&
	    bg_cue_any(doc->lower,
	               line->item || line->row || line->end - line->start < 160 || start < from + 60
	                   ? line->start
	                   : start - 60,
	               start, place_cues))
		return BG_ROLE_PRIZE;
	if (bg_cue_any(doc->lower, money->span.end, to, total_after))
		return BG_ROLE_TOTAL;
	/* the line above names the place: "First Prize" and "- $1000 USDC" below it */
	{
		size_t above = bg_doc_line_before(doc, amount->line);

		if (above != BG_SCAN_NONE && bg_scan_skip_back(doc->lower, start) <= line->start &&
		    doc->lines[above].end - doc->lines[above].start < 40 &&
		    bg_cue_any(doc->lower, doc->lines[above].start, doc->lines[above].end, place_cues))
			return BG_ROLE_PRIZE;
	}
	if (labelled(doc, amount->line, line, money, total_before))
		return BG_ROLE_TOTAL;
	if (labelled(doc, amount->line, line, money, label_before) && !line->row)
		/* "$1,500 for the best project" as an item below "Prizes" */
		return line->item && bg_scan_skip_back(doc->lower, start) <= line->start &&
		               bg_cue_any(doc->lower, money->span.end, line->end, place_cues)
		           ? BG_ROLE_PRIZE
		           : BG_ROLE_LABEL;
	/* "$150 bounty" */
	if (line->end - line->start < 60 &&
	    bg_cue_first(doc->lower, money->span.end, line->end, label_before, NULL) ==
	        bg_scan_skip(doc->lower, line->end, money->span.end))
		return BG_ROLE_LABEL;
	if (bg_cue_any(doc->lower, line->start, start, severity_cues) && start - line->start < 120)
		return BG_ROLE_SEVERITY;
	if (bg_cue_any(doc->lower, line->start > from ? line->start : from, to, offer_cues) ||
	    money->is_maximum)
		return BG_ROLE_OFFER;
	if (head_to > 0 && bg_cue_any(doc->lower, head_from, head_to, offer_cues))
		return BG_ROLE_OFFER;
	/* "$360.00 · due in 12 days" */
	if (bg_scan_skip_back(doc->lower, start) <= line->start && amount->line < 4 &&
	    line->end - line->start < 60)
		return BG_ROLE_LABEL;
	return BG_ROLE_MENTION;
}

/* "Participation prize pool" among the rows of a list of prizes is one of them, not the total. */
static void demote_totals(bg_doc *doc)
{
	for (size_t i = 0; i < doc->amount_count; i++)
	{
		bg_amount *amount = &doc->amounts[i];

		if (amount->role != BG_ROLE_TOTAL)
			continue;
		for (size_t k = i > 8 ? i - 8 : 0; k < doc->amount_count && k < i + 8; k++)
			if (doc->amounts[k].role == BG_ROLE_PRIZE &&
			    strcmp(doc->amounts[k].money.currency, amount->money.currency) == 0 &&
			    doc->amounts[k].money.amount > amount->money.amount)
			{
				amount->role = BG_ROLE_PRIZE;
				amount->count = prize_count(doc, &doc->lines[amount->line], &amount->money);
				break;
			}
	}
}

/* "The prizes are 10 SBD, 5 SBD and 2 SBD": an amount right after another is of its kind; two make prizes. */
static void join_list(const bg_doc *doc, bg_amount *amount)
{
	static const char *const joins[] = {",",  "and", ", and", "&",  "/",
	                                    "、", "和",  "，",    "及", NULL};
	static const char *const prizes[] = {"prizes", "places", "winners", "奖", NULL};
	bg_amount *last = amount - 1;
	size_t from;
	size_t to;

	if (doc->amount_count == 0 || last->line != amount->line ||
	    (amount->role != BG_ROLE_MENTION && amount->role != BG_ROLE_OFFER) ||
	    (last->role != BG_ROLE_OFFER && last->role != BG_ROLE_PRIZE && last->role != BG_ROLE_LABEL))
		return;
	from = bg_scan_skip(doc->lower, amount->money.span.start, last->money.span.end);
	to = bg_scan_skip_back(doc->lower, amount->money.span.start);
	for (size_t i = 0; joins[i] != NULL; i++)
		if (from < to && to - from == strlen(joins[i]) &&
		    memcmp(doc->lower + from, joins[i], to - from) == 0)
		{
			const bg_line *line = &doc->lines[amount->line];

			if (bg_cue_any(doc->lower, line->start, line->end, prizes))
				last->role = BG_ROLE_PRIZE;
			amount->role = last->role;
			return;
		}
}

/* "[$500] Fix the parser": a price in brackets at the beginning of a page's title. */
static void find_title_money(bg_doc *doc)
{
	const char *titles[] = {doc->page->title.value, doc->page->document_title};

	for (int i = 0; i < 2 && doc->title_with_money == NULL; i++)
	{
		const char *title = titles[i];
		size_t len = title != NULL ? strlen(title) : 0;
		size_t position = 0;

		if (len == 0 || len > 1000 || !bg_utf8_valid(title, len) ||
		    !bg_money_next(title, len, &position, &doc->title_money))
			continue;
		if (doc->title_money.span.start > 0 && title[doc->title_money.span.start - 1] == '[' &&
		    title[doc->title_money.span.end] == ']')
			doc->title_with_money = title;
	}
}

bool bg_rules_amounts(bg_doc *doc)
{
	size_t position = 0;
	bg_money money;

	doc->amounts = calloc(BG_RULES_MAX_AMOUNTS, sizeof(bg_amount));
	if (doc->amounts == NULL)
		return false;
	if (doc->page != NULL)
		find_title_money(doc);
	while (doc->amount_count < BG_RULES_MAX_AMOUNTS &&
	       bg_money_next(doc->scan, doc->len, &position, &money))
	{
		bg_amount *amount = &doc->amounts[doc->amount_count];

		amount->money = money;
		amount->line = bg_doc_line(doc, money.span.end - 1);
		amount->role = judge(doc, doc->amount_count > 0 ? amount - 1 : NULL, amount);
		join_list(doc, amount);
		amount->count = 1;
		if (amount->role == BG_ROLE_PRIZE || amount->role == BG_ROLE_OFFER)
			amount->count = prize_count(doc, &doc->lines[amount->line], &money);
		doc->amount_count++;
	}
	demote_totals(doc);
	return true;
}
