import { describe, expect, it } from 'vitest';
import { Alerts, type Told } from '../../src/ops/alerts.ts';
import { Commits } from '../../src/ops/commits.ts';
import type { Message } from '../../src/ops/message.ts';
import { type Notes, Notifier } from '../../src/ops/notifier.ts';
import type { Event } from '../../src/service/event.ts';
import type { FleetStatus } from '../../src/service/status.ts';
import { flush, seededRandom, virtualClock } from '../support/clock.ts';
import { EVERY_EVENT } from '../support/plans.ts';

const MINUTE = 60_000;
const SHA = 'c'.repeat(40);

/** A notifier whose messages are kept as `kind title`. */
function bench(notes: Notes = { told: [] }, stuck?: () => Promise<void>) {
  const clock = virtualClock();
  const said: Message[] = [];
  let kept: Notes = notes;
  let services: FleetStatus['services'] = [];
  const notifier = new Notifier({
    clock,
    random: seededRandom(3),
    notes,
    status: () => ({ formatVersion: 1, at: 0, revision: 'r', problems: [], services }),
    post: (messages) => stuck?.() ?? Promise.resolve(void said.push(...messages)),
    keep: (now) => {
      kept = now;
      return Promise.resolve();
    },
    words: {
      block: (name) => `why ${name} is blocked`,
      failure: () => 'the failure',
      objection: () => 'the objection',
    },
  });
  const over = new AbortController();
  const running = notifier.run(over.signal);
  return {
    clock,
    said,
    notifier,
    kept: () => kept,
    tell: (...events: Event[]) => {
      for (const event of events) notifier.listen(event);
    },
    fleet: (...now: FleetStatus['services'][number][]) => {
      services = now;
    },
    words: async () => {
      await flush();
      return said.map((one) =>
        one.kind === 'commit' ? `${one.state} ${one.description}` : `${one.kind} ${one.title}`,
      );
    },
    async close() {
      over.abort();
      await running;
    },
  };
}

const START = EVERY_EVENT['pass:start'];
const END = EVERY_EVENT['pass:end'];
const FAILED = EVERY_EVENT['pass:failed'];
const UNSEEN = EVERY_EVENT['observation:failed'];

const service = (
  name: string,
  more: Partial<FleetStatus['services'][number]>,
): FleetStatus['services'][number] => ({
  name,
  uuid: undefined,
  want: 'running',
  state: 'Running',
  image: undefined,
  containers: {},
  deployedAt: undefined,
  sync: 'in-sync',
  block: undefined,
  waitsFor: undefined,
  next: [],
  differences: [],
  notes: [],
  allows: [],
  note: undefined,
  since: undefined,
  deadline: undefined,
  nextLook: undefined,
  decisions: [],
  ...more,
});
const blocked = (name: string) => service(name, { sync: 'blocked', block: { code: 'namesakes', uuids: [] } });

describe('an alert', () => {
  it('comes with the third pass that fails for one cause, once, and its end once', async () => {
    const { tell, words, close } = bench();
    tell(START, UNSEEN, FAILED, START, FAILED);
    expect(await words()).toEqual([]);
    tell(START, FAILED);
    expect(await words()).toEqual(['alert the services cannot be seen']);
    for (let pass = 0; pass < 20; pass++) tell(START, FAILED);
    expect(await words()).toHaveLength(1);
    tell(EVERY_EVENT['observation:recovered'], START, END, START, END);
    expect(await words()).toEqual([
      'alert the services cannot be seen',
      'recovery the services can be seen again',
    ]);
    await close();
  });

  it('comes after five minutes however few passes there were, without any further event', async () => {
    const { tell, words, clock, close } = bench();
    tell(START, UNSEEN, FAILED);
    await clock.advance(5 * MINUTE - 16_000);
    expect(await words()).toEqual([]);
    await clock.advance(31_000);
    expect(await words()).toEqual(['alert the services cannot be seen']);
    await close();
  });

  it('is not worth it for what ends before, and nor is its end', async () => {
    const { tell, words, clock, close } = bench();
    for (let time = 0; time < 10; time++) {
      tell(START, UNSEEN, FAILED, START, FAILED, EVERY_EVENT['observation:recovered'], START, END);
      await clock.advance(MINUTE);
    }
    expect(await words()).toEqual([]);
    await close();
  });

  it('tells causes apart, and causes of one kind that fall due together in one message', async () => {
    const { tell, words, clock, said, fleet, close } = bench();
    fleet(blocked('a'), blocked('b'), service('c', { sync: 'stalled', state: 'Scaling' }));
    tell(START, EVERY_EVENT['source:incomplete'], END);
    await clock.advance(6 * MINUTE);
    expect((await words()).sort()).toEqual([
      'alert 2 services are blocked',
      'alert c is stalled',
      'alert the manifests cannot all be read',
    ]);
    expect(said.find((one) => one.kind === 'alert' && one.services.includes('a'))).toMatchObject({
      causes: ['blocked a', 'blocked b'],
      services: ['a', 'b'],
      text: 'a: why a is blocked\nb: why b is blocked',
    });
    fleet(blocked('b'));
    await clock.advance(MINUTE);
    expect((await words()).slice(3).sort()).toEqual([
      'recovery a is no longer blocked',
      'recovery c is no longer stalled',
    ]);
    await close();
  });

  it('comes for a service whose operation failed three times, and ends when it is as wished, not while it is tried', async () => {
    const { tell, words, fleet, clock, close } = bench();
    const failed = { ...EVERY_EVENT['operation:failed'], name: 'web' };
    fleet(service('web', { sync: 'waiting', waitsFor: 'backoff' }));
    tell(START, { ...failed, attempts: 1 }, END, { ...failed, attempts: 2 }, START, END);
    expect(await words()).toEqual([]);
    tell({ ...failed, attempts: 3 }, START, END);
    fleet(service('web', { sync: 'changing' }));
    tell(START, END);
    fleet(service('web', { sync: 'waiting', waitsFor: 'backoff' }));
    tell({ ...failed, attempts: 4 }, START, END);
    expect(await words()).toEqual(['alert web is failing']);
    fleet(service('web', {}));
    await clock.advance(MINUTE);
    expect(await words()).toEqual(['alert web is failing', 'recovery web is no longer failing']);
    await close();
  });

  it('does not come for what is suspended, or blocked for the sake of another that is told', async () => {
    const { tell, words, clock, fleet, close } = bench();
    fleet(service('web', { sync: 'blocked', block: { code: 'dependency', name: 'db', why: 'blocked' } }));
    tell(START, END);
    await clock.advance(10 * MINUTE);
    expect(await words()).toEqual([]);
    await close();
  });

  it('comes at once for a journal that cannot be written', async () => {
    const { tell, words, close } = bench();
    tell(START, EVERY_EVENT['journal:failed'], END);
    expect(await words()).toEqual(['alert the journal cannot be written']);
    await close();
  });

  it('is not repeated after a restart, and its end is told by the next life', async () => {
    const first = bench();
    first.tell(START, UNSEEN, FAILED, START, FAILED, START, FAILED);
    expect(await first.words()).toHaveLength(1);
    await first.close();
    const second = bench(JSON.parse(JSON.stringify(first.kept())) as Notes);
    second.tell(START, UNSEEN, FAILED, START, FAILED, START, FAILED, START, FAILED);
    await second.clock.advance(10 * MINUTE);
    expect(await second.words()).toEqual([]);
    second.tell(EVERY_EVENT['observation:recovered'], START, END);
    expect(await second.words()).toEqual(['recovery the services can be seen again']);
    await second.close();
  });

  it('that was on its way to the outbox when the process ended is told by the next life, and so is its end', async () => {
    const first = bench({ told: [] }, () => new Promise(() => {}));
    first.tell(START, UNSEEN, FAILED, START, FAILED, START, FAILED);
    expect(await first.words()).toEqual([]);
    const second = bench(JSON.parse(JSON.stringify(first.kept())) as Notes);
    expect(await second.words()).toEqual(['alert the services cannot be seen']);
    expect(second.kept().pending).toBe(undefined);
    second.tell(START, END);
    expect(await second.words()).toEqual([
      'alert the services cannot be seen',
      'recovery the services can be seen again',
    ]);
    await second.close();
  });

  it('of a cause that ended while nobody ran is followed by its recovery at the first whole pass', async () => {
    const told: readonly Told[] = [{ cause: 'blocked web', kind: 'blocked', service: 'web' }];
    const { tell, words, clock, close } = bench({ told });
    await clock.advance(MINUTE);
    expect(await words()).toEqual([]);
    tell(START, END);
    expect(await words()).toEqual(['recovery web is no longer blocked']);
    await close();
  });

  it('names at most twenty, and says how many more', () => {
    const clock = virtualClock();
    const alerts = new Alerts(clock, []);
    for (let n = 0; n < 500; n++) alerts.holds('failing', 'x', { service: `s${n}`, failures: 3 });
    const [notice, ...more] = alerts.due(true);
    expect(more).toEqual([]);
    expect(notice?.text.split('\n')).toHaveLength(21);
    expect(notice?.text).toContain('and 480 more');
  });
});

describe('a change that is carried out', () => {
  it('is told once it has converged, with the names that changed', async () => {
    const { tell, said, words, close } = bench();
    tell(START, EVERY_EVENT['source:changed'], END, { type: 'fleet:converged', services: 3, blocked: 1 });
    expect(await words()).toEqual([]);
    tell(
      { type: 'fleet:converged', services: 3, blocked: 0 },
      { type: 'fleet:converged', services: 3, blocked: 0 },
    );
    expect(await words()).toEqual(['converged converged: 3 services as wished']);
    expect(said[0]).toMatchObject({ services: EVERY_EVENT['source:changed'].names });
    await close();
  });

  it('is told after a first start that wrote something, and not for what drifts and is healed later', async () => {
    const { tell, said, words, close } = bench();
    const converged: Event = { type: 'fleet:converged', services: 2, blocked: 0 };
    const wrote = (name: string): Event => ({ ...EVERY_EVENT['operation:accepted'], name, revision: 'r1' });
    tell(converged);
    expect(await words()).toEqual([]);
    tell(wrote('web'), wrote('db'), END, converged, wrote('web'), END, converged);
    expect(await words()).toEqual(['converged converged: 2 services as wished']);
    expect(said[0]).toMatchObject({ services: ['db', 'web'], revision: 'r1' });
    await close();
  });
});

describe('the status of a commit', () => {
  const told = (events: readonly Event[], commits = new Commits(undefined)) =>
    events.flatMap((event) => {
      const said = commits.listen(event);
      return said === undefined ? [] : [`${said.state}: ${said.description}`];
    });
  const start = { ...START, commit: SHA };
  const end = { ...END, inSync: 2, moving: 0, blocked: 0, failing: 0 };

  it('is pending, then success, each said once', () => {
    const converged: Event = { type: 'fleet:converged', services: 2, blocked: 0 };
    const events = [
      start,
      { ...end, inSync: 1, moving: 1 },
      converged,
      start,
      end,
      start,
      { ...end, moving: 1 },
      converged,
    ];
    expect(told(events)).toEqual(['pending: is being carried out', 'success: 2 services as wished']);
  });

  it('is failure with counts while something is blocked or failing, and for manifests that cannot be read', () => {
    expect(told([start, { ...end, blocked: 1, failing: 2 }, start, end])).toEqual([
      'pending: is being carried out',
      'failure: 1 blocked, 2 failing, 2 as wished',
      'success: 2 services as wished',
    ]);
    expect(
      told([{ ...start, complete: false }, end, { type: 'fleet:converged', services: 2, blocked: 0 }]),
    ).toEqual(['failure: the manifests cannot all be read']);
  });

  it('is not said where the source is no repository, nor again after a restart', () => {
    expect(told([START, end])).toEqual([]);
    const commits = new Commits({
      kind: 'commit',
      sha: SHA,
      state: 'success',
      description: '2 services as wished',
    });
    expect(told([start, end], commits)).toEqual([]);
  });
});
