// The script that captures a trace: it sets the tracer up, runs a command, saves what came, and leaves nothing behind.
// Plain sh (dash, busybox): the machine that is traced may have no more than that.
import { type ProbeRequest, probeLines, type TracefsMode, title } from './listing.ts';
import { type KernelEvent, kernelEvents } from './probe_list.ts';

/** `command`: word by word, as it was given; none: the script waits for its user. */
export function captureScript(request: ProbeRequest<TracefsMode>, command: readonly string[]): string {
  const events = kernelEvents(request.driver);
  const definitions = probeLines(request).map(({ event, line, certain }) => `${certain ? '' : '?'}${event} ${line}`);
  return String.raw`#!/bin/sh
# Captures the VM_BIND jobs of a GPU for ${'`'}gpuvm-trace check${'`'}. Printed by
#   ${title('capture', request)}
# Run it as root, with the driver loaded. It traces in an instance of its own, so that other users of the tracer are not
# disturbed, and takes away again what it has set up. A new directory gets
#   trace.txt        the trace
#   dynamic_events   the probes that were installed
#   stats.txt        what each CPU recorded and lost
# The environment can set OUT (that directory), BUFFER_KB (the buffer of each CPU) and TRACEFS (where tracefs is).

[ -n "$TRACEFS" ] || TRACEFS=/sys/kernel/tracing
[ -n "$BUFFER_KB" ] || BUFFER_KB=65536
[ -n "$OUT" ] || OUT=gpuvm-trace-$(date +%Y%m%d-%H%M%S)
instance=$TRACEFS/instances/gpuvm-trace
made=
installed=

say() {
  printf 'gpuvm-trace: %s\n' "$*" >&2
}

die() {
  say "$*"
  exit 2
}

# What is traced.
${runFunction(command)}

# One by one: the kernel refuses functions that it does not have or has inlined, and the others still say much.
# Behind a question mark: what later versions of this stable series have. This one may lack it.
install_probes() {
  while read -r name definition; do
    uncertain=
    case $name in
    \?*)
      uncertain=1
      name=${'$'}{name#\?}
      ;;
    esac
    if printf '%s\n' "$definition" >>"$TRACEFS/dynamic_events" 2>/dev/null && [ -d "$TRACEFS/events/gpuvm/$name" ]; then
      installed="$installed $name"
    elif [ -z "$uncertain" ]; then
      say "refused: $name"
      reason=$(tail -n 3 "$TRACEFS/error_log" 2>/dev/null | grep -F -B 1 "$definition" | sed -n 's/.*error: //p')
      [ -z "$reason" ] || say "  $reason"
    fi
  done <<'PROBES'
${definitions.join('\n')}
PROBES
}

${events.length === 0 ? '' : ENABLE}# shellcheck disable=SC2317 # the trap calls it
remove_all() {
  trap '' HUP INT TERM
  [ -z "$made" ] || rmdir "$instance" || say "$instance could not be removed"
  for name in $installed; do
    printf '%s\n' "-:gpuvm/$name" >>"$TRACEFS/dynamic_events" || say "gpuvm/$name could not be removed"
  done
}

set_up() {
  [ -w "$TRACEFS/dynamic_events" ] || die "$TRACEFS/dynamic_events cannot be written: is tracefs mounted, are you root?"
  mkdir "$OUT" || die "$OUT could not be made"
  mkdir "$instance" || die "$instance could not be made: if an earlier run left it, remove it with rmdir"
  made=1
  echo 0 >"$instance/tracing_on"
  echo global >"$instance/trace_clock" # one clock for all CPUs, or their lines are out of order
  echo nohash-ptr >"$instance/trace_options" # pointers as they are: they name objects
  echo "$BUFFER_KB" >"$instance/buffer_size_kb" || die "no buffer of $BUFFER_KB kB a CPU"
  install_probes
  [ -n "$installed" ] || die 'the kernel took no probe: are drm_gpuvm and the driver loaded?'
  for name in $installed; do
    echo 1 >"$instance/events/gpuvm/$name/enable"
  done
${events.map(enable).join('')}}

save() {
  cat "$instance/trace" >"$OUT/trace.txt" || die 'the trace could not be saved'
  cat "$TRACEFS/dynamic_events" >"$OUT/dynamic_events"
  for cpu in "$instance"/per_cpu/cpu*; do
    echo "# $cpu"
    cat "$cpu/stats"
  done >"$OUT/stats.txt"
}

# Nothing lost? Else the size of a buffer that would have held it all.
check_loss() {
  lost=0
  need=0
  while IFS=' :' read -r key value rest; do
    case $key in
    entries) entries=$value ;;
    overrun) missing=$value ;;
    bytes) bytes=$value ;;
    dropped)
      missing=$((missing + rest))
      [ "$missing" -gt 0 ] || continue
      lost=$((lost + missing))
      [ "$entries" -gt 0 ] || continue
      kb=$(((bytes / entries + 1) * (entries + missing) / 1024 + 1))
      [ "$kb" -le "$need" ] || need=$kb
      ;;
    esac
  done <"$OUT/stats.txt"
  [ "$lost" -eq 0 ] || say "$lost events were lost: BUFFER_KB=$((need * 5 / 4)) would have held them"
  grep -qv '^#' "$OUT/trace.txt" || say 'no event was recorded: did the workload bind anything?'
}

trap remove_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
set_up
trap : INT TERM # they end what is traced, not this script
echo 1 >"$instance/tracing_on"
run
status=$?
sleep 1 # jobs that are still queued
echo 0 >"$instance/tracing_on"
save
check_loss
say "saved in $OUT; next: gpuvm-trace check --probes $OUT/dynamic_events $OUT/trace.txt"
exit "$status"
`;
}

/** The command in a subshell, so that it cannot end or change the script. */
function runFunction(command: readonly string[]): string {
  if (command.length > 0) return `run() (\n  ${command.map(quoted).join(' ')}\n)`;
  return `run() {
  stop=
  trap 'stop=1' INT TERM
  say 'tracing; Enter, Ctrl-C or a TERM signal stop it'
  read -r _ || while [ -z "$stop" ]; do
    sleep 1
  done
}`;
}

/** One word for sh, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

const ENABLE = `# An event of the kernel's own, by the first of its names that this kernel has.
enable_event() {
  for event; do
    if { echo 1 >"$instance/events/$event/enable"; } 2>/dev/null; then return; fi
  done
  say "no event $1"
}

`;

function enable(names: KernelEvent): string {
  return `  enable_event ${names.join(' ')}\n`;
}
