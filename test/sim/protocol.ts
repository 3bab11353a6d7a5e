/**
 * The create protocol, closed under crashes and faults: whatever state of journal and server some lives of the program
 * can leave behind, each of them killed at an edge or met by a fault of the network, every such life from there leads to
 * a state that is explored as well, until there is no new one.
 *
 * A state is the journal's memory and the server's truth, without times and uuids. In each: no oracle objects, and one
 * life in fair weather brings about exactly one service that runs.
 */
import type { Memory } from '../../src/service/memory.ts';
import { wish } from '../support/services.ts';
import { count, type Tally } from './crash.ts';
import type { Tear } from './disk.ts';
import { fault, fits } from './faults.ts';
import { readJournal } from './journal.ts';
import type { Exchange } from './network.ts';
import { World } from './world.ts';

/** What happens to one life: it is killed before its nth edge, or its nth request suffers. */
interface Life {
  readonly kill?: readonly [edge: number, tear: Tear];
  readonly suffers?: readonly [request: number, name: string];
  /** Until the next one, in milliseconds. */
  readonly pause: number;
}

export interface Protocol {
  readonly states: number;
  readonly lives: number;
  /** The longest way to a state, in lives. */
  readonly longest: number;
}

/** One of each kind of end that the client can tell apart (`sim:fault` runs them all). */
const SUFFERED = [
  'refused',
  'reset-before',
  'reset-after',
  '500-after',
  '{}',
  '409',
  '400',
  '429',
  'late-20s',
  'late-100s',
  'slow-25s',
  'html-login',
  'stale-60s',
  'row-dropped',
  'no-extensions',
] as const;
const PAUSES = [1_000, 130_000] as const;

/** What there is at first, and on which server. */
export const SCENES = {
  'a service is made': { profile: 'ours', replaces: false },
  'a service is made, without extensions': { profile: 'reference', replaces: false },
  'a service is replaced': { profile: 'reference', replaces: true },
} as const;
export type Scene = keyof typeof SCENES;

/** `most`: after how many states it is enough; the whole if not said. */
export async function protocol(
  scene: Scene,
  into: Tally,
  most = Number.POSITIVE_INFINITY,
): Promise<Protocol> {
  const known = new Set<string>();
  const left: (readonly Life[])[] = [[]];
  let [lives, longest] = [0, 0];
  for (let way = left.shift(); way !== undefined && known.size < most; way = left.shift()) {
    longest = Math.max(longest, way.length);
    for (const life of livesLike(await inFairWeather(scene, way, into))) {
      const next = [...way, life];
      lives += 1;
      const world = await lived(scene, next);
      told(world, scene, next, into);
      const state = await stateOf(world);
      if (known.has(state)) continue;
      known.add(state);
      left.push(next);
    }
  }
  return { states: known.size, lives, longest };
}

interface Passed {
  readonly edges: number;
  readonly requests: readonly Exchange[];
}

/** Every life that goes as the last one went until something happens to it. */
function livesLike({ edges, requests }: Passed): readonly Life[] {
  const all: Life[] = [];
  for (const pause of PAUSES) {
    for (let edge = 1; edge <= edges; edge++)
      for (const tear of ['lost', 'kept'] as const) all.push({ kill: [edge, tear], pause });
    for (const [at, request] of requests.entries())
      for (const name of SUFFERED)
        if (fits(fault(name), request)) all.push({ suffers: [at + 1, name], pause });
  }
  return all;
}

async function lived(scene: Scene, way: readonly Life[]): Promise<World> {
  const { profile, replaces } = SCENES[scene];
  const world = new World({ seed: 3, server: { profile, moveMs: 500 } });
  world.wishes = [wish('web', { allowReplace: replaces })];
  if (replaces) world.server.put('web', 'us', { spec: { image: 'nginx:0', ...MARK } });
  for (const life of way) await live(world, life);
  return world;
}

const MARK = {
  container_envvars: [{ key: 'EVENKEEL_OWNER', value: 'default/web/11111111-2222-4333-8444-555555555555' }],
};

async function live(world: World, life: Life): Promise<void> {
  const { kill, suffers, pause } = life;
  const { edges } = world;
  const { count } = world.network;
  world.killAt = kill === undefined ? undefined : edges + kill[0];
  world.tear = kill?.[1] ?? 'lost';
  world.network.faultOf = ({ number }) =>
    suffers !== undefined && number === count + suffers[0] ? fault(suffers[1]) : undefined;
  await world.apply({ deadlineMs: 600_000 });
  world.killAt = undefined;
  world.network.faultOf = () => undefined;
  await world.pass(pause);
}

/** A life to which nothing happens after all of `way`; it must bring about what is wished. */
async function inFairWeather(scene: Scene, way: readonly Life[], into: Tally): Promise<Passed> {
  const world = await lived(scene, way);
  const { edges, network } = world;
  const { length } = network.log;
  await live(world, { pause: 0 });
  const passed = { edges: world.edges - edges, requests: network.log.slice(length) };
  // A no of the server's stands until somebody says `retry`.
  if ((await memoryOf(world)).refusals.has('web')) {
    await world.retry('web');
    await live(world, { pause: 0 });
  }
  const made = world.server.live('web');
  const [web] = made;
  const well = made.length === 1 && web?.service.state === 'Running' && web.service.spec.image === 'nginx:1';
  const text = `O4: ${made.map(({ service }) => service.state).join(' and ') || 'nothing'}`;
  told(world, scene, way, into, well ? [] : [text]);
  return passed;
}

function told(
  world: World,
  scene: Scene,
  way: readonly Life[],
  into: Tally,
  more: readonly string[] = [],
): void {
  const said = world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`);
  count(into, world, { seed: JSON.stringify(way), text: scene, wrong: [...said, ...more] });
}

const memoryOf = async (world: World): Promise<Memory> =>
  (await readJournal(world.disk.open(world.scheduler, { edge: () => true }))).memory();

/** Journal and truth, without times and uuids. */
async function stateOf(world: World): Promise<string> {
  const memory = await memoryOf(world);
  const { server, network, scheduler } = world;
  const services = server.all().map(({ uuid, creator, versions }) => {
    const { state, spec } = versions.at(-1)?.service ?? { state: '', spec: {} };
    return [state, creator, spec, claimOf(memory, uuid), memory.accepted.get(uuid)?.state];
  });
  const coming = network.log
    .filter((one) => one.arrivedAt === undefined && typeof one.fault?.arrives === 'number')
    .map((one) => [one.verb, Math.ceil((one.at + Number(one.fault?.arrives) - scheduler.now) / 30_000)]);
  const failure = memory.failures.get('web');
  const rest = [
    memory.intents.get('web')?.before.length,
    failure !== undefined && failure.notBefore > world.wall(),
    memory.repeats.get('web')?.times,
    memory.refusals.has('web'),
    Math.min(3, memory.fights.get('web')?.length ?? 0),
    memory.capabilities.length,
  ];
  return JSON.stringify([services, coming, rest], (key, value) =>
    key === 'container_envvars' || key === 'labels' ? undefined : value,
  );
}

function claimOf(memory: Memory, uuid: string): unknown {
  const { started, gone, redeployToken } = memory.claims.get(uuid) ?? {};
  return [started, gone, redeployToken];
}
