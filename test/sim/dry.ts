/**
 * The dry run: in a random world where nothing fails, the writes of `plan` are the writes of `apply`, to the field.
 *
 * Both are told apart from the program's own account: what was shown is read from the plan, what was done from the
 * requests that the server carried out. `plan` itself sends only GETs and leaves the disk as it was.
 */
import type { Plan } from '../../src/service/plan.ts';
import type { Operation, Wish } from '../../src/service/service.ts';
import { count, outcome, type Tally } from './crash.ts';
import { dryWorld } from './dry-worlds.ts';
import type { Exchange } from './network.ts';
import type { World } from './world.ts';

export interface DryNumbers {
  /** How many worlds had at least one of these. */
  readonly shapes: Readonly<Record<string, number>>;
  readonly writes: number;
}

/** One write, without uuids: whose it is, in which words, and with what. */
interface Write {
  readonly of: string;
  readonly text: string;
}

export async function dryRun(seed: number, into: Tally): Promise<DryNumbers> {
  const { world, prepare, text } = dryWorld(seed);
  let shown: Plan | undefined;
  const wrong = await outcome(async () => {
    const found: string[] = [];
    await prepare();
    const before = world.disk.bytes;
    shown = await world.plan();
    if (shown === undefined) return ['the plan saw nothing'];
    if (world.disk.bytes !== before) found.push('O15: the plan touched the disk');
    found.push(...(await compare(world, shown)));
    return [...found, ...world.oracles.violations.map((one) => `${one.oracle}: ${one.text}`)];
  });
  count(into, world, { seed: String(seed), text, wrong });
  return { shapes: shapesOf(world, shown), writes: shown?.summary.forecast.writes ?? 0 };
}

async function compare(world: World, plan: Plan): Promise<readonly string[]> {
  const wrong: string[] = [];
  const { length } = world.network.log;
  const end = await world.apply();
  if (typeof end === 'string') return [`the apply is ${end}`];
  // Its last record is on its way to the disk.
  await world.pass(10);
  const planned = shownIn(plan, world);
  const log = world.network.log.slice(length);
  const done = log.filter(({ answer }) => answer?.committed === true).map((one) => doneBy(one, world));
  const refused = log.filter(({ kind, answer }) => kind !== 'list' && kind !== 'get' && !answer?.committed);
  for (const one of refused) wrong.push(`#${one.number} ${one.verb} ${one.name} was not carried out`);
  const names = new Set([...planned, ...done].map(({ of }) => of));
  for (const name of names) {
    const [a, b] = [planned, done].map((all) => all.filter(({ of }) => of === name).map(({ text }) => text));
    if (String(a) !== String(b)) wrong.push(`${name}: shown ${a || 'nothing'}; done ${b || 'nothing'}`);
  }
  if (world.options.pace.concurrency === 1 && wrong.length === 0) {
    // What still moved when the first plan was made may rest by now, and its operations come earlier.
    const [a, b] = [shownIn(end.plan, world), done].map((all) => all.map(words));
    if (String(a) !== String(b)) wrong.push(`another order: shown ${a}; done ${b}`);
  }
  const exit = end.result?.exitCode;
  if (exit !== (plan.exitCode === 4 ? 4 : 0)) wrong.push(`plan exits ${plan.exitCode}, apply ${exit}`);
  const after = await world.plan();
  // What was refused as everything, or as too much, may be let once there is more of it.
  const left = after?.summary.forecast.writes;
  if (left !== 0 && plan.objections.length === 0) wrong.push(`a plan after it shows ${left} writes`);
  return wrong;
}

const words = ({ of, text }: Write) => `${of} ${text}`;

// ── what was shown ────────────────────────────────────────────────────────────────────────────────────────────

function shownIn(plan: Plan, world: World): readonly Write[] {
  return plan.services
    .flatMap(({ name, want, uuid, course }) =>
      course.flatMap((move) =>
        move.kind === 'operation'
          ? [{ seq: move.seq, of: want === 'absent' ? `${name} ${uuid}` : name, operation: move.operation }]
          : [],
      ),
    )
    .sort((a, b) => a.seq - b.seq)
    .map(({ of, operation }) => ({ of, text: `${operation.verb} ${shownBody(operation, world)}` }));
}

function shownBody(operation: Operation, world: World): string {
  switch (operation.verb) {
    case 'create':
      return plain({ ...operation.spec, redeploy_token: operation.redeployToken }, world);
    case 'update':
      return plain({ ...operation.patch }, world);
    case 'redeploy':
      return plain({ token: operation.token }, world);
    default:
      return plain({}, world);
  }
}

// ── what was done ─────────────────────────────────────────────────────────────────────────────────────────────

function doneBy({ verb, name = '', uuid = '', body }: Exchange, world: World): Write {
  const { name: _, ...fields } = (body === undefined ? {} : JSON.parse(body)) as Record<string, unknown>;
  const isNamed = world.wishes.some((wish) => wish.name === name);
  return { of: isNamed ? name : `${name} ${uuid}`, text: `${verb} ${plain(fields, world)}` };
}

/** Fields in the order of their names, without our mark and with names for uuids. */
function plain(fields: Readonly<Record<string, unknown>>, world: World): string {
  // The server without `redeploy-token` is not sent one.
  const ours = world.server.options.profile === 'ours';
  const rows = Object.entries(fields).flatMap(([field, value]): [string, unknown][] => {
    if (value === undefined || (!ours && (field === 'redeploy_token' || field === 'token'))) return [];
    if (field === 'container_envvars') {
      const own = (value as { key: string }[]).filter(({ key }) => key !== 'EVENKEEL_OWNER');
      return own.length === 0 ? [] : [[field, own]];
    }
    if (field === 'labels') {
      const { EVENKEEL_OWNER: _, ...own } = value as Record<string, string>;
      return Object.keys(own).length === 0 ? [] : [[field, own]];
    }
    return [[field, value]];
  });
  const text = JSON.stringify(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  const named = text.replace(/\/api\/v1\/service\/([^/]+)\//g, (uri, uuid: string) => {
    if (uuid.startsWith('@')) return uuid;
    const known = world.server.known.get(uuid);
    return known === undefined ? uri : `@${known.name}`;
  });
  return named.replace(/"to_service":"@?([^"]+)"/g, '"to_service":"@$1"');
}

// ── what there was to see ─────────────────────────────────────────────────────────────────────────────────────

function shapesOf({ wishes, server, options, lives }: World, plan: Plan | undefined): Record<string, number> {
  const services = plan?.services ?? [];
  const some = (test: (wish: Wish) => boolean) => wishes.some(test);
  const blocked = (code: string) =>
    services.some(({ end }) => end.kind === 'blocked' && end.block.code === code);
  const all: Record<string, boolean> = {
    'a service to be made': services.some(({ uuid, want }) => uuid === undefined && want !== 'absent'),
    links: some(({ spec }) => (spec.linked_to_service ?? []).length > 0),
    'a replace': services.some(({ replaces }) => replaces),
    adoption: some(({ adopt }) => adopt),
    'a delete': services.some(({ want, course }) => want === 'absent' && course.length > 0),
    'deletes refused': (plan?.objections.length ?? 0) > 0,
    'a job that runs once': some(({ runOnce }) => runOnce),
    'a redeploy token': some(({ redeploy }) => redeploy !== undefined),
    'target 0': some(({ spec }) => spec.target_num_containers === 0),
    'a server without extensions': server.options.profile === 'reference',
    'a list of several pages': server.options.pageSize < server.all().length,
    'a foreign service': blocked('foreign'),
    namesakes: blocked('namesakes'),
    'a terminated twin': services.some(
      ({ end }) => end.kind === 'in-sync' && end.notes.some(({ code }) => code === 'terminated-twin'),
    ),
    'an unknown state': blocked('unknown-state'),
    'a moving state': services.some(({ course }) => course[0]?.kind === 'wait'),
    'concurrency 1': options.pace.concurrency === 1,
    'a journal from an earlier life': lives.length > 3,
    'nothing to do': services.every(({ course }) => course.length === 0),
  };
  return Object.fromEntries(Object.entries(all).map(([shape, there]) => [shape, there ? 1 : 0]));
}
