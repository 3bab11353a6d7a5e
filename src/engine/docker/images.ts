/**
 * Images on the engine: what they say, and getting them there (design §10, `--pull`).
 *
 * A create pulls only what is missing. A redeploy asks the registry for newer content behind the same tag; when there
 * is none to be had the local image is used, and the job says so. However many jobs want an image, it is pulled once.
 */
import { normalizeImage } from '../../service/image.ts';
import type { Daemon } from './daemon.ts';
import { doing, Failed, orMissing, type Scrub, translate } from './failures.ts';
import { type LocalImage, readImage } from './image-defaults.ts';
import type { Settings } from './options.ts';
import { pull } from './pull.ts';

export interface ReadyImage {
  readonly image: LocalImage;
  /** The name to make containers from. */
  readonly name: string;
  readonly note: string | undefined;
}

export interface Images {
  /** What an image that is here says; undefined = it is not here. */
  local(image: string): Promise<LocalImage | undefined>;
  /** `refresh`: also look for newer content. Throws `Failed` when it cannot be had at all. */
  ensure(image: string, refresh: boolean, signal: AbortSignal): Promise<ReadyImage>;
  /** Ends the pulls under way. */
  close(): void;
}

const asIs: Scrub = (text) => text;

export function images(daemon: Daemon, settings: Settings): Images {
  const pulls = new Map<string, Promise<Failed | undefined>>();
  const looks = new Map<string, Promise<LocalImage | undefined>>();
  const ending = new AbortController();

  /** Those who ask at the same time get one answer. */
  function local(image: string): Promise<LocalImage | undefined> {
    const name = normalizeImage(image);
    const asked = looks.get(name) ?? lookAt(name).finally(() => looks.delete(name));
    looks.set(name, asked);
    return asked;
  }

  function lookAt(name: string): Promise<LocalImage | undefined> {
    return doing(`looking at image ${name}`, asIs, async () => {
      const found = await orMissing(() => daemon.quick.getImage(name).inspect());
      return found === undefined ? undefined : readImage(found.Id, found.Config, found.RepoDigests);
    });
  }

  /** Resolves to why it did not work. */
  function pulled(name: string): Promise<Failed | undefined> {
    const running = pulls.get(name);
    if (running !== undefined) return running;
    const started = pull(daemon, settings, name, ending.signal)
      .then(
        () => undefined,
        (error: unknown) => translate(error, `pulling ${name}`, asIs),
      )
      .finally(() => pulls.delete(name));
    pulls.set(name, started);
    return started;
  }

  return {
    local,
    async ensure(image, refresh, signal) {
      const name = normalizeImage(image);
      const before = await local(name);
      if (before !== undefined && (!refresh || settings.pull === 'never' || name.includes('@'))) {
        return { image: before, name, note: undefined };
      }
      if (settings.pull === 'never') {
        throw new Failed('image', `image ${name} is not on the engine, and --pull never forbids to fetch it`);
      }
      const trouble = await unlessAborted(pulled(name), signal);
      const after = await local(name);
      if (after === undefined)
        throw trouble ?? new Failed('image', `image ${name} was pulled and is not there`);
      const note = trouble === undefined ? undefined : `${trouble.message}; the local image was used`;
      return { image: after, name, note };
    },
    close: () => ending.abort(),
  };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Failed('aborted', 'given up while an image was pulled'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
