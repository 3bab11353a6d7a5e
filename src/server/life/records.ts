/** Definitions as they are born, and the records of what was done to them. */
import type { ActionRecord, DefinedSpec, Definition, ImageDefaults } from '../../service/definition.ts';
import type { Change } from '../../service/store.ts';
import type { Asker } from '../types.ts';

/** Action records kept per service. */
const MOST_ACTIONS = 50;

export interface Birth {
  readonly uuid: string;
  readonly user: string;
  readonly name: string;
  readonly uniqueName: string;
  readonly spec: DefinedSpec;
  readonly image: ImageDefaults | null;
  readonly redeployToken: string | null;
  readonly keyedBody: string | null;
  readonly at: number;
}

/** A service that was never deployed. Its first write makes it version 1. */
export function newDefinition({ at, ...birth }: Birth): Definition {
  return {
    ...birth,
    linkVariables: {},
    revision: 1,
    deployment: 1,
    operation: null,
    everDeployed: false,
    note: null,
    actions: [],
    createdAt: at,
    deployedAt: null,
    startedAt: null,
    stoppedAt: null,
    destroyedAt: null,
    version: 0,
  };
}

/** The next version, with one more action; the record of the oldest goes when there are too many. */
export function withAction(
  definition: Definition,
  action: string,
): { readonly definition: Definition; readonly forget: readonly Change[] } {
  const actions = [...definition.actions, action];
  const dropped = actions.slice(0, Math.max(0, actions.length - MOST_ACTIONS));
  return {
    definition: { ...definition, actions: actions.slice(dropped.length), version: definition.version + 1 },
    forget: dropped.map((remove) => ({ table: 'actions', remove })),
  };
}

export function newAction(
  uuid: string,
  service: string,
  title: string,
  asker: Asker,
  at: number,
  ended: boolean,
): ActionRecord {
  return {
    ...asker,
    uuid,
    service,
    action: `Service ${title}`,
    state: ended ? 'Success' : 'In progress',
    message: '',
    startedAt: at,
    endedAt: ended ? at : null,
  };
}

/** `web`, or `web-2` where that is taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number++) {
    const candidate = `${name}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
