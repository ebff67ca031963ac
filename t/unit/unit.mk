# Unit tests (cmocka) and fuzzers of the plain C, without a server.
#   make unit        .build/unit/NAME for each t/unit/NAME.c, run
#   make unit-asan   the same under AddressSanitizer and UndefinedBehaviorSanitizer
# Every test links one archive of all plain C; what it doesn't use isn't linked.

AUTH_C = $(patsubst %,extension/auth/%.c,base64url ethereum jwk jwt keccak oidc seal siwe)
SEARCH_C = extension/search/parser.c extension/search/characters.c extension/search/nearness.c
UNIT_C = $(PLAIN_C) extension/ppio/prompt.c extension/reader/client.c extension/search/simhash.c $(SEARCH_C) $(AUTH_C) $(wildcard extension/web/*.c)
UNIT_TESTS = $(filter-out gateway_%,$(sort $(patsubst t/unit/%.c,%,$(wildcard t/unit/*.c))))
UNIT_LIBS = -lcmocka -lcurl -lcares -lidn2 -lxml2 -ljansson -lcrypto -lssl -lsecp256k1 -lseccomp -lm -lpthread
UNIT_FLAGS = -std=gnu11 -D_GNU_SOURCE -g -O1 $(WARNINGS) -Werror=implicit-function-declaration $(PACKAGE_CFLAGS) -Iextension
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DBG_NO_LIMITS

.build/unit/%.o: %.c $(wildcard extension/*.h extension/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) -c -o $@ $<
.build/unit/libplain.a: $(patsubst %.c,.build/unit/%.o,$(UNIT_C))
	rm -f $@ && ar rcs $@ $^
.build/unit/%: t/unit/%.c .build/unit/libplain.a
	$(CC) $(UNIT_FLAGS) -o $@ $< .build/unit/libplain.a $(if $(filter reader_limits%,$*),extension/reader/limits.c) $(UNIT_LIBS)

.build/asan/%.o: %.c $(wildcard extension/*.h extension/*/*.h)
	@mkdir -p $(@D)
	$(CC) $(UNIT_FLAGS) $(SANITIZE) -c -o $@ $<
.build/asan/libplain.a: $(patsubst %.c,.build/asan/%.o,$(UNIT_C))
	rm -f $@ && ar rcs $@ $^
.build/asan/%: t/unit/%.c .build/asan/libplain.a
	$(CC) $(UNIT_FLAGS) $(SANITIZE) -o $@ $< .build/asan/libplain.a $(UNIT_LIBS)

# Under the sanitizers the limits of the reader can't be set (they reserve terabytes of address space).
UNIT_ASAN_TESTS = $(filter-out reader_limits%,$(UNIT_TESTS))

.PHONY: unit unit-asan unit-build unit-asan-build
unit-build: $(addprefix .build/unit/,$(UNIT_TESTS)) $(READER)
unit-asan-build: $(addprefix .build/asan/,$(UNIT_ASAN_TESTS)) $(READER)
unit: unit-build
	@for t in $(UNIT_TESTS); do CMOCKA_MESSAGE_OUTPUT=TAP .build/unit/$$t || failed=1; done; exit $${failed:-0}
unit-asan: unit-asan-build
	@for t in $(UNIT_ASAN_TESTS); do CMOCKA_MESSAGE_OUTPUT=TAP .build/asan/$$t || failed=1; done; exit $${failed:-0}

# Fuzzers: clang, one program for each t/fuzz/NAME.c.
FUZZERS = $(sort $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
FUZZ_SECONDS ?= 60
.build/fuzz/%.o: %.c $(wildcard extension/*.h extension/*/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -D_GNU_SOURCE -g -O1 $(PACKAGE_CFLAGS) -Iextension -fsanitize=fuzzer-no-link,address,undefined -DBG_NO_LIMITS -c -o $@ $<
.build/fuzz/libplain.a: $(patsubst %.c,.build/fuzz/%.o,$(UNIT_C))
	rm -f $@ && ar rcs $@ $^
.build/fuzz/%: t/fuzz/%.c .build/fuzz/libplain.a
	clang -std=gnu11 -D_GNU_SOURCE -g -O1 $(PACKAGE_CFLAGS) -Iextension -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $< \
		.build/fuzz/libplain.a $(filter-out -lcmocka,$(UNIT_LIBS))
.PHONY: fuzzers
fuzzers: $(addprefix .build/fuzz/,$(FUZZERS))
.SECONDARY:
