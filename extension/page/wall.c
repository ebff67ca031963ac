/*
 * wall.c
 *		Whether a page is not the page: a challenge, a login wall, a shell without text. Judges by the content and stays on
 *		the side of reading: a real page that mentions a captcha is a page.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "document.h"

#include <string.h>
#include <strings.h>

/* Units of text over which a page is taken for what it shows. */
#define CHALLENGE_TEXT 1500
#define LOGIN_TEXT 700
#define SHELL_TEXT 200

static bool any_in(const char *text, const char *const *phrases)
{
	if (text == NULL)
		return false;
	for (; *phrases != NULL; phrases++)
	{
		if (strcasestr(text, *phrases) != NULL)
			return true;
	}
	return false;
}

static bool any_in_bytes(const char *bytes, size_t len, const char *const *words)
{
	for (; *words != NULL; words++)
	{
		if (memmem(bytes, len, *words, strlen(*words)) != NULL)
			return true;
	}
	return false;
}

/* Marks that only an interstitial carries, in scripts, forms or links. */
static const char *const challenge_marks[] = {"cf_chl_opt",
                                              "/cdn-cgi/challenge-platform/h/",
                                              "__cf_chl_",
                                              "cf-browser-verification",
                                              "_Incapsula_Resource",
                                              "captcha-delivery.com",
                                              "AwsWafIntegration",
                                              "awswaf.com/",
                                              "px-captcha",
                                              "_pxAppId",
                                              "geo.captcha-delivery",
                                              "sucuri_cloudproxy_js",
                                              "ddos-guard/js-challenge",
                                              "anubis_challenge",
                                              "TencentCaptcha",
                                              "aliyun_waf",
                                              "_waf_is_mobile",
                                              "acw_sc__v2",
                                              "/_sec/cp_challenge",
                                              "distil_r_captcha",
                                              "kpsdk",
                                              NULL};

static const char *const challenge_titles[] = {"just a moment",
                                               "attention required",
                                               "checking your browser",
                                               "are you a robot",
                                               "are you human",
                                               "verify you are human",
                                               "human verification",
                                               "ddos-guard",
                                               "robot check",
                                               "one more step",
                                               "pardon our interruption",
                                               "安全验证",
                                               "人机验证",
                                               "访问验证",
                                               "滑块验证",
                                               "请稍候",
                                               NULL};

/* Titles that other pages have as well: they count beside a mark only. */
static const char *const doubtful_titles[] = {
    "captcha", "security check", "access denied", "bot check", "blocked", "forbidden", NULL};

static const char *const challenge_phrases[] = {"checking your browser",
                                                "checking if the site connection is secure",
                                                "verify you are human",
                                                "verifying you are human",
                                                "verify that you are human",
                                                "prove you are human",
                                                "prove that you are human",
                                                "are you a robot",
                                                "you are not a robot",
                                                "not a bot",
                                                "complete the security check",
                                                "please complete the captcha",
                                                "solve the captcha",
                                                "enter the characters you see",
                                                "unusual traffic",
                                                "automated requests",
                                                "ddos protection by",
                                                "needs to review the security of your connection",
                                                "enable javascript and cookies to continue",
                                                "press & hold",
                                                "press and hold",
                                                "performing security verification",
                                                "请完成验证",
                                                "完成安全验证",
                                                "人机验证",
                                                "拖动滑块",
                                                "访问过于频繁",
                                                "您的访问请求异常",
                                                NULL};

static const char *const login_titles[] = {
    "log in", "login",  "sign in",  "signin",    "sign up or log in", "登录",
    "登陆",   "请登录", "anmelden", "connexion", "iniciar sesión",    NULL};

static const char *const login_phrases[] = {"you must be logged in",
                                            "you must log in",
                                            "you must sign in",
                                            "please log in to",
                                            "please sign in to",
                                            "log in to continue",
                                            "sign in to continue",
                                            "login to continue",
                                            "you need to log in",
                                            "you need to sign in",
                                            "you need to be logged in",
                                            "login required",
                                            "sign in required",
                                            "log in to view",
                                            "sign in to view",
                                            "log in or sign up to view",
                                            "请先登录",
                                            "登录后查看",
                                            "登录后继续",
                                            "请登录后",
                                            "需要登录",
                                            "登录后可见",
                                            NULL};

static const char *const shell_phrases[] = {"enable javascript",
                                            "javascript is required",
                                            "javascript is disabled",
                                            "requires javascript",
                                            "javascript to run this app",
                                            "turn on javascript",
                                            "without javascript",
                                            "activate javascript",
                                            "启用javascript",
                                            "启用 javascript",
                                            "开启javascript",
                                            NULL};

static bool has_password(const bg_document *document)
{
	for (size_t i = 1; i < document->count; i++)
	{
		const char *type;

		if (document->nodes[i].tag != TAG_INPUT)
			continue;
		type = bg_document_attr(document, i, ATTR_TYPE);
		if (type != NULL && strcasecmp(type, "password") == 0)
			return true;
	}
	return false;
}

/* True if the title is one of the phrases, or little more. */
static bool title_is(const char *title, const char *const *phrases)
{
	return title != NULL && strlen(title) < 80 && any_in(title, phrases);
}

/* True if the title begins with one of the phrases, as a whole: "Log in - Example", not "Fix login". */
static bool title_begins(const char *title, const char *const *phrases)
{
	if (title == NULL)
		return false;
	for (; *phrases != NULL; phrases++)
	{
		size_t len = strlen(*phrases);

		if (strncasecmp(title, *phrases, len) == 0 &&
		    (title[len] == '\0' || strchr(" |-:,.", title[len]) != NULL ||
		     (unsigned char) title[len] >= 0x80))
			return true;
	}
	return false;
}

bg_outcome bg_wall_check(const char *html, size_t len, const bg_document *document,
                         const bg_page *page, const bg_article *article)
{
	size_t visible = article->visible;
	const char *text = page->text;

	if (visible < CHALLENGE_TEXT)
	{
		bool marked = any_in_bytes(html, len, challenge_marks);
		bool titled = title_is(page->document_title, challenge_titles) ||
		              title_is(page->heading, challenge_titles);
		bool said = any_in(text, challenge_phrases);
		bool doubtful = title_is(page->document_title, doubtful_titles);

		if ((marked && (titled || doubtful || said || visible < 100)) || (titled && said))
			return BG_CHALLENGE;
	}
	if (visible < LOGIN_TEXT)
	{
		bool titled = title_begins(page->document_title, login_titles) ||
		              title_begins(page->heading, login_titles);
		bool said = any_in(text, login_phrases);
		bool password = has_password(document);

		if ((titled && (password || said)) || (password && said))
			return BG_LOGIN_WALL;
	}
	if (page->text_len == 0)
		return BG_EMPTY;
	if (visible < SHELL_TEXT && document->scripted && any_in(text, shell_phrases))
		return BG_EMPTY;
	return BG_OK;
}
