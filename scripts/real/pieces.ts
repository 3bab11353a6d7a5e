/** What every lived case is made of, the disturbed and the stormy: its manifests, what is told of it, and its judges. */
import { type faultsOfEnd, type Start, WANTED } from '../../test/sim/starts.ts';
import * as truth from '../../test/sim/truth.ts';
import type { House } from './town.ts';

export interface Told {
  readonly wrong: readonly string[];
  /** Whether the trouble came: where not, the case proves nothing. */
  readonly came: boolean;
  /** From SIGTERM to the end, where one was sent. */
  readonly stopMs: number | undefined;
}

export function manifest(name: string, state: string, target = WANTED.target_num_containers): string {
  return `name: ${name}\nimage: ${WANTED.image}\ntarget_num_containers: ${target}\nstate: ${state}\n`;
}

export function webManifest({ want }: Start, target?: number): string {
  const state = want === 'stopped' ? 'Stopped' : 'Running';
  return `${manifest('web', state, target)}reconcile: { allow_replace: true }\n`;
}

export type KnownServices = Awaited<ReturnType<House['known']>>;

export function judged(known: KnownServices): Parameters<typeof faultsOfEnd>[1] {
  const live = (name: string) =>
    known.flatMap((one) => {
      const service = one.versions.at(-1)?.service;
      return one.name === name && service !== undefined && truth.isLive(service) ? [{ ...one, service }] : [];
    });
  return { server: { live, all: () => known } };
}
