/**
 * What the world must look like for a write to be right: the parts of an oracle that need no memory of requests.
 */
import type { Wish } from '../../src/service/service.ts';
import type { Known, Server } from './server.ts';
import * as truth from './truth.ts';

/** As old as what a process goes by may be: a stale list, and the time until it acts. */
const BELIEF_MS = 150_000;

/** O23: the first dependency that was not running while it could be known. */
export function closedGate(
  server: Server,
  wish: Wish,
  named: (name: string) => Wish | undefined,
): string | undefined {
  const since = server.scheduler.now - BELIEF_MS;
  return wish.dependsOn.find((name) => {
    const dependency = named(name);
    if (dependency === undefined || dependency.want !== 'running') return false;
    if (dependency.spec.target_num_containers === 0 || dependency.runOnce) return false;
    // Whether it runs is nobody's wish.
    if (dependency.ignore.some((one) => one === 'state' || one === 'target_num_containers')) return false;
    return !server.all().some((known) => known.name === name && wasIn('Running', known, since));
  });
}

/** Whether `known` was in `state` at any time since then. */
function wasIn(state: string, { versions }: Known, since: number): boolean {
  return versions.some(
    (version, index) =>
      version.service.state === state && (versions[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= since,
  );
}

/** O25: whether it was Partly running a minute ago, at some time. */
export function mayHeal({ versions }: Known, now: number): boolean {
  return versions.some(({ at, service }) => service.state === 'Partly running' && at <= now - 59_000);
}

/** O27: a service that stays, links to `uuid`, and has done so for as long as anybody may not know. */
export function holder(server: Server, uuid: string): string | undefined {
  const since = server.scheduler.now - BELIEF_MS;
  return server.all().find((known) => {
    const links = ({ service }: Known['versions'][number]) =>
      truth.isLive(service) && JSON.stringify(service.spec['linked_to_service'] ?? []).includes(uuid);
    const recent = known.versions.filter(
      (_, index) => (known.versions[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= since,
    );
    return recent.every(links);
  })?.name;
}

export function wasLiveSince({ versions }: Known, since: number): boolean {
  const ended = versions.find((version) => !truth.isLive(version.service));
  return ended === undefined || ended.at >= since;
}
