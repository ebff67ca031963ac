/*
 * facts_traps_more.h
 *		More documents of facts_rules.c: kinds of pages as they come, tasks and others.
 */
#ifndef BG_FACTS_TRAPS_MORE_H
#define BG_FACTS_TRAPS_MORE_H

#include "facts_traps.h"

/* clang-format off */
static const trap pages[] = {
    {.name = "prose_grant",
     .text =
     "# Fungi Foundation Small Grants\n"
     "\n"
     "The Fungi Foundation supports people who study fungi in cities. In 2027 we will award ten grants of up to $3,000 each.\n"
     "\n"
     "To apply, fill in the form and attach a short plan. Applications must be submitted no later than 28 February 2027 (23:59 GMT). Decisions will be announced on 15 April 2027.\n",
     .is_task = true,
     .organizer = "Fungi Foundation",
     .category = "grant",
     .currency = "USD",
     .deadline = "2027-02-28",
     .latest = "2027-02-28T23:59:00Z",
     .amount = "3000"},
    {.name = "hack_schedule",
     .text =
     "# HedgeHack 2027\n"
     "\n"
     "HedgeHack is a 24-hour hackathon for students, organised by Oakdene University.\n"
     "\n"
     "## Schedule\n"
     "- Friday, March 5, 2027, 18:00: Opening ceremony\n"
     "- Saturday, March 6, 2027, 18:00: Project submission deadline\n"
     "- Saturday, March 6, 2027, 20:00: Award ceremony\n"
     "\n"
     "## Prizes\n"
     "1. €1.500 for the best project\n"
     "2. €750 for the runner-up\n"
     "3. €300 for the best design\n",
     .is_task = true,
     .organizer = "Oakdene University",
     .category = "hackathon",
     .currency = "EUR",
     .deadline = "2027-03-06",
     .amount = "2550"},
    {.name = "issue_bounty_label",
     .text =
     "Add OAuth login · Issue #201 · plovernet/server\n"
     "Opened by kestrel on 2025-03-01\n"
     "Labels: bounty, $300\n"
     "\n"
     "We would like to log in with OAuth. The first accepted pull request gets the bounty.\n",
     .is_task = true,
     .organizer = "plovernet",
     .category = "development",
     .currency = "USD",
     .amount = "300"},
    {.name = "steem_contest",
     .text =
     "# Weekly drawing contest 14: Owls\n"
     "\n"
     "Draw an owl and post it with the tag owldraw. The prizes are 10 SBD, 5 SBD and 2 SBD for the first three places. You have until Sunday, 12 August 2018, 23:59 UTC to enter. Winners will be announced on Monday.\n",
     .is_task = true,
     .currency = "SBD",
     .deadline = "2018-08-12",
     .latest = "2018-08-12T23:59:00Z",
     .amount = "17"},
    {.name = "zh_grant",
     .text =
     "# 青藤开源资助计划\n"
     "\n"
     "青藤基金会推出开源资助计划，面向个人开发者提供最高5万元的资助。申请截止时间为2026年11月30日18:00（北京时间）。申请者须提交项目计划书。\n",
     .is_task = true,
     .organizer = "青藤基金会",
     .category = "grant",
     .currency = "CNY",
     .deadline = "2026-11-30",
     .latest = "2026-11-30T10:00:00Z",
     .amount = "50000"},
    {.name = "zh_bugbounty",
     .text =
     "# 云杉安全应急响应中心漏洞奖励计划\n"
     "\n"
     "欢迎安全研究人员提交漏洞。奖励标准：\n"
     "- 严重漏洞：5000元-10000元\n"
     "- 高危漏洞：2000元\n"
     "- 中危漏洞：500元\n"
     "- 低危漏洞：100元\n",
     .is_task = true,
     .category = "security",
     .currency = "CNY",
     .amount = "10000",
     .deadline = "none"},
    {.name = "zh_design",
     .text =
     "# 绿洲环保协会会徽征集公告\n"
     "\n"
     "绿洲环保协会现面向社会公开征集会徽。征集时间：2026年3月1日至2026年4月15日。采用作品一件，奖金人民币1万元；入围作品五件，各奖励1000元。作品须原创。\n",
     .is_task = true,
     .organizer = "绿洲环保协会",
     .category = "design",
     .currency = "CNY",
     .deadline = "2026-04-15",
     .amount = "15000"},
    {.name = "quest_with_end",
     .text =
     "Swap on Larch\n"
     "Larch · Zealy\n"
     "Reward: 5 USDT\n"
     "Ends: 2026-05-30\n"
     "\n"
     "Tasks\n"
     "- Connect your wallet and swap 10 USDT\n"
     "- Follow on Twitter\n",
     .is_task = true,
     .organizer = "Larch",
     .category = "community",
     .currency = "USDT",
     .deadline = "2026-05-30",
     .amount = "5"},
    {.name = "freelance_budget",
     .text =
     "# Need a React developer for a dashboard\n"
     "\n"
     "Budget: $2,500 - $4,000 (fixed price)\n"
     "Client: Juniper Analytics\n"
     "Deadline: April 9, 2027\n"
     "\n"
     "We need a dashboard with charts. Experience with React and D3 is required. Send a proposal with your portfolio.\n",
     .is_task = true,
     .organizer = "Juniper Analytics",
     .category = "development",
     .currency = "USD",
     .deadline = "2027-04-09",
     .amount = "4000",
     .min = "2500"},
    {.name = "kaggle_like",
     .text =
     "## Whale Call Detection\n"
     "\n"
     "Link: https://contest.example/whales\n"
     "Description: Detect calls of whales in recordings. Hosted by the Marine Sound Lab.\n"
     "Deadline: 2026-07-13T23:59:00Z\n"
     "Reward: $25,000\n",
     .is_task = true,
     .organizer = "Marine Sound Lab",
     .category = "research",
     .currency = "USD",
     .deadline = "2026-07-13",
     .amount = "25000"},
    {.name = "news_hackathon",
     .text =
     "# Students build apps for farmers at weekend hackathon\n"
     "\n"
     "More than 200 students took part in a hackathon at the university last weekend. The winners received $5,000. \"We were impressed,\" said a member of the jury. The next event is planned for spring.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "blog_announcement_of_program",
     .text =
     "# Introducing the Tern Bug Bounty Program\n"
     "\n"
     "We are excited to launch a bug bounty program for Tern. We will pay up to 25,000 USDC for critical vulnerabilities. To take part, send a report with a proof of concept to our security team.\n",
     .is_task = true,
     .organizer = "Tern",
     .category = "security",
     .currency = "USDC",
     .amount = "25000"},
    {.name = "claim_comment",
     .text =
     "Bounty claim for issue 88\n"
     "\n"
     "I have completed the work for issue 88, see PR 91. Please send the bounty of 200 USDC to my wallet. My address is below.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "governance",
     .text =
     "# Proposal: fund a bug bounty with 100,000 ARB\n"
     "\n"
     "This proposal asks the DAO to fund a bug bounty program with 100,000 ARB from the treasury. Voting starts on March 1, 2026 and ends on March 8, 2026. Vote for or against.\n",
     .is_task = false,
     .amount = "none",
     .deadline = "none"},
    {.name = "list_of_platforms",
     .text =
     "# 15 platforms where you can earn bounties\n"
     "\n"
     "Here is a list of platforms that pay for bugs and code: rewards range from $50 to $100,000. Sign up on a platform, choose a program, and read its rules.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "zh_guide",
     .text =
     "# 新手如何参加漏洞众测：从零到第一笔奖金\n"
     "\n"
     "本文介绍常见平台和注册流程。一般低危漏洞奖励100元，高危可达5000元。建议先阅读规则。\n",
     .is_task = false,
     .amount = "none"},
    {.name = "zh_winners",
     .text =
     "# 2025年度征文大赛获奖名单公布\n"
     "\n"
     "一等奖1名：奖金5000元；二等奖2名：奖金各2000元。恭喜以上获奖作者，奖金将于12月31日前发放。\n",
     .is_task = false,
     .amount = "none",
     .deadline = "none"},
    {.name = "rfp",
     .text =
     "# RFP: Light client in Zig\n"
     "\n"
     "**Budget:** 40,000 DAI\n"
     "**Submission deadline:** 2026-09-30\n"
     "\n"
     "We are seeking proposals for a light client written in Zig. Deliverables: a library, tests, documentation.\n"
     "\n"
     "Contact the Ptarmigan DAO grants committee.\n",
     .is_task = true,
     .organizer = "Ptarmigan DAO",
     .category = "grant",
     .currency = "DAI",
     .deadline = "2026-09-30",
     .amount = "40000"},
    {.name = "milestones_table",
     .text =
     "# Grant: indexer for Rook\n"
     "\n"
     "| Milestone | Funding | Deadline |\n"
     "| --- | --- | --- |\n"
     "| 1 Design | $2,000 | |\n"
     "| 2 Code | $6,000 | |\n"
     "\n"
     "Total Funding Amount: $8,000\n"
     "\n"
     "Proposals are due by 1 June 2026.\n",
     .is_task = true,
     .category = "grant",
     .currency = "USD",
     .deadline = "2026-06-01",
     .amount = "8000"},
    {.name = "two_currencies",
     .text =
     "# Logo bounty\n"
     "\n"
     "First prize: 500 DAI\n"
     "Second prize: $200\n"
     "\n"
     "Submit your logo before 2026-08-01.\n",
     .is_task = true,
     .deadline = "2026-08-01"},
    {.name = "translation",
     .text =
     "# Help us translate the Sorghum docs\n"
     "\n"
     "We pay $0.08 per word for translations into Korean and Portuguese. Apply with a sample.\n",
     .is_task = true,
     .category = "translation",
     .currency = "USD",
     .amount = "0.08"},
    {.name = "registration_and_submission",
     .text =
     "Cranberry Cup 2018: Official Rules\n"
     "\n"
     "Dates and timing\n"
     "Registration Period: January 5, 2018 (10:00 am Eastern Time) – March 1, 2018 (5:00 pm Eastern Time).\n"
     "Submission Period: January 5, 2018 (10:00 am Eastern Time) – March 2, 2018 (5:00 pm Eastern Time).\n"
     "Judging Period: March 5, 2018 – March 16, 2018.\n"
     "Winners Announced: On or around March 20, 2018.\n"
     "\n"
     "Sponsor: Cranberry Bank, Boston. Administrator: Devpost.\n"
     "\n"
     "Prizes: Grand Prize $20,000 cash; Second Prize $10,000; Best Student $2,500\n",
     .is_task = true,
     .organizer = "Cranberry Bank",
     .currency = "USD",
     .deadline = "2018-03-02",
     .amount = "32500"},
    {.name = "table_of_levels",
     .text =
     "# Ibis Bug Bounty\n"
     "\n"
     "| Level | Reward |\n"
     "|---|---|\n"
     "| Critical | up to $100,000 |\n"
     "| High | up to $20,000 |\n"
     "| Medium | up to $5,000 |\n"
     "\n"
     "Only assets listed below are in scope. Total value locked is $80M. Starting on May 3, 2024 rewards are paid in USDC.\n",
     .is_task = true,
     .organizer = "Ibis",
     .currency = "USD",
     .amount = "100000",
     .deadline = "none"},
    {.name = "ambassadors",
     .text =
     "# Become a Gannet ambassador\n"
     "\n"
     "Gannet is looking for ambassadors in Brazil, Kenya and Vietnam. Ambassadors host meetups and write about Gannet. Each ambassador receives 300 USDC per month. Apply before July 31, 2026.\n",
     .is_task = true,
     .organizer = "Gannet",
     .category = "community",
     .deadline = "2026-07-31"},
    {.name = "zh_counts_in_brackets",
     .text =
     "# 2026“青苗杯”短视频大赛\n"
     "\n"
     "一、活动时间\n"
     "投稿时间：2026年5月1日-6月30日\n"
     "评选时间：2026年7月1日-7月15日\n"
     "二、奖项\n"
     "一等奖（1名）：10000元\n"
     "二等奖（3名）：5000元\n"
     "三等奖（10名）：1000元\n"
     "三、投稿方式\n"
     "将作品发送至邮箱。\n",
     .is_task = true,
     .category = "content",
     .currency = "CNY",
     .deadline = "2026-06-30",
     .amount = "35000"},
    {.name = "rewriting",
     .text =
     "Rewrite our onboarding e-mails\n"
     "$120.00 · due in 5 days\n"
     "posted 3 hours ago by wrenmail\n"
     "\n"
     "We have seven e-mails that new users get in their first month. They are too long. Please rewrite them.\n"
     "\n"
     "Acceptance Criteria\n"
     "Seven texts of at most 120 words.\n",
     .is_task = true,
     .organizer = "wrenmail",
     .category = "content",
     .currency = "USD",
     .amount = "120",
     .deadline = "none"},
    {.name = "results_with_prizes",
     .text =
     "# Linnet Hackathon results\n"
     "\n"
     "The hackathon ended on Sunday. First place ($4,000) went to team Finch, second place ($2,000) to team Wren. We thank all participants and sponsors.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "places_above_amounts",
     .text =
     "about earn grow showcase connect\n"
     "Write a thread about Dunlin\n"
     "Thread Bounty\n"
     "WRITING\n"
     "OPEN\n"
     "Dunlin is a payments network. They want more people to know how it works.\n"
     "MISSION\n"
     "Write a thread of ten tweets.\n"
     "ends on\n"
     "Thu Jun 16 2022 17:30:00\n"
     "submit entry\n"
     "Rewards\n"
     "🥇 First Prize\n"
     "- $400 USDC\n"
     "🥈 Second Prize\n"
     "- $200 USDC\n"
     "Evaluation Criteria\n"
     "- Clarity\n",
     .is_task = true,
     .title = "Write a thread about Dunlin",
     .organizer = "Dunlin",
     .category = "content",
     .currency = "USDC",
     .deadline = "2022-06-16",
     .amount = "600"},
    {.name = "lessons",
     .text =
     "# What we learned from running a bounty program\n"
     "\n"
     "Last year we paid $60,000 to 48 contributors. Here is what worked. First, write clear issues. Second, answer within a day.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "front_matter",
     .text =
     "---\n"
     "title: \"Poetry contest: rivers\"\n"
     "date: \"2021-03-02\"\n"
     "---\n"
     "\n"
     "Write a poem about a river. The best three poems win 20 HIVE each. The contest closes on March 14 at midnight UTC.\n",
     .is_task = true,
     .title = "Poetry contest: rivers",
     .deadline = "2021-03-14"},
    {.name = "open_proposal",
     .text =
     "# Open Grant Proposal: `Tide Clock`\n"
     "\n"
     "**Proposer:** `tideclock`\n"
     "\n"
     "We want to build a clock. Total requested: $12,000 over three milestones. Team members: two.\n",
     .is_task = false,
     .amount = "none"},
    {.name = "numbered_bounty",
     .text =
     "# Bounty #7: Port the parser to Go\n"
     "\n"
     "**Status:** open\n"
     "**Bounty:** 1.5 ETH\n"
     "**Deadline:** none\n"
     "\n"
     "Port the parser to Go and keep the tests green. Open a PR when you are done.\n",
     .is_task = true,
     .category = "development",
     .currency = "ETH",
     .amount = "1.5",
     .deadline = "none"},
};
/* clang-format on */

#endif
