/**
 * The volumes of ours on the engine: found by label, made by name, removed when nobody uses them.
 *
 * Each VOLUME of an image becomes a volume with a name and labels of ours, one per container and path, instead of an
 * anonymous one: a successor gets its predecessor's data by name, and nothing is left behind unseen. `bindings` are
 * named by the user and shared by that user's services; they carry the service that made them.
 */
import type { Daemon } from './daemon.ts';
import { doing, orMissing, type Scrub, statusOf } from './failures.ts';
import { INSTANCE, type Owner, ownerLabels, SERVICE } from './labels.ts';
import { dataVolumeName, namedVolumeName } from './names.ts';

const PATH = 'evenkeel.path';
const ORDINAL = 'evenkeel.ordinal';
const GENERATION = 'evenkeel.generation';
const VOLUME = 'evenkeel.volume';

export interface OurVolume {
  readonly name: string;
  /** 0 for a named one. */
  readonly ordinal: number;
  readonly path: string;
  /** The deployment in which it was made. */
  readonly generation: number;
  /** The user's word for it; undefined for data of the image's VOLUMEs. */
  readonly named: string | undefined;
}

export interface Volumes {
  /** The ones made for a service. */
  of(uuid: string): Promise<readonly OurVolume[]>;
  /** Returns its name on the engine. No error when it is there. */
  makeNamed(owner: Owner, uuid: string, volume: string): Promise<string>;
  makeData(owner: Owner, uuid: string, data: Omit<OurVolume, 'name' | 'named'>): Promise<string>;
  /** One that a container still uses stays. */
  remove(names: Iterable<string>): Promise<void>;
}

const asIs: Scrub = (text) => text;

export function volumes(daemon: Daemon, instance: string): Volumes {
  const { quick } = daemon;

  async function make(name: string, labels: Record<string, string>): Promise<string> {
    await doing(`making volume ${name}`, asIs, () => quick.createVolume({ Name: name, Labels: labels }));
    return name;
  }

  return {
    async of(uuid) {
      const { Volumes: found } = await doing(`listing the volumes of service ${uuid}`, asIs, () =>
        quick.listVolumes({ filters: { label: [`${INSTANCE}=${instance}`, `${SERVICE}=${uuid}`] } }),
      );
      return (found ?? []).map(({ Name, Labels }) => ({
        name: Name,
        ordinal: Number(Labels?.[ORDINAL] ?? 0),
        path: Labels?.[PATH] ?? '',
        generation: Number(Labels?.[GENERATION] ?? 0),
        named: Labels?.[VOLUME],
      }));
    },
    makeNamed(owner, uuid, volume) {
      const labels = { ...ownerLabels(owner), [SERVICE]: uuid, [VOLUME]: volume };
      return make(namedVolumeName(instance, owner.user, volume), labels);
    },
    makeData(owner, uuid, { ordinal, path, generation }) {
      return make(dataVolumeName(uuid, ordinal, path, generation), {
        ...ownerLabels(owner),
        [SERVICE]: uuid,
        [ORDINAL]: String(ordinal),
        [PATH]: path,
        [GENERATION]: String(generation),
      });
    },
    async remove(names) {
      for (const name of new Set(names)) {
        await doing(`removing volume ${name}`, asIs, async () => {
          try {
            await orMissing(() => quick.getVolume(name).remove());
          } catch (error) {
            if (statusOf(error) !== 409) throw error;
          }
        });
      }
    },
  };
}
