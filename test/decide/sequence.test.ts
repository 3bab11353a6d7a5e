/** The one order of a plan's operations (design §8); the golden file is to be read by a person. */
import { describe, expect, test } from 'vitest';
import { sequence, type Track } from '../../src/decide/sequence.ts';
import { drawOrder, type FleetOver, inOrder, linkTo, planOf } from '../support/fleet.ts';
import { live, REFERENCE, REPORTED, wish } from '../support/services.ts';

const linked = (...to: readonly string[]) => ({ ...REPORTED, linked_to_service: to.map(linkTo) });
const links = (...to: readonly string[]) => ({
  image: 'nginx:2',
  linked_to_service: to.map((name) => ({ name, to_service: name })),
});
const IDLE: FleetOver['capabilities'] = { offered: ['patch=all', 'full-list'], lost: [] };

const FLEETS: Readonly<Record<string, FleetOver>> = {
  'three strangers: by name': { wishes: [wish('c'), wish('a'), wish('b')] },
  'a chain: each when the one before has come to rest': {
    wishes: [wish('a', { dependsOn: ['b'] }), wish('b', { dependsOn: ['c'] }), wish('c')],
  },
  'a diamond: the sides at the same time': {
    wishes: [
      wish('base'),
      wish('left', { dependsOn: ['base'] }),
      wish('right', { dependsOn: ['base'] }),
      wish('top', { dependsOn: ['left', 'right'] }),
    ],
  },
  'the longest chain goes first, not the first name': {
    wishes: [wish('alone'), wish('web', { dependsOn: ['zebra'] }), wish('zebra')],
  },
  'what no gate holds does not wait: stops, targets, what is only stored': {
    wishes: [
      wish('db'),
      wish('halted', { dependsOn: ['db'], want: 'stopped' }),
      wish('more', { dependsOn: ['db'], spec: { target_num_containers: 9 } }),
      wish('stored', { dependsOn: ['db'], want: 'stopped', spec: { image: 'nginx:9' } }),
      wish('updated', { dependsOn: ['db'], spec: { image: 'nginx:9' } }),
    ],
    services: [live('halted'), live('more'), live('stored', { state: 'Stopped' }), live('updated')],
  },
  'a replace, and the re-link of each dependant': {
    wishes: [
      wish('db', { allowReplace: true }),
      wish('api', { spec: links('db'), dependsOn: ['db'] }),
      wish('web', { spec: links('db'), dependsOn: ['db', 'api'] }),
    ],
    services: [
      live('db', { state: 'Not running' }),
      live('api', { fields: linked('db') }),
      live('web', { fields: linked('db') }),
    ],
    capabilities: IDLE,
    safety: { allowDeletes: 9 },
  },
  'a replace of a whole chain, where no link can be patched': {
    wishes: [
      wish('db', { allowReplace: true, spec: { image: 'nginx:2' } }),
      wish('web', { allowReplace: true, spec: links('db'), dependsOn: ['db'] }),
    ],
    services: [live('db'), live('web', { fields: linked('db') })],
    capabilities: REFERENCE,
    safety: { allowDeletes: 9 },
  },
  'deletes last in their round, dependants first': {
    wishes: [
      wish('web', { spec: { image: 'nginx:2' } }),
      wish('zoo', { spec: { target_num_containers: 5 } }),
    ],
    services: [
      live('web'),
      live('zoo'),
      live('a-old'),
      live('b-old', { fields: linked('a-old') }),
      live('c-old', { fields: linked('b-old') }),
    ],
    safety: { prune: 'owned', allowDeletes: 9 },
  },
  'a delete waits for the PATCH that takes the link away': {
    wishes: [wish('web', { spec: { linked_to_service: [] } }), wish('zoo')],
    services: [live('web', { fields: linked('old'), state: 'Scaling' }), live('old')],
    safety: { prune: 'owned', allowDeletes: 9 },
  },
  'a create that is looked for first comes a round later': {
    wishes: [wish('lost'), wish('new'), wish('web', { dependsOn: ['lost'] })],
    memory: {
      intents: new Map([['lost', { name: 'lost', attempt: 'x', bodyHash: 'h', at: 0, before: [] }]]),
    },
  },
};

test('every fleet is done in the order that is written down', async () => {
  const pages = Object.entries(FLEETS).map(([title, over]) => `── ${title}\n${drawOrder(planOf(over))}\n`);
  await expect(pages.join('\n')).toMatchFileSnapshot('../golden/order.txt');
});

const ACT = { kind: 'act', gated: false, last: false } as const;
const GATED = { ...ACT, gated: true };
const WAIT = { kind: 'wait', gated: false, last: false } as const;
const LAST = { ...GATED, last: true };
const track = (id: string, moves: Track['moves'], after: readonly string[] = []): Track => ({
  id,
  name: id,
  moves,
  after,
});
const places = (...tracks: readonly Track[]) => {
  const found = sequence(tracks);
  const shuffled = sequence(tracks.toReversed());
  for (const [id, seq] of found) expect(shuffled.get(id)).toEqual(seq);
  return Object.fromEntries(found);
};

describe('the order', () => {
  test('of nothing is nothing', () => {
    expect(places()).toEqual({});
    expect(places(track('a', []), track('b', [WAIT]))).toEqual({ a: [], b: [] });
  });
  test('gives a service its operations one after the other within a round', () => {
    expect(places(track('a', [ACT, ACT, WAIT, ACT]), track('b', [ACT, WAIT]))).toEqual({
      a: [1, 2, 4],
      b: [3],
    });
  });
  test('takes a round for every wait', () => {
    expect(places(track('a', [WAIT, ACT]), track('b', [WAIT, WAIT, ACT]), track('c', [ACT]))).toEqual({
      a: [2],
      b: [3],
      c: [1],
    });
  });
  test('opens a gate when the other has nothing left to do, waits included', () => {
    expect(places(track('a', [GATED], ['b']), track('b', [ACT, WAIT]), track('c', [ACT]))).toEqual({
      a: [3],
      b: [1],
      c: [2],
    });
    expect(places(track('a', [GATED], ['b']), track('b', [ACT]))).toEqual({ a: [2], b: [1] });
  });
  test('opens a gate only when all have', () => {
    expect(
      places(
        track('a', [GATED], ['b', 'c']),
        track('b', [ACT]),
        track('c', [ACT, WAIT]),
        track('d', [WAIT, ACT]),
      )['a'],
    ).toEqual([3]);
  });
  test('lets what is not gated go before its gate opens', () => {
    expect(places(track('a', [ACT, GATED], ['b']), track('b', [WAIT, ACT]))).toEqual({ a: [1, 3], b: [2] });
  });
  test('passes over gates of services that have nothing to do, or are not there', () => {
    expect(places(track('a', [GATED], ['b', 'nowhere']), track('b', []))).toEqual({ a: [1], b: [] });
  });
  test('puts deletes last in their round, however long their chain', () => {
    expect(places(track('a', [LAST]), track('b', [LAST], ['a']), track('c', [ACT]))).toEqual({
      a: [2],
      b: [3],
      c: [1],
    });
  });
  test('counts what is left of a chain, not what is done of it', () => {
    const tracks = [
      track('a', [ACT, WAIT, ACT]),
      track('b', [ACT, WAIT, ACT, ACT]),
      track('c', [WAIT, ACT, ACT, ACT]),
    ];
    expect(places(...tracks)).toEqual({ a: [2, 6], b: [1, 4, 7], c: [3, 5, 8] });
  });
  test('tells two of a name apart by their id', () => {
    const twin = (id: string): Track => ({ ...track(id, [LAST]), name: 'web' });
    expect(places(twin('u-2'), twin('u-1'))).toEqual({ 'u-1': [1], 'u-2': [2] });
  });
  test('does not hang on a circle, nor on several, nor on what waits for one', () => {
    const circle = [track('a', [LAST], ['b']), track('b', [LAST], ['a'])];
    expect(places(...circle)).toEqual({ a: [1], b: [2] });
    expect(
      places(
        ...circle,
        track('z', [GATED], ['b']),
        track('self', [GATED, ACT], ['self']),
        track('c', [WAIT, ACT]),
      ),
    ).toEqual({
      c: [1],
      a: [2],
      b: [3],
      z: [4],
      self: [5, 6],
    });
  });
});

describe('ten thousand services', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `s${at}`);
  const previous = (at: number) => (at === 0 ? [] : [names[at - 1] as string]);
  // Quadratic work would take minutes here, and end in the limit of the test.
  test.each([
    ['one chain', names.map((name, at) => wish(name, { dependsOn: previous(at) }))],
    ['all behind one', names.map((name, at) => wish(name, { dependsOn: at === 0 ? [] : ['s0'] }))],
    ['one behind all', names.map((name, at) => wish(name, { dependsOn: at === 0 ? names.slice(1) : [] }))],
  ])('in this shape have an order: %s', (_, wishes) => {
    expect(inOrder(planOf({ wishes })).map(({ step }) => step.seq)).toEqual(
      Array.from({ length: 20_000 }, (_unused, at) => at + 1),
    );
  });
  test('of which each links to the next, and the last may not be replaced, are all left alone', () => {
    const spec = (at: number) => ({ ...links(...previous(at)), image: at === 0 ? 'nginx:2' : 'nginx:1' });
    const chain = names.slice(0, 2000);
    const wishes = chain.map((name, at) =>
      wish(name, { allowReplace: at < chain.length - 1, spec: spec(at), dependsOn: previous(at) }),
    );
    const services = chain.map((name, at) => live(name, { fields: linked(...previous(at)) }));
    const { summary } = planOf({ wishes, services, capabilities: REFERENCE, safety: { allowDeletes: 9999 } });
    expect(summary).toMatchObject({ blocked: 1, inSync: 1999, replace: 0 });
  });
  test('that would all unlink somebody are all refused', () => {
    const services = names
      .slice(0, 5000)
      .flatMap((name) => [live(name), live(`f-${name}`, { mark: null, fields: linked(name) })]);
    const wishes = names
      .slice(0, 5000)
      .map((name) => wish(name, { allowReplace: true, spec: { image: 'nginx:2' } }));
    expect(planOf({ wishes, services, capabilities: REFERENCE }).summary.blocked).toBe(5000);
  });
});
