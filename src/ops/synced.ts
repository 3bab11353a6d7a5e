/** A file that is there whole, also after a power cut, once `writeSynced` has resolved; before, it is as it was. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeSynced(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
