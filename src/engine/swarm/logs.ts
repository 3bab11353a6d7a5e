/**
 * The logs of a service, gathered by the swarm from all nodes. Each line says which task it is from.
 */
import type { LogLine } from '../../service/engine.ts';
import type { Daemon } from '../docker/daemon.ts';
import { doing } from '../docker/failures.ts';
import { mergeLogs, readLog } from '../docker/log-lines.ts';
import { shownName } from '../docker/names.ts';
import type { SwarmShop } from './shop.ts';

const TASK = /(?:^|,)com\.docker\.swarm\.task\.id=(\w+)/;

export async function serviceLogs(
  { quick }: Daemon,
  { api }: SwarmShop,
  { uuid, uniqueName }: { readonly uuid: string; readonly uniqueName: string },
  tail: number,
  signal: AbortSignal,
): Promise<readonly LogLine[]> {
  const service = await api.service(uuid);
  if (service === undefined) return [];
  const slots = new Map((await api.tasks([service.ID])).map((task) => [task.ID, task.Slot ?? 0]));
  const answer: unknown = await doing(
    `reading the logs of ${uniqueName}`,
    (text) => text,
    () =>
      quick.getService(service.ID).logs({
        stdout: true,
        stderr: true,
        timestamps: true,
        details: true,
        follow: false,
        tail,
        abortSignal: signal,
      }),
  );
  if (!Buffer.isBuffer(answer)) return [];
  const lines = readLog(answer, uniqueName).map((line): LogLine => {
    const space = line.text.indexOf(' ');
    const slot = slots.get(TASK.exec(line.text.slice(0, space))?.[1] ?? '');
    const text = line.text.slice(space + 1);
    return { ...line, text, container: shownName({ uniqueName, ordinal: slot ?? 0 }) };
  });
  return mergeLogs([lines], tail);
}
