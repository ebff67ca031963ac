/*
 * units.c
 *		The names of currencies and tokens, before and after a number. Plain C; see units.h.
 *
 * A bare "$" is the US dollar by custom; every other dollar needs its own sign or code. It doesn't convert anything.
 */
#include "units.h"

#include <string.h>

#include "facts.h"

#include "scan.h"

typedef struct name_code
{
	const char *name;
	const char *code;
} name_code;

/* Signs before a number, longer ones first. */
static const name_code signs_before[] = {
    {"US$", "USD"},  {"USD$", "USD"},   {"HK$", "HKD"},    {"NT$", "TWD"},  {"CA$", "CAD"},
    {"CAD$", "CAD"}, {"AU$", "AUD"},    {"NZ$", "NZD"},    {"MX$", "MXN"},  {"A$", "AUD"},
    {"C$", "CAD"},   {"S$", "SGD"},     {"R$", "BRL"},     {"$", "USD"},    {"＄", "USD"},
    {"€", "EUR"},    {"£", "GBP"},      {"￡", "GBP"},     {"¥", "CNY"},    {"￥", "CNY"},
    {"₹", "INR"},    {"₿", "BTC"},    {"₽", "RUB"},    {"₩", "KRW"},    {"₫", "VND"},
    {"₦", "NGN"},    {"₺", "TRY"},      {"₴", "UAH"},      {"₱", "PHP"},    {"฿", "THB"},
    {"Ξ", "ETH"},    {"人民币", "CNY"}, {"人民幣", "CNY"}, {"美元", "USD"}, {"美金", "USD"},
    {"港币", "HKD"}, {"新台币", "TWD"}, {"欧元", "EUR"},
};

/* Signs and words without boundaries after a number, longer ones first. */
static const name_code signs_after[] = {
    {"元人民币", "CNY"}, {"元人民幣", "CNY"}, {"人民币", "CNY"},  {"人民幣", "CNY"},
    {"新台币", "TWD"},   {"新台幣", "TWD"},   {"台币", "TWD"},    {"台幣", "TWD"},
    {"元港币", "HKD"},   {"美元", "USD"},     {"美金", "USD"},    {"港元", "HKD"},
    {"港币", "HKD"},     {"港幣", "HKD"},     {"日元", "JPY"},    {"日圆", "JPY"},
    {"日圓", "JPY"},     {"欧元", "EUR"},     {"歐元", "EUR"},    {"英镑", "GBP"},
    {"英鎊", "GBP"},     {"韩元", "KRW"},     {"韓元", "KRW"},    {"加元", "CAD"},
    {"澳元", "AUD"},     {"新元", "SGD"},     {"卢布", "RUB"},    {"卢比", "INR"},
    {"块钱", "CNY"},     {"塊錢", "CNY"},     {"元", "CNY"},      {"円", "JPY"},
    {"圆", "CNY"},       {"刀", "USD"},       {"比特币", "BTC"},  {"以太币", "ETH"},
    {"以太坊", "ETH"},   {"积分", "POINTS"},  {"積分", "POINTS"}, {"€", "EUR"},
    {"£", "GBP"},        {"$", "USD"},        {"¥", "CNY"},       {"￥", "CNY"},
    {"₹", "INR"},        {"₿", "BTC"},      {"₽", "RUB"},     {"₩", "KRW"},
    {"₫", "VND"},        {"₺", "TRY"},        {"₴", "UAH"},       {"฿", "THB"},
    {"zł", "PLN"},
};

/* clang-format off */
static const char *const fiat_codes[] = {
	"USD", "EUR", "GBP", "CNY", "RMB", "JPY", "KRW", "INR", "CAD", "AUD", "NZD", "SGD", "HKD",
	"TWD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "RUB", "UAH",
	"BRL", "MXN", "ARS", "CLP", "COP", "PEN", "ZAR", "NGN", "KES", "GHS", "EGP", "AED", "SAR",
	"QAR", "ILS", "THB", "VND", "IDR", "MYR", "PHP", "PKR", "BDT", "LKR", "NPR", "CNH", NULL
};
/* clang-format on */

/* Tokens that are no English word in lower case: accepted in any case. */
/* clang-format off */
static const char *const plain_tokens[] = {
	"USDC", "USDT", "USDE", "DAI", "XDAI", "USDS", "PYUSD", "TUSD", "BUSD", "FRAX", "LUSD", "GUSD",
	"CUSD", "USDG", "BTC", "WBTC", "ETH", "WETH", "STETH", "SOLANA", "BNB", "MATIC", "KSM", "JUNO",
	"ATOM", "AVAX", "ALGO", "XTZ", "XLM", "XRP", "LTC", "DOGE", "SHIB", "XMR", "ZEC", "BCH", "TRX",
	"EOS", "HBAR", "APT", "STRK", "ARB", "ARKM", "AAVE", "COMP", "MKR", "SNX", "CRV", "BAL", "GTC",
	"ENS", "LDO", "UNI", "SUSHI", "GRT", "LRC", "ZRX", "BAT", "MANA", "AXS", "IMX", "CELO", "EGLD",
	"VET", "THETA", "FIL", "STX", "ADA", "SBD", "STEEM", "HIVE", "HBD", "OSMO", "SCRT", "KAVA",
	"INJ", "TIA", "SEI", "SUI", "TON", "ALEO", "DORA", "KDA", "ICP", "ROSE", "CKB", "ERG", "DCR",
	"XCH", "AKT", "NEXO", "CRO", "OKB", "GLMR", "ASTR", "PHA", "MOVR", "BEAM", "PYTH", "JUP",
	"BONK", "WLD", "BLUR", "PEPE", "JTO", "TAO", "RON", "ZKS", "METIS", "BOBA", "STRKS", "SATS",
	"SAT", "XP", "POINTS", NULL
};
/* clang-format on */

/* Tokens that are words, too: only in capitals. */
/* clang-format off */
static const char *const shouted_tokens[] = {
	"DOT", "SOL", "NEAR", "LINK", "ONE", "FLOW", "DASH", "RUNE", "MASK", "APE", "SAND", "OP",
	"GAS", "NEO", "WAVES", "MINA", "GARI", "ICX", "ONT", "HNT", "AR", "ACE", "CAKE", "JOE",
	"MAGIC", "PERP", "POL", "MNT", "EGG", "BEAN", "CORE", "SAFE", "TRAC", "LPT", "BLD", "IST",
	"BCT", "COW", "GNO", "SAGE", "FLUX", "VEGA", "HOPR", NULL
};
/* clang-format on */

/* Lower-case words after a number. */
static const name_code words_after[] = {
    {"dollars", "USD"},       {"dollar", "USD"},    {"bucks", "USD"},
    {"euros", "EUR"},         {"euro", "EUR"},      {"pounds", "GBP"},
    {"yuan", "CNY"},          {"rmb", "CNY"},       {"cnh", "CNY"},
    {"renminbi", "CNY"},      {"rupees", "INR"},    {"yen", "JPY"},
    {"sats", "SATS"},         {"sat", "SATS"},      {"satoshi", "SATS"},
    {"satoshis", "SATS"},     {"bitcoin", "BTC"},   {"bitcoins", "BTC"},
    {"ether", "ETH"},         {"points", "POINTS"}, {"point", "POINTS"},
    {"pts", "POINTS"},        {"xp", "XP"},         {"francs", "CHF"},
    {"rubles", "RUB"},        {"reais", "BRL"},     {"beans", "BEAN"},
    {"algos", "ALGO"},        {"nears", "NEAR"},    {"tez", "XTZ"},
    {"lovelace", "LOVELACE"}, {"wei", "WEI"},       {"credits", "CREDITS"},
};

/* Capitals after a number that are no tickers. */
/* clang-format off */
static const char *const not_tickers[] = {
	"PM", "AM", "UTC", "GMT", "EST", "EDT", "PST", "PDT", "CST", "CDT", "MST", "CET", "CEST",
	"BST", "JST", "SGT", "HKT", "AOE", "KB", "MB", "GB", "TB", "KIB", "MIB", "GIB", "GHZ", "MHZ",
	"HZ", "PRS", "CVE", "API", "APIS", "URL", "URLS", "IDS", "NFT", "NFTS", "CPU", "CPUS", "GPU",
	"GPUS", "VPN", "RAM", "TPS", "FPS", "LLC", "USA", "QPS", "RPC", "RPS", "SDK", "DAO", "DAOS",
	"KYC", "MVP", "VIP", "LTS", "OSS", "ISO", "RFC", "ERC", "EIP", "BIP", "PDF", "PNG", "FAQ",
	"XML", "HTTP", "HTTPS", "DAYS", "DAY", "HOURS", "HOUR", "WEEKS", "WEEK", "MONTHS", "YEARS",
	"PRIZES", "WINNERS", "TEAMS", "PROJECTS", "USERS", "PEOPLE", "TOTAL", "AND", "FOR", "THE",
	"TO", "OF", "IN", "ON", "OR", "BY", "PER", "BUT", "NOT", "WITH", "FROM", "HM", "QA", "AWARDS",
	"AWARD", "REWARD", "REWARDS", "PRIZE", "PLACE", "TRACK", "TRACKS", "STEPS", "MAX", "MIN",
	"LOC", "SLOC", "BPS", "PPM", "DPI", "RPM", "MBPS", "GBPS", "UTF", "SHA", "ASCII", "NEW",
	"FREE", "OPEN", "BUGS", "BUG", "TBD", "TBA", "WORDS", "PIXELS", "CHARS", "TOKENS", "TOKEN",
	"COINS", "MIT", "BSD", "JSON", "HTML", "CSS", "SQL", "EVM", "UI", "UX", "AI", "ML", "LLM",
	"VC", "VCS", "AMA", "AMAS", "CTO", "CEO", "AWS", "COPIES", "TICKETS", "SPOTS", "SEATS",
	"ISSUES", "ISSUE", "PR", "STARS", "LIKES", "MEMBERS", "DEVS", NULL
};
/* clang-format on */

static bool in_list(const char *const *list, const char *word)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

bool bg_unit_is_fiat(const char *code)
{
	return in_list(fiat_codes, code);
}

bool bg_unit_is_points(const char *code)
{
	return strcmp(code, "POINTS") == 0 || strcmp(code, "XP") == 0 || strcmp(code, "CREDITS") == 0;
}

bool bg_unit_groups_with_dot(const char *code)
{
	/* clang-format off */
	static const char *const codes[] = {
		"EUR", "BRL", "ARS", "CLP", "COP", "IDR", "VND", "TRY", "RUB", "UAH", "PLN", "CZK", "HUF",
		"RON", "DKK", "NOK", "SEK", "BGN", NULL
	};
	/* clang-format on */

	return in_list(codes, code);
}

static const char *set_code(char *code, const char *value)
{
	if (strcmp(value, "RMB") == 0 || strcmp(value, "CNH") == 0)
		value = "CNY";
	else if (strcmp(value, "SAT") == 0)
		value = "SATS";
	bg_string_copy(code, BG_CURRENCY_SIZE, value);
	return code;
}

/* Yen and yuan share a sign: kana or an English "Japan" close by make it yen. */
static const char *yen_or_yuan(const char *text, size_t len, size_t at)
{
	size_t from = bg_scan_align(text, at > 200 ? at - 200 : 0);
	size_t to = len - at > 200 ? at + 200 : len;

	if (bg_scan_kana(text, from, to) || bg_scan_find(text + from, to - from, "JPY", 3) != NULL ||
	    bg_scan_find(text + from, to - from, "Japan", 5) != NULL)
		return "JPY";
	return "CNY";
}

static size_t letters_at(const char *text, size_t len, size_t at, char *word, size_t size)
{
	size_t n = 0;

	while (at + n < len && bg_is_alpha(text[at + n]))
	{
		if (n + 1 >= size)
			return 0;
		word[n] = text[at + n];
		n++;
	}
	word[n] = '\0';
	return n;
}

static bool all_upper(const char *word)
{
	for (; *word != '\0'; word++)
		if (!bg_is_upper(*word))
			return false;
	return true;
}

/* "$JUNO" right after a number. */
static const char *dollar_ticker(const char *text, size_t len, size_t at, char *code, size_t *end)
{
	char word[12];
	size_t n = letters_at(text, len, at + 1, word, sizeof(word));

	if (n < 2 || (at + 1 + n < len && bg_is_digit(text[at + 1 + n])))
		return NULL;
	for (size_t i = 0; i <= n; i++)
		code[i] = bg_to_upper(word[i]);
	*end = at + 1 + n;
	return code;
}

/* Capitals that can be the ticker of an unknown token: not a known abbreviation, not part of a shouted line. */
static bool plausible_ticker(const char *text, size_t len, const char *word, size_t n, size_t end)
{
	char next[16];
	size_t after = bg_scan_skip(text, len, end);

	if (n < 3 || n > 8 || in_list(not_tickers, word))
		return false;
	if (end < len && (text[end] == '-' || text[end] == '_' || text[end] == '/' ||
	                  text[end] == '\'' || bg_is_digit(text[end])))
		return false;
	if (letters_at(text, len, after, next, sizeof(next)) > 1 && all_upper(next) &&
	    !in_list(not_tickers, next))
		return false;
	return true;
}

/* "Tokens" or "coins" after a name. */
static bool token_word_follows(const char *text, size_t len, size_t at)
{
	at = bg_scan_skip(text, len, at);
	return bg_scan_has_fold(text, len, at, "token") || bg_scan_has_fold(text, len, at, "coin") ||
	       bg_scan_has(text, len, at, "代币") || bg_scan_has(text, len, at, "币");
}

static const char *word_unit(const char *text, size_t len, size_t at, bool loose, char *code,
                             size_t *end)
{
	char word[16];
	char upper[16];
	char lower[16];
	size_t n = letters_at(text, len, at, word, sizeof(word));

	if (n == 0 || n > 12)
		return NULL;
	for (size_t i = 0; i <= n; i++)
	{
		upper[i] = bg_to_upper(word[i]);
		lower[i] = bg_to_lower(word[i]);
	}
	*end = at + n;
	/* "5 ETH2" and "3 DAI-backed" are other things; "US" and "CA" belong to a dollar that follows. */
	if (*end < len && (bg_is_digit(text[*end]) || text[*end] == '_'))
		return NULL;
	if (n == 1)
	{
		/* 1000U: Chinese custom for USDT */
		if (word[0] == 'U' && at > 0 && bg_is_digit(text[at - 1]) &&
		    !(at > 1 && !bg_is_digit(text[at - 2])))
			return set_code(code, "USDT");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(words_after) / sizeof(words_after[0]); i++)
		if (strcmp(words_after[i].name, lower) == 0)
			return set_code(code, words_after[i].code);
	if (in_list(plain_tokens, upper))
		return set_code(code, upper);
	if (in_list(fiat_codes, upper) && (all_upper(word) || strcmp(lower, "usd") == 0 ||
	                                   strcmp(lower, "eur") == 0 || strcmp(lower, "gbp") == 0))
		return set_code(code, upper);
	if (in_list(shouted_tokens, upper) && all_upper(word))
		return set_code(code, upper);
	if (!loose)
		return NULL;
	if (all_upper(word) && plausible_ticker(text, len, word, n, *end))
		return set_code(code, upper);
	/* A name before "tokens" counts when it is written as a name. */
	if (bg_is_upper(word[0]) && n >= 2 && token_word_follows(text, len, *end) &&
	    !in_list(not_tickers, upper))
		return set_code(code, upper);
	return NULL;
}

const char *bg_unit_after(const char *text, size_t len, size_t at, bool loose, char *code,
                          size_t *end)
{
	if (at >= len)
		return NULL;
	if (text[at] == '$')
	{
		const char *ticker = dollar_ticker(text, len, at, code, end);

		if (ticker != NULL)
			return ticker;
		/* "5 $1,000": the sign belongs to the next number */
		if (at + 1 < len && (bg_is_digit(text[at + 1]) || text[at + 1] == ' '))
			return NULL;
	}
	if (bg_is_alpha(text[at]) && !bg_scan_has(text, len, at, "zł"))
		return word_unit(text, len, at, loose, code, end);
	for (size_t i = 0; i < sizeof(signs_after) / sizeof(signs_after[0]); i++)
		if (bg_scan_has(text, len, at, signs_after[i].name))
		{
			size_t after = at + strlen(signs_after[i].name);

			/* "5 €20" */
			if ((unsigned char) text[at] < 0xE3 && after < len && bg_is_digit(text[after]))
				return NULL;
			/* 元 is also the first character of other words (元宇宙, 元素) */
			if (strcmp(signs_after[i].name, "元") == 0 &&
			    (bg_scan_has(text, len, after, "宇宙") || bg_scan_has(text, len, after, "素") ||
			     bg_scan_has(text, len, after, "旦") || bg_scan_has(text, len, after, "件")))
				return NULL;
			*end = after;
			if (strcmp(signs_after[i].name, "¥") == 0 || strcmp(signs_after[i].name, "￥") == 0)
				return set_code(code, yen_or_yuan(text, len, at));
			return set_code(code, signs_after[i].code);
		}
	return NULL;
}

/* Letters that end right before "at". */
static size_t letters_before(const char *text, size_t at, char *word, size_t size)
{
	size_t n = 0;

	while (n < at && bg_is_alpha(text[at - n - 1]))
		if (++n + 1 >= size)
			return 0;
	memcpy(word, text + at - n, n);
	word[n] = '\0';
	/* part of a longer word or name */
	if (n < at && (bg_is_digit(text[at - n - 1]) || text[at - n - 1] == '_' ||
	               text[at - n - 1] == '-' || (unsigned char) text[at - n - 1] == '$'))
		return 0;
	return n;
}

/* A code before a number, or before a sign: "USD 500", "CAD $500", "RMB500". */
static const char *code_before(const char *text, size_t at, bool before_sign, char *code,
                               size_t *start)
{
	static const char *const tokens[] = {"USDC", "USDT", "DAI", NULL};
	char word[8];
	size_t n = letters_before(text, at, word, sizeof(word));

	if (n < 2)
		return NULL;
	*start = at - n;
	if (in_list(fiat_codes, word) || in_list(tokens, word))
		return set_code(code, word);
	if (before_sign && strcmp(word, "US") == 0)
		return set_code(code, "USD");
	if (!before_sign && (strcmp(word, "Rs") == 0 || strcmp(word, "INR") == 0))
		return set_code(code, "INR");
	return NULL;
}

const char *bg_unit_before(const char *text, size_t len, size_t at, char *code, size_t *start)
{
	size_t near = bg_scan_skip_back(text, at);
	size_t sign_end = near;
	char other[16];
	size_t other_start;

	if (at - near > 6)
		return NULL;
	/* A dollar sign alone on the line above its number. */
	if (near > 1 && text[near - 1] == '\n' && text[near - 2] == '$' &&
	    (near == 2 || text[near - 3] == '\n'))
		sign_end = near - 1;
	for (size_t i = 0; i < sizeof(signs_before) / sizeof(signs_before[0]); i++)
	{
		const char *name = signs_before[i].name;
		size_t n = strlen(name);

		if (!bg_scan_ends(text, sign_end, name))
			continue;
		*start = sign_end - n;
		if (bg_is_alpha(name[0]))
		{
			if (*start > 0 && bg_is_alnum(text[*start - 1]))
				continue;
			return set_code(code, signs_before[i].code);
		}
		if (name[0] == '$')
		{
			size_t before = bg_scan_skip_back(text, *start);

			if (*start - before <= 2 &&
			    code_before(text, before, true, other, &other_start) != NULL)
			{
				*start = other_start;
				return set_code(code, other);
			}
		}
		if (strcmp(name, "¥") == 0 || strcmp(name, "￥") == 0)
			return set_code(code, yen_or_yuan(text, len, at));
		return set_code(code, signs_before[i].code);
	}
	if (near > 0 && text[near - 1] == '.' && near > 2 && bg_scan_ends(text, near, "Rs."))
		near--;
	return code_before(text, near, false, code, start);
}
