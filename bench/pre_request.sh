# shellcheck shell=bash
# shellcheck disable=SC2154 # what bench/run sets
# Part of bench/run, which has the functions and $tmp used here: what
# pgtoken_http.pre_request() costs the requests of an API.

# one session with the headers set: calls of SQL, then what is asked of them
pre_request_session() {
    {
        echo "SELECT set_config('request.headers', bench.headers(), false), set_config('request.method', 'GET', false) \\g /dev/null"
        echo "SELECT set_config('request.jwt.claims', bench.claims(current_setting('request.headers')), false) \\g /dev/null"
        cat
    } | sql -v ON_ERROR_STOP=0 "$@"
}

# microseconds of a call in a loop: the function, and one that does nothing
pre_request_loop() {
    local query="SELECT count(%s) FROM generate_series(1, 20000)" call
    # shellcheck disable=SC2059 # the query is the format
    for call in 'pgtoken_http.pre_request()' 'pg_backend_pid()'; do
        printf "SELECT bench.per_row('$query', 20000);\n" "$call"
    done | pre_request_session | paste -d' ' - - >>"$tmp/pre_request.loop"
}

# pre_request_turn SCRIPT CALL: transactions per second
pre_request_turn() {
    PGUSER=bench_layer pgbench -n -M prepared -c "$clients" -j "$(nproc)" -T "$seconds" -D started=0 -D call="$2" \
        -f "bench/$1.pgbench" >"$tmp/pgbench" 2>&1 || { cat "$tmp/pgbench"; exit 1; }
    sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$tmp/pgbench" >>"$tmp/$1.$2"
}

pre_request() {
    local round script call
    sql -f bench/pre_request.sql
    for round in $(seq "$rounds"); do
        progress "pre_request, round $round"
        pre_request_loop
        for script in pre_request pre_request_batch; do
            # who comes first changes
            for call in $([ $((round % 2)) = 1 ] && echo 2 1 0 || echo 0 1 2); do pre_request_turn "$script" "$call"; done
        done
    done
    # what it says when it refuses is no news
    pre_request_checks >"$tmp/pre_request.checks" 2>"$tmp/pre_request.errors"
}

# blocks of tables and indexes that a call on a seen token looks at, and the answer
# at the next statement after a revocation elsewhere
pre_request_checks() {
    local call='SELECT pgtoken_http.pre_request()'
    pre_request_session -v call="$call" <<'SQL'
:call \g /dev/null
SELECT :'call' AS query \gset
CREATE FUNCTION pg_temp.blocks(query text) RETURNS text LANGUAGE plpgsql AS
$$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || query INTO plan;
	RETURN format('blocks %s %s', plan -> 0 -> 'Plan' ->> 'Shared Read Blocks', plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks');
END
$$;
SELECT pg_temp.blocks(:'query');
SELECT pgtoken.verify_access_token(substr(current_setting('request.headers')::json ->> 'authorization', 8)) ->> 'grant_id' AS family \gset
\setenv FAMILY :family
:call \g /dev/null
\echo before :SQLSTATE
\! psql -X -q -v ON_ERROR_STOP=1 -c "SELECT pgtoken.revoke_family('$FAMILY')" >/dev/null
:call \g /dev/null
\echo after :SQLSTATE
SQL
}

# pre_request_line WHAT SCRIPT WITHOUT [GOAL]: medians of the rates with the function and of those with WITHOUT
pre_request_line() {
    paste "$tmp/$2.2" "$tmp/$2.$3" | awk '{ print $1 / $2 }' >"$tmp/ratios"
    line "$1" "$(calc %.0f "$(median <"$tmp/$2.2")")" "$(calc %.0f "$(median <"$tmp/$2.$3")")" \
        "$(calc %.2f "$(median <"$tmp/ratios")")" "${4:-       }  $(spread <"$tmp/ratios")"
}

show_pre_request() {
    head_line 'pre_request() on a seen token: microseconds of a call in a SQL loop' pre_request 'the loop'
    line 'a call' "$(calc %.2f "$(awk '{ print $1 }' "$tmp/pre_request.loop" | median)")" \
        "$(calc %.2f "$(awk '{ print $2 }' "$tmp/pre_request.loop" | median)")" '' '5 us or less'
    head_line 'Transactions per second of a request: settings, pre_request, SELECT 1' with without \
        'goal              middle half of the rounds'
    pre_request_line 'against a call that does nothing' pre_request 1 '>= 0.95'
    pre_request_line 'against no statement in its place' pre_request 0
    pre_request_line 'one batch, a call that does nothing' pre_request_batch 1
    pre_request_line 'one batch, no statement in its place' pre_request_batch 0
}

# prints what was checked; the status says whether it held
show_pre_request_checks() {
    local ok=held failed=0
    grep -qx 'blocks 0 0' "$tmp/pre_request.checks" || ok='NOT HELD' failed=1
    printf '%-46s %-8s  %s\n' 'pre_request of a seen token reads nothing' "$ok" \
        "blocks read and hit: $(sed -n 's/^blocks //p' "$tmp/pre_request.checks")"
    ok=held
    if [ "$(grep -c -x -e 'before 00000' -e 'after PGRST' "$tmp/pre_request.checks")" != 2 ]; then ok='NOT HELD' failed=1; fi
    printf '%-46s %-8s  %s\n' 'pre_request refuses a token revoked elsewhere' "$ok" 'at the next statement'
    return "$failed"
}
