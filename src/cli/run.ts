/**
 * `evenkeel run`: the daemon. Manifests that change are acted on at once, drift is healed, nothing ends before a signal.
 */
import { Daemon } from '../drive/daemon.ts';
import { HEAL_AFTER_MS } from '../drive/settings.ts';
import { createResolver } from '../manifest/resolver.ts';
import type { Control } from '../ops/control.ts';
import type { Event, Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Clock } from '../service/ports.ts';
import type { FleetStatus } from '../service/status.ts';
import { watch } from '../source/watch.ts';
import { attendance } from './attendance.ts';
import { openController, secretsReader, stateDirOf } from './compose.ts';
import { checkManifests, followManifests } from './compose-git.ts';
import { OPS_KEYS, prepareOutside } from './compose-ops.ts';
import { follow } from './follow.ts';
import { beatUntil } from './heartbeat.ts';
import { CLIENT_KEYS, GIT_KEYS } from './keys.ts';
import { createLog, type Log } from './log.ts';
import { removeStatus, requestsDir, writeStatus } from './mailbox.ts';
import { secretValues } from './manifests.ts';
import type { Call, CommandSpec } from './program.ts';
import { coalesce } from './quiet.ts';
import type { Values } from './rows.ts';
import { settings } from './settings.ts';
import { whenFree } from './standby.ts';
import { suspensionControl } from './suspension.ts';

export const RUN_KEYS = [
  ...CLIENT_KEYS,
  ...GIT_KEYS,
  'gitHold',
  ...OPS_KEYS,
  'prune',
  'allowEmpty',
  'interval',
  'grace',
] as const;

export const run: CommandSpec = {
  name: 'run',
  args: '[paths...]',
  summary: 'Keeps the fleet as the manifests say, again and again, until it is told to stop.',
  keys: RUN_KEYS,
  example:
    'evenkeel run fleet/ --prune owned --owner team-a   # JSON lines on stderr; Ctrl-C ends it cleanly\nevenkeel run --git https://git.example.com/ops/fleet.git --branch main --path services/',
  async run(call) {
    const values = settings(RUN_KEYS, call.flags, call.io.env, call.args);
    const log = createLog(values.logLevel ?? 'info', call.io.stderr, call.io.clock, call.secrets);
    return runDaemon(call, values, log, log.listen);
  },
};

/** Runs until the signal; exit 0. The first run uses it too, with another listener. */
export async function runDaemon(
  call: Call,
  values: Values<(typeof RUN_KEYS)[number]>,
  log: Log,
  listen: Listen,
): Promise<number> {
  const { io, args, secrets } = call;
  if (args.includes('-')) {
    throw new UserError(
      'EK514',
      'run follows files: standard input cannot be read again; name a directory',
      3,
    );
  }
  checkManifests(call, values);
  const outside = await prepareOutside(call, values, log);
  let news = true;
  const hear = (event: Event) => {
    if (!event.type.startsWith('pass:')) news = true;
    outside.listen(event);
    listen(event);
  };
  const open = () =>
    openController(call, values, {
      write: true,
      healAfterMs: HEAL_AFTER_MS,
      listen: hear,
      watch: outside,
    });
  const waiting = { clock: io.clock, log, stop: io.stop };
  const controller = await whenFree(stateDirOf(values, io), open, waiting);
  if (controller === undefined) return 0;
  const { fleet, dir } = controller;
  const attendAll = attendance(dir, fleet, log);
  const manifests = followManifests(call, values, dir);
  const resolver = createResolver({
    env: io.env,
    allow: values.envAllow ?? [],
    file: secretsReader(values.secretsDir),
  });
  const follower = follow(manifests.source, resolver);
  const { prune, allowEmpty } = values;
  const daemon = new Daemon(
    fleet,
    {
      clock: io.clock,
      random: io.random,
      listen: controller.listen,
      async load(signal) {
        outside.begin();
        await attendAll();
        const { load } = await follower.read(signal);
        secrets.add(secretValues(load.wishes));
        return load;
      },
      watch(hint) {
        const hints = coalesce(io.clock, () => {
          // Who suspends does not wait for the end of a pass.
          void attendAll();
          hint();
        });
        const lost = (why: string) =>
          log.write('warn', 'changes are noticed at the next pass only', { why, interval: values.interval });
        const watching = watch([...manifests.watched, requestsDir(dir)], { hint: hints.hint, lost });
        const unwatch = manifests.watch(hint);
        return () => {
          hints.close();
          unwatch();
          void watching.close();
        };
      },
    },
    {
      intervalMs: values.interval,
      graceMs: values.grace,
      safety: { prune, allowEmpty, allowDeletes: undefined },
      signal: io.stop,
    },
  );
  io.stop.addEventListener('abort', () => {
    hear({ type: 'stop:requested', signal: String(io.stop.reason) });
  });
  const over = new AbortController();
  const status = atMostEvery(STATUS_EVERY, io.clock, () => daemon.status());
  const telling = tellStatus(
    dir,
    () => daemon.status(),
    () => news,
    () => (news = false),
    call,
    over.signal,
  );
  const beating = beatUntil(dir, io.clock, over.signal);
  try {
    const control: Control = {
      hint: () => daemon.hint(),
      lastSuccess: () => daemon.lastSuccess,
      status,
      ...suspensionControl(fleet, io, 'operator'),
    };
    await outside.open(control, dir);
    await daemon.run();
  } finally {
    over.abort();
    await outside.close();
    await Promise.all([telling, beating]);
    removeStatus(dir);
    await manifests.close();
    await controller.close();
  }
  hear({ type: 'stop:done', undone: [] });
  return 0;
}

/** Milliseconds. */
const STATUS_EVERY = 1_000;
const STATUS_SHARE = 20;
/** Also without news: it says when the next look is. */
const STATUS_FRESH = 15_000;

/** What `make` gave within the last `ms`, else what it gives now: a large fleet's status is work. */
function atMostEvery<T>(ms: number, clock: Clock, make: () => T): () => T {
  let made: { readonly at: number; readonly value: T } | undefined;
  return () => {
    if (made === undefined || clock.monotonic() - made.at >= ms)
      made = { at: clock.monotonic(), value: make() };
    return made.value;
  };
}

/** Writes the status when something happened; a large fleet's costs more to make, so it is made less often. */
async function tellStatus(
  dir: string,
  status: () => FleetStatus | undefined,
  hasNews: () => boolean,
  told: () => void,
  { io }: Call,
  signal: AbortSignal,
): Promise<void> {
  let rest = STATUS_EVERY;
  let written = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    await io.clock.sleep(rest, signal);
    const old = io.clock.monotonic() - written >= STATUS_FRESH;
    if (signal.aborted || !(hasNews() || old)) continue;
    told();
    const start = io.clock.monotonic();
    const now = status();
    if (now === undefined) continue;
    try {
      writeStatus(dir, now);
      written = start;
    } catch {
      // The state directory is full or gone; the journal's own failure says so.
    }
    rest = Math.max(STATUS_EVERY, (io.clock.monotonic() - start) * STATUS_SHARE);
  }
}
