# pgtoken: build with PGXS (make, make install, make installcheck).
# "make check" needs nothing but make and a Debian: see test/tools/check.

EXTENSION = pgtoken
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)

all: # PGXS says what; the first goal is the default one

# --- what the extension is made of -------------------------------------------

# the floors of src/, the lowest last: see src/README.md
CORE_FOLDERS = $(wildcard src/core/*)
# the pure core, which the unit tests and the fuzzers link as well; of the two
# libjwt adapters the one that fits, see src/core/jose/jws.h
CORE_SRCS = $(filter-out src/core/jose/jws_libjwt%,$(sort $(wildcard $(CORE_FOLDERS:%=%/*.c)))) \
	src/core/jose/jws_libjwt$(LIBJWT_MAJOR).c
SRCS = $(CORE_SRCS) $(filter-out src/core/%,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
OBJS = $(SRCS:.c=.o)
OUR_HEADERS = $(wildcard src/*/*.h src/*/*/*.h)

# the install script, in order
SQL_PARTS = \
	sql/install/00_preamble.sql \
	sql/install/10_schemas_roles.sql \
	sql/install/20_types.sql \
	sql/install/25_validation.sql \
	sql/install/30_tables.sql \
	sql/install/35_http_tables.sql \
	sql/install/37_policy_tables.sql \
	sql/install/38_maintenance_tables.sql \
	sql/install/39_out_of_sight.sql \
	sql/install/39_refusal_functions.sql \
	sql/install/40_token_functions.sql \
	sql/install/42_authorization_functions.sql \
	sql/install/43_factor_functions.sql \
	sql/install/44_revocation_functions.sql \
	sql/install/45_admin_functions.sql \
	sql/install/46_policy_functions.sql \
	sql/install/47_http_admin.sql \
	sql/install/48_api_helpers.sql \
	sql/install/49_purge.sql \
	sql/install/50_maintenance.sql \
	sql/install/52_restore.sql \
	sql/install/53_copy.sql \
	sql/install/60_views.sql \
	sql/install/70_triggers.sql \
	sql/install/75_http.sql \
	sql/install/76_metadata.sql \
	sql/install/80_privileges.sql \
	sql/install/90_comments.sql

# in this order: install makes what the others use, uninstall removes it
REGRESS = \
	install \
	config \
	set_up \
	issue \
	refresh \
	retry \
	lockstep \
	once \
	reuse \
	revoke \
	blacklist \
	verify \
	cache \
	introspect \
	keys \
	audit \
	privileges \
	http_admin \
	authorize \
	device \
	exchange \
	client_secrets \
	sessions \
	pre_request \
	not_before \
	epochs \
	resource_policy \
	ways_to_die \
	factors \
	step_up \
	policy \
	simulate \
	refused \
	bad_input \
	maintain \
	purge \
	restore \
	uninstall

# prepare makes what the others use
ISOLATION = \
	prepare \
	cache_full \
	cache_lookup_failure \
	challenge_complete \
	challenge_outbox \
	challenge_refresh \
	client_disabled \
	code_redeem \
	consent_approve \
	consent_withdraw \
	device_poll \
	device_redeem \
	ends_ends \
	exchange_revoke \
	import_secret \
	issue_end \
	logout_complete \
	maintain \
	not_before_verify \
	policy_versions \
	prepared \
	purge \
	refresh_blacklist \
	refresh_lockstep \
	refresh_refresh \
	refresh_reuse \
	refresh_revoke \
	refresh_strict \
	replay_ids \
	revoke_revoke \
	rollback \
	signing_keys \
	subject_revoke_refresh \
	user_code_attempts \
	verify_revoke

# also when some are named on the command line; none stays none
override ISOLATION := $(if $(strip $(ISOLATION)),prepare $(filter-out prepare,$(ISOLATION)))

# isolationtester gives a step up after 300 seconds, TAP tests after 180: a slow
# machine is no failure
export PGISOLATIONTIMEOUT = 3600
export PG_TEST_TIMEOUT_DEFAULT = 3600

# --- targets that look after themselves --------------------------------------

# They install what is missing and run in a copy of this tree, so they must not
# need pg_config or pkg-config while this file is read.
ALONE = setup check check-valgrind check-fresh interop demo serve bench bench-purge bench-scale lint

# The core without a server: needs the libraries, but not PostgreSQL.
CORE_ONLY = unit fuzz fuzz-replay format dist

goals := $(or $(MAKECMDGOALS),all)

ifneq (,$(filter $(ALONE),$(goals)))

ifneq (,$(filter-out $(ALONE),$(goals)))
$(error "make $(firstword $(filter $(ALONE),$(goals)))" does not go together with other targets)
endif

.PHONY: $(ALONE)
$(filter-out check-fresh bench-%,$(ALONE)):
	@test/tools/$@

# FRESH: which systems, commands and users, all unless told
check-fresh:
	@test/tools/$@ $(FRESH)

bench-purge:
	@bench/purge
bench-scale:
	@bench/scale/run

else

# --- libraries ---------------------------------------------------------------

PKG_CONFIG ?= pkg-config
LIBS_WANTED = libjwt jansson libcrypto

ifeq (,$(filter clean distclean format dist,$(goals)))
ifeq (,$(shell $(PKG_CONFIG) --version 2>/dev/null))
$(error pkg-config is missing: it is needed to find $(LIBS_WANTED))
endif
$(foreach lib,$(LIBS_WANTED),$(if $(shell $(PKG_CONFIG) --modversion $(lib) 2>/dev/null),,\
	$(error $(lib) is missing: install its development package (Debian: libjwt-dev or libjwt14-dev, libjansson-dev, \
	libssl-dev). $(shell $(PKG_CONFIG) --modversion $(lib) 2>&1))))
endif

LIBJWT_VERSION := $(shell $(PKG_CONFIG) --modversion libjwt 2>/dev/null)
LIBJWT_MAJOR := $(firstword $(subst ., ,$(LIBJWT_VERSION)))
ifneq (,$(filter-out 1 3,$(LIBJWT_MAJOR)))
$(error libjwt $(LIBJWT_VERSION) is not supported: pgtoken needs libjwt 1.x or 3.x)
endif

# Each is asked for its own folders and linked by name: --cflags and --libs say
# nothing at all when something that the library was built with is not there
# (libjwt 3 of Debian: gnutls).
# lib_folder LIBRARY,OPTION,VARIABLE
lib_folder = $(addprefix $(2),$(shell $(PKG_CONFIG) --variable=$(3) $(1) 2>/dev/null))

# The module itself is linked with libcrypto and libcrypt only.  PostgreSQL exports a function
# json_object and so does jansson: linked the ordinary way, jansson and libjwt
# would call the server's and crash.  src/base/libs.c opens them by name instead.
# Where the linker would find them is the compiler's word, not pkg-config's alone,
# whose libdir is wrong in some distributions.
soname_of = $(or $(shell objdump -p "$$($(CC) $(call lib_folder,$(1),-B,libdir) \
	-print-file-name=$(2).so)" 2>/dev/null | sed -n 's/^ *SONAME *//p'),\
	$(error the shared library of $(1) was not found))
LIBS_DEFINES = -DPGTOKEN_LIBJWT_MAJOR=$(LIBJWT_MAJOR) \
	-DPGTOKEN_LIBJWT_SONAME='"$(call soname_of,libjwt,libjwt)"' \
	-DPGTOKEN_JANSSON_SONAME='"$(call soname_of,jansson,libjansson)"'

LIBS_CFLAGS := $(sort $(foreach lib,$(LIBS_WANTED),$(call lib_folder,$(lib),-I,includedir)))
LIBS_LINK := $(sort $(foreach lib,$(LIBS_WANTED),$(call lib_folder,$(lib),-L,libdir))) -ljwt -ljansson -lcrypto -lcrypt -lm

# --- the extension, by PGXS --------------------------------------------------

ifneq (,$(filter-out $(CORE_ONLY),$(goals)))

INSTALL_SCRIPT_SQL = $(EXTENSION)--$(EXTVERSION).sql
DATA = $(wildcard sql/upgrade/$(EXTENSION)--*--*.sql)
DATA_built = $(INSTALL_SCRIPT_SQL)
EXTRA_CLEAN = build

PG_CONFIG ?= pg_config
ifeq (,$(shell $(PG_CONFIG) --version 2>/dev/null))
$(error $(PG_CONFIG) is missing: install PostgreSQL's development package or set PG_CONFIG)
endif

# As system headers PostgreSQL's are exempt from the warnings asked for here.
PG_CPPFLAGS = -I$(srcdir)/src $(LIBS_CFLAGS) \
	-isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DPGTOKEN_VERSION='"$(EXTVERSION)"' $(LIBS_DEFINES)
PG_CFLAGS = -Wall -Wextra
# PostgreSQL loads modules into one name space: nothing of ours may stand in for
# another module's function of the same name, nor the other way round.
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcrypto) -lcrypt -ldl -lm \
	-Wl,-Bsymbolic -Wl,--version-script=$(srcdir)/src/exports.map

ISOLATION_OPTS = --inputdir=$(srcdir)/test
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl

# No bitcode: it would need clang at build time, for code that is never inlined.
override with_llvm = no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# every object is rebuilt when any header or this file changes
$(OBJS): $(OUR_HEADERS) Makefile $(EXTENSION).control

# what the compiler warns of, without what it makes
.PHONY: syntax
syntax:
	$(CC) $(CFLAGS) $(CPPFLAGS) -fsyntax-only $(SRCS)

$(INSTALL_SCRIPT_SQL): $(SQL_PARTS) Makefile $(EXTENSION).control
	@{ printf '%s\n' '/* $@: made from sql/install, not to be edited */' \
		'\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	   cat $(SQL_PARTS); } > $@.tmp && mv $@.tmp $@

endif

# --- the core without a server -----------------------------------------------

CORE_CFLAGS = -std=gnu99 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -D_GNU_SOURCE \
	-Isrc -Itest/unit $(LIBS_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all $(COPT)
UNIT_SRCS = $(sort $(wildcard test/unit/*.c))
FUZZERS = $(sort $(patsubst test/fuzz/%_fuzzer.c,%,$(wildcard test/fuzz/*_fuzzer.c)))
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang

SAN_OBJS = $(CORE_SRCS:%.c=build/san/%.o)
FUZZ_OBJS = $(CORE_SRCS:%.c=build/fuzz/%.o)

.PHONY: unit fuzz fuzz-replay format dist

unit: build/san/unit
	build/san/unit

# every committed input once: a fast test of what the fuzzers have found before
fuzz-replay: $(FUZZERS:%=build/san/%_replay)
	@set -e; for f in $(FUZZERS); do \
		build/san/$${f}_replay test/fuzz/corpus/$$f/*; \
		echo "$$f: $$(ls test/fuzz/corpus/$$f | wc -l) inputs replayed"; \
	done

# the words a target's grammar is made of, where that helps the fuzzer
DICT_claims = json
DICT_dpop = json
DICT_jwk = json
DICT_jwks = json
DICT_jws = json
DICT_rules = rules
DICT_uri = uri
DICT_url = uri
DICT_webauthn = json

# new inputs are added to a scratch corpus, crashes land in build/fuzz
fuzz: $(FUZZERS:%=build/fuzz/%_fuzzer)
	@set -e; $(foreach f,$(FUZZERS),\
		mkdir -p build/fuzz/corpus/$(f); \
		build/fuzz/$(f)_fuzzer -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 \
			$(if $(DICT_$(f)),-dict=test/fuzz/$(DICT_$(f)).dict) -artifact_prefix=build/fuzz/$(f)- \
			build/fuzz/corpus/$(f) test/fuzz/corpus/$(f);)

build/san/unit: $(UNIT_SRCS:%.c=build/san/%.o) $(SAN_OBJS)
	$(CC) $(CORE_CFLAGS) -o $@ $^ $(LIBS_LINK)

build/san/%_replay: build/san/test/fuzz/%_fuzzer.o build/san/test/fuzz/replay.o $(SAN_OBJS)
	$(CC) $(CORE_CFLAGS) -o $@ $^ $(LIBS_LINK)

build/fuzz/%_fuzzer: build/fuzz/test/fuzz/%_fuzzer.o $(FUZZ_OBJS)
	$(FUZZ_CC) $(CORE_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_LINK)

build/san/%.o: %.c $(OUR_HEADERS) $(wildcard test/unit/*.h test/fuzz/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) $(CORE_CFLAGS) -c -o $@ $<

build/fuzz/%.o: %.c $(OUR_HEADERS) $(wildcard test/unit/*.h test/fuzz/*.h) Makefile
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CORE_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

.SECONDARY:

# --- housekeeping ------------------------------------------------------------

format:
	clang-format -i $(shell find src test/unit test/fuzz -name "*.[ch]")

dist:
	@mkdir -p build
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ \
		-o build/$(EXTENSION)-$(EXTVERSION).zip HEAD

endif
