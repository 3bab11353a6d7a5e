/**
 * Builds the outside face of a daemon (src/ops) from its settings: nothing without `--ops-listen`.
 */
import { createOps, type Ops, type OpsOptions } from '../ops/app.ts';
import type { Control } from '../ops/control.ts';
import { createCounter, readGauges } from '../ops/count.ts';
import { Metrics } from '../ops/metrics.ts';
import { Passes } from '../ops/passes.ts';
import { type SecretFile, secretFile } from '../ops/secret-file.ts';
import { watchApi, watchHttp } from '../ops/watched-api.ts';
import { canonicalJson, visible } from '../render/safe.ts';
import type { Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Http, ServiceApi } from '../service/ports.ts';
import type { Log } from './log.ts';
import type { Call } from './program.ts';
import type { Key, Values } from './rows.ts';
import { version } from './version.ts';

export const OPS_KEYS = [
  'opsListen',
  'opsHosts',
  'opsTokenFile',
  'viewerTokenFile',
  'webhookSecretFile',
  'metricsNames',
] as const satisfies readonly Key[];

export type OpsValues = Values<(typeof OPS_KEYS)[number] | 'interval'>;

export interface Outside {
  /** Is told all that happens. */
  readonly listen: Listen;
  /** The manifests are about to be read: a pass begins. */
  begin(): void;
  /** What the daemon speaks to, measured. */
  readonly http: (inner: Http) => Http;
  readonly api: (inner: ServiceApi) => ServiceApi;
  /** Opens the door. UserError EK522: the address cannot be listened on. */
  open(control: Control): Promise<void>;
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

/** Throws UserError: EK504, EK520 (a file of secrets), EK521 (open to others, and nothing says who may come in). */
export function prepareOutside({ io, secrets }: Call, values: OpsValues, log: Log): Outside {
  const { opsListen, interval } = values;
  if (opsListen === undefined) return NOTHING;
  const { clock } = io;
  const file = (key: 'webhookSecretFile' | 'opsTokenFile' | 'viewerTokenFile', setting: string) =>
    openSecrets(values[key], setting, secrets, log);
  const files: OpsOptions['secrets'] = {
    webhook: file('webhookSecretFile', '--webhook-secret-file'),
    operator: file('opsTokenFile', '--ops-token-file'),
    viewer: file('viewerTokenFile', '--viewer-token-file'),
  };
  const metrics = new Metrics(clock, { version: version(), perService: values.metricsNames });
  const passes = new Passes(clock, io.random.uuid());
  const count = createCounter(clock, metrics);
  let listedAt: () => number | undefined = () => undefined;
  let ops: Ops | undefined;
  return {
    listen(event) {
      passes.listen(event);
      count(event);
    },
    begin: () => passes.begin(),
    http: (inner) => watchHttp(inner, clock, metrics),
    api(inner) {
      const watched = watchApi(inner, clock, metrics);
      listedAt = watched.listedAt;
      return watched.api;
    },
    async open(control) {
      metrics.onRead(() =>
        readGauges(metrics, { clock, control, intervalMs: interval, listedAt: () => listedAt() }),
      );
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
        messagesWaiting: () => 0,
        clean: secrets.clean,
        toJson: (value) => `${canonicalJson(value)}\n`,
        broken: (error) =>
          log.write('error', 'a request failed in an unexpected way', { error: textOf(error) }),
      });
      const origin = await listening(ops, opsListen);
      log.write('info', 'operations are served', { origin });
    },
    close: () => ops?.close() ?? Promise.resolve(),
  };
}

/** A file of secrets whose values no output of this process shows; undefined where none is named. */
function openSecrets(
  path: string | undefined,
  setting: string,
  secrets: Call['secrets'],
  log: Log,
): SecretFile | undefined {
  if (path === undefined) return undefined;
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
