/**
 * Records in the swarm itself: a config object each, the record as JSON in a label, which is what can be changed of a
 * config. The managers keep them with the swarm's own state, so any manager can serve and none is the only one who knows.
 *
 * Every change names the version it was decided on; of two servers that change the same record one is told to read again.
 */
import type { Daemon } from '../docker/daemon.ts';
import { doing, orMissing } from '../docker/failures.ts';
import { INSTANCE } from '../docker/labels.ts';
import { isOutOfSequence, isTaken } from './api.ts';

const KIND = 'evenkeel.kind';
const RECORD = 'evenkeel.record';
/** A config must hold something; what counts is in the label. */
const NOTHING = 'LQ==';

export type Kind = 'definition' | 'action' | 'server';

export interface Stored<T> {
  readonly record: T;
  /** For `replace`: what it was read as. */
  readonly id: string;
  readonly version: number;
}

export interface Records<T> {
  all(): Promise<readonly Stored<T>[]>;
  get(uuid: string): Promise<Stored<T> | undefined>;
  /** False = there is one already. */
  add(uuid: string, record: T): Promise<boolean>;
  /** False = it is not the one that was read any more. */
  replace(uuid: string, before: Stored<T>, record: T): Promise<boolean>;
  remove(uuid: string): Promise<void>;
}

const asIs = (text: string) => text;

/** `read` is given what was stored, by this or an older version of the program. */
export function records<T>(
  { quick }: Daemon,
  instance: string,
  kind: Kind,
  read: (stored: unknown) => T,
): Records<T> {
  const name = (uuid: string) => `evenkeel-${kind}-${uuid}`;
  const spec = (uuid: string, record: T) => ({
    Name: name(uuid),
    Labels: { [INSTANCE]: instance, [KIND]: kind, [RECORD]: JSON.stringify(record) },
    Data: NOTHING,
  });
  const parse = (labels: Readonly<Record<string, string>> | undefined) =>
    read(JSON.parse(labels?.[RECORD] ?? 'null'));

  return {
    all: () =>
      doing(`reading the ${kind}s in the swarm`, asIs, async () => {
        const label = [`${INSTANCE}=${instance}`, `${KIND}=${kind}`];
        const configs = await quick.listConfigs({ filters: { label } });
        return configs.map(({ ID, Version, Spec }) => ({
          record: parse(Spec?.Labels),
          id: ID,
          version: Version.Index,
        }));
      }),
    get: (uuid) =>
      doing(`reading ${kind} ${uuid} in the swarm`, asIs, async () => {
        const config = await orMissing(() => quick.getConfig(name(uuid)).inspect());
        if (config?.Spec?.Labels[INSTANCE] !== instance) return undefined;
        return { record: parse(config.Spec.Labels), id: config.ID, version: config.Version.Index };
      }),
    add: (uuid, record) =>
      doing(`storing ${kind} ${uuid} in the swarm`, asIs, async () => {
        try {
          await quick.createConfig(post(spec(uuid, record)));
          return true;
        } catch (error) {
          if (isTaken(error)) return false;
          throw error;
        }
      }),
    replace: (uuid, { id, version }, record) =>
      doing(`storing ${kind} ${uuid} in the swarm`, asIs, async () => {
        try {
          await quick.getConfig(id).update({ _query: { version }, _body: spec(uuid, record) });
          return true;
        } catch (error) {
          if (isOutOfSequence(error)) return false;
          throw error;
        }
      }),
    remove: (uuid) =>
      doing(`removing ${kind} ${uuid} from the swarm`, asIs, async () => {
        await orMissing(() => quick.getConfig(name(uuid)).remove());
      }),
  };
}

/** The client library would put the body, values of variables included, into the URL as well. */
function post<T extends object>(body: T): T & { readonly _query: object; readonly _body: T } {
  return { ...body, _query: {}, _body: body };
}
