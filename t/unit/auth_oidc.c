/*
 * auth_oidc.c
 *		ID tokens: those that the issuer made for us pass; everything on the list of RFC 8725, and more, does not.
 */
#include "auth_oidc.h"

static const char *kept(const char *name)
{
	static char text[512];
	json_t *object = json_loads(claims, 0, NULL);
	char *value;

	assert_non_null(object);
	value =
	    json_dumps(json_object_get(object, name), JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(text, sizeof(text), "%s", value == NULL ? "absent" : value);
	free(value);
	json_decref(object);
	return text;
}

static void test_good(void **state)
{
	(void) state;
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, PAYLOAD), both()), BG_OIDC_OK);
	assert_string_equal(kept("sub"), "\"user-1\"");
	assert_string_equal(kept("iss"), "\"" ISSUER "\"");
	assert_string_equal(kept("aud"), "\"client\"");
	assert_string_equal(kept("exp"), "1800000800");
	assert_string_equal(kept("email"), "absent");
	assert_string_equal(kept("email_verified"), "absent");
	assert_int_equal(check(sign_with(p256, "SHA256", ES, PAYLOAD), both()), BG_OIDC_OK);
	assert_int_equal(
	    check(sign_with(p256, "SHA256", ES,
	                    "{" WHO ",\"aud\":[\"client\"]," TIMES
	                    ",\"nbf\":1799999900,\"nonce\":\"n\",\"email\":\"a@b.example\","
	                    "\"email_verified\":true,\"name\":\"\\u540d\\u5b57\",\"picture\":\"https://"
	                    "p.example/\","
	                    "\"phone_number\":\"1\",\"address\":{\"x\":1},\"at_hash\":\"x\"}"),
	          both()),
	    BG_OIDC_OK);
	assert_string_equal(kept("email"), "\"a@b.example\"");
	assert_string_equal(kept("email_verified"), "true");
	assert_string_equal(kept("name"), "\"\xe5\x90\x8d\xe5\xad\x97\"");
	assert_string_equal(kept("picture"), "\"https://p.example/\"");
	assert_string_equal(kept("nonce"), "\"n\"");
	assert_string_equal(kept("nbf"), "1799999900");
	/* Only what is used comes through. */
	assert_string_equal(kept("phone_number"), "absent");
	assert_string_equal(kept("address"), "absent");
}

/* Claims of the wrong type are as if they were not there. */
static void test_odd_claims(void **state)
{
	static const struct
	{
		const char *more;
		const char *email;
		const char *verified;
		const char *name;
	} cases[] = {
	    {"\"email\":\"a@b.example\"", "\"a@b.example\"", "false", "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":\"true\"", "\"a@b.example\"", "true",
	     "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":\"True\"", "\"a@b.example\"", "false",
	     "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":1", "\"a@b.example\"", "false", "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":[true]", "\"a@b.example\"", "false",
	     "absent"},
	    {"\"email\":7,\"email_verified\":true", "absent", "absent", "absent"},
	    {"\"email\":\"\",\"email_verified\":true", "absent", "absent", "absent"},
	    {"\"email\":\"a@b.example\\r\\nBcc: c\",\"email_verified\":true", "absent", "absent",
	     "absent"},
	    {"\"name\":{\"x\":1}", "absent", "absent", "absent"},
	    {"\"name\":\"a\\u0007\"", "absent", "absent", "absent"},
	    {"\"name\":\"Ann\"", "absent", "absent", "\"Ann\""},
	};
	char payload[512];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		snprintf(payload, sizeof(payload), "{%s,\"aud\":\"client\",%s,%s}", WHO, TIMES,
		         cases[i].more);
		assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_OK);
		assert_string_equal(kept("email"), cases[i].email);
		assert_string_equal(kept("email_verified"), cases[i].verified);
		assert_string_equal(kept("name"), cases[i].name);
	}
}

static void test_headers(void **state)
{
	static const struct
	{
		const char *header;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {"{\"alg\":\"RS256\",\"kid\":\"r\"}", BG_OIDC_OK},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"jwt\"}", BG_OIDC_OK},
	    /* Keys that the token brings along or points to change nothing. */
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"jku\":\"https://evil.example\",\"x5u\":\"https://"
	     "evil.example\","
	     "\"x5c\":[\"AA\"],\"jwk\":{\"kty\":\"RSA\"}}",
	     BG_OIDC_OK},
	    {"{\"alg\":\"none\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"None\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"nonE\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":null,\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":[\"RS256\"],\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"rs256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256 \",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS384\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS512\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"PS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"HS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"EdDSA\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"ES256\",\"kid\":\"r\"}", BG_OIDC_REFUSED}, /* the key is of another kind */
	    {"{\"alg\":\"RS256\",\"kid\":\"e\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"x\"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\",\"kid\":\"R\"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\",\"kid\":\"r \"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\"}", BG_OIDC_REFUSED}, /* which of the two? */
	    {"{\"alg\":\"RS256\",\"kid\":\"\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":7}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":null}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"logout+jwt\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JOSE\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":7}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[]}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":false}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"x\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\"} x", BG_OIDC_REFUSED},
	    {"[\"RS256\"]", BG_OIDC_REFUSED},
	    {"null", BG_OIDC_REFUSED},
	    {"{", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\\u0000\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	};
	char kid[5200];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict = check(sign_with(rsa, "SHA256", cases[i].header, PAYLOAD), both());

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].header, bg_oidc_verdict_name(verdict));
	}
	snprintf(kid, sizeof(kid), "{\"alg\":\"RS256\",\"kid\":\"%0256d\"}", 0);
	assert_int_equal(check(sign_with(rsa, "SHA256", kid, PAYLOAD), both()), BG_OIDC_REFUSED);
	snprintf(kid, sizeof(kid), "{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":\"%04500d\"}", 0);
	assert_int_equal(check(sign_with(rsa, "SHA256", kid, PAYLOAD), both()), BG_OIDC_REFUSED);
}

static void test_claims(void **state)
{
#define CLAIMS(rest) "{" WHO ",\"aud\":\"client\"," rest "}"
#define AUD(rest) "{" WHO "," TIMES rest "}"
#define SUB(rest) "{\"iss\":\"" ISSUER "\",\"aud\":\"client\"," TIMES rest "}"
#define ISS(rest) "{\"sub\":\"user-1\",\"aud\":\"client\"," TIMES rest "}"
	static const struct
	{
		const char *payload;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {CLAIMS(TIMES), BG_OIDC_OK},
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999941"), BG_OIDC_OK}, /* 59 s past: leeway */
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999940"), BG_OIDC_EXPIRED},
	    {CLAIMS("\"iat\":1,\"exp\":2"), BG_OIDC_EXPIRED},
	    {CLAIMS("\"iat\":1800000060,\"exp\":1800000800"), BG_OIDC_OK},
	    {CLAIMS("\"iat\":1800000061,\"exp\":1800000800"), BG_OIDC_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":1800000060"), BG_OIDC_OK},
	    {CLAIMS(TIMES ",\"nbf\":1800000061"), BG_OIDC_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":\"1800000000\""), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"nbf\":null"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900"), BG_OIDC_REFUSED},
	    {CLAIMS("\"exp\":1800000800"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":\"1800000800\""), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":1800000800.5"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":1e300"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":9223372036854775807"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":99999999999999999999"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":-1,\"exp\":1800000800"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1800000000,\"exp\":1800000000"), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"exp\":1900000000"), BG_OIDC_REFUSED}, /* twice */
	    {CLAIMS(TIMES ",\"sub\":\"user-2\""), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"a\":{\"b\":1,\"b\":2}"), BG_OIDC_REFUSED},
	    /* audiences */
	    {AUD(""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"clien\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client2\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"CLIENT\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":null"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":7"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":{}"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":{\"client\":1}"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"app\"]"), BG_OIDC_OK},
	    {AUD(",\"aud\":[\"other\"]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[[\"client\"]]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"client\",\"app\"]"), BG_OIDC_REFUSED}, /* several need azp */
	    {AUD(",\"aud\":[\"client\",\"app\"],\"azp\":\"client\""), BG_OIDC_OK},
	    {AUD(",\"aud\":[\"client\",\"other\"],\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"client\",7],\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":\"app\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"other\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":[\"client\"]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":null"), BG_OIDC_REFUSED},
	    {AUD(",\"azp\":\"client\""), BG_OIDC_REFUSED}, /* no audience, no parties */
	    /* issuer */
	    {ISS(""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://id.example/\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"http://id.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://ID.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://id.example.evil.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":[\"https://id.example\"]"), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":null"), BG_OIDC_REFUSED},
	    /* subject */
	    {SUB(""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":7"), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":null"), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"a\\u0000b\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"a\\nb\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"x\""), BG_OIDC_OK},
	    {"[]", BG_OIDC_REFUSED},
	    {"null", BG_OIDC_REFUSED},
	    {"\"text\"", BG_OIDC_REFUSED},
	    {"{}", BG_OIDC_REFUSED},
	    {"{} {}", BG_OIDC_REFUSED},
	    {"\xff\xfe", BG_OIDC_REFUSED},
	};
	char payload[1024];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict = check(sign_with(p256, "SHA256", ES, cases[i].payload), both());

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].payload, bg_oidc_verdict_name(verdict));
	}
	snprintf(payload, sizeof(payload), SUB(",\"sub\":\"%0255d\""), 0);
	assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_OK);
	snprintf(payload, sizeof(payload), SUB(",\"sub\":\"%0256d\""), 0);
	assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_REFUSED);
}

/* Providers whose session tokens have no audience, only the party that they were made for. */
static void test_parties(void **state)
{
	static const struct
	{
		const char *payload;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {AUD(",\"azp\":\"https://app.example\""), BG_OIDC_OK},
	    {AUD(",\"azp\":\"https://other.example\""), BG_OIDC_REFUSED},
	    {AUD(""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"https://app.example\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"other\",\"azp\":\"https://app.example\""), BG_OIDC_REFUSED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict =
		    check_as(sign_with(p256, "SHA256", ES, cases[i].payload), both(), parties, 1);

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].payload, bg_oidc_verdict_name(verdict));
	}
}

static void test_shapes(void **state)
{
	char *good = strdup(sign_with(rsa, "SHA256", RS, PAYLOAD));
	char *es = strdup(sign_with(p256, "SHA256", ES, PAYLOAD));
	size_t len = strlen(good);
	char *copy = malloc(len + BG_OIDC_MAX + 10);
	char *payload;

	(void) state;
	assert_int_equal(check("", both()), BG_OIDC_REFUSED);
	assert_int_equal(check(".", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("..", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("a.b.c", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("a.b.c.d.e", both()), BG_OIDC_REFUSED); /* JWE */
	assert_int_equal(check("{\"payload\":\"\",\"signatures\":[]}", both()), BG_OIDC_REFUSED);
	/* alg none with an empty signature */
	assert_int_equal(check("eyJhbGciOiJub25lIn0.e30.", both()), BG_OIDC_REFUSED);
	/* The signature cut off, doubled, padded; the token twice; one more part. */
	strcpy(copy, good);
	*(strrchr(copy, '.') + 1) = '\0';
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	*strrchr(copy, '.') = '\0';
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s=", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s%s", good, strrchr(good, '.') + 1);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s.", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, " %s", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s\n", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	/* Any character of either kind of token. */
	for (int kind = 0; kind < 2; kind++)
	{
		const char *original = kind == 0 ? es : good;

		for (size_t i = 0; i < strlen(original); i += kind == 0 ? 1 : 7)
		{
			static const char others[] = "Ag_.=+/ \n\x80";

			strcpy(copy, original);
			for (size_t j = 0; j < sizeof(others) - 1; j++)
			{
				copy[i] = others[j];
				if (copy[i] != original[i] && check(copy, both()) == BG_OIDC_OK)
					fail_msg("%s", copy);
			}
		}
	}
	/* ECDSA: zeros, and (r, s) in DER. */
	strcpy(copy, es);
	memset(strrchr(copy, '.') + 1, 'A', 86);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	/* Too long, also if it is well signed. */
	payload = malloc(BG_OIDC_MAX);
	memset(payload, ' ', BG_OIDC_MAX);
	memcpy(payload, PAYLOAD, strlen(PAYLOAD));
	payload[11000] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_OK);
	payload[11000] = ' ';
	payload[12200] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_REFUSED);
	/* Deep nesting ends in an answer, not in a stack overflow. */
	memset(payload, '[', 11000);
	payload[11000] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_REFUSED);
	free(payload);
	free(copy);
	free(good);
	free(es);
}

static void test_key_id(void **state)
{
	char *kid;
	const char *text;

	(void) state;
	text = sign_with(p256, "SHA256", ES, PAYLOAD);
	kid = bg_oidc_key_id(text, strlen(text));
	assert_string_equal(kid, "e");
	free(kid);
	text = sign_with(p256, "SHA256", "{\"alg\":\"ES256\"}", PAYLOAD);
	assert_null(bg_oidc_key_id(text, strlen(text)));
	assert_null(bg_oidc_key_id("", 0));
	assert_null(bg_oidc_key_id("a.b.c", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),    cmocka_unit_test(test_odd_claims),
	    cmocka_unit_test(test_headers), cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_parties), cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_key_id),
	};
	int failed = cmocka_run_group_tests_name("auth_oidc", tests, make_keys, free_keys);

	free(claims);
	return failed;
}
