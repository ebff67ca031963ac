/*
 * rules_reward.c
 *		The reward of a task and its rows, out of the judged amounts and JSON-LD. Plain C; see rules.h.
 */
#include "rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

json_t *bg_rules_number(const char *digits)
{
	if (digits[0] == '\0')
		return json_null();
	if (strchr(digits, '.') == NULL && strlen(digits) <= 18)
		return json_integer((json_int_t) strtoll(digits, NULL, 10));
	return json_real(strtod(digits, NULL));
}

/* Canonical digits of a sum of products; false if it isn't exact. */
static bool put_sum(double sum, char *out, size_t size)
{
	if (!(sum > 0) || sum > 9e15)
		return false;
	snprintf(out, size, "%.6f", sum);
	for (size_t n = strlen(out); n > 0 && (out[n - 1] == '0' || out[n - 1] == '.'); n--)
	{
		bool dot = out[n - 1] == '.';

		out[n - 1] = '\0';
		if (dot)
			break;
	}
	return true;
}

static const char *distribution(const bg_doc *doc, bg_role role)
{
	static const char *const raffles[] = {
	    "raffle",   "lottery", "randomly selected", "random draw", "lucky draw",
	    "giveaway", "抽奖",    "随机抽取",          "抽取",        NULL};
	static const char *const splits[] = {"split among",    "split between",  "split equally",
	                                     "shared among",   "shared equally", "divided among",
	                                     "share the pool", "equally among",  "瓜分",
	                                     "平分",           "均分",           NULL};
	static const char *const eachs[] = {
	    "each winner", "per winner",   "per submission", "per person", "each participant",
	    "for each",    "per accepted", "per grant",      "winners:",   NULL};

	size_t rows = 0;

	if (bg_cue_any(doc->lower, 0, doc->keywords, raffles))
		return "raffle";
	for (size_t i = 0; i < doc->amount_count; i++)
		rows += doc->amounts[i].role == BG_ROLE_PRIZE || doc->amounts[i].role == BG_ROLE_SEVERITY;
	if (rows > 1 || role == BG_ROLE_PRIZE || role == BG_ROLE_SEVERITY)
		return "tiers";
	if (bg_cue_any(doc->lower, 0, doc->keywords, splits))
		return "split";
	if (bg_cue_any(doc->lower, 0, doc->keywords, eachs))
		return "each";
	return NULL;
}

static bool fill(const bg_doc *doc, bg_found *found, const char *digits, const char *min,
                 const char *currency, bg_role role, bg_span span, const char *method,
                 double confidence)
{
	const char *how = role == BG_ROLE_MENTION ? NULL : distribution(doc, role);

	if (currency != NULL && how == NULL && bg_unit_is_points(currency))
		how = "points";
	found->value = json_object();
	if (found->value == NULL)
		return false;
	json_object_set_new(found->value, "amount", bg_rules_number(digits));
	json_object_set_new(found->value, "min", bg_rules_number(min));
	json_object_set_new(found->value, "currency",
	                    currency == NULL || currency[0] == '\0' ? json_null()
	                                                            : json_string(currency));
	json_object_set_new(found->value, "distribution", how == NULL ? json_null() : json_string(how));
	found->span = span;
	found->method = method;
	found->confidence = confidence;
	return true;
}

/* The largest amount of a role, the first of equals; "maximum" only those that say "up to". */
static const bg_amount *largest(const bg_doc *doc, bg_role role, bool maximum)
{
	const bg_amount *best = NULL;

	for (size_t i = 0; i < doc->amount_count; i++)
	{
		const bg_amount *amount = &doc->amounts[i];

		if (amount->role != role || (maximum && !amount->money.is_maximum))
			continue;
		/* amounts of other currencies can't be compared: the first one's counts; points are worth less than anything */
		if (best == NULL ||
		    (strcmp(best->money.currency, amount->money.currency) == 0 &&
		     amount->money.amount > best->money.amount) ||
		    (bg_unit_is_points(best->money.currency) && !bg_unit_is_points(amount->money.currency)))
			best = amount;
	}
	return best;
}

static bool same_line(const bg_doc *doc, size_t a, size_t b)
{
	const bg_line *x = &doc->lines[a];
	const bg_line *y = &doc->lines[b];

	return x->end - x->start == y->end - y->start &&
	       memcmp(doc->text + x->start, doc->text + y->start, x->end - x->start) == 0;
}

/* Two lines that say the same below lines that say the same: "1,000 tokens" may well be the second and the third prize. */
static bool same_row(const bg_doc *doc, size_t a, size_t b)
{
	size_t above_a = bg_doc_line_before(doc, a);
	size_t above_b = bg_doc_line_before(doc, b);

	return a != b && same_line(doc, a, b) && above_a != BG_SCAN_NONE && above_b != BG_SCAN_NONE &&
	       same_line(doc, above_a, above_b);
}

/*
 * The total: the first that is called so. What follows far below a page's own total belongs to other things; without the
 * word, the largest pool.
 */
static const bg_amount *stated_total(const bg_doc *doc)
{
	static const char *const words[] = {"total", "总", "共计", "合计", "maximum bounty", NULL};

	for (size_t i = 0; i < doc->amount_count; i++)
	{
		const bg_amount *amount = &doc->amounts[i];
		const bg_line *line = &doc->lines[amount->line];

		if (amount->role == BG_ROLE_TOTAL &&
		    bg_cue_any(doc->lower, line->start, amount->money.span.start, words))
			return amount;
	}
	return largest(doc, BG_ROLE_TOTAL, false);
}

/* The prizes of one currency: their sum, with counts. */
static size_t prize_sum(const bg_doc *doc, double *sum, char *currency, bg_span *span)
{
	size_t rows = 0;
	bool mixed = false;

	*sum = 0;
	currency[0] = '\0';
	for (size_t i = 0; i < doc->amount_count; i++)
	{
		const bg_amount *amount = &doc->amounts[i];

		if (amount->role != BG_ROLE_PRIZE || bg_unit_is_points(amount->money.currency))
			continue;
		if (currency[0] == '\0')
			bg_string_copy(currency, BG_CURRENCY_SIZE, amount->money.currency);
		else if (strcmp(currency, amount->money.currency) != 0)
		{
			mixed = true;
			continue;
		}
		/* the same row again, further down the page */
		{
			bool repeated = false;

			for (size_t k = 0; k < i && !repeated; k++)
				repeated = doc->amounts[k].role == BG_ROLE_PRIZE &&
				           same_row(doc, doc->amounts[k].line, amount->line);
			if (repeated)
				continue;
		}
		if (rows == 0)
			span->start = amount->money.span.start;
		span->end = amount->money.span.end;
		*sum += amount->money.amount * amount->count;
		rows++;
	}
	return mixed ? 0 : rows;
}

/* "Reward: 160000": a number that a label makes an amount, without a unit. */
static bool bare_label(const bg_doc *doc, bg_found *found)
{
	static const char *const labels[] = {
	    "reward:", "prize:", "bounty:",  "total prize:", "prize pool:", "奖金：",
	    "奖金:",   "赏金：", "总奖金：", "悬赏：",       NULL};

	for (size_t i = 0; i < doc->line_count; i++)
	{
		const bg_line *line = &doc->lines[i];
		size_t end = 0;
		size_t at;
		size_t n = 0;
		char digits[24];

		if (bg_cue_first(doc->lower, line->start, line->end, labels, &end) != line->start)
			continue;
		at = bg_scan_skip(doc->text, line->end, end);
		for (size_t k = at; k < line->end && n < 18; k++)
		{
			if (bg_is_digit(doc->text[k]))
				digits[n++] = doc->text[k];
			else if (doc->text[k] != ',')
			{
				n = 0;
				break;
			}
		}
		digits[n] = '\0';
		if (n < 2 || digits[0] == '0' || line->end - at > n + 6)
			continue;
		return fill(doc, found, digits, "", NULL, BG_ROLE_LABEL, (bg_span){line->start, line->end},
		            "rule", 0.6);
	}
	return false;
}

static const char *ld_number(const json_t *value, char *digits, size_t size)
{
	if (json_is_integer(value) && json_integer_value(value) > 0)
		snprintf(digits, size, "%lld", (long long) json_integer_value(value));
	else if (json_is_real(value) && json_real_value(value) > 0)
	{
		if (!put_sum(json_real_value(value), digits, size))
			return NULL;
	}
	else if (json_is_string(value) && json_string_length(value) > 0 &&
	         json_string_length(value) < size - 1)
	{
		const char *s = json_string_value(value);
		size_t n = 0;
		bool dot = false;

		for (; *s != '\0'; s++)
		{
			if (*s == ',')
				continue;
			if (!bg_is_digit(*s) && (*s != '.' || dot))
				return NULL;
			dot = dot || *s == '.';
			digits[n++] = *s;
		}
		digits[n] = '\0';
		if (dot)
		{
			while (n > 0 && digits[n - 1] == '0')
				digits[--n] = '\0';
			if (n > 0 && digits[n - 1] == '.')
				digits[--n] = '\0';
		}
		if (n == 0 || digits[0] == '.' || strtod(digits, NULL) <= 0)
			return NULL;
	}
	else
		return NULL;
	return digits;
}

/* JobPosting.baseSalary: MonetaryAmount or PriceSpecification. */
static bool structured_reward(bg_doc *doc, bg_found *found)
{
	const json_t *salary = json_object_get(doc->job, "baseSalary");
	const json_t *value;
	const char *currency;
	char digits[40] = "";
	char min[40] = "";
	char shown[120];
	char code[16] = "";
	bg_span span;

	if (!json_is_object(salary))
		return false;
	currency = json_string_value(json_object_get(salary, "currency"));
	value = json_object_get(salary, "value");
	if (json_is_object(value))
	{
		if (currency == NULL)
			currency = json_string_value(json_object_get(value, "currency"));
		if (ld_number(json_object_get(value, "maxValue"), digits, sizeof(digits)) != NULL)
			ld_number(json_object_get(value, "minValue"), min, sizeof(min));
		else
			ld_number(json_object_get(value, "value"), digits, sizeof(digits));
	}
	else
		ld_number(value, digits, sizeof(digits));
	if (digits[0] == '\0')
		return false;
	if (currency != NULL)
		for (size_t i = 0; currency[i] != '\0' && i + 1 < sizeof(code); i++)
			code[i] = bg_is_alpha(currency[i]) ? bg_to_upper(currency[i]) : '\0';
	if (min[0] != '\0')
		snprintf(shown, sizeof(shown), "%s - %s %s", min, digits, code);
	else
		snprintf(shown, sizeof(shown), "%s %s", digits, code);
	for (size_t n = strlen(shown); n > 0 && shown[n - 1] == ' '; n--)
		shown[n - 1] = '\0';
	return bg_doc_cite(doc, "JobPosting.baseSalary", shown, &span) &&
	       fill(doc, found, digits, strcmp(min, digits) == 0 ? "" : min, code, BG_ROLE_LABEL, span,
	            "jsonld", 0.95);
}

static bool fill_amount(const bg_doc *doc, bg_found *found, const bg_amount *amount,
                        const char *min, double confidence)
{
	const char *lower = !isnan(amount->money.min) ? amount->money.min_digits : min;

	return fill(doc, found, amount->money.digits, lower, amount->money.currency, amount->role,
	            amount->money.span, "rule", confidence);
}

/* Smallest amount of a severity table, if smaller than the largest. */
static const char *severity_min(const bg_doc *doc, const bg_amount *top)
{
	const bg_amount *least = NULL;

	for (size_t i = 0; i < doc->amount_count; i++)
	{
		const bg_amount *amount = &doc->amounts[i];

		if (amount->role == BG_ROLE_SEVERITY &&
		    strcmp(amount->money.currency, top->money.currency) == 0 &&
		    amount->money.amount < top->money.amount &&
		    (least == NULL || amount->money.amount < least->money.amount))
			least = amount;
	}
	return least == NULL ? "" : least->money.digits;
}

/* Words that say there is a reward, but not which. */
static const char *why_missing(const bg_doc *doc)
{
	for (size_t i = 0; i < doc->amount_count; i++)
		if (doc->amounts[i].role == BG_ROLE_MENTION)
			return "ambiguous";
	return "absent";
}

bool bg_rules_reward(bg_doc *doc, bg_found *found)
{
	const bg_amount *title = largest(doc, BG_ROLE_TITLE, false);
	const bg_amount *total = stated_total(doc);
	const bg_amount *label = NULL;
	const bg_amount *amount;
	double sum;
	double largest_row = 0;
	char currency[BG_CURRENCY_SIZE];
	char digits[48];
	bg_span span = {0, 0};
	size_t rows = prize_sum(doc, &sum, currency, &span);

	if (doc->job != NULL && structured_reward(doc, found))
		return true;
	if (title != NULL)
		return fill_amount(doc, found, title, "", 0.9);
	if (doc->title_with_money != NULL && bg_doc_cite(doc, "title", doc->title_with_money, &span))
		return fill(doc, found, doc->title_money.digits, doc->title_money.min_digits,
		            doc->title_money.currency, BG_ROLE_TITLE, span, "meta", 0.85);
	for (size_t i = 0; i < doc->amount_count && label == NULL; i++)
		if (doc->amounts[i].role == BG_ROLE_LABEL)
			label = &doc->amounts[i];
	if (total != NULL)
	{
		/* a stated total stands even if the rows add up to something else: they are all given */
		return fill_amount(doc, found, total,
		                   total->money.is_maximum ? severity_min(doc, total) : "", 0.9);
	}
	for (size_t i = 0; i < doc->amount_count; i++)
		if (doc->amounts[i].role == BG_ROLE_PRIZE && doc->amounts[i].money.amount > largest_row)
			largest_row = doc->amounts[i].money.amount;
	if (label != NULL && (rows < 2 || label->money.amount > largest_row))
		return fill_amount(doc, found, label, "", 0.9);
	if (rows >= 1 && put_sum(sum, digits, sizeof(digits)))
		return fill(doc, found, digits, "", currency, BG_ROLE_PRIZE, span, "rule",
		            rows > 1 ? 0.8 : 0.7);
	amount = largest(doc, BG_ROLE_SEVERITY, false);
	if (amount != NULL)
	{
		const bg_amount *most = largest(doc, BG_ROLE_OFFER, true);

		if (most != NULL && most->money.amount > amount->money.amount &&
		    strcmp(most->money.currency, amount->money.currency) == 0)
			amount = most;
		return fill_amount(doc, found, amount, severity_min(doc, amount), 0.8);
	}
	amount = largest(doc, BG_ROLE_OFFER, true);
	if (amount == NULL)
		amount = largest(doc, BG_ROLE_OFFER, false);
	if (amount != NULL)
		return fill_amount(doc, found, amount, "", amount->money.is_maximum ? 0.8 : 0.6);
	if (bare_label(doc, found))
		return true;
	bg_doc_missing(doc, "reward", why_missing(doc));
	return false;
}

/* The place of a row: 1, 2, 3 or 0. */
static int place_of(const bg_doc *doc, size_t from, size_t to, int *place_to)
{
	static const struct
	{
		const char *cue;
		int place;
	} places[] = {{"1st", 1},    {"first", 1},  {"🥇", 1},        {"一等奖", 1}, {"第一名", 1},
	              {"第1名", 1},  {"冠军", 1},   {"grand prize", 1}, {"gold", 1},   {"2nd", 2},
	              {"second", 2}, {"🥈", 2},   {"二等奖", 2},      {"第二名", 2}, {"第2名", 2},
	              {"亚军", 2},   {"silver", 2}, {"3rd", 3},         {"third", 3},  {"🥉", 3},
	              {"三等奖", 3}, {"第三名", 3}, {"第3名", 3},       {"季军", 3},   {"bronze", 3},
	              {"4th", 4},    {"fourth", 4}, {"5th", 5},         {"fifth", 5},  {"金奖", 1},
	              {"银奖", 2},   {"铜奖", 3}};
	size_t best = BG_SCAN_NONE;
	int place = 0;

	*place_to = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
	{
		size_t end;
		size_t at =
		    bg_cue_first(doc->lower, from, to, (const char *const[]){places[i].cue, NULL}, &end);

		if (at != BG_SCAN_NONE && (best == BG_SCAN_NONE || at < best))
		{
			best = at;
			place = places[i].place;
			/* "4th - 10th" */
			end = bg_scan_skip(doc->lower, to, end);
			if (end < to && (doc->lower[end] == '-' || bg_scan_has(doc->lower, to, end, "–") ||
			                 bg_scan_has(doc->lower, to, end, "to ")))
			{
				int last = 0;

				for (end++; end < to && !bg_is_digit(doc->lower[end]) && doc->lower[end] != ':';
				     end++)
					;
				while (end < to && bg_is_digit(doc->lower[end]) && last < 1000)
					last = last * 10 + (doc->lower[end++] - '0');
				if (last > place && last < 1000)
					*place_to = last;
			}
		}
	}
	return place;
}

json_t *bg_rules_rows(bg_doc *doc)
{
	json_t *rows = json_array();
	bool prizes = false;

	if (rows == NULL)
		return NULL;
	for (size_t i = 0; i < doc->amount_count; i++)
		prizes = prizes || doc->amounts[i].role == BG_ROLE_PRIZE ||
		         doc->amounts[i].role == BG_ROLE_SEVERITY;
	for (size_t i = 0; i < doc->amount_count && json_array_size(rows) < BG_RULES_MAX_ROWS; i++)
	{
		const bg_amount *amount = &doc->amounts[i];
		const bg_line *line = &doc->lines[amount->line];
		size_t from = line->start;
		size_t to = amount->money.span.start;
		bg_span span;
		char *label;
		json_t *row;
		int place;
		int place_to;

		if (amount->role != BG_ROLE_PRIZE && amount->role != BG_ROLE_SEVERITY)
			continue;
		/* the label is what stands before the amount, or the line above */
		if (i > 0 && doc->amounts[i - 1].line == amount->line &&
		    doc->amounts[i - 1].money.span.end <= to)
			from = doc->amounts[i - 1].money.span.end;
		span = (bg_span){from, amount->money.span.end};
		if (bg_scan_skip_back(doc->lower, to) <= from)
		{
			size_t above = bg_doc_line_before(doc, amount->line);

			if (above != BG_SCAN_NONE && doc->lines[above].end - doc->lines[above].start < 80)
			{
				from = doc->lines[above].start;
				to = doc->lines[above].end;
				span.start = from;
			}
		}
		while (from < to &&
		       (bg_is_space(doc->text[from]) || strchr("|,;:-", doc->text[from]) != NULL))
			from++;
		while (to > from &&
		       (bg_is_space(doc->text[to - 1]) || strchr("|,;:-(*", doc->text[to - 1]) != NULL))
			to--;
		if (bg_scan_ends(doc->text, to, "：") || bg_scan_ends(doc->text, to, "（") ||
		    bg_scan_ends(doc->text, to, "，"))
			to -= 3;
		if (to < from)
			to = from;
		if (span.start < from && from < span.end)
			span.start = from;
		if (to - from > 200)
			for (from = to - 200; ((unsigned char) doc->text[from] & 0xC0) == 0x80;)
				from++;
		label = bg_doc_clean(doc->text + from, to - from);
		place = amount->role == BG_ROLE_PRIZE ? place_of(doc, from, to, &place_to) : 0;
		if (place == 0)
			place_to = 0;
		row = bg_evidence_field(doc->text, doc->len, span, "rule", 0.8, json_null());
		if (row != NULL)
		{
			json_object_del(row, "value");
			json_object_set_new(row, "place", place > 0 ? json_integer(place) : json_null());
			json_object_set_new(row, "place_to",
			                    place_to > 0 ? json_integer(place_to) : json_null());
			json_object_set_new(row, "count", json_integer(amount->count));
			json_object_set_new(row, "amount", bg_rules_number(amount->money.digits));
			json_object_set_new(row, "currency", json_string(amount->money.currency));
			json_object_set_new(row, "label",
			                    label != NULL && label[0] != '\0' &&
			                            bg_utf8_valid(label, strlen(label))
			                        ? json_string(label)
			                        : json_null());
			json_array_append_new(rows, row);
		}
		free(label);
	}
	return rows;
}
