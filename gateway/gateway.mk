# The gateway: included by the top Makefile.
#   make gateway        gateway/bountygo-gateway
#   make gateway-asan   .build/gateway/bountygo-gateway-asan, with AddressSanitizer and UndefinedBehaviorSanitizer
#   make gateway-unit, gateway-unit-asan   its unit tests (t/unit/gateway_*.c)

GATEWAY = gateway/bountygo-gateway
# Where the page at /docs is installed: our own files and the viewer that docker/local/npm-packages fetched.
docs_dir = $(datadir)/bountygo/docs
GATEWAY_ASAN = .build/gateway/bountygo-gateway-asan
GATEWAY_C = $(sort $(wildcard gateway/*.c))
# What needs neither a loop nor a connection, for the unit tests.
GATEWAY_PLAIN_C = gateway/util.c gateway/config.c gateway/problem.c gateway/routes.c gateway/head.c gateway/limit.c gateway/cache.c gateway/pack.c gateway/topics.c
GATEWAY_H = $(wildcard gateway/*.h)
GATEWAY_PACKAGES = libh2o libuv hiredis libpq jansson libssl libcrypto zlib
GATEWAY_CFLAGS := $(shell pkg-config --cflags $(GATEWAY_PACKAGES) 2>/dev/null)
GATEWAY_LIBS = $(shell pkg-config --libs $(GATEWAY_PACKAGES)) -lpthread
# Of the headers of others (h2o's inline functions) not our own standard is asked.
GATEWAY_FLAGS = -std=gnu11 -D_GNU_SOURCE -DBG_VERSION='"$(EXTVERSION)"' -DBG_DOCS_DIR='"$(docs_dir)"' $(WARNINGS) -Wno-sign-compare $(if $(WERROR),-Werror) \
	$(patsubst -I%,-isystem %,$(GATEWAY_CFLAGS))
GATEWAY_SANITIZE = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
GATEWAY_TESTS = $(patsubst t/unit/%.c,%,$(sort $(wildcard t/unit/gateway_*.c)))

all: $(GATEWAY)
.PHONY: gateway gateway-asan install-gateway uninstall-gateway gateway-unit gateway-unit-asan
gateway: $(GATEWAY)
gateway-asan: $(GATEWAY_ASAN)

.build/gateway/%.o: gateway/%.c $(GATEWAY_H)
	@mkdir -p $(@D)
	$(CC) $(GATEWAY_FLAGS) $(HARDEN) -c -o $@ $<
.build/gateway-asan/%.o: gateway/%.c $(GATEWAY_H)
	@mkdir -p $(@D)
	$(CC) $(GATEWAY_FLAGS) $(GATEWAY_SANITIZE) -c -o $@ $<
$(GATEWAY): $(patsubst gateway/%.c,.build/gateway/%.o,$(GATEWAY_C))
	$(CC) $(HARDEN) $(HARDEN_LINK) -o $@ $^ $(GATEWAY_LIBS)
$(GATEWAY_ASAN): $(patsubst gateway/%.c,.build/gateway-asan/%.o,$(GATEWAY_C))
	@mkdir -p $(@D)
	$(CC) $(GATEWAY_SANITIZE) -o $@ $^ $(GATEWAY_LIBS)

install: install-gateway
install-gateway: $(GATEWAY)
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) $(GATEWAY) '$(DESTDIR)$(bindir)/bountygo-gateway'
uninstall: uninstall-gateway
uninstall-gateway:
	rm -f '$(DESTDIR)$(bindir)/bountygo-gateway'
EXTRA_CLEAN += $(GATEWAY)

# The page at /docs: our own files and the viewer, which comes from npm and so is fetched only when asked for.
.PHONY: docs install-docs uninstall-docs
docs:
	@docker/local/npm-packages viewer
install: install-docs
install-docs:
	@if [ -d .run/npm/docs ]; then mkdir -p '$(DESTDIR)$(docs_dir)' && cp .run/npm/docs/* '$(DESTDIR)$(docs_dir)/' && chmod 644 '$(DESTDIR)$(docs_dir)'/*; \
	else echo "the page of /docs is not installed: make docs fetches its viewer, then make install again"; fi
uninstall: uninstall-docs
uninstall-docs:
	rm -rf '$(DESTDIR)$(docs_dir)'

.build/unit/gateway_%: t/unit/gateway_%.c $(patsubst gateway/%.c,.build/gateway/%.o,$(GATEWAY_PLAIN_C))
	@mkdir -p $(@D)
	$(CC) $(GATEWAY_FLAGS) -g -O1 -Igateway -o $@ $^ -lcmocka $(GATEWAY_LIBS)
.build/asan/gateway_%: t/unit/gateway_%.c $(patsubst gateway/%.c,.build/gateway-asan/%.o,$(GATEWAY_PLAIN_C))
	@mkdir -p $(@D)
	$(CC) $(GATEWAY_FLAGS) $(GATEWAY_SANITIZE) -Igateway -o $@ $^ -lcmocka $(GATEWAY_LIBS)
unit-build: $(addprefix .build/unit/,$(GATEWAY_TESTS))
unit-asan-build: $(addprefix .build/asan/,$(GATEWAY_TESTS))
gateway-unit: $(addprefix .build/unit/,$(GATEWAY_TESTS))
	@for t in $(GATEWAY_TESTS); do CMOCKA_MESSAGE_OUTPUT=TAP .build/unit/$$t || failed=1; done; exit $${failed:-0}
gateway-unit-asan: $(addprefix .build/asan/,$(GATEWAY_TESTS))
	@for t in $(GATEWAY_TESTS); do CMOCKA_MESSAGE_OUTPUT=TAP .build/asan/$$t || failed=1; done; exit $${failed:-0}
unit: gateway-unit
unit-asan: gateway-unit-asan
