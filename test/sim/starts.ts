/**
 * Every start of one service: what it is, what is wished, how it differs and whose it is (13 × 3 × 3 × 4 = 468), on
 * each profile of the server; and what must have become of it in the end, said without asking the program.
 */
import type { Wish } from '../../src/service/service.ts';
import { wish } from '../support/services.ts';
import type { Known, Server } from './server.ts';
import * as truth from './truth.ts';
import { World, type WorldOptions } from './world.ts';

export interface Start {
  readonly id: number;
  readonly profile: truth.Profile;
  /** `absent` and `Hibernating` (a state nobody knows) beside the API's eleven. */
  readonly state: string;
  readonly want: 'absent' | 'running' | 'stopped';
  readonly drift: 'none' | 'count' | 'image';
  readonly owner: 'ours' | 'foreign' | 'duplicates' | 'twin';
}

export const UNKNOWN = 'Hibernating';
export const WANTED = { image: 'nginx:1', target_num_containers: 2 };
export const DRIFTED = {
  none: WANTED,
  count: { ...WANTED, target_num_containers: 5 },
  image: { ...WANTED, image: 'nginx:0' },
} as const;

export const STARTS: readonly Start[] = (['ours', 'reference'] as const)
  .flatMap((profile) =>
    [...truth.STATES, 'absent', UNKNOWN].flatMap((state) =>
      (['running', 'stopped', 'absent'] as const).flatMap((want) =>
        (['none', 'count', 'image'] as const).flatMap((drift) =>
          (['ours', 'foreign', 'duplicates', 'twin'] as const).map((owner) => ({
            profile,
            state,
            want,
            drift,
            owner,
          })),
        ),
      ),
    ),
  )
  .map((start, id) => ({ id, ...start }));

export function describe({ id, profile, state, want, drift, owner }: Start): string {
  return `${id} ${profile}: ${state}, ${drift}, ${owner} → ${want}`;
}

export const mark = (name: string, owner = 'default') => ({
  container_envvars: [
    { key: 'EVENKEEL_OWNER', value: `${owner}/${name}/11111111-2222-4333-8444-555555555555` },
  ],
});

/** The world as it is before anything of ours runs. `base` is ours too and as wished. */
export function worldOf(start: Start, over: Partial<WorldOptions> = {}): World {
  const { profile, state, drift, owner, want } = start;
  const world = new World({
    seed: 7 + start.id,
    prune: 'owned',
    allowDeletes: 5,
    ...over,
    server: { profile, ...over.server },
  });
  const { server } = world;
  server.put('base', 'us', { spec: { ...WANTED, ...mark('base') } });
  const ours = { ...DRIFTED[drift], ...mark('web') };
  if (owner === 'foreign' && state !== 'absent') {
    server.put('web', 'another', { state, spec: DRIFTED[drift] });
  } else if (state !== 'absent') server.put('web', 'us', { state, spec: ours });
  if (owner === 'duplicates') {
    server.put('web', 'us', { state: state === 'absent' ? 'Terminated' : 'Running', spec: ours });
  }
  if (owner === 'twin') server.put('web', 'us', { state: 'Terminated', spec: ours });
  if (owner === 'foreign' && state === 'absent') server.put('web', 'another', { state: 'Terminated' });
  world.wishes = [wish('base', { spec: WANTED }), ...(want === 'absent' ? [] : [wishOf(want)])];
  return world;
}

const wishOf = (want: Wish['want']) => wish('web', { want, spec: WANTED, allowReplace: true });

/** Whether nothing may be done about `web`, whatever happens. */
export function isHandsOff({ state, owner, want }: Start): boolean {
  const leaves = state === 'Terminating' || state === 'Terminated' || state === 'absent';
  if (owner === 'foreign') return want === 'absent' || !leaves;
  if (want === 'absent') return false;
  if (owner === 'duplicates') return !leaves;
  return state === UNKNOWN;
}

/** What is wrong with how it ended; empty = as it must be. */
export function faultsOfEnd(
  start: Start,
  { server }: { readonly server: Pick<Server, 'live' | 'all'> },
): readonly string[] {
  const wrong: string[] = [];
  const [base] = server.live('base');
  if (base === undefined || base.versions.length !== 1) wrong.push('O2: base was touched');
  const webs = server.all().filter((known) => known.name === 'web');
  if (isHandsOff(start)) {
    if (webs.some(touched)) wrong.push('O2: web was touched');
    return wrong;
  }
  if (start.want === 'absent') {
    const left = webs.filter(
      (one) => one.creator === 'us' && !['Terminated', UNKNOWN].includes(stateOf(one)),
    );
    if (left.length > 0) wrong.push(`O4: still there: ${left.map(stateOf).join()}`);
    return wrong;
  }
  const [one, ...others] = server.live('web').filter((known) => known.creator === 'us');
  if (one === undefined) return [...wrong, 'O4: web does not exist'];
  if (others.length > 0) return [...wrong, `O3: ${others.length + 1} webs`];
  if (isAsWished(one.service, start.want)) return wrong;
  const { state, spec } = one.service;
  return [...wrong, `O4: web is ${state}, ${spec.image} × ${spec.target_num_containers}`];
}

/** Whether a service is at rest where `want` wishes it, and made of what is wanted. */
export function isAsWished({ state, spec }: truth.Service, want: Wish['want']): boolean {
  const atRest = want === 'running' ? ['Running'] : ['Init', 'Stopped', 'Not running'];
  const differs = spec.image !== WANTED.image || spec.target_num_containers !== WANTED.target_num_containers;
  return atRest.includes(state) && (!differs || (want === 'stopped' && state === 'Not running'));
}

const touched = (known: Known) => known.versions.some((version) => version.by === 'us');
const stateOf = (known: Known) => known.versions.at(-1)?.service.state ?? '';
