/**
 * The journal's file on a real disk. An append is written at the end of what is known to be good and synced; if that
 * fails, the file is cut back to there, so that the next append does not stand behind half a line. Replacing goes by
 * a new file, renamed over the old one, and the directory is synced: at any moment one of the two is whole.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JournalFile } from '../service/ports.ts';

/** Opens or creates `path`, readable by its owner only. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const file = new RealFile(path, await openAt(path));
  await syncDirectory(dirname(path));
  await file.measure();
  return file;
}

/** `r+` keeps what is there; `a` would write behind half a line after a failure. */
async function openAt(path: string): Promise<FileHandle> {
  const made = await open(path, 'a', 0o600);
  await made.close();
  return open(path, 'r+', 0o600);
}

/** Makes a created or renamed name survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A new file beside `path` with these bytes, synced; the caller renames it. */
async function writeBeside(path: string, bytes: Uint8Array): Promise<{ name: string; handle: FileHandle }> {
  const name = `${path}.new`;
  await rm(name, { force: true });
  const handle = await open(name, 'wx+', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
    return { name, handle };
  } catch (error) {
    await handle.close();
    await rm(name, { force: true });
    throw error;
  }
}

/** Makes `path` hold these bytes, whole and synced, or leaves it as it was. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { name, handle } = await writeBeside(path, bytes);
  await handle.close();
  await rename(name, path);
  await syncDirectory(dirname(path));
}

class RealFile implements JournalFile {
  readonly #path: string;
  #handle: FileHandle;
  /** Bytes that are known to be good. */
  #end = 0;
  /** Behind `#end` there may be rest of a failed append. */
  #dirty = false;
  /** The file was renamed into place and a power cut might still undo that. */
  #nameUnsynced = false;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async measure(): Promise<void> {
    this.#end = (await this.#handle.stat()).size;
  }

  async read(): Promise<Uint8Array> {
    const bytes = Buffer.alloc(this.#end);
    let read = 0;
    while (read < this.#end) {
      const { bytesRead } = await this.#handle.read(bytes, read, this.#end - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#nameUnsynced) await this.#syncName();
    if (this.#dirty) await this.#cutBack();
    this.#dirty = true;
    try {
      let written = 0;
      while (written < bytes.length) {
        const done = await this.#handle.write(bytes, written, bytes.length - written, this.#end + written);
        written += done.bytesWritten;
      }
      await this.#handle.datasync();
    } catch (error) {
      await this.#cutBack().catch(() => {});
      throw error;
    }
    this.#dirty = false;
    this.#end += bytes.length;
  }

  async replace(bytes: Uint8Array): Promise<void> {
    const { name, handle } = await writeBeside(this.#path, bytes);
    try {
      await rename(name, this.#path);
    } catch (error) {
      await handle.close();
      await rm(name, { force: true });
      throw error;
    }
    const old = this.#handle;
    this.#handle = handle;
    this.#end = bytes.length;
    this.#dirty = false;
    this.#nameUnsynced = true;
    await old.close();
    await this.#syncName();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #syncName(): Promise<void> {
    await syncDirectory(dirname(this.#path));
    this.#nameUnsynced = false;
  }

  async #cutBack(): Promise<void> {
    await this.#handle.truncate(this.#end);
    this.#dirty = false;
  }
}
