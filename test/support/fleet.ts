/** A whole fleet for `makePlan`: a test names only what it is about. */

import type { Safety } from '../../src/decide/deletes.ts';
import { makePlan, type PlanInput } from '../../src/decide/plan.ts';
import { ALL_EXTENSIONS } from '../../src/service/extensions.ts';
import { type Claim, type Memory, NO_MEMORY } from '../../src/service/memory.ts';
import type { Plan, PlannedOperation, PlannedService } from '../../src/service/plan.ts';
import type { Link } from '../../src/service/spec.ts';
import { serviceUri } from '../../src/service/uri.ts';

export type FleetOver = Partial<Omit<PlanInput, 'safety' | 'memory'>> & {
  readonly safety?: Partial<Safety>;
  readonly memory?: Partial<Memory>;
};

export const NOON = Date.UTC(2026, 0, 1, 12);

export function fleet({ safety, memory, ...over }: FleetOver): PlanInput {
  return {
    wishes: [],
    services: [],
    owner: 'default',
    capabilities: ALL_EXTENSIONS,
    revision: 'r1',
    complete: true,
    documents: over.wishes?.length ?? 0,
    inGrace: new Set(),
    quarantine: () => undefined,
    wallNow: NOON,
    pace: { rate: 10, burst: 10 },
    ...over,
    memory: { ...NO_MEMORY, ...memory },
    safety: { prune: 'never', allowEmpty: false, allowDeletes: undefined, ...safety },
  };
}

export function planOf(over: FleetOver): Plan {
  return makePlan(fleet(over)).plan;
}

/** The row of one service. */
export function row(plan: Plan, name: string): PlannedService {
  const found = plan.services.filter((one) => one.name === name);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} rows of ${name}`);
  return found[0];
}

/** `verb`s of one service's course, `…` for a wait, `(code)` for how it is blocked. */
export function course(plan: Plan, name: string): string {
  const { course: moves, end } = row(plan, name);
  const words = moves.map((move) =>
    move.kind === 'wait' ? (move.wait === 'uncertain' ? '?' : '…') : drawOperation(move),
  );
  return [...words, ...(end.kind === 'blocked' ? [`(${end.block.code})`] : [])].join(' ') || '=';
}

function drawOperation({ operation }: PlannedOperation): string {
  return operation.verb === 'update' ? `update{${Object.keys(operation.patch).join(',')}}` : operation.verb;
}

/** All operations of a plan in the order of `seq`. */
export function inOrder(
  plan: Plan,
): readonly { readonly name: string; readonly uuid: string | undefined; readonly step: PlannedOperation }[] {
  return plan.services
    .flatMap(({ name, uuid, course: moves }) =>
      moves.flatMap((step) => (step.kind === 'operation' ? [{ name, uuid, step }] : [])),
    )
    .sort((a, b) => a.step.seq - b.step.seq);
}

/** One line an operation, in order: `3 web update{image}`. */
export function drawOrder(plan: Plan): string {
  return inOrder(plan)
    .map(({ name, step }) => `${step.seq} ${name} ${drawOperation(step)}`)
    .join('\n');
}

/** A link to a live service of `live(name)`. */
export function linkTo(name: string): Link {
  return { name, to_service: serviceUri(`u-${name}`) };
}

export function claim(name: string, over: Partial<Claim> = {}): readonly [string, Claim] {
  const uuid = over.uuid ?? `u-${name}`;
  return [uuid, { uuid, name, redeployToken: null, started: true, gone: false, ...over }];
}
