/** Anything a service, a wish, a server and a fleet can be, for properties. Small values, so that they often agree. */
import * as fc from 'fast-check';
import { type Capabilities, EXTENSIONS } from '../../src/service/extensions.ts';
import { FIELD_NAMES, type Field } from '../../src/service/fields.ts';
import type { Memory } from '../../src/service/memory.ts';
import type { Desired, Live, Observed, Policy, Wish } from '../../src/service/service.ts';
import type { Link, Spec } from '../../src/service/spec.ts';
import { STATE_NAMES } from '../../src/service/states.ts';
import { claim, type FleetOver, linkTo, NOON } from './fleet.ts';
import { live, wish } from './services.ts';

const auto = fc.constantFrom('OFF', 'ON_FAILURE', 'ALWAYS');
const port = fc.record(
  {
    protocol: fc.constantFrom('tcp', 'udp'),
    inner_port: fc.constantFrom(80, 81),
    outer_port: fc.constantFrom(8080, 8081),
  },
  { requiredKeys: ['protocol', 'inner_port'] },
);
const link: fc.Arbitrary<Link> = fc.record({
  name: fc.constantFrom('db', 'mq'),
  to_service: fc.constantFrom('/api/v1/service/u-db/', '/api/v1/service/u-mq/', '@db'),
});

/** Some of the fields, each with one of a few values. */
export const spec = fc.record(
  {
    image: fc.constantFrom('nginx:1', 'nginx:2', 'nginx'),
    target_num_containers: fc.constantFrom(0, 1, 2),
    run_command: fc.constantFrom('', 'run'),
    entrypoint: fc.constantFrom('', 'sh'),
    container_ports: fc.array(port, { maxLength: 2 }),
    container_envvars: fc.uniqueArray(
      fc.record({ key: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '2') }),
      { maxLength: 2, selector: (one) => one.key },
    ),
    linked_to_service: fc.array(link, { maxLength: 2 }),
    autorestart: auto,
    autoreplace: auto,
    autodestroy: auto,
    sequential_deployment: fc.boolean(),
    roles: fc.constantFrom([], ['global']),
    labels: fc.constantFrom({}, { a: '1' }),
    bindings: fc.constantFrom([], [{ volume: 'v', container_path: '/v' }]),
    memory: fc.constantFrom(0, 64),
    cpu_shares: fc.constantFrom(0, 5),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Spec>;

const ignorable: readonly (Field | 'state')[] = [...FIELD_NAMES, 'state'];
const token = fc.constantFrom(undefined, 't1', 't2');

export const wished: fc.Arbitrary<Exclude<Desired, { want: 'absent' }>> = fc.record({
  want: fc.constantFrom('running', 'stopped'),
  name: fc.constant('web'),
  spec,
  unknowns: fc.constantFrom([], [{ field: 'container_envvars', key: 'A', variable: 'A_VALUE' }] as const),
  ignore: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray([...ignorable], { maxLength: 4 })),
  runOnce: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  redeploy: token,
});

export const desired: fc.Arbitrary<Desired> = fc.oneof(
  { weight: 8, arbitrary: wished },
  fc.constant({ want: 'absent', name: 'web' } as const),
);

const remembered = {
  deployedBefore: fc.boolean(),
  redeployToken: fc.constantFrom(undefined, null, 't1', 't2'),
};

export const observed: fc.Arbitrary<Observed> = fc.oneof(
  fc.record({ exists: fc.constant(false as const), ...remembered }),
  {
    weight: 12,
    arbitrary: fc.record({
      exists: fc.constant(true as const),
      uuid: fc.constant('u-web'),
      state: fc.constantFrom(...STATE_NAMES),
      fields: spec,
      ...remembered,
    }),
  },
  fc.record({
    exists: fc.constant('unclear' as const),
    uuid: fc.constant('u-web'),
    state: fc.constantFrom('', 'Odd', 'running'),
    ...remembered,
  }),
);

/** Each extension is offered, lost or was never there. */
export const capabilities: fc.Arbitrary<Capabilities> = fc.oneof(
  fc.constant({ offered: EXTENSIONS, lost: [] }),
  fc.constant({ offered: [], lost: [] }),
  fc.tuple(...EXTENSIONS.map(() => fc.constantFrom('offered', 'lost', 'never'))).map((fates) => ({
    offered: EXTENSIONS.filter((_, at) => fates[at] === 'offered'),
    lost: EXTENSIONS.filter((_, at) => fates[at] === 'lost'),
  })),
);

export const policy: fc.Arbitrary<Policy> = fc.record({
  allowReplace: fc.boolean(),
  protect: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  capabilities,
});

// ── fleets ────────────────────────────────────────────────────────────────────────────────────────────────────

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** A wish links and depends on earlier names only: a load with a cycle is invalid. */
const wishNamed = (at: number): fc.Arbitrary<Wish> => {
  const earlier = NAMES.slice(0, at);
  return fc
    .record({
      base: wished,
      links: fc.option(fc.subarray([...earlier], { maxLength: Math.min(2, earlier.length) }), {
        nil: undefined,
      }),
      byUri: fc.option(fc.constantFrom(...NAMES), { nil: undefined, freq: 8 }),
      extra: fc.subarray([...earlier], { maxLength: Math.min(2, earlier.length) }),
      allowReplace: fc.boolean(),
      adopt: fc.boolean(),
      protect: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      frozen: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
    })
    .map(({ base, links, byUri, extra, ...flags }) => {
      const { linked_to_service: _, ...rest } = base.spec;
      const named = (links ?? []).map((name) => ({ name, to_service: name }));
      const linked = byUri === undefined ? named : [...named, { ...linkTo(byUri), name: 'uri' }];
      return wish(NAMES[at] ?? '', {
        ...base,
        name: NAMES[at] ?? '',
        spec: links === undefined ? rest : { ...rest, linked_to_service: linked },
        dependsOn: [...new Set([...(links ?? []), ...extra])].sort(),
        ...flags,
      });
    });
};

const wishes = fc.tuple(...NAMES.map((_, at) => fc.option(wishNamed(at), { nil: undefined }))).map((all) => {
  const there = all.filter((one) => one !== undefined);
  // Names that are in no load would be an error there.
  const known = new Set(there.map((one) => one.name));
  return there.map((one) => {
    const links = one.spec.linked_to_service?.filter((l) => known.has(l.to_service) || l.name === 'uri');
    const spec = links === undefined ? one.spec : { ...one.spec, linked_to_service: links };
    return { ...one, spec, dependsOn: one.dependsOn.filter((name) => known.has(name)) };
  });
});

const owner = fc.constantFrom('default', 'default', 'other', null, undefined);

const liveNamed = (name: string): fc.Arbitrary<Live> =>
  fc
    .record({
      twin: fc.constantFrom('', '', '', '-2'),
      state: fc.constantFrom(...STATE_NAMES, 'Running' as const, { unknown: 'Odd' }),
      fields: spec,
      links: fc.option(fc.subarray([...NAMES], { maxLength: 2 }), { nil: undefined }),
      linkedFrom: fc.option(fc.subarray([...NAMES], { maxLength: 1 }), { nil: undefined }),
      owner,
      redeployToken: fc.constantFrom(undefined, null, 't1'),
      deployedAt: fc.constantFrom(undefined, null, 5),
    })
    .map(({ twin, owner: mark, links, linkedFrom, fields, ...rest }) =>
      live(name, {
        ...rest,
        uuid: `u-${name}${twin}`,
        fields: links === undefined ? fields : { ...fields, linked_to_service: links.map(linkTo) },
        linkedFrom: linkedFrom?.map((one) => `u-${one}`),
        mark: typeof mark === 'string' ? { owner: mark, name, attempt: 'x', in: 'labels' } : mark,
      }),
    );

const services = fc.uniqueArray(fc.constantFrom(...NAMES, 'x', 'y').chain(liveNamed), {
  maxLength: 9,
  selector: (one) => one.uuid,
});

const memory: fc.Arbitrary<Partial<Memory>> = fc.record({
  claims: fc
    .subarray([...NAMES, 'x'], { maxLength: 3 })
    .map((names) => new Map(names.map((name) => claim(name, { redeployToken: 't1' })))),
  protectedNames: fc.subarray([...NAMES, 'x', 'y'], { maxLength: 1 }).map((names) => new Set(names)),
  deletes: fc.array(
    fc.record({ name: fc.constantFrom(...NAMES, 'gone'), at: fc.constantFrom(NOON, NOON - 3_700_000) }),
    { maxLength: 1 },
  ),
});

export const fleet: fc.Arbitrary<FleetOver> = fc
  .record({
    wishes,
    services,
    memory,
    capabilities,
    complete: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    inGrace: fc.subarray(['x', 'a'], { maxLength: 1 }).map((names) => new Set<string>(names)),
    safety: fc.record({
      prune: fc.constantFrom('owned', 'owned', 'never'),
      allowEmpty: fc.boolean(),
      allowDeletes: fc.constantFrom(undefined, undefined, 2, 9),
    }),
  })
  .map((over): FleetOver => {
    if (over.capabilities.offered.includes('redeploy-token')) return over;
    // A server that keeps no tokens shows none.
    return { ...over, services: over.services.map((one) => ({ ...one, redeployToken: undefined })) };
  });
