#!/bin/sh
# What a machine with an NVIDIA GPU can tell about Sparse24, in under nine minutes: facts of the machine, proofs that
# packed layouts are exact, native and Java contract tests, sanitizers, the GPU suite, layers trained by SLoPe and dense, a
# comparison with PyTorch.
# Needs this folder and a driver. Each step has its own time and writes its own files as it goes; a step for which there
# is no time, or a tool of its own that is not here, is skipped and said so.
#   run.sh [--out DIR] [--seconds S] [--dry-run] [STEP...]
#     --out DIR      a new folder for the results; else results-DATE in the current one
#     --seconds S    for all of it; else 540
#     --dry-run      runs nothing but says what would run; with S24_LIBRARY_CUDA naming the emulated library, runs a
#                    little of each step on that
#     STEP           only these, facts always: proofs native contract sanitizer-TOOL bench slope torch
# S24_COMPUTE_SANITIZER and S24_PYTHON name those programs where they are not found.
# Exit 0: all that ran passed; 1: something did not, or there is no GPU; 2: wrong usage.
set -u
kit=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
start=$(date +%s)
seconds=540
out=""
dry=false
only=""

usage() { echo "run.sh: $*" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry=true ;;
    --out) [ $# -gt 1 ] || usage "--out: a folder is missing"; out=$2; shift ;;
    --seconds) [ $# -gt 1 ] || usage "--seconds: a number is missing"; seconds=$2; shift ;;
    --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
    proofs | native | contract | sanitizer-* | bench | slope | torch) only="$only $1 " ;;
    *) usage "does not know '$1' (see run.sh --help)" ;;
  esac
  shift
done
case $seconds in '' | *[!0-9]*) usage "--seconds: is '$seconds', must be a whole number" ;; esac
deadline=$((start + seconds))

# Nothing to run on, so nothing runs.
plan=false
if $dry && [ -z "${S24_LIBRARY_CUDA:-}" ]; then plan=true; fi

elapsed() { echo $(($(date +%s) - start)); }
left() { echo $((deadline - $(date +%s))); }

# --- results

bad=false
record() { # STEP STATUS SECONDS NOTE
  printf '%-20s %-9s %4d s  %s\n' "$1" "$2" "$3" "$4"
  case $2 in failed | "timed out") bad=true ;; esac
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(printf '%s' "$4" | tr '"\\\t' "'/ ")" >>"$work/steps"
  summarize
}

# Written anew after every step.
summarize() {
  awk -F '\t' -v seconds="$(elapsed)" -v dry="$dry" '
    BEGIN { printf "{\n  \"dry_run\": %s,\n  \"seconds\": %d,\n  \"steps\": [", dry, seconds }
    {
      printf "%s\n    {\"step\": \"%s\", \"status\": \"%s\", ", (NR > 1 ? "," : ""), $1, $2
      printf "\"seconds\": %d, \"note\": \"%s\"}", $3, $4
    }
    END { print "\n  ]\n}" }' "$work/steps" >"$work/summary" && cp "$work/summary" "$out/summary.json"
  awk -F '\t' -v name="$(basename "$out")" '
    BEGIN { printf "# %s\n\n| step | status | seconds | note |\n|---|---|---:|---|\n", name }
    { gsub(/\|/, "/", $4); printf "| %s | %s | %d | %s |\n", $1, $2, $3, $4 }' "$work/steps" >"$work/summary" &&
    cp "$work/summary" "$out/summary.md"
}

# --- steps

# Runs a command if there is time: step NAME MOST LEAST COMMAND...; at most MOST seconds, not at all below LEAST.
step() {
  name=$1 most=$2 least=$3
  shift 3
  case "$only" in '' | *" $name "*) ;; *) return 0 ;; esac
  if $plan; then
    printf '%-20s up to %3d s: %s\n' "$name" "$most" "$*"
    return 0
  fi
  limit=$(left)
  if [ "$limit" -lt "$least" ]; then
    record "$name" skipped 0 "$limit s were left, it needs $least"
    return 0
  fi
  [ "$limit" -le "$most" ] || limit=$most
  began=$(date +%s)
  timeout -k 5 "$limit" "$@" >"$out/$name.txt" 2>&1
  status=$?
  took=$(($(date +%s) - began))
  # The last line; of JUnit's table the line that counts.
  note=$(grep -v -e '^[[:space:]]*$' -e '^\[ .* \]$' "$out/$name.txt" | tail -n 1)
  tests=$(sed -n 's/^\[ *\([0-9]*\) tests \(successful\|failed\) *\]$/\1 \2/p' "$out/$name.txt" | tr '\n' ' ')
  note=${tests:-$note}
  [ "$name$status" != bench0 ] || note="$(grep -c '"rotated_bytes"' "$out/bench.json") rows, see bench.md"
  case $status in
    0) record "$name" passed "$took" "$note" ;;
    # The torch comparison's word for "not here".
    77) record "$name" skipped "$took" "$note" ;;
    124 | 137) record "$name" "timed out" "$took" "after $limit s; what it wrote until then is there" ;;
    *) record "$name" failed "$took" "exit $status: $note" ;;
  esac
}

# A step that lacks its program: missing NAME WHY
missing() {
  case "$only" in '' | *" $1 "*) ;; *) return 0 ;; esac
  if $plan; then printf '%-20s would be skipped: %s\n' "$1" "$2"; else record "$1" skipped 0 "$2"; fi
}

# The JUnit console over the contract tests on this backend alone, which fail if it does not open.
contract() { # NAME MOST LEAST SELECTION...
  report=$1 most=$2 least=$3
  shift 3
  step "$report" "$most" "$least" "$kit/runtime/bin/java" --enable-native-access=ALL-UNNAMED -Ds24.backends=cuda \
    -cp "$kit/lib/*:$kit/gpu-kit/lib/*" org.junit.platform.console.ConsoleLauncher execute \
    --include-engine=junit-jupiter --disable-banner --disable-ansi-colors --details=tree --fail-if-no-tests \
    --reports-dir="$work/$report" --select-package=io.sparse24.api.contract "$@"
  if [ -f "$work/$report/TEST-junit-jupiter.xml" ]; then
    cp "$work/$report/TEST-junit-jupiter.xml" "$out/$report.xml"
  fi
}

find_sanitizer() {
  for file in "${S24_COMPUTE_SANITIZER:-}" "$(command -v compute-sanitizer)" /usr/local/cuda*/bin/compute-sanitizer \
    /usr/local/cuda*/compute-sanitizer/compute-sanitizer /opt/cuda/bin/compute-sanitizer; do
    if [ -n "$file" ] && [ -x "$file" ]; then
      echo "$file"
      return
    fi
  done
}

# --- where results go

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
# Where natives are unpacked; the home folder may not be there or not be writable.
export S24_CACHE_DIR="${S24_CACHE_DIR:-$work/cache}"
library='LIBRARY'
if ! $plan; then
  out=${out:-results-$(date -u +%Y%m%d-%H%M%S)}
  [ ! -e "$out" ] || usage "--out: $out is there already, name a new folder"
  mkdir -p "$out" || exit 1
  out=$(cd "$out" && pwd)
  : >"$work/steps"
fi

# --- facts

facts() {
  fact() { echo "== $*"; timeout 20 "$@" 2>&1; echo; }
  date -u
  fact uname -a
  fact cat /etc/os-release
  fact nvidia-smi
  fact nvidia-smi -q -d CLOCK,ECC,PERFORMANCE,POWER,TEMPERATURE
  fact lscpu
  fact free -m
  fact ldd --version
  fact "$kit/bin/s24" info
}

# What info says of the CUDA backend: about_cuda FIELD
about_cuda() {
  sed -n '/"name" : "cuda"/,/"kernels"/s/.*"'"$1"'" : "\{0,1\}\([^"]*[^",]\)"\{0,1\},\{0,1\}$/\1/p' "$work/info.json" | head -n 1
}

if ! $plan; then
  facts >"$out/facts.txt"
  timeout 60 "$kit/bin/s24" info --json >"$work/info.json" 2>>"$out/facts.txt"
  if [ "$(about_cuda available)" != true ]; then
    why=$(about_cuda reason)
    record facts failed "$(elapsed)" "${why:-s24 info failed, see facts.txt}"
    echo "run.sh: no CUDA backend here: ${why:-s24 info failed, see $out/facts.txt}" >&2
    exit 1
  fi
  library=$(about_cuda library | sed 's/ ([^)]*)$//') # without its version
  record facts passed "$(elapsed)" "$(about_cuda device)"
fi

# --- the steps, what matters most first: where all that is right is slow, tests end before the suite would

suite="--suite gpu"
training="--suite slope --layers --backend cuda --seconds 1"
if ! $plan && $dry; then
  suite="--suite gpu --quick"
  training="--suite slope --layers --backend cuda --quick"
fi
some="--include-classname=.*ContractTest"
proofs="--include-tag=proof"
some_groups=""
if ! $plan && $dry; then
  some="--include-classname=.*KernelsContractTest"
  proofs="--include-methodname=.*whatIsUnpackedIsWhatWasPacked.*"
  some_groups="--reduced arguments multiply"
fi
native="$kit/gpu-kit/s24_cuda_device_test"

contract proofs 40 5 "$proofs"
if [ -x "$native" ]; then
  # shellcheck disable=SC2086
  step native 45 5 "$native" "$library" $some_groups
else
  missing native "this kit was built without s24_cuda_device_test"
fi
contract contract 130 10 "$some"
sanitizer=$(find_sanitizer)
for tool in memcheck racecheck synccheck initcheck; do
  if [ ! -x "$native" ]; then
    missing "sanitizer-$tool" "this kit was built without s24_cuda_device_test"
  elif [ -z "$sanitizer" ]; then
    missing "sanitizer-$tool" "compute-sanitizer is not here (part of the CUDA toolkit; S24_COMPUTE_SANITIZER names it)"
  else
    step "sanitizer-$tool" 30 10 "$sanitizer" --tool "$tool" --error-exitcode 9 "$native" "$library" --reduced
  fi
done

# The suite stops by itself before it is stopped, and keeps room for what follows.
time_for_suite=$(($(left) - 110))
if $plan || [ "$time_for_suite" -gt 210 ]; then time_for_suite=210; fi
[ "$time_for_suite" -ge 1 ] || time_for_suite=1
# shellcheck disable=SC2086
step bench "$((time_for_suite + 15))" 20 "$kit/bin/s24" bench $suite --time "$time_for_suite" --out "${out:-DIR}/bench.json"
# The JSON has what is done even where time was up.
# shellcheck disable=SC2086
step slope 60 15 "$kit/bin/s24" bench $training --out "${out:-DIR}/slope.json"
for result in bench slope; do
  if [ -n "$out" ] && [ -s "$out/$result.json" ]; then
    timeout 20 "$kit/bin/s24" report "$out/$result.json" >/dev/null 2>"$work/report" || sed 's/^/run.sh: /' "$work/report" >&2
  fi
done

python=${S24_PYTHON:-$(command -v python3)}
if [ -n "$python" ]; then
  step torch 60 15 "$python" "$kit/gpu-kit/compare_torch.py" "$kit/bin/s24" "${out:-DIR}"
else
  missing torch "no python3"
fi

if $plan; then
  echo "run.sh: a dry run, nothing was run; $seconds s in all"
  exit 0
fi
echo "run.sh: $(elapsed) s, results in $out"
! $bad
