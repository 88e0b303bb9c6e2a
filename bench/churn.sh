# shellcheck shell=bash
# shellcheck disable=SC2154 # what bench/run sets
# Part of bench/run, which has the functions and $tmp used here: what the first
# call of a new connection costs, one connection after the other (pgbench -C).

# churn_turn CALL: milliseconds of a connection with one call; see churn.pgbench
churn_turn() {
    local processed
    sql -c 'SELECT bench.prepare(1)' >/dev/null
    pgbench -n -C -M extended -c 1 -T "$seconds" -D started=0 -D call="$1" -f bench/churn.pgbench >"$tmp/pgbench" 2>&1 ||
        { cat "$tmp/pgbench"; exit 1; }
    sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$tmp/pgbench" | awk '{ print 1000 / $1 }' >>"$tmp/churn.$1"
    processed=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$tmp/pgbench")
    if [ "$1" = 2 ]; then done_by[refresh]=$((done_by[refresh] + processed)); fi
}

churn() {
    local round call
    for round in $(seq "$rounds"); do
        progress "connection churn, round $round"
        # who comes first changes
        for call in $([ $((round % 2)) = 1 ] && echo 0 1 2 || echo 2 1 0); do churn_turn "$call"; done
    done
}

# churn_line WHAT CALL
churn_line() {
    paste "$tmp/churn.$2" "$tmp/churn.0" | awk '{ print $1 - $2 }' >"$tmp/differences"
    line "$1" "$(calc %.2f "$(median <"$tmp/churn.$2")")" "$(calc %.2f "$(median <"$tmp/churn.0")")" \
        "$(calc %.2f "$(median <"$tmp/differences")")" "<= 5  $(spread <"$tmp/differences")"
}

show_churn() {
    row '' '' '' ''
    echo 'Milliseconds of a connection with one call, connecting included; the difference is the first call'
    row '' pgtoken 'SELECT 1' differ. 'goal  middle half of the rounds'
    churn_line 'verify_access_token, ES256' 1
    churn_line 'refresh_grant, ES256, one commit' 2
}
