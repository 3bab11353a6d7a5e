/**
 * What is mounted into a container: its predecessor's data, or new volumes where it is not to be carried over
 * (design §10), and the named volumes of `bindings`.
 */
import type { MountSettings } from 'dockerode';
import type { Definition } from '../../service/definition.ts';
import type { Owner } from './labels.ts';
import { namedVolumeName } from './names.ts';
import type { Volumes } from './volumes.ts';

export interface Mounts {
  readonly mounts: readonly MountSettings[];
  /** Volumes that these replace: to be removed once the predecessor is gone. */
  readonly superseded: readonly string[];
}

const mount = (name: string, path: string, readOnly: boolean): MountSettings => ({
  Type: 'volume',
  Source: name,
  Target: path,
  ReadOnly: readOnly,
});

/** Makes what is missing. `paths` are the image's VOLUMEs; `fresh` starts them empty. */
export async function prepareMounts(
  volumes: Volumes,
  owner: Owner,
  definition: Definition,
  {
    paths,
    ordinal,
    fresh,
  }: { readonly paths: readonly string[]; readonly ordinal: number; readonly fresh: boolean },
): Promise<Mounts> {
  const { uuid, deployment, spec } = definition;
  const mounts: MountSettings[] = [];
  for (const { volume, container_path, rewritable } of spec.bindings) {
    mounts.push(mount(await volumes.makeNamed(owner, uuid, volume), container_path, rewritable === false));
  }
  const own = paths.filter((path) => !spec.bindings.some((binding) => binding.container_path === path));
  const existing = own.length === 0 ? [] : await volumes.of(uuid);
  const superseded: string[] = [];
  for (const path of own) {
    const [latest, ...older] = existing
      .filter((volume) => volume.ordinal === ordinal && volume.path === path)
      .sort((a, b) => b.generation - a.generation);
    // A fresh one of this very deployment was made by the same job before it was interrupted.
    if (latest !== undefined && (!fresh || latest.generation === deployment)) {
      mounts.push(mount(latest.name, path, false));
      superseded.push(...older.map((volume) => volume.name));
    } else {
      const data = { ordinal, path, generation: deployment };
      mounts.push(mount(await volumes.makeData(owner, uuid, data), path, false));
      if (latest !== undefined) superseded.push(latest.name, ...older.map((volume) => volume.name));
    }
  }
  return { mounts, superseded };
}

/** Removes the data of one container that is gone for good. */
export async function removeData(volumes: Volumes, uuid: string, ordinal: number): Promise<void> {
  const all = await volumes.of(uuid);
  await volumes.remove(
    all.filter((one) => one.named === undefined && one.ordinal === ordinal).map((one) => one.name),
  );
}

/** Removes everything of a service but the named volumes that another service of the user claims. */
export async function removeAllData(
  volumes: Volumes,
  owner: Owner,
  definition: Definition,
  claimed: (volume: string) => boolean,
): Promise<void> {
  const made = await volumes.of(definition.uuid);
  const bound = definition.spec.bindings.map((binding) => binding.volume);
  const named = [...bound, ...made.flatMap((one) => one.named ?? [])].filter((volume) => !claimed(volume));
  await volumes.remove([
    ...made.filter((one) => one.named === undefined).map((one) => one.name),
    ...named.map((volume) => namedVolumeName(owner.instance, owner.user, volume)),
  ]);
}
