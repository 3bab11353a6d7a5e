/**
 * The API's state machine, as one table.
 *
 * Read by `decide/step` (what may be asked), `decide/model` (what will follow), the server (what is accepted) and
 * the docs. The cells of `actions` are the reference's own ("Service states"), compared with its text by a test;
 * `extended` and `update` hold what the reference leaves open (design §4).
 */
import type { Extension } from './extensions.ts';

export type ServiceState =
  | 'Init'
  | 'Starting'
  | 'Running'
  | 'Partly running'
  | 'Scaling'
  | 'Redeploying'
  | 'Stopping'
  | 'Stopped'
  | 'Terminating'
  | 'Terminated'
  | 'Not running';

export type MovingState = 'Starting' | 'Scaling' | 'Redeploying' | 'Stopping' | 'Terminating';

/** The actions of the reference's state table, in its own words. */
export type Action = 'start' | 'stop' | 'redeploy' | 'terminate';

/** Where an accepted action leads at once; the reply already shows this state. */
export const LEADS_TO: Readonly<Record<Action, MovingState>> = {
  start: 'Starting',
  stop: 'Stopping',
  redeploy: 'Redeploying',
  terminate: 'Terminating',
};

export type StateRow =
  /** Rests until somebody acts. `update` says what a PATCH does here: kept for later, or carried out at once. */
  | {
      readonly kind: 'resting';
      readonly actions: readonly Action[];
      readonly extended: Readonly<Partial<Record<Action, Extension>>>;
      readonly update: 'stored' | 'applied';
    }
  /** Moves on by itself; no action is allowed. `settles` is where it ends when all goes well and the target is above 0. */
  | { readonly kind: 'moving'; readonly settles: ServiceState }
  /** The end. */
  | { readonly kind: 'gone' };

export const STATES: Readonly<Record<ServiceState, StateRow>> = {
  Init: { kind: 'resting', actions: ['start', 'terminate'], extended: {}, update: 'stored' },
  Starting: { kind: 'moving', settles: 'Running' },
  Running: { kind: 'resting', actions: ['stop', 'redeploy', 'terminate'], extended: {}, update: 'applied' },
  'Partly running': {
    kind: 'resting',
    actions: ['stop', 'redeploy', 'terminate'],
    extended: { start: 'start-partly' },
    update: 'applied',
  },
  Scaling: { kind: 'moving', settles: 'Running' },
  Redeploying: { kind: 'moving', settles: 'Running' },
  Stopping: { kind: 'moving', settles: 'Stopped' },
  Stopped: {
    kind: 'resting',
    actions: ['start', 'redeploy', 'terminate'],
    extended: {},
    update: 'stored',
  },
  Terminating: { kind: 'moving', settles: 'Terminated' },
  Terminated: { kind: 'gone' },
  'Not running': {
    kind: 'resting',
    actions: ['terminate'],
    extended: { redeploy: 'redeploy-idle' },
    update: 'applied',
  },
};

export const STATE_NAMES = Object.keys(STATES) as readonly ServiceState[];

export function isServiceState(text: string): text is ServiceState {
  return Object.hasOwn(STATES, text);
}

export function isMoving(state: ServiceState): state is MovingState {
  return STATES[state].kind === 'moving';
}

/** Whether the state table lets `action` be asked for in `state`, given what the server announces. */
export function allows(
  state: ServiceState,
  action: Action,
  offers: (extension: Extension) => boolean,
): boolean {
  const row = STATES[state];
  if (row.kind !== 'resting') return false;
  if (row.actions.includes(action)) return true;
  const needed = row.extended[action];
  return needed !== undefined && offers(needed);
}

/** Whether a PATCH is taken in `state` (design §4: refused in the moving states and in Terminated). */
export function takesUpdate(state: ServiceState): boolean {
  return STATES[state].kind === 'resting';
}
