# shellcheck shell=bash
# shellcheck disable=SC2154 # what bench/run sets
# Part of bench/run, which has the functions and $tmp used here: npm's jose and
# jsonwebtoken in process, against the C core in process, and against
# verify_access_token() in SQL.  Needs Node and the packages of bench/http.

libraries_missing() {
    if ! command -v node >/dev/null; then
        echo 'there is no Node'
    elif [ ! -d bench/http/node_modules/jsonwebtoken ]; then
        echo 'the packages of bench/http are not installed (npm ci)'
    else
        return 1
    fi
}

# one turn of each side: "sign|verify|read ALG MICROSECONDS ..." and "sign|read ALG LIBRARY MICROSECONDS"
libraries_core() { "$tmp/signing" 1 "$1" >>"$tmp/libraries.core"; }
libraries_npm() { node bench/http/signing.mjs "$1" >>"$tmp/libraries.npm"; }

libraries() {
    local round
    if libraries_missing >/dev/null; then return; fi
    for round in $(seq "$rounds"); do
        progress "libraries, round $round"
        # who comes first changes
        if [ $((round % 2)) = 1 ]; then
            libraries_core 50
            libraries_npm 100
        else
            libraries_npm 100
            libraries_core 50
        fi
    done
}

# against_library WHAT OURS LIBRARY KIND ALG: OURS is a file of microseconds, one a round
against_library() {
    awk -v kind="$4" -v alg="$5" -v library="$3" '$1 == kind && $2 == alg && $3 == library { print $4 }' \
        "$tmp/libraries.npm" >"$tmp/theirs"
    line "$1 / $3" "$(calc %.2f "$(median <"$2")")" "$(calc %.2f "$(median <"$tmp/theirs")")" \
        "$(calc %.2f "$(paste "$2" "$tmp/theirs" | awk '{ print $1 / $2 }' | median)")"
}

show_libraries() {
    local missing alg library
    if missing=$(libraries_missing); then
        printf '\nLibraries in process: left out, %s\n' "$missing"
        return
    fi
    head_line "Microseconds of CPU in process against libraries of Node $(node --version), with imported keys; no revocation there" \
        pgtoken library
    for alg in ES256 EdDSA RS256 HS256; do
        awk -v alg="$alg" '$1 == "sign" && $2 == alg { print $3 }' "$tmp/libraries.core" >"$tmp/core.sign"
        awk -v alg="$alg" '$1 == "read" && $2 == alg { print $3 }' "$tmp/libraries.core" >"$tmp/core.read"
        for library in jose jsonwebtoken; do
            # jsonwebtoken knows no EdDSA
            if [ "$alg.$library" = EdDSA.jsonwebtoken ]; then continue; fi
            against_library "$alg: claims to token, C core" "$tmp/core.sign" "$library" sign "$alg"
            against_library "$alg: token to claims, C core" "$tmp/core.read" "$library" read "$alg"
        done
    done
    for alg in ES256 HS256; do
        for library in jose jsonwebtoken; do
            against_library "$alg: verify in SQL, first time" "$tmp/$alg.verify.first" "$library" read "$alg"
            against_library "$alg: verify in SQL, seen" "$tmp/$alg.verify.seen" "$library" read "$alg"
        done
    done
}
