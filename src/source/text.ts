/** Bytes of a manifest file → `SourceFile`, the same way for every source. */
import { createHash } from 'node:crypto';
import type { SourceFile } from '../service/ports.ts';

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `bytes` may be cut after `maxBytes + 1`: the file is too large then, and its id says only what was seen of it. */
export function sourceFile(path: string, bytes: Uint8Array, maxBytes: number): SourceFile {
  const id = createHash('sha256').update(bytes).digest('hex');
  if (bytes.length > maxBytes) return { path, text: '', id, defect: 'too-large' };
  try {
    return { path, text: DECODER.decode(bytes), id };
  } catch {
    return { path, text: '', id, defect: 'not-utf8' };
  }
}

/** Names what was read: equal revisions mean equal paths and bytes. */
export function revisionOf(files: readonly SourceFile[]): string {
  const hash = createHash('sha256');
  for (const { path, id } of files) hash.update(`${path}\0${id}\n`);
  return `files-${hash.digest('hex').slice(0, 16)}`;
}
