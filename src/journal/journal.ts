/**
 * What survives a crash: an append-only journal whose every resolved `append` is on disk.
 *
 * Appends that come while one is being written go to disk together with the next (group commit). Memory shows a record
 * only once it is on disk. A torn tail is cut off at opening, as nothing that resolved is in it; damage in the middle
 * is read around, the damaged bytes are set aside, and it is said. It is never silently empty: a lost record makes us
 * more careful, as no record allows anything that its absence does not.
 */
import { createHmac } from 'node:crypto';
import type { Memory, Record } from '../service/memory.ts';
import type { Journal, JournalFile } from '../service/ports.ts';
import type { Folding } from './fold.ts';
import { compact, decode, encode, HEADER } from './lines.ts';

export interface JournalOptions {
  readonly file: JournalFile;
  /** Of the keyed hash; never shown. */
  readonly key: Uint8Array;
  /** Keeps a copy of damaged bytes; where it is, for the message. */
  readonly setAside: (bytes: Uint8Array) => Promise<string>;
  /** Told about damage, and about compactions that fail. */
  readonly warn: (message: string) => void;
}

/** No compaction below this. */
const SMALL_BYTES = 1024 * 1024;

/** UserError EK702 for a journal of a newer version; errors of the file as they are. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const bytes = await options.file.read();
  const { folding, torn, damaged, unknown } = decode(bytes);
  if (damaged > 0) {
    const where = await options.setAside(bytes);
    options.warn(
      `EK704 the journal is damaged: ${damaged} of its lines cannot be read and are left out; services they spoke of may show as foreign or uncertain; the file as it was is kept as ${where}`,
    );
  }
  if (unknown > 0)
    options.warn(
      `EK704 ${unknown} lines of the journal are of a kind this evenkeel does not know and are left out`,
    );
  const small = compact(folding.memory());
  const rewrite = torn || damaged > 0 || bytes.length > Math.max(4096, 2 * small.length);
  if (rewrite) await options.file.replace(small);
  return new FileJournal(options, folding, rewrite ? small.length : bytes.length, small.length);
}

/** What a journal's bytes say, for readers that must not touch it. */
export function readJournal(bytes: Uint8Array): { readonly memory: Memory; readonly damaged: number } {
  const { folding, damaged } = decode(bytes);
  return { memory: folding.memory(), damaged };
}

/** Keyed, so that a short value cannot be found by trying. */
export function keyedHash(key: Uint8Array, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}

interface Waiting {
  readonly record: Record;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class FileJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #folding: Folding;
  #size: number;
  /** Size after the last compaction, or what it would have been. */
  #smallest: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(options: JournalOptions, folding: Folding, size: number, smallest: number) {
    this.#options = options;
    this.#folding = folding;
    this.#size = size;
    this.#smallest = smallest;
  }

  memory(): Memory {
    return this.#folding.memory();
  }

  hash(text: string): string {
    return keyedHash(this.#options.key, text);
  }

  append(record: Record): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the journal is closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#options.file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#write(batch.map((one) => one.record));
        for (const one of batch) one.resolve();
      } catch (error) {
        for (const one of batch) one.reject(error);
        continue;
      }
      await this.#compactIfLarge();
    }
    this.#writing = undefined;
  }

  async #write(records: readonly Record[]): Promise<void> {
    const text = `${this.#size === 0 ? HEADER : ''}${records.map(encode).join('')}`;
    const bytes = Buffer.from(text);
    await this.#options.file.append(bytes);
    this.#size += bytes.length;
    for (const record of records) this.#folding.apply(record);
  }

  /** A failure costs nothing but space: the appended records are on disk. */
  async #compactIfLarge(): Promise<void> {
    if (this.#size <= SMALL_BYTES || this.#size <= 2 * this.#smallest) return;
    const small = compact(this.#folding.memory());
    this.#smallest = small.length;
    if (this.#size <= 2 * small.length) return;
    try {
      await this.#options.file.replace(small);
      this.#size = small.length;
    } catch (error) {
      this.#smallest = this.#size;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.warn(`the journal could not be compacted and goes on growing: ${why}`);
    }
  }
}
