# BountyGo: PostgreSQL extension, its reader program, and the gateway.
#
#   make demo      install what is missing, build, start everything under .run/, do the main job, show the result
#   make check     every test; ends with "N passed, N failed"
#   make           build            make install        install into the server of pg_config (PG_CONFIG=…)
#   make stop      stop what demo started               make installcheck   regression tests against a running server
#   make bench     benchmarks       make fuzz           fuzzers (FUZZ_SECONDS=60 each)      make clean

EXTENSION = bountygo
EXTVERSION = 1.0
MODULE_big = bountygo

# The parsers are plain C: they are linked into the library, into bountygo-reader and into the unit tests.
PLAIN_C = extension/buffer.c extension/outcome.c $(wildcard extension/page/*.c) $(wildcard extension/facts/*.c) \
	extension/ppio/completion.c extension/reader/extract.c
# What only the server needs.
READER_ONLY = extension/reader/main.c extension/reader/limits.c
SERVER_C = $(filter-out $(PLAIN_C) $(READER_ONLY),$(sort $(wildcard extension/*.c) $(wildcard extension/*/*.c)))
# In the server only what it calls: evidence of hostile pages is read in the child (DESIGN law 8).
OBJS = $(SERVER_C:.c=.o) extension/buffer.o extension/outcome.o

READER = extension/reader/bountygo-reader
READER_OBJS = $(patsubst %.c,.build/reader/%.o,$(PLAIN_C) $(READER_ONLY))

SQL_CODE = $(sort $(wildcard extension/sql/code/*.sql))
SQL_MIGRATIONS = $(sort $(wildcard extension/sql/migrations/*.sql))
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

REGRESS = $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=. --encoding=UTF8
ISOLATION = $(sort $(patsubst specs/%.spec,%,$(wildcard specs/*.spec)))
ISOLATION_OPTS = --inputdir=. --encoding=UTF8 --load-extension=bountygo

PACKAGES = libcurl libxml-2.0 jansson libcares libcrypto libsecp256k1
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-cast-function-type \
	-Wmissing-prototypes -Wvla -Wno-declaration-after-statement
PG_CPPFLAGS = $(PACKAGE_CFLAGS) -Iextension -DBG_VERSION='"$(EXTVERSION)"' $(EXPORT)
# Up to 15 the server's headers leave this empty on Unix, and hidden visibility would hide all.
EXPORT = -DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CFLAGS = -std=gnu11 $(WARNINGS) $(if $(WERROR),-Werror)
SHLIB_LINK = -lcurl -lcares -ljansson -lssl -lcrypto -lidn2 -lsecp256k1
HARDEN = -O2 -g -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fcf-protection=full
HARDEN_LINK = -pie -Wl,-z,relro,-z,now,-z,noexecstack
READER_LIBS = -lxml2 -ljansson -lseccomp -lm

EXTRA_CLEAN = $(READER) .build $(DATA_built)

PG_CONFIG ?= pg_config
# Makefile.global sets it again, after us.
override with_llvm = no
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
# These call scripts and have no use for PGXS, which has a target "check" of its own that only refuses.
SCRIPTED = demo stop check lint bench fuzz packages

ifneq ($(and $(PGXS),$(if $(MAKECMDGOALS),$(filter-out $(SCRIPTED),$(MAKECMDGOALS)),all)),)
include $(PGXS)
else ifeq ($(PGXS),)
# Before the packages are there only the targets that install them make sense.
all install installcheck:
	@docker/local/packages build
	@$(MAKE) --no-print-directory $@
clean:
	rm -rf .build $(READER) $(DATA_built) gateway/bountygo-gateway
endif

# Server objects are visible to the outside only where SQL needs it.
override CFLAGS += -fvisibility=hidden

all: $(READER)

$(OBJS): $(wildcard extension/*.h extension/*/*.h)

.build/reader/%.o: %.c $(wildcard extension/*.h extension/*/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(if $(WERROR),-Werror) $(HARDEN) -fvisibility=hidden -Iextension $(PACKAGE_CFLAGS) -c -o $@ $<

$(READER): $(READER_OBJS)
	$(CC) $(HARDEN) $(HARDEN_LINK) -o $@ $^ $(READER_LIBS)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_CODE) $(SQL_MIGRATIONS) extension/sql/join
	extension/sql/join $(EXTVERSION) $(SQL_CODE) -- $(SQL_MIGRATIONS) > $@.tmp && mv $@.tmp $@

install: install-reader
.PHONY: install-reader uninstall-reader
install-reader: $(READER)
	$(INSTALL_PROGRAM) $(READER) '$(DESTDIR)$(pkglibdir)/bountygo-reader'
uninstall: uninstall-reader
uninstall-reader:
	rm -f '$(DESTDIR)$(pkglibdir)/bountygo-reader'

-include gateway/gateway.mk
include t/unit/unit.mk

.PHONY: demo stop check bench fuzz lint packages
packages:
	@docker/local/packages all
demo:
	@docker/local/demo
stop:
	@docker/local/stack stop
# Named only when asked for: with PGXS included it would override the target of that name.
ifneq ($(filter check,$(MAKECMDGOALS)),)
check:
	@.ci/check
endif
lint:
	@.ci/lint
bench:
	@bench/run
fuzz:
	@.ci/fuzz
