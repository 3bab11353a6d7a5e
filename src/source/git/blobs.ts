/**
 * The text of blobs, each read once: what was read for an earlier commit is not read again. Sizes are asked first, so
 * that a huge one is never in memory, and what comes must have the id it was asked by, whatever became of the disk.
 */
import { createHash } from 'node:crypto';
import type { Limits } from '../../service/limits.ts';
import type { SourceFile } from '../../service/ports.ts';
import { sourceFile } from '../text.ts';
import type { GitResult } from './command.ts';
import type { Blob, Local } from './tree.ts';

export type BlobReading =
  | { readonly kind: 'files'; readonly files: readonly SourceFile[]; readonly read: number }
  /** The commit asks for more than is read. */
  | { readonly kind: 'refused'; readonly problems: readonly string[] }
  /** The mirror does not hold what it should. */
  | { readonly kind: 'failed'; readonly result: GitResult | undefined };

type Kept = Pick<SourceFile, 'text' | 'id' | 'defect'> & { readonly bytes: number };

export class BlobCache {
  #kept = new Map<string, Kept>();

  /** Files in the order of `blobs`. */
  async read(local: Local, blobs: readonly Blob[], limits: Limits): Promise<BlobReading> {
    if (blobs.length > limits.files)
      return {
        kind: 'refused',
        problems: [`EK404 ${blobs.length} manifests, at most ${limits.files} are read`],
      };
    const unknown = [...new Set(blobs.map(({ id }) => id))].filter((id) => !this.#kept.has(id));
    const sizes = await sizesOf(local, unknown);
    if (!(sizes instanceof Map)) return { kind: 'failed', result: sizes };
    const sizeOf = (id: string) => this.#kept.get(id)?.bytes ?? sizes.get(id) ?? 0;
    const large = blobs.filter(({ id }) => sizeOf(id) > limits.fileBytes);
    const total = blobs.reduce((sum, { id }) => sum + sizeOf(id), 0);
    if (large.length > 0 || total > limits.totalBytes) {
      const most = `at most ${Math.floor(limits.totalBytes / 1024 / 1024)} MiB are read`;
      return {
        kind: 'refused',
        problems:
          large.length > 0
            ? large.map(
                ({ path, id }) => `EK101 ${path}: ${sizeOf(id)} bytes, at most ${limits.fileBytes} are read`,
              )
            : [`EK404 ${total} bytes of manifests, ${most}`],
      };
    }
    const texts = await textsOf(local, unknown, total);
    if (!(texts instanceof Map)) return { kind: 'failed', result: texts };
    for (const [id, bytes] of texts) {
      const { path: _, ...file } = sourceFile('', bytes, limits.fileBytes);
      this.#kept.set(id, { ...file, bytes: bytes.length });
    }
    const files = blobs.flatMap(({ path, id }): readonly SourceFile[] => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return [];
      const { bytes: _, ...file } = kept;
      return [{ path, ...file }];
    });
    if (files.length < blobs.length) return { kind: 'failed', result: undefined };
    const present = new Set(blobs.map(({ id }) => id));
    for (const id of this.#kept.keys()) if (!present.has(id)) this.#kept.delete(id);
    return { kind: 'files', files, read: unknown.length };
  }
}

/** Undefined: what came is not what was asked for. */
type Sized = Map<string, number> | GitResult | undefined;

async function sizesOf(local: Local, ids: readonly string[]): Promise<Sized> {
  if (ids.length === 0) return new Map();
  const result = await local(['cat-file', '--batch-check'], {
    input: lines(ids),
    maxBytes: 200 * ids.length,
  });
  if (!result.ok) return result;
  const sizes = new Map(
    [...result.stdout.toString('utf8').matchAll(/^([0-9a-f]{40,64}) blob (\d+)$/gm)].map(
      ([, id = '', size]) => [id, Number(size)] as const,
    ),
  );
  return ids.every((id) => sizes.has(id)) ? sizes : undefined;
}

async function textsOf(
  local: Local,
  ids: readonly string[],
  bytes: number,
): Promise<Map<string, Buffer> | GitResult | undefined> {
  if (ids.length === 0) return new Map();
  const result = await local(['cat-file', '--batch'], {
    input: lines(ids),
    maxBytes: bytes + 200 * ids.length,
  });
  if (!result.ok) return result;
  const texts = new Map<string, Buffer>();
  let at = 0;
  for (const id of ids) {
    const end = result.stdout.indexOf(0x0a, at);
    const [, found, size] =
      /^([0-9a-f]{40,64}) blob (\d+)$/.exec(result.stdout.toString('latin1', at, end)) ?? [];
    if (end < 0 || found !== id) return undefined;
    const text = result.stdout.subarray(end + 1, end + 1 + Number(size));
    if (!isBlob(id, text)) return undefined;
    // A copy: a view would keep the whole answer in memory.
    texts.set(id, Buffer.from(text));
    at = end + 1 + Number(size) + 1;
  }
  return texts;
}

function isBlob(id: string, bytes: Buffer): boolean {
  const hash = createHash(id.length === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex') === id;
}

const lines = (ids: readonly string[]) => `${ids.join('\n')}\n`;
