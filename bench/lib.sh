# shellcheck shell=bash
# Shared by the benchmarks: how figures are made of rounds and printed.

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
progress() { if [ -t 2 ]; then printf '%s\n' "$*" >&2; fi; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# the middle half of what is read: how much the rounds differed
spread() { sort -n | awk '{ v[NR] = $1 } END { printf "%.2f - %.2f", v[int((NR + 3) / 4)], v[NR + 1 - int((NR + 3) / 4)] }'; }
calc() { awk "BEGIN { printf \"$1\", $2 }"; }

# core_program OUTPUT SOURCE: linked, at the top of a built tree, with the core as it is in the extension
core_program() {
    local -a flags
    read -ra flags < <(test/tools/libraries | sed -nE 's/^LIBS_(CFLAGS|LINK) = //p' | paste -sd ' ')
    cc -O2 -Wall -Wextra -D_GNU_SOURCE -Isrc -o "$1" "$2" src/core/*/*.o "${flags[@]}"
}

# line WHAT OURS OTHER RATIO GOAL; rates and ratios are medians of the rounds, each of its own
head_line() { row '' '' '' '' && echo "$1" && row '' "$2" "$3" ratio "${4:-goal}"; }
line() { row "$1" "$2" "$3" "$4" "${5:-}"; }
row() { printf '%-46s %12s %12s %8s  %s\n' "$1" "$2" "$3" "$4" "${5:-}" | sed 's/ *$//'; }
