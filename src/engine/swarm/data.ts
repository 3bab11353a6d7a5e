/**
 * Data in a swarm. Volumes are on one node, so a service that has any stays on the node that holds it (design §10):
 * nothing is lost by being made anew elsewhere, empty. That node is the one of the server that first deployed it.
 */
import type { MountSettings } from 'dockerode';
import type { Definition } from '../../service/definition.ts';
import type { Clock } from '../../service/ports.ts';
import { ownerLabels, SERVICE } from '../docker/labels.ts';
import { digest, namedVolumeName } from '../docker/names.ts';
import type { Volumes } from '../docker/volumes.ts';
import type { SwarmService } from './api.ts';
import { readFacts, type ServiceFacts } from './labels.ts';

const VOLUME = 'evenkeel.volume';

function mount(
  source: string,
  target: string,
  readOnly: boolean,
  labels: Record<string, string>,
): MountSettings {
  return {
    Type: 'volume',
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    VolumeOptions: { NoCopy: false, Labels: labels, DriverConfig: { Name: 'local', Options: {} } },
  };
}

/** `paths`: the image's VOLUMEs. `generation`: another one begins empty. */
export function mountsOf(
  instance: string,
  { uuid, user, spec }: Definition,
  paths: readonly string[],
  generation: number,
): readonly MountSettings[] {
  const labels = { ...ownerLabels({ instance, user }), [SERVICE]: uuid };
  const named = spec.bindings.map(({ volume, container_path, rewritable }) =>
    mount(namedVolumeName(instance, user, volume), container_path, rewritable === false, {
      ...labels,
      [VOLUME]: volume,
    }),
  );
  const own = paths
    .filter((path) => !spec.bindings.some((binding) => binding.container_path === path))
    .map((path) => {
      const name = `${uuid}-{{.Task.Slot}}-${digest(path).slice(0, 8)}-${generation}`;
      return mount(name, path, false, labels);
    });
  return [...named, ...own];
}

/** The node for a service with data: where it is, else where a volume that it shares is, else here. */
export function nodeFor(
  definition: Definition,
  facts: ServiceFacts | undefined,
  others: readonly { readonly definition: Definition; readonly service: SwarmService }[],
  here: string,
): string {
  if (facts?.node !== undefined) return facts.node;
  const volumes = definition.spec.bindings.map((binding) => binding.volume);
  const sharer = others.find(
    (other) =>
      other.definition.user === definition.user &&
      other.definition.spec.bindings.some((binding) => volumes.includes(binding.volume)),
  );
  return (sharer && readFacts(sharer.service.Spec).node) ?? here;
}

const TRIES = 40;
const PAUSE_MS = 250;

/** Removes from this node what a terminated service leaves. Its containers go a moment after their tasks. */
export async function removeVolumes(
  volumes: Volumes,
  definition: Definition,
  claimed: (volume: string) => boolean,
  clock: Clock,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const left = (await volumes.of(definition.uuid)).filter(
      ({ named }) => named === undefined || !claimed(named),
    );
    if (left.length === 0) return;
    if (tries > 0) await clock.sleep(PAUSE_MS);
    await volumes.remove(left.map(({ name }) => name));
  }
}
