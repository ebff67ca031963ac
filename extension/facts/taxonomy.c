/*
 * taxonomy.c
 *		Tags: known keywords of the field, with synonyms, that occur literally in the text. Plain C; see rules.h.
 */
#include "rules.h"

#include <string.h>

#include "units.h"

typedef struct tag_words
{
	const char *tag;
	int weight; /* kinds and techniques over generalities */
} tag_words;

/* clang-format off */
static const tag_words tags[] = {
	{"bug bounty", 4}, {"bug bounties", 4}, {"smart contracts", 4}, {"smart contract", 2},
	{"zero-knowledge", 4}, {"solidity", 4}, {"rust", 4}, {"python", 4}, {"typescript", 4},
	{"javascript", 4}, {"react", 4}, {"next.js", 4}, {"nextjs", 4}, {"node.js", 4}, {"go", 2},
	{"golang", 4}, {"c++", 4}, {"java", 4}, {"kotlin", 4}, {"swift", 4}, {"php", 4}, {"ruby", 4},
	{"flutter", 4}, {"django", 4}, {"postgres", 3}, {"docker", 3}, {"kubernetes", 3},
	{"graphql", 4}, {"webassembly", 4}, {"wasm", 3}, {"ethereum", 4}, {"solana", 4},
	{"polkadot", 4}, {"kusama", 4}, {"cosmos", 4}, {"near", 1}, {"bitcoin", 4}, {"filecoin", 4},
	{"ipfs", 4}, {"arbitrum", 4}, {"optimism", 3}, {"polygon", 4}, {"avalanche", 4},
	{"algorand", 4}, {"cardano", 4}, {"tezos", 4}, {"stacks", 3}, {"starknet", 4}, {"aptos", 4},
	{"sui", 3}, {"stellar", 3}, {"defi", 4}, {"nft", 3}, {"nfts", 3}, {"dao", 2}, {"web3", 3},
	{"blockchain", 3}, {"crypto", 2}, {"wallet", 2}, {"staking", 3}, {"lending", 3},
	{"exchange", 2}, {"stablecoin", 3}, {"liquidity", 2}, {"privacy", 3}, {"security", 2},
	{"audit", 3}, {"vulnerability", 3}, {"vulnerabilities", 3}, {"cryptography", 4}, {"poc", 2},
	{"immunefi", 3}, {"disclosure", 2}, {"hackathon", 4}, {"grant", 3},
	{"grants", 3}, {"microgrant", 3}, {"microgrants", 3}, {"open source", 4}, {"open-source", 3},
	{"bounties", 3}, {"bounty", 2}, {"contest", 2}, {"competition", 2}, {"devpost", 3},
	{"gitcoin", 3}, {"github", 2}, {"discord bot", 4}, {"discord", 1}, {"telegram bot", 4},
	{"telegram", 2}, {"api", 2}, {"apis", 2}, {"sdk", 2}, {"frontend", 3}, {"backend", 3},
	{"mobile", 2}, {"ios", 3}, {"android", 3}, {"ai", 2}, {"machine learning", 4},
	{"deep learning", 4}, {"neural networks", 4}, {"llm", 4}, {"agents", 3},
	{"computer vision", 4}, {"nlp", 4}, {"benchmark", 3}, {"dataset", 3}, {"datasets", 2},
	{"data", 1}, {"analytics", 3}, {"dashboard", 3}, {"visualization", 3}, {"research", 3},
	{"survey", 3}, {"design", 3}, {"logo", 5}, {"landing page", 5}, {"design system", 5},
	{"figma", 4}, {"webflow", 4}, {"ui", 2}, {"ux", 2}, {"illustration", 4}, {"branding", 4},
	{"animation", 3}, {"video", 3}, {"video script", 4}, {"demo video", 2}, {"writing", 4},
	{"article", 3}, {"tutorial", 4}, {"documentation", 4}, {"deep dive", 4}, {"review", 2},
	{"translation", 4}, {"localization", 4}, {"photography", 5}, {"poetry", 4}, {"podcast", 4},
	{"marketing", 3}, {"social media", 4}, {"twitter", 1}, {"tweet", 2}, {"community", 2},
	{"ambassador", 4}, {"quest", 3}, {"kyc", 2}, {"airdrop", 3}, {"gaming", 3}, {"game", 2},
	{"metaverse", 3}, {"education", 3}, {"students", 3}, {"college", 2}, {"healthcare", 3},
	{"climate", 3}, {"sustainability", 3}, {"fintech", 3}, {"payments", 3}, {"identity", 2},
	{"oracle", 2}, {"bridge", 2}, {"governance", 3}, {"voting", 1}, {"storage", 2}, {"indexer", 3},
	{"rpc", 2}, {"testing", 2}, {"ci", 2}, {"performance", 2}, {"scraping", 3}, {"automation", 3},
	{"chrome extension", 4}, {"browser extension", 3}, {"bot", 2}, {"plugin", 2}, {"hardware", 3},
	{"software", 2}, {"robotics", 3}, {"iot", 3}, {"embedded", 3}, {"cli", 2}, {"compiler", 3},
	{"database", 2}, {"ethglobal", 3}, {"workshop", 2}, {"foundry", 2}, {"consensus", 2},
	{"distributed systems", 4}, {"protocol", 1}, {"token", 1}, {"mining", 2}, {"website", 1},
	{"integration", 1}, {"demo", 1}, {"code", 1}, {"cloudflare", 3}, {"security researchers", 3},
	{"bug fix", 2}, {"黑客松", 4}, {"智能合约", 4}, {"区块链", 4}, {"以太坊", 4}, {"安全漏洞", 4},
	{"漏洞", 2}, {"赏金计划", 3}, {"赏金", 2}, {"众测", 3}, {"征稿", 4}, {"征文", 4}, {"投稿", 3},
	{"摄影", 5}, {"原创", 3}, {"设计", 3}, {"投票", 1}, {"人工智能", 4}, {"自动驾驶", 5},
	{"机器人", 3}, {"深度学习", 4}, {"机器学习", 4}, {"大模型", 4}, {"模型", 2}, {"算法", 3},
	{"数据", 1}, {"挑战赛", 3}, {"大赛", 1}, {"竞赛", 1}, {"实习", 3}, {"翻译", 4}, {"视频", 3},
	{"短视频", 4}, {"论坛", 2}, {"社区", 1}, {"开源", 3}, {"前端", 3}, {"后端", 3}, {"小程序", 4},
	{"图像识别", 4}, {"目标检测", 4}, {"推荐系统", 4}, {"金融", 3}, {"医疗", 3}, {"教育", 3},
	{"环保", 3}, {"文创", 4}, {"海报", 4}, {"标志", 3}, {"吉祥物", 5}, {"书法", 4}, {"绘画", 4},
	{"诗歌", 4}, {"散文", 4}, {"小说", 4}, {"物流", 3}, {"招聘", 2}, {"语音", 3}, {"自然语言", 4},
	{"知识图谱", 4}, {"元宇宙", 4}, {"钱包", 2}, {"空投", 3}, {"识别", 1}
};
/* clang-format on */

#define MOST_TAGS 5

typedef struct choice
{
	char name[64];
	int score;
	bg_span span;
} choice;

static void consider(choice *best, const char *tag, int score, bg_span span)
{
	for (int i = 0; i < MOST_TAGS; i++)
	{
		/* "bug bounty" leaves no place for "bounty" */
		if (best[i].score > 0 &&
		    (strstr(best[i].name, tag) != NULL || strstr(tag, best[i].name) != NULL))
		{
			if (score > best[i].score || strlen(tag) > strlen(best[i].name))
			{
				int kept = best[i].score > score ? best[i].score : score;

				strncpy(best[i].name, tag, sizeof(best[i].name) - 1);
				best[i].score = kept;
				best[i].span = span;
			}
			return;
		}
	}
	for (int i = 0; i < MOST_TAGS; i++)
		if (score > best[i].score)
		{
			memmove(&best[i + 1], &best[i], sizeof(choice) * (size_t) (MOST_TAGS - i - 1));
			memset(&best[i], 0, sizeof(choice));
			strncpy(best[i].name, tag, sizeof(best[i].name) - 1);
			best[i].score = score;
			best[i].span = span;
			return;
		}
}

/* A word that the text keeps coming back to: the organizer's name, a word of the title. */
static void consider_word(const bg_doc *doc, choice *best, const char *word, size_t len, int score)
{
	/* clang-format off */
	static const char *const common[] = {
		"with", "from", "that", "this", "your", "into", "needed", "wanted", "build", "write",
		"create", "make", "using", "about", "apply", "details", "issue", "project", "program",
		"programme", "program's", "call", "submissions", "open", "work", "team", "first", "help",
		"rules", "reward", "rewards", "prizes", "prize", "bounty", "bounties", "contest",
		"another", "long", "name", "when", "after", "before", "what", "how", "does", "each",
		"explore", "receive", "hold", "users", "only", "small", "next", "test", "list", "full",
		"come", "developers", "developer", "community", "feature", "support", "application", NULL
	};
	/* clang-format on */
	char lower[32];
	const char *const one[] = {lower, NULL};
	size_t end = 0;
	size_t at;
	int count;

	if (len < 4 || len >= sizeof(lower) || bg_is_digit(word[0]))
		return;
	for (size_t i = 0; i < len; i++)
	{
		if ((unsigned char) word[i] >= 0x80 || word[i] == ' ')
			return;
		lower[i] = bg_to_lower(word[i]);
	}
	lower[len] = '\0';
	for (size_t i = 0; common[i] != NULL; i++)
		if (strcmp(common[i], lower) == 0)
			return;
	count = bg_cue_count(doc->lower, 0, doc->keywords, lower, 5);
	if (count < 2)
		return;
	at = bg_cue_first(doc->lower, 0, doc->keywords, one, &end);
	consider(best, lower, score + 2 * count, (bg_span){at, end});
}

static void consider_names(const bg_doc *doc, choice *best)
{
	const char *title = doc->title != NULL ? doc->title : "";

	if (doc->organizer != NULL)
		consider_word(doc, best, doc->organizer, strlen(doc->organizer), 10);
	while (*title != '\0')
	{
		size_t n = strcspn(title, " ,:;()[]\"'/");

		if (n > 0)
			consider_word(doc, best, title, n, 2);
		title += n;
		title += strspn(title, " ,:;()[]\"'/");
	}
}

bool bg_rules_tags(bg_doc *doc, bg_found *found)
{
	const char *title = doc->title_lower != NULL ? doc->title_lower : "";
	size_t title_len = strlen(title);
	choice best[MOST_TAGS];
	bg_pairs pairs;
	bg_span first = {0, 0};

	memset(best, 0, sizeof(best));
	bg_pairs_of(&pairs, doc->lower, 0, doc->keywords);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
	{
		const char *const one[] = {tags[i].tag, NULL};
		size_t end = 0;
		size_t at = bg_pairs_may(&pairs, tags[i].tag)
		                ? bg_cue_first(doc->lower, 0, doc->keywords, one, &end)
		                : BG_SCAN_NONE;
		int score;

		if (at == BG_SCAN_NONE)
		{
			/* a page's title may stand outside its main text */
			if (doc->title_span.end == 0 || !bg_cue_any(title, 0, title_len, one))
				continue;
			at = doc->title_span.start;
			end = doc->title_span.end;
		}
		score = tags[i].weight * 2 + 2 * bg_cue_count(doc->lower, 0, doc->keywords, one[0], 5);
		if (bg_cue_any(title, 0, title_len, one))
			score += 8;
		consider(best, tags[i].tag, score, (bg_span){at, end});
	}
	consider_names(doc, best);
	/* the token of the reward, where it isn't a common one */
	for (size_t i = 0; i < doc->amount_count; i++)
	{
		const char *code = doc->amounts[i].money.currency;
		char lower[17];
		size_t n = 0;
		size_t end = 0;
		size_t at;

		if (doc->amounts[i].role == BG_ROLE_OTHER || code[0] == '\0' || bg_unit_is_fiat(code) ||
		    bg_unit_is_points(code) || strcmp(code, "USDC") == 0 || strcmp(code, "USDT") == 0)
			continue;
		for (; code[n] != '\0' && n < sizeof(lower) - 1; n++)
			lower[n] = bg_to_lower(code[n]);
		lower[n] = '\0';
		at = bg_cue_first(doc->lower, 0, doc->keywords, (const char *const[]){lower, NULL}, &end);
		if (at != BG_SCAN_NONE)
			consider(best, lower, 11, (bg_span){at, end});
		break;
	}
	found->value = json_array();
	found->quotes = json_array();
	if (found->value == NULL || found->quotes == NULL)
		return false;
	for (int i = 0; i < MOST_TAGS; i++)
		if (best[i].score > 0 && bg_evidence_add_quote(found->quotes, doc->out->data, doc->out->len,
		                                               best[i].span, json_string(best[i].name)))
		{
			json_array_append_new(found->value, json_string(best[i].name));
			if (first.end == 0)
				first = best[i].span;
		}
	if (json_array_size(found->value) == 0)
	{
		bg_found_clear(found);
		bg_doc_missing(doc, "tags", "absent");
		return false;
	}
	found->span = first;
	found->method = "rule";
	found->confidence = 0.5;
	return true;
}
