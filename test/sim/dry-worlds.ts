/** Random worlds for the dry run: small fleets in which every kind of manifest meets every kind of service. */
import type { Wish } from '../../src/service/service.ts';
import { wish } from '../support/services.ts';
import { chance, pick } from './chance.ts';
import * as truth from './truth.ts';
import { World } from './world.ts';

export interface DryWorld {
  readonly world: World;
  /** What happened before: another apply, perhaps of other manifests, perhaps killed. */
  readonly prepare: () => Promise<void>;
  readonly text: string;
}

const IMAGES = ['nginx:1', 'nginx:2', 'nginx'] as const;

export function dryWorld(seed: number): DryWorld {
  const profile = pick(['ours', 'ours', 'reference', 'reference'] as const, seed, 'profile');
  const world = new World({
    seed,
    server: { profile, pageSize: pick([2, 5, 100], seed, 'page'), moveMs: pick([300, 2_000], seed, 'move') },
    pace: { rate: 10, burst: pick([1, 10], seed, 'burst'), concurrency: pick([1, 4], seed, 'concurrency') },
    prune: pick(['owned', 'owned', 'never'] as const, seed, 'prune'),
    allowDeletes: pick([undefined, 5], seed, 'deletes'),
  });
  const size = 1 + Math.floor(chance(seed, 'size') * 9);
  const wishes = (edition: number) =>
    Array.from({ length: size }, (_, index) => wishOf(world, seed, edition, index)).reduce(asLoaded, []);
  const second = wishes(2);
  world.server.onChange = ({ uuid }) => endJob(world, uuid);
  world.wishes = second;
  populate(world, seed, second);
  const history = pick(['none', 'none', 'applied', 'killed'] as const, seed, 'history');
  const prepare = async () => {
    if (history !== 'none') await earlier(world, seed, wishes(1), history === 'killed');
    world.wishes = second;
    // What is a job only now may be at work already.
    for (const { uuid } of world.server.all()) endJob(world, uuid);
  };
  const text = `${size} services, ${profile}, history: ${history}, concurrency ${world.options.pace.concurrency}`;
  return { world, prepare, text };
}

/** A job ends by itself, some time after it began; not before it was told to begin again, which would be another plan. */
function endJob(world: World, uuid: string): void {
  const name = world.server.known.get(uuid)?.name;
  const works = () => {
    const wish = world.wishes.find((one) => one.name === name);
    const { state = '', token } = world.server.now(uuid) ?? {};
    if (wish?.runOnce !== true || !['Running', 'Partly running'].includes(state)) return false;
    return wish.redeploy === undefined || wish.redeploy === token;
  };
  if (!works()) return;
  world.scheduler.after(5_000, () => {
    if (works()) world.server.become(uuid, 'Stopped');
  });
}

/** A manifest that depends on a name without one is invalid. */
function asLoaded(all: readonly Wish[], one: Wish | undefined): readonly Wish[] {
  if (one === undefined) return all;
  const names = new Set(all.map(({ name }) => name));
  return one.dependsOn.every((other) => names.has(other)) ? [...all, one] : all;
}

async function earlier(world: World, seed: number, wishes: readonly Wish[], killed: boolean): Promise<void> {
  world.wishes = wishes;
  if (killed) {
    world.killAt = 3 + Math.floor(chance(seed, 'kill') * 40);
    world.tear = pick(['lost', 'torn', 'kept'] as const, seed, 'tear');
  }
  await world.apply();
  world.killAt = undefined;
  await world.pass(pick([1_000, 200_000, 4_000_000], seed, 'later'));
}

function wishOf(world: World, seed: number, edition: number, index: number): Wish | undefined {
  const name = `s${index}`;
  // What is equal in both editions is in sync the second time.
  const luck = (what: string) => chance(seed, name, chance(seed, name, what) < 0.6 ? 0 : edition, what);
  const one = <T>(items: readonly T[], what: string) => items[Math.floor(luck(what) * items.length)] as T;
  if (luck('named') < 0.15 && (edition === 2 || index > 0)) return undefined;
  const ours = world.server.options.profile === 'ours';
  const others = Array.from({ length: index }, (_, other) => `s${other}`);
  const dependsOn = others.filter((other) => luck(`on ${other}`) < 0.8 / (index + 1));
  const links = dependsOn.filter((other) => luck(`links ${other}`) < 0.7);
  const runOnce = luck('once') < 0.12;
  const spec = {
    image: one(IMAGES, 'image'),
    target_num_containers: one([1, 2, 2, 3, 0], 'target'),
    ...(links.length > 0
      ? { linked_to_service: links.map((other) => ({ to_service: other, name: `the-${other}` })) }
      : {}),
    ...(luck('env') < 0.3
      ? { container_envvars: [{ key: 'SECRET', value: `canary-${name}-${luck('value')}` }] }
      : {}),
    ...(luck('restart') < 0.2 ? { autorestart: one(['ALWAYS', 'ON_FAILURE'] as const, 'how') } : {}),
    ...(luck('ports') < 0.2
      ? { container_ports: [{ protocol: 'tcp' as const, inner_port: 80, outer_port: 8_000 + index }] }
      : {}),
    ...(luck('labels') < 0.1 ? { labels: { tier: one(['front', 'back'], 'tier') } } : {}),
    ...(luck('memory') < 0.05 ? { memory: 64 } : {}),
  };
  return wish(name, {
    want: luck('want') < 0.2 ? 'stopped' : 'running',
    spec,
    dependsOn,
    runOnce,
    allowReplace: luck('replace') < 0.6,
    protect: luck('protect') < 0.08,
    adopt: luck('adopt') < 0.2,
    redeploy: luck('token') < 0.25 && (ours || !runOnce) ? one(['t1', 't2'], 'which token') : undefined,
    ignore: luck('ignore') < 0.1 ? [one(['target_num_containers', 'state'] as const, 'what')] : [],
    place: { file: `${name}.yaml`, line: 1 + (ours ? 0 : 1), col: 1 },
  });
}

function populate(world: World, seed: number, wishes: readonly Wish[]): void {
  const { server } = world;
  const made = new Map<string, string>();
  const names = [
    ...wishes.map(({ name }) => name),
    ...['o0', 'o1', 'o2'].filter((name) => chance(seed, name) < 0.3),
  ];
  for (const name of names) {
    const luck = (what: string) => chance(seed, name, what);
    const wanted = wishes.find((one) => one.name === name);
    const kind = luck('exists');
    if (luck('twin') < 0.15) server.put(name, 'us', { state: 'Terminated', spec: mark(name) });
    if (kind < 0.35) continue;
    const isWished = luck('as wished') < 0.4;
    const state = isWished
      ? 'Running'
      : luck('unknown') < 0.03
        ? 'Hibernating'
        : pick(truth.STATES, seed, name, 'state');
    const links = (wanted?.spec.linked_to_service ?? []).flatMap((link) => {
      const uuid = made.get(link.to_service);
      return uuid === undefined || luck(`linked ${link.name}`) < 0.3
        ? []
        : [{ ...link, to_service: `/api/v1/service/${uuid}/` }];
    });
    const spec = {
      ...(isWished ? { ...wanted?.spec, image: wanted?.spec.image ?? 'nginx:1' } : drawn(seed, name)),
      linked_to_service: links,
    };
    const own = wanted?.spec.container_envvars ?? [];
    const token = luck('served') < 0.5 ? (wanted?.redeploy ?? null) : null;
    if (kind < 0.47) {
      const marks = kind < 0.38 ? mark(name, [], 'other') : {};
      made.set(name, server.put(name, 'another', { state, token, spec: { ...spec, ...marks } }));
    } else
      made.set(
        name,
        server.put(name, 'us', { state, token, spec: { ...spec, ...mark(name, isWished ? own : []) } }),
      );
    if (kind > 0.95) server.put(name, 'us', { state: 'Running', spec: { ...spec, ...mark(name) } });
  }
}

const drawn = (seed: number, name: string) => ({
  image: pick(['nginx:1', 'nginx:2'], seed, name, 'image at first'),
  target_num_containers: pick([0, 1, 2, 5], seed, name, 'target at first'),
});

const mark = (name: string, own: readonly object[] = [], owner = 'default') => ({
  container_envvars: [
    ...own,
    { key: 'EVENKEEL_OWNER', value: `${owner}/${name}/11111111-2222-4333-8444-555555555555` },
  ],
});
