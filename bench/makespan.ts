/**
 * How long an apply takes under a rate limit, against the least it can (research: `M >= (W-B)/R + tau`), in virtual
 * time: the controller's real code on a clock that waits for nobody, so the ratio is exact and the same every time.
 *
 * The bucket starts empty (decision 0005), so the bound here has no burst: W writes at R a second, then one transition.
 */
import { apply } from '../src/drive/apply.ts';
import { seededRandom, virtualClock } from '../test/support/clock.ts';
import { benchDrive, loadTexts, SAFETY } from './parts.ts';
import { stub } from './stub.ts';

export interface Makespan {
  readonly writes: number;
  readonly seconds: number;
  readonly boundSeconds: number;
  readonly ratio: number;
  readonly reads: number;
}

/** `chain`: each service depends on the one before it, `chain` of them in a row. */
export async function makespan(
  services: number,
  rate: number,
  transitionMs: number,
  chain: number,
): Promise<Makespan> {
  const clock = virtualClock();
  const server = stub(clock, transitionMs, 20);
  const texts = Array.from({ length: services }, (_, index) => {
    const depends = index % chain === 0 ? '' : `reconcile: { depends_on: [svc-${index - 1}] }\n`;
    return `name: svc-${index}\nimage: nginx:1\n${depends}`;
  });
  const loaded = loadTexts(texts);
  const fleet = benchDrive({ http: server, clock, random: seededRandom(1), rate, burst: 10, concurrency: 8 });
  fleet.setWishes(loaded.wishes);
  const never = new AbortController().signal;
  await clock.runUntil(fleet.look(false, never));
  const { plan } = fleet.plan(loaded, SAFETY, new Set());
  const start = clock.monotonic();
  const options = { deadlineMs: 24 * 3_600_000, inOrder: false, signal: never };
  const result = await clock.runUntil(apply(fleet, plan, clock, options));
  const seconds = (clock.monotonic() - start) / 1000;
  if (result.exitCode !== 0 || server.running() !== services) throw new Error('the apply did not converge');
  const writes = server.requests.writes;
  const transition = transitionMs / 1000;
  const boundSeconds = Math.max(writes / rate + transition, chain * transition);
  return { writes, seconds, boundSeconds, ratio: seconds / boundSeconds, reads: server.requests.reads };
}

/** Requests of a pass with nothing to do over a fleet that is in step, against the pages of its list. */
export async function steadyPass(
  services: number,
): Promise<{ requests: number; pages: number; details: number }> {
  const clock = virtualClock();
  const server = stub(clock, 0, 0);
  const texts = Array.from({ length: services }, (_, index) => `name: svc-${index}\nimage: nginx:1\n`);
  const loaded = loadTexts(texts);
  const fleet = benchDrive({
    http: server,
    clock,
    random: seededRandom(1),
    rate: 1000,
    burst: 10,
    concurrency: 8,
  });
  fleet.setWishes(loaded.wishes);
  const never = new AbortController().signal;
  await clock.runUntil(fleet.look(false, never));
  const { plan } = fleet.plan(loaded, SAFETY, new Set());
  const options = { deadlineMs: 3_600_000, inOrder: false, signal: never };
  await clock.runUntil(apply(fleet, plan, clock, options));
  const before = { ...server.requests };
  await clock.runUntil(fleet.look(false, never));
  const again = fleet.plan(loaded, SAFETY, new Set()).plan;
  if (again.exitCode !== 0) throw new Error('a fleet in step has something to do');
  const { reads, writes, details } = server.requests;
  const requests = reads + writes + details - before.reads - before.writes - before.details;
  return { requests, pages: Math.ceil(services / 100), details: details - before.details };
}
