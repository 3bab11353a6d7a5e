/**
 * One container, from its definition to started, in place of whatever had its ordinal (design §10: stop first).
 *
 * The new one is made before the old one is stopped, so that what the engine refuses is found while the service still
 * runs, and the pause is short. Once the old one is stopped there is no way back: its data is already the new one's,
 * and a service that shows Running with what it was no longer meant to be would be a lie.
 */
import type { Definition } from '../../service/definition.ts';
import type { JobLink } from '../../service/engine.ts';
import { containerBody } from './body.ts';
import { Failed, type Scrub } from './failures.ts';
import type { Found } from './found.ts';
import type { ReadyImage } from './images.ts';
import { identityOf } from './labels.ts';
import { prepareMounts } from './mounts.ts';
import { shownName } from './names.ts';
import type { Workshop } from './workshop.ts';

export interface Recipe {
  readonly definition: Definition;
  readonly environment: Readonly<Record<string, string>>;
  readonly links: readonly Pick<JobLink, 'name' | 'uuid'>[];
  readonly image: ReadyImage;
  readonly network: string;
  /** Do not carry the data of the image's VOLUMEs over. */
  readonly fresh: boolean;
  readonly scrub: Scrub;
}

/** Resolves to the container that was started; whether it is ready is another question. */
export async function makeContainer(
  shop: Workshop,
  recipe: Recipe,
  ordinal: number,
  replaces: readonly Found[],
): Promise<Pick<Found, 'id' | 'uniqueName' | 'ordinal'>> {
  const { settings, hands, volumes } = shop;
  const { definition, image, scrub } = recipe;
  const owner = { instance: settings.instance, user: definition.user };
  const identity = identityOf(definition, ordinal);
  const paths = image.image.volumes;
  const data = await prepareMounts(volumes, owner, definition, { paths, ordinal, fresh: recipe.fresh });
  const body = containerBody({
    ...recipe,
    owner,
    ordinal,
    image: image.image,
    imageName: image.name,
    mounts: data.mounts,
    publishAddress: settings.publishAddress,
    stopSeconds: settings.stopSeconds,
  });
  if (replaces.length === 0) {
    return { ...identity, id: await hands.createAndStart(body, { ...identity, phase: 'created' }, scrub) };
  }
  const id = await hands.create(body, shownName(identity), scrub);
  const made = { ...identity, id, phase: 'created' };
  const old = replaces.filter((one) => one.id !== id);
  for (const one of old) await hands.stop(one);
  try {
    await hands.start(made, scrub);
  } catch (error) {
    // With the engine gone nothing can be tidied; the next job finds both and goes on.
    if (!(error instanceof Failed) || error.failure.reason === 'unavailable') throw error;
    await removeOld(shop, old, []);
    throw error;
  }
  await removeOld(shop, old, data.superseded);
  return made;
}

async function removeOld(
  { hands, volumes }: Workshop,
  old: readonly Found[],
  superseded: readonly string[],
): Promise<void> {
  for (const one of old) await hands.remove({ ...one, phase: 'exited' });
  await volumes.remove(superseded);
}
