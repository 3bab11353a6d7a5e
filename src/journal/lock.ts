/**
 * One writer for a state directory. The lock is the file `lock.<n>` with the highest number; who wants it and finds
 * its holder dead makes `lock.<n+1>` whole and exclusively, and holds it if no higher one is there afterwards.
 *
 * A number is never used twice while the lock is held or passed on (letting go marks the file, it does not remove it),
 * so two that both found a holder dead cannot both win, which removing the dead one's file would allow.
 */
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../service/failure.ts';
import { describeHolder, type Holder, isLive, parseHolder, thisProcess } from './holder.ts';

export interface Lock {
  /** Lets go. Never rejects: a dead process's lock is as good as none. */
  release(): Promise<void>;
}

const NAME = /^lock\.(\d{1,15})$/;

/** UserError EK701 while a live process holds it. `unique` tells this attempt's temporary file from all others. */
export async function takeLock(directory: string, since: number, unique: string): Promise<Lock> {
  const me = await thisProcess(since);
  const draft = join(directory, `lock-${unique}`);
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    return await climb(directory, draft, me);
  } finally {
    await rm(draft, { force: true });
  }
}

async function climb(directory: string, draft: string, me: Holder): Promise<Lock> {
  for (;;) {
    const top = await highest(directory);
    const holder = top === 0 ? undefined : await holderOf(join(directory, `lock.${top}`));
    if (holder !== undefined && (await isLive(holder, me)))
      throw new UserError(
        'EK701',
        `the state directory ${directory} is in use by ${describeHolder(holder)}: wait until it ends, or stop it`,
      );
    const mine = join(directory, `lock.${top + 1}`);
    if (!(await linked(draft, mine))) continue;
    if ((await highest(directory)) > top + 1) {
      await rm(mine, { force: true });
      continue;
    }
    await removeBelow(directory, top + 1);
    return { release: () => letGo(mine, `${draft}.released`, me) };
  }
}

async function highest(directory: string): Promise<number> {
  return Math.max(0, ...(await numbers(directory)));
}

async function numbers(directory: string): Promise<readonly number[]> {
  return (await readdir(directory)).flatMap((name) => {
    const number = Number(NAME.exec(name)?.[1] ?? 0);
    return number > 0 ? [number] : [];
  });
}

/** undefined = gone meanwhile, or not written by us: nobody holds it. */
async function holderOf(path: string): Promise<Holder | undefined> {
  return parseHolder(await readFile(path, 'utf8').catch(() => ''));
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function removeBelow(directory: string, number: number): Promise<void> {
  for (const lower of await numbers(directory))
    if (lower < number) await rm(join(directory, `lock.${lower}`), { force: true });
}

async function letGo(path: string, draft: string, me: Holder): Promise<void> {
  try {
    await writeFile(draft, JSON.stringify({ ...me, released: true }), { mode: 0o600 });
    await rename(draft, path);
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}
