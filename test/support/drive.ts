/** Sentences about the drive need a world, a few wishes, and what was asked of the server for each name. */
import type { Plan } from '../../src/service/plan.ts';
import type { Wish } from '../../src/service/service.ts';
import type { Exchange } from '../sim/network.ts';
import { World, type WorldOptions } from '../sim/world.ts';
import { wish } from './services.ts';

export const FLEET: readonly Wish[] = [
  wish('db', { spec: { image: 'postgres:16', target_num_containers: 1 } }),
  wish('api', {
    dependsOn: ['db'],
    spec: {
      image: 'api:3',
      target_num_containers: 3,
      linked_to_service: [{ to_service: 'db', name: 'db' }],
      container_envvars: [{ key: 'DB_PASSWORD', value: 'canary-value-4711' }],
    },
  }),
  wish('web', {
    dependsOn: ['api'],
    spec: {
      image: 'web:7',
      target_num_containers: 2,
      linked_to_service: [{ to_service: 'api', name: 'api' }],
    },
  }),
  wish('cron', { want: 'stopped' }),
];

export function worldWith(wishes: readonly Wish[], options: Partial<WorldOptions> = {}): World {
  const world = new World(options);
  world.wishes = wishes;
  return world;
}

/** The mark of a service that an earlier life of ours made. */
export const marked = (name: string, owner = 'default') => ({
  container_envvars: [
    { key: 'EVENKEEL_OWNER', value: `${owner}/${name}/11111111-2222-4333-8444-555555555555` },
  ],
});

/** Puts a service of ours there as `wish` has it. */
export function putOurs(world: World, one: Wish, state = 'Running'): string {
  const { linked_to_service, container_envvars = [], ...spec } = one.spec;
  const links = (linked_to_service ?? []).map(({ to_service, name }) => ({
    to_service: `/api/v1/service/${world.server.live(to_service)[0]?.uuid}/`,
    name,
  }));
  return world.server.put(one.name, 'us', {
    state,
    spec: {
      ...spec,
      linked_to_service: links,
      container_envvars: [...container_envvars, ...marked(one.name).container_envvars],
    },
  });
}

/** Everything but GETs, in the order in which it reached the server. */
export function writes(world: World, since = 0): readonly Exchange[] {
  return world.network.log.filter((one) => one.at >= since && one.kind !== 'list' && one.kind !== 'get');
}

/** `create web, start web` */
export function told(exchanges: readonly Exchange[]): string {
  return exchanges
    .map(({ verb, name, fault }) => `${verb} ${name}${fault === undefined ? '' : ` (${fault.name})`}`)
    .join(', ');
}

/** What a plan shows, in the order of `seq`, in the same words. */
export function shown(plan: Plan | undefined): string {
  const all = (plan?.services ?? []).flatMap(({ name, course }) =>
    course.flatMap((move) =>
      move.kind === 'operation' ? [{ seq: move.seq, text: `${move.operation.verb} ${name}` }] : [],
    ),
  );
  return all
    .sort((a, b) => a.seq - b.seq)
    .map(({ text }) => text)
    .join(', ');
}

/** `web: update, redeploy` for each name, sorted, so that interleaving does not matter. */
export function byName(text: string): readonly string[] {
  const names = new Map<string, string[]>();
  for (const one of text.split(', ').filter((each) => each !== '')) {
    const [verb = '', name = ''] = one.split(' ');
    names.set(name, [...(names.get(name) ?? []), verb]);
  }
  return [...names].map(([name, verbs]) => `${name}: ${verbs.join(', ')}`).sort();
}

/** A result, or an error that says what came instead. */
export function resultOf(end: Awaited<ReturnType<World['apply']>>) {
  if (typeof end === 'string' || end.result === undefined)
    throw new Error(`apply ended as ${JSON.stringify(end)}`);
  return { plan: end.plan, ...end.result };
}
