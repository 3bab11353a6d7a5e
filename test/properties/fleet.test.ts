/** Laws of a whole fleet's plan, over owners, orphans, namesakes, links and gates (design §6, §8). */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deleteLimit, HOUR } from '../../src/decide/deletes.ts';
import { gates, isGated } from '../../src/decide/links.ts';
import { predict, settle } from '../../src/decide/model.ts';
import { makePlan, type PlanInput, type Planned } from '../../src/decide/plan.ts';
import { question } from '../../src/decide/survey.ts';
import type { Live, Observed, Operation } from '../../src/service/service.ts';
import * as any from '../support/arbitraries.ts';
import { fleet, inOrder, NOON } from '../support/fleet.ts';
import { World } from '../support/world.ts';

const RUNS = 600;

function check(law: (planned: Planned, input: PlanInput) => void): void {
  const property = fc.property(any.fleet, (over) => {
    const input = fleet(over);
    law(makePlan(input), input);
  });
  void fc.assert(property, { numRuns: RUNS });
}

const writes = (planned: Planned) =>
  inOrder(planned.plan).map(({ name, uuid, step }) => ({ name, uuid, ...step }));
const terminated = (planned: Planned, input: PlanInput) =>
  writes(planned).flatMap(({ name, why, operation }) => {
    if (operation.verb !== 'terminate') return [];
    const live = input.services.find((one) => one.uuid === operation.uuid);
    if (live === undefined) throw new Error(`terminate of ${operation.uuid}, which is not there`);
    return [{ name, live, replaces: why.code !== 'unwanted' }];
  });
const isOurs = (live: Live, input: PlanInput) =>
  live.mark ? live.mark.owner === input.owner : input.memory.claims.get(live.uuid)?.name === live.name;

describe('what is terminated', () => {
  test('is ours: never foreign, never unverified, never one of two of a name, never in an unknown or moving state’s stead', () => {
    check((planned, input) => {
      for (const { name, live, replaces } of terminated(planned, input)) {
        const wish = input.wishes.find((one) => one.name === name);
        const adopted = replaces && wish?.adopt === true && !live.mark;
        expect(isOurs(live, input) || adopted).toBe(true);
        expect(typeof live.state).toBe('string');
        const staying = input.services.filter(
          (one) => one.name === name && one.state !== 'Terminated' && one.state !== 'Terminating',
        );
        if (replaces) expect(staying).toEqual([live]);
      }
    });
  });
  test('is not protected, and replaced only where that is allowed, and deleted only when nobody names it', () => {
    check((planned, input) => {
      for (const { name, replaces } of terminated(planned, input)) {
        const wish = input.wishes.find((one) => one.name === name);
        expect(replaces).toBe(wish !== undefined);
        if (replaces) expect(wish).toMatchObject({ allowReplace: true, protect: false });
        else expect(input.memory.protectedNames.has(name)).toBe(false);
      }
    });
  });
  test('is deleted only under prune owned, from a complete load, after its grace', () => {
    check((planned, input) => {
      for (const { name, replaces } of terminated(planned, input)) {
        if (replaces) continue;
        expect([input.safety.prune, input.complete, input.inGrace.has(name)]).toEqual(['owned', true, false]);
      }
    });
  });
  test('is within the limit of the hour, or said out loud; all or nothing', () => {
    check((planned, input) => {
      const gone = terminated(planned, input);
      if (gone.length === 0) return;
      const names = new Set(gone.map((one) => one.name));
      const recent = input.memory.deletes.filter(
        (one) => input.wallNow - one.at < HOUR && !names.has(one.name),
      );
      const owned = input.services.filter(
        (one) => isOurs(one, input) && one.state !== 'Terminated' && one.state !== 'Terminating',
      );
      const said = gone.length <= (input.safety.allowDeletes ?? -1);
      expect(said || gone.length + recent.length <= deleteLimit(owned.length + recent.length)).toBe(true);
      expect(planned.plan.objections).toEqual([]);
      const deletes = gone.filter((one) => !one.replaces);
      if (deletes.length > 1 && !input.safety.allowEmpty) expect(deletes.length).toBeLessThan(owned.length);
    });
  });
  test('has no live service left that links to it and keeps the link', () => {
    check((planned, input) => {
      const gone = new Set(terminated(planned, input).map((one) => one.live.uuid));
      const relinked = new Set(
        writes(planned).flatMap(({ name, operation }) => {
          const links =
            operation.verb === 'update'
              ? operation.patch.linked_to_service
              : operation.verb === 'create'
                ? (operation.spec.linked_to_service ?? [])
                : undefined;
          const old = links?.some((link) => gone.has(link.to_service.split('/')[4] ?? '')) ?? true;
          return old ? [] : [name];
        }),
      );
      for (const live of planned.survey.present) {
        if (live.state === 'Terminating' || gone.has(live.uuid)) continue;
        const keeps = live.fields.linked_to_service?.some((link) =>
          gone.has(link.to_service.split('/')[4] ?? ''),
        );
        if (keeps === true) expect([...relinked]).toContain(live.name);
      }
    });
  });
});

describe('what is written at all', () => {
  test('goes to ours, the adopted or the unverified, and never to a broken file’s service', () => {
    check((planned, input) => {
      for (const { name, operation } of writes(planned)) {
        const wish = input.wishes.find((one) => one.name === name);
        expect(wish?.frozen === true).toBe(false);
        if (operation.verb === 'create' || operation.uuid.startsWith('@')) continue;
        const live = input.services.find((one) => one.uuid === operation.uuid);
        if (live === undefined) throw new Error(`a write to ${operation.uuid}, which is not there`);
        const unverified = live.mark === undefined && input.memory.claims.size === 0;
        const adopted = wish?.adopt === true && !live.mark;
        expect(isOurs(live, input) || adopted || unverified).toBe(true);
      }
    });
  });
  test('is nothing when nothing differs: the plan of what a plan leads to is empty', () => {
    check((planned, input) => {
      fc.pre(staysVerified(input));
      const world = execute(input);
      const again = makePlan({ ...input, ...world.look() });
      expect(inOrder(again.plan)).toEqual([]);
      expect(planned.plan.exitCode === 4 || again.plan.exitCode === 0 || input.documents === 0).toBe(true);
    });
  });
});

describe('the order', () => {
  test('is 1 to n, rising along each course', () => {
    check(({ plan }) => {
      const all = inOrder(plan).map(({ step }) => step.seq);
      expect(all).toEqual(all.map((_, at) => at + 1));
      for (const { course } of plan.services) {
        const own = course.flatMap((move) => (move.kind === 'operation' ? [move.seq] : []));
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
      expect(plan.summary.forecast.writes).toBe(all.length);
    });
  });
  test('opens every gate before what it holds, and makes every uuid before it is linked to', () => {
    check(({ plan, survey }, input) => {
      const last = (name: string) =>
        Math.max(0, ...writes({ plan, survey }).flatMap((one) => (one.name === name ? [one.seq] : [])));
      for (const wish of input.wishes) {
        const seen = survey.matches.get(wish.name);
        if (seen === undefined) continue;
        const asked = question(wish, seen, survey.capabilities, () => undefined);
        let observed: Observed | undefined = asked.kind === 'ask' ? asked.observed : undefined;
        const row = plan.services.find((one) => one.name === wish.name && one.want !== 'absent');
        for (const move of row?.course ?? []) {
          if (observed === undefined || (move.kind === 'wait' && move.wait === 'uncertain')) continue;
          if (move.kind === 'wait') {
            observed = settle(observed);
            continue;
          }
          for (const name of wish.dependsOn) {
            const dependency = survey.wishes.get(name);
            if (dependency === undefined) continue;
            const held = gates(dependency) && isGated(move.operation, move.why, observed);
            const linked = JSON.stringify(move.operation).includes(`"@${name}"`);
            if (held || linked) expect(last(name)).toBeLessThan(move.seq);
            if (linked)
              expect(
                writes({ plan, survey }).some((one) => one.name === name && one.operation.verb === 'create'),
              ).toBe(true);
          }
          observed = predict(observed, move.operation, wish.name);
        }
      }
    });
  });
  test('deletes dependants first, unless they link to each other in a circle', () => {
    check((planned, input) => {
      const gone = terminated(planned, input).filter((one) => !one.replaces);
      const linksTo = (from: Live, to: Live) =>
        from.fields.linked_to_service?.some((link) => link.to_service.includes(`/${to.uuid}/`)) === true ||
        to.linkedFrom?.includes(from.uuid) === true;
      const reaches = (from: Live, to: Live, seen = new Set<string>()): boolean =>
        linksTo(from, to) ||
        gone.some(
          ({ live }) => !seen.has(live.uuid) && linksTo(from, live) && reaches(live, to, seen.add(live.uuid)),
        );
      for (const [at, { live }] of gone.entries()) {
        for (const { live: later } of gone.slice(at + 1)) {
          if (later.uuid !== live.uuid && linksTo(later, live)) expect(reaches(live, later)).toBe(true);
        }
      }
    });
  });
});

describe('the plan', () => {
  test('is the same to the byte whatever order lists and loads come in', () => {
    const property = fc.property(any.fleet, fc.integer(), (over, seed) => {
      const input = fleet(over);
      const shuffle = <T>(list: readonly T[]): readonly T[] =>
        list
          .map((one, at) => ({ one, key: Math.sin(seed + at) }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
      const other = { ...input, wishes: shuffle(input.wishes), services: shuffle(input.services) };
      expect(JSON.stringify(makePlan(other).plan)).toBe(JSON.stringify(makePlan(input).plan));
    });
    void fc.assert(property, { numRuns: RUNS });
  });
  test('has one row for every wish and for every delete that is considered, by name', () => {
    check(({ plan }, input) => {
      const names = plan.services.map((one) => one.name);
      expect(names).toEqual([...names].sort());
      const wished = plan.services.filter((one) => one.want !== 'absent').map((one) => one.name);
      expect(wished).toEqual(input.wishes.map((one) => one.name).sort());
    });
  });
  test('has an exit code that fits what it shows', () => {
    check(({ plan, survey }, input) => {
      if (input.documents === 0 && !input.safety.allowEmpty)
        return expect(plan.exitCode).toBe(survey.owned > 0 ? 4 : 3);
      const blocked = plan.services.some((one) => one.end.kind === 'blocked') || plan.objections.length > 0;
      expect(plan.exitCode).toBe(blocked ? 4 : plan.summary.forecast.writes > 0 ? 2 : 0);
    });
  });
});

describe('carrying it out, in a world that behaves as the reference says', () => {
  test('is the plan: each service’s operations, in the order shown, and the same ends', () => {
    check(({ plan }, input) => {
      // What is too many for a small fleet may be few enough once it has grown.
      fc.pre(staysVerified(input) && plan.objections.length === 0);
      const { done: all, look } = execute(input);
      // Held by a link of one that lets go of it and is blocked later on: what follows from that is the next plan's.
      const later = plan.services.flatMap(({ name, uuid, want, end }) =>
        want === 'absent' && end.kind === 'blocked' && end.block.code === 'linked-from'
          ? [`${name} terminate ${uuid}`]
          : [],
      );
      const done = all.filter((line) => !later.includes(line));
      const shown = inOrder(plan).map(({ name, step }) => line(name, step.operation));
      expect([...done].sort()).toEqual([...shown].sort());
      for (const { name } of plan.services) {
        // Two of one name are two services, and either may go first.
        const of = (lines: readonly string[]) =>
          lines.filter((one) => one.startsWith(`${name} `)).map((one) => one.split(' ')[1]);
        expect(of(done)).toEqual(of(shown));
      }
      const ends = (services: typeof plan.services) =>
        Object.fromEntries(
          services.filter((one) => one.want !== 'absent').map((one) => [one.name, one.end.kind]),
        );
      expect(ends(makePlan({ ...input, ...look() }).plan.services)).toEqual(ends(plan.services));
    });
  });
});

/** With no journal, the first create of ours makes one, in whose eyes what is not shown to be ours is foreign. */
function staysVerified(input: PlanInput): boolean {
  return input.memory.claims.size > 0 || input.services.every((one) => one.mark !== undefined);
}

function line(name: string, operation: Operation): string {
  return operation.verb === 'terminate' ? `${name} terminate ${operation.uuid}` : `${name} ${operation.verb}`;
}

/** Plans anew before every operation, and does the one whose turn is first; waits only when nothing can be done. */
function execute(input: PlanInput) {
  const world = new World(
    input.services,
    input.memory,
    input.capabilities.offered.includes('redeploy-token'),
  );
  const done: string[] = [];
  const look = (): Pick<PlanInput, 'services' | 'memory' | 'wallNow'> => ({
    services: world.services,
    memory: { ...input.memory, claims: world.claims, tokens: world.tokens },
    wallNow: NOON,
  });
  for (let turns = 0; turns < 200; turns++) {
    const { plan } = makePlan({ ...input, ...look() });
    const ready = plan.services.flatMap(({ name, course }) => {
      const [first] = course;
      return first?.kind === 'operation' ? [{ name, step: first }] : [];
    });
    const first = ready.sort((a, b) => a.step.seq - b.step.seq).find(({ step }) => step.seq === 1);
    if (first !== undefined) {
      world.perform(first.name, first.step.operation);
      done.push(line(first.name, first.step.operation));
    } else if (world.moves) world.settle();
    else return { done, look };
  }
  throw new Error('it does not come to an end');
}
