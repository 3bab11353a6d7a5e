/** The same script in as many processes as there are processors. One that dies tells by a file what it was at. */
import { fork } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from './child.ts';

export async function inChildren(script: string, args: readonly string[]): Promise<readonly Report[]> {
  const of = Number(process.env['FUZZ_SHARDS'] ?? availableParallelism());
  return Promise.all(Array.from({ length: of }, (_, shard) => child(script, args, shard, of)));
}

function child(script: string, args: readonly string[], shard: number, of: number): Promise<Report> {
  const at = join(tmpdir(), `evenkeel-fuzz-${process.pid}-${shard}`);
  return new Promise((resolve) => {
    const one = fork(script, args, {
      env: { ...process.env, FUZZ_SHARD: String(shard), FUZZ_SHARDS: String(of), FUZZ_AT: at },
    });
    let report: Report | undefined;
    one.on('message', (message) => {
      report = message as Report;
    });
    one.on('exit', (code, signal) => {
      resolve(report ?? dead(at, `the process died (${code ?? signal})`));
      rmSync(at, { force: true });
    });
  });
}

function dead(at: string, what: string): Report {
  let target = 'unknown';
  let seed = '0';
  try {
    [target = target, seed = seed] = readFileSync(at, 'utf8').split(' ');
  } catch {
    what = `${what} before it began`;
  }
  const found = [{ target, seed: Number(seed), what, input: undefined }];
  return { targets: [], found, delayMs: 0, rssMb: 0, growthMb: 0 };
}
