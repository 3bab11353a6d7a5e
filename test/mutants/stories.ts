/**
 * Small stories in the simulated world, each about one thing that a planted bug may break: who waits for whom, what is
 * deleted, what is believed. A story that ends well has come to rest as the manifests say and stays so.
 */
import { createLog } from '../../src/cli/log.ts';
import { Secrets } from '../../src/cli/secrets.ts';
import { encode } from '../../src/journal/lines.ts';
import { progressLine } from '../../src/render/progress.ts';
import type { Wish } from '../../src/service/service.ts';
import { expectations } from '../sim/expect.ts';
import { fault } from '../sim/faults.ts';
import type { Fault } from '../sim/network.ts';
import { type Running, World, type WorldOptions } from '../sim/world.ts';
import { virtualClock } from '../support/clock.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Story = () => Promise<readonly string[]>;
type Service = Parameters<World['server']['put']>[2];

export const mark = (name: string, owner = 'default') => ({
  container_envvars: [
    { key: 'EVENKEEL_OWNER', value: `${owner}/${name}/11111111-2222-4333-8444-555555555555` },
  ],
});
const SPEC = { image: 'nginx:1', target_num_containers: 2 };

/** Services of ours, as they are wished. */
function ours(world: World, names: readonly string[], over: Service = {}): void {
  for (const name of names)
    world.server.put(name, 'us', { ...over, spec: { ...SPEC, ...mark(name), ...over.spec } });
}

const wishes = (names: readonly string[], over: Partial<Wish> = {}) => names.map((name) => wish(name, over));
const named = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `s${from + index}`);

/** A daemon lives; then everything is calm and must come to be as it is wished, and stay so. */
async function daemon(
  options: Partial<WorldOptions>,
  begin: (world: World) => void,
  happen: (world: World, running: Running) => Promise<unknown>,
  within = 2 * HOUR,
): Promise<readonly string[]> {
  const world = new World({ graceMs: 10 * MINUTE, ...options });
  begin(world);
  let running = await world.run({ intervalMs: MINUTE });
  const said: string[] = [];
  const write = (line: string) => void said.push(line);
  // Without any known secret: what is masked is masked by its place.
  const log = createLog('debug', { write, isTTY: false, columns: () => 80 }, virtualClock(), new Secrets());
  world.onEvent = (event) => {
    log.listen(event);
    said.push(progressLine(event) ?? '');
  };
  const next = await happen(world, running);
  if (isRunning(next)) running = next;
  const wrong = await settled(world, running, within);
  await running.stop();
  if (said.some((line) => line.includes('canary-')))
    wrong.push('O10: the log or the progress shows a secret');
  return [...wrong, ...over(world)];
}

/** A story that restarts the daemon ends with the new one. */
function isRunning(value: unknown): value is Running {
  return typeof value === 'object' && value !== null && 'fleet' in value;
}

async function settled(world: World, running: Running, within: number): Promise<string[]> {
  world.calm();
  const end = world.scheduler.now + within;
  const missing = () => expectations(world, running).wrong;
  while (missing().length > 0 && world.scheduler.now < end) await world.pass(20_000);
  if (missing().length > 0) return missing().map((one) => `O4: ${one}`);
  const { length } = world.network.log;
  await world.pass(11 * MINUTE);
  const writes = world.network.log
    .slice(length)
    .filter(({ kind, verb }) => (kind === 'write' || kind === 'create') && verb !== 'terminate');
  return [
    ...writes.map(({ verb, name }) => `O5: ${verb} ${name} when all was well`),
    ...missing().map((one) => `O5: no more: ${one}`),
  ];
}

/** What the oracles of the world said, and whether a secret reached the disk. */
function over(world: World): string[] {
  const wrong = world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`);
  if (Buffer.from(world.disk.bytes).toString('latin1').includes('canary-'))
    wrong.push('O10: a secret is in the journal');
  return [...new Set(wrong)];
}

/** One apply; `ends`: the exit code it must have. */
async function applied(world: World, ends: number): Promise<string[]> {
  const shown = await world.apply();
  if (typeof shown === 'string') return [`O4: apply ends ${shown}`, ...over(world)];
  const code = shown.result?.exitCode;
  return code === ends ? over(world) : [`O4: apply exits ${code}, not ${ends}`, ...over(world)];
}

/** What was done is what was shown, neither more nor less. */
async function asShown(world: World, chain: readonly Wish[] = []): Promise<string[]> {
  const shown = await world.apply();
  if (typeof shown === 'string') return [`O4: apply ends ${shown}`, ...over(world)];
  const { writes } = shown.plan.summary.forecast;
  const done = world.network.log.filter((one) => one.answer?.committed === true).length;
  const same = writes === done ? [] : [`O15d: ${writes} writes were shown and ${done} were done`];
  const late = chain.slice(1).filter(({ name, dependsOn }) => {
    const seqs = (of: string) =>
      (shown.plan.services.find((one) => one.name === of)?.course ?? []).flatMap((move) =>
        move.kind === 'operation' ? [move.seq] : [],
      );
    return dependsOn.some((other) => Math.min(...seqs(name)) < Math.max(...seqs(other)));
  });
  return [
    ...same,
    ...late.map(({ name }) => `O15d: ${name} is shown before what it leans on`),
    ...over(world),
  ];
}

/** A list without its first row, and a count to match. */
const LAGGING: Fault = {
  name: 'lagging',
  on: 'list',
  gets: (from) => {
    const page = JSON.parse(from.body) as { meta: { total_count: number }; objects: unknown[] };
    const objects = page.objects.slice(1);
    const body = JSON.stringify({ meta: { ...page.meta, total_count: objects.length }, objects });
    return { kind: 'response', status: from.status, headers: from.headers, body };
  },
};
const FORBIDDEN: Fault = {
  name: 'forbidden',
  on: 'any',
  arrives: 'never',
  gets: () => ({
    kind: 'response',
    status: 403,
    headers: { 'content-type': 'application/json' },
    body: '{}',
  }),
};

/** Killed with so many records that say nothing that the next process writes its journal anew; the one after reads it. */
async function compacted(world: World): Promise<Running> {
  const line = encode({ type: 'cleared', name: 'nobody' });
  world.kill();
  world.disk.bytes = Buffer.concat([world.disk.bytes, Buffer.from(line.repeat(200))]);
  await world.run({ intervalMs: MINUTE });
  await world.pass(2_000);
  world.kill();
  return world.run({ intervalMs: MINUTE });
}

const committed = (world: World, verb: string, name?: string) =>
  world.network.log.filter(
    (one) => one.verb === verb && one.answer?.committed === true && (name === undefined || one.name === name),
  );

/** `db`, what leans on it, and what leans on that. */
const CHAIN = [
  wish('db'),
  wish('api', {
    dependsOn: ['db'],
    spec: { ...SPEC, linked_to_service: [{ to_service: 'db', name: 'db' }] },
  }),
  wish('web', {
    dependsOn: ['api', 'db'],
    spec: { ...SPEC, linked_to_service: [{ to_service: 'api', name: 'api' }] },
  }),
].map((one, index) => ({
  ...one,
  name: `s${index}`,
  dependsOn: one.dependsOn.map(renamed),
  spec: relinked(one.spec),
}));

function renamed(name: string): string {
  return `s${['db', 'api', 'web'].indexOf(name)}`;
}

function relinked(spec: Wish['spec']): Wish['spec'] {
  const links = spec.linked_to_service;
  return links === undefined
    ? spec
    : { ...spec, linked_to_service: links.map((one) => ({ ...one, to_service: renamed(one.to_service) })) };
}

const quiet = async () => {};
const TWO = ['ours', 'reference'] as const;
const both =
  (story: (profile: (typeof TWO)[number]) => Promise<readonly string[]>): Story =>
  async () => {
    const wrong: string[] = [];
    for (const profile of TWO) if (wrong.length === 0) wrong.push(...(await story(profile)));
    return wrong;
  };

export const STORIES: Readonly<Record<string, Story>> = {
  /** Three that lean on each other are made from nothing; the first one limps at first. */
  chain: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        world.wishes = CHAIN;
        world.server.outcome = ({ name }, move) => (name === 's0' && move === 0 ? 'badly' : 'well');
      },
      quiet,
    ),
  ),
  /** One after the other, in the order that was shown. */
  'in-order': both(async (profile) => {
    const world = new World({
      server: { profile },
      prune: 'owned',
      allowDeletes: 3,
      pace: { rate: 10, burst: 10, concurrency: 1 },
    });
    ours(world, ['s6', 's7', 's8', 's9'], {});
    world.wishes = [...CHAIN, ...wishes(['s3', 's4', 's5'], { want: 'stopped' }), wish('s6')];
    return [...(await asShown(world, CHAIN)), ...(await applied(world, 0))];
  }),
  /** A new image for the one that others are linked to, where nothing but a replace can bring it. */
  'replace-linked': () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        world.wishes = CHAIN.map((one) => ({ ...one, allowReplace: true }));
      },
      async (world) => {
        await world.pass(5 * MINUTE);
        world.wishes = world.wishes.map((one) =>
          one.name === 's0' ? { ...one, spec: { ...one.spec, image: 'nginx:2' } } : one,
        );
      },
      4 * HOUR,
    ),
  /** Replaces that nobody allowed, one at a time, so that no limit stands before them. */
  'replace-off': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, named(7, 1));
        ours(world, ['s0', 's8'], { spec: { image: 'nginx:0' } });
        world.wishes = [...wishes(named(8)), wish('s8', { protect: true, allowReplace: true })];
      },
      quiet,
    ),
  ),
  /** One name is taken out: it goes, after the grace, and nothing else does. */
  prune: () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.server.put('s20', 'another', {});
        world.server.put('s21', 'another', { spec: mark('s21', 'other') });
        world.wishes = wishes(named(10));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        world.wishes = wishes(named(9));
        running.hint();
        await world.pass(30 * MINUTE);
        if (world.server.live('s9').length > 0) world.oracles.fail('O4', 's9 is still there');
      },
    ),
  /** The same, where nothing is to be pruned. */
  'prune-never': () =>
    daemon(
      { prune: 'never' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(9));
      },
      async (world) => world.pass(HOUR),
    ),
  /** Four of ten are taken out at once. */
  'prune-many': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(6));
      },
      async (world) => world.pass(HOUR),
    ),
  /** Three go one after the other, with a restart in between: the third is one too many for the hour. */
  'prune-hour': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(14));
        world.wishes = wishes(named(14));
      },
      async (world, running) => {
        let now = running;
        for (const left of [13, 12, 11, 10]) {
          world.wishes = wishes(named(left));
          now.hint();
          await world.pass(13 * MINUTE);
          if (left === 12) {
            world.kill();
            now = await world.run({ intervalMs: MINUTE });
          }
          if (left === 11) world.jumpWall(5 * HOUR);
        }
        return now;
      },
    ),
  /** Replaces and deletes together are too many, though neither is alone. */
  'prune-and-replace': () =>
    daemon(
      { prune: 'owned', server: { profile: 'reference' } },
      (world) => {
        ours(world, named(10));
        ours(world, ['s10', 's11'], { spec: { image: 'nginx:0', target_num_containers: 2 } });
        world.wishes = [...wishes(named(8)), ...wishes(['s10', 's11'], { allowReplace: true })];
      },
      async (world) => world.pass(50 * MINUTE),
      4 * HOUR,
    ),
  /** Every manifest is gone, and the load is complete. */
  'prune-all': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, ['s0']);
        world.wishes = [];
      },
      async (world) => world.pass(HOUR),
    ),
  /** Half of the manifests cannot be read for an hour. */
  'half-read': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(10));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        world.complete = false;
        world.wishes = wishes(named(9));
        running.hint();
        await world.pass(HOUR);
      },
    ),
  /** A name is away twice, each time for less than the grace; the API is out of reach when it is back. */
  blink: () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(10));
      },
      async (world, running) => {
        const change = async (count: number, ms: number) => {
          world.wishes = wishes(named(count));
          running.hint();
          await world.pass(ms);
        };
        await change(9, 7 * MINUTE);
        world.network.faultOf = () => fault('refused');
        await change(10, 2 * MINUTE);
        world.wishes = wishes(named(9));
        running.hint();
        await world.pass(1_000);
        world.network.faultOf = () => undefined;
        await world.pass(5 * MINUTE);
        await change(10, MINUTE);
      },
    ),
  /** Protected while it was named; then its manifest is gone. */
  'protected-orphan': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = [...wishes(named(9)), wish('s9', { protect: true })];
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        world.wishes = wishes(named(9));
        await world.pass(40 * MINUTE);
      },
    ),
  /** Another's service is linked to an orphan; and orphans are linked to each other. */
  'linked-orphans': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(14));
        const linkTo = (name: string) => ({
          linked_to_service: [
            { to_service: `/api/v1/service/${world.server.live(name)[0]?.uuid}/`, name: 'x' },
          ],
        });
        world.server.put('s20', 'another', { spec: linkTo('s13') });
        world.server.put('o0', 'us', { spec: { ...mark('o0') } });
        world.server.put('o1', 'us', { spec: { ...mark('o1'), ...linkTo('o0') } });
        world.wishes = wishes(named(13));
      },
      async (world) => {
        await world.pass(40 * MINUTE);
        if (world.server.live('o0').length > 0) world.oracles.fail('O4', 'o0 is still there');
        const [first, second] = committed(world, 'terminate');
        if (first?.name !== 'o1' || second?.name !== 'o0')
          world.oracles.fail('O27', `${first?.name} went before ${second?.name}`);
      },
    ),
  /** A wished service is to let go of an orphan, and is refused that for half an hour. */
  'refused-unlink': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        const old = world.server.put('o0', 'us', { spec: { ...SPEC, ...mark('o0') } });
        const link = { to_service: `/api/v1/service/${old}/`, name: 'x' };
        ours(world, ['s10'], { spec: { linked_to_service: [link] } });
        world.wishes = [...wishes(named(10)), wish('s10', { spec: { ...SPEC, linked_to_service: [] } })];
        world.network.faultOf = ({ verb, name }) =>
          verb === 'update' && name === 's10' ? fault('500-before') : undefined;
      },
      async (world) => {
        await world.pass(30 * MINUTE);
        if (world.server.live('o0').length === 0) world.oracles.fail('O27', 'o0 is gone, to which s10 links');
      },
    ),
  /** A broken file: what it described is left alone. */
  frozen: () =>
    daemon(
      {},
      (world) => {
        ours(world, named(3), { spec: { image: 'nginx:0', target_num_containers: 2 } });
        world.wishes = [...wishes(['s0']), ...wishes(['s1', 's2'], { frozen: true })];
        world.complete = false;
      },
      async (world) => {
        await world.pass(10 * MINUTE);
        world.wishes = wishes(named(3));
        world.complete = true;
      },
    ),
  /** The server takes a PATCH and does not keep it. */
  defaulting: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0'], { spec: { ...SPEC, target_num_containers: 5 } });
        world.wishes = wishes(['s0']);
        world.server.onChange = ({ uuid }, { by, service }) => {
          if (by === 'us' && service.spec.target_num_containers !== 5)
            world.scheduler.after(10, () =>
              world.server.become(uuid, 'Running', { target_num_containers: 5 }),
            );
        };
      },
      async (world, running) => {
        await world.pass(20 * MINUTE);
        world.server.onChange = () => {};
        world.oracles.fights = false;
        running.fleet.retry('s0');
      },
    ),
  ),
  /** The server says an image in another way than the manifest: nothing differs. */
  'default-tag': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0'], { spec: { ...SPEC, image: 'nginx:latest' } });
        world.wishes = wishes(['s0'], { spec: { ...SPEC, image: 'nginx' } });
      },
      async (world) => {
        await world.pass(10 * MINUTE);
        for (const { verb } of committed(world, 'update'))
          world.oracles.fail('O5', `${verb} of what is equal`);
      },
    ),
  ),
  /** A container dies twice: once it comes back by itself. */
  limping: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(['s0']);
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        const uuid = world.server.live('s0')[0]?.uuid ?? '';
        world.server.become(uuid, 'Partly running');
        await world.pass(40_000);
        world.server.become(uuid, 'Running');
        await world.pass(5 * MINUTE);
        if (committed(world, 'start').length + committed(world, 'redeploy').length > 0)
          world.oracles.fail('O25', 'it was healed within a minute');
        world.server.become(uuid, 'Partly running');
      },
    ),
  ),
  /** Creates fail for half an hour; the others go on meanwhile, and in the end all is well. */
  refusing: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(named(3));
        world.network.faultOf = ({ kind, name }) =>
          kind === 'create' && name === 's1' ? fault('500-before') : undefined;
      },
      async (world) => {
        await world.pass(30 * MINUTE);
        if (world.server.live('s2')[0]?.service.state !== 'Running')
          world.oracles.fail('O4', 's2 waits for s1, on which it does not depend');
      },
      20 * MINUTE,
    ),
  ),
  /** A start fails for half an hour. */
  failing: () =>
    daemon(
      {},
      (world) => {
        ours(world, ['s0'], { state: 'Stopped' });
        world.wishes = wishes(['s0']);
        world.network.faultOf = ({ verb }) => (verb === 'start' ? fault('500-before') : undefined);
      },
      async (world) => world.pass(30 * MINUTE),
      10 * MINUTE,
    ),
  /** The server asks for patience, in every way it can. */
  patience: () =>
    daemon(
      {},
      (world) => {
        world.wishes = wishes(named(6));
        const faults = ['429-seconds', '503-retry-after', '429', '429-junk', '429-seconds'];
        world.network.faultOf = ({ number }) =>
          number % 3 === 0 ? fault(faults[(number / 3) % faults.length] ?? '429') : undefined;
      },
      async (world) => world.pass(5 * MINUTE),
      10 * MINUTE,
    ),
  /** A wait longer than a timer can be. */
  'long-wait': () =>
    daemon(
      {},
      (world) => {
        world.wishes = wishes(named(2));
        world.network.faultOf = ({ number }) => (number === 3 ? fault('429-huge') : undefined);
      },
      async (world) => world.pass(30 * MINUTE),
      90 * MINUTE,
    ),
  /** Forty at once, and a restart in the middle. */
  crowd: () =>
    daemon(
      { pace: { rate: 10, burst: 10, concurrency: 8 } },
      (world) => {
        world.wishes = wishes(named(40));
      },
      async (world) => {
        for (let kills = 0; kills < 3; kills++) {
          await world.pass(1_500);
          world.kill();
          await world.run({ intervalMs: MINUTE });
        }
        world.kill();
        return world.run({ intervalMs: MINUTE });
      },
      10 * MINUTE,
    ),
  /** The network is slow in bursts: what waits for a place must not spend it all at once. */
  bursts: () =>
    daemon(
      { pace: { rate: 10, burst: 3, concurrency: 8 } },
      (world) => {
        world.wishes = wishes(named(30));
        world.network.way = {
          up: ({ at }) => (at % 3_000 < 1_500 ? 1_500 - (at % 3_000) : 2),
          down: () => 2,
        };
      },
      quiet,
      20 * MINUTE,
    ),
  /** Thirty services on pages of seven: all are there. */
  pages: both((profile) =>
    daemon(
      { server: { profile, pageSize: 7 } },
      (world) => {
        ours(world, named(30));
        world.wishes = wishes(named(30));
      },
      async (world) => {
        await world.pass(5 * MINUTE);
        if (committed(world, 'create').length > 0) world.oracles.fail('O3', 'what is there was made again');
      },
    ),
  ),
  /** Told to end while writes are under way, of which one is never answered. */
  term: () =>
    daemon(
      {},
      (world) => {
        world.wishes = wishes(named(12));
        let creates = 0;
        world.network.faultOf = ({ kind }) =>
          kind === 'create' && ++creates === 1 ? fault('hang-after') : undefined;
      },
      async (world, running) => {
        await world.pass(900);
        await running.stop();
        return world.run({ intervalMs: MINUTE });
      },
      20 * MINUTE,
    ),
  /** A token asks for one redeploy, wherever it is kept, and a restart does not ask again. */
  token: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        world.wishes = wishes(named(2));
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        world.wishes = [wish('s0', { redeploy: 'now' }), wish('s1')];
        await world.pass(5 * MINUTE);
        world.kill();
        const running = await world.run({ intervalMs: MINUTE });
        await world.pass(5 * MINUTE);
        const count = committed(world, 'redeploy').length;
        if (count !== 1) world.oracles.fail('O30', `one token was served ${count} times`);
        return running;
      },
    ),
  ),
  /** A service that nobody remembers has a token in its manifest: it was served already. */
  'old-token': () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(['s0'], { redeploy: 'then' });
      },
      async (world) => {
        await world.pass(5 * MINUTE);
        if (committed(world, 'redeploy').length > 0)
          world.oracles.fail('O30', 'a served token was served again');
      },
    ),
  /** A create that nobody answered, and then a stranger takes the name. */
  stranger: both((profile) =>
    daemon(
      { server: { profile }, prune: 'owned' },
      (world) => {
        world.wishes = wishes(['s0']);
        world.network.faultOf = ({ kind }) => {
          if (kind !== 'create') return undefined;
          world.scheduler.after(100, () => {
            if (world.server.live('s0').length === 0)
              world.server.put('s0', 'another', { spec: { image: 'nginx:9' } });
          });
          return fault('hang-before');
        };
      },
      async (world) => world.pass(10 * MINUTE),
    ),
  ),
  /** The limit of containers is somebody else's business. */
  ignored: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(['s0'], { spec: { image: 'nginx:1' } });
        const only = wish('s1', { ignore: ['target_num_containers'] });
        world.wishes = [...world.wishes, only];
        ours(world, ['s1']);
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        for (const name of ['s0', 's1'])
          world.server.ask('update', world.server.live(name)[0]?.uuid ?? '', { target_num_containers: 7 });
        await world.pass(10 * MINUTE);
        if (committed(world, 'update').length > 0) world.oracles.fail('O5', 'an ignored field was changed');
        world.server.ask('update', world.server.live('s1')[0]?.uuid ?? '', { target_num_containers: 2 });
      },
    ),
  ),
  /** A job that is over stays over. */
  'run-once': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        world.wishes = wishes(['s0'], { runOnce: true });
      },
      async (world) => {
        await world.pass(2 * MINUTE);
        const [job] = world.server.live('s0');
        if (job?.service.state !== 'Running') world.oracles.fail('O4', 'the job was not run');
        world.server.become(job?.uuid ?? '', 'Stopped');
        await world.pass(10 * MINUTE);
        if (committed(world, 'start').length !== 1) world.oracles.fail('O30', 'the job was run again');
        world.server.become(job?.uuid ?? '', 'Running');
      },
    ),
  ),
  /** What was stopped is wished to be, in every state that rests. */
  'stays-down': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        const states = ['Init', 'Stopped', 'Not running'];
        for (const [index, state] of states.entries())
          ours(world, [`s${index}`], { state, spec: { image: 'nginx:0' } });
        world.wishes = wishes(named(3), { want: 'stopped', allowReplace: true });
      },
      async (world) => world.pass(HOUR),
    ),
  ),
  /** A proxy takes the server's header away: what needs an extension is blocked, and nothing is replaced. */
  'header-lost': () =>
    daemon(
      {},
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(['s0'], { allowReplace: true });
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        world.network.faultOf = () => fault('no-extensions');
        world.wishes = wishes(['s0'], { allowReplace: true, spec: { ...SPEC, image: 'nginx:2' } });
        await world.pass(10 * MINUTE);
        if (committed(world, 'terminate').length > 0)
          world.oracles.fail('O1c', 'a replace where the server takes a PATCH');
      },
    ),
  /** A transition that never ends is told within its deadline. */
  stuck: () =>
    daemon(
      {},
      (world) => {
        ours(world, ['s0'], { state: 'Stopped' });
        world.wishes = wishes(['s0']);
        world.server.outcome = () => 'never';
      },
      async (world, running) => {
        let told = false;
        world.onEvent = (event) => {
          told ||= event.type === 'service:stalled';
        };
        await world.pass(8 * MINUTE);
        if (!told) world.oracles.fail('O19', 'a stuck service was not told');
        world.server.outcome = () => 'well';
        world.server.become(world.server.live('s0')[0]?.uuid ?? '', 'Running');
        running.hint();
      },
    ),
  /** The manifest is mended while the server refuses the old one. */
  mended: () =>
    daemon(
      {},
      (world) => {
        world.wishes = wishes(['s0']);
        world.network.faultOf = ({ kind, body }) =>
          kind === 'create' && body?.includes('"nginx:1"') === true ? fault('400') : undefined;
      },
      async (world, running) => {
        await world.pass(5 * MINUTE);
        world.wishes = wishes(['s0'], { spec: { ...SPEC, image: 'nginx:2' } });
        running.hint();
        await world.pass(2 * MINUTE);
        if (world.server.live('s0').length === 0)
          world.oracles.fail('O4', 'the mended manifest is not tried');
      },
    ),
  /** Many records, so that the journal is written anew at the next start; what it holds must still be there. */
  compacted: () =>
    daemon(
      { prune: 'owned', server: { profile: 'reference' } },
      (world) => {
        world.wishes = wishes(named(16), {
          spec: { ...SPEC, container_envvars: [{ key: 'SECRET', value: 'canary-compacted' }] },
        });
      },
      async (world) => {
        await world.pass(5 * MINUTE);
        world.wishes = wishes(named(14), { protect: true, redeploy: 'x' });
        await world.pass(40 * MINUTE);
        for (let kills = 0; kills < 3; kills++) {
          world.kill();
          await world.run({ intervalMs: MINUTE });
          await world.pass(30_000);
        }
        world.wishes = wishes(named(11), { redeploy: 'x' });
        await world.pass(30 * MINUTE);
        const { length } = committed(world, 'redeploy');
        if (length !== 14) world.oracles.fail('O30', `14 tokens were served ${length} times`);
        world.kill();
        return world.run({ intervalMs: MINUTE });
      },
    ),
  /** What a plan shows is what a second plan shows: nothing was sent or kept. */
  looking: both(async (profile) => {
    const world = new World({ server: { profile }, prune: 'owned', allowDeletes: 5 });
    ours(world, named(4), { spec: { image: 'nginx:0' } });
    world.wishes = [...CHAIN, wish('s9')];
    const [one, two] = [await world.plan(), await world.plan()];
    const same = JSON.stringify(one) === JSON.stringify(two);
    return [...(same ? [] : ['O0: two plans of one world differ']), ...over(world)];
  }),
  /** What was ours is gone, and a stranger has its name. */
  usurper: () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        world.wishes = wishes(['s0', 's1']);
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        world.server.become(world.server.live('s0')[0]?.uuid ?? '', 'Terminated');
        world.server.put('s0', 'another', { spec: { image: 'nginx:9' } });
        await world.pass(5 * MINUTE);
      },
    ),
  /** A stopped service leans on a stopped one, whose start takes long. */
  'gated-start': both((profile) =>
    daemon(
      { server: { profile, moveMs: 40_000 } },
      (world) => {
        ours(world, ['s0', 's1'], { state: 'Stopped' });
        world.wishes = [wish('s0'), wish('s1', { dependsOn: ['s0'] })];
      },
      quiet,
    ),
  ),
  /** A service is to be replaced, and what it leans on does not come up. */
  'gated-replace': () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        ours(world, ['s0'], { state: 'Stopped' });
        ours(world, ['s1'], { spec: { image: 'nginx:0' } });
        world.wishes = [wish('s0'), wish('s1', { dependsOn: ['s0'], allowReplace: true })];
        world.server.outcome = ({ name }) => (name === 's0' ? 'never' : 'well');
      },
      async (world) => {
        await world.pass(10 * MINUTE);
        if (committed(world, 'terminate').length > 0)
          world.oracles.fail('O23', 's1 was taken down before s0 was up');
        world.server.outcome = () => 'well';
        world.server.become(world.server.live('s0')[0]?.uuid ?? '', 'Running');
      },
    ),
  /** Four of ten are to be replaced at once. */
  'replace-many': () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        ours(world, named(6));
        ours(world, named(4, 6), { spec: { image: 'nginx:0' } });
        world.wishes = wishes(named(10), { allowReplace: true });
      },
      async (world) => world.pass(HOUR),
    ),
  /** The same, for an apply, which needs no grace. */
  'half-read-apply': async () => {
    const world = new World({ prune: 'owned', allowDeletes: 5 });
    ours(world, named(10));
    world.wishes = wishes(named(9));
    world.complete = false;
    await world.apply();
    return over(world);
  },
  /** Every state that rests, with every difference, on one plan. */
  'as-shown': both(async (profile) => {
    const world = new World({ server: { profile }, allowDeletes: 99 });
    const all: Wish[] = [];
    for (const state of ['Init', 'Running', 'Partly running', 'Stopped', 'Not running'])
      for (const spec of [SPEC, { ...SPEC, image: 'nginx:0' }, { ...SPEC, target_num_containers: 5 }])
        for (const want of ['running', 'stopped'] as const) {
          const name = `s${all.length}`;
          ours(world, [name], { state, spec });
          all.push(wish(name, { want, allowReplace: true }));
        }
    world.wishes = all;
    return asShown(world);
  }),
  /** Another's service links to an orphan: it is not shown as one that goes, as it does not. */
  'linked-from-outside': both(async (profile) => {
    const world = new World({ server: { profile }, prune: 'owned', allowDeletes: 99 });
    ours(world, named(6));
    const link = { to_service: `/api/v1/service/${world.server.live('s5')[0]?.uuid}/`, name: 'x' };
    world.server.put('theirs', 'another', { spec: { linked_to_service: [link] } });
    world.wishes = wishes(named(5));
    return asShown(world);
  }),
  /** No containers are wished any more. */
  'to-nought': both(async (profile) => {
    const world = new World({ server: { profile } });
    ours(world, ['s0'], {});
    ours(world, ['s1'], { state: 'Partly running' });
    ours(world, ['s2'], { state: 'Stopped' });
    world.wishes = wishes(named(3), { spec: { image: 'nginx:1', target_num_containers: 0 } });
    return asShown(world);
  }),
  /** Without any grace: still, a name must be missing twice. */
  'two-loads': () =>
    daemon(
      { prune: 'owned', graceMs: 0 },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(10));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        world.wishes = wishes(named(9));
        running.hint();
        await world.pass(20_000);
        if (committed(world, 'terminate').length > 0)
          world.oracles.fail('O8c', 'deleted after one load without it');
      },
    ),
  /** Half read for an hour; then whole, without a name that is back soon. */
  'half-read-long': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(10));
      },
      async (world, running) => {
        world.complete = false;
        world.wishes = wishes(named(9));
        running.hint();
        await world.pass(HOUR);
        world.complete = true;
        running.hint();
        await world.pass(4 * MINUTE);
        world.wishes = wishes(named(10));
        running.hint();
      },
    ),
  /** A delete was let go and failed; before it is tried again the source breaks, and a list takes its time. */
  'review-then-break': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = wishes(named(9));
      },
      async (world, running) => {
        world.network.way = { up: ({ kind }) => (kind === 'list' ? 9_000 : 5), down: () => 5 };
        let deletes = 0;
        world.network.faultOf = ({ verb }) => {
          if (verb !== 'terminate' || ++deletes > 1) return undefined;
          world.complete = false;
          running.hint();
          return fault('500-before');
        };
        await world.pass(20 * MINUTE);
        world.complete = true;
        world.wishes = wishes(named(10));
        running.hint();
      },
    ),
  /** Killed three times while records are on their way to the disk, of which half is there. */
  torn: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        world.wishes = wishes(named(6));
        world.disk.syncMs = 20;
        world.tear = 'torn';
      },
      async (world) => {
        let running: Running | undefined;
        for (let kills = 0; kills < 3; kills++) {
          let writes = 0;
          world.onEdge = (name) => {
            if (name === 'journal:write' && ++writes === 3) world.scheduler.after(10, () => world.kill());
          };
          await world.pass(MINUTE);
          world.onEdge = () => {};
          running = await world.run({ intervalMs: MINUTE });
        }
        return running;
      },
    ),
  ),
  /** A start is carried out and not answered, and the lists that follow are older than it. */
  unanswered: both((profile) =>
    daemon(
      { server: { profile, moveMs: 1_000 } },
      (world) => {
        ours(world, ['s0'], { state: 'Stopped' });
        world.wishes = wishes(['s0']);
        let started = false;
        world.network.faultOf = ({ kind, verb }) => {
          if (verb !== 'start' || started) return started && kind === 'list' ? fault('stale-60s') : undefined;
          started = true;
          return fault('reset-after');
        };
      },
      async (world) => {
        await world.pass(40_000);
        const sent = world.network.log.filter(({ verb }) => verb === 'start').length;
        if (sent !== 1) world.oracles.fail('O5b', `one start was sent ${sent} times`);
      },
    ),
  ),
  /** A list from before our own write, while nothing is to be done. */
  stale: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0'], { spec: { image: 'nginx:1', target_num_containers: 7 } });
        world.wishes = wishes(['s0']);
      },
      async (world, running) => {
        await world.pass(45_000);
        world.network.faultOf = () => fault('stale-60s');
        running.hint();
        await world.pass(10_000);
        const { length } = committed(world, 'update');
        if (length !== 1) world.oracles.fail('O5b', `one difference was removed ${length} times`);
      },
    ),
  ),
  /** Killed after a start; the next process sees a list from before it. */
  'stale-restart': both((profile) =>
    daemon(
      { server: { profile, moveMs: 1_000 } },
      (world) => {
        ours(world, ['s0'], { state: 'Stopped' });
        world.wishes = wishes(['s0']);
      },
      async (world) => {
        await world.pass(20_000);
        world.kill();
        world.network.faultOf = () => fault('stale-60s');
        const running = await world.run({ intervalMs: MINUTE });
        await world.pass(10_000);
        const sent = world.network.log.filter(({ verb }) => verb === 'start').length;
        if (sent !== 1) world.oracles.fail('O5b', `one start was sent ${sent} times`);
        return running;
      },
    ),
  ),
  /** A list that is whole by its count, and lacks a service. */
  'lagging-list': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, named(3));
        world.wishes = wishes(named(3));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        world.network.faultOf = ({ kind }) => (kind === 'list' ? LAGGING : undefined);
        running.hint();
        await world.pass(5 * MINUTE);
        if (committed(world, 'create').length > 0) world.oracles.fail('O3', 'what is there was made again');
      },
    ),
  ),
  /** No list can be had for ten minutes, and a manifest changes. */
  blackout: () =>
    daemon(
      {},
      (world) => {
        ours(world, named(3));
        world.wishes = wishes(named(3));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        world.network.faultOf = ({ kind }) => (kind === 'list' ? fault('refused') : undefined);
        await world.pass(5 * MINUTE);
        world.wishes = wishes(named(3), { spec: { ...SPEC, target_num_containers: 4 } });
        running.hint();
        await world.pass(5 * MINUTE);
      },
    ),
  /** One service may not be looked at for a while. */
  'forbidden-look': () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        ours(world, named(3));
        world.wishes = wishes(named(3));
        const [one] = world.server.live('s0');
        world.network.faultOf = ({ kind, uuid }) =>
          kind === 'get' && uuid === one?.uuid ? FORBIDDEN : undefined;
      },
      async (world) => {
        await world.pass(10 * MINUTE);
        const looks = world.network.log.filter(({ kind }) => kind === 'get').length;
        if (looks > 250) world.oracles.fail('O18b', `${looks} looks in ten minutes`);
        if (committed(world, 'create').length > 0) world.oracles.fail('O3', 'what is there was made again');
      },
    ),
  /** A create is on its way when the process is killed; the next one writes its journal anew. */
  'compacted-intent': both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        world.wishes = wishes(['s0']);
        let creates = 0;
        world.network.faultOf = ({ kind }) =>
          kind === 'create' && ++creates === 1 ? fault('late-100s') : undefined;
      },
      async (world) => {
        await world.pass(1_000);
        const running = await compacted(world);
        await world.pass(5 * MINUTE);
        return running;
      },
    ),
  ),
  /** Two went within the hour; the next process writes its journal anew, and a third is taken out. */
  'compacted-hour': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(14));
        world.wishes = wishes(named(12));
      },
      async (world) => {
        await world.pass(15 * MINUTE);
        const running = await compacted(world);
        world.wishes = wishes(named(11));
        await world.pass(20 * MINUTE);
        return running;
      },
    ),
  /** A protected name is taken out, and then the journal is written anew. */
  'compacted-protected': () =>
    daemon(
      { prune: 'owned' },
      (world) => {
        ours(world, named(10));
        world.wishes = [...wishes(named(9)), wish('s9', { protect: true })];
      },
      async (world) => {
        await world.pass(3 * MINUTE);
        world.wishes = wishes(named(9));
        await world.pass(2 * MINUTE);
        const running = await compacted(world);
        await world.pass(30 * MINUTE);
        return running;
      },
    ),
  /** A request that nobody answers. */
  hang: () =>
    daemon(
      {},
      (world) => {
        world.wishes = wishes(named(2));
        let hung = 0;
        world.network.faultOf = ({ verb, name }) =>
          verb === 'start' && name === 's1' && ++hung === 1 ? fault('hang-before') : undefined;
      },
      async (world) => world.pass(5_000),
      10 * MINUTE,
    ),
  /** The fleet is suspended for half an hour, over a restart; then it goes on by itself. */
  suspended: () =>
    daemon(
      {},
      (world) => {
        ours(world, named(3));
        world.wishes = wishes(named(3));
      },
      async (world, running) => {
        await world.pass(3 * MINUTE);
        const until = world.wall() + 30 * MINUTE;
        const asked = running.fleet.suspensions.suspend({ names: [], until, by: 'a person', reason: 'x' });
        await world.until(asked, MINUTE);
        world.wishes = wishes(named(3), { spec: { ...SPEC, target_num_containers: 4 } });
        running.hint();
        await world.pass(5 * MINUTE);
        const next = await compacted(world);
        await world.pass(5 * MINUTE);
        if (committed(world, 'update').length > 0)
          world.oracles.fail('O31', 'a suspended service was changed');
        return next;
      },
      40 * MINUTE,
    ),
  /** Somebody else wants another number of containers, and sets it whenever we have set ours. */
  fight: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        ours(world, ['s0']);
        world.wishes = wishes(['s0']);
        world.oracles.fights = false;
      },
      async (world) => {
        const uuid = world.server.live('s0')[0]?.uuid ?? '';
        for (let minutes = 0; minutes < 30; minutes++) {
          if (world.server.now(uuid)?.state === 'Running')
            world.server.ask('update', uuid, { target_num_containers: 7 });
          await world.pass(MINUTE);
        }
        const writes = committed(world, 'update').map(({ at }) => at);
        const most = Math.max(
          ...writes.map((at) => writes.filter((one) => one >= at && one < at + 10 * MINUTE).length),
        );
        if (most > 6) world.oracles.fail('O14b', `${most} writes to one service within ten minutes`);
      },
      5 * HOUR,
    ),
  ),
  /** A gateway says 502 and carries the create out a minute later. */
  gateway: () =>
    daemon(
      { server: { profile: 'reference' } },
      (world) => {
        world.wishes = wishes(['s0']);
        let creates = 0;
        world.network.faultOf = ({ kind, method, path, body }) => {
          if (kind !== 'create' || ++creates > 1) return undefined;
          world.scheduler.after(MINUTE, () => world.server.handle({ method, path, body, headers: {} }));
          return fault('502-before');
        };
      },
      async (world) => {
        await world.pass(5 * MINUTE);
        const { length } = world.server.live('s0');
        if (length !== 1) world.oracles.fail('O3', `${length} live services of ours named s0`);
      },
    ),
  /** The disk is slow, and what waits for it holds its place. */
  'slow-disk': () =>
    daemon(
      { pace: { rate: 10, burst: 6, concurrency: 8 } },
      (world) => {
        world.wishes = wishes(named(30));
        world.disk.syncMs = 900;
      },
      async (world) => {
        await world.pass(10 * MINUTE);
        world.disk.syncMs = 1;
      },
    ),
  /** A list that carries our mark is changed. */
  marked: async () => {
    const world = new World();
    const labels = { EVENKEEL_OWNER: mark('s0').container_envvars[0]?.value, a: '1' };
    world.server.put('s0', 'us', { spec: { ...SPEC, labels } });
    world.wishes = wishes(['s0'], { spec: { ...SPEC, labels: { a: '2' } } });
    return [...(await asShown(world)), ...(await applied(world, 0))];
  },
  /** The environment of a service is changed, taken away and added. */
  environment: both((profile) =>
    daemon(
      { server: { profile } },
      (world) => {
        const env = (entries: Readonly<Record<string, string>>) => ({
          container_envvars: Object.entries(entries).map(([key, value]) => ({ key, value })),
        });
        const marked = (name: string, entries: Readonly<Record<string, string>>) => ({
          container_envvars: [...env(entries).container_envvars, ...mark(name).container_envvars],
        });
        world.server.put('s0', 'us', {
          spec: { ...SPEC, ...marked('s0', { A: 'canary-1', B: 'canary-2' }) },
        });
        world.server.put('s1', 'us', { spec: { ...SPEC, ...marked('s1', { A: 'canary-1' }) } });
        world.server.put('s2', 'us', { spec: { ...SPEC, ...marked('s2', { A: 'canary-1' }) } });
        world.wishes = [
          wish('s0', { spec: { ...SPEC, ...env({ A: 'canary-1' }) } }),
          wish('s1', { spec: { ...SPEC, ...env({ A: 'canary-3' }) } }),
          wish('s2', { spec: { ...SPEC, ...env({ A: 'canary-1', B: 'canary-4' }) } }),
        ].map((one) => (profile === 'ours' ? one : { ...one, spec: SPEC }));
      },
      quiet,
    ),
  ),
};

/** A create that is carried out long after it was given up, and a kill at every edge, or some time after it was sent. */
export async function lateAndKilled(profile: 'ours' | 'reference'): Promise<readonly string[]> {
  for (let edge = 1; edge < 40; edge++) {
    const wrong = await late(profile, edge, (world) => {
      world.killAt = edge;
    });
    if (wrong.length > 0) return wrong;
  }
  for (const ms of [1, 20, 60, 200]) {
    const wrong = await late(profile, ms, (world) => {
      world.disk.syncMs = 50;
      const { faultOf } = world.network;
      world.network.faultOf = (exchange) => {
        const first = faultOf(exchange);
        if (first !== undefined) world.scheduler.after(ms, () => world.kill());
        return first;
      };
    });
    if (wrong.length > 0) return wrong;
  }
  return [];
}

async function late(
  profile: 'ours' | 'reference',
  seed: number,
  prepare: (world: World) => void,
): Promise<readonly string[]> {
  const world = new World({ seed, server: { profile } });
  world.wishes = wishes(['s0']);
  let creates = 0;
  world.network.faultOf = ({ kind }) =>
    kind === 'create' && ++creates === 1 ? fault('late-100s') : undefined;
  prepare(world);
  for (let lives = 0; lives < 4; lives++) {
    await world.apply();
    await world.pass(20_000);
  }
  await world.pass(5 * MINUTE);
  return over(world);
}
