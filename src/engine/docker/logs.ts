/**
 * The logs of a service: those of all its containers as one, stopped ones too, and while one is replaced both.
 */
import type { LogLine } from '../../service/engine.ts';
import { doing, orMissing } from './failures.ts';
import { mergeLogs, readLog } from './log-lines.ts';
import { shownName } from './names.ts';
import type { Workshop } from './workshop.ts';

export async function serviceLogs(
  { daemon, roster }: Workshop,
  uuid: string,
  tail: number,
  signal: AbortSignal,
): Promise<readonly LogLine[]> {
  const containers = (await roster.list(uuid)).filter((one) => one.phase !== 'created');
  const logs = await Promise.all(
    containers.map(async (found) => {
      const name = shownName(found);
      const bytes = await doing(
        `reading the logs of ${name}`,
        (text) => text,
        () =>
          orMissing(() =>
            daemon.quick.getContainer(found.id).logs({
              stdout: true,
              stderr: true,
              timestamps: true,
              follow: false,
              tail,
              abortSignal: signal,
            }),
          ),
      );
      return bytes === undefined ? [] : readLog(bytes, name);
    }),
  );
  return mergeLogs(logs, tail);
}
