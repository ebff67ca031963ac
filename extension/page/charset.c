/*
 * charset.c
 *		Bytes of unknown encoding to clean UTF-8: the byte order mark, the header, the page's own word, then a guess.
 *
 * Labels mean what the WHATWG Encoding Standard says (gb2312 is gb18030, iso-8859-1 is windows-1252 and so on). What does
 * not decode becomes U+FFFD; nothing is refused. Conversion is iconv's; bg_charset_prepare() opens its tables once.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "document.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How far into a page its own declaration may stand, and how much of it a guess looks at. */
#define META_WINDOW 16384
#define GUESS_WINDOW 131072

typedef struct encoding
{
	const char *name;   /* what is reported */
	const char *iconv;  /* NULL: UTF-8, which needs no conversion */
	const char *labels; /* separated by blanks, with one at either end */
} encoding;

typedef enum encoding_id
{
	ENC_UTF8,
	ENC_GB18030,
	ENC_BIG5,
	ENC_SHIFT_JIS,
	ENC_EUC_JP,
	ENC_ISO_2022_JP,
	ENC_EUC_KR,
	ENC_UTF16LE,
	ENC_UTF16BE,
	ENC_WINDOWS_1252,
	ENC_WINDOWS_1250,
	ENC_WINDOWS_1251,
	ENC_WINDOWS_1253,
	ENC_WINDOWS_1254,
	ENC_WINDOWS_1255,
	ENC_WINDOWS_1256,
	ENC_WINDOWS_1257,
	ENC_WINDOWS_1258,
	ENC_WINDOWS_874,
	ENC_ISO_8859_2,
	ENC_ISO_8859_3,
	ENC_ISO_8859_4,
	ENC_ISO_8859_5,
	ENC_ISO_8859_6,
	ENC_ISO_8859_7,
	ENC_ISO_8859_8,
	ENC_ISO_8859_10,
	ENC_ISO_8859_13,
	ENC_ISO_8859_14,
	ENC_ISO_8859_15,
	ENC_ISO_8859_16,
	ENC_KOI8_R,
	ENC_KOI8_U,
	ENC_MACINTOSH,
	ENC_COUNT,
	ENC_UNKNOWN = ENC_COUNT
} encoding_id;

static const encoding encodings[ENC_COUNT] = {
    [ENC_UTF8] = {"utf-8", NULL,
                  " utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 "},
    [ENC_GB18030] = {"gb18030", "GB18030",
                     " gb18030 gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 "
                     "iso-ir-58 x-gbk cp936 ms936 windows-936 euc-cn hz-gb-2312 "},
    [ENC_BIG5] = {"big5", "BIG5-HKSCS", " big5 big5-hkscs big5hkscs cn-big5 csbig5 x-x-big5 "},
    [ENC_SHIFT_JIS] = {"shift_jis", "CP932",
                       " shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j cp932 "
                       "csshiftjis "},
    [ENC_EUC_JP] = {"euc-jp", "EUC-JP-MS", " euc-jp eucjp x-euc-jp cseucpkdfmtjapanese "},
    [ENC_ISO_2022_JP] = {"iso-2022-jp", "ISO-2022-JP", " iso-2022-jp csiso2022jp "},
    [ENC_EUC_KR] = {"euc-kr", "UHC",
                    " euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean "
                    "windows-949 cp949 ms949 uhc cseuckr csksc56011987 iso-ir-149 "},
    [ENC_UTF16LE] = {"utf-16le", "UTF-16LE",
                     " utf-16 utf-16le utf16 ucs-2 iso-10646-ucs-2 csunicode unicode "
                     "unicodefeff "},
    [ENC_UTF16BE] = {"utf-16be", "UTF-16BE", " utf-16be unicodefffe "},
    [ENC_WINDOWS_1252] = {"windows-1252", "CP1252",
                          " windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 "
                          "iso_8859-1 iso_8859-1:1987 latin1 l1 ascii us-ascii ansi_x3.4-1968 "
                          "cp819 ibm819 csisolatin1 iso-ir-100 x-user-defined "},
    [ENC_WINDOWS_1250] = {"windows-1250", "CP1250", " windows-1250 cp1250 x-cp1250 "},
    [ENC_WINDOWS_1251] = {"windows-1251", "CP1251", " windows-1251 cp1251 x-cp1251 win-1251 "},
    [ENC_WINDOWS_1253] = {"windows-1253", "CP1253", " windows-1253 cp1253 x-cp1253 "},
    [ENC_WINDOWS_1254] = {"windows-1254", "CP1254",
                          " windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 "
                          "iso_8859-9 iso_8859-9:1989 latin5 l5 csisolatin5 iso-ir-148 "},
    [ENC_WINDOWS_1255] = {"windows-1255", "CP1255", " windows-1255 cp1255 x-cp1255 "},
    [ENC_WINDOWS_1256] = {"windows-1256", "CP1256", " windows-1256 cp1256 x-cp1256 "},
    [ENC_WINDOWS_1257] = {"windows-1257", "CP1257", " windows-1257 cp1257 x-cp1257 "},
    [ENC_WINDOWS_1258] = {"windows-1258", "CP1258", " windows-1258 cp1258 x-cp1258 "},
    [ENC_WINDOWS_874] = {"windows-874", "CP874",
                         " windows-874 dos-874 tis-620 iso-8859-11 iso8859-11 iso885911 "},
    [ENC_ISO_8859_2] = {"iso-8859-2", "ISO-8859-2",
                        " iso-8859-2 iso8859-2 iso88592 iso_8859-2 latin2 l2 csisolatin2 "},
    [ENC_ISO_8859_3] = {"iso-8859-3", "ISO-8859-3", " iso-8859-3 iso8859-3 latin3 l3 "},
    [ENC_ISO_8859_4] = {"iso-8859-4", "ISO-8859-4", " iso-8859-4 iso8859-4 latin4 l4 "},
    [ENC_ISO_8859_5] = {"iso-8859-5", "ISO-8859-5", " iso-8859-5 iso8859-5 iso_8859-5 cyrillic "},
    [ENC_ISO_8859_6] = {"iso-8859-6", "ISO-8859-6", " iso-8859-6 iso8859-6 iso_8859-6 arabic "},
    [ENC_ISO_8859_7] = {"iso-8859-7", "ISO-8859-7", " iso-8859-7 iso8859-7 iso_8859-7 greek "},
    [ENC_ISO_8859_8] = {"iso-8859-8", "ISO-8859-8",
                        " iso-8859-8 iso8859-8 iso_8859-8 iso-8859-8-i hebrew logical visual "},
    [ENC_ISO_8859_10] = {"iso-8859-10", "ISO-8859-10", " iso-8859-10 iso8859-10 latin6 l6 "},
    [ENC_ISO_8859_13] = {"iso-8859-13", "ISO-8859-13", " iso-8859-13 iso8859-13 "},
    [ENC_ISO_8859_14] = {"iso-8859-14", "ISO-8859-14", " iso-8859-14 iso8859-14 "},
    [ENC_ISO_8859_15] = {"iso-8859-15", "ISO-8859-15",
                         " iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9 "},
    [ENC_ISO_8859_16] = {"iso-8859-16", "ISO-8859-16", " iso-8859-16 "},
    [ENC_KOI8_R] = {"koi8-r", "KOI8-R", " koi8-r koi8 koi koi8_r cskoi8r "},
    [ENC_KOI8_U] = {"koi8-u", "KOI8-U", " koi8-u koi8-ru "},
    [ENC_MACINTOSH] = {"macintosh", "MACINTOSH", " macintosh mac x-mac-roman csmacintosh "},
};

/*
 * Conversions opened ahead by bg_charset_prepare(), for a process that may not open files afterwards. The one piece of
 * global state of page/; a process reads one page at a time.
 */
static iconv_t prepared[ENC_COUNT];
static bool is_prepared;

void bg_charset_prepare(void)
{
	if (is_prepared)
		return;
	for (int i = 0; i < ENC_COUNT; i++)
	{
		if (encodings[i].iconv != NULL)
			prepared[i] = iconv_open("UTF-8", encodings[i].iconv);
	}
	is_prepared = true;
}

static encoding_id find_label(const char *label, size_t len)
{
	char key[48];

	while (len > 0 && strchr(" \t\r\n\f\"'", label[0]) != NULL && label[0] != '\0')
		label++, len--;
	while (len > 0 && strchr(" \t\r\n\f\"'", label[len - 1]) != NULL && label[len - 1] != '\0')
		len--;
	if (len == 0 || len > sizeof(key) - 3)
		return ENC_UNKNOWN;
	key[0] = ' ';
	for (size_t i = 0; i < len; i++)
	{
		char c = label[i];

		if (c <= ' ')
			return ENC_UNKNOWN;
		key[i + 1] = c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c;
	}
	key[len + 1] = ' ';
	key[len + 2] = '\0';
	for (int i = 0; i < ENC_COUNT; i++)
	{
		if (strstr(encodings[i].labels, key) != NULL)
			return (encoding_id) i;
	}
	return ENC_UNKNOWN;
}

/* The encoding after "charset=" (or "encoding=") in text; quotes are optional. */
static encoding_id find_parameter(const char *text, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t i = 0; i + key_len < len; i++)
	{
		size_t at;
		size_t end;
		encoding_id id;

		if (strncasecmp(text + i, key, key_len) != 0)
			continue;
		at = i + key_len;
		while (at < len && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n'))
			at++;
		if (at >= len || text[at] != '=')
			continue;
		at++;
		while (at < len && strchr(" \t\r\n\"'", text[at]) != NULL && text[at] != '\0')
			at++;
		end = at;
		while (end < len && text[end] != '\0' && strchr(" \t\r\n\"';>/,", text[end]) == NULL)
			end++;
		id = find_label(text + at, end - at);
		if (id != ENC_UNKNOWN)
			return id;
	}
	return ENC_UNKNOWN;
}

/* What a meta element or an XML declaration near the page's start says. */
static encoding_id find_declaration(const char *bytes, size_t len)
{
	const char *end = bytes + (len < META_WINDOW ? len : META_WINDOW);
	const char *p = bytes;
	encoding_id id;

	if (len > 5 && memcmp(bytes, "<?xml", 5) == 0)
	{
		const char *close = memchr(bytes, '>', (size_t) (end - bytes));

		id = close == NULL ? ENC_UNKNOWN
		                   : find_parameter(bytes, (size_t) (close - bytes), "encoding");
		if (id != ENC_UNKNOWN)
			return id;
	}
	while (p < end && (p = memchr(p, '<', (size_t) (end - p))) != NULL)
	{
		const char *close;

		if (end - p > 4 && memcmp(p, "<!--", 4) == 0)
		{
			close = memmem(p + 4, (size_t) (end - p - 4), "-->", 3);
			p = close == NULL ? p + 4 : close + 3;
			continue;
		}
		if (end - p < 6 || strncasecmp(p, "<meta", 5) != 0)
		{
			p++;
			continue;
		}
		close = memchr(p, '>', (size_t) (end - p));
		if (close == NULL)
			break;
		id = find_parameter(p, (size_t) (close - p), "charset");
		if (id != ENC_UNKNOWN)
			return id;
		p = close;
	}
	return ENC_UNKNOWN;
}

/* Counts valid multi-byte sequences and bad bytes as UTF-8, aside from a last one cut short. */
static void count_utf8(const char *bytes, size_t len, size_t *good, size_t *bad)
{
	size_t position = 0;

	*good = 0;
	*bad = 0;
	while (position < len)
	{
		size_t before = position;

		if ((unsigned char) bytes[position] < 0x80)
		{
			position++;
			continue;
		}
		bg_utf8_next(bytes, len, &position);
		if (position - before > 1)
			(*good)++;
		else if (len - before > 3)
			(*bad)++;
	}
}

/*
 * A guess from byte pairs. East Asian encodings put nearly all of their high bytes in pairs and differ in which lead and
 * trail bytes are common; in Latin text high bytes stand alone.
 */
static encoding_id guess(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *) bytes;
	size_t good;
	size_t bad;
	size_t high = 0, paired = 0, low_trail = 0, kana_sjis = 0, kana_euc = 0, hangul = 0;
	size_t together = 0, simple = 0, big5 = 0, cyrillic_low = 0, cyrillic_koi = 0;

	if (len > GUESS_WINDOW)
		len = GUESS_WINDOW;
	count_utf8(bytes, len, &good, &bad);
	if (bad * 20 <= good)
		return ENC_UTF8;
	for (size_t i = 0; i < len; i++)
	{
		unsigned char lead = p[i];
		unsigned char trail = i + 1 < len ? p[i + 1] : 0;

		if (lead < 0x80)
			continue;
		high++;
		cyrillic_low += lead >= 0xE0;
		cyrillic_koi += lead >= 0xC0 && lead < 0xE0;
		if (trail < 0x40 || trail == 0x7F || trail == 0xFF)
			continue;
		i++;
		paired++;
		if (trail >= 0x80)
		{
			high++;
			together += 2;
			cyrillic_low += trail >= 0xE0;
			cyrillic_koi += trail >= 0xC0 && trail < 0xE0;
		}
		low_trail += trail < 0x7F;
		kana_sjis += (lead == 0x82 && trail >= 0x9F && trail <= 0xF1) ||
		             (lead == 0x83 && trail >= 0x40 && trail <= 0x96);
		kana_euc += (lead == 0xA4 || lead == 0xA5) && trail >= 0xA1;
		hangul += lead >= 0xB0 && lead <= 0xC8 && trail >= 0xA1;
		simple += lead >= 0xB0 && lead <= 0xD7 && trail >= 0xA1;
		big5 += lead >= 0xA4 && lead <= 0xC6;
	}
	if (high == 0)
		return ENC_UTF8;
	if (together * 2 > high && cyrillic_low * 10 > high * 6 &&
	    (cyrillic_low + cyrillic_koi) * 10 > high * 8)
		return ENC_WINDOWS_1251;
	if (kana_sjis * 5 > paired && paired > 2)
		return ENC_SHIFT_JIS;
	if (kana_euc * 5 > paired && low_trail * 20 < paired)
		return ENC_EUC_JP;
	if (low_trail * 20 < paired && hangul * 10 > paired * 8)
		return ENC_EUC_KR;
	if (low_trail * 20 < paired && simple * 2 > paired)
		return ENC_GB18030;
	if (together * 2 > high && cyrillic_koi * 10 > high * 6 &&
	    (cyrillic_low + cyrillic_koi) * 10 > high * 8)
		return ENC_KOI8_R;
	/* Latin letters followed by ASCII letters look like pairs, too, but their leads are spread elsewhere. */
	if (big5 * 10 > paired * 7 && paired * 3 > high && low_trail * 10 < paired * 8)
		return ENC_BIG5;
	if (paired * 10 > high * 4 && simple * 2 > paired)
		return ENC_GB18030;
	return ENC_WINDOWS_1252;
}

static bool looks_like_utf16(const unsigned char *p, size_t len, size_t zero_at)
{
	size_t zeros = 0;
	size_t units = (len < 512 ? len : 512) / 2;

	for (size_t i = 0; i < units; i++)
		zeros += p[2 * i + zero_at] == 0 && p[2 * i + 1 - zero_at] != 0;
	return units >= 8 && zeros * 10 > units * 7;
}

static encoding_id choose(const char *bytes, size_t len, const char *content_type, bool html,
                          size_t *skip)
{
	const unsigned char *p = (const unsigned char *) bytes;
	encoding_id header = ENC_UNKNOWN;
	encoding_id own = ENC_UNKNOWN;
	size_t good;
	size_t bad;

	*skip = 0;
	if (len >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF)
	{
		*skip = 3;
		return ENC_UTF8;
	}
	if (len >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF)))
	{
		*skip = 2;
		return p[0] == 0xFF ? ENC_UTF16LE : ENC_UTF16BE;
	}
	if (content_type != NULL)
		header = find_parameter(content_type, strlen(content_type), "charset");
	if (html)
		own = find_declaration(bytes, len);
	/* A page that could be read so far to say it is UTF-16 is not. */
	if (own == ENC_UTF16LE || own == ENC_UTF16BE)
		own = ENC_UTF8;
	if (header == ENC_WINDOWS_1252 && own != ENC_WINDOWS_1252)
	{
		/* Many servers say iso-8859-1 of everything. Text that is valid UTF-8 by accident is rare. */
		count_utf8(bytes, len, &good, &bad);
		if (good > 0 && bad == 0)
			return ENC_UTF8;
	}
	if (header != ENC_UNKNOWN)
		return header;
	if (looks_like_utf16(p, len, 1))
		return ENC_UTF16LE;
	if (looks_like_utf16(p, len, 0))
		return ENC_UTF16BE;
	if (own == ENC_UNKNOWN)
		return guess(bytes, len);
	/* The page's own word may be a template's leftover: valid UTF-8 is UTF-8, and what is mostly not is not. */
	count_utf8(bytes, len, &good, &bad);
	if (own == ENC_UTF8 ? bad > good : good > 4 && bad == 0)
		return guess(bytes, len);
	return own;
}

static void convert(encoding_id id, const char *bytes, size_t len, bg_buffer *out)
{
	iconv_t conversion = is_prepared ? prepared[id] : iconv_open("UTF-8", encodings[id].iconv);
	size_t unit = id == ENC_UTF16LE || id == ENC_UTF16BE ? 2 : 1;
	char *in = (char *) bytes;
	size_t left = len;

	if (conversion == (iconv_t) -1)
	{
		/* This system cannot: the ASCII part is all that can be had. */
		bg_utf8_clean(out, bytes, len);
		return;
	}
	iconv(conversion, NULL, NULL, NULL, NULL);
	while (left > 0 && !out->failed)
	{
		char piece[16384];
		char *to = piece;
		size_t room = sizeof(piece);
		size_t result = iconv(conversion, &in, &left, &to, &room);
		int error = errno;

		bg_utf8_clean(out, piece, (size_t) (to - piece));
		if (result == (size_t) -1 && error != E2BIG)
		{
			size_t bad = left < unit ? left : unit;

			bg_buffer_puts(out, "\xEF\xBF\xBD");
			in += bad;
			left -= bad;
			iconv(conversion, NULL, NULL, NULL, NULL);
		}
	}
	if (!is_prepared)
		iconv_close(conversion);
}

/* bg_utf8_clean() with a fast way over plain ASCII, which is most of every page. */
static void clean_utf8(const char *bytes, size_t len, bg_buffer *out)
{
	size_t start = 0;
	size_t i = 0;

	while (i < len)
	{
		unsigned char c = (unsigned char) bytes[i];

		if ((c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t')
		{
			i++;
			continue;
		}
		if (c >= 0x80)
		{
			size_t before = i;

			bg_utf8_next(bytes, len, &i);
			if (i - before > 1)
				continue;
			i = before;
		}
		bg_buffer_append(out, bytes + start, i - start);
		if (c == '\r')
			bg_buffer_puts(out, i + 1 < len && bytes[i + 1] == '\n' ? "" : "\n");
		else if (c >= 0x80)
			bg_buffer_puts(out, "\xEF\xBF\xBD");
		i++;
		start = i;
	}
	bg_buffer_append(out, bytes + start, len - start);
}

const char *bg_charset_decode(const char *bytes, size_t len, const char *content_type, bool html,
                              bg_buffer *out)
{
	size_t skip;
	encoding_id id = choose(bytes, len, content_type, html, &skip);

	if (encodings[id].iconv == NULL)
		clean_utf8(bytes + skip, len - skip, out);
	else
		convert(id, bytes + skip, len - skip, out);
	return encodings[id].name;
}
