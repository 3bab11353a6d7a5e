/**
 * One process's share of the inputs: run one after the other, watched for exceptions, rejections that nobody handles, time
 * and memory; what breaks something is made smaller.
 */
import { openSync, writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Target } from '../../test/fuzz/target.ts';

const shard = process.env['FUZZ_SHARD'];
export const IN_CHILD =
  shard === undefined ? undefined : { shard: Number(shard), of: Number(process.env['FUZZ_SHARDS'] ?? 1) };

export interface Job {
  readonly target: Target;
  readonly inputs: number;
  readonly ms: number;
}

export interface Found {
  readonly target: string;
  readonly seed: number;
  readonly what: string;
  /** Base64; undefined where the process did not live to tell. */
  readonly input: string | undefined;
}

export interface Report {
  readonly targets: readonly { readonly name: string; readonly inputs: number; readonly slowestMs: number }[];
  readonly found: readonly Found[];
  readonly delayMs: number;
  readonly rssMb: number;
  readonly growthMb: number;
}

/** Of processor time, so that a busy machine is no finding. */
const MOST_MS = 1_000;
/** Of one kind in one target; more are mostly the same. */
const MOST_FOUND = 2;
const MOST_GROWTH_MB = 300;
const MB = 1024 * 1024;

export async function fuzz(jobs: readonly Job[], first: number, step: number): Promise<Report> {
  await turn();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const loose: string[] = [];
  process.on('unhandledRejection', (why) => loose.push(`a rejection that nobody handles: ${messageOf(why)}`));
  process.on('uncaughtException', (why) => loose.push(`an exception that nobody catches: ${messageOf(why)}`));
  const found: Found[] = [];
  const targets: { name: string; inputs: number; slowestMs: number }[] = [];
  let rss = 0;
  let growth = 0;
  for (const { target, inputs, ms } of jobs) {
    const sums = { name: target.name, inputs: 0, slowestMs: 0 };
    const until = performance.now() + ms;
    const heaps: number[] = [];
    const every = Number.isFinite(inputs) ? Math.max(1, Math.floor(inputs / 20)) : 2_000;
    const kinds = new Map<string, number>();
    for (let seed = first; sums.inputs < inputs && performance.now() < until; seed += step) {
      note(target.name, seed);
      const input = target.make(seed);
      const { what, cpuMs } = await attempt(target, input, loose);
      // The loop turns after each, so that its delay is that of one input.
      await turn();
      sums.inputs += 1;
      sums.slowestMs = Math.max(sums.slowestMs, cpuMs);
      if (what !== undefined) {
        const kind = kindOf(what);
        const times = (kinds.get(kind) ?? 0) + 1;
        kinds.set(kind, times);
        if (times <= MOST_FOUND) {
          const small = times === 1 ? await smaller(target, input, kind, loose) : input;
          found.push({ target: target.name, seed, what, input: Buffer.from(small).toString('base64') });
        }
      }
      if (sums.inputs % every === 0) {
        rss = Math.max(rss, process.memoryUsage.rss() / MB);
        globalThis.gc?.();
        heaps.push(process.memoryUsage().heapUsed / MB);
      }
    }
    await target.close();
    const half = heaps.slice(Math.floor(heaps.length / 2));
    growth = Math.max(growth, Math.min(...half.slice(-3)) - Math.min(...half.slice(0, 3)));
    targets.push(sums);
  }
  if (growth > MOST_GROWTH_MB)
    found.push({ target: 'memory', seed: first, what: `the heap grew by ${growth} MB`, input: undefined });
  delay.disable();
  return {
    targets,
    found,
    delayMs: Math.round(delay.max / 1e6),
    rssMb: Math.round(rss),
    growthMb: Math.round(growth),
  };
}

interface Attempt {
  /** What is wrong; undefined = nothing. */
  readonly what: string | undefined;
  readonly cpuMs: number;
}

async function attempt(target: Target, input: Uint8Array, loose: string[]): Promise<Attempt> {
  const before = process.cpuUsage();
  const began = performance.now();
  let what: string | undefined;
  try {
    await target.run(input);
  } catch (error) {
    what = messageOf(error);
  }
  // Only what took long by the clock can have taken long by the processor.
  const wallMs = performance.now() - began;
  const used = process.cpuUsage(before);
  const cpuMs = Math.min(wallMs, (used.user + used.system) / 1_000);
  const slow = cpuMs > MOST_MS ? `it took ${Math.round(cpuMs)} ms\nof processor time` : undefined;
  return { what: what ?? loose.splice(0)[0] ?? slow, cpuMs };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What is wrong, and where: the same twice is one finding. */
function kindOf(what: string): string {
  const place = /at .*\/src\/([^\s)]+)/.exec(what)?.[1] ?? '';
  return `${what.split('\n')[0]} ${place}`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message}\n${error.stack?.split('\n').slice(1, 8).join('\n')}`;
}

const TRIES = 300;

/** Pieces taken out as long as the same is still wrong. */
async function smaller(
  target: Target,
  input: Uint8Array,
  kind: string,
  loose: string[],
): Promise<Uint8Array> {
  let small = Buffer.from(input);
  let tries = 0;
  for (let piece = small.length >> 1; piece >= 1 && tries < TRIES; piece >>= 1) {
    for (let at = 0; at + piece <= small.length && tries < TRIES; ) {
      const less = Buffer.concat([small.subarray(0, at), small.subarray(at + piece)]);
      const { what } = await attempt(target, less, loose);
      tries += 1;
      if (what !== undefined && kindOf(what) === kind) small = less;
      else at += piece;
    }
  }
  return small;
}

/** Where this process is, for whoever finds it dead. */
const at = process.env['FUZZ_AT'];
const place = at === undefined ? undefined : openSync(at, 'w');

function note(target: string, seed: number): void {
  if (place !== undefined) writeSync(place, `${target} ${seed} `.padEnd(40), 0);
}
