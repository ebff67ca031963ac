/*
 * facts_money.c
 *		Amounts of money as people write them (facts/money.c): a table of texts and what must be read, or that nothing may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "facts/facts.h"

typedef struct money_case
{
	const char *text;
	const char *amount; /* NULL: no money in it */
	const char *min;    /* NULL: no range */
	const char *currency;
	bool maximum;
} money_case;

static const money_case cases[] = {
    /* signs */
    {"$500", "500", NULL, "USD", false},
    {"US$5k", "5000", NULL, "USD", false},
    {"US$ 1,200.50", "1200.5", NULL, "USD", false},
    {"C$300", "300", NULL, "CAD", false},
    {"A$300", "300", NULL, "AUD", false},
    {"HK$8,000", "8000", NULL, "HKD", false},
    {"NT$12,000", "12000", NULL, "TWD", false},
    {"S$900", "900", NULL, "SGD", false},
    {"R$ 5.000", "5000", NULL, "BRL", false},
    {"€5 000", "5000", NULL, "EUR", false},
    {"5.000 €", "5000", NULL, "EUR", false},
    {"5.000,50 €", "5000.5", NULL, "EUR", false},
    {"1.250.000 EUR", "1250000", NULL, "EUR", false},
    {"€1,50", "1.5", NULL, "EUR", false},
    {"£1,000", "1000", NULL, "GBP", false},
    {"₹1,00,000", "100000", NULL, "INR", false},
    {"₿0.5", "0.5", NULL, "BTC", false},
    {"¥3万", "30000", NULL, "CNY", false},
    {"￥146000", "146000", NULL, "CNY", false},
    {"賞金は¥50,000です", "50000", NULL, "JPY", false},
    {"50,000円", "50000", NULL, "JPY", false},
    {"＄１，０００", "1000", NULL, "USD", false},
    {"$\n1500", "1500", NULL, "USD", false},
    {"CHF 10'000", "10000", NULL, "CHF", false},
    /* codes and tokens */
    {"USD 65 000", "65000", NULL, "USD", false},
    {"USD 500", "500", NULL, "USD", false},
    {"CAD $5,000", "5000", NULL, "CAD", false},
    {"$10,000 CAD", "10000", NULL, "CAD", false},
    {"$36,500 USDC", "36500", NULL, "USDC", false},
    {"5,000 USDC", "5000", NULL, "USDC", false},
    {"5000USDT", "5000", NULL, "USDT", false},
    {"0.5 ETH (~$900)", "0.5", NULL, "ETH", false},
    {"1000.00000 DAI", "1000", NULL, "DAI", false},
    {"0.001 ETH", "0.001", NULL, "ETH", false},
    {"0,5 ETH", "0.5", NULL, "ETH", false},
    {"15,380 DOT", "15380", NULL, "DOT", false},
    {"200,000 sats", "200000", NULL, "SATS", false},
    {"Up to 100k STX", "100000", NULL, "STX", true},
    {"5,000 GRAPE Tokens", "5000", NULL, "GRAPE", false},
    {"1500 SOLR", "1500", NULL, "SOLR", false},
    {"100 $JUNO", "100", NULL, "JUNO", false},
    {"1000U", "1000", NULL, "USDT", false},
    {"奖励500 XP", "500", NULL, "XP", false},
    {"2000积分", "2000", NULL, "POINTS", false},
    {"400 points", "400", NULL, "POINTS", false},
    /* words */
    {"2,500 euros in LINK", "2500", NULL, "EUR", false},
    {"500 dollars", "500", NULL, "USD", false},
    {"$1,500 worth of SOLR", "1500", NULL, "USD", false},
    {"$300 USD worth of $LARIX", "300", NULL, "USD", false},
    {"1.5 million USD", "1500000", NULL, "USD", false},
    {"$2.7mm", "2700000", NULL, "USD", false},
    {"$2 million", "2000000", NULL, "USD", false},
    {"$3B", "3000000000", NULL, "USD", false},
    {"30万美金", "300000", NULL, "USD", false},
    {"8万2千元", "82000", NULL, "CNY", false},
    {"1万500元", "10500", NULL, "CNY", false},
    {"1亿2000万元", "120000000", NULL, "CNY", false},
    {"1.5万元", "15000", NULL, "CNY", false},
    {"人民币 5000", "5000", NULL, "CNY", false},
    {"RMB5000", "5000", NULL, "CNY", false},
    {"三万五千元", "35000", NULL, "CNY", false},
    {"１０万元", "100000", NULL, "CNY", false},
    {"500美元", "500", NULL, "USD", false},
    {"800港币", "800", NULL, "HKD", false},
    {"10W元", "100000", NULL, "CNY", false},
    /* ranges and maxima */
    {"$5k–$25k", "25000", "5000", "USD", false},
    {"$5-25k", "25000", "5000", "USD", false},
    {"5,000 - 10,000 USDC", "10000", "5000", "USDC", false},
    {"between $500 and $1,000", "1000", "500", "USD", false},
    {"$20 to $50", "50", "20", "USD", false},
    {"500到1000元", "1000", "500", "CNY", false},
    {"USD 10 000 - USD 25 000", "25000", "10000", "USD", false},
    {"€5.000 to €25.000", "25000", "5000", "EUR", false},
    {"Up to $50,000", "50000", NULL, "USD", true},
    {"最高10万元", "100000", NULL, "CNY", true},
    {"$10,000+ in prizes", "10000", NULL, "USD", false},
    {"**$1,100**", "1100", NULL, "USD", false},
    {"$1,000 - $500", "1000", NULL, "USD", false},
    /* no money: nothing is assumed */
    {"5000", NULL, NULL, NULL, false},
    {"the year 2026", NULL, NULL, NULL, false},
    {"20%", NULL, NULL, NULL, false},
    {"10 % of the funds", NULL, NULL, NULL, false},
    {"issue #500 USD", NULL, NULL, NULL, false},
    {"11:59 PM UTC", NULL, NULL, NULL, false},
    {"50 GB of RAM", NULL, NULL, NULL, false},
    {"5m wide", NULL, NULL, NULL, false},
    {"5km", NULL, NULL, NULL, false},
    {"3 NFTs", NULL, NULL, NULL, false},
    {"100 DEVELOPERS WANTED", NULL, NULL, NULL, false},
    {"v1.2.3 USD", NULL, NULL, NULL, false},
    {"10 元宇宙项目", NULL, NULL, NULL, false},
    {"ETH 2.0", NULL, NULL, NULL, false},
    {"ERC-20 TOKENS", NULL, NULL, NULL, false},
    {"$1.500", NULL, NULL, NULL, false}, /* neither reading is safe */
    {"$0", NULL, NULL, NULL, false},
    {"https://example.org/500/USD", NULL, NULL, NULL, false},
    {"", NULL, NULL, NULL, false},
};

static void reads_the_table(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const money_case *c = &cases[i];
		size_t position = 0;
		bg_money money;
		bool found = bg_money_next(c->text, strlen(c->text), &position, &money);

		if (found != (c->amount != NULL))
			print_error("\"%s\": found %s %s\n", c->text, found ? money.digits : "nothing",
			            found ? money.currency : "");
		assert_int_equal(found, c->amount != NULL);
		if (!found)
			continue;
		if (strcmp(money.digits, c->amount) != 0 || strcmp(money.currency, c->currency) != 0)
			print_error("\"%s\": %s %s\n", c->text, money.digits, money.currency);
		assert_string_equal(money.digits, c->amount);
		assert_string_equal(money.currency, c->currency);
		if (money.is_maximum != c->maximum)
			print_error("\"%s\": maximum\n", c->text);
		assert_int_equal(money.is_maximum, c->maximum);
		if (c->min == NULL)
		{
			assert_true(isnan(money.min));
			assert_string_equal(money.min_digits, "");
		}
		else
			assert_string_equal(money.min_digits, c->min);
		assert_true(money.span.start < money.span.end && money.span.end <= strlen(c->text));
	}
}

static void reads_one_after_another(void **state)
{
	static const char text[] =
	    "First $5,000, second 2,500 USDC, third 3x €500; 30万美金等额的DOT共42,852";
	static const char *const expected[] = {"5000 USD", "2500 USDC", "500 EUR", "300000 USD"};
	size_t position = 0;
	bg_money money;
	char shown[80];

	(void) state;
	for (size_t i = 0; i < 4; i++)
	{
		assert_true(bg_money_next(text, strlen(text), &position, &money));
		snprintf(shown, sizeof(shown), "%s %s", money.digits, money.currency);
		assert_string_equal(shown, expected[i]);
	}
	assert_false(bg_money_next(text, strlen(text), &position, &money));
	assert_int_equal(position, strlen(text));
}

static void span_is_the_amount_alone(void **state)
{
	static const char text[] = "The pool is **$36,500 USDC** in all";
	size_t position = 0;
	bg_money money;

	(void) state;
	assert_true(bg_money_next(text, strlen(text), &position, &money));
	assert_memory_equal(text + money.span.start, "$36,500 USDC", 12);
	assert_int_equal(money.span.end - money.span.start, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_table),
	    cmocka_unit_test(reads_one_after_another),
	    cmocka_unit_test(span_is_the_amount_alone),
	};

	return cmocka_run_group_tests_name("facts_money", tests, NULL, NULL);
}
