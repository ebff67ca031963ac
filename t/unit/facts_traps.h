/*
 * facts_traps.h
 *		The documents of facts_rules.c: each a trap, with what is expected of the rules.
 *
 * "none" means that no value may be given; a member that is left out is not looked at.
 */
#ifndef BG_FACTS_TRAPS_H
#define BG_FACTS_TRAPS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct trap
{
	const char *name;
	const char *text;
	bool is_task;
	const char *title;
	const char *organizer;
	const char *category;
	const char *amount;
	const char *min;
	const char *currency;
	const char *distribution;
	const char *deadline;
	const char *latest;
	const char *why;         /* reason of the missing deadline */
	const char *eligibility; /* a part of it */
	size_t rows;
	size_t milestones;
} trap;

/* clang-format off */
static const trap traps[] = {
    {.name = "event_date_is_no_deadline",
     .text =
     "# Saltmarsh Hack Day\n"
     "\n"
     "A hackathon in one day. The event takes place on October 10, 2026 in the old customs house. Prizes: $2,000 for the best team.\n"
     "\n"
     "Submit your project at the end of the day.\n",
     .is_task = true,
     .category = "hackathon",
     .currency = "USD",
     .why = "absent",
     .amount = "2000",
     .deadline = "none"},
    {.name = "last_year_is_not_this_year",
     .text =
     "# Reedbank Hackathon 2027\n"
     "\n"
     "Build something useful for wetlands. Submissions are judged by three experts.\n"
     "\n"
     "## Last year at Reedbank\n"
     "\n"
     "Teams shared $40,000 in prizes and 300 people came.\n"
     "\n"
     "## How to participate\n"
     "\n"
     "Register with your team and submit a demo.\n",
     .is_task = true,
     .amount = "none"},
    {.name = "two_cities",
     .text =
     "# Foxglove Fellowship: call for applications\n"
     "\n"
     "Stipend: €9,000 per fellow.\n"
     "\n"
     "- Lisbon round: application deadline March 3, 2027\n"
     "- Tallinn round: application deadline April 14, 2027\n"
     "\n"
     "Apply with a plan of two pages.\n",
     .is_task = true,
     .currency = "EUR",
     .why = "ambiguous",
     .amount = "9000",
     .deadline = "none",
     .milestones = 2},
    {.name = "closes_friday",
     .text =
     "# Weekend writing contest\n"
     "\n"
     "Submissions close Friday. The reading takes place on Friday, October 9, 2026. Prize: £300. Submit your story by e-mail.\n",
     .is_task = true,
     .currency = "GBP",
     .amount = "300",
     .deadline = "none"},
    {.name = "widget_against_text",
     .text =
     "# Mural design contest\n"
     "\n"
     "Time left: 1 month\n"
     "\n"
     "Reward: $1,500 for the winning design. Submissions due by 11:59 PM EDT on October 4th, 2026.\n",
     .is_task = true,
     .category = "design",
     .currency = "USD",
     .deadline = "2026-10-04",
     .latest = "2026-10-05T03:59:00Z",
     .amount = "1500"},
    {.name = "extended",
     .text =
     "# Quillwort Grant\n"
     "\n"
     "Update: the deadline has been extended to November 20, 2026.\n"
     "\n"
     "Application deadline: ~~November 6, 2026~~\n"
     "\n"
     "Grants of up to 8,000 USDC for libraries. Apply with a proposal.\n",
     .is_task = true,
     .category = "grant",
     .currency = "USDC",
     .deadline = "2026-11-20",
     .amount = "8000"},
    {.name = "past_stays_past",
     .text =
     "# Poster contest\n"
     "\n"
     "Entries must be received by 12 March 2019. First prize: 500 dollars.\n",
     .is_task = true,
     .currency = "USD",
     .deadline = "2019-03-12",
     .amount = "500"},
    {.name = "far_future_is_none",
     .text =
     "## 遥感影像地块识别\n"
     "\n"
     "Link: 某赛事平台\n"
     "Deadline: 2099-09-01T00:00:00+0800\n"
     "Reward: ￥80000\n",
     .is_task = true,
     .currency = "CNY",
     .amount = "80000",
     .deadline = "none"},
    {.name = "payout_date",
     .text =
     "[HOLD for payment 2024-02-11] [$250] Fix the scroll position after rotation · Issue #77 · brightmoss/app\n"
     "\n"
     "Rotating the phone loses the scroll position. Steps and a video are below.\n",
     .is_task = true,
     .title = "Fix the scroll position after rotation",
     .organizer = "brightmoss",
     .category = "development",
     .currency = "USD",
     .amount = "250",
     .deadline = "none"},
    {.name = "block_height",
     .text =
     "# Puzzle bounty\n"
     "\n"
     "Reward: 50,000 sats\n"
     "\n"
     "The bounty is open for submissions until block 900100. Send the solution as a transaction.\n",
     .is_task = true,
     .currency = "SATS",
     .amount = "50000",
     .deadline = "none"},
    {.name = "token_equivalent",
     .text =
     "# 波浪黑客松\n"
     "\n"
     "大赛提供30万美金等额的DOT共42,852作为奖金池，欢迎报名参赛并提交作品。\n",
     .is_task = true,
     .category = "hackathon",
     .currency = "USD",
     .amount = "300000"},
    {.name = "chinese_units",
     .text =
     "# 手机壳图案征集\n"
     "\n"
     "奖金：8万2千元。截止日期：2026年10月4日。欢迎投稿。\n",
     .is_task = true,
     .currency = "CNY",
     .deadline = "2026-10-04",
     .amount = "82000"},
    {.name = "stacked_extensions_without_year",
     .text =
     "# 模型压缩挑战赛\n"
     "\n"
     "提交截止时间延长至6月29日 24:00。\n"
     "\n"
     "提交截止时间延长至5月29日。\n"
     "\n"
     "报名后即可提交作品。奖金池 10 万元。\n",
     .is_task = true,
     .currency = "CNY",
     .why = "ambiguous",
     .amount = "100000",
     .deadline = "none"},
    {.name = "aoe",
     .text =
     "# Call for papers on bounties\n"
     "\n"
     "Submission deadline: 14 February 2027, 5pm AoE. The best paper wins a prize of $1,000.\n",
     .is_task = true,
     .currency = "USD",
     .deadline = "2027-02-14",
     .latest = "2027-02-15T05:00:00Z",
     .amount = "1000"},
    {.name = "post_against_comments",
     .text =
     "[600 DAI] Add an export to the ledger · Issue #12 · tallgrass/ledger\n"
     "Opened on 3 March 2020\n"
     "\n"
     "Export the ledger to CSV.\n"
     "\n"
     "A contributor, 4 March 2020: 200 DAI would be plenty in my view.\n",
     .is_task = true,
     .organizer = "tallgrass",
     .currency = "DAI",
     .amount = "600"},
    {.name = "ended_programme",
     .text =
     "# Security rewards\n"
     "\n"
     "Our bug bounty program has ended. We no longer offer rewards for vulnerability reports, but still like to get them.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "news_about_a_reward",
     .text =
     "# Hacker earned $500,000 for a bug in a bridge\n"
     "\n"
     "The company said on Tuesday that a researcher was paid $500,000, the largest reward of the year. According to the platform, the bug could have drained all funds.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "empty_template",
     .text =
     "**Describe the bug**\n"
     "A clear and concise description of what the bug is.\n"
     "\n"
     "**To Reproduce**\n"
     "Steps to reproduce the behavior:\n"
     "1. Go to '...'\n"
     "\n"
     "**Expected behavior**\n"
     "A clear and concise description of what you expected to happen.\n",
     .is_task = false},
    {.name = "up_to",
     .text =
     "# Bug bounty of Alderfly\n"
     "\n"
     "Report vulnerabilities in our wallet. Rewards of up to $50,000 are paid for critical bugs.\n",
     .is_task = true,
     .category = "security",
     .currency = "USD",
     .amount = "50000"},
    {.name = "range",
     .text =
     "# Translators wanted\n"
     "\n"
     "We need two translators for our documentation. Payment: $5k–$25k depending on length. Apply with samples.\n",
     .is_task = true,
     .category = "translation",
     .currency = "USD",
     .amount = "25000",
     .min = "5000"},
    {.name = "percent_with_bounds",
     .text =
     "# Harebell bug bounty program\n"
     "\n"
     "Critical bugs in the smart contracts earn 10 % of the damage, min $10k, max $50k. Submit a report with a proof of concept.\n",
     .is_task = true,
     .category = "security",
     .currency = "USD",
     .amount = "50000"},
    {.name = "priced_in_usd_paid_in_token",
     .text =
     "# Vireo bounty\n"
     "\n"
     "Reward: $400, paid in ARKM. Submit a thread that explains the protocol.\n",
     .is_task = true,
     .currency = "USD",
     .amount = "400"},
    {.name = "places_without_total",
     .text =
     "# Short film contest\n"
     "\n"
     "Prizes\n"
     "- 1st place: $1,000\n"
     "- 2nd place: $500\n"
     "- 3rd place: $250\n"
     "- 10 honourable mentions: $50 each\n"
     "\n"
     "Submit your film by 1 May 2027.\n",
     .is_task = true,
     .currency = "USD",
     .distribution = "tiers",
     .deadline = "2027-05-01",
     .amount = "2250",
     .rows = 4},
    {.name = "total_against_sum",
     .text =
     "# Dashboard contest\n"
     "\n"
     "Total prize pool: $3,000\n"
     "- First prize: $1,500\n"
     "- Second prize: $1,000\n"
     "\n"
     "Submit a dashboard.\n",
     .is_task = true,
     .currency = "USD",
     .amount = "3000",
     .rows = 2},
    {.name = "raffle",
     .text =
     "# Follow and win\n"
     "\n"
     "Retweet the post and follow us. 10 winners will be randomly selected and receive 20 USDT each. Ends on 2026-12-01 12:00 UTC.\n",
     .is_task = true,
     .currency = "USDT",
     .distribution = "raffle",
     .deadline = "2026-12-01",
     .latest = "2026-12-01T12:00:00Z",
     .amount = "200"},
    {.name = "points",
     .text =
     "Meet the protocol\n"
     "Sundew · Layer3\n"
     "Reward: 150 XP\n"
     "Expires: 2026-12-31T22:59:00.000Z\n"
     "\n"
     "Steps\n"
     "- Read the introduction\n"
     "- Connect your wallet\n",
     .is_task = true,
     .organizer = "Sundew",
     .currency = "XP",
     .distribution = "points",
     .deadline = "2026-12-31",
     .amount = "150"},
    {.name = "tba",
     .text =
     "# Heathland Hackathon\n"
     "\n"
     "Prizes: TBA\n"
     "Submission deadline: TBA\n"
     "\n"
     "Register your team now and submit a prototype at the hackathon.\n",
     .is_task = true,
     .category = "hackathon",
     .why = "absent",
     .amount = "none",
     .deadline = "none"},
    {.name = "tba_zh",
     .text =
     "# 芦苇黑客松\n"
     "\n"
     "奖金：待定\n"
     "截止时间：待定\n"
     "\n"
     "欢迎开发者报名参赛，提交作品。\n",
     .is_task = true,
     .why = "absent",
     .amount = "none",
     .deadline = "none"},
    {.name = "platform_is_not_organizer",
     .text =
     "# Ragwort Data Hackathon\n"
     "\n"
     "Hosted by the Ragwort Institute on DoraHacks. The prize pool is 12,000 USDC. Submit your project on DoraHacks by 2027-01-15.\n",
     .is_task = true,
     .organizer = "Ragwort Institute",
     .currency = "USDC",
     .deadline = "2027-01-15",
     .amount = "12000"},
    {.name = "rolling",
     .text =
     "# Small tools grant\n"
     "\n"
     "Grants of $2,000 for small tools. Applications are reviewed monthly, on a rolling basis, until funds are exhausted. Apply with one page.\n",
     .is_task = true,
     .category = "grant",
     .currency = "USD",
     .why = "absent",
     .amount = "2000",
     .deadline = "none"},
    {.name = "only_a_fee",
     .text =
     "# Coastal photo contest\n"
     "\n"
     "The entry fee is $25. Winners get a certificate and are shown in the town hall. Submit up to three photos by May 2, 2027.\n",
     .is_task = true,
     .category = "content",
     .deadline = "2027-05-02",
     .amount = "none"},
    {.name = "sponsor_revenue",
     .text =
     "# Open call for illustrators\n"
     "\n"
     "Our sponsor had a revenue of $4 million last year. Illustrators are invited to submit a poster. The winner gets two tickets.\n",
     .is_task = true,
     .amount = "none"},
    {.name = "eligibility",
     .text =
     "# Essay contest for students\n"
     "\n"
     "Students only, 18+. Void in Quebec. Submit your essay. First prize: $800.\n",
     .is_task = true,
     .eligibility = "Students only",
     .amount = "800"},
    {.name = "lunar_date",
     .text =
     "# 中秋征文\n"
     "\n"
     "截稿：农历2026年8月15日。奖金：500元。欢迎投稿。\n",
     .is_task = true,
     .currency = "CNY",
     .amount = "500",
     .deadline = "none"},
    {.name = "full_width",
     .text =
     "# 标志设计征集\n"
     "\n"
     "奖金：５０００元。投稿截止：２０２６年１０月４日。\n",
     .is_task = true,
     .category = "design",
     .currency = "CNY",
     .deadline = "2026-10-04",
     .amount = "5000"},
    {.name = "two_days_order",
     .text =
     "# Logo contest\n"
     "\n"
     "Prize: €400. Closing date: 10/04/2026. Submit a vector file.\n",
     .is_task = true,
     .currency = "EUR",
     .amount = "400",
     .deadline = "none"},
    {.name = "one_line_of_prizes",
     .text =
     "# “家乡的桥”征文启事\n"
     "\n"
     "征文时间：即日起至2026年6月30日。\n"
     "奖励：一等奖1名，奖金5000元；二等奖3名，奖金各3000元；三等奖5名，奖金各1000元。\n"
     "主办单位：临江文学社\n",
     .is_task = true,
     .organizer = "临江文学社",
     .category = "content",
     .currency = "CNY",
     .deadline = "2026-06-30",
     .amount = "19000"},
    {.name = "submission_period",
     .text =
     "Bluebell Cup - Rules\n"
     "\n"
     "Submission Period: January 15, 2027 (9:00am PT) – February 20, 2027 (5:00pm PT)\n"
     "Judging Period: February 22, 2027 – March 1, 2027\n"
     "Winners Announced: on or around March 5, 2027\n"
     "\n"
     "Sponsor: Thornapple Systems\n"
     "First prize: $3,000. Submit a working app.\n",
     .is_task = true,
     .organizer = "Thornapple Systems",
     .currency = "USD",
     .deadline = "2027-02-20",
     .latest = "2027-02-21T01:00:00Z",
     .amount = "3000"},
    {.name = "audit_contest",
     .text =
     "# Sedgewick contest details\n"
     "- Total Prize Pool: $100,000 USDC\n"
     "  - HM awards: $80,000 USDC\n"
     "  - QA awards: $4,000 USDC\n"
     "- Submit findings using the form\n"
     "- Starts March 3, 2027 20:00 UTC\n"
     "- Ends March 17, 2027 20:00 UTC\n",
     .is_task = true,
     .organizer = "Sedgewick",
     .category = "security",
     .currency = "USDC",
     .deadline = "2027-03-17",
     .latest = "2027-03-17T20:00:00Z",
     .amount = "100000"},
    {.name = "severity_table",
     .text =
     "Milkwort Bug Bounties | Immunefi\n"
     "Milkwort is a lending market.\n"
     "Maximum Bounty: $40,000\n"
     "Live since: 2025-11-24\n"
     "\n"
     "Rewards\n"
     "| Critical | USD 20 000 to USD 40 000 |\n"
     "| High | USD 5 000 |\n"
     "| Low | USD 1 000 |\n",
     .is_task = true,
     .organizer = "Milkwort",
     .category = "security",
     .currency = "USD",
     .amount = "40000",
     .min = "1000",
     .deadline = "none",
     .rows = 3},
    {.name = "gitcoin_funding",
     .text =
     "Sort the list of grants · Issue #31 · yarrow/web\n"
     "Labels: help wanted\n"
     "\n"
     "The list should be sorted by name.\n"
     "\n"
     "bot, 3 May 2019\n"
     "This issue now has a funding of 0.5 ETH (90.0 USD @ $180.0/ETH) attached to it.\n",
     .is_task = true,
     .organizer = "yarrow",
     .currency = "ETH",
     .amount = "0.5",
     .deadline = "none"},
    {.name = "bounty_comment",
     .text =
     "Crash on empty input · Issue #9 · sorrel/parser\n"
     "\n"
     "The parser crashes on empty input.\n"
     "\n"
     "## 💎 $150 bounty\n"
     "\n"
     "To claim it, submit a pull request that closes this issue.\n",
     .is_task = true,
     .title = "Crash on empty input",
     .currency = "USD",
     .amount = "150"},
    {.name = "results",
     .text =
     "# Winners of the Teasel Hackathon\n"
     "\n"
     "Congratulations to the winning teams! Team Otter won $10,000, team Heron took home $5,000. Thank you to everyone who attended.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "results_zh",
     .text =
     "# 蒲公英黑客松圆满落幕\n"
     "\n"
     "12月3日，蒲公英黑客松在杭州落下帷幕。经过48小时的比拼，冠军队伍获得了10万元奖金。记者从现场获悉，共有80支队伍参加。\n",
     .is_task = false,
     .amount = "none",
     .deadline = "none"},
    {.name = "proposal",
     .text =
     "# Grant proposal: a map of lichens\n"
     "\n"
     "Our team requests $20,000 to build a map of lichens. We propose three milestones. Budget breakdown: design $5,000, development $15,000.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "guide",
     .text =
     "# How to write a good bug report\n"
     "\n"
     "In this guide we look at what makes a report good. Programs pay up to $10,000 for a critical bug. Read the scope first.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "platform_docs",
     .text =
     "# Paying out bounties\n"
     "\n"
     "Learn how to pay a bounty to a contributor. Install the app, open the dashboard, and click the button next to the issue. The contributor gets an e-mail.\n",
     .is_task = false},
    {.name = "question",
     .text =
     "Do you have a bug bounty program?\n"
     "\n"
     "I found something that looks like a vulnerability and would like to know whether you pay for reports. Where should I send it?\n",
     .is_task = false},
    {.name = "feature_request",
     .text =
     "Support dark mode · Issue #55 · bracken/site\n"
     "Opened by someone on 2025-01-02\n"
     "\n"
     "It would be nice to have a dark mode. Other sites have one.\n",
     .is_task = false},
    {.name = "currency_of_two",
     .text =
     "# Bounty: test the bridge\n"
     "\n"
     "Reward: 50 USDC + 100 XP\n"
     "Deadline: June 20, 2027\n",
     .is_task = true,
     .currency = "USDC",
     .deadline = "2027-06-20",
     .amount = "50"},
    {.name = "grant_range",
     .text =
     "# Research grants 2027\n"
     "\n"
     "Award amount: $10,000 - $50,000\n"
     "Deadline for applications: March 31, 2027 at 17:00 CET\n"
     "Notification of results: May 15, 2027\n",
     .is_task = true,
     .category = "grant",
     .currency = "USD",
     .deadline = "2027-03-31",
     .latest = "2027-03-31T16:00:00Z",
     .amount = "50000",
     .min = "10000"},
};
/* clang-format on */

#endif
