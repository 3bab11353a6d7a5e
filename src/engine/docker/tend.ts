/**
 * Carries `autoreplace` and `autodestroy` out. Looks at what is, not at what an event said, so that an end nobody told
 * of is found by the next look. A service that a job is at is left to the job.
 */
import type { Definition } from '../../service/definition.ts';
import { scrubber } from '../../service/secrets.ts';
import { attempt, orMissing } from './failures.ts';
import { type Found, hasEnded, type Seen } from './found.ts';
import type { Locks } from './gate.ts';
import { readVariables } from './image-defaults.ts';
import type { Charge, Known } from './known.ts';
import { makeContainer } from './make.ts';
import { removeData } from './mounts.ts';
import { afterItsEnd, pauseBefore, type Replacements, replacedOnceMore } from './policy.ts';
import type { Workshop } from './workshop.ts';

export interface Tending {
  /** Looks after one service. Never rejects: what did not work is tried again at the next look. */
  tend(uuid: string): Promise<void>;
  /** A job wants the service: a pull that a replacement waits for is not waited out. */
  giveWay(uuid: string): void;
}

export function tending(
  shop: Workshop,
  {
    known,
    jobs,
    hint,
    ending,
  }: { known: Known; jobs: Locks; hint: (uuid: string) => void; ending: AbortSignal },
): Tending {
  const { clock } = shop.settings;
  const replacements = new Map<string, Replacements>();
  const underWay = new Map<string, AbortController>();

  async function lookAfter(uuid: string): Promise<void> {
    const charge = known.get(uuid);
    if (charge === undefined || charge.stopped || charge.interrupted) return;
    const { autoreplace, autodestroy } = charge.definition.spec;
    if (autoreplace === 'OFF' && autodestroy === 'OFF') return;
    for (const seen of (await shop.roster.fresh(uuid)).filter(hasEnded)) {
      // Refused at its start: it never ran, so it did not end by itself.
      if (seen.startedAt === undefined || seen.error !== '') continue;
      const act = afterItsEnd(charge.definition.spec, seen.exitCode);
      if (act === 'destroy') await destroy(seen);
      if (act === 'replace') await replaceInTime(charge, seen);
      if (act !== 'leave') hint(uuid);
    }
  }

  async function destroy(found: Found): Promise<void> {
    await shop.hands.remove(found);
    await removeData(shop.volumes, found.uuid, found.ordinal);
    await shop.networks.dropUnused(found.user);
  }

  async function replaceInTime(charge: Charge, found: Seen): Promise<void> {
    const key = `${found.uuid} ${found.ordinal}`;
    const lived = (found.finishedAt ?? 0) - (found.startedAt ?? 0);
    const pause = pauseBefore(replacements.get(key), lived, clock.monotonic());
    if (pause > 0) {
      void clock.sleep(pause, ending).then(() => (ending.aborted ? undefined : tend(found.uuid)));
      return;
    }
    replacements.set(key, replacedOnceMore(replacements.get(key), lived, clock.monotonic()));
    await replace(charge, found);
  }

  async function replace({ definition }: Charge, found: Found): Promise<void> {
    const environment = await environmentFor(definition, found);
    const signal = underWay.get(definition.uuid)?.signal ?? ending;
    const image = await shop.images.ensure(definition.spec.image, false, signal);
    await shop.networks.with(definition.user, (network) =>
      makeContainer(
        shop,
        {
          definition,
          environment,
          links: definition.spec.linked_to_service,
          image,
          network,
          fresh: false,
          scrub: scrubber(Object.values(environment)),
        },
        found.ordinal,
        [found],
      ),
    );
  }

  /**
   * The predecessor's own, while it was made from what the definition still says: a job may have set more than the
   * definition knows (the key of a role).
   */
  async function environmentFor(
    { spec, linkVariables, revision }: Definition,
    found: Found,
  ): Promise<Readonly<Record<string, string>>> {
    if (found.revision === revision) {
      const info = await orMissing(() => shop.daemon.quick.getContainer(found.id).inspect());
      if (info !== undefined) return Object.fromEntries(readVariables(info.Config.Env));
    }
    return {
      ...linkVariables,
      ...Object.fromEntries(spec.container_envvars.map((one) => [one.key, one.value])),
    };
  }

  async function tend(uuid: string): Promise<void> {
    if (jobs.busy(uuid) || ending.aborted) return;
    const stop = new AbortController();
    underWay.set(uuid, stop);
    const close = () => stop.abort();
    ending.addEventListener('abort', close, { once: true });
    await attempt(`looking after service ${uuid}`, () => jobs.run(uuid, () => lookAfter(uuid)));
    ending.removeEventListener('abort', close);
    underWay.delete(uuid);
  }

  return { tend, giveWay: (uuid) => underWay.get(uuid)?.abort() };
}
