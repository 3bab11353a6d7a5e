/** The outside face of a daemon on loopback, in front of a daemon that only notes what it is asked. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/cli/system.ts';
import { createOps, type OpsOptions } from '../../src/ops/app.ts';
import type { Control, ResumeRequest, SuspendRequest } from '../../src/ops/control.ts';
import { Metrics } from '../../src/ops/metrics.ts';
import { Passes } from '../../src/ops/passes.ts';
import { type SecretFile, secretFile } from '../../src/ops/secret-file.ts';
import type { Clock } from '../../src/service/ports.ts';
import type { FleetStatus } from '../../src/service/status.ts';

export interface Asked {
  hints: number;
  readonly suspended: SuspendRequest[];
  readonly resumed: ResumeRequest[];
}

export interface OpsBench {
  readonly origin: string;
  readonly port: number;
  readonly asked: Asked;
  readonly passes: Passes;
  readonly metrics: Metrics;
  readonly broken: unknown[];
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly clock?: Clock;
  readonly hosts?: readonly string[];
  readonly host?: string;
  readonly lastSuccess?: () => number | undefined;
  readonly status?: () => FleetStatus | undefined;
  readonly webhook?: SecretFile;
  readonly operator?: SecretFile;
  readonly viewer?: SecretFile;
  readonly control?: Partial<Control>;
}

export async function opsBench(options: BenchOptions = {}): Promise<OpsBench> {
  const clock = options.clock ?? systemClock;
  const asked: Asked = { hints: 0, suspended: [], resumed: [] };
  const passes = new Passes(clock, '0123456789');
  const metrics = new Metrics(clock, { version: '1.2.3', perService: true });
  const broken: unknown[] = [];
  const control: Control = {
    hint: () => {
      asked.hints += 1;
    },
    lastSuccess: options.lastSuccess ?? (() => clock.monotonic()),
    status: options.status ?? (() => undefined),
    suspensions: () => [],
    suspend: (request) => Promise.resolve(void asked.suspended.push(request)),
    resume: (request) => Promise.resolve(void asked.resumed.push(request)),
    ...options.control,
  };
  const whole: OpsOptions = {
    clock,
    version: '1.2.3',
    listen: { host: options.host ?? '127.0.0.1', port: 0 },
    hosts: options.hosts ?? [],
    intervalMs: 60_000,
    passes,
    control,
    metrics,
    secrets: { webhook: options.webhook, operator: options.operator, viewer: options.viewer },
    messagesWaiting: () => 0,
    clean: (text) => text.replaceAll('canary', '***'),
    toJson: (value) => JSON.stringify(value),
    broken: (error) => broken.push(error),
  };
  const ops = createOps(whole);
  const origin = await ops.listen();
  const port = Number(new URL(origin).port);
  return { origin, port, asked, passes, metrics, broken, close: () => ops.close() };
}

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Secrets in a file of their own; `write` changes them as an operator would. */
export function secretsOf(...values: string[]): {
  readonly file: SecretFile;
  readonly path: string;
  readonly lost: string[];
  readonly known: string[];
  write(text: string, mode?: number): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-secrets-'));
  folders.push(folder);
  const path = join(folder, 'secrets');
  const write = (text: string, mode = 0o600) => {
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
  };
  write(`${values.join('\n')}\n`);
  const lost: string[] = [];
  const known: string[] = [];
  const file = secretFile(path, {
    setting: '--a-file',
    known: (more) => known.push(...more),
    lost: (why) => lost.push(why),
  });
  return { file, path, lost, known, write };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One request with exactly these headers; fetch would set Host by itself. */
export function ask(
  origin: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string | number>> = {},
  body?: string | Uint8Array,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${origin}${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
