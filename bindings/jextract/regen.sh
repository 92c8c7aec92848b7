#!/usr/bin/env bash
# Makes bindings/src/generated/java again from the C headers. Needs jextract (official builds: jdk.java.net/jextract) and, for
# NVIDIA's libraries, their headers, which are never part of this repository:
#   JEXTRACT_HOME=/path/to/jextract [CUDA_HOME=/usr/local/cuda] [CUSPARSELT_HOME=$CUDA_HOME] bindings/jextract/regen.sh
# The full toolkit has the headers of the runtime, cuBLASLt and cuSPARSE; NVIDIA's packages of cuSPARSELt have its own. A Python
# environment has them all: CUDA_HOME=…/site-packages/nvidia/cu13 CUSPARSELT_HOME=…/site-packages/nvidia/cusparselt.
# Where a header is not found, what is committed for its library stays.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=bindings/jextract
out=bindings/src/generated/java
cuda=${CUDA_HOME:-/usr/local/cuda}/include
cusparselt=${CUSPARSELT_HOME:-${CUDA_HOME:-/usr/local/cuda}}/include

: "${JEXTRACT_HOME:?set JEXTRACT_HOME to a jextract installation (official builds: jdk.java.net/jextract)}"
jextract="$JEXTRACT_HOME/bin/jextract"
[ -x "$jextract" ] || { echo "regen: $jextract is not executable; JEXTRACT_HOME must hold bin/jextract" >&2; exit 2; }

# generate NAME CLASS HEADER [-I FOLDER]...: what NAME.includes lists of HEADER, with constants in CLASS.
generate() {
  local name=$1 class=$2 header=$3 option symbol missing=0
  shift 3
  local package=io.sparse24.bindings.$name
  local folder=$out/${package//.//}
  local args=()
  while read -r option symbol; do
    case "$option" in --include-*) args+=("$option" "$symbol") ;; esac
  done <"$here/$name.includes"

  rm -rf "$folder"
  mkdir -p "$out"
  # The warning on s24_context is right: it is opaque, and must stay so.
  "$jextract" --output "$out" -t "$package" --header-class-name "$class" "$@" "${args[@]}" "$header" 2>&1 |
    { grep -v 'Skipping s24_context ' || true; } >&2

  # jextract drops a name it does not know without a word.
  while read -r option symbol; do
    case "$option" in
      --include-constant) grep -rqwE "$symbol" "$folder" || { echo "regen: $symbol did not come out" >&2; missing=1; } ;;
      --include-struct | --include-typedef)
        [ -f "$folder/$symbol.java" ] || { echo "regen: struct $symbol did not come out" >&2; missing=1; } ;;
    esac
  done <"$here/$name.includes"
  [ "$missing" = 0 ] || exit 1

  # Known faults of some builds: an element accessor that ignores the field's offset; names lost with libclang 16 and later.
  if grep -rnE 'ELEM_HANDLE\.(get|set)\(struct, 0L' "$folder" >&2; then
    echo "regen: these accessors ignore their field's offset: use another jextract build" >&2
    exit 1
  fi
  if grep -rn 'struct (unnamed' "$folder" >/dev/null; then
    echo "regen: unnamed structs in the output: this jextract uses libclang 16 or later; use an official build" >&2
    exit 1
  fi
  record "$header" >"$here/$name.header"
  echo "regen: $name: $(find "$folder" -name '*.java' | wc -l) files"
}

# record HEADER [VERSION]: its hash, name and version, as NAME.header keeps them.
record() {
  printf '%s  %s\n' "$(sha256sum "$1" | cut -d' ' -f1)" "$(basename "$1")${2:+ $2}"
}

# vendor NAME CLASS HEADER VERSIONED MACRO [-I FOLDER]...: the table NAME.h over NVIDIA's HEADER, whose version is what VERSIONED
# defines MACRO (an extended regular expression) to be.
vendor() {
  local name=$1 class=$2 header=$3 versioned=$4 macro=$5
  shift 5
  if [ ! -f "$header" ]; then
    echo "regen: $name: no $header; what is committed stays" >&2
    return
  fi
  generate "$name" "$class" "$here/$name.h" "$@"
  record "$header" "$(sed -nE "s/^#define +$macro +([0-9]+)\$/\2/p" "$versioned" | paste -sd.)" >>"$here/$name.header"
}

generate s24 S24 bindings/include/sparse24/s24.h -I bindings/include
vendor cudart CudartConstants "$cuda/cuda_runtime_api.h" "$cuda/cuda_runtime_api.h" '(CUDART_VERSION)' -I "$cuda"
vendor cublaslt CublasLtConstants "$cuda/cublasLt.h" "$cuda/cublas_api.h" 'CUBLAS_VER_(MAJOR|MINOR|PATCH)' \
  -I "$cuda" -I "$cuda/cccl"
vendor cusparselt CusparseLtConstants "$cusparselt/cusparseLt.h" "$cusparselt/cusparseLt.h" \
  'CUSPARSELT_VER_(MAJOR|MINOR|PATCH)' -I "$cusparselt" -I "$cuda" -I "$cuda/cccl"
"$jextract" --version 2>&1 | head -n 1 >"$here/jextract.version"
