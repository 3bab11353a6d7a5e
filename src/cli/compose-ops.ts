/**
 * Builds the outside face of a daemon (src/ops) from its settings: nothing without `--ops-listen` and
 * `--notifications`.
 */
import { createOps, type Ops, type OpsOptions, refuseOpen } from '../ops/app.ts';
import type { Control } from '../ops/control.ts';
import { createCounter, readGauges } from '../ops/count.ts';
import { Metrics } from '../ops/metrics.ts';
import type { OutboxParts } from '../ops/outbox.ts';
import { Passes } from '../ops/passes.ts';
import { type SecretFile, secretFile } from '../ops/secret-file.ts';
import { watchApi, watchHttp } from '../ops/watched-api.ts';
import { canonicalJson, visible } from '../render/safe.ts';
import type { Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Http, ServiceApi } from '../service/ports.ts';
import type { Log } from './log.ts';
import { readTargets, startTelling, type Telling } from './notifications.ts';
import type { Call } from './program.ts';
import type { Key, Values } from './rows.ts';
import { version } from './version.ts';

export const OPS_KEYS = [
  'opsListen',
  'opsHosts',
  'opsTokenFile',
  'viewerTokenFile',
  'webhookSecretFile',
  'notifications',
  'metricsNames',
] as const satisfies readonly Key[];

export type OpsValues = Values<(typeof OPS_KEYS)[number] | 'interval' | 'owner' | 'apiUrl'>;

export interface Outside {
  /** Is told all that happens. */
  readonly listen: Listen;
  /** The manifests are about to be read: a pass begins. */
  begin(): void;
  /** What the daemon speaks to, measured. */
  readonly http: (inner: Http) => Http;
  readonly api: (inner: ServiceApi) => ServiceApi;
  /**
   * Opens the door, and the outbox in the state directory `dir`. UserError EK522 (the address), EK703 (the directory).
   */
  open(control: Control, dir: string): Promise<void>;
  close(): Promise<void>;
}

const NOTHING: Outside = {
  listen: () => {},
  begin: () => {},
  http: (inner) => inner,
  api: (inner) => inner,
  open: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/**
 * Throws UserError: EK504, EK520 (a file of secrets), EK521 (open to others, and nothing says who may come in), EK523 (the
 * notifications file).
 */
export async function prepareOutside(call: Call, values: OpsValues, log: Log): Promise<Outside> {
  const { io, secrets } = call;
  const { opsListen, interval, notifications } = values;
  if (opsListen === undefined && notifications === undefined) return NOTHING;
  const { clock } = io;
  const open = (path: string, setting: string) => openSecrets(path, setting, secrets, log);
  const file = (path: string | undefined, setting: string) =>
    path === undefined ? undefined : open(path, setting);
  const files: OpsOptions['secrets'] = {
    webhook: file(values.webhookSecretFile, '--webhook-secret-file'),
    operator: file(values.opsTokenFile, '--ops-token-file'),
    viewer: file(values.viewerTokenFile, '--viewer-token-file'),
  };
  if (opsListen !== undefined) refuseOpen(opsListen.host, files);
  const from = { owner: values.owner, api: values.apiUrl };
  const targets =
    notifications === undefined ? undefined : await readTargets(notifications, call, open, from);
  const metrics = new Metrics(clock, { version: version(), perService: values.metricsNames });
  const passes = new Passes(clock, io.random.uuid());
  const count = createCounter(clock, metrics);
  let listedAt: () => number | undefined = () => undefined;
  let telling: Telling | undefined;
  let ops: Ops | undefined;
  return {
    listen(event) {
      // A mistake in what only looks on must not end a pass.
      try {
        passes.listen(event);
        count(event);
        telling?.notifier.listen(event);
      } catch (error) {
        log.write('error', 'an event could not be told', { error: textOf(error) });
      }
    },
    begin: () => passes.begin(),
    http: (inner) => watchHttp(inner, clock, metrics),
    api(inner) {
      const watched = watchApi(inner, clock, metrics);
      listedAt = watched.listedAt;
      return watched.api;
    },
    async open(control, dir) {
      const told: OutboxParts['told'] = (type, result) =>
        metrics.count('notifications_total', { type, result });
      if (targets !== undefined) telling = await startTelling(dir, targets, call, log, control.status, told);
      if (opsListen === undefined) return;
      metrics.onRead(() => {
        readGauges(metrics, { clock, control, intervalMs: interval, listedAt: () => listedAt() });
        metrics.set('outbox_messages', telling?.waiting() ?? 0, {});
        metrics.set('alerts_open', telling?.notifier.open() ?? 0, {});
      });
      ops = createOps({
        clock,
        version: version(),
        listen: opsListen,
        hosts: values.opsHosts ?? [],
        intervalMs: interval,
        passes,
        control,
        metrics,
        secrets: files,
        messagesWaiting: () => telling?.waiting() ?? 0,
        clean: secrets.clean,
        toJson: (value) => `${canonicalJson(value)}\n`,
        broken: (error) =>
          log.write('error', 'a request failed in an unexpected way', { error: textOf(error) }),
      });
      const origin = await listening(ops, opsListen);
      log.write('info', 'operations are served', { origin });
    },
    async close() {
      await ops?.close();
      await telling?.close();
    },
  };
}

/** A file of secrets whose values no output of this process shows. */
function openSecrets(path: string, setting: string, secrets: Call['secrets'], log: Log): SecretFile {
  return secretFile(path, {
    setting,
    known: (values) => secrets.add(values),
    lost: (why) => log.write('error', 'a file of secrets cannot be used; the last good ones hold', { why }),
  });
}

async function listening(
  ops: Ops,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await ops.listen();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const why = code === 'EADDRINUSE' ? 'something listens there already' : code;
    throw new UserError('EK522', `--ops-listen ${host}:${port}: ${why}`);
  }
}

const textOf = (error: unknown) =>
  visible(error instanceof Error ? (error.stack ?? error.message) : String(error));
