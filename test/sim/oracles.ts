/**
 * What must never happen, judged from the server's truth and from what crossed the ports: never from what the program
 * says of itself. The ids are those of `docs/reliability.md`.
 */
import type { Wish } from '../../src/service/service.ts';
import { closedGate, holder, mayHeal, wasLiveSince } from './judges.ts';
import type { Exchange } from './network.ts';
import type { Known, Server } from './server.ts';
import * as truth from './truth.ts';
import { opinions } from './wants.ts';

export interface Violation {
  readonly oracle: string;
  readonly at: number;
  readonly text: string;
}

export interface OracleFacts {
  readonly profile: truth.Profile;
  readonly pace: { readonly rate: number; readonly burst: number };
  readonly prune: 'never' | 'owned';
  readonly allowDeletes: number | undefined;
  /** What the program has read last; undefined = no manifest names it. */
  intent(name: string): Wish | undefined;
  /** The last manifest that named it, if any did. */
  former(name: string): Wish | undefined;
  /** How many names the manifests name. */
  named(): number;
  /** Whether a process is a daemon, which heals only what stays broken. */
  isDaemon(process: number): boolean;
  /** Since when no manifest names it (world time), and how many complete loads said so; `apply` needs none. */
  absence(name: string): { readonly since: number; readonly loads: number } | undefined;
  /** Whether the source was completely read in the latest load. */
  complete(): boolean;
  /** Whether a commit approves that the name goes. */
  isApproved(name: string): boolean;
  /** In `run`, milliseconds a name must have been absent. */
  readonly graceMs: number;
}

interface Seen {
  readonly state: string | undefined;
  /** World time at which the request that showed it began, and at which it was answered. */
  readonly begun: number;
  readonly ended: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export class Oracles {
  readonly violations: Violation[] = [];
  readonly #server: Server;
  readonly #facts: OracleFacts;
  /** Per process and uuid: by when it was answered, and by when it was asked. */
  #lastAnswered = new Map<string, Seen>();
  #lastAsked = new Map<string, Seen>();
  /** Per process and name: when the last write to it ended, and whether its answer showed the service. */
  #wrote = new Map<string, { readonly at: number; readonly shown: boolean }>();
  /** Per process: begin of the list that is being walked, and of the last one that came whole. */
  #walk = new Map<number, { begun: number; pages: number; rows: unknown[]; totals: Set<unknown> }>();
  #listed = new Map<number, { readonly begun: number; readonly pages: number }>();
  readonly #creates: Exchange[] = [];
  readonly #deletes: { readonly at: number; readonly name: string; readonly process: number }[] = [];
  readonly #patches = new Map<string, { readonly text: string; readonly times: number }>();
  #tokens: number;
  #tokensAt = 0;
  #pausedUntil = new Map<number, number>();
  /** A process was asked to end: no new write afterwards. */
  stoppedAt: number | undefined;
  /** Only GETs may leave. */
  readOnly = false;
  /** How often each was asked: an oracle that is never asked proves nothing. */
  readonly asked = new Map<string, number>();

  constructor(server: Server, facts: OracleFacts) {
    this.#server = server;
    this.#facts = facts;
    this.#tokens = facts.pace.burst;
  }

  /** Forgets the observations of processes that are dead. */
  forget(): void {
    for (const map of [this.#lastAnswered, this.#lastAsked, this.#wrote]) map.clear();
    this.#walk.clear();
    this.#listed.clear();
    this.#pausedUntil.clear();
  }

  fail(oracle: string, text: string): void {
    this.violations.push({ oracle, at: this.#server.scheduler.now, text });
  }

  #check(oracle: string, holds: boolean, text: () => string): void {
    this.asked.set(oracle, (this.asked.get(oracle) ?? 0) + 1);
    if (!holds) this.fail(oracle, text());
  }

  /** What the manifests said when a write left: by then it was decided. */
  readonly #basis = new Map<
    number,
    {
      readonly intent: Wish | undefined;
      readonly named: number;
      readonly absence: ReturnType<OracleFacts['absence']>;
      readonly complete: boolean;
    }
  >();

  // ── at the sender's port ────────────────────────────────────────────────────────────────────────────────────

  sent(exchange: Exchange): void {
    this.#rate(exchange);
    if (exchange.kind === 'list' || exchange.kind === 'get') return;
    const { verb, name = '', uuid, at } = exchange;
    const what = `#${exchange.number} ${verb} ${name}`;
    this.#basis.set(exchange.number, {
      intent: this.#facts.intent(name),
      named: this.#facts.named(),
      absence: this.#facts.absence(name),
      complete: this.#facts.complete(),
    });
    this.#check('O15', !this.readOnly, () => `${what} by a plan`);
    this.#check(
      'O11',
      this.stoppedAt === undefined || at <= this.stoppedAt + 100,
      () => `${what} ${at - (this.stoppedAt ?? 0)} ms after the stop`,
    );
    const isOn = this.#suspended.some(
      (one) => (one.name === undefined || one.name === name) && at > one.from + 100 && at < one.until - 100,
    );
    this.#check('O31', !isOn, () => `${what}, which is suspended`);
    this.#wished(exchange, what);
    this.#patient(exchange, what);
    if (exchange.kind === 'create') this.#createSent(exchange, what);
    else this.#writeSent(exchange, what, `${exchange.process} ${uuid}`);
  }

  /** A suspension of it is asked for: from now on it may hold in the place of an earlier one, also if nobody is told. */
  suspending(name: string | undefined): void {
    this.#suspended = this.#suspended.filter((one) => one.name !== name);
  }

  /** O31: `name` (all of them, if not said) is suspended for `ms` from now; what another one of it says is forgotten. */
  suspend(name: string | undefined, now: number, ms: number): void {
    this.suspending(name);
    this.#suspended.unshift({ name, from: now, until: now + ms });
  }

  resume(): void {
    this.#suspended = [];
  }
  #suspended: { readonly name: string | undefined; readonly from: number; readonly until: number }[] = [];

  /** O6: burst + rate × w in every window w, which a token bucket that starts full says exactly. */
  #rate(exchange: Exchange): void {
    const { rate, burst } = this.#facts.pace;
    this.#tokens = Math.min(burst, this.#tokens + ((exchange.at - this.#tokensAt) * rate) / 1_000);
    this.#tokensAt = exchange.at;
    this.#tokens -= 1;
    this.#check('O6', this.#tokens > -1e-6, () => `#${exchange.number} is above the rate`);
    const paused = this.#pausedUntil.get(exchange.process) ?? 0;
    this.#check(
      'O6b',
      exchange.at >= paused - 1e-6,
      () => `#${exchange.number} ${paused - exchange.at} ms before the server's Retry-After is over`,
    );
  }

  /** O7: nothing is done about what a broken file described. O23: nothing starts before its dependencies run. */
  #wished({ name = '', verb }: Exchange, what: string): void {
    const wish = this.#facts.intent(name);
    if (wish === undefined) return;
    this.#check('O7', wish.frozen !== true, () => `${what}, whose file is broken`);
    if (!['create', 'start', 'redeploy'].includes(verb)) return;
    const gate = closedGate(this.#server, wish, (other) => this.#facts.intent(other));
    this.#check('O23', gate === undefined, () => `${what} before ${gate} runs`);
  }

  /** O18: what fails is tried ever more seldom. */
  #patient({ process, name, verb, at }: Exchange, what: string): void {
    const key = `${process} ${name} ${verb}`;
    const failures = (this.#failures.get(key) ?? []).filter((one) => at - one < 300_000);
    this.#check('O18', failures.length <= 12, () => `${what} after ${failures.length} failures in 5 minutes`);
  }
  readonly #failures = new Map<string, number[]>();

  #createSent(exchange: Exchange, what: string): void {
    const { process, name } = exchange;
    const listed = this.#listed.get(process);
    const wrote = this.#wrote.get(`${process} ${name}`);
    const resend = this.#isResend(exchange);
    this.#creates.push(exchange);
    this.#keyed(exchange);
    this.#check(
      'O20',
      listed !== undefined && (resend || wrote === undefined || listed.begun >= wrote.at || wrote.shown),
      () => `${what} without a trusted list since the last write to it`,
    );
  }

  /** O14: a key stands for one body and one name for ever, in whatever life. */
  #keyed({ key, body = '', name, number }: Exchange): void {
    const known = key === undefined ? undefined : this.#keys.get(key);
    this.#check(
      'O14',
      known === undefined || known === body,
      () => `#${number} another body for the key of ${name}`,
    );
    if (key !== undefined) this.#keys.set(key, body);
  }
  readonly #keys = new Map<string, string>();

  /** The same request with the same key again is the same service. */
  #isResend({ name, body, kind, number }: Exchange): boolean {
    return (
      this.#facts.profile === 'ours' &&
      this.#creates.some(
        (one) => one.kind === kind && one.name === name && one.body === body && one.number < number,
      )
    );
  }

  #writeSent(exchange: Exchange, what: string, key: string): void {
    const { profile } = this.#facts;
    const verb = exchange.verb as truth.Verb;
    const [answered, asked] = [this.#lastAnswered.get(key), this.#lastAsked.get(key)];
    const states = [answered?.state, asked?.state];
    this.#check(
      'O1',
      states.some((state) => state !== undefined && truth.isAllowed(profile, state, verb)),
      () => `${what}, last seen as ${states.join(' or ')}`,
    );
    const wrote = this.#wrote.get(`${exchange.process} ${exchange.name}`);
    const freshest = Math.max(asked?.begun ?? -1, this.#listed.get(exchange.process)?.begun ?? -1);
    this.#check(
      'O21',
      wrote === undefined || wrote.shown || freshest >= wrote.at,
      () => `${what} on an observation older than the end of the last write to it`,
    );
    const [age, most] = [exchange.at - freshest, this.#mostAge(exchange.process)];
    this.#check('O26', age <= most, () => `${what} on an observation ${age} ms old, more than ${most}`);
    if (verb === 'update') this.#patchIsKnown(exchange, what);
    if (verb === 'start' && asked?.state === 'Partly running' && this.#facts.isDaemon(exchange.process)) {
      const known = this.#server.known.get(exchange.uuid ?? '');
      this.#check(
        'O25',
        known === undefined || mayHeal(known, exchange.at),
        () => `${what}, broken for less than a minute`,
      );
    }
  }

  /**
   * O26: how old what is acted on may be. While writes queue, lists take 2 % of the rate, so one comes every
   * 50 × pages ÷ rate seconds; a bound below that would stop all writes between two lists, and one tick that fails or
   * is late must not either. So it is three of these ticks, at least ten seconds; and the disk is waited for once.
   */
  #mostAge(process: number): number {
    const pages = this.#listed.get(process)?.pages ?? 1;
    return Math.max(10_000, (3 * 50_000 * pages) / this.#facts.pace.rate) + 50;
  }

  #patchIsKnown({ body }: Exchange, what: string): void {
    const fields = Object.keys(JSON.parse(body ?? '{}') as object);
    const strange =
      this.#facts.profile === 'ours' ? [] : fields.filter((one) => one !== 'target_num_containers');
    this.#check(
      'O1c',
      strange.length === 0,
      () => `${what} of ${strange.join()}, which this server did not offer`,
    );
  }

  // ── at the server ───────────────────────────────────────────────────────────────────────────────────────────

  arrived(exchange: Exchange): void {
    const { answer, uuid } = exchange;
    this.#noDuplicate(exchange);
    const known = uuid === undefined ? undefined : this.#server.known.get(uuid);
    const touched = this.#server.known.get(answer?.uuid ?? '');
    if (touched !== undefined && answer?.committed === true) {
      const wish = this.#basis.get(exchange.number)?.intent;
      for (const [oracle, holds, text] of opinions(exchange, touched, wish))
        this.#check(oracle, holds, () => text);
    }
    if (known === undefined || answer?.before === undefined || !answer.committed) return;
    this.#owned(exchange, known);
    if (exchange.verb === 'terminate') this.#mayDelete(exchange);
    if (exchange.verb === 'update') this.#noFight(exchange, answer.before);
  }

  #noDuplicate({ name, number }: Exchange): void {
    if (name === undefined) return;
    const ours = this.#server.live(name).filter((one) => one.creator === 'us');
    const made = ours.filter((one) => one.versions[0]?.by === 'us');
    this.#check(
      'O3',
      ours.length <= 1 || made.length === 0,
      () => `#${number}: ${ours.length} live services of ours named ${name}`,
    );
  }

  #owned({ number, verb, name, uuid }: Exchange, known: Known): void {
    const intent = this.#basis.get(number)?.intent;
    this.#check(
      'O2',
      known.creator === 'us' ||
        (intent?.adopt === true && !hasOwner(known) && (verb !== 'terminate' || intent.allowReplace)),
      () => `#${number} ${verb} ${name} ${uuid}, which is not ours`,
    );
  }

  #mayDelete({ number, name, uuid, at, process }: Exchange): void {
    const { intent, absence, complete, named } = this.#basis.get(number) ?? {};
    const what = () => `#${number} terminate ${name}`;
    if (intent !== undefined) {
      this.#check('O2b', intent.allowReplace && !intent.protect, () => `${what()}, which a manifest names`);
    } else {
      this.#check('O8d', this.#facts.prune === 'owned', () => `${what()} although nothing is to be pruned`);
      this.#check('O8e', named !== 0, () => `${what()} although no manifest names anything`);
      const protectedOnce = this.#facts.former(name ?? '')?.protect === true;
      this.#check('O2b', !protectedOnce, () => `${what()}, which was protected when it was named last`);
      const by = holder(this.#server, uuid ?? '');
      this.#check('O27', by === undefined, () => `${what()}, to which ${by} links`);
      this.#check('O8', complete === true, () => `${what()} while the source is not completely read`);
      this.#check(
        'O8c',
        this.#facts.graceMs === 0 ||
          (absence !== undefined && absence.loads >= 2 && at - absence.since >= this.#facts.graceMs),
        () => `${what()} after ${absence?.loads} complete loads and ${at - (absence?.since ?? at)} ms`,
      );
    }
    // A commit takes it out of the count (decision 0010).
    if (intent === undefined && this.#facts.isApproved(name ?? '')) return;
    this.#deletes.push({ at, name: name ?? '', process });
    const recent = this.#deletes.filter((one) => at - one.at < HOUR);
    // Nor does what went before of a name that a commit approves now.
    const counted = recent
      .map((one) => one.name)
      .filter((one) => one === name || !this.#facts.isApproved(one));
    const names = new Set(counted);
    // Whoever took the others away within the hour, they were owned when it was decided.
    const owned = new Set(
      this.#server
        .all()
        .filter((one) => one.creator === 'us' && wasLiveSince(one, at - HOUR))
        // Of one name, those that live together count each.
        .map((one) => (wasLiveSince(one, at) ? one.uuid : one.name)),
    ).size;
    const limit = Math.max(1, Math.floor(owned * 0.2));
    // So many may be let on top of it, of one plan.
    const own = new Set(this.#deletes.filter((one) => one.process === process).map((one) => one.name)).size;
    const isLet = names.size <= limit || own <= (this.#facts.allowDeletes ?? 0);
    this.#check('O8b', isLet, () => `${what()}: ${names.size} of ${owned} within an hour`);
  }

  /** O16: the same PATCH against the same difference, accepted twice, must not be followed by a third. */
  #noFight(exchange: Exchange, before: truth.Service): void {
    const { uuid = '', body = '{}', number } = exchange;
    const patch = JSON.parse(body) as Record<string, unknown>;
    const text = JSON.stringify([patch, Object.keys(patch).map((field) => before.spec[field])]);
    const last = this.#patches.get(uuid);
    const times = last?.text === text ? last.times + 1 : 1;
    this.#patches.set(uuid, { text, times });
    this.#noContention(exchange, text);
    if (this.fights)
      this.#check('O16', times <= 2, () => `#${number}: the same PATCH for the ${times}th time`);
  }
  /**
   * O14b: where two want it otherwise, ours is silent after three: the same PATCH against the same live values for the
   * same manifest comes at most three times in ten minutes.
   */
  #noContention({ number, name = '', at }: Exchange, text: string): void {
    if (!this.contends) return;
    const key = JSON.stringify([name, this.#basis.get(number)?.intent?.spec, text]);
    const recent = (this.#same.get(key) ?? []).filter((one) => at - one < 10 * MINUTE);
    this.#same.set(key, [...recent, at]);
    this.#check(
      'O14b',
      recent.length < 3,
      () => `#${number}: the same PATCH ${recent.length + 1} times in ten minutes`,
    );
  }
  readonly #same = new Map<string, number[]>();
  /** Whether that is judged: a life that is killed before its record is kept, or whose clock jumps, cannot count. */
  contends = false;

  /** Whether a repeated PATCH is judged: not where the world itself brings the same difference back after it was gone. */
  fights = true;

  // ── back at the sender ──────────────────────────────────────────────────────────────────────────────────────

  ended(exchange: Exchange): void {
    const { process, kind, outcome, at, endedAt = at } = exchange;
    if (outcome?.kind === 'response' && [429, 503].includes(outcome.status))
      this.#pause(process, outcome.headers);
    const body = outcome?.kind === 'response' ? readable(outcome.body) : undefined;
    const ok = outcome?.kind === 'response' && outcome.status >= 200 && outcome.status < 300;
    if (kind === 'list') this.#listEnded(exchange, ok ? body : undefined);
    else if (kind === 'get') {
      if (ok) this.#see(process, body, at, endedAt);
      else if (outcome?.kind === 'response' && outcome.status === 404 && exchange.uuid !== undefined)
        this.#put(`${process} ${exchange.uuid}`, { state: undefined, begun: at, ended: endedAt });
    } else {
      const failed = outcome?.kind !== 'response' || outcome.status >= 500;
      const key = `${process} ${exchange.name} ${exchange.verb}`;
      if (failed && outcome?.kind === 'response')
        this.#failures.set(key, [...(this.#failures.get(key) ?? []).slice(-50), endedAt]);
      const shown = ok && this.#see(process, body, endedAt, endedAt) !== undefined;
      this.#wrote.set(`${process} ${exchange.name}`, { at: endedAt, shown });
    }
  }

  #pause(process: number, headers: Readonly<Record<string, string>>): void {
    const value = headers['retry-after'];
    if (value === undefined || !/^\d+$/.test(value)) return;
    const ms = Math.min(Math.max(Number(value) * 1_000, 1_000), HOUR);
    const until = this.#server.scheduler.now + ms;
    this.#pausedUntil.set(process, Math.max(this.#pausedUntil.get(process) ?? 0, until));
  }

  #listEnded({ process, path, at, endedAt = at, outcome }: Exchange, body: unknown): void {
    const page = body as
      | { meta?: { next?: string | null; total_count?: number }; objects?: unknown }
      | undefined;
    const json = outcome?.kind === 'response' && outcome.headers['content-type'] === 'application/json';
    // A page that failed may be asked for once more; the walk goes on from there.
    if (!json || page === undefined || page === null || !Array.isArray(page.objects)) return;
    const offset = new URL(path, 'http://api').searchParams.get('offset') ?? '0';
    if (offset === '0') this.#walk.set(process, { begun: at, pages: 0, rows: [], totals: new Set() });
    const walk = this.#walk.get(process);
    if (walk === undefined) return;
    walk.pages += 1;
    walk.rows.push(...page.objects);
    walk.totals.add(page.meta?.total_count);
    if ((page.meta?.next ?? null) !== null) return;
    this.#walk.delete(process);
    const uuids = new Set(walk.rows.map((row) => (row as { uuid?: unknown } | null)?.uuid));
    // Rows of a list that is not whole are no observation.
    const [total, ...others] = walk.totals;
    if (uuids.size !== walk.rows.length || total !== uuids.size || others.length > 0) return;
    const seen = walk.rows.map((row) => this.#see(process, row, walk.begun, endedAt));
    if (!seen.includes(undefined)) this.#listed.set(process, { begun: walk.begun, pages: walk.pages });
  }

  #see(process: number, row: unknown, begun: number, ended: number): string | undefined {
    const { uuid, state } = (row ?? {}) as { uuid?: unknown; state?: unknown };
    if (typeof uuid !== 'string' || typeof state !== 'string') return undefined;
    this.#put(`${process} ${uuid}`, { state, begun, ended });
    return uuid;
  }

  #put(key: string, seen: Seen): void {
    this.#lastAnswered.set(key, seen);
    if ((this.#lastAsked.get(key)?.begun ?? -1) <= seen.begun) this.#lastAsked.set(key, seen);
  }
}

/** Marked by another owner, when it was made. */
function hasOwner({ versions }: Known): boolean {
  const [first] = versions;
  return first !== undefined && truth.ownerOf(first.service.spec) !== undefined;
}

function readable(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
