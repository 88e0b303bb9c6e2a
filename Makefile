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

# the install script, in order
SQL_PARTS = 00_preamble 02_schemas_roles 05_common 07_library 08_caches 09_marks 10_audit 12_refusals 14_factors \
	16_issuers 18_keys 20_resources 22_clients 23_trusted_issuers 24_client_secrets 25_subject_blocks 26_revocation 28_grants \
	29_session_limits 30_tokens 31_audit_events 32_blacklist 33_audit_by_request 33_change_family 34_replay_ids 35_scope_descriptions 36_authorization 37_authorization_details 38_consents 39_import 40_devices 42_sessions \
	43_courier 43_registration 44_challenges 45_account 45_consent_pages 46_policies 47_signals 47_signals_http 48_simulation 49_status_lists 50_decisions 52_api_helpers 54_metadata 56_http \
	57_fastcgi 58_maintenance 59_audit_seals 60_purge 61_redaction 62_partitions 63_audit_proof 64_health 65_subjects 66_restore 68_copy 69_administration 70_psql 71_console 72_console_families 73_console_clients 74_console_policies 75_console_overview 76_metrics 99_closing
SQL_FILES = $(SQL_PARTS:%=sql/install/%.sql)

# in this order: install makes what the others use, uninstall removes it
REGRESS = install config set_up issue refresh retry lockstep once reuse revoke blacklist verify \
	cache row_operations introspect keys audit privileges http_admin profiles mtls authorize response_mode front_channel device exchange \
	client_secrets trusted_issuers authorization_details sessions account lifespan session_limits change_family pre_request door not_before epochs subject_blocks impersonation administration resource_policy resource_metadata ways_to_die factors request_object claims_parameter step_up policy registration \
	simulate refused bad_input personal subjects placement maintain purge courier marks signals request_uri client_documents status_lists restore consent_pages audit_seals metrics console psql console_clients console_families console_policies console_overview uninstall

# prepare makes what the others use, also when some are named on the command line; none stays none
ISOLATION = prepare account_end audit_seals cache_full cache_lookup_failure challenge_complete challenge_outbox \
	challenge_refresh client_disabled client_registration code_redeem console_client consent_approve consent_scopes consent_withdraw courier_lease device_poll \
	device_redeem ends_ends erase_subject exchange_revoke import_secret issue_end logout_complete maintain \
	not_before_verify policy_versions prepared purge refresh_blacklist refresh_change refresh_lockstep \
	refresh_refresh refresh_reuse refresh_revoke refresh_strict replay_ids revoke_revoke \
	rollback row_operations session_limit signals signing_keys status_lists subject_block subject_revoke_refresh user_code_attempts verify_revoke
override ISOLATION := $(if $(strip $(ISOLATION)),prepare $(filter-out prepare,$(ISOLATION)))

# they would give a step up after 300 seconds, a TAP test after 180: slow is no failure
export PGISOLATIONTIMEOUT = 3600
export PG_TEST_TIMEOUT_DEFAULT = 3600

# --- targets that look after themselves: this file is read without pg_config --

ALONE = setup check check-valgrind check-fresh check-matrix interop console screenshots demo serve soak soak-memory bench bench-audit bench-http bench-purge bench-scale \
	lint reference
CORE_ONLY = unit fuzz fuzz-replay fuzz-merge format dist

goals := $(or $(MAKECMDGOALS),all)

ifneq (,$(filter $(ALONE),$(goals)))
$(if $(filter-out $(ALONE),$(goals)),$(error "make $(firstword $(filter $(ALONE),$(goals)))" does not go together with other targets))

.PHONY: $(ALONE)
$(filter-out bench-% soak-%,$(ALONE)): ; @test/tools/$@ $(if $(filter check-fresh,$@),$(FRESH)) $(if $(filter check-matrix,$@),$(MATRIX))
bench-http soak-memory: ; @test/tools/$(subst -, ,$@)
bench-audit bench-purge: ; @$(subst -,/,$@)
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
$(EXTENSION)_import--$(EXTVERSION).sql: $(sort $(wildcard sql/import/*.sql))
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
dist: ; mkdir -p build && git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o build/$(EXTENSION)-$(EXTVERSION).zip HEAD
endif
