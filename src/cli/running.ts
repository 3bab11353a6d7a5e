/** Whether a process of this program holds a state directory now: a daemon, or an `apply` under way. Touches nothing. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLive, parseHolder, thisProcess } from '../journal/holder.ts';

export async function isHeld(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(() => []);
  const numbers = names.flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length === 0) return false;
  const text = await readFile(join(directory, `lock.${Math.max(...numbers)}`), 'utf8').catch(() => '');
  const holder = parseHolder(text);
  return holder !== undefined && (await isLive(holder, await thisProcess(0)));
}
