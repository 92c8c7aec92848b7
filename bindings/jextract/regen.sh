#!/usr/bin/env bash
# Makes bindings/src/generated/java again from the C header. Needs jextract (official builds: jdk.java.net/jextract):
#   JEXTRACT_HOME=/path/to/jextract bindings/jextract/regen.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
here=bindings/jextract
header=bindings/include/sparse24/s24.h
out=bindings/src/generated/java
package=io.sparse24.bindings.s24

: "${JEXTRACT_HOME:?set JEXTRACT_HOME to a jextract installation (official builds: jdk.java.net/jextract)}"
jextract="$JEXTRACT_HOME/bin/jextract"
[ -x "$jextract" ] || { echo "regen: $jextract is not executable; JEXTRACT_HOME must hold bin/jextract" >&2; exit 2; }

args=()
while read -r option name; do
  case "$option" in --include-*) args+=("$option" "$name") ;; esac
done <"$here/includes.txt"

rm -rf "$out"
mkdir -p "$out"
# The warning on s24_context is right: it is opaque, and must stay so.
"$jextract" --output "$out" -t "$package" --header-class-name S24 -I bindings/include "${args[@]}" "$header" 2>&1 |
  { grep -v 'Skipping s24_context ' || true; } >&2

# jextract drops a name it does not know without a word.
missing=0
while read -r option name; do
  case "$option" in
    --include-constant) grep -rqwE "$name" "$out" || { echo "regen: $name did not come out" >&2; missing=1; } ;;
    --include-struct) [ -f "$out/${package//.//}/$name.java" ] || { echo "regen: struct $name did not come out" >&2; missing=1; } ;;
  esac
done <"$here/includes.txt"
[ "$missing" = 0 ] || exit 1

# Known faults of some builds: an element accessor that ignores the field's offset; names lost with libclang 16 and later.
if grep -rnE 'ELEM_HANDLE\.(get|set)\(struct, 0L' "$out" >&2; then
  echo "regen: these accessors ignore their field's offset: use another jextract build" >&2
  exit 1
fi
if grep -rn 'struct (unnamed' "$out" >/dev/null; then
  echo "regen: unnamed structs in the output: this jextract uses libclang 16 or later; use an official build" >&2
  exit 1
fi

"$jextract" --version 2>&1 | head -n 1 >"$here/jextract.version"
sha256sum "$header" | cut -d' ' -f1 >"$here/header.sha256"
echo "regen: $(find "$out" -name '*.java' | wc -l) files from $(cat "$here/jextract.version")"
