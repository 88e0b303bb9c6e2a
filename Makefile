# pgtoken: build with PGXS (make, make install, make installcheck).
# "make check" needs nothing but make and a Debian: see test/tools/check.

EXTENSION = pgtoken
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)

all: # PGXS says what; the first goal is the default one

# --- what the extension is made of -------------------------------------------

# The floors of src/ are told in src/README.md; of the two libjwt adapters the one that fits.
CORE_SRCS = $(filter-out %/jws_libjwt1.c %/jws_libjwt3.c,$(sort $(wildcard src/core/*/*.c))) \
	src/core/jose/jws_libjwt$(LIBJWT_MAJOR).c
SRCS = $(filter-out src/core/fastcgi/%,$(CORE_SRCS)) \
	$(filter-out src/core/% src/fastcgi/%,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
OBJS = $(SRCS:.c=.o)
# the second module: what it needs of the core, and nothing else of the first
MODULES = pgtoken_fastcgi
FASTCGI_SRCS = $(sort $(wildcard src/fastcgi/*.c src/core/fastcgi/*.c)) \
	$(patsubst %,src/core/base/%.c,b64url buf code crypto mark slice text uuid)
OUR_HEADERS = $(wildcard src/*/*.h src/*/*/*.h)

# the install script: its fragments are numbered
SQL_FILES = $(sort $(wildcard sql/install/*.sql))

# in this order: install makes what the others use, uninstall removes it
REGRESS = install config set_up issue refresh retry lockstep once reuse revoke blacklist verify \
	cache row_operations introspect keys audit privileges http_admin profiles mtls authorize response_mode front_channel device exchange \
	client_secrets trusted_issuers authorization_details sessions account lifespan session_limits change_family pre_request door not_before epochs subject_blocks impersonation administration resource_policy resource_metadata ways_to_die factors request_object claims_parameter step_up policy registration \
	simulate refused bad_input personal subjects placement configuration_tables configuration_file shard_rules maintain purge courier marks signals request_uri client_documents status_lists restore consent_pages audit_seals metrics console psql console_clients console_families console_policies console_overview import import_hydra import_gotrue import_oidc_provider import_django_oauth_toolkit import_doorkeeper shards hand_over uninstall

# prepare makes what the others use, also when some are named on the command line; none stays none
ISOLATION = $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
override ISOLATION := $(if $(strip $(ISOLATION)),prepare $(filter-out prepare,$(ISOLATION)))

# they would give a step up after 300 seconds, a TAP test after 180: slow is no failure
export PGISOLATIONTIMEOUT = 3600
export PG_TEST_TIMEOUT_DEFAULT = 3600

# --- targets that look after themselves: this file is read without pg_config --

ALONE = help setup check check-valgrind check-fresh check-matrix check-release deb openapi interop examples console screenshots demo serve soak soak-memory cluster bench bench-audit bench-http bench-purge bench-scale bench-upgrade check-upgrade lint reference
CORE_ONLY = unit fuzz fuzz-replay fuzz-merge format dist

goals := $(or $(MAKECMDGOALS),all)

ifneq (,$(filter $(ALONE),$(goals)))
$(if $(filter-out $(ALONE),$(goals)),$(error "make $(firstword $(filter $(ALONE),$(goals)))" does not go together with other targets))

.PHONY: $(ALONE)
# what is chosen among, where a target leaves a choice
check-fresh: CHOICE = $(FRESH)
check-matrix: CHOICE = $(MATRIX)
deb: CHOICE = $(DEB)
examples: CHOICE = $(EXAMPLES)
$(filter-out bench-% soak-%,$(ALONE)): ; @test/tools/$@ $(CHOICE)
bench-http soak-memory: ; @test/tools/$(subst -, ,$@)
bench-audit bench-purge bench-upgrade: ; @$(subst -,/,$@)
bench-scale: ; @bench/scale/run
else

# --- libraries ---------------------------------------------------------------

define newline


endef
ifeq (,$(filter clean distclean format dist,$(goals)))
$(eval $(subst |,$(newline),$(shell CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' test/tools/libraries | tr '\n' '|')))
$(if $(ERROR),$(error $(ERROR)))
endif

# --- the extension, by PGXS --------------------------------------------------

ifneq (,$(filter-out $(CORE_ONLY),$(goals)))
INSTALL_SCRIPTS = $(EXTENSION)--$(EXTVERSION).sql $(EXTENSION)_import--$(EXTVERSION).sql
UPGRADE_SCRIPTS = $(notdir $(wildcard sql/upgrade/$(EXTENSION)--*--*.sql))
DATA = $(EXTENSION)_import.control
DATA_built = $(INSTALL_SCRIPTS) $(UPGRADE_SCRIPTS)
EXTRA_CLEAN = build $(FASTCGI_SRCS:.c=.o)
CONSOLE = $(DESTDIR)$(datadir)/$(EXTENSION)/console

PG_CONFIG ?= pg_config
$(if $(shell $(PG_CONFIG) --version 2>/dev/null),,$(error $(PG_CONFIG) is missing: install PostgreSQL's development package or set PG_CONFIG))

# as system headers PostgreSQL's are exempt from the warnings asked for here
PG_CPPFLAGS = -I$(srcdir)/src $(LIBS_CFLAGS) -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DPGTOKEN_VERSION='"$(EXTVERSION)"' $(LIBS_DEFINES)
PG_CFLAGS = -Wall -Wextra
# modules are loaded into one name space: nothing of ours may stand in for another's, nor the other way round
OURS_ALONE = -Wl,-Bsymbolic -Wl,--version-script=$(srcdir)/src
SHLIB_LINK = $(LIBS_MODULE) $(OURS_ALONE)/exports.map

ISOLATION_OPTS = --inputdir=$(srcdir)/test
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

# No bitcode: it would need clang at build time, for code that is never inlined.
override with_llvm = no
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# every object is rebuilt when any header or this file changes
$(OBJS) $(FASTCGI_SRCS:.c=.o): $(OUR_HEADERS) Makefile $(EXTENSION).control
$(MODULES).so: $(FASTCGI_SRCS:.c=.o) src/fastcgi/exports.map
	$(CC) $(CFLAGS) -shared -o $@ $(filter %.o,$^) $(LDFLAGS) $(LDFLAGS_SL) $(LIBS_MODULE) $(OURS_ALONE)/fastcgi/exports.map

.PHONY: syntax # what the compiler warns of, without what it makes
syntax: ; $(CC) $(CFLAGS) $(CPPFLAGS) -fsyntax-only $(SRCS) $(FASTCGI_SRCS)

$(EXTENSION)--$(EXTVERSION).sql: $(SQL_FILES)
$(EXTENSION)_import--$(EXTVERSION).sql: sql/install/00_preamble.sql $(sort $(wildcard sql/import/*.sql))
# an upgrade script is its own part between the first fragment and the last
$(UPGRADE_SCRIPTS): %: sql/install/00_preamble.sql sql/upgrade/% sql/install/99_closing.sql
$(INSTALL_SCRIPTS): USE = CREATE EXTENSION $(firstword $(subst --, ,$@))
$(UPGRADE_SCRIPTS): USE = ALTER EXTENSION $(EXTENSION) UPDATE
$(DATA_built): Makefile $(EXTENSION).control
	@{ printf '%s\n' '/* $@: made from sql, not to be edited */' '\echo Use "$(USE)" to load this file. \quit'; \
	   cat $(filter sql/%,$^); } > $@.tmp && mv $@.tmp $@
# the console, where make console has built it: files of a build before have other names
install: install-console
install-console: ; @$(srcdir)/console/install '$(CONSOLE)'
uninstall: uninstall-console
uninstall-console: ; rm -rf '$(CONSOLE)'
endif
# --- the core without a server -----------------------------------------------

CORE_CFLAGS = -std=gnu99 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -D_GNU_SOURCE -Isrc \
	-Itest/unit $(LIBS_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all $(COPT)
CORE_HEADERS = $(OUR_HEADERS) $(wildcard test/unit/*.h test/fuzz/*.h) Makefile
UNIT_SRCS = $(sort $(wildcard test/unit/*.c))
FUZZERS = $(sort $(patsubst test/fuzz/%_fuzzer.c,%,$(wildcard test/fuzz/*_fuzzer.c)))
FUZZ_CC ?= clang

.PHONY: $(CORE_ONLY)
unit: build/san/unit ; build/san/unit
fuzz-replay: $(FUZZERS:%=build/san/%_replay) ; @test/tools/fuzz --replay $(FUZZERS)
fuzz fuzz-merge: $(FUZZERS:%=build/fuzz/%_fuzzer) ; @FUZZ_SECONDS=$(FUZZ_SECONDS) test/tools/fuzz $(filter --merge,$(@:fuzz-%=--%)) $(FUZZERS)

build/san/unit: $(UNIT_SRCS:%.c=build/san/%.o) $(CORE_SRCS:%.c=build/san/%.o) ; $(CC) $(CORE_CFLAGS) -o $@ $^ $(LIBS_LINK)
build/san/%_replay: build/san/test/fuzz/%_fuzzer.o build/san/test/fuzz/replay.o $(CORE_SRCS:%.c=build/san/%.o) ; $(CC) $(CORE_CFLAGS) -o $@ $^ $(LIBS_LINK)
build/fuzz/%_fuzzer: build/fuzz/test/fuzz/%_fuzzer.o $(CORE_SRCS:%.c=build/fuzz/%.o) ; $(FUZZ_CC) $(CORE_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_LINK)
build/san/%.o: %.c $(CORE_HEADERS) ; @mkdir -p $(@D) && $(CC) $(CORE_CFLAGS) -c -o $@ $<
build/fuzz/%.o: %.c $(CORE_HEADERS) ; @mkdir -p $(@D) && $(FUZZ_CC) $(CORE_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<
.SECONDARY:

format: ; clang-format -i $$(find src test/unit test/fuzz -name '*.[ch]')
dist: ; mkdir -p build && git archive --format=zip $(patsubst %,--prefix=$(EXTENSION)-$(EXTVERSION)/console/dist/ --add-file=%,$(wildcard console/dist/*)) --prefix=$(EXTENSION)-$(EXTVERSION)/ -o build/$(EXTENSION)-$(EXTVERSION).zip HEAD
endif
