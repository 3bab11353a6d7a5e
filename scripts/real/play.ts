/**
 * The catalogue of faults (`test/sim/faults.ts`), carried out on real connections. What takes minutes there takes a
 * twentieth of it here.
 */
import { systemClock } from '../../src/cli/system.ts';
import { chance, pick } from '../../test/sim/chance.ts';
import type { Fault, Kind } from '../../test/sim/network.ts';
import type * as sim from '../../test/sim/server.ts';
import { UNKNOWN } from '../../test/sim/starts.ts';
import type { Answer, Passage, Play } from '../../test/support/passage.ts';
import type { House } from './town.ts';

const FASTER = 20;
const AWAY_MS = 300;

export function kindOf({ method, path }: Pick<Passage, 'method' | 'path'>): Kind {
  const one = uuidOf(path) !== undefined;
  if (method === 'GET') return one ? 'get' : 'list';
  return one ? 'write' : 'create';
}

export function uuidOf(path: string): string | undefined {
  return /^\/api\/v1\/service\/([0-9a-f-]{36})\//.exec(path)?.[1];
}

export function verbOf({ method, path }: Pick<Passage, 'method' | 'path'>): string {
  if (method === 'PATCH') return 'update';
  if (method === 'DELETE') return 'terminate';
  return /\/(start|stop|redeploy)\/$/.exec(path)?.[1] ?? 'create';
}

/** The list as it was, so that a stale one is a real former one. */
export class Views {
  readonly #house: House;
  readonly #views: { readonly at: number; readonly answer: Answer }[] = [];
  readonly #from = systemClock.monotonic();

  constructor(house: House) {
    this.#house = house;
  }

  async record(headers: Answer['headers']): Promise<void> {
    const { text } = await this.#house.ask('GET', '?limit=100');
    this.#views.push({
      at: this.#now(),
      answer: { status: 200, headers: { 'content-type': 'application/json', ...headers }, body: text },
    });
  }

  /** What a fault of the simulation asks its server for. */
  server(now: Answer): sim.Server {
    const list = (_: URLSearchParams, at: number) =>
      (this.#views.findLast((view) => view.at <= at) ?? this.#views[0])?.answer ?? now;
    return { scheduler: { now: this.#now() }, list } as unknown as sim.Server;
  }

  #now(): number {
    return (systemClock.monotonic() - this.#from) * FASTER;
  }
}

const NOTHING: Answer = { status: 0, headers: {}, body: '' };

export function playOf(fault: Fault, passage: Passage, views: Views): Play {
  const { arrives, gets, name } = fault;
  const told = (answer: Answer): Answer => {
    if (typeof gets !== 'function') return answer;
    const exchange = { kind: kindOf(passage), path: passage.path } as Parameters<typeof gets>[1];
    const outcome = gets({ ...BARE, ...answer }, exchange, views.server(answer));
    return outcome.kind === 'response' ? outcome : answer;
  };
  if (gets === 'refused') return { do: 'refuse', ms: AWAY_MS };
  if (arrives === 'never') {
    if (typeof gets === 'function') return { do: 'answer', answer: told(NOTHING) };
    return { do: gets === 'reset' ? 'reset-before' : 'hang-before' };
  }
  if (typeof arrives === 'number') {
    const ms = arrives / FASTER;
    return gets === 'reset' ? { do: 'late', ms } : { do: 'pass', up: ms };
  }
  if (gets === 'reset') return { do: 'reset-after' };
  if (gets === 'nothing') return { do: 'hang-after' };
  if (name === 'truncated') return { do: 'truncate', share: 0.8 };
  return gets === undefined ? { do: 'pass' } : { do: 'change', change: told };
}

const BARE = { verb: 'other', uuid: undefined, before: undefined, committed: false } as const;

/** Somebody else's hand, by the name it has in the catalogue. */
export async function meddle(name: string, passage: Passage, house: House): Promise<void> {
  const [web] = (await house.known()).filter(
    (one) =>
      one.name === 'web' && !['Terminating', 'Terminated'].includes(one.versions[0]?.service.state ?? ''),
  );
  const uuid = uuidOf(passage.path) ?? web?.uuid;
  if (uuid === undefined) return;
  const refused = () => undefined;
  switch (name) {
    case 'other-scales':
      await house.ask('PATCH', `${uuid}/`, { target_num_containers: 5 }).catch(refused);
      break;
    case 'other-terminates':
      await house.ask('DELETE', `${uuid}/`).catch(refused);
      break;
    case 'other-container-dies':
      if ((await house.stateOf(uuid)) === 'Running') await house.hall.engine.crash(uuid, 1, 1);
      break;
    default:
      await house.ask('POST', `${uuid}/${name.replace('other-', '').replace(/s$/, '')}/`).catch(refused);
  }
}

/** What is shown as a state nobody knows, is so in every answer. */
export function disguised(play: Play, odd: ReadonlySet<string>): Play {
  if (odd.size === 0) return play;
  const change = (answer: Answer): Answer => ({ ...answer, body: disguise(answer.body, odd) });
  switch (play.do) {
    case 'change':
      return { do: 'change', change: (answer) => play.change(change(answer)) };
    case 'pass':
    case 'slow':
      return { do: 'change', change };
    case 'truncate':
      return { do: 'change', change: (answer) => ({ ...answer, body: change(answer).body.slice(0, -20) }) };
    default:
      return play;
  }
}

function disguise(body: string, odd: ReadonlySet<string>): string {
  const value = JSON.parse(body) as { objects?: Row[] } & Row;
  for (const row of value.objects ?? [value]) if (odd.has(String(row.uuid))) row.state = UNKNOWN;
  return JSON.stringify(value);
}

interface Row {
  readonly uuid?: string;
  state?: string;
}

/** A storm's weather: each run draws its own rates, many of them nought. */
export function weather(seed: number, number: number): Play {
  const rate = (kind: string) => pick([0, 0, 0.04, 0.15], seed, kind);
  const kinds: readonly (readonly [string, number, Play])[] = [
    ['reset before', rate('reset before'), { do: 'reset-before' }],
    ['reset after', rate('reset after'), { do: 'reset-after' }],
    ['close', rate('close'), { do: 'close-before' }],
    ['late', rate('late'), { do: 'late', ms: 50 + 800 * chance(seed, 'late', number) }],
    ['away', rate('away') / 4, { do: 'refuse', ms: AWAY_MS }],
    ['slow', rate('slow'), { do: 'slow', chunk: 200, everyMs: 4 }],
    ['cut', rate('cut'), { do: 'truncate', share: chance(seed, 'cut', number) }],
    ['503', rate('503'), { do: 'answer', answer: { ...NOTHING, status: 503, body: '{"error": "no"}' } }],
    [
      '429',
      rate('429') / 4,
      { do: 'answer', answer: { ...NOTHING, status: 429, headers: { 'retry-after': '1' } } },
    ],
    ['half-open', rate('half-open') / 40, { do: 'hang-after' }],
  ];
  for (const [kind, often, play] of kinds) if (chance(seed, kind, number, 'strikes') < often) return play;
  const lag = rate('latency') * 300;
  return { do: 'pass', up: lag * chance(seed, number, 'up'), down: lag * chance(seed, number, 'down') };
}
