/**
 * A plan: the courses of a whole fleet as sorted, plain data. Every output and every test reads this one value, and
 * `apply` holds it as its permit. Equal input gives an equal plan, to the byte.
 *
 * It holds the real values that will be sent, secrets too: only `render/` and `api/` may look into operations.
 */
import type { Field } from './fields.ts';
import type { Block, Difference, Note, Objection, Operation, Place, Reason, Unknown } from './service.ts';
import type { MovingState, ServiceState } from './states.ts';

export interface PlannedOperation {
  readonly kind: 'operation';
  /** Place in the one total order of the plan's operations, from 1. */
  readonly seq: number;
  readonly operation: Operation;
  readonly why: Reason;
  /** The state its acceptance shows; undefined where it stays as it is. */
  readonly leadsTo: ServiceState | undefined;
}

export interface PlannedWait {
  readonly kind: 'wait';
  /** `uncertain`: a create whose outcome is not known yet is being looked for. */
  readonly wait: MovingState | 'uncertain';
  /** Where the model expects it to rest; undefined for `uncertain`. */
  readonly until: ServiceState | undefined;
}

/** What changed since the service was last as wished: `live` by somebody else, `git` by the manifest. Field names. */
export interface Changed {
  readonly live: readonly string[];
  readonly git: readonly string[];
}

/** Who changed a service, from the server's action record. All of it is text from outside. */
export interface Culprit {
  readonly action: string;
  readonly method: string;
  readonly user: string;
  readonly agent: string;
  readonly ip: string;
  /** As the server wrote it. */
  readonly at: string;
}

export interface PlannedService {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly want: 'running' | 'stopped' | 'absent';
  /** The state now; undefined = does not exist. Text of an unknown state is given as it came. */
  readonly state: string | undefined;
  readonly course: readonly (PlannedOperation | PlannedWait)[];
  readonly end:
    | { readonly kind: 'in-sync'; readonly notes: readonly Note[] }
    | { readonly kind: 'blocked'; readonly block: Block };
  /** All that differs now, also what is only listed. Links are shown by name. */
  readonly differences: readonly Difference[];
  /** Live fields, not at their default, that the manifest does not declare. */
  readonly unmanaged: readonly Field[];
  /** Absent: nothing changed, or nothing is remembered to compare with. */
  readonly changed?: Changed;
  readonly unknowns: readonly Unknown[];
  /** The course terminates and makes anew: data is destroyed. */
  readonly replaces: boolean;
  /** The names that must have reached their wish before a gated operation of this one. */
  readonly dependsOn: readonly string[];
  readonly place: Place | undefined;
}

/** An owned live service that no manifest names, left alone (prune never, or a refused delete is in `services`). */
export interface Orphan {
  readonly name: string;
  readonly uuid: string;
  readonly state: string;
  /** The reason it is left alone. */
  readonly why: 'prune-never' | 'incomplete-load' | 'grace';
}

export interface PlanSummary {
  readonly create: number;
  readonly update: number;
  readonly start: number;
  readonly stop: number;
  readonly redeploy: number;
  /** DELETEs of services that no manifest wants. */
  readonly delete: number;
  readonly replace: number;
  readonly inSync: number;
  readonly blocked: number;
  readonly waits: number;
  readonly orphans: number;
  /** Live services whose ownership no detail was read for. */
  readonly notExamined: number;
  readonly forecast: { readonly writes: number; readonly atLeastSeconds: number };
}

export interface Plan {
  readonly revision: string;
  readonly exitCode: 0 | 2 | 3 | 4;
  /** Sorted by name. */
  readonly services: readonly PlannedService[];
  readonly orphans: readonly Orphan[];
  readonly objections: readonly Objection[];
  readonly summary: PlanSummary;
  /** uuid → name, for showing links by name. */
  readonly names: Readonly<Record<string, string>>;
}
