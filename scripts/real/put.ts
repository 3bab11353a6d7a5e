/** Brings a user's services into a start of the catalogue (`test/sim/starts.ts`), by requests and by the engine's hand. */
import { DRIFTED, mark, type Start, UNKNOWN, WANTED } from '../../test/sim/starts.ts';
import type { House } from './town.ts';

type Spec = Readonly<Record<string, unknown>> & { readonly target_num_containers: number };

/** A value that must be in no output and in no file. */
export const SECRET = 'canary-value-4711';

export async function put(house: House, { state, drift, owner }: Start): Promise<void> {
  const secret = { key: 'TOKEN', value: SECRET };
  const based = { ...WANTED, container_envvars: [...mark('base').container_envvars, secret] };
  await make(house, 'base', 'us', 'Running', based);
  const spec = DRIFTED[drift];
  const ours = { ...spec, ...mark('web') };
  if (owner === 'foreign') {
    await make(house, 'web', 'another', state === 'absent' ? 'Terminated' : state, spec);
    return;
  }
  if (owner === 'duplicates')
    await make(house, 'web', 'us', state === 'absent' ? 'Terminated' : 'Running', ours);
  if (owner === 'twin') await make(house, 'web', 'us', 'Terminated', ours);
  if (state !== 'absent') await make(house, 'web', 'us', state, ours);
}

async function make(
  house: House,
  name: string,
  creator: 'us' | 'another',
  state: string,
  spec: Spec,
): Promise<void> {
  const { engine } = house.hall;
  const target = spec.target_num_containers;
  const first = state === 'Scaling' ? target - 1 : target;
  const { uuid } = await house.ask('POST', '', { name, ...spec, target_num_containers: first });
  house.creators.set(uuid, creator);
  const hold = () => house.held.push(engine.hold(uuid));
  const act = async (verb: string, wanted?: string) => {
    await house.ask('POST', `${uuid}/${verb}/`);
    if (wanted !== undefined) await house.until(uuid, [wanted]);
  };
  if (state === 'Init') return;
  if (state === 'Starting') {
    hold();
    return act('start');
  }
  await act('start', 'Running');
  switch (state) {
    case 'Running':
      return;
    case UNKNOWN:
      house.odd.add(uuid);
      return;
    case 'Partly running':
      await engine.crash(uuid, 1, 1);
      return;
    case 'Not running':
      for (let ordinal = 1; ordinal <= target; ordinal++) await engine.vanish(uuid, ordinal);
      return;
    case 'Stopped':
      return act('stop', 'Stopped');
    case 'Terminated':
      await house.ask('DELETE', `${uuid}/`);
      return house.until(uuid, ['Terminated']);
    default:
  }
  hold();
  if (state === 'Scaling') await house.ask('PATCH', `${uuid}/`, { target_num_containers: target });
  else if (state === 'Redeploying') await act('redeploy');
  else if (state === 'Stopping') await act('stop');
  else if (state === 'Terminating') await house.ask('DELETE', `${uuid}/`);
  else throw new Error(`no way into ${state}`);
}
