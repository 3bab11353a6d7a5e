import { describe, expect, it } from 'vitest';
import { countContainers, deriveState } from '../../src/server/derive.ts';

type State = 'running' | 'unready' | 'stopped';
const STATES: readonly State[] = ['running', 'unready', 'stopped'];
const VERBS = ['start', 'stop', 'scale', 'redeploy', 'terminate'] as const;

/** Every multiset of up to four containers. */
function* fleets(most: number): Generator<readonly State[]> {
  for (let running = 0; running <= most; running++)
    for (let unready = 0; running + unready <= most; unready++)
      for (let stopped = 0; running + unready + stopped <= most; stopped++)
        yield STATES.flatMap((state, index) =>
          Array<State>([running, unready, stopped][index] ?? 0).fill(state),
        );
}

/** The reference's own words, tried one by one, written without looking at the code. */
function expected(target: number, fleet: readonly State[], everDeployed: boolean): string {
  const all = (state: State) => fleet.every((one) => one === state);
  if (fleet.length === 0 && !everDeployed) return 'Init';
  if (fleet.length === 0) return 'Not running';
  if (all('stopped')) return 'Stopped';
  if (all('running') && fleet.length === target) return 'Running';
  return 'Partly running';
}

const views = (fleet: readonly State[]) => fleet.map((state) => ({ state }));

describe('the state of a service', () => {
  it('at rest, follows from the containers alone: all fleets of 0 to 4, targets 0 to 5', () => {
    let cases = 0;
    for (const fleet of fleets(4))
      for (let target = 0; target <= 5; target++)
        for (const ever of [true, false]) {
          cases++;
          expect(
            deriveState(target, views(fleet), undefined, ever),
            `target ${target}, ${fleet.join(' ') || 'nothing'}, ever ${ever}`,
          ).toBe(expected(target, fleet, ever));
        }
    expect(cases).toBe(35 * 6 * 2);
  });

  it('in an operation, is the moving state whatever the containers do', () => {
    for (const fleet of fleets(4))
      for (const verb of VERBS)
        expect(deriveState(2, views(fleet), verb, true)).toBe(
          {
            start: 'Starting',
            stop: 'Stopping',
            scale: 'Scaling',
            redeploy: 'Redeploying',
            terminate: 'Terminating',
          }[verb],
        );
  });

  it('does not count a container as running whose health check has not passed', () => {
    expect(countContainers(views(['running', 'unready', 'stopped']))).toEqual({
      current: 3,
      running: 1,
      stopped: 1,
    });
    expect(deriveState(2, views(['running', 'unready']), undefined, true)).toBe('Partly running');
  });
});
