/**
 * A case lived with real processes: apply until it ends well, killed or disturbed on the way, then a plan that must show
 * nothing to do. The end is judged by the simulation's judges, and compared with the simulation's own end.
 */
import { systemClock } from '../../src/cli/system.ts';
import { expectedExit } from '../../test/sim/life.ts';
import { faultsOfEnd, isAsWished, type Start } from '../../test/sim/starts.ts';
import type { Passage, Play } from '../../test/support/passage.ts';
import { Home } from './home.ts';
import { judged, type KnownServices, manifest, type Told, webManifest } from './pieces.ts';
import { kindOf, meddle, playOf, Views } from './play.ts';
import { put, SECRET } from './put.ts';
import { type Case, picture, type Trouble, type Where } from './sample.ts';
import { storm } from './storm.ts';
import type { Town } from './town.ts';

const MOST_LIVES = 8;

export interface Lived extends Told {
  readonly requests: number;
  readonly processes: number;
  readonly asked: number;
  readonly log: readonly Passage[];
}

export async function lived(one: Case, town: Town, user: string, root: string): Promise<Lived> {
  const { start, trouble } = one;
  const house = town.house(user, start.profile);
  const home = await Home.open(house, root);
  try {
    await put(house, start);
    home.write(
      'base',
      `${manifest('base', 'Running')}container_envvars: [{ key: TOKEN, value: ${SECRET} }]\n`,
    );
    if (start.want !== 'absent') home.write('web', webManifest(start));
    const told = trouble.kind === 'storm' ? await storm(one, home) : await disturbed(one, home);
    home.searchSecrets();
    home.watch.rate();
    return {
      ...told,
      wrong: [...told.wrong, ...house.violations],
      requests: home.requests,
      processes: home.processes,
      asked: home.watch.asked,
      log: home.log,
    };
  } finally {
    await home.close();
  }
}

async function disturbed({ start, trouble, reference }: Case, home: Home): Promise<Told> {
  const { house } = home;
  const wrong: string[] = [];
  const came = trouble.kind === 'kill' ? killing(trouble, home) : await striking(trouble, home);
  const apply = ['apply', '--yes', '--allow-deletes', '5', '--deadline', patience(trouble)];
  let exit: number | null = null;
  for (let lives = 0; lives < MOST_LIVES && exit !== 0 && exit !== 4; lives++) {
    exit = await home.ended(home.start(apply));
    await came.after();
  }
  if (exit !== 0 && exit !== 4) wrong.push(`O4: never ended well, but with ${exit}`);
  home.script = { play: () => ({ do: 'pass' }) };
  home.onJournal = () => {};
  await home.settled();
  await house.atRest();
  const meddled = trouble.kind === 'fault' && trouble.fault.meddle !== undefined;
  let plan = await planned(home);
  if (!isRight(plan, start, meddled)) {
    // An apply that was lied to may rightly have ended with less; the next one, not lied to, puts it right.
    await home.ended(home.start(apply));
    await house.atRest();
    plan = await planned(home);
  }
  if (!isRight(plan, start, meddled))
    wrong.push(`O5: the last plan exits ${plan.exit} with ${plan.writes} writes`);
  const known = await house.known();
  if (meddled) wrong.push(...disagreements(plan, known));
  else wrong.push(...faultsOfEnd(start, judged(known)), ...differences(known, reference));
  return { wrong, came: came.came(), stopMs: undefined };
}

/** An hour's pause that the server asked for is not waited out: the next process does not know of it. */
function patience(trouble: Trouble): string {
  return trouble.kind === 'fault' && trouble.fault.name === '429-huge' ? '5s' : '200s';
}

/** The simulation said it was right too, and ended the same way. */
function differences(known: KnownServices, reference: Case['reference']): readonly string[] {
  if (reference === undefined) return [];
  const simulated = picture(reference.world.server.all()).join('; ');
  const real = picture(known).join('; ');
  return [
    ...reference.wrong.map((wrong) => `the simulation says ${wrong}`),
    ...(simulated === real ? [] : [`it ends with ${real}, the simulation with ${simulated}`]),
  ];
}

// ── the last plan ─────────────────────────────────────────────────────────────────────────────────────────────

interface Planned {
  readonly exit: number | null;
  readonly writes: number;
  readonly services: readonly { readonly name: string; readonly want?: string; readonly end: string }[];
}

async function planned(home: Home): Promise<Planned> {
  const running = home.start(['plan', '-o', 'json', '--allow-deletes', '5']);
  const exit = await home.ended(running);
  try {
    const { summary, services } = JSON.parse(running.stdout());
    return { exit, writes: summary.forecast.writes, services };
  } catch {
    return { exit, writes: Number.NaN, services: [] };
  }
}

function isRight({ exit, writes }: Planned, start: Start, meddled: boolean): boolean {
  return writes === 0 && (meddled ? exit === 0 || exit === 4 : exit === expectedExit(start));
}

/** Where a plan says that all is well and the truth does not. */
function disagreements({ services }: Planned, known: KnownServices): readonly string[] {
  return services.flatMap(({ name, end }) => {
    if (end !== 'in-sync') return [];
    const [one, ...others] = judged(known).server.live(name);
    const wants = ['running', 'stopped'] as const;
    const well =
      one !== undefined && others.length === 0 && wants.some((want) => isAsWished(one.service, want));
    return well || one === undefined ? [] : [`O4: ${name} is in sync only in the plan: ${one.service.state}`];
  });
}

// ── what comes in between ─────────────────────────────────────────────────────────────────────────────────────

interface Coming {
  came(): boolean;
  /** To be called when the process has ended. */
  after(): Promise<void>;
}

/** True once, at the n-th request of its kind. */
function counter({ kind, ordinal }: Where): (passage: Passage) => boolean {
  let met = 0;
  return (passage) => {
    if (kindOf(passage) !== kind) return false;
    met += 1;
    return met === ordinal;
  };
}

function killing({ edge, where, tear }: Extract<Trouble, { kind: 'kill' }>, home: Home): Coming {
  let killed = false;
  let requests = Number.NaN;
  const kill = () => {
    if (killed || home.running?.child.exitCode !== null) return;
    killed = true;
    requests = home.requests;
    home.kill();
  };
  if (typeof where === 'number') {
    const synced = edge === 'journal:synced';
    home.onJournal = (times) => {
      if (times !== where) return;
      if (synced) void systemClock.sleep(2).then(kill);
      else kill();
    };
    const after = async () => {
      if (killed && !synced) await home.tear(tear, requests);
      requests = Number.NaN;
    };
    return { came: () => killed, after };
  }
  const isIt = counter(where);
  let target: Passage | undefined;
  const pass: Play = { do: 'pass' };
  home.script = {
    play(passage) {
      if (isIt(passage)) target = passage;
      if (target !== passage || edge !== 'http:send') return pass;
      kill();
      return { do: 'reset-before' };
    },
    answered(passage) {
      if (target === passage && edge === 'http:arrived') kill();
    },
    delivered(passage) {
      if (target === passage && edge === 'http:answer') kill();
    },
  };
  return { came: () => killed, after: async () => {} };
}

async function striking(trouble: Trouble, home: Home): Promise<Coming> {
  if (trouble.kind !== 'fault') throw new Error('no fault');
  const { fault, where } = trouble;
  const { house } = home;
  const isIt = counter(where);
  const views = new Views(house);
  const headers: Record<string, string> = {};
  await views.record(headers);
  let came = false;
  home.script = {
    async play(passage) {
      if (passage.method !== 'GET') await views.record(headers);
      if (came || !isIt(passage)) return { do: 'pass' };
      came = true;
      if (fault.meddle !== undefined) await meddle(fault.name, passage, house);
      return playOf(fault, passage, views);
    },
    delivered({ delivered }) {
      const offered = delivered?.headers['x-api-extensions'];
      if (offered !== undefined) headers['x-api-extensions'] = offered;
    },
  };
  return { came: () => came, after: async () => {} };
}
